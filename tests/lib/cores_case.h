// SPDX-License-Identifier: LGPL-2.1-or-later
// A node whose highest level asks for cores of its own: for the tests of decide_cores*.c.
#pragma once

#include "policy/decide_cores.h"
#include "tests/lib/decide_case.h"

#define CORES_CASE_SYSTEM "system.slice"
#define WITHOUT(f, capability) ((f)->model.capabilities &= ~(1u << (capability)))

/* Inits f. Four cores of two threads, side by side (0-1, 2-3, 4-5, 6-7); the system and an offline pod. */
void cores_case_node(struct fake *f);

/* A pod of the level that asks, whose limit is its request. */
struct pod *cores_case_pod(struct fake *f, const char *path, uint64_t cpu_milli);

/* Decides, over knobs as discovery reads them under such a policy. */
void cores_case_run(struct fake *f);

/* What is planned there, as text; "-": nothing. */
void cores_case_wants(struct fake *f, const char *path, enum knob knob, const char *want);

/* That the pod gets nothing, for this reason. */
void cores_case_refused(struct fake *f, const char *path, enum reason_code code);

const struct plan_cores *cores_case_of(struct fake *f, const char *path);
