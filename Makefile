# SPDX-License-Identifier: LGPL-2.1-or-later
# colod: one Makefile for the whole tree. `make help` lists what it can do.
#
# Sources are found per folder: adding or deleting a file needs no edit here. The only times this
# file calls itself are for another variant of the same build (a sanitizer, the other compiler).
#
# Variables for people:
#   V=1                  show every command
#   O=DIR                put everything that is made into DIR (default: build)
#   CC=clang             another compiler; gcc and clang both build without a warning
#   SAN=address,undefined  build with these sanitizers, in a folder of its own below O
#   WERROR=1             a warning is an error (make check does this)
#   CFLAGS=, LDFLAGS=    added after the project's own flags
#   DESTDIR=, prefix=    where `make install` puts things (prefix default: /usr/local)
#   VM_CACHE=DIR         where VM images are kept (default: build/vm-cache)
#   UNIT="test_a test_b" only these tests, in `make check-unit` and `make check-prop`

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
O ?= build
ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := ar
endif
CLANG ?= clang
PKG_CONFIG ?= pkg-config

prefix ?= /usr/local
sbindir ?= $(prefix)/sbin
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
datadir ?= $(prefix)/share
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
# The daemon reads its packaged policy from this one place, whatever the prefix.
policydir ?= /usr/lib/colod/policy.d
# dbus-daemon looks for policies below /usr/share and /etc only.
dbusdir ?= /usr/share/dbus-1/system.d

# --- what is built ---------------------------------------------------------------------------

empty :=
space := $(empty) $(empty)
comma := ,
B := $(O)$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

