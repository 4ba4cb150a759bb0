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
	-Wpointer-arith -Wvla -Wswitch-enum -Wformat=2 -Wundef
CFLAGS ?= -O2 -g
CPPFLAGS += -I. -D_GNU_SOURCE -DKALAMFS_VERSION='"$(VERSION)"'

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
MODE_FLAGS = --coverage -DKALAMFS_INSTRUMENTED
endif
ifdef WERROR
WARN += -Werror
endif

LIB_PKGS = lmdb jansson liburcu-cds liburcu-bp libxxhash
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIB_PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(LIB_PKGS) 2>/dev/null)
FUSE_CFLAGS := $(shell $(PKG_CONFIG) --cflags fuse3 libseccomp libcap-ng 2>/dev/null)
FUSE_LIBS := $(shell $(PKG_CONFIG) --libs fuse3 libseccomp libcap-ng 2>/dev/null)

ifeq ($(V),)
Q = @echo '  $(notdir $@)';
endif

ALL_CFLAGS = -std=c11 $(WARN) -pthread $(MODE_FLAGS) $(CFLAGS)

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
	clang libclang-rt-dev libcmocka-dev valgrind groff mandoc jq tree util-linux procps attr rsync lmdb-utils \
	dpkg-dev bash-completion systemd prometheus postgresql sqlite3 chromium
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
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)

# Of fs/ what knows no FUSE.

