// SPDX-License-Identifier: LGPL-2.1-or-later
// See assign.h. "Unknown" is never "no": a pod that nobody has described yet must not fall through
// to the rule that makes it batch work.
#include "policy/assign.h"

#include <errno.h>
#include <string.h>

#include "policy/names.h"
#include "policy/rule.h"

enum verdict {
	VERDICT_NO,
	VERDICT_YES,
	VERDICT_UNKNOWN,
};

static enum verdict verdict_of(bool holds)
{
	return holds ? VERDICT_YES : VERDICT_NO;
}

static bool has_static_uid(const struct pod *pod)
{
	return pod->kind == POD_KUBERNETES && rule_is_static_uid(pod->uid);
}

static enum fact_state facts_state(const struct pod *pod)
{
	if (pod->kind != POD_KUBERNETES)
		return FACT_ABSENT;
	/* Known facts that are not there are a slip of the caller: then nothing is known. */
	if (pod->facts_state == FACT_KNOWN && !pod->facts)
		return FACT_UNKNOWN;
	return pod->facts_state;
}

static enum verdict match_text(const struct match *match, const char *text)
{
	return verdict_of(text && rule_glob(match->pattern, text));
}

static const char *label_value(const struct pod_label *labels, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(labels[i].key, key) == 0)
			return labels[i].value ? labels[i].value : "";
	}
	return NULL;
}

/* The value of the label or annotation that the condition names, or NULL. */
static const char *match_value(const struct match *match, const struct pod_facts *facts)
{
	if (match->kind == MATCH_LABEL)
		return label_value(facts->labels, facts->n_labels, match->key);
	return label_value(facts->annotations, facts->n_annotations, match->key);
}

static enum verdict match_facts(const struct match *match, const struct pod_facts *facts)
{
	switch (match->kind) {
	case MATCH_NAMESPACE:
		return match_text(match, facts->ns);
	case MATCH_NAME:
		return match_text(match, facts->name);
	case MATCH_PRIORITY_CLASS:
		return match_text(match, facts->priority_class);
	case MATCH_OWNER_KIND:
		return match_text(match, facts->owner_kind);
	case MATCH_STATIC:
		return verdict_of(facts->is_static == match->flag);
	case MATCH_LABEL:
	case MATCH_ANNOTATION: {
		const char *value = match_value(match, facts);

		return verdict_of(value && (!match->pattern || rule_glob(match->pattern, value)));
	}
	default:
		return VERDICT_NO;
	}
}

/* What the names of the containers' cgroups tell. A pod without a container may still get one, and a
 * bare id (the cgroupfs layout) does not say whose it is: neither is "no". */
static enum verdict match_runtime(const struct match *match, const struct pod *pod)
{
	enum verdict verdict = VERDICT_NO;

	if (pod->kind != POD_KUBERNETES)
		return verdict_of(match->runtime == RUNTIME_PODMAN && pod->cgroup &&
				  rule_is_podman(pod->cgroup->name));
	if (pod->n_containers == 0)
		return VERDICT_UNKNOWN;
	for (size_t i = 0; i < pod->n_containers; i++) {
		if (pod->containers[i].runtime == match->runtime)
			return VERDICT_YES;
		if (pod->containers[i].runtime == RUNTIME_UNKNOWN)
			verdict = VERDICT_UNKNOWN;
	}
	return verdict;
}

static enum verdict match_pod(const struct match *match, const struct pod *pod)
{
	switch (match->kind) {
	case MATCH_QOS:
		return verdict_of(pod->kind == POD_KUBERNETES && pod->qos == match->qos);
	case MATCH_UNIT:
		return verdict_of(pod->kind != POD_KUBERNETES && pod->cgroup &&
				  rule_glob(match->pattern, pod->cgroup->name));
	case MATCH_CGROUP:
		return verdict_of(pod->cgroup && rule_glob(match->pattern, pod->cgroup->path));
	case MATCH_RUNTIME:
		return match_runtime(match, pod);
	case MATCH_STATIC:
		if (has_static_uid(pod))
			return verdict_of(match->flag);
		break;
	default:
		break;
	}
	switch (facts_state(pod)) {
	case FACT_KNOWN:
		return match_facts(match, pod->facts);
	case FACT_UNKNOWN:
		return VERDICT_UNKNOWN;
	default:
		return VERDICT_NO;
	}
}

