/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/place.h"

#include "catalog/catalog.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct template *place_template(const struct storage *storage, enum table_type type)
{
	switch (type) {
	case TABLE_USER:
		return &storage->user;
	case TABLE_SHARED:
	case TABLE_STREAM:
		return &storage->shared;
	case TABLE_SYSTEM:
	case TABLE_TYPE_COUNT:
	default:
		return NULL;
	}
}

const char *place_template_text(const struct storage *storage, enum table_type type)
{
	if (type == TABLE_SYSTEM)
		return "system/{namespace}/{tableName}";
	return type == TABLE_USER ? storage->user_template : storage->shared_template;
}

int64_t place_moved_at(const struct storage *storage, enum table_type type)
{
	switch (type) {
	case TABLE_USER:
		return storage->user_moved_at;
	case TABLE_SHARED:
	case TABLE_STREAM:
		return storage->shared_moved_at;
	case TABLE_SYSTEM:
	case TABLE_TYPE_COUNT:
	default:
		return storage->created_at;
	}
}

/* The claim of a table's place below base, and its partial path. */
static int claim_of(const char *base, const struct storage *storage, enum table_type type,
		    const char *location_name, char partial[LOCATION_SIZE],
		    char claim[LOCATION_SIZE], struct err *err)
{
	const struct template *t = place_template(storage, type);
	struct template fixed;
	int rc = 0;

	if (!t) {
		rc = template_parse(TEMPLATE_SHARED, place_template_text(storage, type), &fixed, err);
		t = &fixed;
	}
	if (!rc)
		rc = location_partial(base, t, location_name, partial, err);
	if (!rc && claim)
		location_claim(t, partial, claim);
	return rc;
}

int place_partial(const char *root, const struct storage *storage, enum table_type type,
		  const char *location_name, char base[LOCATION_SIZE], char partial[LOCATION_SIZE],
		  struct err *err)
{
	int rc = location_base(root, storage->base_directory, false, base, err);

	return rc ? rc : claim_of(base, storage, type, location_name, partial, NULL, err);
}

int place_key(const char *root, const struct storage *storage, enum table_type type,
	      const char *location_name, char key[LOCATION_SIZE], struct err *err)
{
	char base[LOCATION_SIZE], partial[LOCATION_SIZE], claim[LOCATION_SIZE];
	size_t root_len = strlen(root);
	int rc;

	rc = location_base(root, storage->base_directory, true, base, err);
	if (!rc)
		rc = claim_of(base, storage, type, location_name, partial, claim, err);
	if (rc)
		return rc;
	if (strncmp(claim, root, root_len) == 0 && claim[root_len] == '/')
		snprintf(key, LOCATION_SIZE, ".%s", claim + root_len);
	else
		snprintf(key, LOCATION_SIZE, "%s", claim);
	return 0;
}

static bool ends_within_name(const char *claim)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the claim that claim_of made */
	size_t len = strlen(claim);

	assert(len);
	return claim[len - 1] == '{';
}

bool place_holds_catalog(const char *root, const char *key)
{
	bool within_name = ends_within_name(key);
	size_t len = strlen(key) - within_name;

	return strncmp(root, key, len) == 0 && (within_name || root[len] == '/' || !root[len]);
}

int place_claim(const char *root, const struct storage *storage, enum table_type type,
		const char *location_name, struct place_claim *out, struct err *err)
{
	char base[LOCATION_SIZE], partial[LOCATION_SIZE];
	int rc = location_base(root, storage->base_directory, false, base, err);

	if (!rc)
		rc = claim_of(base, storage, type, location_name, partial, out->path, err);
	if (!rc)
		rc = place_key(root, storage, type, location_name, out->key, err);
	if (rc)
		return rc;
	snprintf(out->shown, sizeof(out->shown), "%s",
		 ends_within_name(out->path) ? partial : out->path);
	return 0;
}

int place_real_base(const char *root, const struct storage *storage, struct real_path *out)
{
	char base[LOCATION_SIZE];
	int rc = location_base(root, storage->base_directory, true, base, NULL);

	return rc ? rc : real_path_find(base, out);
}

bool place_is_occupied(const struct catalog *catalog, const struct place_claim *claim)
{
	char path[LOCATION_SIZE], *stem = path;
	struct dirent *entry;
	bool occupied = false;
	size_t len = 0;
	DIR *dir;
	int fd;

	if (location_is_uri(claim->path))
		return false;
	memcpy(path, claim->path, sizeof(path));
	if (ends_within_name(path)) {
		stem = strrchr(path, '/');
		*stem++ = '\0';
		len = strlen(stem) - 1;
	}
	fd = catalog_open_dir(catalog, *path ? path : "/");
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!occupied && (entry = readdir(dir)))
		occupied = strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
			   !strncmp(entry->d_name, stem, len);
	closedir(dir);
	return occupied;
}