$(FS_OBJ): CPPFLAGS += $(FUSE_CFLAGS)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# Test programs of one file each that need only the library.  What stands in front of
# libc's functions must be seen by shared libraries.
TOOL_SRC := $(wildcard tests/stress/*.c tests/tools/*.c tests/crash/*.c)
TOOL_BIN := $(TOOL_SRC:%.c=$(O)/%)

$(TOOL_BIN): $(O)/tests/%: $(O)/tests/%.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -rdynamic -o $@ $^ $(PKG_LIBS)

# Benchmark programs: one file each, and bench.c; what else one needs is in its BENCH_LIBS.
BENCH_SRC := $(filter-out tests/bench/bench.c,$(wildcard tests/bench/*.c))
BENCH_BIN := $(BENCH_SRC:%.c=$(O)/%)

$(BENCH_BIN): $(O)/tests/bench/%: $(O)/tests/bench/%.o $(O)/tests/bench/bench.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(BENCH_LIBS) $(PKG_LIBS)

$(O)/tests/bench/nullfs.o: CPPFLAGS += $(FUSE_CFLAGS)
$(O)/tests/bench/nullfs: BENCH_LIBS = $(FUSE_LIBS)
$(O)/tests/bench/alter.o: CPPFLAGS += $(shell $(PKG_CONFIG) --cflags libpq sqlite3)
$(O)/tests/bench/alter: BENCH_LIBS = $(shell $(PKG_CONFIG) --libs libpq sqlite3)

bench-build: all $(BENCH_BIN)
	@:

# libFuzzer targets, of one file each, and what makes their seeds.
FUZZ_BIN := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZ_BIN): $(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(O)/tests/fuzz/seeds: $(O)/tests/fuzz/seeds.o $(O)/libkalam.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

fuzz-build: $(FUZZ_BIN) $(O)/tests/fuzz/seeds

tests-build: all $(UNIT_BIN) $(TOOL_BIN)

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
	@$(MAKE) --no-print-directory check-layers check-man check-install check-deb check-completion
	@$(MAKE) --no-print-directory check-unit
	@$(MAKE) --no-print-directory check-mount
	@$(MAKE) --no-print-directory check-edit
	@$(MAKE) --no-print-directory check-agree check-engine check-pages check-load check-examples
	@$(MAKE) --no-print-directory check-stress
	@$(MAKE) --no-print-directory check-crash
	@$(MAKE) --no-print-directory check-valgrind
	@$(MAKE) --no-print-directory check-asan
	@$(MAKE) --no-print-directory check-tsan
	@$(MAKE) --no-print-directory check-clang check-fuzz
	@echo 'make check: all suites passed'

check-unit: $(UNIT_BIN)
	@tests/run.sh unit $(UNIT_BIN)

MOUNT_TESTS = $(wildcard tests/mount/test_*.sh)
check-mount: tests-build
	@KALAM_BUILD=$(O) tests/run.sh mount $(MOUNT_TESTS)

# index.html, in a browser.
check-pages: tests-build
	@KALAM_BUILD=$(O) tests/run.sh pages tests/pages/pages.sh

# Editors in a pseudo-terminal, tools that save files, crawlers, directory operations.
check-edit: tests-build
	@KALAM_BUILD=$(O) tests/run.sh edit $(wildcard tests/edit/test_*.sh)

EDIT_QUICK = smoke test_removal test_dirops
check-edit-quick: tests-build
	@KALAM_BUILD=$(O) tests/run.sh edit $(EDIT_QUICK:%=tests/edit/%.sh)

# The forms of one table say the same thing, and apache-arrow reads schema.arrow.
check-agree: all
	@KALAM_BUILD=$(O) tests/run.sh agree tests/agree/agree.sh

# DuckDB writes and reads the files of tables through a mount.
check-engine: all
	@KALAM_BUILD=$(O) tests/run.sh engine tests/engine/engine.sh
# Dumps that PostgreSQL and SQLite have just written.
check-load: all
	@KALAM_BUILD=$(O) tests/run.sh load tests/load/test_load.sh

# What README.md and the manual pages print does what they say.
check-examples: all
	@KALAM_BUILD=$(O) tests/run.sh examples tests/examples/examples.sh

STRESS_SECONDS ?= 30
check-stress: tests-build
	@KALAM_BUILD=$(O) tests/run.sh stress 'tests/stress/stress.sh $(STRESS_SECONDS)'

# The disk after a power failure at any write.
CRASH_STATES ?= 40000
check-crash: tests-build
	@KALAM_BUILD=$(O) tests/run.sh crash 'tests/crash/crash.sh $(CRASH_STATES)'

check-valgrind: tests-build
	@KALAM_BUILD=$(O) tests/run.sh valgrind tests/mount/valgrind.sh

# What reads memory in a way of its own; `make SAN=1 check-mount` runs all.
ASAN_MOUNT = ctl tree storage history kalamctl log metrics readonly_mount
check-asan:
	@$(MAKE) --no-print-directory -j2 SAN=1 tests-build
	@$(MAKE) --no-print-directory SAN=1 MOUNT_TESTS='$(ASAN_MOUNT:%=tests/mount/test_%.sh)' \
		STRESS_SECONDS=10 check-unit check-mount check-edit-quick check-stress

export TSAN_OPTIONS = suppressions=$(CURDIR)/tests/tsan.supp history_size=4
# What has threads: the rest is the same code, only slower.
TSAN_UNIT = cache catalog metrics peer session spool store store_lock node scratch tally
TSAN_MOUNT = log history metrics
check-tsan:
	@$(MAKE) --no-print-directory -j2 TSAN=1 UNIT_BIN='$(TSAN_UNIT:%=$(O)-tsan/tests/unit/test_%)' \
		tests-build
	@$(MAKE) --no-print-directory TSAN=1 UNIT_BIN='$(TSAN_UNIT:%=$(O)-tsan/tests/unit/test_%)' \
		MOUNT_TESTS='$(TSAN_MOUNT:%=tests/mount/test_%.sh)' EDIT_QUICK=smoke STRESS_SECONDS=15 \
		check-unit check-mount check-edit-quick check-stress

# Each target of tests/fuzz for FUZZ_SECONDS; check-fuzz is the short form.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@$(MAKE) --no-print-directory -j2 FUZZ=1 WERROR=1 fuzz-build
	@RUN_TIMEOUT=$$(($(FUZZ_SECONDS) + 300)) tests/run.sh fuzz \
		$(FUZZ_TARGETS:%='tests/fuzz/fuzz.sh $(O)-fuzz % $(FUZZ_SECONDS)')

check-fuzz:
	@$(MAKE) --no-print-directory FUZZ_SECONDS=10 fuzz

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
	@echo 'make check-SUITE  one of them:'
	@echo '  unit mount edit agree engine pages examples load stress crash valgrind fuzz layers man install deb completion'
	@echo '  unit mount edit agree engine examples stress crash valgrind fuzz layers man install deb completion'
	@echo '  asan tsan clang (the same with other compilers and checkers)'
	@echo 'make bench       install what benchmarks need, build, run all, or B=name only one'
	@echo 'make bench-report  write BENCH.md of it'
	@echo 'make fuzz        each fuzz target for FUZZ_SECONDS=60'
	@echo 'make install | uninstall   with DESTDIR, PREFIX, MANDIR'
	@echo 'make deb         Debian packages in $(O)/deb/'
	@echo 'make clean'
	@echo 'SAN=1, TSAN=1, COV=1, FUZZ=1 choose a build, each with its own directory; WERROR=1; V=1 shows commands'

# All targets that are plain words.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)
.SECONDARY:
