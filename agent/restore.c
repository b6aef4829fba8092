// SPDX-License-Identifier: LGPL-2.1-or-later
// See restore.h. Works from /run/colod/originals alone.
#include "agent/restore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/account.h"
#include "agent/apply/units.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/history.h"
#include "agent/base/log.h"
#include "agent/comeback.h"
#include "agent/lock.h"
#include "agent/net_back.h"

#define CGROUP_MOUNT "sys/fs/cgroup"
/* A guard may be ending holds at this moment. */
#define LOCK_WAIT_MS 3000

/* The last line: N written, N restored, N left: why. */
static void say(struct history *history, const struct apply_restored *done, bool holds_only)
{
	struct history_record r = HISTORY_RECORD(HISTORY_AGENT);
	size_t refused = done->left - done->foreign;
	char gone[64] = "", foreign[64] = "", kernel[64] = "";

	if (done->gone > 0)
		(void)snprintf(gone, sizeof(gone), ", %zu gone with their cgroup", done->gone);
	if (done->foreign > 0)
		(void)snprintf(foreign, sizeof(foreign), ": somebody else wrote %zu since",
			       done->foreign);
	if (refused > 0)
		(void)snprintf(kernel, sizeof(kernel), "%s the kernel refused %zu",
			       done->foreign > 0 ? "," : ":", refused);
	HISTORY_SET(r.what, "%s", holds_only ? "holds" : "colod");
	HISTORY_SET(r.to, "%s", "restored");
	HISTORY_SET(r.why, "%zu written, %zu restored%s, %zu left%s%s", done->written,
		    done->restored, gone, done->left, foreign, kernel);
	if (done->written > 0)
		history_add(history, &r);
	log_notice("restore", "%s%s", holds_only ? "holds: " : "", r.why);
}

/* What systemd was told is taken back too. How much it could not be told of. */
static size_t units_back(struct apply *apply)
{
	struct units_restored done;

	units_restore(apply_units(apply), &done);
	if (done.written > 0)
		log_notice(
			"restore.units",
			"systemd: %zu properties told, %zu as before, %zu gone with their unit, %zu left: "
			"%zu set by somebody else since, %zu that it did not take",
			done.written, done.restored, done.gone, done.foreign + done.failed,
			done.foreign, done.failed);
	return done.failed;
}

static void log_failed(int error)
{
	log_err("restore", "originals could not be restored: %s. Try again: colod restore",
		strerror(-error));
}

/* How many values are left because the kernel refused; what somebody else wrote since is theirs.
 * Or -errno. */
static int all_back(struct apply *apply, struct history *history)
{
	struct apply_restored done;
	int r;

	r = apply_restore(apply, false, &done);
	if (r < 0) {
		log_failed(r);
		return r;
	}
	say(history, &done, false);
	return (int)(done.left - done.foreign + units_back(apply));
}

int restore_holds(struct apply *apply, struct history *history)
{
	struct apply_restored done;

	apply_end_holds(apply, NULL, &done);
	say(history, &done, true);
	return (int)(done.left - done.foreign);
}

int restore_all(struct state *s)
{
	return all_back(s->apply, s->history);
}

/* What `colod restore` has open. */
struct places {
	int root_fd, state_fd, lock_fd, cgroup_fd;
	struct apply *apply;
	struct history *history; /* may be NULL */
};

static void close_places(struct places *p)
{
	apply_free(p->apply);
	history_free(p->history);
	cleanup_close_fd(p->cgroup_fd);
	cleanup_close_fd(p->lock_fd);
	cleanup_close_fd(p->state_fd);
	cleanup_close_fd(p->root_fd);
}

static bool links_left(int state_fd)
{
	int r = net_back_holds(state_fd);

	net_back_say(r);
	return r != 0;
}

/* Whether something is left that the kernel refused. */
static bool holds_left(const struct places *p)
{
	bool left = restore_holds(p->apply, p->history) != 0;

	return links_left(p->state_fd) || left;
}

static bool all_left(const struct places *p)
{
	bool left = all_back(p->apply, p->history) != 0;

	return net_back_all(p->root_fd, p->cgroup_fd, p->state_fd) != 0 || left;
}

/* Holds end always; the rest is given back unless the agent comes back, which adopts it. */
static bool automatic_left(const struct places *p)
{
	struct comeback_facts facts;
	char why[COMEBACK_WHY_SIZE];
	bool left = holds_left(p);

	comeback_ask(&facts);
	if (comeback_decide(&facts, why)) {
		log_info("restore", "shares and protection stay: %s", why);
		return left;
	}
	log_info("restore", "everything is given back: %s", why);
	return all_left(p) || left;
}

static int open_places(const struct options *options, struct places *p)
{
	int r = fs_open_root(options->root, &p->root_fd);

	if (r == 0)
		r = fs_open_dir(p->root_fd, "run/colod", &p->state_fd);
	if (r == 0)
		r = lock_take(p->state_fd, options->restore_auto ? LOCK_WAIT_MS : 0, &p->lock_fd);
	if (r == 0)
		r = fs_open_dir(p->root_fd, CGROUP_MOUNT, &p->cgroup_fd);
	if (r == 0)
		r = apply_new(p->cgroup_fd, p->state_fd, &p->apply);
	if (r < 0)
		return r;
	apply_use_units(p->apply, p->root_fd, p->state_fd);
	apply_use_processes(p->apply, p->root_fd);
	return 0;
}

/* What is given back here is in the same log as what the agent did. Without it, it is only said. */
static void open_history(const struct options *options, struct history **ret_history)
{
	_cleanup_close_ int root_fd = -EBADF;

	if (strcmp(options->root, "/") != 0 || fs_open_root(options->root, &root_fd) < 0 ||
	    history_new(ret_history) < 0)
		return;
	history_open(*ret_history, root_fd);
}

int restore_run(const struct options *options)
{
	_cleanup_(close_places) struct places p = {
		.root_fd = -EBADF, .state_fd = -EBADF, .lock_fd = -EBADF, .cgroup_fd = -EBADF};
	int r = open_places(options, &p);

	if (r == -ENOENT) {
		log_info("restore",
			 "0 written, 0 restored, 0 left: colod has changed nothing since boot");
		return 0;
	}
	if (r == -EBUSY && options->restore_auto) {
		log_info("restore", "a colod runs: it keeps what is there and ends the holds that "
				    "it found");
		return 0;
	}
	if (r == -EBUSY) {
		log_err("restore", "colod is running and would write its values again: first "
				   "systemctl stop colod");
		return 1;
	}
	if (r < 0) {
		log_err("restore", "cannot read what was changed: %s", strerror(-r));
		/* Links need no record. */
		if (p.lock_fd >= 0)
			(void)links_left(p.state_fd);
		return 1;
	}
	open_history(options, &p.history);
	apply_on_event(p.apply, account_event_alone, p.history);
	if (options->restore_auto)
		return automatic_left(&p);
	return options->holds_only ? holds_left(&p) : all_left(&p);
}
