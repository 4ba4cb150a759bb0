# SPDX-License-Identifier: GPL-2.0-or-later
# kalamfs - `make help` lists the targets.

VERSION = 0.1.0
O ?= build
PKG_CONFIG ?= pkg-config
CC ?= gcc
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
ifdef COV
override O := $(O)-cov
MODE_FLAGS = --coverage
endif
ifdef WERROR
WARN += -Werror
endif

LIB_PKGS = lmdb jansson liburcu-cds liburcu-bp libxxhash
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIB_PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(LIB_PKGS) 2>/dev/null)
FUSE_CFLAGS := $(shell $(PKG_CONFIG) --cflags fuse3 2>/dev/null)
FUSE_LIBS := $(shell $(PKG_CONFIG) --libs fuse3 2>/dev/null)

ALL_CFLAGS = -std=c11 $(WARN) -pthread $(MODE_FLAGS) $(CFLAGS)

LIB_SRC := $(filter-out catalog/kalamctl.c,$(wildcard base/*.c paths/*.c catalog/*.c))
FS_SRC := $(wildcard fs/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
FS_OBJ := $(FS_SRC:%.c=$(O)/%.o)
UNIT_BIN := $(UNIT_SRC:%.c=$(O)/%)

all: $(O)/kalamfs $(O)/kalamctl

$(O)/libkalam.a: $(LIB_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(O)/kalamfs: $(FS_OBJ) $(O)/libkalam.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(FUSE_LIBS) $(PKG_LIBS)

$(O)/kalamctl: $(O)/catalog/kalamctl.o $(O)/libkalam.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(O)/tests/unit/test_%: $(O)/tests/unit/test_%.o $(O)/tests/unit/helpers.o $(O)/libkalam.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)

$(FS_OBJ): CPPFLAGS += $(FUSE_CFLAGS)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

clean:
	rm -rf build build-asan build-tsan build-cov

.PHONY: all clean
.SECONDARY:
