// SPDX-License-Identifier: LGPL-2.1-or-later
// See what_if_json.h. A rule is told with the policy that has it: old reasons with the policy in force.
#include "agent/serve/what_if_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/serve/json_put.h"
#include "agent/serve/words.h"
#include "policy/diag.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static const char *const kinds[WHAT_IF_KIND_COUNT] = {
	[WHAT_IF_WRITE] = "write",
	[WHAT_IF_RESTORE] = "restore",
	[WHAT_IF_FORGET] = "forget",
	[WHAT_IF_DROP] = "drop",
};

static void messages(struct json_put *put, cJSON *doc, const struct diags *diags)
{
	cJSON *array = json_put_array(put, doc, "messages");

	for (size_t i = 0; i < diag_count(diags); i++) {
		const struct diag *d = &diags->list[i];
		cJSON *object = json_put_object(put, array, NULL);

		json_put_text(put, object, "severity",
			      d->severity == DIAG_ERROR ? "error" : "warning");
		json_put_text(put, object, "file", d->file);
		json_put_u64(put, object, "line", d->line);
		json_put_u64(put, object, "column", d->col);
		json_put_text(put, object, "text", d->text);
		json_put_text(put, object, "source", d->source);
		json_put_text(put, object, "hint", d->hint);
		json_put_bool(put, object, "about_node", d->about_node);
	}
}

static void policies(struct json_put *put, cJSON *doc, const struct what_if *w)
{
	const struct snapshot *now = w->now;
	cJSON *object = json_put_object(put, doc, "policy");
	char digest[17];

	(void)snprintf(digest, sizeof(digest), "%016" PRIx64, w->digest);
	json_put_text(put, object, "origin", w->policy->origin);
	json_put_text(put, object, "digest", digest);
	object = json_put_object(put, doc, "in_force");
	json_put_text(put, object, "origin", now->policy ? now->policy->origin : NULL);
	json_put_text(put, object, "digest", now->status ? now->status->policy_digest : NULL);
	json_put_text(put, object, "state", now->status ? now->status->policy_state : NULL);
}

static void mode(struct json_put *put, cJSON *array, const struct what_if *w,
		 enum resource resource)
{
	const struct modes *now = &w->now->status->modes;
	bool whole = resource == RESOURCE_INVALID;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "of", whole ? "all" : names_mode_of(resource));
	json_put_text(put, object, "now", names_mode(whole ? now->all : now->by[resource]));
	json_put_text(put, object, "then",
		      names_mode(whole ? w->modes.all : w->modes.by[resource]));
	json_put_text(put, object, "why", mode_why(&w->says, &w->modes, resource));
}

static bool modes(struct json_put *put, cJSON *doc, const struct what_if *w)
{
	cJSON *array = json_put_array(put, doc, "modes");
	bool differ = w->modes.all != w->now->status->modes.all;

	mode(put, array, w, RESOURCE_INVALID);
	for (int r = 0; r < RESOURCE_MODES; r++) {
		mode(put, array, w, (enum resource)r);
		differ |= w->modes.by[r] != w->now->status->modes.by[r];
	}
	return differ;
}

/* Planned, and the file is not there: may yet come with a controller that is handed down. */
static size_t count_missing(const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; plan && i < plan->n_entries; i++) {
		const struct plan_entry *e = &plan->entries[i];

		n += e->cgroup->knobs[e->knob].now.state == KNOB_MISSING;
	}
	return n;
}

static void notes(struct json_put *put, cJSON *doc, const struct what_if *w)
{
	cJSON *array = json_put_array(put, doc, "notes");
	size_t n_missing = count_missing(w->plan);
	char text[256];

	if (n_missing > 0) {
		(void)snprintf(text, sizeof(text),
			       "%zu knob%s that it plans %s not there on this node now: coloctl "
			       "doctor says why",
			       n_missing, n_missing == 1 ? "" : "s", n_missing == 1 ? "is" : "are");
		json_put_element(put, array, text);
	}
	if (w->facts_elsewhere)
		json_put_element(put, array,
				 "it takes the facts of pods from where nobody has asked yet: what "
				 "it would do to Kubernetes pods once they are told is not shown");
	if (w->n_unread > 0) {
		(void)snprintf(text, sizeof(text),
			       "it would look at %zu more cgroups than are read at once: what it "
			       "would do to them is not shown",
			       w->n_unread);
		json_put_element(put, array, text);
	}
}

