/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/place.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

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
		break;
	}
	return NULL;
}

const char *place_template_text(const struct storage *storage, enum table_type type)
{
	if (type == TABLE_SYSTEM)
		return "system/{namespace}/{tableName}";
	return type == TABLE_USER ? storage->user_template : storage->shared_template;
}

static int partial_of(const char *base, const struct storage *storage, enum table_type type,
		      const char *location_name, char partial[LOCATION_SIZE], struct err *err)
{
	const struct template *t = place_template(storage, type);
	struct template fixed;

	if (!t) {
		int rc = template_parse(TEMPLATE_SHARED, place_template_text(storage, type), &fixed, err);

		if (rc)
			return rc;
		t = &fixed;
	}
	return location_partial(base, t, location_name, partial, err);
}

int place_partial(const char *root, const struct storage *storage, enum table_type type,
		  const char *location_name, char base[LOCATION_SIZE], char partial[LOCATION_SIZE],
		  struct err *err)
{
	int rc = location_base(root, storage->base_directory, false, base, err);

	return rc ? rc : partial_of(base, storage, type, location_name, partial, err);
}

int place_key(const char *root, const struct storage *storage, enum table_type type,
	      const char *location_name, char key[LOCATION_SIZE], struct err *err)
{
	char base[LOCATION_SIZE], partial[LOCATION_SIZE], prefix[LOCATION_SIZE];
	size_t root_len = strlen(root);
	int rc;

	rc = location_base(root, storage->base_directory, true, base, err);
	if (!rc)
		rc = partial_of(base, storage, type, location_name, partial, err);
	if (rc)
		return rc;
	location_prefix(partial, prefix);
	if (strncmp(prefix, root, root_len) == 0 && prefix[root_len] == '/')
		snprintf(key, LOCATION_SIZE, ".%s", prefix + root_len);
	else
		snprintf(key, LOCATION_SIZE, "%s", strcmp(prefix, "/") == 0 ? "" : prefix);
	return 0;
}

bool place_holds_catalog(const char *root, const char *key)
{
	size_t len = strlen(key);

	return strncmp(root, key, len) == 0 && (root[len] == '/' || !root[len]);
}

bool place_is_occupied(const char *path)
{
	struct dirent *entry;
	bool occupied = false;
	DIR *dir;

	if (location_is_uri(path))
		return false;
	dir = opendir(path);
	if (!dir)
		return false;
	while (!occupied && (entry = readdir(dir)))
		occupied = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return occupied;
}
