// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_read.h. One line is one statement; the table below says who takes which.
#include "policy/record_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/diag.h"
#include "policy/names.h"
#include "policy/record_evict.h"
#include "policy/record_floor.h"
#include "policy/record_io.h"
#include "policy/record_kill.h"
#include "policy/record_manual.h"
#include "policy/record_model.h"
#include "policy/record_net_given.h"
#include "policy/record_node.h"
#include "policy/record_policy.h"
#include "policy/record_words.h"

/* A version is told in this many bytes at most. */
#define VERSION_SHOWN 40

struct record_reader {
	const char *text; /* borrowed */
	size_t len;
	size_t at;
	uint64_t line;
	char *error;
	bool with_names;
	bool with_steps;
	bool in_pass;
	bool torn;
	struct record_model *model;
	struct policy *policy;	      /* owned */
	struct record_policy sources; /* of the policy in force */
	struct record_policy coming;  /* of the one that is being read */
	struct modes modes;
	struct ladders ladders;
	uint32_t ladders_given; /* 1 << enum resource */
	struct io_holds holds;
	bool holds_given;
	struct floor_cpu floor;
	bool floor_given;
	struct record_kill_given kill;
	struct record_evict_given evict;
	struct evict_order order;
	bool order_given;
	struct record_net_given net;
	uint64_t passes;
	struct record_replayed pass;
	struct record_buf steps;
	uint64_t *step_lines;
	size_t cap_steps;
	struct manual manual; /* of the pass, as its model has them */
};

static int fail(struct record_reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct record_reader *r, const char *format, ...)
{
	va_list args;
	int n = snprintf(r->error, RECORD_ERROR_SIZE, "line %" PRIu64 ": ", r->line);

	va_start(args, format);
	(void)vsnprintf(r->error + n, RECORD_ERROR_SIZE - (size_t)n, format, args);
	va_end(args);
	return -EBADMSG;
}

/* The next whole line. false at the end; what is no whole line there was torn off. */
static bool next_line(struct record_reader *r, struct record_line *ret_line)
{
	const char *start = r->text + r->at, *end;

	if (r->at == r->len)
		return false;
	end = memchr(start, '\n', r->len - r->at);
	if (!end) {
		r->torn = true;
		return false;
	}
	*ret_line = (struct record_line){start, (size_t)(end - start)};
	r->at += ret_line->len + 1;
	r->line++;
	return true;
}

/* --- the policy ------------------------------------------------------------------------------ */

static int refuse_policy(struct record_reader *r, const struct diags *diags)
{
	const struct diag *d = diags->list;

	while (d < &diags->list[diag_count(diags) - 1] && d->severity != DIAG_ERROR)
		d++;
	return fail(r, "this version does not accept the recorded policy: %.80s:%u: %.100s",
		    d->file, d->line, d->text);
}

static int on_policy_end(struct record_reader *r)
{
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	struct policy *policy = NULL;
	int rc = diags ? record_policy_end(&r->coming, diags, &policy) : -ENOMEM;

	if (rc == -EINVAL)
		return refuse_policy(r, diags);
	if (rc < 0)
		return rc;
	policy_free(r->policy);
	record_policy_free(&r->sources);
	r->policy = policy;
	r->sources = r->coming;
	r->coming = (struct record_policy){0};
	return 0;
}

/* --- the pass -------------------------------------------------------------------------------- */

static int on_time(struct record_reader *r, struct record_line *line)
{
	struct record_line word;
	int64_t now_us = 0;

	if (r->coming.open || r->in_pass || !record_next(line, &word) ||
	    record_get_i64(&word, &now_us) < 0 || line->len > 0)
		return -EBADMSG;
	if (!r->policy)
		return fail(r, "a pass before any policy");
	r->in_pass = true;
	r->ladders_given = r->passes == 0 ? (1u << RESOURCE_COUNT) - 1 : 0;
	r->floor_given = false;
	r->holds_given = false;
	record_kill_begin(&r->kill);
	record_evict_begin(&r->evict);
	record_net_given_begin(&r->net);
	r->order_given = false;
	r->pass.now_us = now_us;
	r->pass.line = r->line;
	r->steps.n = 0;
	r->pass.n_steps = 0;
	return 0;
}

static int on_step(struct record_reader *r, const struct record_line *line)
{
	if (!r->with_steps)
		return fail(r, "a step in a record that says that it has none");
	if (r->pass.n_steps == r->cap_steps) {
		size_t cap = r->cap_steps ? r->cap_steps * 2 : 64;
		uint64_t *grown = reallocarray(r->step_lines, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->step_lines = grown;
		r->cap_steps = cap;
	}
	r->step_lines[r->pass.n_steps++] = r->line;
	record_put_bytes(&r->steps, line->at, line->len);
	record_put_bytes(&r->steps, "\n", 1);
	return r->steps.failed ? -ENOMEM : 0;
}

static int on_ladder(struct record_reader *r, struct record_line *line)
{
	struct record_line word;

	int resource;

	if (!record_next(line, &word))
		return -EBADMSG;
	resource = RECORD_WORD_FROM(&word, RESOURCE_COUNT, names_resource, enum resource);
	if (resource < 0 || record_words_get_ladder(line, &r->ladders.of[resource]) < 0 ||
	    line->len > 0)
		return -EBADMSG;
	r->ladders_given |= 1u << resource;
	return 0;
}

/* A branch belongs to the counters before it, in the same pass. */
static int on_floor(struct record_reader *r, struct record_line *line)
{
	bool begins = line->len > 0 && line->at[0] == 'c';

	if (!begins && !r->floor_given)
		return -EBADMSG;
	r->floor_given = true;
	return record_floor_get(line, &r->floor);
}

static int on_modes(struct record_reader *r, struct record_line *line)
{
	return record_words_get_modes(line, &r->modes) < 0 || line->len > 0 ? -EBADMSG : 0;
}

static int on_end(struct record_reader *r)
{
	const char *why = NULL;
	int rc = record_model_link(r->model, &why);

	if (rc == -EBADMSG)
		return fail(r, "%s", why);
	if (rc < 0)
		return rc;
	r->in_pass = false;
	r->passes++;
	r->pass.model = record_model_get(r->model);
	r->pass.samples = record_model_samples(r->model);
	r->pass.ids = record_model_ids(r->model);
	r->pass.modes = &r->modes;
	for (int i = 0; i < RESOURCE_COUNT; i++)
		r->pass.ladders[i] = r->ladders_given & (1u << i) ? &r->ladders.of[i] : NULL;
	r->pass.floor = r->floor_given ? &r->floor : NULL;
	r->pass.holds = r->holds_given ? &r->holds : NULL;
	r->pass.kill = r->kill.given ? &r->kill.before : NULL;
	r->pass.kill_memory = r->kill.memory;
	r->pass.n_kill_memory = r->kill.n_memory;
	r->pass.evict = r->evict.given ? &r->evict : NULL;
	r->pass.order = r->order_given ? &r->order : NULL;
	r->pass.net = record_net_given_is(&r->net, r->pass.now_us) ? &r->net : NULL;
	r->pass.policy = r->policy;
	r->pass.assignments = r->with_names ? NULL : record_model_assignments(r->model);
	r->pass.n_assignments = r->pass.model->n_slots;
	r->pass.steps = r->steps.text;
	r->pass.steps_len = r->steps.n;
	r->pass.step_lines = r->step_lines;
	return 1;
}

/* At most one in a pass: who orders the next one waits for this pass. */
static int on_evict_order(struct record_reader *r, struct record_line *line)
{
	if (r->order_given)
		return -EBADMSG;
	r->order_given = true;
	return record_evict_order_get(line, &r->order);
}

/* What describes the model. */
static int on_model(struct record_reader *r, const struct record_line *word,
		    struct record_line *line)
{
	struct model *m = record_model_get(r->model);

	if (record_is(word, "s"))
		return record_model_sample(r->model, line, r->pass.now_us);
	if (record_is(word, "there"))
		return record_model_there(r->model, line, r->pass.now_us);
	if (record_is(word, "usual"))
		return record_model_usual(r->model, line);
	if (record_is(word, "n"))
		return record_model_node_sample(r->model, line, r->pass.now_us);
	if (record_is(word, "io"))
		return record_model_pod_disks(r->model, line, r->pass.now_us);
	if (record_is(word, "disk"))
		return record_model_disk(r->model, line);
	if (record_is(word, "disks"))
		return record_model_disks(r->model, line);
	if (record_is(word, "k"))
		return record_model_knobs(r->model, line);
	if (record_is(word, "manual")) {
		m->manual = &r->manual;
		return record_manual_get(line, &r->manual);
	}
	if (record_is(word, "calibrate"))
		return record_node_get_calibrate(line, m);
	if (record_is(word, "cg"))
		return record_model_cgroup(r->model, line);
	if (record_is(word, "order"))
		return record_model_order(r->model, line);
	if (record_is(word, "pod"))
		return record_model_pod(r->model, line);
	if (record_is(word, "facts"))
		return record_model_facts(r->model, line);
	if (record_is(word, "label") || record_is(word, "annotation"))
		return record_model_label(r->model, line, word->at[0] == 'a');
	if (record_is(word, "pods"))
		return record_model_pods(r->model, line);
	if (record_is(word, "assign"))
		return r->with_names ? -EBADMSG : record_model_assignment(r->model, line);
	if (record_is(word, "cut"))
		return record_model_cut(r->model, line);
	if (record_is(word, "node"))
		return record_node_get(line, &m->node);
	if (record_is(word, "cpus"))
		return record_node_get_cpus(line, &m->node);
	if (record_is(word, "can"))
		return record_node_get_can(line, m);
	if (record_is(word, "tree"))
		return record_node_get_tree(line, m);
	return -EBADMSG;
}

/* 1 at the end of a pass. */
static int on_line(struct record_reader *r, struct record_line line)
{
	struct record_line word;

	if (line.len == 0 || line.at[0] == '#')
		return 0;
	if (!record_next(&line, &word))
		return -EBADMSG;
	if (record_is(&word, "policy"))
		return r->in_pass ? -EBADMSG : record_policy_begin(&r->coming, &line);
	if (record_is(&word, "source"))
		return record_policy_source(&r->coming, &line);
	if (record_is(&word, "y") || record_is(&word, "Y"))
		return record_policy_text(&r->coming, &line, word.at[0] == 'y');
	if (record_is(&word, "policy-end"))
		return on_policy_end(r);
	if (record_is(&word, "t"))
		return on_time(r, &line);
	if (!r->in_pass)
		return fail(r, "\"%.*s\" outside of a pass (a pass begins with \"t\")",
			    (int)(word.len < 20 ? word.len : 20), word.at);
	if (record_is(&word, ">"))
		return on_step(r, &line);
	if (record_is(&word, "end"))
		return line.len > 0 ? -EBADMSG : on_end(r);
	if (record_is(&word, "ladder"))
		return on_ladder(r, &line);
	if (record_is(&word, "floor"))
		return on_floor(r, &line);
	if (record_is(&word, "hold")) {
		r->holds_given = true;
		return record_io_get_hold(&line, &r->holds);
	}
	if (record_is(&word, "kill"))
		return record_kill_get(&line, r->pass.now_us, &r->kill);
	if (record_is(&word, "evict"))
		return record_evict_get(&line, r->pass.now_us, &r->evict);
	if (record_is(&word, "evict-order"))
		return on_evict_order(r, &line);
	if (record_is(&word, "net"))
		return record_net_given_get(&line, r->pass.now_us, &r->net);
	if (record_is(&word, "modes"))
		return on_modes(r, &line);
	return on_model(r, &word, &line);
}

static bool is_safe(const struct record_line *line)
{
	for (size_t i = 0; i < line->len;) {
		size_t n = diag_printable(line->at + i, line->len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/* The rest of a file whose end was lost with the machine's power reads as zeros. */
static bool is_lost(const struct record_reader *r, const struct record_line *line)
{
	for (const char *p = line->at; p < r->text + r->len; p++)
		if (*p != '\0')
			return false;
	return true;
}

int record_reader_pass(struct record_reader *r, char error[RECORD_ERROR_SIZE],
		       struct record_replayed *ret_pass)
{
	struct record_line line;

	r->error = error;
	error[0] = '\0';
	while (next_line(r, &line)) {
		int rc;

		if (!is_safe(&line)) {
			if (is_lost(r, &line))
				break;
			return fail(r, "a character that does not belong into a record");
		}
		rc = on_line(r, line);
		if (rc == -EBADMSG && error[0] == '\0')
			return fail(r, "not understood: \"%.*s\"",
				    (int)(line.len < 60 ? line.len : 60), line.at);
		if (rc < 0)
			return rc;
		if (rc == 1) {
			*ret_pass = r->pass;
			return 1;
		}
	}
	r->torn = r->torn || r->in_pass || r->coming.open || r->at < r->len;
	return 0;
}

/* --- the head -------------------------------------------------------------------------------- */

static int read_version(struct record_reader *r)
{
	static const char version[] = RECORD_VERSION, name[] = "colod-record ";
	struct record_line line;

	if (!next_line(r, &line) || !is_safe(&line) || line.len < sizeof(name) - 1 ||
	    memcmp(line.at, name, sizeof(name) - 1) != 0)
		return fail(r, "this is not a record: one begins with \"" RECORD_VERSION "\"");
	if (!record_is(&line, version))
		return fail(r,
			    "the record has the version \"%.*s\", this colod reads \"%s\": replay "
			    "it with the colod that made it",
			    (int)(line.len < VERSION_SHOWN ? line.len : VERSION_SHOWN), line.at,
			    version);
	return 0;
}

static int read_choice(struct record_reader *r, const char *yes, const char *no, bool *ret_yes)
{
	struct record_line line;

	do {
		if (!next_line(r, &line) || !is_safe(&line))
			return fail(r, "the head of the record is cut short");
	} while (line.len == 0 || line.at[0] == '#');
	*ret_yes = record_is(&line, yes);
	if (!*ret_yes && !record_is(&line, no))
		return fail(r, "expected \"%s\" or \"%s\"", yes, no);
	return 0;
}

static void free_reader(struct record_reader **r)
{
	record_reader_free(*r);
}

int record_reader_new(const char *text, size_t len, char error[RECORD_ERROR_SIZE],
		      struct record_reader **ret_reader)
{
	_cleanup_(free_reader) struct record_reader *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	r->text = text;
	r->len = len;
	r->error = error;
	r->model = record_model_new();
	if (!r->model)
		return -ENOMEM;
	if (len > RECORD_TEXT_MAX)
		return fail(r, "longer than any record may be (1 GiB)");
	rc = read_version(r);
	if (rc == 0)
		rc = read_choice(r, "names plain", "names pseudonyms", &r->with_names);
	if (rc == 0)
		rc = read_choice(r, "steps yes", "steps no", &r->with_steps);
	if (rc < 0)
		return rc;
	*ret_reader = TAKE_PTR(r);
	return 0;
}

void record_reader_free(struct record_reader *r)
{
	if (!r)
		return;
	record_model_free(r->model);
	policy_free(r->policy);
	record_policy_free(&r->sources);
	record_policy_free(&r->coming);
	record_kill_given_done(&r->kill);
	record_evict_given_done(&r->evict);
	record_net_given_done(&r->net);
	record_buf_free(&r->steps);
	free(r->step_lines);
	free(r);
}

bool record_reader_has_steps(const struct record_reader *r)
{
	return r->with_steps;
}

bool record_reader_has_names(const struct record_reader *r)
{
	return r->with_names;
}

bool record_reader_is_torn(const struct record_reader *r)
{
	return r->torn;
}

const struct policy_source *record_reader_sources(const struct record_reader *r, size_t *ret_n)
{
	*ret_n = r->sources.n;
	return r->sources.sources;
}
