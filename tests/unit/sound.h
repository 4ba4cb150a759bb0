/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a test has done to a catalog, every invariant holds afterwards. */
#ifndef KALAM_TESTS_SOUND_H
#define KALAM_TESTS_SOUND_H

#include "catalog/catalog_check.h"
#include "tests/unit/helpers.h"

static inline void sound_finding(void *arg, const struct finding *finding)
{
	(void)arg;
	print_error("%s %s %u %s: %s\n", check_rule_name(finding->rule),
	            finding->object == OBJECT_TABLE ? "table" : "object", finding->id,
	            finding->name, finding->text);
}

static inline void assert_sound(struct catalog *catalog)
{
	struct check_totals totals;
	struct err err = ERR_INIT;

	if (catalog_check(catalog, sound_finding, NULL, &totals, &err))
		fail_msg("catalog_check: %s", err.text);
	assert_int_equal(totals.findings, 0);
}

#endif
