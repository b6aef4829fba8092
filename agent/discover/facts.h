// SPDX-License-Identifier: LGPL-2.1-or-later
// Pod facts from where the policy says, and what is missing of them. Keeps the last good ones.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "agent/discover/kubelet.h"
#include "agent/discover/kubelet_beat.h"
#include "agent/discover/pods.h"
#include "agent/discover/pods_json.h"
#include "colod/model.h"
#include "colod/policy.h"

#define FACTS_FILE_MAX_BYTES (64u * 1024 * 1024)
#define FACTS_NOTE_SIZE MODEL_FACTS_NOTE_SIZE

/* A pod that the kubelet no longer lists, though its cgroup is there, stays known for so long. */
#define FACTS_CARRY_US (60 * 1000000ll)
/* How long a kubelet that refused is not asked again. */
#define FACTS_REFUSED_US (600 * 1000000ll)

/* How the kubelet is asked; the rest of struct facts is the same for every source. */
struct facts_kubelet {
	struct kubelet *worker; /* owned; NULL: over a recorded tree nobody is asked */
	struct kubelet_place place;
	struct kubelet_beat beat;
	int64_t again_us;	    /* when a kubelet that refused is asked again; 0: it did not */
	bool needed;		    /* there are Kubernetes pods */
	bool stale;		    /* the question under way is about another policy's kubelet */
	bool fresh;		    /* an answer has come, and the beat has not been told */
	bool by_api;		    /* the last one was the API server's */
	char why[KUBELET_WHY_SIZE]; /* what is wrong, "" for nothing */
};

/* A zeroed struct knows nothing and has nowhere to ask. */
struct facts {
	int root_fd; /* borrowed */
	enum facts_source source;
	bool configured; /* there is a policy that says where from */
	char *path;	 /* FACTS_FILE; owned */
	struct facts_kubelet kubelet;
	struct pods_json *good;
	int64_t good_us;  /* when it was told */
	struct stat read; /* the file as it was when it was last read */
	bool was_read;
	int stat_error;
	uint64_t asked_serial;	    /* the newest pod for which somebody was asked */
	size_t n_unknown;	    /* pods that nobody has described */
	char note[FACTS_NOTE_SIZE]; /* why facts are not what the policy asks for, "" when they are */
};

/* Where facts come from now; NULL: nobody told. 0 or -ENOMEM. */
int facts_set_policy(struct facts *facts, const struct policy *policy);

/* Whether this policy takes facts from elsewhere than now: then what is known is forgotten. */
bool facts_is_elsewhere(const struct facts *facts, const struct policy *policy);
void facts_clear(struct facts *facts);

/* Lets the kubelet be asked, once, before the first policy. 0 or -errno. */
int facts_allow_kubelet(struct facts *facts);

/* Whether what the policy asks for has never been told since the agent started. */
bool facts_awaited(const struct facts *facts);

/* One pass. From a file: reads it when it changed since it was last read, or always with `full`; one
 * fstatat() otherwise. From the kubelet: takes in an answer that has come, and asks where it is time
 * to, at once for a pod that nobody has described. What cannot be read leaves the last good facts,
 * and a note. Then ties the pods to what is known of them; `changed`: they are not those of the
 * last pass. True when facts, a pod's facts_state or the note changed. */
bool facts_update(struct facts *facts, struct pods *pods, int64_t now_us, bool full, bool changed);

/* Ties each pod to what is known of it: facts, facts_state, name, container names. The strings
 * belong to `facts`: pods must be tied again after each change. True when some pod changed its
 * facts_state. */
bool facts_bind(struct facts *facts, struct pods *pods);
