// SPDX-License-Identifier: LGPL-2.1-or-later
// See killer.h. When: policy/memory_kill.h. Whom, and who never: policy/victim.h, and once more, looking at what is
// there, apply/kill_check.h.
#include "agent/killer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/kill.h"
#include "agent/apply/lift_record.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/history.h"
#include "agent/base/lanes.h"
#include "agent/base/log.h"
#include "agent/base/messages.h"
#include "agent/effects.h"
#include "agent/kill_record.h"
#include "policy/decide.h"
#include "policy/freeze.h"
#include "policy/kernel_text.h"
#include "policy/memory_kill.h"
#include "policy/record_kill.h"

#define STAT_SIZE 8192
/* Who would have been killed is said once in so long. */
#define SAY_AGAIN_US 60000000

struct killer {
	struct kill *threads;
	struct lift_record *lifted;
	struct memory_kill memory;
	struct victim_memory *stats; /* by pod->slot */
	size_t n_stats;
	bool said_release;
	struct record_kill look; /* of this pass, where `chosen` */
	bool chosen;
	int64_t said_us; /* who it would have been, or that there is nobody */
	struct kill_name {
		uint64_t serial; /* 0: free */
		struct history_record record;
	} under_way[KILL_JOBS];
};

/* Without it a kill takes longer, and harms nobody. */
static struct lift_record *open_record(int state_fd)
{
	struct lift_record *record = NULL;
	int r = lift_record_new(state_fd, &record);

	if (r < 0)
		log_warning("kill.record",
			    "cannot make /run/colod/" LIFT_RECORD_FILE
			    ": %s. A pod that is killed keeps its limits until it is dead",
			    strerror(-r));
	return record;
}

int killer_new(struct state *s)
{
	struct kill_place place = {
		.root_fd = s->root_fd,
		.cgroup_fd = discover_cgroup_fd(s->discover),
	};
	struct killer *killer;
	int r;

	if (!s->lanes)
		return 0;
	killer = calloc(1, sizeof(*killer));
	if (!killer)
		return -ENOMEM;
	killer->lifted = place.lifted = open_record(s->state_fd);
	r = kill_new(&place, s->lanes->event_fd, &killer->threads);
	if (r < 0) {
		lift_record_free(killer->lifted);
		free(killer);
		return r;
	}
	killer->said_us = -SAY_AGAIN_US;
	s->killer = killer;
	return 0;
}

void killer_free(struct killer *killer)
{
	if (!killer)
		return;
	kill_free(killer->threads);
	lift_record_free(killer->lifted);
	free(killer->stats);
	free(killer);
}

/* In calm times: there is no memory to be had when it is needed. */
static void reserve(struct killer *killer, size_t n)
{
	struct victim_memory *grown;

	if (n <= killer->n_stats)
		return;
	grown = reallocarray(killer->stats, n, sizeof(*grown));
	if (!grown)
		return;
	memset(grown + killer->n_stats, 0, (n - killer->n_stats) * sizeof(*grown));
	killer->stats = grown;
	killer->n_stats = n;
}

static void measure(struct state *s, const struct pod *pod)
{
	struct victim_memory *m = &s->killer->stats[pod->slot];
	_cleanup_close_ int fd = -EBADF;
	char text[STAT_SIZE];

	*m = (struct victim_memory){.serial = pod->serial};
	if (fs_open_dir_of(discover_cgroup_fd(s->discover), pod->cgroup->path, pod->cgroup->inode,
			   &fd) < 0 ||
	    fs_read(fd, "memory.stat", text, sizeof(text), NULL) < 0 ||
	    kernel_text_memory_held(text, &m->anon_bytes, &m->shmem_bytes) < 0)
		return;
	m->at_us = s->status.pass_us;
}

static void measure_all(struct state *s)
{
	const struct model *model = discover_model(s->discover);

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(&s->plan, pod);

		if (pod->slot < s->killer->n_stats && a->state == ASSIGNMENT_LEVEL &&
		    a->role == ROLE_OFFLINE && a->may_hold)
			measure(s, pod);
	}
}

static struct kill_name *find(struct killer *killer, uint64_t serial)
{
	for (size_t i = 0; i < KILL_JOBS; i++)
		if (killer->under_way[i].serial == serial)
			return &killer->under_way[i];
	return NULL;
}

/* A kill is over, as it was begun. */
static void on_done(struct state *s, const struct kill_done *done)
{
	struct killer *killer = s->killer;
	bool dead = done->result == 0 && done->ended;
	struct kill_name *name = find(killer, done->token);
	struct history_record unnamed = HISTORY_RECORD(HISTORY_KILL);
	uint64_t freed;

	kill_record_end(name ? &name->record : &unnamed, done, &freed);
	if (done->errors[KILL_RELEASE] == -EPERM && !killer->said_release) {
		killer->said_release = true;
		log_info(
			"kill.release",
			"process_mrelease() is forbidden (a system call filter?): what a killed pod had "
			"comes back as its processes exit");
	}
	memory_kill_ended(&killer->memory, done->token, dead, freed, s->status.pass_us);
	s->status.kills += dead;
	if (!name)
		return;
	messages_tell(s->history, &name->record);
	name->serial = 0;
}

