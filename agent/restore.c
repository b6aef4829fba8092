// SPDX-License-Identifier: LGPL-2.1-or-later
// See restore.h. Works from /run/colod/originals alone.
#include "agent/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

#define CGROUP_MOUNT "sys/fs/cgroup"

static void log_left(void *context, const char *path, enum knob knob, const char *why)
{
	(void)context;
	log_warning("restore.left", "%s %s is left as it is: %s", path, knob_name(knob), why);
}

/* The last line: N written, N restored, N left: why. */
static void say(const struct apply_restored *done, bool holds_only)
{
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
	log_notice("restore", "%s%zu written, %zu restored%s, %zu left%s%s",
		   holds_only ? "holds: " : "", done->written, done->restored, gone, done->left,
		   foreign, kernel);
}

static int restore_and_count(struct apply *apply, bool holds_only)
{
	struct apply_restored done;
	int r;

	apply_on_left(apply, log_left, NULL);
	r = apply_restore(apply, holds_only, &done);
	if (r < 0) {
		log_err("restore", "originals could not be restored: %s. Try again: colod restore",
			strerror(-r));
		return r;
	}
	say(&done, holds_only);
	return done.left > 0 ? 1 : 0;
}

void restore_all(struct state *s)
{
	(void)restore_and_count(s->apply, false);
}

static int open_all(const struct options *options, int *ret_root, int *ret_state, int *ret_lock)
{
	int r = fs_open_root(options->root, ret_root);

	if (r < 0)
		return r;
	r = fs_open_dir(*ret_root, "run/colod", ret_state);
	if (r < 0)
		return r;
	r = fs_open(*ret_state, "lock", O_RDWR | O_CREAT, ret_lock);
	if (r < 0)
		return r;
	if (sys_flock(*ret_lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static void free_apply(struct apply **apply)
{
	apply_free(*apply);
}

int restore_run(const struct options *options)
{
	_cleanup_(free_apply) struct apply *apply = NULL;
	_cleanup_close_ int root_fd = -EBADF, state_fd = -EBADF, lock_fd = -EBADF,
			    cgroup_fd = -EBADF;
	int r = open_all(options, &root_fd, &state_fd, &lock_fd);

	if (r == -ENOENT) {
		log_info("restore",
			 "0 written, 0 restored, 0 left: colod has changed nothing since boot");
		return 0;
	}
	if (r == -EBUSY) {
		log_err("restore", "colod is running and would write its values again: first "
				   "systemctl stop colod");
		return 1;
	}
	if (r == 0)
		r = fs_open_dir(root_fd, CGROUP_MOUNT, &cgroup_fd);
	if (r == 0)
		r = apply_new(cgroup_fd, state_fd, &apply);
	if (r < 0) {
		log_err("restore", "cannot read what was changed: %s", strerror(-r));
		return 1;
	}
	return restore_and_count(apply, options->holds_only) == 0 ? 0 : 1;
}
