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
#include "agent/evictor.h"
#include "agent/kill_record.h"
#include "agent/victim_stats.h"
#include "policy/decide.h"
#include "policy/freeze.h"
#include "policy/memory_kill.h"
#include "policy/record_kill.h"

/* Who would have been killed is said once in so long. */
#define SAY_AGAIN_US 60000000
/* So long a kill waits for the API server: a node that runs out of memory has a second or two. */
#define DELETION_US 300000

struct killer {
	struct kill *threads;
	struct lift_record *lifted;
	struct memory_kill memory;
	struct victim_stats stats;
	bool said_release;
	struct record_kill look; /* of this pass, where `chosen` */
	bool chosen;
	int64_t said_us; /* who it would have been, or that there is nobody */
	/* One whose deletion was asked for: the kill waits for the answer, but not for long. */
	struct {
		uint64_t serial; /* 0: none */
		int64_t at_us;
		bool alone; /* the kill gives something back even without it */
		struct history_record record;
	} deleting;
	struct kill_name {
		uint64_t serial; /* 0: free */
		bool evict;	 /* the evictor's */
		char path[KILL_PATH_SIZE];
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

/* It, or what is below it. */
static bool is_dying(void *context, const char *path)
{
	const struct state *s = context;

	for (size_t i = 0; s->killer && i < KILL_JOBS; i++) {
		const struct kill_name *name = &s->killer->under_way[i];
		size_t len = strlen(name->path);

		if (name->serial != 0 && strncmp(path, name->path, len) == 0 &&
		    (path[len] == '\0' || path[len] == '/'))
			return true;
	}
	return false;
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
	apply_set_dying(s->apply, is_dying, s);
	return 0;
}

void killer_free(struct killer *killer)
{
	if (!killer)
		return;
	kill_free(killer->threads);
	lift_record_free(killer->lifted);
	victim_stats_done(&killer->stats);
	free(killer);
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

	if (name && name->evict) {
		name->serial = 0;
		evictor_killed(s, done);
		return;
	}
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

/* What is to be told of it is the caller's. 0, -ENOENT where it is gone, -EBUSY, or -ENAMETOOLONG: then *name stays free. */
static int start(struct state *s, const struct pod *pod, struct kill_name *name)
{
	const struct cgroup *cgroup = pod->cgroup;
	struct kill_job job = {
		.token = pod->serial,
		.inode = cgroup->inode,
		.kind = cgroup->kind,
		.wait_us = KILL_WAIT_US,
	};
	int r;

	if (strlen(cgroup->path) >= sizeof(job.path))
		return -ENAMETOOLONG;
	memcpy(job.path, cgroup->path, strlen(cgroup->path) + 1);
	r = fs_open_dir_of(discover_cgroup_fd(s->discover), cgroup->path, cgroup->inode,
			   &job.dir_fd);
	if (r < 0)
		return r;
	r = kill_start(s->killer->threads, &job);
	if (r < 0) {
		(void)cleanup_close_fd(job.dir_fd);
		return r;
	}
	name->serial = pod->serial;
	name->evict = false;
	memcpy(name->path, job.path, sizeof(name->path));
	return 0;
}

static const struct victim_memory *measured(const struct state *s, const struct pod *pod)
{
	const struct victim_stats *stats = &s->killer->stats;

	return pod->slot < stats->n && stats->list[pod->slot].serial == pod->serial
		       ? &stats->list[pod->slot]
		       : NULL;
}

/* What is in tmpfs comes back as well, where the pod can be deleted. So it is in what was measured, and a replay needs
 * to know nothing of clusters. */
static void count_tmpfs(struct state *s)
{
	const struct model *model = discover_model(s->discover);

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct victim_memory *m = measured(s, pod);

		if (m && m->at_us > 0 && evictor_may_delete(s, pod))
			s->killer->stats.list[pod->slot].anon_bytes += m->shmem_bytes;
	}
}

/* True: the kill waits for its answer. */
static bool ask_deletion(struct state *s, const struct victim *victim,
			 const struct history_record *record)
{
	struct killer *killer = s->killer;
	const struct victim_memory *m = measured(s, victim->pod);

	if (!m || m->shmem_bytes < VICTIM_LEAST_BYTES || killer->deleting.serial != 0 ||
	    !evictor_may_delete(s, victim->pod) || evictor_delete(s, victim, record) < 0)
		return false;
	killer->deleting.serial = victim->pod->serial;
	killer->deleting.at_us = s->status.pass_us;
	killer->deleting.alone = m->anon_bytes - m->shmem_bytes >= VICTIM_LEAST_BYTES;
	killer->deleting.record = *record;
	return true;
}

/* The mode may be another one since the deletion was asked for, and the pod online. Not may_hold: it is being deleted. */
static bool may_still(const struct state *s, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(&s->plan, pod);

	return s->kill_mode == MODE_FULL && a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE;
}

/* The deletion was taken up, or refused, or it takes too long. */
static void kill_deleted(struct state *s)
{
	struct killer *killer = s->killer;
	uint64_t serial = killer->deleting.serial;
	enum evictor_deletion deletion = evictor_deletion(s, serial);
	struct history_record *record = &killer->deleting.record;
	const struct model *model = discover_model(s->discover);
	struct kill_name *name = find(killer, 0);
	int r = -ENOENT;

	if (serial == 0 || (deletion == EVICTOR_DELETION_ASKED &&
			    s->status.pass_us - killer->deleting.at_us < DELETION_US))
		return;
	killer->deleting.serial = 0;
	if (deletion == EVICTOR_DELETION_REFUSED && !killer->deleting.alone)
		HISTORY_SET(record->to, "was not done: it cannot be deleted, and all is in tmpfs");
	else
		for (size_t i = 0; i < model->n_pods && name; i++)
			if (model->pods[i]->serial == serial)
				r = may_still(s, model->pods[i]) ? start(s, model->pods[i], name)
								 : -EPERM;
	if (r == 0) {
		name->record = *record;
		return;
	}
	memory_kill_ended(&killer->memory, serial, false, 0, s->status.pass_us);
	if (*record->to == '\0')
		HISTORY_SET(record->to, "was not done: %s",
			    r == -EPERM ? "it may not be killed any more" : "it is gone");
	messages_tell(s->history, record);
}

/* False: it does not begin, and the next pass looks again. */
static bool begin(struct state *s, const struct victim *victim, struct history_record *record)
{
	struct killer *killer = s->killer;
	struct kill_name *name = find(killer, 0);
	int r;

	if (!name)
		return false;
	if (ask_deletion(s, victim, record)) {
		memory_kill_taken(&killer->memory, victim, s->status.pass_us);
		effects_begin(s, RESOURCE_MEMORY, &killer->deleting.record);
		return true;
	}
	r = start(s, victim->pod, name);
	/* Of one that is gone the next pass knows. */
	if (r == 0 || r == -EBUSY)
		memory_kill_taken(&killer->memory, victim, s->status.pass_us);
	if (r < 0)
		return false;
	effects_begin(s, RESOURCE_MEMORY, record);
	name->record = *record;
	return true;
}

int killer_evict(struct state *s, const struct pod *pod)
{
	struct kill_name *name = s->killer ? find(s->killer, 0) : NULL;
	int r = name ? start(s, pod, name) : -EBUSY;

	if (r == 0)
		name->evict = true;
	return r;
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
	return s->kill_mode == MODE_FULL;
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
		.memory = killer->stats.list,
		.n_memory = killer->stats.n,
		.state = &killer->memory.victims,
		.way = EVICT_KILL,
		.nodes = killer->look.need.reason.nodes,
		.fall_bytes_per_s = killer->look.need.reason.observed,
		.now_us = s->status.pass_us,
	};
	bool full = is_full(s);

	/* Nothing would be done and nothing said: nothing is read for it. */
	if (!full && s->status.pass_us - killer->said_us < SAY_AGAIN_US)
		return;
	victim_stats_measure(s, &killer->stats, in.nodes, false);
	count_tmpfs(s);
	killer->look.memory = killer->stats.list;
	killer->look.n_memory = killer->stats.n;
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
	victim_stats_reserve(&killer->stats, discover_model(s->discover)->n_slots);
	while (kill_next(killer->threads, &done))
		on_done(s, &done);
	kill_deleted(s);
	killer->look.before = killer->memory;
	if (s->kill_mode > MODE_OBSERVE &&
	    memory_kill_due(&killer->memory, discover_model(s->discover),
			    observe_samples(s->observe), s->policy, &s->plan,
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
