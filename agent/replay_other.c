// SPDX-License-Identifier: LGPL-2.1-or-later
// See replay_other.h. Both policies decide every pass; a difference is printed when it appears and
// when it changes. The series is what was measured under the recorded policy: what the other one
// would have written does not act back on it, and the first lines say so.
#include "agent/replay_other.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/policy_files.h"
#include "policy/decide.h"
#include "policy/diag.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/read.h"
#include "policy/reason_text.h"
#include "policy/record_pod.h"

/* Hashes of the last difference; 0: there was none. */
struct replay_told {
	uint64_t inode;
	uint64_t knobs[KNOB_COUNT];
};

static int read_policy(struct replay_other *o, const struct options *options)
{
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	char text[DIAG_FORMAT_SIZE];
	int r;

	if (!diags)
		return -ENOMEM;
	r = policy_files_read(-EBADF, options->policy_files, options->n_policy_files, diags,
			      &o->policy);
	for (size_t i = 0; i < diag_count(diags); i++)
		fprintf(stderr, "%s\n", diag_format(&diags->list[i], text, sizeof(text)));
	return r;
}

int replay_other_init(struct replay_other *o, const struct options *options,
		      const struct record_reader *reader)
{
	int r;

	replay_side_init(&o->recorded, NULL);
	replay_side_init(&o->other, NULL);
	if (!record_reader_has_names(reader)) {
		fputs("colod: the names in this record are pseudonyms, which no rule of another "
		      "policy could match: record without --record-pseudonyms\n",
		      stderr);
		return -EINVAL;
	}
	r = read_policy(o, options);
	if (r < 0)
		return r;
	o->other.policy = o->policy;
	printf("what %s would have decided on this series, where it differs (recorded → other); what "
	       "it would have written does not act back on what was measured\n",
	       o->policy->origin);
	return 0;
}

void replay_other_done(struct replay_other *o)
{
	policy_free(o->policy);
	replay_side_done(&o->recorded);
	replay_side_done(&o->other);
	free(o->told);
	free(o->levels);
}

/* A record has the labels that its own policy asks for. */
static void check_keys(struct replay_other *o, const struct policy *recorded)
{
	if (o->keys_checked == recorded)
		return;
	o->keys_checked = recorded;
	for (size_t i = 0; i < o->policy->n_rules; i++) {
		const struct assign_rule *rule = &o->policy->rules[i];

		for (size_t k = 0; k < rule->n_matches; k++) {
			const char *key = rule->matches[k].key;

			if (key && !record_pod_is_asked(recorded, key))
				fprintf(stderr,
					"colod: %s:%u: the record does not have the label or "
					"annotation \"%s\": it counts as absent\n",
					rule->file, rule->line, key);
		}
	}
}

static int reserve(struct replay_other *o, const struct record_replayed *given)
{
	size_t n_ids = 0;

	for (size_t i = 0; i < given->model->n_cgroups; i++)
		if (given->ids[i] >= n_ids)
			n_ids = (size_t)given->ids[i] + 1;
	if (n_ids > o->n_told) {
		struct replay_told *grown = reallocarray(o->told, n_ids * 2, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + o->n_told, 0, (n_ids * 2 - o->n_told) * sizeof(*grown));
		o->told = grown;
		o->n_told = n_ids * 2;
	}
	if (given->model->n_slots > o->n_levels) {
		size_t n = (size_t)given->model->n_slots * 2;
		uint64_t *grown = reallocarray(o->levels, n, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + o->n_levels, 0, (n - o->n_levels) * sizeof(*grown));
		o->levels = grown;
		o->n_levels = n;
	}
	return 0;
}

static void begin_line(struct replay_other *o, int64_t now_us)
{
	if (!o->pass_said)
		printf("pass %" PRIu64 " at %" PRId64 ".%06" PRId64 " s\n", o->passes,
		       now_us / 1000000, now_us % 1000000);
	o->pass_said = true;
	o->differences++;
	fputs("  ", stdout);
}

/* Names come out of a file: nothing that moves a cursor. */
static void print_safe(const char *text)
{
	struct record_buf safe = {0};

	record_put_rest(&safe, text, strlen(text));
	printf("%.*s", (int)safe.n, safe.n > 0 ? safe.text : "");
	record_buf_free(&safe);
}

static void print_reason(const struct reason *reason, const struct policy *policy)
{
	char text[REASON_TEXT_SIZE];

	fputs(": ", stdout);
	print_safe(reason_text(reason, policy, text, sizeof(text)));
	putchar('\n');
}

static const char *level_text(const struct assignment *a, char *buf, size_t size)
{
	if (a->state == ASSIGNMENT_LEVEL)
		snprintf(buf, size, "%s %s", names_level(a->level), names_role(a->role));
	else if (a->state == ASSIGNMENT_WAITING)
		snprintf(buf, size, "waiting for %s", a->waiting_for);
	else
		snprintf(buf, size, "no rule");
	return buf;
}

