# SPDX-License-Identifier: GPL-2.0-or-later
# kalamfs - `make help` lists the targets.

VERSION = 0.1.0
O ?= build
PKG_CONFIG ?= pkg-config
ifeq ($(origin CC),default)
CC = gcc
endif
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
DESTDIR ?=

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wpointer-arith -Wvla -Wswitch-enum -Wformat=2 -Wundef -Wsign-conversion -Wredundant-decls \
	-Walloca -Wimplicit-fallthrough
ifdef COV
CFLAGS ?= -O0 -g
endif
CFLAGS ?= -O2 -g
override CPPFLAGS += -I. -D_GNU_SOURCE -DKALAMFS_VERSION='"$(VERSION)"'

ifdef SAN
override O := $(O)-asan
MODE_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifdef TSAN
override O := $(O)-tsan
MODE_FLAGS = -fsanitize=thread
endif
ifdef FUZZ
override O := $(O)-fuzz
override CC := clang
MODE_FLAGS = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif
ifdef COV
override O := $(O)-cov
MODE_FLAGS = --coverage -fprofile-update=atomic -DKALAMFS_INSTRUMENTED \
	-include tests/static/coverage.h
endif
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
WARN += -Wshorten-64-to-32 -Wcomma
else
WARN += -Wconversion -Wlogical-op -Wduplicated-cond -Wduplicated-branches
endif
ifdef WERROR
WARN += -Werror
endif

# What a packager's CFLAGS and LDFLAGS say comes behind these, and so is what counts.
ifndef MODE_FLAGS
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)
HARDEN = -fPIE -fstack-protector-strong -fstack-clash-protection
HARDEN += $(if $(filter x86_64-% i%86-%,$(MACHINE)),-fcf-protection)
HARDEN += $(if $(filter aarch64-%,$(MACHINE)),-mbranch-protection=standard)
ifeq ($(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),)
HARDEN += $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif
# Only where functions are optimized as they are shipped: a sanitizer's checks look like bugs.
WARN += -Wnull-dereference
override LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack $(LDFLAGS)
endif

LIB_PKGS = lmdb jansson liburcu-cds liburcu-bp libxxhash
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIB_PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(LIB_PKGS) 2>/dev/null)
FUSE_CFLAGS := $(shell $(PKG_CONFIG) --cflags fuse3 libseccomp libcap-ng 2>/dev/null)
FUSE_LIBS := $(shell $(PKG_CONFIG) --libs fuse3 libseccomp libcap-ng 2>/dev/null)

ifeq ($(V),)
Q = @echo '  $(notdir $@)';
endif

ALL_CFLAGS = -std=c11 $(WARN) -pthread $(HARDEN) $(MODE_FLAGS) $(CFLAGS)

