// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_why_json.h. The rules are asked again, by the same function that gave the level.
#include "agent/serve/policy_why_json.h"

#include "agent/serve/json_put.h"
#include "agent/serve/words.h"
#include "policy/assign.h"
#include "policy/assign_text.h"
#include "policy/names.h"
#include "policy/reason_text.h"

struct view {
	struct json_put put;
	const struct policy *policy;
	const struct pod *pod;
	cJSON *rules;
	size_t n_tried;
};

static const char *level_of(const struct assign_rule *rule)
{
	return rule->from_value ? "from-value" : names_level(rule->level);
}

static void claim(struct view *view, cJSON *object, const struct assign_step *step)
{
	const struct assign_rule *rule = &view->policy->rules[step->rule];

	json_put_text(&view->put, object, "value", assign_text_claim(rule, view->pod));
	json_put_text(&view->put, object, "claim",
		      step->claim != LEVEL_NONE ? names_level(step->claim) : NULL);
	json_put_bool(&view->put, object, "trusted", step->trusted);
}

static void on_step(void *context, const struct assign_step *step)
{
	struct view *view = context;
	const struct assign_rule *rule = &view->policy->rules[step->rule];
	cJSON *object = json_put_object(&view->put, view->rules, NULL);
	char text[REASON_TEXT_SIZE], has[ASSIGN_TEXT_SIZE];
	struct json_put *put = &view->put;

	view->n_tried++;
	json_put_text(put, object, "file", rule->file);
	json_put_u64(put, object, "line", rule->line);
	json_put_bool(put, object, "built_in", rule->built_in);
	json_put_text(put, object, "rule",
		      reason_text_rule(view->policy, step->rule, text, sizeof(text)));
	json_put_text(put, object, "level", level_of(rule));
	json_put_text(put, object, "outcome", assign_text_outcome(step->outcome));
	if (step->match) {
		json_put_text(put, object, "wants",
			      reason_text_match(step->match, text, sizeof(text)));
		json_put_text(put, object, "has",
			      assign_text_has(step->match, view->pod, has, sizeof(has)));
	}
	if (step->outcome == ASSIGN_CLAIMS || step->outcome == ASSIGN_NO_CLAIM)
		claim(view, object, step);
}

static void assignment(struct view *view, cJSON *doc, const struct assignment *a)
{
	bool levelled = a->state == ASSIGNMENT_LEVEL;
	struct json_put *put = &view->put;
	char text[REASON_TEXT_SIZE];

	json_put_text(put, doc, "state", words_assignment(a->state));
	json_put_text(put, doc, "level", levelled ? names_level(a->level) : NULL);
	json_put_text(put, doc, "role", levelled ? names_role(a->role) : NULL);
	json_put_text(put, doc, "rule",
		      a->rule >= 0 ? reason_text_rule(view->policy, a->rule, text, sizeof(text))
				   : NULL);
	json_put_text(put, doc, "waiting_for",
		      a->state == ASSIGNMENT_WAITING ? a->waiting_for : NULL);
	json_put_bool(put, doc, "kept_online", levelled && a->kept_online);
}

cJSON *policy_why_json(const struct snapshot *snapshot, const struct pod *pod)
{
	struct view view = {.policy = snapshot->policy, .pod = pod};
	const struct status *status = snapshot->status;
	struct json_put *put = &view.put;
	cJSON *doc = cJSON_CreateObject();
	struct assignment a;

	json_put_u64(put, doc, "schema", POLICY_WHY_SCHEMA);
	json_put_text(put, doc, "name", pod->name);
	json_put_text(put, doc, "uid", pod->uid);
	json_put_text(put, doc, "kind", words_pod_kind(pod->kind));
	json_put_text(put, doc, "cgroup", pod->cgroup ? pod->cgroup->path : NULL);
	json_put_text(put, doc, "facts", names_fact(pod->facts_state));
	json_put_text(put, doc, "policy", view.policy->origin);
	json_put_text(put, doc, "policy_state", status ? status->policy_state : NULL);
	json_put_text(put, doc, "policy_digest", status ? status->policy_digest : NULL);
	view.rules = json_put_array(put, doc, "rules");
	assign_explain(view.policy, pod, on_step, &view, &a);
	json_put_u64(put, doc, "not_tried", view.policy->n_rules - view.n_tried);
	assignment(&view, doc, &a);
	if (put->failed) {
		cJSON_Delete(doc);
		return NULL;
	}
	return doc;
}
