// SPDX-License-Identifier: LGPL-2.1-or-later
// What this node could gain that is not colod's to change: found from the model and the plan, told by doctor.
// Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"

/* There is at most one of a kind for each class of pods. */
#define GAIN_MAX 8

enum gain_kind {
	GAIN_REQUEST, /* an online pod without a CPU request shares the class of the offline ones */
	GAIN_PREEMPT, /* the kernel preempts lazily */
	GAIN_DRIVER,  /* yield: idle, and the cgroup driver forbids it for the class as a whole */
	GAIN_KIND_COUNT,
};

struct gain {
	enum gain_kind kind;
	const struct cgroup *cgroup; /* the class; NULL where it is the node's */
	const struct pod *pod;	     /* the first of the pods in question */
	uint32_t n_others;	     /* GAIN_REQUEST: online pods without a request beside it */
	uint32_t n_offline;
};

/* Writes at most `max` into `list`; returns how many. */
size_t gain_find(const struct model *model, const struct plan *plan, struct gain *list, size_t max);

/* "request", "preempt", "driver" */
const char *gain_name(enum gain_kind kind);

/* What is lost now, and how to have it: sentences for people, cut to fit; return buf. */
const char *gain_what(const struct gain *gain, char *buf, size_t size);
const char *gain_how(const struct gain *gain, char *buf, size_t size);