POLICY_SRC := $(sort $(wildcard policy/*.c))
AGENT_SRC := $(sort $(foreach d,base discover observe apply serve,$(wildcard agent/$(d)/*.c)))
TOP_SRC := $(sort $(filter-out agent/main.c,$(wildcard agent/*.c)))
CTL_SRC := $(sort $(filter-out agent/ctl/main.c,$(wildcard agent/ctl/*.c)))
LIBTEST_SRC := $(sort $(wildcard tests/lib/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
PROP_SRC := $(sort $(wildcard tests/prop/prop_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
HEADERS := $(sort $(wildcard include/colod/*.h policy/*.h agent/*.h agent/*/*.h tests/lib/*.h))

objects = $(patsubst %.c,$(B)/%.o,$(1))
UNIT_BIN := $(patsubst %.c,$(B)/%,$(UNIT_SRC))
PROP_BIN := $(patsubst %.c,$(B)/%,$(PROP_SRC))
REPLAY_BIN := $(patsubst tests/fuzz/fuzz_%.c,$(B)/tests/fuzz/replay_%,$(FUZZ_SRC))
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))

# --- flags -----------------------------------------------------------------------------------

# Not used, and why: -Wsign-conversion (every ssize_t to size_t step after a checked sign would need
# a cast that hides the interesting ones), -Wcast-qual (cJSON and sd-bus take void * userdata),
# -Wpadded and -Winline (not about mistakes).
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wformat=2 -Wwrite-strings \
	-Wpointer-arith -Wimplicit-fallthrough -Wmissing-declarations \
	$(if $(WERROR),-Werror)
INCLUDE := -Iinclude -I.
DEFINE := -D_GNU_SOURCE -DCOLOD_VERSION='"$(VERSION)"'
PACKAGES := libsystemd libcjson yaml-0.1
HARDEN := -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# A sanitizer replaces what the hardening does, and _FORTIFY_SOURCE hides calls from it.
SANITIZE := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -U_FORTIFY_SOURCE
ALL_CFLAGS = -std=gnu11 -O2 -g -fPIE $(WARN) $(INCLUDE) $(DEFINE) $(PKG_CFLAGS) \
	$(if $(SAN),$(SANITIZE),$(HARDEN)) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS = $(PKG_LIBS)
TEST_LIBS = $(TEST_PKG_LIBS) -lm

# The packages may be missing when somebody asks for help or deps: say so only when compiling.
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) cmocka 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
TEST_PKG_LIBS := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

V ?= 0
ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

.PHONY: all
all: $(B)/colod $(B)/coloctl ## Build colod and coloctl (the default)

.PHONY: tests
tests: $(UNIT_BIN) $(PROP_BIN) $(REPLAY_BIN) ## Build every test program

.PHONY: libs
libs: $(B)/libpolicy.a $(B)/libagent.a ## Build the two archives only

# Objects depend on this stamp, whose content changes when a flag or the compiler does.
$(B)/flags.stamp: export STAMP = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS) $(TEST_LIBS)
$(B)/flags.stamp: FORCE
	@$(PKG_CONFIG) --exists --print-errors $(PACKAGES) cmocka || \
		{ echo "libraries are missing: run 'sudo make deps'" >&2; exit 1; }
	@mkdir -p $(@D); printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@

# What is linked together depends on this one: a deleted source leaves no object behind.
$(B)/sources.stamp: export STAMP = $(POLICY_SRC) $(AGENT_SRC) $(TOP_SRC) $(CTL_SRC) $(LIBTEST_SRC)
$(B)/sources.stamp: FORCE
	@mkdir -p $(@D); printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@

$(B)/%.o: %.c $(B)/flags.stamp
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define archive
$(call say,AR,$@)
$(Q)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)
endef

$(B)/libpolicy.a: $(call objects,$(POLICY_SRC)) $(B)/sources.stamp
	$(archive)
$(B)/libagent.a: $(call objects,$(AGENT_SRC)) $(B)/sources.stamp
	$(archive)
$(B)/libtop.a: $(call objects,$(TOP_SRC)) $(B)/sources.stamp
	$(archive)
$(B)/libctl.a: $(call objects,$(CTL_SRC)) $(B)/sources.stamp
	$(archive)
$(B)/libtest.a: $(call objects,$(LIBTEST_SRC)) $(B)/sources.stamp
	$(archive)

ARCHIVES := $(B)/libtop.a $(B)/libagent.a $(B)/libpolicy.a
link = $(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(B)/colod: $(B)/agent/main.o $(ARCHIVES)
	$(call say,LINK,$@)
	$(link) $(LIBS)

$(B)/coloctl: $(B)/agent/ctl/main.o $(B)/libctl.a $(B)/libagent.a $(B)/libpolicy.a
	$(call say,LINK,$@)
	$(link) $(LIBS)

$(UNIT_BIN) $(PROP_BIN): %: %.o $(B)/libtest.a $(B)/libctl.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(link) $(LIBS) $(TEST_LIBS)

$(REPLAY_BIN): $(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay_main.o \
		$(B)/libtest.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(link) $(LIBS) $(TEST_LIBS)

DEPS := $(patsubst %.c,$(B)/%.d,$(POLICY_SRC) $(AGENT_SRC) $(TOP_SRC) $(CTL_SRC) $(LIBTEST_SRC) \
	$(UNIT_SRC) $(PROP_SRC) $(FUZZ_SRC) agent/main.c agent/ctl/main.c tests/fuzz/replay_main.c)
-include $(wildcard $(DEPS))

# Object files of tests are kept: they are not intermediate files of the link.
.SECONDARY:

.PHONY: clean
clean: ## Delete what was built (VM images stay; make distclean takes them too)
	$(Q)[ ! -d $(O) ] || find $(O) -mindepth 1 -maxdepth 1 ! -name vm-cache \
		-exec rm -rf --one-file-system {} +

.PHONY: distclean
distclean: clean ## Delete the whole output folder
	$(Q)rm -rf --one-file-system $(O)

.PHONY: help
help: ## Show this text
	@sed -n 's/^# \{0,1\}//; /^Variables for people/,/^$$/p' $(firstword $(MAKEFILE_LIST))
	@echo "Targets:"
	@sed -n 's/^\([a-z][a-zA-Z0-9_-]*\):.*##  *\(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 24

.PHONY: FORCE
FORCE:
