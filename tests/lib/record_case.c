// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_case.h.
#include "tests/lib/record_case.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/replay_side.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/floor.h"
#include "policy/knob.h"
#include "policy/ring.h"
#include "policy/score.h"
#include "policy/steps.h"
#include "tests/lib/test.h"

static void require(bool condition)
{
	if (!condition)
		abort();
}

void record_case_open(struct record_case *c, const struct record_names *names)
{
	record_case_open_with(c, names, RECORD_CASE_POLICY);
}

void record_case_open_with(struct record_case *c, const struct record_names *names,
			   const char *policy)
{
	const struct policy_source source = {
		.name = "etc/colod/policy.d/50-team-blue.yaml",
		.text = policy,
		.len = strlen(policy),
	};
	struct diags *diags = calloc(1, sizeof(*diags));

	*c = (struct record_case){.modes.all = MODE_SQUEEZE};
	for (int r = 0; r < RESOURCE_COUNT; r++)
		c->modes.by[r] = MODE_SQUEEZE;
	require(diags && policy_read(&source, 1, diags, &c->policy) == 0);
	free(diags);
	require(record_writer_new(names, &c->writer) == 0);
	record_writer_begin(c->writer, "test", true, &c->text);
	require(record_writer_policy(c->writer, &source, 1, &c->text) == 0);
}

void record_case_close(struct record_case *c)
{
	record_writer_free(c->writer);
	record_buf_free(&c->text);
	policy_free(c->policy);
	plan_free(&c->plan);
	scores_free(&c->scores);
	changes_free(&c->changes);
}

static struct net_pass_done net_of(struct record_case *c, const struct fake *f, int64_t now_us)
{
	const struct net_pass_in in = {
		.policy = c->policy,
		.model = &f->model,
		.plan = &c->plan,
		.view = c->view,
		.before = c->counted,
		.now = c->counts,
		.mode = c->modes.by[RESOURCE_NET],
		.asked = !c->unasked,
		.now_us = now_us,
	};
	struct net_pass_done done;

	net_pass(&in, &c->net, &done);
	return done;
}

static void hand_in(struct record_case *c, const struct net_pass_done *done, int64_t now_us)
{
	enum net_pace_due due = net_pace_due(done->why);

	if (due != NET_PACE_NOT && !c->busy)
		net_pace_handed(&c->net.pace, &done->wanted, due == NET_PACE_BRIEF, now_us);
}

void record_case_pass(struct record_case *c, const struct fake *f, int64_t now_us)
{
	struct ladders before = c->ladders;
	struct floor_cpu floor_before = c->floor;
	struct net_state net_before = c->net;
	struct net_pass_done done = {0};
	const struct record_net net = {
		.view = c->view,
		.asked = !c->unasked,
		.counted = c->counted,
		.counts = c->counts,
		.sent = c->sent,
		.n_sent = c->view ? c->view->n_pods : 0,
		.before = &net_before,
		.plan = &c->net.plan,
		.done = &done,
	};
	const struct record_pass pass = {
		.now_us = now_us,
		.modes = &c->modes,
		.model = &f->model,
		.samples = &f->samples,
		.policy = c->policy,
		.ladders_before = &before,
		.ladders_after = &c->ladders,
		.floor_before = &floor_before,
		.floor_after = &c->floor,
		.plan = &c->plan,
		.scores = &c->scores,
		.changes = &c->changes,
		.net = c->view ? &net : NULL,
	};
	const struct score_look scored = {
		.model = &f->model,
		.samples = &f->samples,
		.plan = &c->plan,
	};

	require(decide(&f->model, &f->samples, c->policy, now_us, &c->ladders, &c->plan) == 0);
	floor_step(&c->floor, &f->model, &f->samples, &c->plan, now_us);
	require(score(&scored, &c->scores) == 0);
	require(diff(&f->model, &c->plan, &c->modes, false, &c->changes) == 0);
	if (c->view)
		done = net_of(c, f, now_us);
	require(record_writer_pass(c->writer, &pass, &c->text) == 0);
	hand_in(c, &done, now_us);
}

void record_case_apply(struct record_case *c, struct fake *f)
{
	struct plan plan = f->plan;

	f->plan = c->plan;
	(void)fake_apply(f);
	f->plan = plan;
}

struct record_reader *record_case_read(const struct record_buf *text)
{
	struct record_reader *reader = NULL;
	char error[RECORD_ERROR_SIZE];

	if (record_reader_new(text->text, text->n, error, &reader) < 0)
		fail_msg("%s", error);
	return reader;
}

static bool is_recorded(const struct record_buf *told, const struct record_replayed *given)
{
	return told->n == given->steps_len &&
	       (told->n == 0 || memcmp(told->text, given->steps, told->n) == 0);
}

uint64_t record_case_replay(const struct record_buf *text, uint64_t *ret_differs)
{
	struct record_reader *reader = record_case_read(text);
	struct steps *steps = steps_new();
	struct record_replayed given;
	struct record_buf told = {0};
	struct replay_side side;
	char error[RECORD_ERROR_SIZE];
	uint64_t n = 0;
	int r;

	*ret_differs = 0;
	require(steps);
	replay_side_init(&side, NULL);
	while ((r = record_reader_pass(reader, error, &given)) == 1) {
		struct record_pass pass;

		n++;
		told.n = 0;
		require(replay_side_pass(&side, &given, &pass) == 0);
		require(steps_tell(steps, &pass, given.ids, NULL, "", &told) == 0);
		if (*ret_differs == 0 && !is_recorded(&told, &given)) {
			*ret_differs = n;
			/* Not by cmocka, which cuts what is long, and the next test's line with it. */
			(void)fprintf(stderr, "# pass %" PRIu64 "\n# recorded:\n%.*s# now:\n%.*s",
				      n, (int)given.steps_len, given.steps, (int)told.n, told.text);
		}
	}
	if (r < 0)
		fail_msg("%s", error);
	replay_side_done(&side);
	steps_free(steps);
	record_buf_free(&told);
	record_reader_free(reader);
	return n;
}

static bool differs(const char *what, const char *where)
{
	print_message("# %s differs: %s\n", what, where);
	return false;
}

static bool same_value(enum knob knob, const struct knob_value *a, const struct knob_value *b)
{
	return knob_same(knob, a, b);
}

static bool same_knob(enum knob knob, const struct knob_state *a, const struct knob_state *b)
{
	if (!same_value(knob, &a->now, &b->now) || a->owned != b->owned)
		return false;
	if (a->owned && !same_value(knob, a->told.state == KNOB_KNOWN ? &a->told : &a->written,
				    b->told.state == KNOB_KNOWN ? &b->told : &b->written))
		return false;
	return !a->owned || (a->held == b->held && same_value(knob, &a->original, &b->original) &&
			     same_value(knob, &a->written, &b->written));
}

static bool same_cgroup(const struct cgroup *a, const struct cgroup *b)
{
	if (strcmp(a->path, b->path) != 0 || strcmp(a->name, b->name) != 0)
		return differs("path", b->path);
	if (a->inode != b->inode || a->kind != b->kind || a->populated != b->populated ||
	    a->hidden != b->hidden || a->mems != b->mems || a->controllers != b->controllers ||
	    a->subtree != b->subtree)
		return differs("cgroup", a->path);
	if (!a->parent != !b->parent ||
	    (a->parent && strcmp(a->parent->path, b->parent->path) != 0))
		return differs("parent", a->path);
	if (!a->pod != !b->pod || (a->pod && a->pod->slot != b->pod->slot))
		return differs("pod of cgroup", a->path);
	for (int k = 0; k < KNOB_COUNT; k++)
		if (!same_knob((enum knob)k, &a->knobs[k], &b->knobs[k]))
			return differs("knob", a->path);
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_fact(const struct fact_u64 *a, const struct fact_u64 *b)
{
	return a->state == b->state && (!fact_has_value(a) || a->value == b->value);
}

static bool same_facts(const struct pod_facts *a, const struct pod_facts *b)
{
	if (!a || !b)
		return a == b;
	return same_text(a->ns, b->ns) && same_text(a->name, b->name) &&
	       same_text(a->priority_class, b->priority_class) &&
	       same_text(a->owner_kind, b->owner_kind) && a->qos == b->qos &&
	       a->is_static == b->is_static && a->host_network == b->host_network &&
	       a->deleting == b->deleting;
}

static bool same_pod(const struct pod *a, const struct pod *b)
{
	const struct pod_resources *x = &a->resources, *y = &b->resources;

	if (a->slot != b->slot || a->serial != b->serial || a->kind != b->kind ||
	    strcmp(a->uid, b->uid) != 0 || strcmp(a->name, b->name) != 0 || a->qos != b->qos ||
	    a->driver != b->driver || a->facts_state != b->facts_state ||
	    strcmp(a->cgroup->path, b->cgroup->path) != 0 || !same_facts(a->facts, b->facts))
		return differs("pod", a->name);
	return (same_fact(&x->cpu_request_milli, &y->cpu_request_milli) &&
		same_fact(&x->cpu_limit_milli, &y->cpu_limit_milli) &&
		same_fact(&x->cpu_spec_milli, &y->cpu_spec_milli) &&
		same_fact(&x->memory_request_bytes, &y->memory_request_bytes) &&
		same_fact(&x->memory_limit_bytes, &y->memory_limit_bytes) &&
		same_fact(&x->cpu_batch_milli, &y->cpu_batch_milli) &&
		same_fact(&x->memory_batch_bytes, &y->memory_batch_bytes)) ||
	       differs("resources", a->name);
}

static bool same_history(const struct samples *as, const struct samples *bs, const struct pod *pod)
{
	const struct pod_history *a = ring_of(as, pod->slot, pod->serial);
	const struct pod_history *b = ring_of(bs, pod->slot, pod->serial);

	if (!a || !b)
		return a == b || differs("whether there are samples", pod->name);
	if (a->count != b->count)
		return differs("number of samples", pod->name);
	for (uint32_t i = 0; i < a->count; i++)
		if (memcmp(ring_at(a, i), ring_at(b, i), sizeof(struct pod_sample)) != 0)
			return differs("sample", pod->name);
	return true;
}

static bool same_there(const struct samples *as, const struct samples *bs, const struct pod *pod)
{
	static const struct memory_there none;
	const struct memory_there *a = pod->slot < as->n_there ? &as->there[pod->slot] : &none;
	const struct memory_there *b = pod->slot < bs->n_there ? &bs->there[pod->slot] : &none;

	return memcmp(a->serial == pod->serial ? a : &none, b->serial == pod->serial ? b : &none,
		      sizeof(none)) == 0 ||
	       differs("what lies on some nodes", pod->name);
}

static bool same_node(const struct model *a, const struct model *b)
{
	const struct node *x = &a->node, *y = &b->node;

	if (x->n_cpus != y->n_cpus || x->n_cores != y->n_cores || x->n_numa != y->n_numa ||
	    x->smt != y->smt || x->memory_bytes != y->memory_bytes ||
	    x->swap_bytes != y->swap_bytes || x->page_bytes != y->page_bytes ||
	    strcmp(x->kernel, y->kernel) != 0)
		return differs("node", x->kernel);
	if (memcmp(&x->memory_nodes, &y->memory_nodes, sizeof(x->memory_nodes)) != 0)
		return differs("memory nodes", x->kernel);
	if (memcmp(x->cpus, y->cpus, x->n_cpus * sizeof(*x->cpus)) != 0)
		return differs("CPUs", x->kernel);
	if (a->driver != b->driver || a->capabilities != b->capabilities ||
	    a->switched_off != b->switched_off || a->n_slots != b->n_slots)
		return differs("model", "driver, capabilities or slots");
	if (a->facts_awaited != b->facts_awaited)
		return differs("model", "whether facts are awaited");
	return true;
}

static bool same_node_samples(const struct node_history *a, const struct node_history *b)
{
	const struct node_sample *x = ring_last_node(a), *y = ring_last_node(b);

	if (a->count != b->count || !x != !y)
		return differs("number of samples", "node");
	return !x || memcmp(x, y, sizeof(*x)) == 0 || differs("sample", "node");
}

bool record_case_same(const struct model *a, const struct samples *as, const struct model *b,
		      const struct samples *bs)
{
	if (!same_node(a, b) || !same_node_samples(&as->node, &bs->node))
		return false;
	if (a->n_cgroups != b->n_cgroups || a->n_pods != b->n_pods)
		return differs("model", "number of cgroups or pods");
	for (size_t i = 0; i < a->n_cgroups; i++)
		if (!same_cgroup(a->cgroups[i], b->cgroups[i]))
			return false;
	for (size_t i = 0; i < a->n_pods; i++)
		if (!same_pod(a->pods[i], b->pods[i]) || !same_history(as, bs, a->pods[i]) ||
		    !same_there(as, bs, a->pods[i]))
			return false;
	return true;
}

bool record_case_has(const struct record_buf *text, const char *part)
{
	return memmem(text->text, text->n, part, strlen(part)) != NULL;
}
