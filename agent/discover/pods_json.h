// SPDX-License-Identifier: LGPL-2.1-or-later
// The kubelet's /pods answer (a v1 PodList) to pod facts. Reads memory only; the text is
// untrusted as far as a pod's owner may choose it.
#pragma once

#include <stddef.h>

#include "colod/pod.h"

/* A node's kubelet runs some hundreds of pods; finished ones may be listed with them. */
#define PODS_JSON_MAX 8192

struct pods_json_container {
	char id[CONTAINER_ID_SIZE]; /* without "containerd://" */
	char *name;		    /* owned */
};

struct pods_json_pod {
	char uid[POD_UID_SIZE]; /* as its cgroup says it: a static pod's config hash */
	struct pod_facts facts;
	struct pods_json_container *containers; /* owned; those that have an id */
	size_t n_containers;
};

struct pods_json {
	struct pods_json_pod *pods; /* sorted by uid; owned */
	size_t n;
	size_t n_bad;	    /* entries that are no pod, or have no usable name or UID */
	char bad_first[96]; /* what was wrong with the first of those, "" for none */
};

/* 0; -EBADMSG for what is not JSON or is cut short (*ret_at: the byte where it stopped making
 * sense), -EINVAL for JSON that is no list of pods, -E2BIG for more than PODS_JSON_MAX, -ENOMEM.
 * Outputs are untouched on failure, but for *ret_at. */
int pods_json_parse(const char *text, size_t len, struct pods_json **ret_pods, size_t *ret_at);

/* Accepts NULL. */
void pods_json_free(struct pods_json *pods);

/* The pod with this cgroup UID, or NULL. */
struct pods_json_pod *pods_json_find(const struct pods_json *pods, const char *uid);
