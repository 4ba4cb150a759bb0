/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * location - from a base directory and a template to the place of a table.
 *
 * Two steps: location_partial fills in what is known of the table and leaves
 * {userId} and {shard}; location_user fills in these for one user.  The
 * result never leaves the base directory.
 */
#ifndef KALAM_PATHS_LOCATION_H
#define KALAM_PATHS_LOCATION_H

#include "base/err.h"
#include "paths/template.h"

#define LOCATION_SIZE 1025	/* a symlink's text is at most 1,024 bytes */
#define USER_ID_MAX_BYTES 128

/*
 * Whether base starts with a URI scheme of an object store (s3:// gs:// gcs://
 * az:// azure://), so that it is joined as text; file:// is not one of them.
 */
bool location_is_uri(const char *base);

/*
 * Check a base directory: not empty; an absolute or relative path without ".."
 * segments, or a URI of the storage's own scheme with a bucket; no control
 * characters, backslashes or braces, in URIs no '%', '?' and '#' either; valid
 * UTF-8; at most 1,024 bytes; file:///x is taken as /x.  scheme is
 * "filesystem", "s3", "gcs" or "azure".  0 or -EINVAL at position pos.
 */
int location_check_base(const char *scheme, const char *base, long pos,
			struct err *err) MUST_CHECK;

/*
 * The absolute, normalised base in out: a relative path is below root (an
 * absolute path), doubled and trailing slashes and "." segments are removed;
 * URIs keep scheme and bucket.  gcs:// becomes gs://, azure:// az:// for
 * comparison only when canonical is true.  base has passed
 * location_check_base.  0, -ENAMETOOLONG, or -EINVAL for a root that holds
 * "{shard}" or "{userId}", which location_user would take for placeholders.
 *
 * Here and below out is the empty string after a failure, and must not
 * overlap the inputs.
 */
int location_base(const char *root, const char *base, bool canonical, char out[LOCATION_SIZE],
		  struct err *err) MUST_CHECK;

/*
 * First step.  base as location_base gave it; location_name is
 * "namespace/table", both parts of [a-z0-9_].  *out: base '/' template with
 * {namespace} and {tableName} filled in and {shard} and {userId} left.  0,
 * -EINVAL for another location_name or a base with dot segments, or
 * -ENAMETOOLONG.
 */
int location_partial(const char *base, const struct template *t, const char *location_name,
		     char out[LOCATION_SIZE], struct err *err) MUST_CHECK;

/*
 * Second step: the location of one user below a partial path; {shard} becomes
 * shard_N of the user's id.  One pass over partial.  -EINVAL for a user id that
 * user_id_check refuses, -ENAMETOOLONG; in both cases err tells.
 */
int location_user(const char *partial, const char *user_id, char out[LOCATION_SIZE],
		  struct err *err) MUST_CHECK;

/*
 * A partial path up to the segment with the first placeholder left, without a
 * trailing slash ("/" itself excepted): the directory that all users' locations
 * are in.
 */
void location_prefix(const char *partial, char out[LOCATION_SIZE]);

/*
 * What no other table may own or lie in or around, of the partial path that t
 * gave: location_prefix where the table's name is in it.  Where {tableName} and
 * the first placeholder left share a segment, as in "{tableName}_{userId}", all
 * names that begin like it: "/base/app/users_{", with the brace as the mark.
 */
void location_claim(const struct template *t, const char *partial, char out[LOCATION_SIZE]);

/*
 * User ids: [A-Za-z0-9_][A-Za-z0-9._@-]{0,127} (decisions.md 62).  text needs
 * no NUL, and one within len is refused.  0, -EINVAL or -ENAMETOOLONG.
 */
int user_id_check(const char *text, size_t len, struct err *err) MUST_CHECK;

#endif
