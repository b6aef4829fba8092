// SPDX-License-Identifier: LGPL-2.1-or-later
// See tasks.h. For each container three steps, of which the thread does the first and the last: what was it given
// (what its oldest task has); may that be changed, and is it written down; every task that still has it is
// changed. The last step again every half minute, as a runtime starts new processes with what it gave.
//
// Left alone: a container whose tasks have what neither the kubelet nor a runtime gives, one in which somebody has
// what colod gives already (nobody could tell whose it is later), and each task that has something else than the oldest.
#include "agent/tasks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/cgroup_attr.h"
#include "agent/apply/cgroup_task.h"
#include "agent/apply/task_jobs.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/oom_score.h"

#define LOOK_AGAIN_US 30000000
#define SOON_US 1000000
/* After processes could not be given back. */
#define RETRY_US 10000000

struct looked_pod {
	uint64_t serial;
	uint64_t shape; /* of its containers: another one is looked at at once */
	int64_t next_us;
	uint64_t round;	  /* which look this is, as its jobs have it */
	uint32_t pending; /* of those */
	bool any;	  /* some task was seen in it */
	int lowest;
};

/* Of one attribute. */
struct looked {
	struct looked_pod *pods; /* by slot; owned */
	size_t n_pods;
	int64_t back_us; /* nothing is given back before */
	bool said_failed;
	bool said_record;
};

struct tasks {
	struct task_jobs *thread;
	struct looked of[CGROUP_ATTRS]; /* as cgroup_attrs */
	uint64_t round;
};

int tasks_new(struct state *s)
{
	struct tasks *tasks;
	int r;

	if (!s->lanes)
		return 0;
	tasks = calloc(1, sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	r = task_jobs_new(s->root_fd, &tasks->thread);
	if (r < 0) {
		free(tasks);
		return r;
	}
	s->tasks = tasks;
	return 0;
}

void tasks_free(struct tasks *tasks)
{
	if (!tasks)
		return;
	task_jobs_free(tasks->thread);
	for (size_t i = 0; i < CGROUP_ATTRS; i++)
		free(tasks->of[i].pods);
	free(tasks);
}

bool tasks_is_busy(const struct state *s)
{
	return s->tasks && task_jobs_is_busy(s->tasks->thread);
}

static struct looked *looked_of(const struct state *s, const struct cgroup_attr *attr)
{
	return &s->tasks->of[attr - cgroup_attrs];
}

static bool is_allowed(const struct state *s, const struct cgroup_attr *attr)
{
	enum mode mode = s->status.modes.by[knob_resource(attr->knob)];

	return mode > MODE_OBSERVE && mode >= names_effect_mode(attr->effect);
}

static const struct plan_entry *wanted(const struct state *s, const struct cgroup_attr *attr,
				       const struct pod *pod)
{
	return is_allowed(s, attr) ? plan_find(&s->plan, pod->cgroup, attr->knob) : NULL;
}

/* Until somebody has told what the pods are, what an earlier colod did stays, as with every protection. */
static bool is_kept(const struct state *s, const struct cgroup_attr *attr, const struct pod *pod)
{
	return wanted(s, attr, pod) ||
	       (is_allowed(s, attr) && discover_model(s->discover)->facts_awaited &&
		plan_assignment(&s->plan, pod)->state == ASSIGNMENT_WAITING);
}

/* Whether it was given from outside, so that it may be changed. */
static bool is_given(const struct state *s, const struct cgroup_attr *attr, const struct pod *pod,
		     int value)
{
	if (attr->knob == KNOB_SCHED_POLICY)
		return value == KNOB_SCHED_OTHER;
	return oom_score_is_given(pod, discover_model(s->discover)->node.memory_bytes, value);
}

/* The containers of a Kubernetes pod, each of which was given something; any other pod as a whole. */
static size_t n_targets(const struct pod *pod)
{
	return pod->kind == POD_KUBERNETES ? pod->n_containers : 1;
}

static struct cgroup *target(const struct pod *pod, size_t i)
{
	return pod->kind == POD_KUBERNETES ? pod->containers[i].cgroup : pod->cgroup;
}

/* 0 or -errno: no place now, or it is gone. */
static int submit(struct state *s, const struct cgroup *cgroup, struct task_jobs_job *job)
{
	size_t len = strlen(cgroup->path);
	int r;

	if (len >= sizeof(job->path))
		return -ENAMETOOLONG;
	memcpy(job->path, cgroup->path, len + 1);
	job->inode = cgroup->inode;
	r = fs_open_dir_of(discover_cgroup_fd(s->discover), cgroup->path, cgroup->inode,
			   &job->dir_fd);
	if (r == 0)
		r = task_jobs_start(s->tasks->thread, job);
	if (r < 0)
		job->dir_fd = cleanup_close_fd(job->dir_fd);
	return r;
}

static int change(struct state *s, const struct cgroup_attr *attr, const struct cgroup *cgroup,
		  uint64_t round, uint32_t first)
{
	struct task_jobs_job job = {
		.token = round,
		.attr = attr,
		.act = TASK_JOBS_CHANGE,
		.dir_fd = -EBADF,
		.to = attr->to,
		.first = first,
	};

	if (!cgroup_task_owned(cgroup, attr, &job.from))
		job.act = TASK_JOBS_LOOK;
	return submit(s, cgroup, &job);
}

/* --- what has ended ------------------------------------------------------------------------------ */

static struct cgroup *find_cgroup(const struct model *model, const struct task_jobs_job *job)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (model->cgroups[i]->inode == job->inode &&
		    strcmp(model->cgroups[i]->path, job->path) == 0)
			return model->cgroups[i];
	return NULL;
}

