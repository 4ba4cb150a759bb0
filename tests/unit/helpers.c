/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include <ftw.h>
#include <unistd.h>

void assert_err(const struct err *err, int code, const char *text)
{
	assert_string_equal(err->text, text);
	assert_int_equal(err->code, code);
}

void collect(struct collector *c)
{
	c->out = open_memstream(&c->text, &c->len);
	assert_non_null(c->out);
}

char *text_of(struct collector *c)
{
	assert_int_equal(fclose(c->out), 0);
	return c->text;
}

char *temp_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *path;

	assert_true(asprintf(&path, "%s/kalam-XXXXXX", base ? base : "/tmp") > 0);
	assert_non_null(mkdtemp(path));
	return path;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void temp_dir_remove(char *dir)
{
	assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(dir);
}

char *file_text(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	if (!in)
		fail_msg("cannot open %s", path);
	len = getdelim(&text, &size, '\0', in);
	fclose(in);
	if (len < 0) {
		free(text);
		text = calloc(1, 1);
	}
	return text;
}
