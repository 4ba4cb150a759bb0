/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model - what an analyzer that reads one file at a time does not see.  make check-static
 * includes it in front of every source, with MODEL_IN_name for name.c.
 */
#include "base/err.h"
#include "catalog/store.h"
#include "catalog/store_open.h"

#include <errno.h>
#include <sys/queue.h>

/* What records a failure returns it: rc is not 0 behind it. */
void model_seen(struct err *err, ...);
#ifndef MODEL_IN_err
#define err_set(err, code, ...) (model_seen((err), __VA_ARGS__), (code))
#define err_at(err, code, ...) (model_seen((err), __VA_ARGS__), (code))
#define err_parse(err, ...) (model_seen((err), __VA_ARGS__), -EINVAL)
#define err_nomem(err) (model_seen(err), -ENOMEM)
#endif
#ifndef MODEL_IN_store_open
#define store_errno(err, code, ...) (model_seen((err), __VA_ARGS__), (code))
#endif
#ifndef MODEL_IN_store_check
#define store_damaged(err, ...) (model_seen((err), __VA_ARGS__), -EUCLEAN)
#endif

/*
 * What was removed is not found again.  (The macro writes through a pointer to the
 * element before, which might be anything.)
 */
#undef TAILQ_REMOVE
#define TAILQ_REMOVE(head, elm, field) \
	do { \
		(head)->tqh_first = model_other(elm); \
		(head)->tqh_last = model_other(elm); \
		(elm)->field.tqe_prev = NULL; \
	} while (0)
void *model_other(const void *removed);