/* The pod of which this look is the last one; NULL where another one has begun since, or it is gone. */
static struct looked_pod *of_round(struct looked *of, uint64_t round)
{
	for (size_t i = 0; i < of->n_pods; i++)
		if (of->pods[i].round == round && of->pods[i].pending > 0)
			return &of->pods[i];
	return NULL;
}

/* Recorded, so that what follows can be given back whatever happens to this process. */
static int record(struct state *s, const struct cgroup_attr *attr, struct cgroup *cgroup, int value)
{
	struct looked *of = looked_of(s, attr);
	int r = cgroup_task_own(s->apply, cgroup, attr, value);

	if (r < 0 && !of->said_record)
		log_err("tasks.record",
			"%s of %s cannot be recorded (%s), so nobody there is changed: make room "
			"in /run/colod",
			knob_name(attr->knob), cgroup->path, strerror(-r));
	of->said_record = r < 0;
	return r;
}

/* What a container was given is known. Whether its tasks are changed now. */
static bool on_looked(struct state *s, struct cgroup *cgroup, const struct task_jobs_done *done)
{
	const struct cgroup_attr *attr = done->job.attr;
	const struct plan_entry *e = wanted(s, attr, cgroup->pod);

	if (!e || done->result < 0 || done->seen.n_tasks == 0 || done->seen.is_given ||
	    !is_given(s, attr, cgroup->pod, done->seen.oldest) ||
	    record(s, attr, cgroup, done->seen.oldest) < 0)
		return false;
	cgroup_task_tell(s->apply, cgroup, attr, false, &e->reason, NULL);
	return change(s, attr, cgroup, done->job.token, 0) == 0;
}

static void say_failed(struct state *s, const struct task_jobs_done *done)
{
	const struct cgroup_attr *attr = done->job.attr;
	struct looked *of = looked_of(s, attr);

	if (done->seen.n_failed == 0 || of->said_failed)
		return;
	of->said_failed = true;
	log_warning("tasks.write", "%s of %u %s in %s could not be changed: %s%s%s",
		    knob_name(attr->knob), done->seen.n_failed,
		    attr->of_threads ? "threads" : "processes", done->job.path,
		    strerror(-done->seen.error), done->seen.error == attr->denied ? ". " : "",
		    done->seen.error == attr->denied ? attr->need : "");
}

static void count(struct state *s, const struct cgroup_attr *attr, bool back, uint32_t n)
{
	struct status *status = &s->status;

	if (attr->of_threads)
		*(back ? &status->policies_given_back : &status->policies_set) += n;
	else
		*(back ? &status->scores_given_back : &status->scores_raised) += n;
}

static void on_given_back(struct state *s, struct cgroup *cgroup, const struct task_jobs_done *done)
{
	const struct cgroup_attr *attr = done->job.attr;

	count(s, attr, true, done->seen.n_changed);
	if (done->result < 0 || done->seen.n_failed > 0) {
		looked_of(s, attr)->back_us = s->status.pass_us + RETRY_US;
		return;
	}
	if (done->seen.n_changed > 0)
		cgroup_task_tell(s->apply, cgroup, attr, true, NULL,
				 "neither the plan nor the mode asks for it any more");
	cgroup_task_end(s->apply, cgroup, attr);
}

/* The sandbox has a score that no other container is given, and nothing in it is worth raising. */
static void note_lowest(struct looked_pod *p, const struct cgroup_attr *attr,
			const struct task_walk_seen *seen)
{
	if (seen->n_tasks == 0 ||
	    (attr->knob == KNOB_OOM_SCORE_ADJ && seen->lowest == OOM_SCORE_SANDBOX))
		return;
	if (!p->any || seen->lowest < p->lowest)
		p->lowest = seen->lowest;
	p->any = true;
}

/* Every container was seen: what the pod has is what the least of its tasks has. */
static void end_round(struct state *s, const struct cgroup_attr *attr, struct looked_pod *p)
{
	const struct pod *pod = model_pod(discover_model(s->discover), p->serial);
	struct knob_value *now = pod ? &pod->cgroup->knobs[attr->knob].now : NULL;

	if (now && p->any)
		*now = cgroup_attr_value(attr, p->lowest);
	else if (now)
		*now = (struct knob_value){.state = KNOB_UNREAD};
	p->next_us = s->status.pass_us + LOOK_AGAIN_US;
}