static void compare_levels(struct replay_other *o, const struct record_replayed *given)
{
	char a[64], b[64], rule[REASON_TEXT_SIZE];

	for (size_t i = 0; i < given->model->n_pods; i++) {
		const struct pod *pod = given->model->pods[i];
		const struct assignment *was = plan_assignment(&o->recorded.plan, pod);
		const struct assignment *is = plan_assignment(&o->other.plan, pod);
		uint64_t h = 0;

		level_text(was, a, sizeof(a));
		level_text(is, b, sizeof(b));
		if (strcmp(a, b) != 0)
			h = record_mix(record_hash(a, strlen(a)) ^ pod->serial,
				       record_hash(b, strlen(b))) |
			    1;
		if (o->levels[pod->slot] == h)
			continue;
		o->levels[pod->slot] = h;
		begin_line(o, given->now_us);
		print_safe(pod->name);
		printf(": %s → %s", a, b);
		if (is->rule >= 0) {
			fputs(", ", stdout);
			print_safe(reason_text_rule(o->policy, is->rule, rule, sizeof(rule)));
		}
		putchar('\n');
	}
}

static void compare_rungs(struct replay_other *o, const struct record_replayed *given)
{
	for (int i = 0; i < RESOURCE_COUNT; i++) {
		int a = (int)o->recorded.ladders.of[i].rung, b = (int)o->other.ladders.of[i].rung;

		if (o->apart[i] == a - b)
			continue;
		o->apart[i] = a - b;
		begin_line(o, given->now_us);
		printf("rung of %s: %s → %s", names_resource((enum resource)i),
		       names_rung((enum rung)a), names_rung((enum rung)b));
		print_reason(&o->other.ladders.of[i].reason, o->policy);
	}
}

static bool same_entry(const struct plan_entry *a, const struct plan_entry *b)
{
	if (!a || !b)
		return a == b;
	return knob_same(a->knob, &a->want, &b->want) && a->effect == b->effect;
}

static const char *entry_text(const struct plan_entry *e, enum knob knob, char *buf)
{
	if (!e)
		return "left alone";
	return knob_format(knob, &e->want, buf, KNOB_TEXT_SIZE);
}

static void compare_knob(struct replay_other *o, const struct record_replayed *given,
			 const struct cgroup *cg, enum knob knob, uint64_t *told)
{
	const struct plan_entry *was = plan_find(&o->recorded.plan, cg, knob);
	const struct plan_entry *is = plan_find(&o->other.plan, cg, knob);
	char a[KNOB_TEXT_SIZE], b[KNOB_TEXT_SIZE];
	uint64_t h = 0;

	if (!same_entry(was, is)) {
		h = was ? record_mix_value(1, knob, &was->want) : 1;
		h = is ? record_mix_value(h, knob, &is->want) : record_mix(h, 0);
		h = record_mix(h, (uint64_t) !!was << 1 | !!is) | 1;
	}
	if (*told == h)
		return;
	*told = h;
	begin_line(o, given->now_us);
	print_safe(cg->path);
	printf(" %s: %s → %s", knob_name(knob), entry_text(was, knob, a), entry_text(is, knob, b));
	if (!is || same_entry(was, is)) {
		putchar('\n');
		return;
	}
	printf(" (%s)", names_effect(is->effect));
	print_reason(&is->reason, o->policy);
}

static void compare_plans(struct replay_other *o, const struct record_replayed *given)
{
	const struct model *m = given->model;

	for (size_t i = 0; i < m->n_cgroups; i++) {
		struct replay_told *told = &o->told[given->ids[i]];

		if (told->inode != m->cgroups[i]->inode)
			*told = (struct replay_told){.inode = m->cgroups[i]->inode};
		for (int k = 0; k < KNOB_COUNT; k++)
			compare_knob(o, given, m->cgroups[i], (enum knob)k, &told->knobs[k]);
	}
}

int replay_other_pass(struct replay_other *o, const struct record_replayed *given)
{
	struct record_pass recorded, other;
	int r = reserve(o, given);

	if (r == 0)
		r = replay_side_pass(&o->recorded, given, &recorded);
	if (r == 0)
		r = replay_side_pass(&o->other, given, &other);
	if (r < 0)
		return r;
	o->passes++;
	o->pass_said = false;
	check_keys(o, recorded.policy);
	compare_levels(o, given);
	compare_rungs(o, given);
	compare_plans(o, given);
	return 0;
}

int replay_other_end(struct replay_other *o)
{
	printf("%" PRIu64 " passes, %" PRIu64 " differences\n", o->passes, o->differences);
	return fflush(stdout) != 0 ? 2 : 0;
}
