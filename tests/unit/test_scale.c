/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Twice as much to do takes twice the work, counted in bytes that are allocated. */
#include "tests/unit/world.h"

#include <stdatomic.h>

static atomic_size_t allocated;

static void count(size_t size)
{
	atomic_fetch_add_explicit(&allocated, size, memory_order_relaxed);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *at, size_t size)
{
	(void)at;
	count(size);
}

static void on_free(const volatile void *at)
{
	(void)at;
}

static void count_allocations(void)
{
	assert_true(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *at, size_t size);

void *malloc(size_t size)
{
	count(size);
	return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	count(number * size);
	return __libc_calloc(number, size);
}

void *realloc(void *at, size_t size)
{
	count(size);
	return __libc_realloc(at, size);
}

static void count_allocations(void)
{
}

#endif

typedef void print_fn(FILE *out, unsigned n);

/* What it allocates. */
static size_t run_text(struct world *w, print_fn *text, unsigned n)
{
	struct collector c;
	size_t from;
	char *sql;

	collect(&c);
	text(c.out, n);
	sql = text_of(&c);
	from = atomic_load(&allocated);
	world_run(w, sql);
	from = atomic_load(&allocated) - from;
	free(sql);
	return from;
}

/* Of a text, behind another one that prepares for it. */
static size_t cost(print_fn *before, print_fn *text, unsigned n)
{
	struct world w;
	size_t size;

	world_open(&w);
	if (before)
		(void)run_text(&w, before, n);
	size = run_text(&w, text, n);
	world_close(&w);
	return size;
}

static void assert_twice(size_t once, size_t twice)
{
	assert_true(once > 1000);
	assert_in_range(twice, once, once / 2 * 5);
}

static void assert_linear(print_fn *before, print_fn *text, unsigned n)
{
	assert_twice(cost(before, text, n), cost(before, text, 2 * n));
}

static void create_tables(FILE *out, unsigned n)
{
	fputs("CREATE NAMESPACE a;\n", out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "CREATE TABLE a.t%u (id BIGINT PRIMARY KEY, b TEXT);\n", i);
}

static void alter_tables(FILE *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "ALTER TABLE a.t%u ADD COLUMN c INT;\n", i);
}

static void alter_one_table(FILE *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "ALTER TABLE a.t1 ALTER COLUMN b COMMENT 'the comment number %u';\n", i);
}

static void drop_namespace(FILE *out, unsigned n)
{
	(void)n;
	fputs("DROP NAMESPACE a CASCADE;\n", out);
}

static void drop_tables(FILE *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "DROP TABLE a.t%u;\n", i);
}

static size_t expiry_cost(unsigned n)
{
	struct world w;
	bool more = true;
	size_t from;

	world_open(&w);
	(void)run_text(&w, create_tables, n);
	(void)run_text(&w, drop_tables, n);
	w.now += 365 * 24 * HOUR_US;
	from = atomic_load(&allocated);
	while (more)
		assert_int_equal(catalog_expire(w.catalog, world_author(), SOURCE_CTL, &more, NULL),
		                 0);
	from = atomic_load(&allocated) - from;
	assert_int_equal(world_meta(&w, META_TRASH), 0);
	world_close(&w);
	return from;
}

static void create_wide_table(FILE *out, unsigned n)
{
	fputs("CREATE TABLE wide (id BIGINT PRIMARY KEY", out);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, ", c%u TEXT", i);
	fputs(");\n", out);
}

static void alter_wide_table(FILE *out, unsigned n)
{
	(void)n;
	fputs("ALTER TABLE wide ALTER COLUMN c7 COMMENT 'x';\n", out);
}

static void many_tables_are_created_by_one_text(void **state)
{
	(void)state;
	assert_linear(NULL, create_tables, 1000);
}

static void many_tables_are_changed_by_one_text(void **state)
{
	(void)state;
	assert_linear(create_tables, alter_tables, 1000);
}

static void one_table_is_changed_many_times_by_one_text(void **state)
{
	(void)state;
	assert_linear(create_tables, alter_one_table, 2000);
}

static void a_namespace_goes_with_many_tables(void **state)
{
	(void)state;
	assert_linear(create_tables, drop_namespace, 1000);
}

static void many_tables_expire(void **state)
{
	(void)state;
	assert_twice(expiry_cost(600), expiry_cost(1200));
}

static void a_table_has_many_columns(void **state)
{
	(void)state;
	assert_linear(NULL, create_wide_table, 1500);
	assert_linear(create_wide_table, alter_wide_table, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_tables_are_created_by_one_text),
		cmocka_unit_test(many_tables_are_changed_by_one_text),
		cmocka_unit_test(one_table_is_changed_many_times_by_one_text),
		cmocka_unit_test(a_namespace_goes_with_many_tables),
		cmocka_unit_test(many_tables_expire),
		cmocka_unit_test(a_table_has_many_columns),
	};

	count_allocations();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
