// SPDX-License-Identifier: LGPL-2.1-or-later
// See assign_text.h. Says only what assign.c looked at, in the same order.
#include "policy/assign_text.h"

#include <string.h>

#include "policy/names.h"
#include "policy/rule.h"
#include "policy/text_out.h"

static const char *const outcomes[ASSIGN_OUTCOME_COUNT] = {
	[ASSIGN_NO] = "no",	      [ASSIGN_WAITS] = "waits",
	[ASSIGN_CLAIMS] = "claims",   [ASSIGN_NO_CLAIM] = "no-claim",
	[ASSIGN_MATCHES] = "matches",
};

const char *assign_text_outcome(enum assign_outcome outcome)
{
	return (unsigned)outcome < ASSIGN_OUTCOME_COUNT ? outcomes[outcome] : "?";
}

static const char *value_of(const struct match *match, const struct pod_facts *facts)
{
	bool label = match->kind == MATCH_LABEL;
	const struct pod_label *list = label ? facts->labels : facts->annotations;
	size_t n = label ? facts->n_labels : facts->n_annotations;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].key, match->key) == 0)
			return list[i].value ? list[i].value : "";
	}
	return NULL;
}

static void put_text(struct text_out *out, const char *text)
{
	if (text)
		text_out_put(out, "%.*s", ASSIGN_TEXT_SIZE / 2, text);
	else
		text_out_put(out, "none");
}

static void put_pair(struct text_out *out, const struct match *match, const struct pod_facts *facts)
{
	const char *value = value_of(match, facts);

	if (value)
		text_out_put(out, "%.*s=%.*s", ASSIGN_TEXT_SIZE / 4, match->key,
			     ASSIGN_TEXT_SIZE / 2, value);
	else
		text_out_put(out, "no %s %.*s", rule_match_name(match->kind), ASSIGN_TEXT_SIZE / 2,
			     match->key);
}

static void put_fact(struct text_out *out, const struct match *match, const struct pod *pod)
{
	const struct pod_facts *facts = pod->facts;

	if (pod->kind != POD_KUBERNETES) {
		text_out_put(out, "no such thing: it is no Kubernetes pod");
		return;
	}
	if (match->kind == MATCH_STATIC && rule_is_static_uid(pod->uid)) {
		text_out_put(out, "true");
		return;
	}
	if (pod->facts_state == FACT_ABSENT) {
		text_out_put(out, "no such thing: the policy has nobody asked for facts");
		return;
	}
	if (pod->facts_state != FACT_KNOWN || !facts) {
		text_out_put(out, "not known yet");
		return;
	}
	switch (match->kind) {
	case MATCH_NAMESPACE:
		put_text(out, facts->ns);
		break;
	case MATCH_NAME:
		put_text(out, facts->name);
		break;
	case MATCH_PRIORITY_CLASS:
		put_text(out, facts->priority_class);
		break;
	case MATCH_OWNER_KIND:
		put_text(out, facts->owner_kind);
		break;
	case MATCH_STATIC:
		text_out_put(out, "%s", facts->is_static ? "true" : "false");
		break;
	default:
		put_pair(out, match, facts);
		break;
	}
}

static void put_runtime(struct text_out *out, const struct pod *pod)
{
	if (pod->kind != POD_KUBERNETES) {
		text_out_put(out, "%s",
			     pod->cgroup && rule_is_podman(pod->cgroup->name)
				     ? names_runtime(RUNTIME_PODMAN)
				     : "no container");
		return;
	}
	if (pod->n_containers == 0)
		text_out_put(out, "no container yet");
	for (size_t i = 0; i < pod->n_containers; i++) {
		enum runtime runtime = pod->containers[i].runtime;

		if (i > 0 && runtime == pod->containers[i - 1].runtime)
			continue;
		text_out_put(out, "%s%s", i > 0 ? ", " : "",
			     runtime == RUNTIME_UNKNOWN
				     ? "a container whose cgroup does not say by whom"
				     : names_runtime(runtime));
	}
}

const char *assign_text_has(const struct match *match, const struct pod *pod, char *buf,
			    size_t size)
{
	struct text_out out = {.buf = buf, .size = size};

	if (size == 0)
		return buf;
	buf[0] = '\0';
	switch (match->kind) {
	case MATCH_QOS:
		text_out_put(&out, "%s",
			     pod->kind == POD_KUBERNETES ? names_qos(pod->qos)
							 : "no class: it is no Kubernetes pod");
		break;
	case MATCH_UNIT:
		if (pod->kind == POD_KUBERNETES)
			text_out_put(&out, "no unit: it is a Kubernetes pod");
		else
			put_text(&out, pod->cgroup ? pod->cgroup->name : NULL);
		break;
	case MATCH_CGROUP:
		put_text(&out, pod->cgroup ? pod->cgroup->path : NULL);
		break;
	case MATCH_RUNTIME:
		put_runtime(&out, pod);
		break;
	default:
		put_fact(&out, match, pod);
		break;
	}
	return buf;
}

const char *assign_text_claim(const struct assign_rule *rule, const struct pod *pod)
{
	const struct match *match = rule_value_match(rule);

	return match && pod->facts ? value_of(match, pod->facts) : NULL;
}
