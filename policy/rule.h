// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be said of one assign rule by itself. Shared by the reader, the checks and assign.c.
#pragma once

#include <stdbool.h>

#include "colod/policy.h"

/* The key of a condition as the policy writes it: "namespace". Static text, "?" out of range. */
const char *rule_match_name(enum match_kind kind);

/* Whether this kind of condition is about a fact that only a kubelet or a pods file can tell. */
bool rule_match_needs_facts(const struct match *match);

/* The first condition of the rule that does, or NULL. */
const struct match *rule_needs_facts(const struct assign_rule *rule);

/* With from_value: the condition whose value is the level (the only label or annotation without a
 * pattern); NULL when there is none, or more than one. */
const struct match *rule_value_match(const struct assign_rule *rule);

/* Whether a glob matches the whole text; slashes and leading dots are ordinary characters. */
bool rule_glob(const char *pattern, const char *text);

/* With from_value: whether the claims of this namespace (NULL: unknown) count in full. */
bool rule_trusts(const struct assign_rule *rule, const char *ns);

/* Units that are never offline whatever the policy says: kubelet, container runtimes, colod. A
 * static list that ends with NULL. */
const char *const *rule_system_units(void);

/* Whether a cgroup's own name is that of colod itself. */
bool rule_is_own(const char *name);

/* Whether everything that fulfils `narrow` fulfils `wide`: said only where it is certain. */
bool rule_covers(const struct assign_rule *wide, const struct assign_rule *narrow);

/* Whether a cgroup outside Kubernetes is a container of podman, by its name (not its monitor). */
bool rule_is_podman(const char *name);

/* Whether a UID is the hash of a static pod's manifest; no other UID looks like that. */
bool rule_is_static_uid(const char *uid);

/* Frees what the rule holds, not the rule. */
void rule_done(struct assign_rule *rule);
