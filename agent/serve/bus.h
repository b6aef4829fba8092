// SPDX-License-Identifier: LGPL-2.1-or-later
// D-Bus service io.colod.Agent1: what the last pass saw, decided and did. Reads the snapshot and
// calls back for the few requests that change something; no logic in handlers.
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "colod/manual_ask.h"
#include "colod/snapshot.h"
#include "colod/what_if.h"
#include "policy/read.h"

struct bus;
struct file_open;

/* Longer pauses are refused: 366 days. */
#define BUS_PAUSE_MAX_S (366u * 24 * 3600)

/* A policy that somebody wants to know the effect of, all files together: reading it holds up a pass,
 * and whoever may read may ask. The worst one of this size (1700 rules) took 0.14 s on 200 pods; the
 * shipped profiles have 2 KiB each. */
#define BUS_PLAN_MAX_BYTES (64u * 1024)

struct bus_ops {
	void *context;
	const struct snapshot *(*snapshot)(void *context);
	/* 0 or -EINVAL: the new policy was rejected */
	int (*reload)(void *context, const struct history_caller *caller);
	/* Each has made a pass when it returns. 0, or why it could not be recorded (-errno); it is in
	 * force all the same. RESOURCE_INVALID: everything. Seconds 0: until resumed. */
	int (*set_mode)(void *context, enum resource resource, enum mode mode,
			const struct history_caller *caller);
	int (*pause)(void *context, uint64_t seconds, const struct history_caller *caller);
	int (*resume)(void *context, const struct history_caller *caller);
	/* What somebody asks for by hand; a pass has been made when it returns 0. -EPERM: it is refused, and
	 * the answer says why. */
	int (*order)(void *context, const struct manual_ask *ask,
		     const struct history_caller *caller, struct manual_answer *ret_answer);
	/* How many orders ended */
	int (*release)(void *context, const struct pod *pod, const struct history_caller *caller);
	/* As `order`: it is asked to go */
	int (*evict)(void *context, const struct pod *pod, const struct history_caller *caller,
		     struct manual_answer *ret_answer);
	/* What became of that, by the pod's serial: 0: it goes, -EPERM: it stays, -EAGAIN: not known yet */
	int (*evicted)(void *context, uint64_t serial, struct manual_answer *ret_answer);
	/* The summaries of all incidents (id 0), or one of them, to be read; or one that a thread is opening, which is the
	 * caller's then. 0, or -ENOENT without one. */
	int (*incident)(void *context, uint64_t id, int *ret_fd, struct file_open **ret_open);
	/* What this policy would do now, told by one call of fn. 0, or -errno without one. */
	int (*what_if)(void *context, const struct policy_source *sources, size_t n_sources,
		       void (*fn)(void *context, const struct what_if *what_if), void *fn_context);
};

/* Registers the object tree and asks for the name on `bus` (borrowed), which the caller attaches
 * to its loop. A taken name is -EEXIST. 0 or -errno. */
int bus_new(sd_bus *sdbus, const struct bus_ops *ops, struct bus **ret_bus);
void bus_free(struct bus *bus);

/* The calls back that the handlers of the manager object make. */
const struct bus_ops *bus_ops_of(const struct bus *bus);
/* Whom they ask whether the caller may. */
struct bus_polkit;
struct bus_polkit *bus_polkit_of(struct bus *bus);
/* Who waits for the file of an incident. */
struct bus_incident;
struct bus_incident *bus_incident_of(struct bus *bus);
/* Who waits for what becomes of an eviction. */
struct bus_evict;
struct bus_evict *bus_evict_of(struct bus *bus);

/* After a pass: emits InterfacesAdded/Removed for pods, RungChanged, PropertiesChanged for what changed. */
void bus_publish(struct bus *bus);

/* Introspection XML of the manager and of a pod object, for `colod --bus-introspect`. */
int bus_introspect(FILE *out);
