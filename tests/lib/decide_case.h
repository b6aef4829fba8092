// SPDX-License-Identifier: LGPL-2.1-or-later
// A node to decide about, and what was decided: for the tests of decide_*.c.
#pragma once

#include "policy/decide.h"
#include "tests/lib/fake.h"

#define KUBE "kubepods.slice"
#define BURSTABLE KUBE "/kubepods-burstable.slice"
#define BESTEFFORT KUBE "/kubepods-besteffort.slice"
#define G1 KUBE "/kubepods-podg1.slice"
#define G2 KUBE "/kubepods-podg2.slice"
#define B1 BURSTABLE "/kubepods-burstable-podb1.slice"
#define B2 BURSTABLE "/kubepods-burstable-podb2.slice"
#define O1 BESTEFFORT "/kubepods-besteffort-podo1.slice"
#define O2 BESTEFFORT "/kubepods-besteffort-podo2.slice"

/* A pod with its level. */
struct pod *decide_pod(struct fake *f, const char *path, enum qos qos, enum level level);

/* Works f->plan out; the assignments are those that were given. */
void decide_run(struct fake *f);

/* What is planned there, or NULL; the value, or -1. */
const struct plan_entry *decide_entry(struct fake *f, const char *path, enum knob knob);
long long decide_want(struct fake *f, const char *path, enum knob knob);

/* Inits f. system.slice 100; burstable 2500 with an online pod; g1 asks for a CPU (39), and has 7; besteffort 1
 * with two offline pods. */
void decide_usual_node(struct fake *f);

/* One more container of the pod at this path, with these CPUs; NULL: they were not read. */
void decide_container(struct fake *f, const char *pod, const char *name, const char *cpus);
