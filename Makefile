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
#   PARTS="unit golden"  only these parts of `make check`; ALSO="vm-oldest" adds some
#   PART="mutants"       only these parts of `make check-all`; FRESH=1 runs what passed before, too

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
catalogdir ?= $(prefix)/lib/systemd/catalog
# The daemon reads its packaged policy from this one place, whatever the prefix.
policydir ?= /usr/lib/colod/policy.d
# dbus-daemon looks for policies below /usr/share and /etc only.
dbusdir ?= /usr/share/dbus-1/system.d
# polkitd looks for actions there only.
polkitdir ?= /usr/share/polkit-1/actions

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
FAULTS_SRC := $(sort $(wildcard tests/faults/*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
HEADERS := $(sort $(wildcard include/colod/*.h policy/*.h agent/*.h agent/*/*.h tests/lib/*.h tests/faults/*.h))

objects = $(patsubst %.c,$(B)/%.o,$(1))
UNIT_BIN := $(patsubst %.c,$(B)/%,$(UNIT_SRC))
PROP_BIN := $(patsubst %.c,$(B)/%,$(PROP_SRC))
BENCH_BIN := $(patsubst %.c,$(B)/%,$(BENCH_SRC))
TOOL_BIN := $(patsubst %.c,$(B)/%,$(TOOL_SRC))
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
PACKAGES := libsystemd libcjson yaml-0.1 libcurl libnl-3.0 libbpf
TEST_PACKAGES := cmocka libmicrohttpd
HARDEN := -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# A sanitizer replaces what the hardening does, and _FORTIFY_SOURCE hides calls from it. At -O1 it sees no less, and
# gcc takes half the time; lines are all that its reports need.
SANITIZE := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -U_FORTIFY_SOURCE -O1 -g1
ALL_CFLAGS = -std=gnu11 -O2 -g -fPIE $(WARN) $(INCLUDE) $(DEFINE) $(PKG_CFLAGS) \
	$(if $(SAN),$(SANITIZE),$(HARDEN)) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS = $(PKG_LIBS)
TEST_LIBS = $(TEST_PKG_LIBS) -lm

# The packages may be missing when somebody asks for help or deps: say so only when compiling.
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(TEST_PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
TEST_PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(TEST_PACKAGES) 2>/dev/null)

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
	@tests/give-back.sh $(O)

.PHONY: tests
tests: $(UNIT_BIN) $(PROP_BIN) $(REPLAY_BIN) $(BENCH_BIN) $(TOOL_BIN) $(B)/tests/faults/walk ## Build every test and benchmark program

.PHONY: libs
libs: $(B)/libpolicy.a $(B)/libagent.a ## Build the two archives only

# Objects depend on this stamp, whose content changes when a flag or the compiler does.
$(B)/flags.stamp: export STAMP = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS) $(TEST_LIBS)
$(B)/flags.stamp: FORCE
	@$(PKG_CONFIG) --exists --print-errors $(PACKAGES) $(TEST_PACKAGES) || \
		{ echo "libraries are missing: run 'sudo make deps'" >&2; exit 1; }
	@mkdir -p $(@D); printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@

# What is linked together depends on this one: a deleted source leaves no object behind.
$(B)/sources.stamp: export STAMP = $(POLICY_SRC) $(AGENT_SRC) $(TOP_SRC) $(CTL_SRC) $(LIBTEST_SRC)
$(B)/sources.stamp: FORCE
	@mkdir -p $(@D); printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@

$(B)/%.o: %.c $(B)/flags.stamp
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

# A test writes an argv as literals; the product has no such place.
$(B)/tests/%.o: TEST_CFLAGS := -Wno-write-strings

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

$(B)/coloctl: $(B)/agent/ctl/main.o $(B)/libctl.a $(B)/libtop.a $(B)/libagent.a $(B)/libpolicy.a
	$(call say,LINK,$@)
	$(link) $(LIBS)

$(UNIT_BIN) $(PROP_BIN) $(BENCH_BIN) $(TOOL_BIN): %: %.o $(B)/libtest.a $(B)/libctl.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(link) $(LIBS) $(TEST_LIBS)

$(B)/tests/faults/walk: $(call objects,$(FAULTS_SRC)) $(B)/libtest.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(link) $(LIBS) $(TEST_LIBS)

# This test runs the program that stands beside it.
$(B)/tests/unit/test_coloctl $(B)/tests/unit/test_coloctl_act: | $(B)/coloctl

$(REPLAY_BIN): $(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay_main.o \
		$(B)/libtest.a $(B)/libctl.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(link) $(LIBS) $(TEST_LIBS)

DEPS := $(patsubst %.c,$(B)/%.d,$(POLICY_SRC) $(AGENT_SRC) $(TOP_SRC) $(CTL_SRC) $(LIBTEST_SRC) \
	$(UNIT_SRC) $(PROP_SRC) $(FUZZ_SRC) $(FAULTS_SRC) $(BENCH_SRC) $(TOOL_SRC) agent/main.c agent/ctl/main.c tests/fuzz/replay_main.c)
-include $(wildcard $(DEPS))

.PHONY: objects
objects: $(DEPS:.d=.o) ## Compile everything and link nothing, which is where warnings are

# Object files of tests are kept: they are not intermediate files of the link.
.SECONDARY:

# The built-in profile is included by the assembler, which writes no dependency file.
$(B)/agent/profile_default.o: policy/profiles/default.yaml
$(B)/agent/ctl/policy_reference.o: policy/README.md

# --- checks that look at the source ----------------------------------------------------------

# `make check` names the file to report in; a part that is run alone keeps it apart from those.
RESULT ?= $(O)/results-alone/$(@:check-%=%)

# policy/ once more, plainly compiled: hardening and sanitizers add symbols of their own, and
# position-independent code moves constant tables into writable sections.
PLAIN_CFLAGS = -std=gnu11 -O1 -fno-pie -fno-stack-protector -U_FORTIFY_SOURCE $(INCLUDE) $(DEFINE) $(PKG_CFLAGS)
PLAIN_OBJ := $(patsubst policy/%.c,$(O)/plain/%.o,$(POLICY_SRC))
$(PLAIN_OBJ): $(O)/plain/%.o: policy/%.c $(B)/flags.stamp
	@mkdir -p $(@D)
	$(Q)$(CC) $(PLAIN_CFLAGS) -MMD -MP -c -o $@ $<
-include $(wildcard $(PLAIN_OBJ:.o=.d))

.PHONY: check-layers
check-layers: $(PLAIN_OBJ) ## The rules between folders: symbols, includes, one writer per knob
	@tests/check-layers.sh "$(RESULT)" $(PLAIN_OBJ)

.PHONY: check-selftest
check-selftest: ## Break each rule in a copy of the tree and see it caught
	@tests/check-selftest.sh "$(RESULT)" "$(MAKE)"

.PHONY: check-headers
check-headers: $(B)/flags.stamp ## Each header compiles alone
	@tests/check-headers.sh "$(RESULT)" $(CC) $(ALL_CFLAGS) -Werror -- $(HEADERS)

FORMATTED := $(sort $(wildcard include/colod/*.h policy/*.[ch] agent/*.[ch] agent/*/*.[ch] \
	tests/lib/*.[ch] tests/unit/*.[ch] tests/prop/*.[ch] tests/fuzz/*.[ch] tests/vm/*.[ch] \
	tests/vm/*/*.[ch] tests/bench/*.[ch] tests/tools/*.[ch]))
CLANG_FORMAT ?= clang-format-14

.PHONY: check-format
check-format: ## Formatting, SPDX lines, sizes and words that do not belong into a commit
	@tests/check-format.sh "$(RESULT)" $(CLANG_FORMAT) $(FORMATTED)

.PHONY: format-check
format-check: check-format ## The same as check-format

.PHONY: format
format: ## Format every C file in place
	$(Q)$(CLANG_FORMAT) -i $(FORMATTED)

# --- tests -----------------------------------------------------------------------------------

only = $(if $(UNIT),$(filter $(addprefix %/,$(UNIT)),$(1)),$(1))
variant = +@$(MAKE) --no-print-directory RESULT="$(RESULT)"
# Reports of a sanitizer end the program with a code of their own and show where.
export ASAN_OPTIONS ?= detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS ?= print_stacktrace=1

# Recorded answers of real clusters, where somebody has put them beside the project; else their test
# says by name that they are absent.
export COLOD_SHARED_DATA ?= $(abspath $(wildcard ../shared/data))

.PHONY: check-unit
check-unit: $(call only,$(UNIT_BIN)) ## Unit tests, one program per source file
	@tests/run-tap.sh "$(RESULT)" $^

.PHONY: check-prop
check-prop: $(call only,$(PROP_BIN)) ## Property tests over generated models; each prints its seed
	@tests/run-tap.sh "$(RESULT)" $^

.PHONY: check-golden
check-golden: $(B)/colod ## A whole pass over recorded trees (CASE=name for one)
	@tests/golden/run.sh "$(RESULT)" $(B)/colod $(CASE)

.PHONY: golden-bless
golden-bless: $(B)/colod ## Write the expected plans anew; read the diff before you commit it
	@tests/golden/run.sh --bless $(B)/colod $(CASE)

.PHONY: check-policy
check-policy: $(B)/coloctl ## Policies named for their defect, with exactly what must be said of each
	@tests/policy/run.sh "$(RESULT)" $(B)/coloctl

.PHONY: policy-bless
policy-bless: $(B)/coloctl ## Write what is expected of them anew; read the diff before you commit it
	@tests/policy/run.sh --bless $(B)/coloctl

.PHONY: check-replay-cases
check-replay-cases: $(B)/colod ## Recorded and made series decide what they decided before (CASE=name for one)
	@tests/replay/run.sh "$(RESULT)" $(B)/colod $(CASE)

.PHONY: replay-bless
replay-bless: $(B)/colod ## Write the expected steps anew; read the diff before you commit it
	@tests/replay/run.sh --bless $(B)/colod $(CASE)

.PHONY: check-replay
check-replay: $(REPLAY_BIN)
	@tests/run-replay.sh "$(RESULT)" $^

.PHONY: check-fuzz
check-fuzz: ## Replay the fuzzing corpora under ASan and UBSan
	$(variant) SAN=address,undefined check-replay

.PHONY: check-san-unit
check-san-unit: ## Unit tests under ASan and UBSan
	$(variant) SAN=address,undefined check-unit

.PHONY: check-san-golden
check-san-golden: ## Golden cases under ASan and UBSan
	$(variant) SAN=address,undefined check-golden

.PHONY: check-san
check-san: check-san-unit check-san-golden ## Both of them

.PHONY: check-valgrind
check-valgrind: $(B)/colod ## No leak and no bad access in a --once pass over the golden trees
	@GOLDEN_WRAP="valgrind -q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
		--error-exitcode=99" tests/golden/run.sh "$(RESULT)" $(B)/colod $(CASE)

# Both compilers, everything there is to compile; one passed test each.
# One process for each thing that can go wrong at each call of a scripted story; a share of them in
# make check. An allocator of a sanitizer cannot fail, so that walk has the plain build.
FAULT_WAYS := error lasting short vanish reborn kill torn
.PHONY: run-faults
run-faults: $(B)/tests/faults/walk
	@FAULTS="$(FAULTS)" TEST_LIMIT_S=$(or $(FAULTS_LIMIT_S),7200) tests/run-tap.sh "$(RESULT)" $<

.PHONY: check-faults
check-faults: ## Every fault at every call of a scripted story (FAULTS="only=kill at=N" for some)
	+@$(MAKE) --no-print-directory SAN=address,undefined $(B)/san-address-undefined/tests/faults/walk
	+@$(MAKE) --no-print-directory $(B)/tests/faults/walk
	$(B)/san-address-undefined/tests/faults/walk $(FAULTS)
	$(if $(FAULTS),,$(B)/tests/faults/walk only=memory)

.PHONY: check-faults-share
check-faults-share: ## Some 320 of them, the same ones at every run
	$(variant) SAN=address,undefined FAULTS="every=307" FAULTS_LIMIT_S=300 run-faults

.PHONY: check-faults-memory
check-faults-memory: ## Every allocation of the story finds no memory, once
	$(variant) FAULTS="only=memory state=$(O)/faults-memory" run-faults

.PHONY: $(FAULT_WAYS:%=check-faults-%)
$(FAULT_WAYS:%=check-faults-%): check-faults-%:
	$(variant) SAN=address,undefined FAULTS="only=$* state=$(O)/faults-$*" run-faults

.PHONY: check-warnings
check-warnings: ## gcc and clang build everything without a warning
	+@tests/check-warnings.sh "$(RESULT)" "$(O)" "$(MAKE)"

.PHONY: check-mutants
check-mutants: ## Each mutation of tests/mutants/list must make its named test fail
	+@tests/mutants/run.py "$(RESULT)" "$(jobs)" $(MUTANT)

# A fuzzing engine for one target: make fuzz-policy FUZZ_TIME=600. What it finds is kept below O.
FUZZ_TIME ?= 60
.PHONY: $(addprefix fuzz-,$(FUZZ_NAMES))
$(addprefix fuzz-,$(FUZZ_NAMES)): fuzz-%:
	+@$(MAKE) --no-print-directory CC=$(CLANG) O=$(O)/fuzz SAN=address,undefined \
		CFLAGS=-fsanitize=fuzzer-no-link FUZZ_CORPUS=$(O)/fuzz-corpus run-fuzz-$*
run-fuzz-%: $(B)/tests/fuzz/fuzz_%.o $(B)/libtest.a $(B)/libctl.a $(ARCHIVES)
	$(link) -fsanitize=fuzzer $(LIBS) $(TEST_LIBS)
	@mkdir -p $(FUZZ_CORPUS)/$* && mv $@ $(B)/fuzz_$*
	@cd $(FUZZ_CORPUS) && $(abspath $(B))/fuzz_$* -max_total_time=$(FUZZ_TIME) -print_final_stats=1 \
		$(addprefix -dict=,$(abspath $(wildcard tests/fuzz/$*.dict))) \
		$(abspath $(FUZZ_CORPUS))/$* $(abspath tests/fuzz/corpus/$*)

.PHONY: bench
bench: $(BENCH_BIN) ## Cost of a sampling pass as a ratio to a bare loop of the same reads, in one run
	@for b in $^; do $$b tree; done

.PHONY: bench-lend
bench-lend: $(B)/tests/tools/lend_replay ## What could be lent on made days, or a recorded one, beside the peers' formulas: LEND="cpu 16000 60 FILE"
	@$< $(LEND)

# --- virtual machines ------------------------------------------------------------------------

ifdef VM_CACHE
export VM_CACHE
endif
KERNEL ?= 6.12
VM_OUT := $(O)/vm
DEST := $(O)/dest
VM_ARGS = --build $(abspath $(O)) --dest $(abspath $(DEST)) $(if $(ONLY),--only "$(ONLY)")

.PHONY: vm-build
vm-build: all tests
	+@rm -rf $(DEST) && $(MAKE) --no-print-directory install DESTDIR=$(abspath $(DEST)) prefix=/usr >/dev/null

.PHONY: check-vm
check-vm: vm-build ## Boot a real kernel and run the tests in it (KERNEL=6.12, ONLY=glob)
	@tests/run-vm.sh "$(RESULT)" test --kernel $(KERNEL) --out $(VM_OUT)/$(KERNEL) $(VM_ARGS)

.PHONY: check-vm-core
check-vm-core: vm-build ## The core of the VM tests (KERNEL=6.1 or newest)
	@tests/run-vm.sh "$(RESULT)" test --core --kernel $(KERNEL) --out $(VM_OUT)/$(KERNEL) $(VM_ARGS)

.PHONY: check-vm-oldest
check-vm-oldest: ## The core on the oldest supported kernel
	$(variant) KERNEL=6.1 check-vm-core

.PHONY: check-vm-newest
check-vm-newest: ## The core on the newest packaged kernel
	$(variant) KERNEL=newest check-vm-core

# Each test with a "# long-budget:" line, in a boot of its own, so that an interruption costs one.
LONG_VM = $(sort $(patsubst tests/vm/tests/%.sh,vm-long-%,$(shell grep -l '^# long-budget:' tests/vm/tests/*.sh)))
check-vm-long-%: vm-build FORCE
	@tests/run-vm.sh "$(RESULT)" test --long --only "$*" --kernel $(KERNEL) --out $(VM_OUT)/long-$*-$(KERNEL) $(VM_ARGS)

.PHONY: check-vm-selftest
check-vm-selftest: vm-build ## Plant every kind of fault in a VM and see each one caught
	@tests/run-vm.sh "$(RESULT)" selftest --kernel $(KERNEL) --out $(VM_OUT)/selftest

.PHONY: check-verdict
check-verdict: ## The demo's verdict over made measurements
	@out=$$(python3 tests/vm/test_demo_table.py); rc=$$?; echo "$$out"; \
	tests/summary write "$(or $(RESULT),/dev/null)" $$(grep -c '^ok' <<<"$$out") $$(grep -c '^not ok' <<<"$$out") 0; exit $$rc

.PHONY: check-demo
check-demo: vm-build ## The demo with colod in mode observe must end with a no
	@tests/check-demo.sh "$(or $(RESULT),/dev/null)" --build $(abspath $(O)) --dest $(abspath $(DEST)) --out $(abspath $(O))/demo-observe

# Asked for by name only: without KERNEL= each part of the bench has kernels of its own.
BENCH_HOST = --build $(abspath $(O)) --dest $(abspath $(DEST))
BENCH_KERNEL = KERNEL="$(if $(filter file,$(origin KERNEL)),,$(KERNEL))"
BENCH_CPU = $(BENCH_KERNEL) python3 tests/vm/bench_cpu.py $(BENCH_HOST)

.PHONY: bench-cpu
bench-cpu: ## Measure CPU isolation in VMs, hours: BENCH_ONLY="placement inversion", BENCH_ROUNDS=, KERNEL= (root)
	+@$(unless-dry) packaging/deps.sh ensure; trap 'tests/give-back.sh $(O)' EXIT; $(jobs) --no-print-directory vm-build; \
	$(BENCH_CPU) --out $(abspath $(O))/bench-cpu

.PHONY: bench-io
bench-io: ## Measure IO isolation in VMs, an hour a round for all: BENCH_CASES_io="none:read:read", BENCH_ARMS_io=, BENCH_ROUNDS=, KERNEL= (root)
	+@$(unless-dry) packaging/deps.sh ensure; trap 'tests/give-back.sh $(O)' EXIT; $(jobs) --no-print-directory vm-build; \
	$(BENCH_KERNEL) python3 tests/vm/bench_io.py $(BENCH_HOST) --out $(abspath $(O))/bench-io

.PHONY: bench-net
bench-net: ## Measure network isolation in VMs, 15 minutes a round for all: BENCH_CASES_net="rr:tcp", BENCH_ARMS_net=, BENCH_ROUNDS=, KERNEL= (root)
	+@$(unless-dry) packaging/deps.sh ensure; trap 'tests/give-back.sh $(O)' EXIT; $(jobs) --no-print-directory vm-build; \
	$(BENCH_KERNEL) python3 tests/vm/bench_net.py $(BENCH_HOST) --out $(abspath $(O))/bench-net

.PHONY: bench-score
bench-score: ## Measure the score against what a client sees, in VMs, half an hour and then 20 minutes a round: BENCH_CASES_score="cpu disk", BENCH_STRENGTHS=, BENCH_ROUNDS=, KERNEL= (root)
	+@$(unless-dry) packaging/deps.sh ensure; trap 'tests/give-back.sh $(O)' EXIT; $(jobs) --no-print-directory vm-build; \
	$(BENCH_KERNEL) python3 tests/vm/bench_score.py $(BENCH_HOST) --out $(abspath $(O))/bench-score

.PHONY: storm
storm: ## Memory storms in VMs beside systemd-oomd, oomd and nothing, days for all: STORM_CASES=, STORM_ARMS=, STORM_SWAP=, STORM_ROUNDS=, KERNEL= (root)
	+@$(unless-dry) packaging/deps.sh ensure; trap 'tests/give-back.sh $(O)' EXIT; $(jobs) --no-print-directory vm-build; \
	$(BENCH_KERNEL) python3 tests/vm/bench_storm.py $(BENCH_HOST) --out $(abspath $(O))/bench-storm

.PHONY: check-bench
check-bench: vm-build ## One round of one part of each, to see that they measure
	@rm -rf $(O)/bench-smoke; rc=0; BENCH_ONLY=placement BENCH_CASES_placement=mixed BENCH_ROUNDS=1 BENCH_SECONDS=1 BENCH_WARMUP=1 \
	$(BENCH_CPU) --out $(abspath $(O))/bench-smoke || rc=$$?; \
	BENCH_CASES_io=none:read:read BENCH_ROUNDS=1 BENCH_SECONDS=1 BENCH_WARMUP=1 KERNEL=$(KERNEL) \
	python3 tests/vm/bench_io.py $(BENCH_HOST) --out $(abspath $(O))/bench-smoke/io || rc=$$?; \
	BENCH_CASES_net=rr:tcp BENCH_ROUNDS=1 BENCH_SECONDS=1 BENCH_WARMUP=1 KERNEL=$(KERNEL) \
	python3 tests/vm/bench_net.py $(BENCH_HOST) --out $(abspath $(O))/bench-smoke/net || rc=$$?; \
	STORM_CASES=hog-max STORM_ARMS="systemd-oomd oomd" STORM_SWAP="disk zram" STORM_ROUNDS=1 KERNEL=$(KERNEL) \
	python3 tests/vm/bench_storm.py $(BENCH_HOST) --out $(abspath $(O))/bench-smoke/storm || rc=$$?; \
	tests/summary write "$(or $(RESULT),/dev/null)" $$((rc == 0)) $$((rc != 0)) 0; exit $$rc

.PHONY: vm-shell
vm-shell: vm-build ## A prompt in a VM with this build (KERNEL=6.12)
	@trap 'tests/give-back.sh $(O)' EXIT; tests/vm/run.py shell --kernel $(KERNEL) --build $(abspath $(O)) \
		--dest $(abspath $(DEST))

# --- the two commands of README --------------------------------------------------------------

PARTS := format headers layers unit prop golden policy replay-cases san-unit faults-share packaging verdict vm
# No clock decides these: they may run while a guest does.
BESIDE := warnings selftest fuzz san-golden valgrind
# What takes minutes; LONG=1 is in the environment there.
LONG_PARTS = $(FAULT_WAYS:%=faults-%) faults-memory mutants $(LONG_VM) vm-oldest vm-newest demo bench vm-selftest
jobs = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# make -n runs lines that call make; these two must not start then.
unless-dry = $(if $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),exit 0;)

.PHONY: deps
deps: ## Install the Debian packages that build and tests need (root)
	@packaging/deps.sh install

.PHONY: ensure-deps
ensure-deps:
	@packaging/deps.sh ensure

.PHONY: check
check: ensure-deps ## Everything, with one summary at the end (PARTS="unit golden" for some)
	+@$(unless-dry) tests/check.sh "$(O)" "$(jobs)" $(PARTS) $(ALSO) \
		$(if $(filter-out file,$(origin PARTS)),,--beside $(BESIDE))

.PHONY: check-all
check-all: ensure-deps ## The long companions of check, each once for the same sources (PART=..., FRESH=1)
	+@$(unless-dry) FRESH="$(FRESH)" tests/check-all.sh "$(O)" "$(jobs)" $(or $(PART),$(LONG_PARTS))

.PHONY: demo
demo: ## A VM with an online service and batch hogs: alone, unmanaged, with colod
	+@$(unless-dry) echo "make demo: installs the Debian packages that are missing (QEMU and a compiler: up to 300 MB on"; \
	echo "a bare machine), builds colod into $(O)/, then boots a VM and measures there. Nothing else is touched."; \
	packaging/deps.sh ensure; \
	trap 'tests/give-back.sh $(O)' EXIT; \
	$(jobs) --no-print-directory vm-build; \
	python3 tests/vm/demo.py --build $(abspath $(O)) --dest $(abspath $(DEST)) --out $(abspath $(O))/demo

# --- install ---------------------------------------------------------------------------------

INSTALL ?= install
into = $(INSTALL) -D -m $(1) $(2) $(DESTDIR)$(3)

.PHONY: install
install: all ## Install below $(DESTDIR)$(prefix)
	$(call into,755,$(B)/colod,$(sbindir)/colod)
	$(call into,755,$(B)/coloctl,$(bindir)/coloctl)
	@mkdir -p $(DESTDIR)$(unitdir)
	sed 's|@sbindir@|$(sbindir)|g' packaging/systemd/colod.service.in >$(DESTDIR)$(unitdir)/colod.service
	sed 's|@sbindir@|$(sbindir)|g' packaging/systemd/colod-restore.service.in >$(DESTDIR)$(unitdir)/colod-restore.service
	chmod 644 $(DESTDIR)$(unitdir)/colod.service $(DESTDIR)$(unitdir)/colod-restore.service
	$(call into,644,packaging/systemd/colod.sysusers,$(sysusersdir)/colod.conf)
	$(call into,644,packaging/systemd/colod.catalog,$(catalogdir)/colod.catalog)
	$(call into,644,packaging/dbus/io.colod.Agent1.conf,$(dbusdir)/io.colod.Agent1.conf)
	$(call into,644,packaging/polkit/io.colod.agent1.policy,$(polkitdir)/io.colod.agent1.policy)
	$(INSTALL) -d -m 755 $(DESTDIR)$(datadir)/dbus-1/interfaces $(DESTDIR)$(datadir)/colod/profiles
	$(INSTALL) -m 644 packaging/dbus/*.xml $(DESTDIR)$(datadir)/dbus-1/interfaces/
	$(INSTALL) -m 644 policy/profiles/*.yaml $(DESTDIR)$(datadir)/colod/profiles/
	$(INSTALL) -d -m 755 $(DESTDIR)$(datadir)/colod/kubernetes
	$(INSTALL) -m 644 packaging/kubernetes/* $(DESTDIR)$(datadir)/colod/kubernetes/
	$(call into,644,policy/profiles/default.yaml,$(policydir)/00-default.yaml)
	$(B)/coloctl policy schema >$(DESTDIR)$(datadir)/colod/policy.schema.json
	chmod 644 $(DESTDIR)$(datadir)/colod/policy.schema.json
	$(call into,644,packaging/man/colod.8,$(mandir)/man8/colod.8)
	$(call into,644,packaging/man/coloctl.1,$(mandir)/man1/coloctl.1)

.PHONY: uninstall
uninstall: ## Remove what install put there (not what people wrote to /etc/colod)
	rm -f $(DESTDIR)$(sbindir)/colod $(DESTDIR)$(bindir)/coloctl $(DESTDIR)$(unitdir)/colod.service \
		$(DESTDIR)$(unitdir)/colod-restore.service \
		$(DESTDIR)$(catalogdir)/colod.catalog $(DESTDIR)$(sysusersdir)/colod.conf $(DESTDIR)$(dbusdir)/io.colod.Agent1.conf \
		$(DESTDIR)$(polkitdir)/io.colod.agent1.policy \
		$(addprefix $(DESTDIR)$(datadir)/dbus-1/interfaces/,$(notdir $(wildcard packaging/dbus/*.xml))) \
		$(DESTDIR)$(policydir)/00-default.yaml \
		$(DESTDIR)$(mandir)/man8/colod.8 $(DESTDIR)$(mandir)/man1/coloctl.1
	rm -rf $(DESTDIR)$(datadir)/colod

.PHONY: check-packaging
check-packaging: all ## A staged install is complete; systemd and mandoc find no fault in it
	+@tests/check-packaging.sh "$(RESULT)" "$(O)" "$(MAKE)"

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
