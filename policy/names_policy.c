// SPDX-License-Identifier: LGPL-2.1-or-later
// See names_policy.h.
#include "policy/names_policy.h"

#include "policy/names_table.h"

static const char *const pressure_signs[PRESSURE_SIGN_COUNT] = {
	[PRESSURE_SOME] = "some",
	[PRESSURE_FULL] = "full",
	[PRESSURE_EMPTY] = "empty",
};

static const char *const actions[ACTION_COUNT] = {
	[ACTION_SQUEEZE_CPU] = "squeeze cpu",
	[ACTION_SQUEEZE_MEMORY] = "squeeze memory",
	[ACTION_SQUEEZE_IO] = "squeeze io",
	[ACTION_RECLAIM] = "reclaim",
	[ACTION_FREEZE] = "freeze",
	[ACTION_EVICT] = "evict",
	[ACTION_KILL] = "kill",
};

static const char *const evict_ways[EVICT_WAY_COUNT] = {
	[EVICT_KUBERNETES] = "kubernetes",
	[EVICT_KILL] = "kill",
};

static const char *const evict_keys[EVICT_KEY_COUNT] = {
	[EVICT_BY_LEVEL] = "level", [EVICT_BY_OVER_REQUEST] = "over-request",
	[EVICT_BY_USAGE] = "usage", [EVICT_BY_NEWEST] = "newest",
	[EVICT_BY_COST] = "cost",   [EVICT_BY_OPT_OUT] = "opt-out",
};

static const char *const sli_signs[SLI_SIGN_COUNT] = {
	[SLI_CPU_SOME] = "cpu.some",
	[SLI_MEMORY_SOME] = "memory.some",
	[SLI_IO_SOME] = "io.some",
	[SLI_SCORE] = "score",
	[SLI_CPI] = "cpi",
	[SLI_SCHED_DELAY] = "sched-delay",
	[SLI_RECLAIM_STALL] = "reclaim-stall",
	[SLI_IO_WAIT] = "io-wait",
	[SLI_NET_DROPS] = "net-drops",
};

static const char *const sli_statistics[SLI_STATISTIC_COUNT] = {
	[SLI_P50] = "p50", [SLI_P90] = "p90",	[SLI_P95] = "p95",
	[SLI_P99] = "p99", [SLI_MEAN] = "mean",
};

NAMES(pressure_sign, enum pressure_sign, pressure_signs)
NAMES(action, enum pressure_action, actions)
NAMES(evict_way, enum evict_way, evict_ways)
NAMES(evict_key, enum evict_key, evict_keys)
NAMES(sli_sign, enum sli_sign, sli_signs)
NAMES(sli_statistic, enum sli_statistic, sli_statistics)