static void assignment(struct json_put *put, cJSON *parent, const char *key,
		       const struct assignment *a, const struct policy *policy)
{
	cJSON *object = json_put_object(put, parent, key);
	bool levelled = a->state == ASSIGNMENT_LEVEL;
	char rule[REASON_TEXT_SIZE];

	json_put_text(put, object, "state", words_assignment(a->state));
	json_put_text(put, object, "level", levelled ? names_level(a->level) : NULL);
	json_put_text(put, object, "role", levelled ? names_role(a->role) : NULL);
	json_put_text(put, object, "rule",
		      a->rule >= 0 && policy ? reason_text_rule(policy, a->rule, rule, sizeof(rule))
					     : NULL);
	json_put_text(put, object, "waiting_for",
		      a->state == ASSIGNMENT_WAITING ? a->waiting_for : NULL);
	json_put_bool(put, object, "kept_online", levelled && a->kept_online);
	json_put_bool(put, object, "may_hold", levelled && a->may_hold);
}

/* Another rule may give the same. */
static bool is_other_level(const struct what_if_pod *p)
{
	return p->is_pod != p->stays_pod || p->was.state != p->then.state ||
	       p->was.level != p->then.level || p->was.role != p->then.role ||
	       p->was.may_hold != p->then.may_hold || p->was.kept_online != p->then.kept_online;
}

static bool pods(struct json_put *put, cJSON *doc, const struct what_if *w)
{
	cJSON *array = json_put_array(put, doc, "pods");
	bool differ = false;

	for (size_t i = 0; i < w->n_pods; i++) {
		const struct what_if_pod *p = &w->pods[i];
		cJSON *object = json_put_object(put, array, NULL);

		json_put_text(put, object, "name", p->pod->name);
		json_put_text(put, object, "uid", p->pod->uid);
		json_put_text(put, object, "cgroup", p->pod->cgroup ? p->pod->cgroup->path : NULL);
		json_put_bool(put, object, "is_pod", p->is_pod);
		json_put_bool(put, object, "stays_pod", p->stays_pod);
		json_put_bool(put, object, "level_changes", is_other_level(p));
		assignment(put, object, "now", &p->was, w->now->policy);
		assignment(put, object, "then", &p->then, w->policy);
		differ |= is_other_level(p);
	}
	return differ;
}

static void value(struct json_put *put, cJSON *object, const char *key, enum knob knob,
		  const struct knob_value *v)
{
	char text[KNOB_TEXT_SIZE];

	json_put_text(put, object, key,
		      v->state == KNOB_KNOWN ? knob_format(knob, v, text, sizeof(text)) : NULL);
}

static bool changes(struct json_put *put, cJSON *doc, const struct what_if *w)
{
	cJSON *array = json_put_array(put, doc, "changes");
	bool differ = false;

	for (size_t i = 0; i < w->n_changes; i++) {
		const struct what_if_change *c = &w->changes[i];
		const struct pod *pod = c->change.cgroup->pod;
		bool drop = c->kind == WHAT_IF_DROP;
		const struct policy *policy = drop ? w->now->policy : w->policy;
		cJSON *object = json_put_object(put, array, NULL);
		char reason[REASON_TEXT_SIZE];

		json_put_text(put, object, "cgroup", c->change.cgroup->path);
		json_put_text(put, object, "pod", pod ? pod->name : NULL);
		json_put_text(put, object, "knob", knob_file(c->change.knob));
		json_put_text(put, object, "kind", kinds[c->kind]);
		value(put, object, "had", c->change.knob, &c->change.had);
		value(put, object, "want", c->change.knob, drop ? &c->change.had : &c->change.want);
		json_put_text(put, object, "effect", names_effect(c->change.effect));
		json_put_text(put, object, "needs_mode",
			      names_mode(mode_needed(c->change.knob, c->change.effect)));
		json_put_bool(put, object, "allowed", c->allowed);
		json_put_bool(put, object, "alike", c->alike);
		json_put_text(put, object, "reason",
			      reason_text(&c->change.reason, policy, reason, sizeof(reason)));
		differ |= !c->alike;
	}
	return differ;
}

cJSON *what_if_json(const struct what_if *w)
{
	struct json_put put = {0};
	cJSON *doc = cJSON_CreateObject();
	bool changed;

	json_put_u64(&put, doc, "schema", WHAT_IF_SCHEMA);
	json_put_bool(&put, doc, "good", w->policy != NULL);
	json_put_u64(&put, doc, "errors", w->diags->n_errors);
	json_put_u64(&put, doc, "warnings", w->diags->n - w->diags->n_errors);
	messages(&put, doc, w->diags);
	json_put_text(&put, doc, "waits", w->waits);
	if (w->policy && !w->waits) {
		policies(&put, doc, w);
		notes(&put, doc, w);
		changed = modes(&put, doc, w);
		changed |= pods(&put, doc, w);
		changed |= changes(&put, doc, w);
		json_put_bool(&put, doc, "changed", changed);
	}
	if (put.failed) {
		cJSON_Delete(doc);
		return NULL;
	}
	return doc;
}
