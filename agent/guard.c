// SPDX-License-Identifier: LGPL-2.1-or-later
// See guard.h. Its loop opens one small file and allocates nothing; its memory is locked, with room
// for the record of a large node, so that it works while the node has none left.
#include "agent/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/apply/apply.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/process.h"
#include "agent/base/sys.h"
#include "agent/life.h"
#include "agent/lock.h"
#include "agent/net_back.h"
#include "agent/restore.h"
#include "agent/state.h"

/* What apply needs to read the record of a thousand pods. */
#define ROOM_BYTES (8u << 20)
#define LOOK_MS 500
/* Woken so much too late, this process did not run either: the machine slept, or was stuck. The agent
 * gets a moment to end its holds itself. */
#define LATE_US 1000000
#define GRACE_US 2000000
/* A killed process is gone within this, unless it waits in the kernel. */
#define KILL_WAIT_MS 2000
#define LOCK_WAIT_MS 1000

struct guard {
	int root_fd;
	int state_fd;
	int cgroup_fd;
	int present_fd; /* locked while this process lives */
	int signal_fd;
	int pid_fd;
	struct lease of;   /* the agent that pid_fd is of; pid 0: none */
	struct lease done; /* the agent whose holds were ended last */
	int64_t not_before_us;
	bool said;
	uint32_t only; /* --for PID, 0: any agent */
	int only_fd;   /* of that process */
};

enum guard_verdict guard_judge(const struct guard_view *v)
{
	/* A date far ahead is no date: no agent asks for more than the bound. */
	bool far = v->lease.until_us > v->now_us + 2 * LIFE_BOUND_US;

	if (!v->has_lease)
		return GUARD_NOBODY;
	if (!v->alive)
		return GUARD_DEAD;
	if (v->now_us < v->not_before_us || (v->now_us <= v->lease.until_us && !far))
		return GUARD_FINE;
	return GUARD_HUNG;
}

static bool same(const struct lease *a, const struct lease *b)
{
	return a->pid == b->pid && a->start == b->start;
}

static void forget_agent(struct guard *g)
{
	g->pid_fd = cleanup_close_fd(g->pid_fd);
	g->of = (struct lease){0};
}

static bool is_alive(const struct guard *g)
{
	struct pollfd p = {.fd = g->pid_fd, .events = POLLIN};

	return g->pid_fd >= 0 && sys_poll(&p, 1, 0) == 0;
}

/* Takes hold of the process that the lease names; none where it is gone already. */
static void take_agent(struct guard *g, const struct lease *lease)
{
	uint64_t start = 0;

	if (same(&g->of, lease))
		return;
	forget_agent(g);
	g->of = *lease;
	g->pid_fd = sys_pidfd_open((pid_t)lease->pid, 0);
	if (g->pid_fd >= 0 && (process_start(lease->pid, &start) < 0 || start != lease->start))
		g->pid_fd = cleanup_close_fd(g->pid_fd); /* another process has its number */
}

static struct guard_view look(struct guard *g)
{
	struct guard_view v = {.not_before_us = g->not_before_us};
	int r = lease_read(g->state_fd, &v.lease);

	v.now_us = clock_now_us();
	/* One look that fails says nothing of the agent: what was known of it still is. */
	if (r < 0 && r != -ENOENT)
		v.lease = g->of;
	v.has_lease = r != -ENOENT && v.lease.pid != 0 && v.lease.until_us != 0 &&
		      !same(&v.lease, &g->done) && (!g->only || v.lease.pid == g->only);
	if (!v.has_lease) {
		forget_agent(g);
		return v;
	}
	take_agent(g, &v.lease);
	g->of = v.lease;
	v.alive = is_alive(g);
	return v;
}

/* A hung agent may still write when it goes on: it must be gone before anybody else does. */
static int kill_agent(struct guard *g)
{
	struct pollfd p = {.fd = g->pid_fd, .events = POLLIN};

	if (sys_pidfd_send_signal(g->pid_fd, SIGKILL) < 0 && errno != ESRCH)
		return -errno;
	return sys_poll(&p, 1, KILL_WAIT_MS) == 1 ? 0 : -ETIMEDOUT;
}

static int end_holds(struct guard *g)
{
	_cleanup_close_ int lock_fd = -EBADF;
	struct apply *apply = NULL;
	int r = lock_take(g->state_fd, LOCK_WAIT_MS, &lock_fd), links;

	if (r < 0)
		return r;
	r = apply_new(g->cgroup_fd, g->state_fd, &apply);
	if (r == 0)
		r = restore_holds(apply, NULL);
	apply_free(apply);
	/* Whatever became of the record: links need none. */
	links = net_back_holds(g->state_fd);
	if (r == 0 && links < 0)
		return links;
	return r > 0 || links > 0 ? -EIO : r;
}

static void act(struct guard *g, const struct guard_view *v, bool hung)
{
	int64_t silent_us = v->now_us - (v->lease.until_us - LIFE_BOUND_US);
	int r = hung ? kill_agent(g) : 0;

	if (r == 0)
		r = end_holds(g);
	if (r == 0) {
		log_notice("guard.end",
			   "colod (pid %" PRIu32 ") %s: its holds have ended %" PRId64
			   " ms after it last looked, the bound is %d ms",
			   v->lease.pid, hung ? "was silent and has been killed" : "died",
			   silent_us / 1000, LIFE_BOUND_US / 1000);
		g->done = v->lease;
		g->said = false;
		forget_agent(g);
		return;
	}
	if (!g->said)
		log_err("guard.end",
			"the holds of colod (pid %" PRIu32 ") could not be ended: %s. Trying again "
			"twice a second; by hand: kill it, then colod restore --holds",
			v->lease.pid, strerror(-r));
	g->said = true;
}