/* Whether this container needs another step at once. */
static bool go_on(struct state *s, struct cgroup *cgroup, const struct task_jobs_done *done)
{
	const struct cgroup_attr *attr = done->job.attr;

	if (!cgroup || !cgroup->pod)
		return false;
	if (done->job.act == TASK_JOBS_LOOK)
		return on_looked(s, cgroup, done);
	return done->seen.next > 0 && wanted(s, attr, cgroup->pod) &&
	       change(s, attr, cgroup, done->job.token, done->seen.next) == 0;
}

static void on_done(struct state *s, const struct task_jobs_done *done)
{
	struct cgroup *cgroup = find_cgroup(discover_model(s->discover), &done->job);
	const struct cgroup_attr *attr = done->job.attr;
	struct looked_pod *p;
	bool more;

	say_failed(s, done);
	if (done->job.act == TASK_JOBS_CHANGE_ALL) {
		if (cgroup)
			on_given_back(s, cgroup, done);
		return;
	}
	if (done->job.act == TASK_JOBS_CHANGE)
		count(s, attr, false, done->seen.n_changed);
	p = of_round(looked_of(s, attr), done->job.token);
	if (!p)
		return;
	more = go_on(s, cgroup, done);
	/* What is changed next does not stay. */
	if (done->job.act == TASK_JOBS_CHANGE || !more)
		note_lowest(p, attr, &done->seen);
	if (!more && --p->pending == 0)
		end_round(s, attr, p);
}

/* --- what is due --------------------------------------------------------------------------------- */

static struct looked_pod *reserve(struct looked *of, const struct pod *pod)
{
	size_t n = (size_t)pod->slot + 1;
	struct looked_pod *grown;

	if (n > of->n_pods) {
		n *= 2;
		grown = reallocarray(of->pods, n, sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + of->n_pods, 0, (n - of->n_pods) * sizeof(*grown));
		of->pods = grown;
		of->n_pods = n;
	}
	return &of->pods[pod->slot];
}

static uint64_t shape_of(const struct pod *pod)
{
	uint64_t shape = 0;

	for (size_t i = 0; i < n_targets(pod); i++)
		shape = shape * 31 + target(pod, i)->inode;
	return shape;
}

static void look_at(struct state *s, const struct cgroup_attr *attr, const struct pod *pod)
{
	struct looked_pod *p = reserve(looked_of(s, attr), pod);
	uint64_t shape = shape_of(pod);

	if (!p)
		return;
	if (p->serial != pod->serial)
		*p = (struct looked_pod){.serial = pod->serial};
	/* Of what is not there any more nobody waits for an answer. */
	if (p->shape == shape && (p->pending > 0 || s->status.pass_us < p->next_us))
		return;
	p->shape = shape;
	p->any = false;
	p->pending = 0;
	p->round = ++s->tasks->round;
	for (size_t i = 0; i < n_targets(pod); i++)
		if (target(pod, i)->populated)
			p->pending += change(s, attr, target(pod, i), p->round, 0) == 0;
	/* Nobody there yet, or no place: soon again. */
	if (p->pending == 0)
		p->next_us = s->status.pass_us + SOON_US;
}

static void give_back(struct state *s, const struct cgroup_attr *attr, struct cgroup *cgroup)
{
	struct task_jobs_job job = {
		.attr = attr,
		.act = TASK_JOBS_CHANGE_ALL,
		.dir_fd = -EBADF,
		.from = attr->to,
	};

	if (cgroup_task_owned(cgroup, attr, &job.to))
		(void)submit(s, cgroup, &job);
	/* What it had is not known any more. */
	if (cgroup->pod)
		cgroup->pod->cgroup->knobs[attr->knob].now.state = KNOB_UNREAD;
}

static void run_one(struct state *s, const struct cgroup_attr *attr)
{
	const struct model *model = discover_model(s->discover);

	for (size_t i = 0; i < model->n_cgroups; i++) {
		struct cgroup *cgroup = model->cgroups[i];

		if (cgroup->knobs[attr->knob].owned &&
		    s->status.pass_us >= looked_of(s, attr)->back_us &&
		    !(cgroup->pod && is_kept(s, attr, cgroup->pod)))
			give_back(s, attr, cgroup);
	}
	for (size_t i = 0; i < model->n_pods; i++)
		if (wanted(s, attr, model->pods[i]))
			look_at(s, attr, model->pods[i]);
}

void tasks_run(struct state *s)
{
	struct task_jobs_done done;

	if (!s->tasks)
		return;
	while (task_jobs_next(s->tasks->thread, &done))
		on_done(s, &done);
	for (size_t i = 0; i < CGROUP_ATTRS; i++)
		run_one(s, &cgroup_attrs[i]);
}
