// SPDX-License-Identifier: LGPL-2.1-or-later
// Service level indicators: what an online pod was measured to get, held against the bounds of the policy's `sli`.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/policy.h"
#include "colod/reason.h"

/* The longest window, a value a second. sizeof(struct pod_slis), 4 KiB, is the whole memory of a pod that some indicator is
 * about; others have none. */
#define SLI_SECONDS 300
/* What may be told of one look; what does not fit is told by the next. */
#define SLI_EVENTS_MAX 32

enum sli_verdict {
	SLI_NOT_CONCERNED, /* the indicator is not about this pod */
	SLI_LEARNING,	   /* it was not watched for a whole window yet */
	SLI_UNMEASURED,	   /* more than a tenth of the window was not measured */
	SLI_OWN, /* its own quota or memory limit stalled it for more than a tenth of the window */
	SLI_MET,
	SLI_VIOLATED,
	SLI_VERDICT_COUNT,
};

/* One indicator of one pod. */
struct sli_now {
	enum sli_verdict verdict;
	/* Of a cpi in thousandths, here and below. Valid where it is MET or VIOLATED: of the measured seconds of the window. */
	uint32_t value_permille;
	uint32_t measured_s;
	uint32_t worst_permille; /* since it is violated */
	int64_t since_us;	 /* when that began */
	int64_t better_us;	 /* VIOLATED: since when it is well under the bound; 0: it is not */
};

struct pod_slis {
	uint64_t serial; /* of the pod these belong to */
	uint64_t round;	 /* the last look that it was in */
	char who[REASON_WHO_SIZE];
	int64_t fed_us;			     /* of the sample that was taken up last; 0: none */
	uint32_t stalled_us[RESOURCE_COUNT]; /* of that one: the low 32 bits of the kernel's */
	uint32_t valid;
	uint32_t head, count;
	/* Permille, or a cpi in thousandths, a second each: newest at (head + SLI_SECONDS - 1) % SLI_SECONDS. Above
	 * sli_most(): not measured, or own. */
	uint16_t ring[SLI_MEASURED_COUNT][SLI_SECONDS];
	struct sli_now now[SLIS_MAX];
};

_Static_assert(sizeof(struct pod_slis) <= 4096, "the memory of a pod is as it is said above");

/* A violation began or ended. */
struct sli_event {
	uint64_t serial; /* of the pod, which may be gone */
	uint32_t slot;
	uint32_t sli; /* index into sli_watch.slis */
	char who[REASON_WHO_SIZE];
	enum sli_verdict was;
	enum sli_verdict is;
	struct sli_policy of;
	uint32_t value_permille; /* with MET and VIOLATED; else the last one that there was */
	uint32_t worst_permille;
	int64_t since_us; /* when the violation began */
};

struct sli_watch {
	struct pod_slis **pods; /* by pod->slot, NULL where none is about the pod; owned */
	size_t n_slots;
	struct sli_policy slis[SLIS_MAX]; /* the policy's, as of the last look */
	size_t n_slis;
	uint64_t round;
	int64_t looked_us;			 /* the last time; 0: never */
	struct sli_event events[SLI_EVENTS_MAX]; /* of the last call of sli_step() */
	size_t n_events;
};
