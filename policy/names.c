// SPDX-License-Identifier: LGPL-2.1-or-later
// See names.h. One table per enum, indexed by its value; both directions read the same table.
#include "policy/names.h"

#include "policy/names_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *const levels[LEVEL_COUNT] = {
	[LEVEL_P0] = "P0", [LEVEL_P1] = "P1", [LEVEL_P2] = "P2", [LEVEL_P3] = "P3",
	[LEVEL_P4] = "P4", [LEVEL_P5] = "P5", [LEVEL_P6] = "P6", [LEVEL_P7] = "P7",
};

static const char *const roles[ROLE_COUNT] = {
	[ROLE_ONLINE] = "online",
	[ROLE_OFFLINE] = "offline",
};

static const char *const modes[MODE_COUNT] = {
	[MODE_OFF] = "off",	    [MODE_OBSERVE] = "observe", [MODE_PROTECT] = "protect",
	[MODE_SQUEEZE] = "squeeze", [MODE_FULL] = "full",
};

static const char *const mode_sources[MODE_SOURCE_COUNT] = {
	[MODE_SOURCE_POLICY] = "policy",	[MODE_SOURCE_OPTION] = "command-line",
	[MODE_SOURCE_BUS] = "set-mode",		[MODE_SOURCE_PAUSE] = "pause",
	[MODE_SOURCE_CONTROL] = "control-file", [MODE_SOURCE_DOUBT] = "doubt",
	[MODE_SOURCE_DISABLE] = "disable-file", [MODE_SOURCE_KERNEL] = "kernel-command-line",
};

static const char *const qos_classes[QOS_COUNT] = {
	[QOS_NONE] = "none",
	[QOS_GUARANTEED] = "Guaranteed",
	[QOS_BURSTABLE] = "Burstable",
	[QOS_BESTEFFORT] = "BestEffort",
};

static const char *const resources[RESOURCE_COUNT] = {
	[RESOURCE_CPU] = "cpu",
	[RESOURCE_MEMORY] = "memory",
	[RESOURCE_IO] = "io",
};

static const char *const mode_resources[RESOURCE_MODES] = {
	[RESOURCE_CPU] = "cpu",
	[RESOURCE_MEMORY] = "memory",
	[RESOURCE_IO] = "io",
	[RESOURCE_NET] = "net",
};

static const char *const runtimes[RUNTIME_COUNT] = {
	[RUNTIME_UNKNOWN] = "unknown", [RUNTIME_CONTAINERD] = "containerd",
	[RUNTIME_CRIO] = "cri-o",      [RUNTIME_DOCKER] = "docker",
	[RUNTIME_PODMAN] = "podman",
};

static const char *const drivers[DRIVER_COUNT] = {
	[DRIVER_NONE] = "none",
	[DRIVER_SYSTEMD] = "systemd",
	[DRIVER_CGROUPFS] = "cgroupfs",
};

static const char *const facts[FACT_STATE_COUNT] = {
	[FACT_UNKNOWN] = "unknown",
	[FACT_ABSENT] = "absent",
	[FACT_KNOWN] = "known",
	[FACT_DERIVED] = "derived",
};

static const char *const rungs[RUNG_COUNT] = {
	[RUNG_CALM] = "calm",	  [RUNG_SQUEEZE] = "squeeze", [RUNG_RECLAIM] = "reclaim",
	[RUNG_FREEZE] = "freeze", [RUNG_EVICT] = "evict",
};

static const char *const effects[EFFECT_COUNT] = {
	[EFFECT_SHARE] = "share",
	[EFFECT_PROTECTION] = "protection",
	[EFFECT_LIMIT] = "limit",
	[EFFECT_HOLD] = "hold",
};

static const char *const refusals[REFUSAL_COUNT] = {
	[REFUSAL_NONE] = "not refused",
	[REFUSAL_GONE] = "the cgroup is gone",
	[REFUSAL_NO_CONTROLLER] = "the controller is not enabled here",
	[REFUSAL_NO_KNOB] = "this kernel has no such file",
	[REFUSAL_NO_DISK] = "the disk is not there any more",
	[REFUSAL_INVALID] = "the kernel calls the value invalid",
	[REFUSAL_DENIED] = "not permitted",
	[REFUSAL_BUSY] = "busy",
	[REFUSAL_DIFFERS] = "another value was read back",
	[REFUSAL_NO_RECORD] = "the original value could not be recorded",
	[REFUSAL_OTHER] = "refused for another reason",
};

