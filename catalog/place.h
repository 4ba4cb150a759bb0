/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place - the location of a table, from its storage: glue between the model
 * and paths/.
 */
#ifndef KALAM_CATALOG_PLACE_H
#define KALAM_CATALOG_PLACE_H

#include "catalog/model.h"
#include "catalog/real_path.h"
#include "paths/location.h"

struct catalog;

/* The template that places tables of this type; NULL for SYSTEM tables. */
const struct template *place_template(const struct storage *storage, enum table_type type);

/* Its text as given; for SYSTEM tables the fixed one. */
const char *place_template_text(const struct storage *storage, enum table_type type);

/* When the storage last moved tables of this type: it was made, or the template changed. */
int64_t place_moved_at(const struct storage *storage, enum table_type type);

/*
 * First step of resolution: base (absolute) and partial path of a table with
 * this location_name.  root is the catalog's directory.  0, -ENAMETOOLONG or
 * -EINVAL.
 */
int place_partial(const char *root, const struct storage *storage, enum table_type type,
		  const char *location_name, char base[LOCATION_SIZE], char partial[LOCATION_SIZE],
		  struct err *err) MUST_CHECK;

/*
 * What the location index knows the place by: the canonical location_claim,
 * "./..." when it is inside the catalog's own directory, so that a catalog that
 * was moved keeps its index.
 */
int place_key(const char *root, const struct storage *storage, enum table_type type,
	      const char *location_name, char key[LOCATION_SIZE], struct err *err) MUST_CHECK;

/* Whether the place behind a key is the catalog's own directory, or around it. */
bool place_holds_catalog(const char *root, const char *key);

/* The place that no other table may own or lie in or around. */
struct place_claim {
	char key[LOCATION_SIZE];	/* place_key */
	char path[LOCATION_SIZE];	/* location_claim, absolute */
	/* For people: path, or the partial path where that ends within a name. */
	char shown[LOCATION_SIZE];
};
int place_claim(const char *root, const struct storage *storage, enum table_type type,
		const char *location_name, struct place_claim *out, struct err *err) MUST_CHECK;

/*
 * Whether anything is there already: one look into one directory of this
 * machine.  false for URIs and for what cannot be read.  Not to be asked where
 * place_real_base gives -EDEADLK.
 */
bool place_is_occupied(const struct catalog *catalog, const struct place_claim *claim);

/*
 * The base directory of a filesystem storage, as it is.  0, or -errno without
 * message where that cannot be told: of location_base or real_path_find.
 */
int place_real_base(const char *root, const struct storage *storage,
		    struct real_path *out) MUST_CHECK;

#endif
