// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod: the unit that gets a level. A Kubernetes pod's cgroup, or a systemd unit or plain
// cgroup that a policy rule names.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/fact.h"
#include "colod/level.h"

struct cgroup;

#define POD_UID_SIZE 64
#define CONTAINER_ID_SIZE 65
#define POD_NAME_SIZE 320 /* "namespace/name" of a pod, or a cgroup path cut to fit */

enum pod_kind {
	POD_KUBERNETES,
	POD_UNIT,
	POD_CGROUP,
	POD_KIND_COUNT,
};

enum cgroup_driver {
	DRIVER_NONE,
	DRIVER_SYSTEMD,
	DRIVER_CGROUPFS,
	DRIVER_COUNT,
};

enum runtime {
	RUNTIME_UNKNOWN, /* cgroupfs layout: a bare id does not say */
	RUNTIME_CONTAINERD,
	RUNTIME_CRIO,
	RUNTIME_DOCKER,
	RUNTIME_PODMAN,
	RUNTIME_COUNT,
};

struct pod_container {
	char id[CONTAINER_ID_SIZE];
	char *name; /* from facts, or NULL; discovery's own, until its next pass */
	enum runtime runtime;
	struct cgroup *cgroup;
};

struct pod_label {
	char *key;
	char *value;
};

/* Requests and limits of the whole pod; a limit of KNOB_VALUE_MAX means unlimited. */
struct pod_resources {
	struct fact_u64 cpu_request_milli;
	struct fact_u64 cpu_limit_milli;
	/* What the spec alone asks for, also while a resize has yet to bring it: cpu_limit_milli is the
	 * larger of both then. FACT_KNOWN, or nothing is known of it. */
	struct fact_u64 cpu_spec_milli;
	struct fact_u64 memory_request_bytes;
	struct fact_u64 memory_limit_bytes;
	/* What it asks for as colod.io/batch-cpu and batch-memory. FACT_KNOWN and not 0 where each of its containers does,
	 * or nothing is known of it. */
	struct fact_u64 cpu_batch_milli;
	struct fact_u64 memory_batch_bytes;
};

/* What has to be known of a pod before it may be made to stand still for a moment. `known`: all of it was
 * told; nothing else here says anything otherwise. */
struct pod_freeze {
	bool known;
	bool host_ipc;
	char *runtime_class; /* what that is, a sandbox of its own or a mere option, the pod does not say */
	char *shared_volume; /* the first that it writes to and that others may use too */
	/* So long may its containers be silent before some probe of theirs has them killed; UINT64_MAX: for
	 * good, none has a probe that does. */
	uint64_t probe_us;
};

/* What the kubelet says of a pod. Strings are owned; NULL where the pod has no such thing. */
struct pod_facts {
	char *ns;
	char *name;
	char *priority_class;
	char *owner_kind;
	struct pod_label *labels;
	size_t n_labels;
	struct pod_label *annotations;
	size_t n_annotations;
	enum qos qos; /* QOS_INVALID: status has not told yet */
	bool is_static;
	bool host_network;
	bool deleting;
	struct pod_resources resources;
	struct pod_freeze freeze; /* strings owned */
};

struct pod {
	uint32_t slot;	 /* index into every per-pod array; reused after the pod is gone */
	uint64_t serial; /* never reused: tells two pods of one slot apart */
	enum pod_kind kind;
	char uid[POD_UID_SIZE];	  /* with dashes; 32 hex digits for a static pod; "" for units */
	char name[POD_NAME_SIZE]; /* for people: namespace/name, uid, or unit path */
	enum qos qos;
	enum cgroup_driver driver;
	struct cgroup *cgroup;
	struct pod_container *containers;
	size_t n_containers;
	enum fact_state facts_state; /* of `facts` as a whole */
	struct pod_facts *facts; /* discovery's own, until its next pass; NULL unless FACT_KNOWN */
	struct pod_resources resources; /* known from facts, else derived from knobs */
};