static const char *const score_states[SCORE_STATE_COUNT] = {
	[SCORE_NONE] = "none",
	[SCORE_LEARNING] = "learning",
	[SCORE_NO_BASELINE] = "no calm baseline",
	[SCORE_SELF_THROTTLED] = "self-throttled",
	[SCORE_OWN_LIMIT] = "own limit",
	[SCORE_BASELINE] = "baseline",
};

static const char *const score_bases[SCORE_BASIS_COUNT] = {
	[SCORE_BASIS_LEARNING] = "learning",
	[SCORE_BASIS_ESTIMATE] = "estimate",
	[SCORE_BASIS_FEW] = "few",
	[SCORE_BASIS_HELD] = "held",
	[SCORE_BASIS_LESS_LOAD] = "less load",
	[SCORE_BASIS_CALM] = "calm",
};

static const char *const culprits_states[CULPRITS_STATE_COUNT] = {
	[CULPRITS_NONE] = "none",	  [CULPRITS_LEARNING] = "learning",
	[CULPRITS_OWN] = "its own doing", [CULPRITS_NO_EXCESS] = "no excess",
	[CULPRITS_DUE] = "due",		  [CULPRITS_SHORT] = "too few samples",
	[CULPRITS_STEADY] = "steady",	  [CULPRITS_OWN_LOAD] = "its own load",
	[CULPRITS_NOBODY] = "nobody",	  [CULPRITS_RANKED] = "ranked",
};

static const char *const confidences[CULPRIT_CONFIDENCE_COUNT] = {
	[CULPRIT_LOW] = "low",
	[CULPRIT_FAIR] = "fair",
	[CULPRIT_GOOD] = "good",
};

static const char *const verdicts[CULPRIT_VERDICT_COUNT] = {
	[CULPRIT_CONFIRMED] = "confirmed",
	[CULPRIT_NO_EFFECT] = "no effect",
};

static const char *const sli_verdicts[SLI_VERDICT_COUNT] = {
	[SLI_NOT_CONCERNED] = "not concerned",
	[SLI_LEARNING] = "learning",
	[SLI_UNMEASURED] = "not measured",
	[SLI_OWN] = "its own doing",
	[SLI_MET] = "met",
	[SLI_VIOLATED] = "violated",
};

static const char *const floor_states[FLOOR_STATE_COUNT] = {
	[FLOOR_NEW_WEIGHT] = "new-weight", [FLOOR_UNMEASURED] = "unmeasured",
	[FLOOR_QUOTA] = "quota",	   [FLOOR_FED] = "fed",
	[FLOOR_STARVING] = "starving",
};

NAMES(role, enum role, roles)
NAMES(mode, enum mode, modes)
NAMES(mode_source, enum mode_source, mode_sources)
NAMES(qos, enum qos, qos_classes)
NAMES(resource, enum resource, resources)
NAMES(mode_of, enum resource, mode_resources)
NAMES(runtime, enum runtime, runtimes)
NAMES(driver, enum cgroup_driver, drivers)
NAMES(fact, enum fact_state, facts)
NAMES(rung, enum rung, rungs)
NAMES(effect, enum effect, effects)
NAMES(refusal, enum refusal, refusals)
NAMES(score, enum score_state, score_states)
NAMES(score_basis, enum score_basis, score_bases)
NAMES(culprits, enum culprits_state, culprits_states)
NAMES(confidence, enum culprit_confidence, confidences)
NAMES(verdict, enum culprit_verdict, verdicts)
NAMES(sli_verdict, enum sli_verdict, sli_verdicts)
NAMES(floor, enum floor_state, floor_states)

const char *names_level(enum level level)
{
	return level == LEVEL_NONE ? "-" : names_table_of(levels, ELEMENTS(levels), (int)level);
}

int names_level_from(const char *text)
{
	return names_table_from(levels, ELEMENTS(levels), text);
}

enum mode names_effect_mode(enum effect effect)
{
	switch (effect) {
	case EFFECT_SHARE:
	case EFFECT_PROTECTION:
		return MODE_PROTECT;
	case EFFECT_LIMIT:
	case EFFECT_HOLD:
		return MODE_SQUEEZE;
	case EFFECT_COUNT:
		break;
	}
	return MODE_FULL;
}