CTL_SRC := $(wildcard catalog/kalamctl*.c)
LIB_SRC := $(filter-out $(CTL_SRC),$(wildcard base/*.c paths/*.c catalog/*.c))
FS_SRC := $(wildcard fs/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
CTL_OBJ := $(CTL_SRC:%.c=$(O)/%.o)
FS_OBJ := $(FS_SRC:%.c=$(O)/%.o)
# The part of fs/ that does not know FUSE: the tree, so that unit tests have it.
TREE_OBJ := $(patsubst %.c,$(O)/%.o,$(shell grep -L 'fs/fuse.h' $(FS_SRC)))
UNIT_BIN := $(UNIT_SRC:%.c=$(O)/%)

# Debian packages: to build, and to test.
BUILD_DEBS = gcc make pkg-config libc6-dev libfuse3-dev fuse3 liblmdb-dev libjansson-dev liburcu-dev \
	libxxhash-dev libseccomp-dev libcap-ng-dev
EDIT_DEBS = vim neovim nano emacs-nox micro joe ed tmux patch moreutils git dash perl
TEST_DEBS = $(EDIT_DEBS) \
	clang clang-tidy cppcheck binutils libclang-rt-dev libcmocka-dev valgrind groff mandoc jq tree \
	util-linux procps attr rsync lmdb-utils \
	dpkg-dev bash-completion systemd prometheus postgresql sqlite3 chromium python3 e2fsprogs xfsprogs
BENCH_DEBS = jq util-linux procps postgresql sqlite3 libpq-dev libsqlite3-dev lmdb-utils

all: $(O)/kalamfs $(O)/kalamctl

$(O)/libkalam.a: $(LIB_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(O)/libtree.a: $(TREE_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

$(O)/kalamfs: $(FS_OBJ) $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(FUSE_LIBS) $(PKG_LIBS)

$(O)/kalamctl: $(CTL_OBJ) $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(O)/tests/unit/test_%: $(O)/tests/unit/test_%.o $(O)/tests/unit/helpers.o $(O)/libtree.a $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(UNIT_LIBS) $(PKG_LIBS)

# Of fs/ what knows FUSE.
$(O)/tests/unit/test_options $(O)/tests/unit/test_sandbox $(O)/tests/unit/test_log: $(O)/fs/log.o
$(O)/tests/unit/test_options $(O)/tests/unit/test_sandbox $(O)/tests/unit/test_log: UNIT_LIBS = $(FUSE_LIBS)
$(O)/tests/unit/test_options.o $(O)/tests/unit/test_log.o: override CPPFLAGS += $(FUSE_CFLAGS)

# Calls that tests/unit/failing.h makes fail.
WRAPPED = malloc calloc realloc strdup asprintf vasprintf tsearch fopencookie fclose \
	arena_alloc arena_array arena_strndup arena_strdup fstat stat fstatvfs fsync renameat mkdirat unlinkat fdopendir realpath open openat close \
	fstatfs pread pwrite getrandom getdents64 fallocate faccessat fdatasync fcntl \
	$(addprefix mdb_,env_create env_set_maxreaders env_set_maxdbs env_set_mapsize env_set_assert \
	env_open env_sync env_copyfd2 reader_check reader_list txn_begin txn_renew \
	txn_commit dbi_open get put del cursor_open cursor_get)
$(O)/tests/unit/test_failures: UNIT_LIBS = $(WRAPPED:%=-Wl,--wrap=%)
$(O)/tests/unit/test_store_open: UNIT_LIBS = -Wl,--wrap=fdopendir

$(FS_OBJ): override CPPFLAGS += $(FUSE_CFLAGS)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# Test programs of one file each that need only the library.  What stands in front of
# libc's functions must be seen by shared libraries.
PLANT := $(O)/tests/trust/plant.so
REFUSE := $(O)/tests/trust/refuse.so
TOOL_SRC := $(wildcard tests/tools/*.c tests/crash/*.c tests/block/*.c tests/corrupt/*.c) \
	$(filter-out tests/trust/plant.c tests/trust/refuse.c,$(wildcard tests/trust/*.c))
TOOL_BIN := $(TOOL_SRC:%.c=$(O)/%)

$(TOOL_BIN): $(O)/tests/%: $(O)/tests/%.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -rdynamic -o $@ $^ $(TOOL_LIBS) $(PKG_LIBS)

$(O)/tests/block/disk.o: CPPFLAGS += $(FUSE_CFLAGS)
$(O)/tests/block/disk: TOOL_LIBS = $(FUSE_LIBS)

# Readers and writers at once: every file of tests/stress; what checks histories has its ways in, too.
STRESS_OBJ := $(patsubst %.c,$(O)/%.o,$(wildcard tests/stress/*.c))
LINEAR_OBJ := $(patsubst %.c,$(O)/%.o,$(wildcard tests/linear/*.c)) $(O)/tests/stress/door.o
STRESS_BIN := $(O)/tests/stress/coherence $(O)/tests/linear/linear

$(O)/tests/stress/coherence: $(STRESS_OBJ)
$(O)/tests/linear/linear: $(LINEAR_OBJ)
$(STRESS_BIN):
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

# Parts of the validator that a control of check-corrupt takes away.
$(O)/tests/corrupt/corrupt: LDFLAGS += -Wl,--wrap=pages_fault,--wrap=store_check_pages \
	-Wl,--wrap=store_state_row

# What fails at its n-th call: linked in, and for LD_PRELOAD.
FAULTS := $(O)/tests/faults/faults
INJECT := $(O)/tests/faults/inject.so
INJECT_CTL := $(O)/tests/faults/inject-ctl
$(FAULTS): $(O)/tests/faults/faults.o $(O)/tests/faults/inject.o $(O)/tests/faults/inject_store.o \
		$(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -rdynamic -o $@ $^ $(PKG_LIBS) -ldl

# AddressSanitizer itself allocates before its checks can run.
$(O)/tests/faults/inject.o: MODE_FLAGS =
$(O)/tests/faults/inject.o: CPPFLAGS += $(if $(SAN),-DBEHIND_ASAN)$(if $(TSAN),-DBEHIND_TSAN)

$(INJECT): tests/faults/inject.c tests/faults/inject.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

$(INJECT_CTL): $(O)/tests/faults/inject_ctl.o
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

# Benchmark programs: one file each, and bench.c; what else one needs is in its BENCH_LIBS.
BENCH_SRC := $(filter-out tests/bench/bench.c,$(wildcard tests/bench/*.c))
BENCH_BIN := $(BENCH_SRC:%.c=$(O)/%)

$(BENCH_BIN): $(O)/tests/bench/%: $(O)/tests/bench/%.o $(O)/tests/bench/bench.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(BENCH_LIBS) $(PKG_LIBS)

$(O)/tests/bench/nullfs.o: override CPPFLAGS += $(FUSE_CFLAGS)
$(O)/tests/bench/nullfs: BENCH_LIBS = $(FUSE_LIBS)
$(O)/tests/bench/alter.o: override CPPFLAGS += $(shell $(PKG_CONFIG) --cflags libpq sqlite3)
$(O)/tests/bench/alter: BENCH_LIBS = $(shell $(PKG_CONFIG) --libs libpq sqlite3)

bench-build: all $(BENCH_BIN)
	@:

# libFuzzer targets, of one file each, and what makes their seeds.
FUZZ_BIN := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZ_BIN): $(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(FUZZ_LIBS) $(PKG_LIBS)

# One has the whole daemon in it.
$(O)/tests/fuzz/fuzz_requests: $(filter-out %/main.o,$(FS_OBJ))
$(O)/tests/fuzz/fuzz_requests: FUZZ_LIBS = $(FUSE_LIBS) -Wl,--wrap=read \
	-Wl,--wrap=inotify_init1 -Wl,--wrap=inotify_add_watch
$(O)/tests/fuzz/fuzz_requests.o: CPPFLAGS += $(FUSE_CFLAGS)

$(O)/tests/fuzz/seeds: $(O)/tests/fuzz/seeds.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

fuzz-build: $(FUZZ_BIN) $(O)/tests/fuzz/seeds

# Faults that the suites of check-trust plant, to show that they notice.
$(PLANT) $(REFUSE): $(O)/%.so: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

tests-build: all $(UNIT_BIN) $(TOOL_BIN) $(STRESS_BIN) $(PLANT) $(REFUSE) $(FAULTS) $(INJECT) $(INJECT_CTL)

deps:
	@tests/install.sh $(BUILD_DEBS)

deps-test:
	@tests/install.sh $(BUILD_DEBS) $(TEST_DEBS)
	@tests/install.sh --command node nodejs --command npm npm --command python3 python3

deps-bench:
	@tests/install.sh $(BUILD_DEBS) $(BENCH_DEBS)

# A sample catalog, mounted: what to try first.
demo: deps
	@$(MAKE) --no-print-directory -j2 all
	@tests/demo/demo.sh $(O)

# Everything, from a fresh machine.  What runs is in check-all.
check: deps-test
	@$(MAKE) --no-print-directory check-all

check-all:
	@$(MAKE) --no-print-directory -j2 WERROR=1 tests-build
	@$(MAKE) --no-print-directory check-layers check-static check-man check-install check-deb check-completion
	@$(MAKE) --no-print-directory check-unit
	@$(MAKE) --no-print-directory check-mount
	@$(MAKE) --no-print-directory check-edit
	@$(MAKE) --no-print-directory check-trust
	@$(MAKE) --no-print-directory check-stress
	@SEED=$${SEED:-1} $(MAKE) --no-print-directory check-single
	@$(MAKE) --no-print-directory check-asan
	@$(MAKE) --no-print-directory check-tsan
	@$(MAKE) --no-print-directory check-clang check-fuzz
	@echo 'make check: all suites passed'

check-unit: $(UNIT_BIN)
	@RUN_JOBS=2 tests/run.sh unit $(UNIT_BIN)

# Some run at once: what takes long must not be left for the end.
SLOWEST = tools editors random limits hostile stuck kalamctl information_schema users options
slow_ones = $(foreach test,$(SLOWEST),$(filter %/test_$(test).sh %/$(test).sh,$1))
slowest_first = $(call slow_ones,$1) $(filter-out $(call slow_ones,$1),$1)

MOUNT_TESTS = $(wildcard tests/mount/test_*.sh)
check-mount: tests-build
	@KALAM_BUILD=$(O) RUN_JOBS=3 tests/run.sh mount $(call slowest_first,$(MOUNT_TESTS))

# Editors in a pseudo-terminal, tools that save files, crawlers, directory operations.
check-edit: tests-build
	@KALAM_BUILD=$(O) RUN_JOBS=3 tests/run.sh edit $(call slowest_first,$(wildcard tests/edit/test_*.sh))

EDIT_QUICK = smoke test_removal test_dirops
check-edit-quick: tests-build
	@KALAM_BUILD=$(O) RUN_JOBS=3 tests/run.sh edit $(EDIT_QUICK:%=tests/edit/%.sh)

# Hostile users, errno by errno, full disks, every limit, bad input; as root.
check-trust: tests-build
	@KALAM_BUILD=$(O) RUN_JOBS=3 tests/run.sh trust \
		$(call slowest_first,$(filter-out %/lib.sh,$(wildcard tests/trust/*.sh)))

STRESS_SECONDS ?= 30
check-stress: tests-build
	@KALAM_BUILD=$(O) tests/run.sh stress 'tests/stress/stress.sh $(STRESS_SECONDS)'

# Suites of a script or two.

# The forms of one table say the same thing, and apache-arrow reads schema.arrow.
agree_runs = tests/agree/agree.sh

# DuckDB writes and reads the files of tables through a mount.
engine_runs = tests/engine/engine.sh

# index.html, in a browser.
pages_runs = tests/pages/pages.sh

# Dumps that PostgreSQL and SQLite have just written.
load_runs = tests/load/test_load.sh

# What README.md and the manual pages print does what they say.
examples_runs = tests/examples/examples.sh

# Whether one order of the changes explains what two mounts and kalamctl saw.
LINEAR_OPERATIONS ?= 20000
linear_runs = 'tests/linear/linear.sh $(LINEAR_OPERATIONS)'

# The disk after a power failure at any write.
CRASH_STATES ?= 200000
crash_runs = 'tests/crash/crash.sh $(CRASH_STATES)'

# The same below a file system: the disk that ext4 or xfs with a catalog writes to.  As root.
BLOCK_STATES ?= 500
block_runs = 'tests/block/block.sh $(BLOCK_STATES) ext4 ext4-1k xfs'

# A data.mdb that is not what was written, opened or under a mount; as root.
CORRUPT_TRIALS ?= 5000
CORRUPT_MOUNTED ?= 20
corrupt_runs = 'tests/corrupt/corrupt.sh $(CORRUPT_TRIALS)' 'tests/corrupt/mounted.sh $(CORRUPT_MOUNTED)'

# The n-th call of the disk, of LMDB or of malloc fails; MEMORY_EVERY=1 looks at all of these.
# DAEMON_EVERY: of malloc in a running daemon, and a twelfth of it of its disk, as root; a
# sanitizer's malloc cannot be preloaded.
MEMORY_EVERY ?= 5
DAEMON_EVERY ?= 100
faults_runs = 'tests/faults/faults.sh $(MEMORY_EVERY)' \
	$(if $(SAN)$(TSAN),,'tests/faults/daemon.sh $(DAEMON_EVERY)')

# Daemons and kalamctl are killed while they work; as root.
KILLS ?= 300
kill_runs = 'tests/kill/kill.sh $(KILLS)'

# A session under valgrind.
valgrind_runs = tests/mount/valgrind.sh

# Those that take longest first: check-single runs some at once, since most leave a CPU idle.
SINGLE = faults kill block crash corrupt valgrind examples engine linear load agree pages
$(SINGLE:%=check-%): check-%: tests-build
	@KALAM_BUILD=$(O) tests/run.sh $* $($*_runs)

check-single: tests-build
	@KALAM_BUILD=$(O) RUN_JOBS=3 tests/run.sh single $(foreach suite,$(SINGLE),$($(suite)_runs))

# Memory and descriptors of the daemon under everything at once.
SOAK_SECONDS ?= 300
check-soak: tests-build
	@RUN_TIMEOUT=$$(($(SOAK_SECONDS) + 600)) KALAM_BUILD=$(O) \
		tests/run.sh soak 'tests/soak/soak.sh $(SOAK_SECONDS)'

# Before a release, for hours: suites in their long forms.
LONG_TIMEOUT = 36000
check-long: tests-build
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-crash CRASH_STATES=5000000
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-block BLOCK_STATES=2000
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-corrupt CORRUPT_TRIALS=100000 CORRUPT_MOUNTED=400
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-kill KILLS=3000
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-faults MEMORY_EVERY=1 DAEMON_EVERY=1
	@$(MAKE) --no-print-directory -j2 SAN=1 tests-build
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory SAN=1 check-faults MEMORY_EVERY=3
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-linear LINEAR_OPERATIONS=1000000
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-stress STRESS_SECONDS=3600
	@RUN_TIMEOUT=$(LONG_TIMEOUT) $(MAKE) --no-print-directory check-static STATIC_NODES=225000
	@$(MAKE) --no-print-directory check-soak SOAK_SECONDS=3600
	@$(MAKE) --no-print-directory SAN=1 check-soak SOAK_SECONDS=900
	@$(MAKE) --no-print-directory -j2 TSAN=1 tests-build
	@$(MAKE) --no-print-directory TSAN=1 check-soak SOAK_SECONDS=900
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=600
	@echo 'make check-long: all suites passed'

# What reads memory in a way of its own; `make SAN=1 check-mount` runs all.
ASAN_MOUNT = ctl tree storage history kalamctl log metrics readonly_mount
check-asan:
	@$(MAKE) --no-print-directory -j2 SAN=1 tests-build
	@$(MAKE) --no-print-directory SAN=1 MOUNT_TESTS='$(ASAN_MOUNT:%=tests/mount/test_%.sh)' \
		STRESS_SECONDS=10 check-unit check-mount check-edit-quick check-stress

export TSAN_OPTIONS = suppressions=$(CURDIR)/tests/tsan.supp history_size=4
# What has threads: the rest is the same code, only slower.
TSAN_UNIT = cache catalog metrics peer spool store store_lock node scratch tally
TSAN_MOUNT = log metrics
check-tsan:
	@$(MAKE) --no-print-directory -j2 TSAN=1 UNIT_BIN='$(TSAN_UNIT:%=$(O)-tsan/tests/unit/test_%)' \
		tests-build
	@$(MAKE) --no-print-directory TSAN=1 UNIT_BIN='$(TSAN_UNIT:%=$(O)-tsan/tests/unit/test_%)' \
		MOUNT_TESTS='$(TSAN_MOUNT:%=tests/mount/test_%.sh)' EDIT_QUICK=smoke STRESS_SECONDS=15 \
		check-unit check-mount check-edit-quick check-stress

# Each target of tests/fuzz for FUZZ_SECONDS.  check-fuzz is the short form, which goes the same
# way each time: it is about the change; new ways are what the long one is for.
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0
FUZZ_TARGETS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@$(MAKE) --no-print-directory -j2 FUZZ=1 WERROR=1 fuzz-build
	@RUN_TIMEOUT=$$(($(FUZZ_SECONDS) + 300)) RUN_JOBS=2 tests/run.sh fuzz \
		$(FUZZ_TARGETS:%='tests/fuzz/fuzz.sh $(O)-fuzz % $(FUZZ_SECONDS) $(FUZZ_SEED)')

check-fuzz:
	@$(MAKE) --no-print-directory FUZZ_SECONDS=20 FUZZ_SEED=1 fuzz

# One stamp for each source that clang-tidy has nothing to say about: what has not changed is
# not read again.  STATIC_NODES is how far the analyzer follows a function.
STATIC_SRC := $(LIB_SRC) $(CTL_SRC) $(FS_SRC)
STATIC_NODES ?= 60000
STATIC_OK := $(O)/static-$(STATIC_NODES)
$(STATIC_OK)/%.ok: $(O)/%.o .clang-tidy tests/static/model.h
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $*.c -- -std=c11 $(CPPFLAGS) $(PKG_CFLAGS) $(FUSE_CFLAGS) \
		-include tests/static/model.h -DMODEL_IN_$(*F) \
		-Xclang -analyzer-config -Xclang max-nodes=$(STATIC_NODES) >$@.txt 2>/dev/null || { cat $@.txt; exit 1; }
	@touch $@

static-tidy: $(STATIC_SRC:%.c=$(STATIC_OK)/%.ok)

# clang-tidy with the analyzer, cppcheck, and whether the programs are hardened.
check-static: all
	@tests/run.sh static '$(MAKE) --no-print-directory -j2 -k O=$(O) static-tidy' \
		'tests/static/cppcheck.sh base paths catalog fs tests' 'tests/static/hardening.sh $(O)'

# Which branches the suites of COVERAGE take; unit programs come first, so that other users'
# daemons, too, can add to their counters.
COVERAGE = check-mount check-edit check-trust check-load check-examples check-agree check-corrupt \
	check-faults
coverage:
	@$(MAKE) --no-print-directory -j2 COV=1 tests-build
	@find $(O)-cov -name '*.gcda' -delete
	@find $(O)-cov -type d -exec chmod a+rwx {} +
	-@FAILURES_EVERY=1 $(MAKE) --no-print-directory COV=1 check-unit
	@find $(O)-cov -name '*.gcda' -exec chmod a+rw {} +
	-@$(MAKE) --no-print-directory -k COV=1 CORRUPT_TRIALS=1000 MEMORY_EVERY=1 $(COVERAGE)
	@tests/static/coverage.py $(O)-cov

check-clang:
	@$(MAKE) --no-print-directory -j2 CC=clang O=build-clang WERROR=1 all

check-layers:
	@tests/run.sh layers tests/layers.sh

check-man:
	@tests/run.sh man 'mandoc -Tlint -W warning man/*.[58]' 'groff -mdoc -ww -z man/*.[58]'

check-install: all
	@tests/run.sh install 'tests/install_check.sh $(O)'

# make bench B='stat find': only these.  BENCH_TABLES, BENCH_RUNS: see tests/bench/lib.sh.
bench: deps-bench
	@$(MAKE) --no-print-directory -j2 bench-build
	@tests/bench/bench.sh $(O) run $(B)

bench-report: deps-bench
	@$(MAKE) --no-print-directory -j2 bench-build
	@tests/bench/bench.sh $(O) report

golden-update: $(UNIT_BIN)
	GOLDEN_UPDATE=1 $(O)/tests/unit/test_golden
	GOLDEN_UPDATE=1 $(O)/tests/unit/test_ddl_golden
	GOLDEN_UPDATE=1 $(O)/tests/unit/test_document_golden
	GOLDEN_UPDATE=1 $(O)/tests/unit/test_load

# What a program that uses the library includes, with all that comes with it.
PUBLIC_HEADERS = catalog/catalog.h catalog/walk.h catalog/arrow.h catalog/print.h catalog/place.h \
	catalog/version.h catalog/type.h catalog/value.h
HEADERS = $(sort $(filter %.h,$(shell $(CC) -I. -D_GNU_SOURCE -MM $(PUBLIC_HEADERS) 2>/dev/null)))

DOCDIR = $(PREFIX)/share/doc/kalamfs
INCLUDEDIR = $(PREFIX)/include/kalam
UNITDIR = $(PREFIX)/lib/systemd/system
COMPLETIONDIR = $(PREFIX)/share/bash-completion/completions
FILLED = sed 's|@PREFIX@|$(PREFIX)|; s|@BINDIR@|$(PREFIX)/bin|; s|@VERSION@|$(VERSION)|'

install: all
	install -d $(addprefix $(DESTDIR),$(PREFIX)/bin $(MANDIR)/man5 $(MANDIR)/man8 $(UNITDIR) \
		$(COMPLETIONDIR) $(DOCDIR)/examples $(PREFIX)/lib/pkgconfig \
		$(INCLUDEDIR)/base $(INCLUDEDIR)/paths $(INCLUDEDIR)/catalog)
	install $(O)/kalamfs $(O)/kalamctl $(DESTDIR)$(PREFIX)/bin
	install -m 644 man/kalamfs.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 man/kalamfs.8 man/kalamctl.8 $(DESTDIR)$(MANDIR)/man8
	install -m 644 dist/completion/kalamfs dist/completion/kalamctl $(DESTDIR)$(COMPLETIONDIR)
	install -m 644 README.md dist/fstab.example $(DESTDIR)$(DOCDIR)
	install -m 644 dist/examples/read_schema.c $(DESTDIR)$(DOCDIR)/examples
	install -m 644 $(O)/libkalam.a $(DESTDIR)$(PREFIX)/lib
	for header in $(HEADERS); do \
		install -m 644 $$header $(DESTDIR)$(INCLUDEDIR)/$$header || exit 1; done
	$(FILLED) dist/kalam.pc.in >$(DESTDIR)$(PREFIX)/lib/pkgconfig/kalam.pc
	$(FILLED) dist/kalamfs@.service >$(DESTDIR)$(UNITDIR)/kalamfs@.service

uninstall:
	rm -f $(addprefix $(DESTDIR),$(PREFIX)/bin/kalamfs $(PREFIX)/bin/kalamctl \
		$(MANDIR)/man5/kalamfs.5 $(MANDIR)/man8/kalamfs.8 $(MANDIR)/man8/kalamctl.8 \
		$(COMPLETIONDIR)/kalamfs $(COMPLETIONDIR)/kalamctl $(UNITDIR)/kalamfs@.service \
		$(PREFIX)/lib/libkalam.a $(PREFIX)/lib/pkgconfig/kalam.pc)
	rm -rf $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(DOCDIR)

# Debian packages, in $(O)/deb/.
deb: all
	@dist/deb.sh $(O) $(VERSION)

# The packages installed on this machine, used, and removed again: as root.
check-deb: all
	@tests/run.sh deb 'tests/package/test_deb.sh $(O) $(VERSION)'

check-completion: all
	@tests/run.sh completion 'tests/package/test_completion.sh $(O)'

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf build build-*

help:
	@echo 'make             build kalamfs and kalamctl in $(O)/'
	@echo 'make demo        install what is missing, build, mount a sample catalog'
	@echo 'make check       install what tests need, build, run every test'
	@echo 'make check-long  the long forms of suites, for hours'
	@echo 'make check-SUITE  one of them:'
	@echo '  unit mount edit trust agree engine pages examples load stress linear crash block corrupt'
	@echo '  faults kill soak valgrind fuzz layers static man install deb completion'
	@echo '  asan tsan clang (the same with other compilers and checkers)'
	@echo 'make coverage    lines and branches that the suites take'
	@echo 'make bench       install what benchmarks need, build, run all, or B=name only one'
	@echo 'make bench-report  write BENCH.md of it'
	@echo 'make fuzz        each fuzz target for FUZZ_SECONDS=60, FUZZ_SEED=0 (any)'
	@echo 'make install | uninstall   with DESTDIR, PREFIX, MANDIR'
	@echo 'make deb         Debian packages in $(O)/deb/'
	@echo 'make clean'
	@echo 'SAN=1, TSAN=1, COV=1, FUZZ=1 choose a build, each with its own directory; WERROR=1; V=1 shows commands'

# All targets that are plain words.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)
.SECONDARY:
