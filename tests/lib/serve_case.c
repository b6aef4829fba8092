// SPDX-License-Identifier: LGPL-2.1-or-later
// See serve_case.h.
#include "tests/lib/serve_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/mode.h"

#define BESTEFFORT "kubepods.slice/kubepods-besteffort.slice"

static void must(const void *p)
{
	if (!p)
		abort();
}

static void add_rule(struct policy *policy, size_t at, enum level level, uint32_t line,
		     enum qos qos)
{
	struct match *match = calloc(1, sizeof(*match));

	must(match);
	*match = (struct match){.kind = MATCH_QOS, .qos = qos};
	policy->rules[at] = (struct assign_rule){
		.matches = match, .n_matches = 1, .level = level, .line = line};
	(void)snprintf(policy->rules[at].file, sizeof(policy->rules[at].file), "default.yaml");
}

static void make_policy(struct policy *policy)
{
	policy->rules = calloc(2, sizeof(*policy->rules));
	must(policy->rules);
	policy->n_rules = 2;
	add_rule(policy, 0, LEVEL_P7, 31, QOS_BESTEFFORT);
	add_rule(policy, 1, LEVEL_P0, 29, QOS_GUARANTEED);
	(void)snprintf(policy->origin, sizeof(policy->origin), "default.yaml");
}

static struct pod *make_pod(struct serve_case *c, const char *slice, enum qos qos, const char *uid,
			    const char *ns, const char *name)
{
	char path[256];
	struct pod *pod;

	(void)snprintf(path, sizeof(path), "%s-pod%s.slice", slice, uid);
	pod = fake_pod(&c->f, path, qos);
	(void)snprintf(pod->uid, sizeof(pod->uid), "%s", uid);
	(void)snprintf(pod->name, sizeof(pod->name), "%s/%s", ns, name);
	/* fake_free() frees the struct and not its strings. */
	pod->facts->ns = (char *)ns;
	pod->facts->name = (char *)name;
	return pod;
}

static void plan(struct serve_case *c, struct cgroup *cgroup, enum knob knob, enum effect effect,
		 struct knob_value want, struct reason reason)
{
	struct plan_entry entry = {
		.cgroup = cgroup, .knob = knob, .effect = effect, .want = want, .reason = reason};

	if (plan_add(&c->f.plan, &entry) < 0)
		abort();
}

static void make_plan(struct serve_case *c)
{
	struct reason weight = {
		.code = REASON_WEIGHT_REQUEST, .level = LEVEL_P0, .rule = 1, .observed = 2000};
	struct reason yield = {.code = REASON_YIELD_RATIO,
			       .level = LEVEL_NONE,
			       .rule = 0,
			       .observed = 2500,
			       .limit = 50};
	struct reason squeeze = {.code = REASON_SQUEEZE,
				 .level = LEVEL_NONE,
				 .rule = 0,
				 .observed = 124,
				 .limit = 50,
				 .for_us = 2000000,
				 .extra = 410,
				 .who = "default/web-1"};

	plan(c, c->web->cgroup, KNOB_CPU_WEIGHT, EFFECT_SHARE, knob_value_of(79), weight);
	plan(c, c->besteffort, KNOB_CPU_WEIGHT, EFFECT_SHARE, knob_value_of(50), yield);
	plan(c, c->besteffort, KNOB_CPU_MAX, EFFECT_HOLD, knob_value_quota(32800, 20000), squeeze);
	c->f.ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	c->f.ladders.of[RESOURCE_CPU].quota_cpu_milli = 1640;
	c->f.ladders.of[RESOURCE_CPU].reason = squeeze;
	c->f.ladders.of[RESOURCE_CPU].steps = 1;
	c->f.ladders.of[RESOURCE_CPU]
		.efficacy.marks[c->f.ladders.of[RESOURCE_CPU].efficacy.n_marks++] =
		(struct efficacy_pod){
			.slot = c->web->slot,
			.serial = c->web->serial,
			.number = 253000000, /* 4 min after the pass */
		};
}

/* batch may write to a volume that others may write to. */
static void make_freeze(struct serve_case *c)
{
	struct plan_freeze *f;

	if (plan_reserve_freezes(&c->f.plan, &c->f.model) < 0)
		abort();
	f = &c->f.plan.freezes[c->batch->slot];
	f->state = FREEZE_REFUSED;
	f->reason = (struct reason){
		.code = REASON_FREEZE_VOLUME, .level = LEVEL_P7, .rule = 0, .who = "data"};
}

/* web asks for cores of its own and gets none; batch is kept off nothing. */
static void make_cores(struct serve_case *c)
{
	struct plan_cores *cores;

	if (plan_reserve_cores(&c->f.plan, &c->f.model) < 0)
		abort();
	cores = &c->f.plan.cores[c->web->slot];
	cores->state = CORES_REFUSED;
	cores->reason = (struct reason){
		.code = REASON_CORES_ROOM,
		.level = LEVEL_P0,
		.rule = 1,
		.observed = 2000,
		.limit = 2250,
	};
}

static void make_scores(struct pod_score *score)
{
	score->by[RESOURCE_CPU] = (struct score_value){
		.state = SCORE_BASELINE,
		.stalled_permille = 124,
		.window_us = 10000000,
		.excess_permille = 94,
		.baseline =
			{
				.basis = SCORE_BASIS_CALM,
				.median_permille = 20,
				.sigma_permille = 4,
				.windows = 412,
				.episodes = 9,
				.seen = 1200,
				.load_over_milli = 512,
				.load_to_milli = 1024,
				.age_us = 7200000000,
			},
	};
	score->by[RESOURCE_MEMORY] = (struct score_value){
		.state = SCORE_LEARNING,
		.stalled_permille = 7,
		.window_us = 999999,
		.baseline = {.windows = 12, .episodes = 1, .seen = 30, .load_to_milli = 64},
	};
	score->by[RESOURCE_IO] = (struct score_value){
		.state = SCORE_SELF_THROTTLED,
		.window_us = 10000000,
		.own_permille = 500,
	};
	score->state = SCORE_BASELINE;
	score->permille = 94;
	score->at_least = true;
}

static void make_culprits(struct serve_case *c)
{
	struct culprits_kept *k = &c->culprits.kept[0];

	*k = (struct culprits_kept){
		.serial = c->web->serial,
		.resource = RESOURCE_CPU,
		.state = CULPRITS_RANKED,
		.at_us = 11000000,
		.found = {.seconds = 60, .moved = true, .own_permille = 90, .n = 2},
		.who = {{"batch/hog-1", ROLE_OFFLINE}, {"default/db-0", ROLE_ONLINE}},
	};
	k->found.list[0] = (struct culprit){
		.serial = c->batch->serial,
		.slot = c->batch->slot,
		.share_permille = 712,
		.fit_permille = 934,
		.lag_s = 1,
		.swings = 7,
		.confidence = CULPRIT_GOOD,
	};
	c->trials.list[0] = (struct culprit_trial){
		.victim = c->web->serial,
		.suspect = c->batch->serial,
		.resource = RESOURCE_CPU,
		.verdict = CULPRIT_CONFIRMED,
		.at_us = 7000000,
		.before_permille = 310,
		.after_permille = 42,
		.lost_permille = 850,
		.who = {"batch/hog-1", ROLE_OFFLINE},
	};
	k->found.list[1] = (struct culprit){
		.serial = 999,
		.share_permille = 81,
		.fit_permille = 302,
		.swings = 1,
		.alike = true,
		.confidence = CULPRIT_LOW,
	};
}

static void make_status(struct serve_case *c)
{
	c->status = (struct status){
		.policy_state = "ok",
		.policy_lacks = 2,
		.passes = 12,
		.guard = GUARD_BY_WATCHDOG,
		.guard_bound_us = 5000000,
		.withheld = 2,
		.rewrites = 12,
		.fights = 1,
		.contested = 1,
		.units_told = 2,
		.units_waiting = 1,
		.unit_calls = 3,
		.started_us = 1000000,
		.pass_us = 13000000,
	};
	mode_say(&c->status.mode_says, MODE_SOURCE_POLICY, RESOURCE_INVALID, MODE_OBSERVE,
		 "the policy");
	mode_lowest(&c->status.mode_says, &c->status.modes);
	c->scores = (struct scores){.pods = c->score_list, .n_slots = 8};
	c->losses = (struct losses){.pods = c->loss_list, .n_slots = 8};
	c->loss_list[c->batch->slot] = (struct pod_loss){
		.serial = c->batch->serial,
		.held_us = 192000000,
		.holds = 4,
		.held = true,
		.frozen_us = 4800000,
		.freezes = 1,
	};
	make_scores(&c->score_list[c->web->slot]);
	make_culprits(c);
	serve_case_make_slis(c);
}

/* It starves, and weighs as much as it may. */
static void make_floor(struct serve_case *c)
{
	c->floor = (struct floor_cpu){.n = 1, .starved = 1};
	c->floor.branches[0] = (struct floor_branch){
		.inode = c->besteffort->inode,
		.state = FLOOR_STARVING,
		.weight = 50,
		.normal = 50,
		.got_ppm = 18000,
		.promised_ppm = 74074,
	};
}

static void make_changes(struct serve_case *c)
{
	c->change_list[0] = (struct change){
		.cgroup = c->besteffort,
		.knob = KNOB_CPU_MAX,
		.effect = EFFECT_HOLD,
		.kind = CHANGE_WRITE,
		.had = knob_value_quota(KNOB_VALUE_MAX, 100000),
		.want = knob_value_quota(32800, 20000),
		.done = true,
		.got = knob_value_quota(32800, 20000),
	};
	c->change_list[1] = (struct change){
		.cgroup = c->besteffort,
		.knob = KNOB_IO_WEIGHT,
		.effect = EFFECT_SHARE,
		.kind = CHANGE_WRITE,
		.had = {.state = KNOB_MISSING},
		.want = knob_value_of(10),
		.error = -ENOENT,
		.refusal = REFUSAL_NO_CONTROLLER,
	};
	c->changes = (struct changes){.list = c->change_list, .n = 2, .cap = 2};
}

static void make_manual(struct serve_case *c)
{
	c->manual.orders[0] = (struct manual_order){
		.slot = c->batch->slot,
		.serial = c->batch->serial,
		.kind = MANUAL_SQUEEZE,
		.level = LEVEL_NONE,
		.since_us = 12000000,
		.until_us = 612000000,
		.wall_us = 1764158585000000,
		.who = "uid 0 (coloctl, pid 4711)",
	};
	c->manual.n = 1;
	c->f.model.manual = &c->manual;
}

static void fill_disks(struct serve_case *c)
{
	c->f.model.disks = (struct disks){
		.n = 2,
		.left_out = 1,
		.list = {{.major = 8,
			  .name = "sda",
			  .scheduler = "bfq",
			  .bfq = true,
			  .rotational = true},
			 {.major = 254,
			  .minor = 16,
			  .name = "vdb",
			  .scheduler = "none",
			  .iocost = true}},
	};
	c->disk_uses = (struct disk_uses){
		.n = 1,
		.list = {{
			.major = 8,
			.window =
				{
					.span_us = 1000000,
					.bytes_per_s =
						{[DISK_READ] = 3 << 20, [DISK_WRITE] = 40 << 20},
					.requests_per_s = {[DISK_READ] = 12, [DISK_WRITE] = 80},
					.waited_us = {[DISK_READ] = 85200, [DISK_WRITE] = 99000},
					.busy_permille = 998,
					.queue_milli = 9400,
					.loaded = true,
				},
			.seen = {[DISK_WRITE_BYTES] = {.n = 3,
						       .per_s = {40 << 20, 50 << 20, 45 << 20}},
				 [DISK_WRITE_REQUESTS] = {.n = 2, .per_s = {7, 7}}},
		}},
	};
}

/* 32 CPUs; of memory nothing yet. */
static void make_samples(struct serve_case *c)
{
	fake_sample(&c->f, c->web, 1000000, 100000, 0);
	fake_sample(&c->f, c->web, 11000000, 15100000, 1240000);
	c->f.samples.pods[c->web->slot]->cpi = (struct pod_cpi){.at_us = 12000000, .milli = 1313};
	fake_sample_node(&c->f, 1000000, 0);
	fake_sample_node(&c->f, 11000000, 20000000);
	fake_sample_node_memory(&c->f, 3ull << 30, 1ull << 30);
}

void serve_case_init(struct serve_case *c)
{
	memset(c, 0, sizeof(*c));
	fake_init(&c->f);
	c->f.model.node.preempt = PREEMPT_LAZY;
	fill_disks(c);
	make_policy(&c->f.policy);
	(void)fake_service(&c->f, "system.slice");
	c->besteffort = fake_cgroup(&c->f, BESTEFFORT);
	c->web = make_pod(c, "kubepods.slice/kubepods", QOS_GUARANTEED, SERVE_WEB_UID, "default",
			  "web-1");
	c->batch = make_pod(c, BESTEFFORT "/kubepods-besteffort", QOS_BESTEFFORT, SERVE_BATCH_UID,
			    "batch", "hog-1");
	c->late = make_pod(c, BESTEFFORT "/kubepods-besteffort", QOS_BESTEFFORT, SERVE_LATE_UID, "",
			   "");
	(void)snprintf(c->late->name, sizeof(c->late->name), "%s", SERVE_LATE_UID);
	free(c->late->facts);
	c->late->facts = NULL;
	c->late->facts_state = FACT_UNKNOWN;
	fake_request(c->web, 2000, 256 << 20);
	fake_limit(c->web, 2000, KNOB_VALUE_MAX);
	fake_level(&c->f, c->web, LEVEL_P0);
	c->f.plan.assignments[c->web->slot].rule = 1;
	fake_level(&c->f, c->batch, LEVEL_P7);
	fake_waiting(&c->f, c->late);
	make_plan(c);
	make_cores(c);
	make_freeze(c);
	fake_own(c->besteffort, KNOB_CPU_MAX, KNOB_VALUE_MAX, 32800);
	c->besteffort->knobs[KNOB_CPU_MAX].now.period_us = 20000;
	c->besteffort->knobs[KNOB_CPU_MAX].held = true;
	c->besteffort->knobs[KNOB_CPU_MAX].held_since_us = 9000000;
	c->besteffort->knobs[KNOB_CPU_MAX].rewrites = 9;
	c->besteffort->knobs[KNOB_CPU_MAX].contested = true;
	make_samples(c);
	make_status(c);
	make_changes(c);
	make_floor(c);
	serve_case_make_lend(c);
	serve_case_make_net(c);
	make_manual(c);
	c->snapshot = (struct snapshot){
		.model = &c->f.model,
		.samples = &c->f.samples,
		.policy = &c->f.policy,
		.plan = &c->f.plan,
		.changes = &c->changes,
		.scores = &c->scores,
		.culprits = &c->culprits,
		.culprit_trials = &c->trials,
		.slis = &c->slis,
		.ladders = &c->f.ladders,
		.lend = c->lend,
		.net = &c->net,
		.losses = &c->losses,
		.floor_cpu = &c->floor,
		.disk_uses = &c->disk_uses,
		.status = &c->status,
		.diags = &c->diags,
	};
}

void serve_case_free(struct serve_case *c)
{
	fake_free(&c->f);
}

struct pod *serve_case_add(struct serve_case *c, const char *uid, const char *ns, const char *name)
{
	struct pod *pod =
		make_pod(c, BESTEFFORT "/kubepods-besteffort", QOS_BESTEFFORT, uid, ns, name);

	fake_level(&c->f, pod, LEVEL_P7);
	return pod;
}

static void unlink_cgroup(struct model *model, struct cgroup *cgroup)
{
	struct cgroup **link = &cgroup->parent->first_child;
	size_t n = 0;

	while (*link != cgroup)
		link = &(*link)->next_sibling;
	*link = cgroup->next_sibling;
	for (size_t i = 0; i < model->n_cgroups; i++) {
		if (model->cgroups[i] != cgroup)
			model->cgroups[n++] = model->cgroups[i];
	}
	model->n_cgroups = n;
	free(cgroup->path);
	free(cgroup);
}

void serve_case_remove(struct serve_case *c, struct pod *pod)
{
	struct model *model = &c->f.model;
	size_t n = 0;

	for (size_t i = 0; i < model->n_pods; i++) {
		if (model->pods[i] != pod)
			model->pods[n++] = model->pods[i];
	}
	model->n_pods = n;
	unlink_cgroup(model, pod->cgroup);
	free(pod->facts);
	free(pod);
}

const struct snapshot *serve_case_snapshot(void *context)
{
	struct serve_case *c = context;

	return &c->snapshot;
}
