// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_act.h.
#include "agent/apply/kill_act.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "agent/apply/kill_check.h"
#include "agent/apply/kill_largest.h"
#include "agent/apply/kill_lift.h"
#include "agent/apply/lift_record.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/kernel_text.h"

/* The kernel tells of the end at most 10 ms late; this is for where it does not tell at all. */
#define LOOK_EVERY_MS 20
#define TEXT_SIZE 256

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV;
}

static bool read_current(int dir_fd, uint64_t *ret_bytes)
{
	char text[TEXT_SIZE];

	return fs_read(dir_fd, "memory.current", text, sizeof(text), NULL) == 0 &&
	       kernel_text_u64(text, ret_bytes) == 0;
}

/* 1: nobody is left; 0, or -errno. */
static int is_empty(int events_fd)
{
	char text[TEXT_SIZE];
	uint64_t populated;
	int r = fs_pread(events_fd, text, sizeof(text), NULL);

	if (r == 0)
		r = kernel_text_keyed(text, "populated", &populated);
	if (is_gone(r))
		return 1;
	return r < 0 ? r : populated == 0;
}

static void wait_for_end(const struct kill_job *job, int events_fd, int64_t from_us,
			 const atomic_bool *stop, struct kill_done *done)
{
	for (;;) {
		struct pollfd p = {.fd = events_fd, .events = POLLPRI};
		int r = is_empty(events_fd);

		done->took_us = (uint64_t)(clock_now_us() - from_us);
		done->ended = r == 1;
		if (r < 0)
			done->errors[KILL_WAIT] = r;
		else if (r == 0 && done->took_us >= job->wait_us)
			done->errors[KILL_WAIT] = -ETIMEDOUT;
		else if (r == 0 && stop && atomic_load(stop))
			done->errors[KILL_WAIT] = -ECANCELED;
		if (r != 0 || done->errors[KILL_WAIT] < 0)
			return;
		(void)sys_poll(&p, 1, LOOK_EVERY_MS);
	}
}

/* ENOENT is either a pod that is gone or a kernel without the file. */
static int write_kill(int dir_fd)
{
	int r = fs_write(dir_fd, "cgroup.kill", "1");

	if (r == -ENODEV)
		return -ENOENT;
	if (r == -ENOENT && fs_exists(dir_fd, "cgroup.events") == 1)
		return -EOPNOTSUPP;
	return r;
}

static void lift(const struct kill_place *place, const struct kill_job *job, struct kill_lift *l)
{
	kill_lift_look(l, job->dir_fd);
	if (lift_record_set(place->lifted, place->slot, job->path, job->inode, l))
		kill_lift(l);
	else
		kill_lift_forget(l);
}

/* Every process has its signal; what follows only makes the end come sooner. */
static void hasten(const struct kill_place *place, const struct kill_job *job,
		   struct kill_largest *largest, int events_fd, int64_t from_us,
		   const atomic_bool *stop, struct kill_done *done)
{
	struct kill_lift lifted;
	int64_t release_us;

	lift(place, job, &lifted);
	done->lifted = lifted.lifted;
	done->n_thawed = lifted.n_thawed;
	done->errors[KILL_LIFT] = lifted.error;
	done->errors[KILL_THAW] = lifted.thaw_error;
	release_us = clock_now_us();
	done->errors[KILL_RELEASE] = kill_largest_release(largest, done);
	done->release_us = (uint64_t)(clock_now_us() - release_us);
	wait_for_end(job, events_fd, from_us, stop, done);
	done->after_known = read_current(job->dir_fd, &done->after_bytes);
	done->errors[KILL_PUT_BACK] = kill_lift_put_back(&lifted);
	lift_record_clear(place->lifted, place->slot);
}

/* What is opened before it is needed: a node out of memory may have none for it later. */
static int prepare(const struct kill_place *place, const struct kill_job *job,
		   struct kill_largest *largest, int *ret_events_fd, struct kill_done *done)
{
	int r = kill_check(place, job, largest, done, &done->why);

	if (r < 0)
		return r;
	done->before_known = read_current(job->dir_fd, &done->before_bytes);
	kill_largest_hold(largest, place->root_fd, job->path);
	r = fs_open(job->dir_fd, "cgroup.events", O_RDONLY, ret_events_fd);
	return is_gone(r) ? -ENOENT : r;
}

void kill_act(const struct kill_place *place, const struct kill_job *job, const atomic_bool *stop,
	      struct kill_done *ret_done)
{
	_cleanup_close_ int events_fd = -EBADF;
	struct kill_done done = {.token = job->token};
	int64_t began_us = clock_now_us(), from_us;
	struct kill_largest largest;

	kill_largest_begin(&largest, began_us);
	done.result = prepare(place, job, &largest, &events_fd, &done);
	done.errors[KILL_CHECK] = done.result;
	from_us = clock_now_us();
	done.check_us = (uint64_t)(from_us - began_us);
	if (done.result == 0) {
		done.result = write_kill(job->dir_fd);
		done.errors[KILL_WRITE] = done.result;
	}
	if (done.result == 0)
		hasten(place, job, &largest, events_fd, from_us, stop, &done);
	kill_largest_end(&largest);
	(void)cleanup_close_fd(job->dir_fd);
	*ret_done = done;
}