/* False: it does not begin, and the next pass looks again. */
static bool begin(struct state *s, const struct victim *victim, struct history_record *record)
{
	struct killer *killer = s->killer;
	struct kill_name *name = find(killer, 0);
	const struct cgroup *cgroup = victim->pod->cgroup;
	struct kill_job job = {
		.token = victim->pod->serial,
		.inode = cgroup->inode,
		.kind = cgroup->kind,
		.wait_us = KILL_WAIT_US,
	};
	int r;

	if (!name || strlen(cgroup->path) >= sizeof(job.path))
		return false;
	memcpy(job.path, cgroup->path, strlen(cgroup->path) + 1);
	r = fs_open_dir_of(discover_cgroup_fd(s->discover), cgroup->path, cgroup->inode,
			   &job.dir_fd);
	if (r < 0)
		return false; /* it is gone: the next pass knows */
	memory_kill_taken(&killer->memory, victim, s->status.pass_us);
	if (kill_start(killer->threads, &job) < 0) {
		(void)cleanup_close_fd(job.dir_fd);
		return false;
	}
	effects_begin(s, RESOURCE_MEMORY, record);
	*name = (struct kill_name){.serial = job.token, .record = *record};
	return true;
}

/* Nobody is killed, though it would be time. Said once in a while. */
static void say_nobody(struct state *s, const struct victim_list *list, bool full)
{
	if (s->status.pass_us - s->killer->said_us < SAY_AGAIN_US)
		return;
	s->killer->said_us = s->status.pass_us;
	kill_record_candidates(s, list, !full);
	log_warning("kill.nobody",
		    "the node runs out of memory and no pod may be killed for it%s%s%s%s",
		    list->n_left > 0 ? ": the largest offline one, " : "",
		    list->n_left > 0 ? list->left[0].pod->name : "", list->n_left > 0 ? ", " : "",
		    list->n_left > 0 ? victim_out_text(list->left[0].why) : "");
}

static bool is_full(const struct state *s)
{
	return s->status.modes.by[RESOURCE_MEMORY] == MODE_FULL;
}

/* Whom it would be, from what is measured now. */
static void choose(struct state *s)
{
	struct killer *killer = s->killer;
	const struct victim_input in = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.plan = &s->plan,
		.memory = killer->stats,
		.n_memory = killer->n_stats,
		.state = &killer->memory.victims,
		.way = EVICT_KILL,
		.now_us = s->status.pass_us,
	};
	bool full = is_full(s);

	/* Nothing would be done and nothing said: nothing is read for it. */
	if (!full && s->status.pass_us - killer->said_us < SAY_AGAIN_US)
		return;
	measure_all(s);
	killer->look.memory = killer->stats;
	killer->look.n_memory = killer->n_stats;
	victim_choose(&in, &killer->look.list);
	killer->chosen = true;
}

void killer_decide(struct state *s)
{
	struct killer *killer = s->killer;
	struct kill_done done;

	if (!killer)
		return;
	killer->chosen = false;
	reserve(killer, discover_model(s->discover)->n_slots);
	while (kill_next(killer->threads, &done))
		on_done(s, &done);
	killer->look.before = killer->memory;
	if (s->status.modes.by[RESOURCE_MEMORY] > MODE_OBSERVE &&
	    memory_kill_due(&killer->memory, discover_model(s->discover),
			    observe_samples(s->observe), s->policy,
			    freeze_newest_us(discover_model(s->discover), &s->plan),
			    s->status.pass_us, &killer->look.need))
		choose(s);
}

const struct record_kill *killer_look(const struct state *s)
{
	return s->killer && s->killer->chosen ? &s->killer->look : NULL;
}

void killer_run(struct state *s)
{
	struct killer *killer = s->killer;
	bool full = is_full(s);
	const struct record_kill *look = killer_look(s);
	struct history_record record;

	if (!look)
		return;
	killer->chosen = false; /* its pods are of this pass alone */
	/* What goes already may be enough. */
	if (look->list.pending_bytes >= look->need.bytes && look->list.pending_bytes > 0)
		return;
	if (look->list.n == 0) {
		say_nobody(s, &look->list, full);
		return;
	}
	kill_record_begin(s, &look->list, &look->need, &record);
	record.would = !full;
	/* The kill first: what is told of it can wait. */
	if (full && !begin(s, &look->list.list[0], &record))
		return;
	kill_record_candidates(s, &look->list, !full);
	if (full)
		return;
	killer->said_us = s->status.pass_us;
	effects_begin(s, RESOURCE_MEMORY, &record);
	messages_tell(s->history, &record);
}
