/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place - the location of a table, from its storage: glue between the model
 * and paths/.
 */
#ifndef KALAM_CATALOG_PLACE_H
#define KALAM_CATALOG_PLACE_H

#include "catalog/model.h"
#include "paths/location.h"

/* The template that places tables of this type; NULL for SYSTEM tables. */
const struct template *place_template(const struct storage *storage, enum table_type type);

/* Its text as given; for SYSTEM tables the fixed one. */
const char *place_template_text(const struct storage *storage, enum table_type type);

/*
 * First step of resolution: base (absolute) and partial path of a table with
 * this location_name.  root is the catalog's directory.  0, -ENAMETOOLONG or
 * -EINVAL.
 */
int place_partial(const char *root, const struct storage *storage, enum table_type type,
		  const char *location_name, char base[LOCATION_SIZE], char partial[LOCATION_SIZE],
		  struct err *err) MUST_CHECK;

/*
 * What the location index knows the place by: the canonical prefix that no
 * other table may own or nest, "./..." when it is inside the catalog's own
 * directory, so that a catalog that was moved keeps its index.
 */
int place_key(const char *root, const struct storage *storage, enum table_type type,
	      const char *location_name, char key[LOCATION_SIZE], struct err *err) MUST_CHECK;

/* Whether the place behind a key is the catalog's own directory, or around it. */
bool place_holds_catalog(const char *root, const char *key);

/* Whether a directory on this machine holds anything; false for URIs and what cannot be read. */
bool place_is_occupied(const char *path);

#endif
