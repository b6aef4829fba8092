// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. A rule that can never match is an error, because its author believes in it. A rule
// that a drop-in overrides is not: that is what drop-ins are for.
#include <stdio.h>
#include <string.h>

#include "policy/check.h"
#include "policy/diag.h"
#include "policy/names.h"
#include "policy/rule.h"

static void check_level(struct reader *reader, const struct reader_rule *r)
{
	const struct level_policy *levels = reader->policy->levels;
	char hint[DIAG_TEXT_SIZE] = "no level is defined";
	size_t len = 0;

	if (r->rule.from_value || levels[r->rule.level].defined)
		return;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (levels[i].defined)
			len += (size_t)snprintf(
				hint + len, sizeof(hint) - len, "%s%s",
				len ? ", " : "defined: ", names_level((enum level)i));
	}
	reader_report(reader, &r->level, DIAG_ERROR, hint, "no file defines the level %s",
		      names_level(r->rule.level));
}

static bool trusts_everybody(const struct assign_rule *rule)
{
	for (size_t i = 0; i < rule->n_trusted; i++) {
		if (!rule->trusted[i][strspn(rule->trusted[i], "*")])
			return true;
	}
	return false;
}

static void check_from_value(struct reader *reader, size_t i)
{
	const struct reader_rule *r = &reader->rules[i];

	if (!r->rule.from_value && r->trusted.source)
		reader_report(reader, &r->trusted, DIAG_ERROR,
			      "it says whose claims count in full: use it with level: from-value",
			      "trusted-namespaces on a rule that does not ask the pod");
	if (!r->rule.from_value)
		return;
	if (trusts_everybody(&r->rule) && reader->diags->n_errors == 0)
		reader_report(reader, &r->trusted, DIAG_WARNING,
			      "name the namespaces whose owners may choose for themselves",
			      "every pod of the cluster may give itself any level");
	if (!rule_value_match(&r->rule)) {
		reader_report(reader, &r->level, DIAG_ERROR,
			      "e.g. {match: {annotation: colod.io/level}, level: from-value}",
			      "from-value needs exactly one annotation or label without a pattern");
		return;
	}
	if (r->rule.n_trusted > 0)
		return;
	for (size_t below = i + 1; below < reader->n_rules; below++) {
		if (!reader->rules[below].rule.from_value)
			return;
	}
	reader_report(reader, &r->level, DIAG_ERROR, "add rules that give a level below it",
		      "from-value never goes above what the rules below it give, and none does");
}

/* Units and plain cgroups have no pod facts, and pods are no units. */
static void check_combination(struct reader *reader, const struct reader_rule *r)
{
	bool unit = false;

	for (size_t i = 0; i < r->rule.n_matches; i++)
		unit = unit || r->rule.matches[i].kind == MATCH_UNIT;
	for (size_t i = 0; unit && i < r->rule.n_matches; i++) {
		enum match_kind kind = r->rule.matches[i].kind;

		if (kind == MATCH_UNIT || kind == MATCH_CGROUP || kind == MATCH_RUNTIME)
			continue;
		reader_report(reader, &r->match, DIAG_ERROR, "make two rules of it",
			      "this rule can never match: a unit has no %s", rule_match_name(kind));
		return;
	}
}

static void check_needs_facts(struct reader *reader, const struct reader_rule *r)
{
	const struct match *match = rule_needs_facts(&r->rule);

	if (reader->policy->facts != FACTS_CGROUP || !match || reader->diags->n_errors > 0)
		return;
	reader_report(reader, &r->match, DIAG_WARNING, "with facts: {from: cgroup} nobody tells it",
		      "this rule can never match: it needs the pod's %s",
		      rule_match_name(match->kind));
}

static void check_shadow(struct reader *reader, size_t i)
{
	const struct reader_rule *r = &reader->rules[i];

	for (size_t above = 0; above < i; above++) {
		const struct reader_rule *a = &reader->rules[above];

		if (a->rule.from_value || !rule_covers(&a->rule, &r->rule))
			continue;
		if (a->rule.built_in) {
			reader_report(
				reader, &r->match, DIAG_ERROR,
				"the kubelet, container runtimes and colod are always P1",
				"this rule can never match: the built-in rule for %.60s comes "
				"first",
				a->rule.matches[0].pattern);
			return;
		}
		if (a->mark.source == r->mark.source) {
			reader_report(reader, &r->match, DIAG_ERROR,
				      "the first match wins: put the narrower rule first",
				      "this rule can never match: line %u takes all it would match",
				      a->rule.line);
			return;
		}
	}
}

/* Whether a rule gives this level, or lets a pod ask for it. */
static bool gives(const struct reader *reader, size_t i, enum level level)
{
	const struct assign_rule *rule = &reader->rules[i].rule;

	if (!rule->from_value)
		return rule->level == level;
	if (rule->n_trusted > 0)
		return true;
	for (size_t below = i + 1; below < reader->n_rules; below++) {
		const struct assign_rule *r = &reader->rules[below].rule;

		if (!r->from_value && r->level <= level)
			return true;
	}
	return false;
}

/* Who may be pinned: a static CPU manager pins Guaranteed pods, an admin's cpuset a unit or cgroup. */
static bool may_be_pinned(const struct assign_rule *rule)
{
	for (size_t i = 0; i < rule->n_matches; i++) {
		const struct match *m = &rule->matches[i];

		if (m->kind == MATCH_UNIT || m->kind == MATCH_CGROUP ||
		    (m->kind == MATCH_QOS && m->qos == QOS_GUARANTEED))
			return true;
	}
	return false;
}

static void check_reach(struct reader *reader, enum level level)
{
	const struct level_policy *p = &reader->policy->levels[level];
	bool given = level == LEVEL_P1, pinned = false;

	for (size_t i = 0; i < reader->n_rules; i++) {
		if (!gives(reader, i, level))
			continue;
		given = true;
		pinned |= may_be_pinned(&reader->rules[i].rule);
	}
	if (p->cpu.smt == SMT_AVOID_OFFLINE && p->role == ROLE_ONLINE && !pinned)
		reader_report(reader, &reader->fields[level][READER_SMT], DIAG_ERROR,
			      "give the level to qos: Guaranteed pods (a static CPU manager pins "
			      "them), to units or to cgroups",
			      "smt: avoid-offline on pods that nothing pins");
	if (!given && reader->diags->n_errors == 0)
		reader_report(reader, &reader->fields[level][READER_LEVEL], DIAG_WARNING,
			      "add a rule under assign, or leave the level out",
			      "no rule gives the level %s: no pod can get it", names_level(level));
}

void check_rules(struct reader *reader)
{
	size_t n_written = 0;

	for (size_t i = 0; i < reader->n_rules; i++) {
		const struct reader_rule *r = &reader->rules[i];

		if (r->rule.built_in)
			continue;
		n_written++;
		check_level(reader, r);
		check_from_value(reader, i);
		check_combination(reader, r);
		check_needs_facts(reader, r);
		check_shadow(reader, i);
	}
	for (int i = 0; i < LEVEL_COUNT && n_written > 0; i++)
		if (reader->policy->levels[i].defined)
			check_reach(reader, (enum level)i);
	/* Not where a rule was refused: its author knows that there should be one. */
	if (n_written == 0 && reader->diags->n_errors == 0) {
		struct diag_place place = {.file = reader->sources[reader->n_sources - 1].name};

		diag_add(reader->diags, DIAG_WARNING, &place,
			 "no rule under assign: no pod gets a level, nothing will be done",
			 "shipped policies to start from: policy/profiles");
	}
}
