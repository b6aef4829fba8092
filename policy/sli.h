// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether online pods get what the policy's `sli` says. Once a second the newest samples give one value of each measured sign
// (the share of that second in which some of the pod's tasks were stalled; the score); over the window of an indicator
// its percentile (the nearest rank: one of the values) or mean is held against the bound. Cycles an instruction (cpi) come from
// the newest of the pod's struct pod_cpi.
//
// Only what was measured counts. A second without a sample, or in which the pod's own quota or memory limit stalled it, has no value, and
// where more than a tenth of the window has none there is neither a number nor a violation. A violation begins with the first
// window that is over the bound, and ends once windows were at nine tenths of it or less for SLI_LEAVE_US, or as
// soon as nothing says so any more. Where the score is a lower bound, so is the indicator.
//
// Pure: its memory is the caller's struct; allocates once for each pod that an indicator is about, never for a
// sample. For people: nothing is decided by it.
#pragma once

#include <stdbool.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"
#include "colod/score.h"
#include "colod/sli.h"

#define SLI_LEAVE_US 10000000
/* Longer between two samples, and what was in between was not seen. */
#define SLI_GAP_US 3000000
#define SLI_TEXT_SIZE 160

struct sli_look {
	const struct model *model;
	const struct samples *samples;
	const struct plan *plan; /* for the assignments */
	const struct scores *scores;
	const struct policy *policy; /* NULL: no indicators */
	int64_t now_us;
};

/* Once a pass, after it was scored; what began and ended is in watch->events. 0 or -ENOMEM: then pods that there is no
 * memory for are not watched. */
int sli_step(struct sli_watch *watch, const struct sli_look *look);

void sli_free(struct sli_watch *watch);

/* Of a pod, by index as watch->slis; NULL: no indicator is about it. `watch` may be NULL. */
const struct sli_now *sli_of(const struct sli_watch *watch, const struct pod *pod);

/* Whether this version measures the sign at all. */
bool sli_is_measured(enum sli_sign sign);

/* Why it cannot be measured on this node, as part of a sentence; NULL: it can. */
const char *sli_why_not(enum sli_sign sign, const struct model *model);

/* Whether some indicator of this sign is about the pod, by its level in the plan. */
bool sli_is_about(const struct policy *policy, enum sli_sign sign, const struct plan *plan,
		  const struct pod *pod);

/* The greatest value that a second can have: 1000, of a cpi 65.533. A greater cpi counts as that. */
uint16_t sli_most(enum sli_sign sign);

/* Of `n` values, those above `most` left out: the statistic. False: there is none. *ret_n: how many count. */
bool sli_statistic_of(const uint16_t *values, size_t n, uint16_t most, enum sli_statistic statistic,
		      uint32_t *ret_value, uint32_t *ret_n);

/* "p99 of cpu.some over 60 s"; "12.4 %", of a score "12.4", of a cpi "1.25": ends buf with a NUL, returns it. */
const char *sli_text(const struct sli_policy *sli, char *buf, size_t size);
const char *sli_value_text(const struct sli_policy *sli, uint32_t permille, char *buf, size_t size);
const char *sli_cpi_text(uint64_t milli, char *buf, size_t size);

/* The sentence of an event: "p99 of cpu.some over 60 s was 12.4 %, more than 5.0 %". */
const char *sli_event_text(const struct sli_event *event, char *buf, size_t size);
