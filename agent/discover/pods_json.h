// SPDX-License-Identifier: LGPL-2.1-or-later
// The kubelet's /pods answer (a v1 PodList) to pod facts. Reads memory only; the text is
// untrusted as far as a pod's owner may choose it.
#pragma once

#include <stddef.h>
#include <stdint.h>

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
	int64_t missing_us; /* since when the list lacks it (pods_json_carry), 0: it does not */
};

struct pods_json {
	struct pods_json_pod *pods; /* sorted by uid; owned */
	size_t n;
	size_t n_bad;	    /* entries that are no pod, or have no usable name or UID */
	char bad_first[96]; /* what was wrong with the first of those, "" for none */
	char *more; /* the API server's word for the next page; owned, NULL: this was the last */
};

/* Who says it. The kubelet vouches for what a static pod is, the API server does not. */
enum pods_json_from {
	PODS_JSON_KUBELET, /* its /pods, or a file of the same */
	PODS_JSON_API,
};

/* 0; -EBADMSG for what is not JSON or is cut short (*ret_at: the byte where it stopped making
 * sense), -EINVAL for JSON that is no list of pods, -E2BIG for more than PODS_JSON_MAX, -ENOMEM.
 * Outputs are untouched on failure, but for *ret_at. */
int pods_json_parse(const char *text, size_t len, enum pods_json_from from,
		    struct pods_json **ret_pods, size_t *ret_at);

/* Moves the pods of a further page into `to`, which must be there; `from` is left empty, for
 * pods_json_free(). 0, -E2BIG or -ENOMEM (then nothing moved). */
int pods_json_join(struct pods_json *to, struct pods_json *from);

/* Moves what `to` lacks over from an earlier list, unless it has been lacking for longer than
 * longest_us already. A kubelet that has just started knows of no pod until the API server has
 * told it again, while they all run on. 0, or -ENOMEM (then nothing moved). */
int pods_json_carry(struct pods_json *to, struct pods_json *from, int64_t now_us,
		    int64_t longest_us);

/* Accepts NULL. */
void pods_json_free(struct pods_json *pods);

/* The pod with this cgroup UID, or NULL. */
struct pods_json_pod *pods_json_find(const struct pods_json *pods, const char *uid);
