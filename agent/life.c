// SPDX-License-Identifier: LGPL-2.1-or-later
// See life.h.
#include "agent/life.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent/account.h"
#include "agent/base/cleanup.h"
#include "agent/base/core_sched.h"
#include "agent/base/log.h"
#include "agent/base/process.h"
#include "agent/guard.h"
#include "agent/net_back.h"
#include "agent/observe/cpi_files.h"
#include "agent/restore.h"
#include "agent/state.h"
#include "policy/floor.h"
#include "policy/freeze.h"
#include "policy/ladder.h"
#include "policy/reason_text.h"

#define FREEZE_BY_GUARD_US 10000000
#define FREEZE_BY_WATCHDOG_US 5000000
/* Until a process that hangs is killed, and its holds are ended. */
#define THAW_AFTER_US 2000000

/* One record and one line of holds that ended together. */
static void say_ended(struct state *s, const struct apply_restored *done, const char *why)
{
	char to[HISTORY_VALUE_SIZE];

	(void)snprintf(to, sizeof(to), "%zu ended, %zu left", done->restored + done->gone,
		       done->left);
	account_agent(s, "holds", to, why);
}

/* The unit file promises it in its environment, so that an older one, or another, whose end gives
 * nothing back, does not lead to values that stay. What this process starts inherits the promise;
 * SYSTEMD_EXEC_PID tells it from them. */
static bool is_handover(void)
{
	const char *promise = getenv("COLOD_HANDOVER"), *pid = getenv("SYSTEMD_EXEC_PID");

	return promise && strcmp(promise, "1") == 0 && pid && atoi(pid) == getpid();
}

/* Only together: a watchdog that kills a process ends no hold, ExecStopPost= does. */
static uint64_t watchdog(bool handover)
{
	uint64_t us = 0;

	return handover && sd_watchdog_enabled(false, &us) > 0 ? us : 0;
}

void life_guard(const struct options *options)
{
	int r;

	if (!options->with_guard)
		return;
	if (watchdog(is_handover()) > 0) {
		log_info("life.guard", "--with-guard: not needed, systemd watches over colod");
		return;
	}
	r = guard_spawn(options);
	if (r < 0)
		log_err("life.guard", "--with-guard: no guard could be started: %s", strerror(-r));
}

static void open_lease(struct state *s)
{
	struct life *life = &s->life;
	int r;

	if (s->state_fd < 0)
		return;
	life->lease.pid = (uint32_t)getpid();
	r = process_start(life->lease.pid, &life->lease.start);
	if (r == 0)
		r = lease_open(s->state_fd, &life->lease_fd);
	if (r < 0)
		log_warning("life.lease",
			    "the lease could not be written (%s): a guard cannot tell whether "
			    "colod hangs",
			    strerror(-r));
}

/* A colod that gave its lease back had thawed everybody, and was told to end. One that did not may have died with
 * a pod frozen, and the next could be about to die of the same. */
static void see_last(struct state *s)
{
	struct lease last;

	if (s->state_fd >= 0 && lease_read(s->state_fd, &last) == 0 && last.until_us > 0)
		s->life.freeze_from_us = last.until_us + FREEZE_REST_US;
}

static void renew(struct life *life, int64_t until_us)
{
	life->lease.until_us = until_us;
	/* One that fails is made up for by the next; several, and the guard takes this for a hung agent. */
	if (life->lease_fd >= 0)
		(void)lease_write(life->lease_fd, &life->lease);
}

/* A guard ends a freeze as soon as this process is gone; systemd has a unit to stop first. */
static void see_thaw(struct state *s)
{
	const struct status *status = &s->status;
	struct freeze_guard guard = {.from_us = s->life.freeze_from_us};

	if (status->guard != GUARD_BY_NOBODY) {
		guard.most_us = status->guard == GUARD_BY_PROCESS ? FREEZE_BY_GUARD_US
								  : FREEZE_BY_WATCHDOG_US;
		guard.late_us = (uint64_t)status->guard_bound_us + THAW_AFTER_US;
	}
	discover_set_freeze(s->discover, &guard);
}

