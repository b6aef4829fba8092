// SPDX-License-Identifier: LGPL-2.1-or-later
// See once.h. The text is stable (golden tests compare it): pods in path order, changes in the
// order in which they would be written, each with its reason.
#include "agent/once.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/serve/snapshot_json.h"
#include "agent/state.h"
#include "agent/tick.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "policy/reason_text.h"

#define FACTS_WAIT_MS 10000

static void print_node(const struct snapshot *s)
{
	const struct node *n = &s->model->node;

	printf("node: %zu CPUs, %llu MiB memory, kernel %s, kubepods: %s driver\n", n->n_cpus,
	       (unsigned long long)(n->memory_bytes >> 20), n->kernel,
	       names_driver(s->model->driver));
	printf("mode: %s (%s)\n", names_mode(s->status->modes.all),
	       mode_why(&s->status->mode_says, &s->status->modes, RESOURCE_INVALID));
	printf("policy: %s (%s)\n", s->policy->origin, s->status->policy_state);
	if (s->model->facts_note[0])
		printf("facts: %s\n", s->model->facts_note);
	if (s->model->skipped_names)
		printf("skipped: %u cgroups, see the log\n", s->model->skipped_names);
}

static const char *assignment_text(const struct assignment *a, char *buf, size_t size)
{
	if (a->state == ASSIGNMENT_LEVEL)
		snprintf(buf, size, "%s %-7s", names_level(a->level), names_role(a->role));
	else if (a->state == ASSIGNMENT_WAITING)
		snprintf(buf, size, "-- waiting for: %s", a->waiting_for);
	else
		snprintf(buf, size, "-- no rule");
	return buf;
}

static void print_pods(const struct snapshot *s)
{
	char text[96], rule[REASON_TEXT_SIZE];

	printf("\npods: %zu\n", s->model->n_pods);
	for (size_t i = 0; i < s->model->n_pods; i++) {
		const struct pod *pod = s->model->pods[i];
		const struct assignment *a = plan_assignment(s->plan, pod);

		printf("  %s  %s  [%s, facts %s%s]", assignment_text(a, text, sizeof(text)),
		       pod->name, names_qos(pod->qos), names_fact(pod->facts_state),
		       pod->resources.cpu_request_milli.state == FACT_DERIVED ||
				       pod->resources.memory_limit_bytes.state == FACT_DERIVED
			       ? ", requests derived"
			       : "");
		if (a->rule >= 0)
			printf("  %s%s", a->state == ASSIGNMENT_WAITING ? "stopped at: " : "",
			       reason_text_rule(s->policy, a->rule, rule, sizeof(rule)));
		putchar('\n');
	}
}

static void print_change(const struct change *c, const struct policy *policy)
{
	char had[KNOB_TEXT_SIZE], want[KNOB_TEXT_SIZE], why[REASON_TEXT_SIZE];

	printf("  %-11s %s → %s  (%s) %s%s%s\n", knob_file(c->knob),
	       knob_format(c->knob, &c->had, had, sizeof(had)),
	       knob_format(c->knob, &c->want, want, sizeof(want)), names_effect(c->effect),
	       reason_text(&c->reason, policy, why, sizeof(why)),
	       c->refusal != REFUSAL_NONE ? "  REFUSED: " : "",
	       c->refusal != REFUSAL_NONE ? names_refusal(c->refusal) : "");
}

static void print_changes(const struct changes *changes, const struct policy *policy,
			  const char *title)
{
	const struct cgroup *last = NULL;

	printf("\n%s: %zu\n", title, changes->n);
	for (size_t i = 0; i < changes->n; i++) {
		if (changes->list[i].cgroup != last) {
			last = changes->list[i].cgroup;
			printf("  %s\n", last->path[0] ? last->path : "/");
		}
		fputs("  ", stdout);
		print_change(&changes->list[i], policy);
	}
}

static int print_text(struct state *s)
{
	struct snapshot snapshot = state_snapshot(s);
	struct changes would = {0};
	size_t refused = 0;

	print_node(&snapshot);
	print_pods(&snapshot);
	print_changes(&s->last_changes, s->policy, "done");
	if (diff(snapshot.model, &s->plan, &s->status.modes, true, &would) < 0)
		return 1;
	print_changes(&would, s->policy,
		      mode_highest(&s->status.modes) <= MODE_OBSERVE
			      ? "would change (nothing was written)"
			      : "still to change, or not allowed");
	changes_free(&would);
	for (size_t i = 0; i < s->last_changes.n; i++)
		refused += s->last_changes.list[i].refusal != REFUSAL_NONE;
	printf("\n%llu written, %llu restored, %zu refused, %llu withheld by the mode\n",
	       (unsigned long long)s->status.writes, (unsigned long long)s->status.restores,
	       refused, (unsigned long long)s->status.withheld);
	return refused > 0;
}

static int print_json(const struct state *s)
{
	struct snapshot snapshot = state_snapshot(s);
	cJSON *json = snapshot_json(&snapshot);
	char *text = json ? cJSON_Print(json) : NULL;

	if (text)
		puts(text);
	cJSON_free(text);
	cJSON_Delete(json);
	return text ? 0 : 1;
}

static void free_state(struct state **s)
{
	state_free(*s);
}

/* Without facts a pass says no more than that all pods wait, and does nothing to them: one answer is
 * waited for, and the pass made again. */
static void wait_for_facts(struct state *s)
{
	struct pollfd answer = {.fd = discover_facts_fd(s->discover), .events = POLLIN};
	int r;

	if (!discover_facts_pending(s->discover))
		return;
	r = sys_poll(&answer, 1, FACTS_WAIT_MS);
	if (r == 0)
		log_warning("once.facts",
			    "no answer within %d s: pods whose facts it would have "
			    "told are not touched",
			    FACTS_WAIT_MS / 1000);
	if (r > 0)
		tick(s, clock_now_us());
}

int once_run(const struct options *options)
{
	_cleanup_(free_state) struct state *s = NULL;

	if (state_new(options, &s) < 0)
		return 1;
	tick(s, clock_now_us());
	wait_for_facts(s);
	if (fflush(stdout) != 0)
		return 1;
	return options->json ? print_json(s) : print_text(s);
}