/* *ret_why is the first condition that does not hold, or else that nobody can judge yet. */
static enum verdict match_rule(const struct assign_rule *rule, const struct pod *pod,
			       const struct match **ret_why)
{
	enum verdict verdict = VERDICT_YES;

	*ret_why = NULL;
	for (size_t i = 0; i < rule->n_matches; i++) {
		enum verdict v = match_pod(&rule->matches[i], pod);

		if (v == VERDICT_YES || (v == VERDICT_UNKNOWN && verdict == VERDICT_UNKNOWN))
			continue;
		verdict = v;
		*ret_why = &rule->matches[i];
		if (v == VERDICT_NO)
			return v;
	}
	/* Without a condition it would match everything, which nobody can have asked for. */
	return rule->n_matches > 0 ? verdict : VERDICT_NO;
}

/* The level that a pod asks for by the rule's label or annotation, LEVEL_NONE for nonsense. */
static enum level claim_of(const struct policy *policy, const struct assign_rule *rule,
			   const struct pod *pod)
{
	const struct match *match = rule_value_match(rule);
	const char *value;
	int level;

	if (!match || facts_state(pod) != FACT_KNOWN)
		return LEVEL_NONE;
	value = match_value(match, pod->facts);
	level = value ? names_level_from(value) : -EINVAL;
	if (level < 0 || !policy->levels[level].defined)
		return LEVEL_NONE;
	return (enum level)level;
}

static bool is_critical_class(const char *priority_class)
{
	return priority_class && rule_glob("system-*-critical", priority_class);
}

static bool is_system_cgroup(const struct cgroup *cgroup)
{
	const char *const *units = rule_system_units();

	if (cgroup->kind == CGROUP_KUBEPODS)
		return true;
	for (size_t i = 0; units[i]; i++) {
		if (cgroup->name && strcmp(cgroup->name, units[i]) == 0)
			return true;
	}
	return false;
}

/* Depth first without recursion: a cgroup tree may be as deep as its owner likes. */
static bool holds_system_cgroup(const struct cgroup *top)
{
	const struct cgroup *c = top;

	while (c) {
		if (is_system_cgroup(c))
			return true;
		if (c->first_child) {
			c = c->first_child;
			continue;
		}
		while (c != top && !c->next_sibling)
			c = c->parent;
		c = c == top ? NULL : c->next_sibling;
	}
	return false;
}

static enum verdict is_never_offline(const struct pod *pod)
{
	if (pod->kind != POD_KUBERNETES)
		return verdict_of(pod->cgroup && holds_system_cgroup(pod->cgroup));
	if (has_static_uid(pod))
		return VERDICT_YES;
	switch (facts_state(pod)) {
	case FACT_KNOWN:
		return verdict_of(pod->facts->is_static ||
				  is_critical_class(pod->facts->priority_class));
	case FACT_UNKNOWN:
		return VERDICT_UNKNOWN;
	default:
		return VERDICT_NO;
	}
}

bool assign_may_go_offline(const struct pod *pod)
{
	return is_never_offline(pod) == VERDICT_NO;
}

static struct assignment waiting(int32_t rule, enum match_kind missing)
{
	return (struct assignment){
		.state = ASSIGNMENT_WAITING,
		.level = LEVEL_NONE,
		.role = ROLE_INVALID,
		.rule = rule,
		.waiting_for = rule_match_name(missing),
	};
}

static struct assignment levelled(const struct policy *policy, const struct pod *pod, int32_t rule,
				  enum level level)
{
	struct assignment a = {
		.state = ASSIGNMENT_LEVEL,
		.level = level,
		.role = policy->levels[level].role,
		.rule = rule,
	};

	if (a.role != ROLE_OFFLINE)
		return a;
	switch (is_never_offline(pod)) {
	case VERDICT_UNKNOWN:
		return waiting(rule, MATCH_PRIORITY_CLASS);
	case VERDICT_YES:
		a.level = LEVEL_P1;
		a.role = ROLE_ONLINE;
		a.kept_online = true;
		return a;
	default:
		a.may_hold = pod->kind != POD_KUBERNETES ||
			     (facts_state(pod) == FACT_KNOWN && !pod->facts->deleting);
		return a;
	}
}

bool assign_level(const struct policy *policy, const struct pod *pod, enum level level,
		  struct assignment *assignment)
{
	struct assignment a = levelled(policy, pod, assignment->rule, level);