/* Who ends holds when this process cannot: it may die in the next moment. */
static void see_guard(struct state *s)
{
	struct life *life = &s->life;
	struct status *status = &s->status;

	status->guard = GUARD_BY_NOBODY;
	status->guard_pid = 0;
	if (life->watchdog_us > 0) {
		status->guard = GUARD_BY_WATCHDOG;
		status->guard_bound_us = (int64_t)life->watchdog_us;
	} else if (life->lease_fd >= 0) {
		status->guard_pid = guard_present(s->state_fd, &life->guard_fd);
		status->guard = status->guard_pid ? GUARD_BY_PROCESS : GUARD_BY_NOBODY;
		status->guard_bound_us = LIFE_BOUND_US;
	}
	discover_set_capability(s->discover, CAPABILITY_HOLD_GUARD,
				status->guard != GUARD_BY_NOBODY);
	see_thaw(s);
}

/* On one CPU, as it would be for a pod, but for nobody: what fails there fails for pods, too. */
static void see_perf(struct state *s)
{
	const struct model *model = discover_model(s->discover);
	int r;

	if (model->node.n_cpus == 0 || model->switched_off & 1u << CAPABILITY_PERF)
		return;
	r = cpi_files_probe(&cpi_files_hardware, model->node.cpus[0].id);
	discover_set_capability(s->discover, CAPABILITY_PERF, r == 0);
	if (r == -EACCES || r == -EPERM)
		discover_deny(s->discover, CAPABILITY_PERF);
}

void life_start(struct state *s, int64_t now_us)
{
	struct apply_restored done;

	s->life.handover = is_handover();
	s->life.watchdog_us = watchdog(s->life.handover);
	see_last(s);
	open_lease(s);
	discover_set_capability(s->discover, CAPABILITY_CORE_SCHED, core_sched_is_there());
	discover_set_capability(s->discover, CAPABILITY_SCHED_POLICY, process_may_schedule());
	see_perf(s);
	/* Without it the kernel takes the word and calls the partition invalid. */
	if (!process_may_administer())
		discover_deny(s->discover, CAPABILITY_CPUSET_EXCLUSIVE);

	apply_set_now(s->apply, now_us);
	apply_end_holds(s->apply, NULL, &done);
	if (done.written > 0)
		say_ended(s, &done, "they were left by a colod that died, and nothing ended them");
}

/* Nobody looked for gap_us: what was taken away on numbers from before is given back. */
static void wake(struct state *s, int64_t now_us, int64_t gap_us)
{
	const struct reason gap = {
		.code = REASON_GAP,
		.level = LEVEL_NONE,
		.rule = -1,
		.for_us = (uint64_t)gap_us,
	};
	struct apply_restored done;
	char why[REASON_TEXT_SIZE];

	apply_end_holds(s->apply, discover_model(s->discover), &done);
	observe_forget(s->observe);
	s->sampled_us = 0;
	ladder_reset_all(&s->ladders, now_us, (uint64_t)gap_us);
	floor_reset(&s->floor_cpu);
	say_ended(s, &done, reason_text(&gap, NULL, why, sizeof(why)));
}

void life_pass(struct state *s, int64_t now_us)
{
	int64_t last_us = s->status.pass_us;

	apply_set_now(s->apply, now_us);
	renew(&s->life, now_us + LIFE_BOUND_US);
	see_guard(s);
	if (last_us > 0 && now_us - last_us > LIFE_BOUND_US)
		wake(s, now_us, now_us - last_us);
}

/* A round that hangs could still put back what is taken away here: whoever comes after this process does it. */
static int links_back(struct state *s)
{
	int r;

	if (s->net_hangs)
		return -EBUSY;
	if (!s->life.handover)
		return net_back_all(s->root_fd, discover_cgroup_fd(s->discover), s->state_fd);
	r = net_back_holds(s->state_fd);
	net_back_say(r);
	return r;
}

void life_stop(struct state *s)
{
	int left = s->life.handover ? restore_holds(s->apply, s->history) : restore_all(s);
	int links = links_back(s);

	/* What the kernel keeps is a guard's to try again: it sees a lease that is not given back. */
	if (left == 0 && links == 0)
		renew(&s->life, 0);
	if (!s->life.handover)
		return;
	log_info("life.stop", "shares and protection stay: colod restore --auto, which "
			      "systemd starts next, gives them back unless this is a restart");
}

void life_free(struct life *life)
{
	life->lease_fd = cleanup_close_fd(life->lease_fd);
	life->guard_fd = cleanup_close_fd(life->guard_fd);
}