/* How long to wait for the next look. */
static int wait_ms(const struct guard_view *v, enum guard_verdict verdict)
{
	int64_t left_ms = LOOK_MS;

	if (verdict == GUARD_FINE) {
		int64_t at_us = v->lease.until_us > v->not_before_us ? v->lease.until_us
								     : v->not_before_us;

		left_ms = (at_us - v->now_us) / 1000 + 1;
	}
	return left_ms < 1 ? 1 : left_ms > LOOK_MS ? LOOK_MS : (int)left_ms;
}

/* True at the end: a signal, or the one agent has ended and holds nothing. */
static bool is_over(const struct guard *g, enum guard_verdict verdict)
{
	struct pollfd p[2] = {{.fd = g->signal_fd, .events = POLLIN},
			      {.fd = g->only_fd, .events = POLLIN}};

	if (sys_poll(p, 2, 0) <= 0)
		return false;
	return p[0].revents || verdict == GUARD_NOBODY;
}

static void loop(struct guard *g)
{
	for (;;) {
		struct guard_view v = look(g);
		enum guard_verdict verdict = guard_judge(&v);
		struct pollfd p[2] = {{.fd = g->signal_fd, .events = POLLIN},
				      {.fd = g->pid_fd, .events = POLLIN}};
		int ms;

		if (verdict == GUARD_DEAD || verdict == GUARD_HUNG)
			act(g, &v, verdict == GUARD_HUNG);
		if (is_over(g, verdict))
			return;
		ms = wait_ms(&v, verdict);
		p[1].fd = g->pid_fd;
		/* Of a dead agent that could not be dealt with, the pidfd stays readable. */
		(void)sys_poll(p, verdict == GUARD_FINE ? 2 : 1, ms);
		if (clock_now_us() - v.now_us > (int64_t)ms * 1000 + LATE_US &&
		    verdict == GUARD_FINE)
			g->not_before_us = clock_now_us() + GRACE_US;
	}
}

static void lock_memory(void)
{
	void *room;

	(void)mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	(void)mallopt(M_MMAP_MAX, 0);
	room = malloc(ROOM_BYTES);
	if (room)
		memset(room, 1, ROOM_BYTES);
	/* The compiler must not see that nobody reads it. */
	__asm__ volatile("" : : "r"(room) : "memory");
	free(room);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		log_warning("guard.memory",
			    "memory could not be locked (%s): on a node without memory this guard "
			    "may be late",
			    strerror(errno));
	(void)setpriority(PRIO_PROCESS, 0, -20);
}

/* -EBUSY: another guard runs. */
static int show_presence(struct guard *g)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int r = fs_open(g->state_fd, GUARD_FILE, O_RDWR | O_CREAT, &g->present_fd);

	if (r < 0)
		return r;
	if (fcntl(g->present_fd, F_SETLK, &lock) < 0)
		return errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
	return 0;
}

uint32_t guard_present(int state_fd, int *fd)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	if (state_fd < 0)
		return 0;
	if (*fd < 0 && fs_open(state_fd, GUARD_FILE, O_RDONLY, fd) < 0)
		return 0;
	if (fcntl(*fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK)
		return lock.l_pid > 0 ? (uint32_t)lock.l_pid : 1;
	/* The next guard may make the file anew. */
	*fd = cleanup_close_fd(*fd);
	return 0;
}

static int open_all(struct guard *g, const struct options *options)
{
	sigset_t mask;
	int r = fs_open_root(options->root, &g->root_fd);

	if (r == 0)
		r = state_open_directory(g->root_fd, &g->state_fd);
	if (r == 0)
		r = fs_open_dir(g->root_fd, "sys/fs/cgroup", &g->cgroup_fd);
	if (r == 0)
		r = show_presence(g);
	if (r < 0)
		return r;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	g->signal_fd = sys_signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (g->signal_fd < 0)
		return -errno;
	if (g->only)
		g->only_fd = sys_pidfd_open((pid_t)g->only, 0);
	return g->only && g->only_fd < 0 ? -errno : 0;
}

static void close_all(struct guard *g)
{
	cleanup_close_fd(g->signal_fd);
	cleanup_close_fd(g->pid_fd);
	cleanup_close_fd(g->only_fd);
	cleanup_close_fd(g->present_fd);
	cleanup_close_fd(g->cgroup_fd);
	cleanup_close_fd(g->state_fd);
	cleanup_close_fd(g->root_fd);
}

int guard_run(const struct options *options)
{
	_cleanup_(close_all) struct guard g = {
		.root_fd = -EBADF,
		.state_fd = -EBADF,
		.cgroup_fd = -EBADF,
		.present_fd = -EBADF,
		.signal_fd = -EBADF,
		.pid_fd = -EBADF,
		.only_fd = -EBADF,
		.only = options->guard_for,
	};
	int r = open_all(&g, options);

	if (r == -EBUSY) {
		log_info("guard.start", "a guard runs already");
		return 0;
	}
	if (r < 0) {
		log_err("guard.start",
			"the guard cannot start: %s. It needs root, /run/colod and "
			"the cgroup2 mount",
			strerror(-r));
		return 1;
	}
	lock_memory();
	log_info("guard.start",
		 "colod guard: holds end when colod dies, and at most %d ms after it last looked",
		 LIFE_BOUND_US / 1000);
	loop(&g);
	return 0;
}
