// SPDX-License-Identifier: LGPL-2.1-or-later
// See rule.h.
#include "policy/rule.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define STATIC_UID_LEN 32

static const char *const match_names[MATCH_KIND_COUNT] = {
	[MATCH_NAMESPACE] = "namespace",
	[MATCH_NAME] = "name",
	[MATCH_LABEL] = "label",
	[MATCH_ANNOTATION] = "annotation",
	[MATCH_PRIORITY_CLASS] = "priorityClass",
	[MATCH_QOS] = "qos",
	[MATCH_OWNER_KIND] = "ownerKind",
	[MATCH_STATIC] = "static",
	[MATCH_UNIT] = "unit",
	[MATCH_CGROUP] = "cgroup",
	[MATCH_RUNTIME] = "runtime",
};

const char *rule_match_name(enum match_kind kind)
{
	return (unsigned)kind < MATCH_KIND_COUNT ? match_names[kind] : "?";
}

bool rule_match_needs_facts(const struct match *match)
{
	switch (match->kind) {
	case MATCH_NAMESPACE:
	case MATCH_NAME:
	case MATCH_LABEL:
	case MATCH_ANNOTATION:
	case MATCH_PRIORITY_CLASS:
	case MATCH_OWNER_KIND:
		return true;
	case MATCH_STATIC:
		/* The UID shows that a pod is static, never that it is not. */
		return !match->flag;
	default:
		return false;
	}
}

const struct match *rule_needs_facts(const struct assign_rule *rule)
{
	for (size_t i = 0; i < rule->n_matches; i++) {
		if (rule_match_needs_facts(&rule->matches[i]))
			return &rule->matches[i];
	}
	return NULL;
}

const struct match *rule_value_match(const struct assign_rule *rule)
{
	const struct match *found = NULL;

	for (size_t i = 0; i < rule->n_matches; i++) {
		const struct match *m = &rule->matches[i];

		if ((m->kind != MATCH_LABEL && m->kind != MATCH_ANNOTATION) || m->pattern)
			continue;
		if (found)
			return NULL;
		found = m;
	}
	return found;
}

bool rule_glob(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

bool rule_trusts(const struct assign_rule *rule, const char *ns)
{
	for (size_t i = 0; ns && i < rule->n_trusted; i++) {
		if (rule_glob(rule->trusted[i], ns))
			return true;
	}
	return false;
}

const char *const *rule_system_units(void)
{
	static const char *const units[] = {
		"kubelet.service", "containerd.service", "crio.service", "docker.service",
		"dockerd",	   "colod.service",	 NULL,
	};

	return units;
}

bool rule_is_own(const char *name)
{
	return strcmp(name, "colod.service") == 0;
}

static bool is_literal(const char *pattern)
{
	return !pattern[strcspn(pattern, "*?[\\")];
}

/* Whether everything that fulfils `narrow` fulfils `wide`: said only where it is certain. */
static bool implies(const struct match *narrow, const struct match *wide)
{
	if (narrow->kind != wide->kind)
		return false;
	if (wide->kind == MATCH_QOS)
		return narrow->qos == wide->qos;
	if (wide->kind == MATCH_STATIC)
		return narrow->flag == wide->flag;
	if (wide->kind == MATCH_RUNTIME)
		return narrow->runtime == wide->runtime;
	if (wide->key && strcmp(narrow->key, wide->key) != 0)
		return false;
	if (!wide->pattern || strcmp(wide->pattern, "*") == 0)
		return true;
	if (!narrow->pattern)
		return false;
	return strcmp(narrow->pattern, wide->pattern) == 0 ||
	       (is_literal(narrow->pattern) && rule_glob(wide->pattern, narrow->pattern));
}

bool rule_covers(const struct assign_rule *wide, const struct assign_rule *narrow)
{
	for (size_t i = 0; i < wide->n_matches; i++) {
		size_t j = 0;

		while (j < narrow->n_matches && !implies(&narrow->matches[j], &wide->matches[i]))
			j++;
		if (j == narrow->n_matches)
			return false;
	}
	return true;
}

bool rule_is_podman(const char *name)
{
	static const char prefix[] = "libpod-", monitor[] = "libpod-conmon-";

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 &&
	       strncmp(name, monitor, sizeof(monitor) - 1) != 0;
}

bool rule_is_static_uid(const char *uid)
{
	return strlen(uid) == STATIC_UID_LEN && strspn(uid, "0123456789abcdef") == STATIC_UID_LEN;
}

void rule_done(struct assign_rule *rule)
{
	for (size_t i = 0; i < rule->n_matches; i++) {
		free(rule->matches[i].key);
		free(rule->matches[i].pattern);
	}
	for (size_t i = 0; i < rule->n_trusted; i++)
		free(rule->trusted[i]);
	free(rule->matches);
	free(rule->trusted);
	rule->matches = NULL;
	rule->n_matches = 0;
	rule->trusted = NULL;
	rule->n_trusted = 0;
}