	if (a.state != ASSIGNMENT_LEVEL || a.kept_online)
		return false;
	*assignment = a;
	assignment->ordered = true;
	return true;
}

/* What a pod asks for itself, so far. */
struct claim {
	enum level level;
	int32_t rule;
	bool bounded; /* some rule that was asked does not trust the pod's namespace */
};

/* Of several claims the lowest is the one that all of them bound. */
static void add_claim(struct claim *claim, const struct policy *policy, size_t i,
		      const struct pod *pod)
{
	const struct assign_rule *rule = &policy->rules[i];
	enum level asked = claim_of(policy, rule, pod);

	if (asked == LEVEL_NONE)
		return;
	claim->bounded |= !rule_trusts(rule, pod->facts->ns);
	if (claim->level != LEVEL_NONE && asked <= claim->level)
		return;
	claim->level = asked;
	claim->rule = (int32_t)i;
}

static void tell(assign_step_fn fn, void *context, size_t i, enum assign_outcome outcome,
		 const struct match *match)
{
	const struct assign_step step = {
		.rule = (int32_t)i, .outcome = outcome, .match = match, .claim = LEVEL_NONE};

	if (fn)
		fn(context, &step);
}

static void tell_claim(assign_step_fn fn, void *context, const struct policy *policy, size_t i,
		       const struct pod *pod)
{
	struct assign_step step = {
		.rule = (int32_t)i,
		.claim = claim_of(policy, &policy->rules[i], pod),
	};

	step.outcome = step.claim == LEVEL_NONE ? ASSIGN_NO_CLAIM : ASSIGN_CLAIMS;
	step.trusted = step.claim != LEVEL_NONE && rule_trusts(&policy->rules[i], pod->facts->ns);
	if (fn)
		fn(context, &step);
}

void assign_explain(const struct policy *policy, const struct pod *pod, assign_step_fn fn,
		    void *context, struct assignment *ret_assignment)
{
	struct claim claim = {.level = LEVEL_NONE, .rule = -1};

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct assign_rule *rule = &policy->rules[i];
		const struct match *why;
		enum verdict verdict = match_rule(rule, pod, &why);

		if (verdict == VERDICT_UNKNOWN) {
			tell(fn, context, i, ASSIGN_WAITS, why);
			*ret_assignment = waiting((int32_t)i, why->kind);
			return;
		}
		if (verdict == VERDICT_NO) {
			tell(fn, context, i, ASSIGN_NO, why);
			continue;
		}
		if (rule->from_value) {
			tell_claim(fn, context, policy, i, pod);
			add_claim(&claim, policy, i, pod);
			continue;
		}
		tell(fn, context, i, ASSIGN_MATCHES, NULL);
		if (claim.level != LEVEL_NONE && (claim.level >= rule->level || !claim.bounded))
			*ret_assignment = levelled(policy, pod, claim.rule, claim.level);
		else
			*ret_assignment = levelled(policy, pod, (int32_t)i, rule->level);
		return;
	}
	if (claim.level != LEVEL_NONE && !claim.bounded) {
		*ret_assignment = levelled(policy, pod, claim.rule, claim.level);
		return;
	}
	*ret_assignment = (struct assignment){
		.state = ASSIGNMENT_NONE,
		.level = LEVEL_NONE,
		.role = ROLE_INVALID,
		.rule = -1,
	};
}

void assign_pod(const struct policy *policy, const struct pod *pod,
		struct assignment *ret_assignment)
{
	assign_explain(policy, pod, NULL, NULL, ret_assignment);
}

int assign_wants_cgroup(const struct policy *policy, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!name[0])
		return -ENOENT;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct assign_rule *rule = &policy->rules[i];
		size_t n_unit = 0, n_met = 0;

		for (size_t j = 0; j < rule->n_matches; j++) {
			const struct match *m = &rule->matches[j];

			if (m->kind == MATCH_UNIT && rule_glob(m->pattern, name)) {
				n_unit++;
				n_met++;
			} else if (m->kind == MATCH_CGROUP && rule_glob(m->pattern, path)) {
				n_met++;
			} else if (m->kind == MATCH_RUNTIME && m->runtime == RUNTIME_PODMAN &&
				   rule_is_podman(name)) {
				n_unit++;
				n_met++;
			}
		}
		if (n_met > 0 && n_met == rule->n_matches)
			return n_unit > 0 ? POD_UNIT : POD_CGROUP;
	}
	return -ENOENT;
}
