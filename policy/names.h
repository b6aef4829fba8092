// SPDX-License-Identifier: LGPL-2.1-or-later
// Text forms of the enums of include/colod. Every *_to_string returns static text, never NULL
// ("?" for a value out of range); every *_from_string returns the enum or -EINVAL, exact match,
// case-sensitive.
#pragma once

#include "colod/culprit.h"
#include "colod/fact.h"
#include "colod/floor.h"
#include "colod/level.h"
#include "colod/modes.h"
#include "colod/plan.h"
#include "colod/pod.h"
#include "colod/pressure.h"
#include "colod/score.h"
#include "colod/sli.h"

const char *names_level(enum level level); /* "P0" … "P7", "-" for LEVEL_NONE */
int names_level_from(const char *text);
const char *names_role(enum role role); /* "online", "offline" */
int names_role_from(const char *text);
const char *names_mode(enum mode mode); /* "off" … "full" */
int names_mode_from(const char *text);
const char *names_mode_source(enum mode_source source); /* "policy", "set-mode", "pause", … */
int names_mode_source_from(const char *text);
const char *names_qos(enum qos qos); /* "none", "Guaranteed", "Burstable", "BestEffort" */
int names_qos_from(const char *text);
const char *names_resource(enum resource resource); /* "cpu", "memory", "io" */
int names_resource_from(const char *text);
const char *names_mode_of(enum resource resource); /* as those, and "net" for RESOURCE_NET */
int names_mode_of_from(const char *text);
const char *names_runtime(enum runtime runtime); /* "unknown", "containerd", "cri-o", … */
int names_runtime_from(const char *text);
const char *names_driver(enum cgroup_driver driver); /* "none", "systemd", "cgroupfs" */
int names_driver_from(const char *text);
const char *names_fact(enum fact_state state); /* "unknown", "absent", "known", "derived" */
int names_fact_from(const char *text);
const char *names_rung(enum rung rung); /* "calm", "squeeze" */
int names_rung_from(const char *text);
const char *names_effect(enum effect effect); /* "share", "protection", "limit", "hold" */
int names_effect_from(const char *text);
const char *names_refusal(enum refusal refusal); /* a short phrase for people */
int names_refusal_from(const char *text);
/* "learning", "estimate", "few", "less load", "held", "calm" */
const char *names_score_basis(enum score_basis basis);
int names_score_basis_from(const char *text);
const char *names_score(enum score_state state); /* "none", "learning", "no calm baseline", … */
int names_score_from(const char *text);
const char *names_culprits(enum culprits_state state); /* "ranked", "no excess", "learning", … */
int names_culprits_from(const char *text);
const char *names_confidence(enum culprit_confidence confidence); /* "low", "fair", "good" */
int names_confidence_from(const char *text);
const char *names_verdict(enum culprit_verdict verdict); /* "confirmed", "no effect" */
int names_verdict_from(const char *text);
const char *names_sli_verdict(enum sli_verdict verdict); /* "met", "violated", "learning", … */
int names_sli_verdict_from(const char *text);
const char *names_floor(enum floor_state state); /* "new-weight", "starving", … */
int names_floor_from(const char *text);

/* The lowest mode that allows this effect. */
enum mode names_effect_mode(enum effect effect);
