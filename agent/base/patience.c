// SPDX-License-Identifier: LGPL-2.1-or-later
// See patience.h. A timer of the kernel sends the signal, so that no thread has to be awake for it.
#include "agent/base/patience.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/sys.h"

#ifndef sigev_notify_thread_id /* glibc before 2.37 */
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* No signal that a person or systemd sends; the first ones are libc's own. */
#define SIGNAL (SIGRTMIN + 4)
#define AGAIN_NS 5000000
#define NS_PER_US 1000
#define US_PER_S 1000000

static _Thread_local volatile sig_atomic_t came;

static void on_signal(int signal)
{
	(void)signal;
	came = 1;
}

int patience_open(struct patience *p)
{
	/* Without SA_RESTART: 7.x restarts an interrupted write to memory.reclaim otherwise. */
	const struct sigaction action = {.sa_handler = on_signal};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGNAL,
	};

	int r = sys_fault(SYS_POLL, NULL);

	*p = (struct patience){0};
	if (r < 0)
		return r;
	event.sigev_notify_thread_id = gettid();
	if (sigaction(SIGNAL, &action, NULL) < 0)
		return -errno;
	if (timer_create(CLOCK_MONOTONIC, &event, &p->timer) < 0)
		return -errno;
	p->on = true;
	return 0;
}

void patience_close(struct patience *p)
{
	if (p->on)
		(void)timer_delete(p->timer);
	p->on = false;
}

void patience_unblock(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void set(struct patience *p, time_t s, long ns, long again_ns)
{
	const struct itimerspec spec = {
		.it_value = {.tv_sec = s, .tv_nsec = ns},
		.it_interval = {.tv_nsec = again_ns},
	};

	if (p->on)
		(void)timer_settime(p->timer, 0, &spec, NULL);
}

void patience_start(struct patience *p, uint64_t us)
{
	came = 0;
	set(p, (time_t)(us / US_PER_S), (long)(us % US_PER_S) * NS_PER_US, AGAIN_NS);
}

/* A signal that is on its way when the timer is stopped is delivered before this returns: the
 * kernel looks for one at the end of every system call. */
bool patience_stop(struct patience *p)
{
	set(p, 0, 0, 0);
	return came != 0;
}

void patience_hurry(struct patience *p)
{
	set(p, 0, 1, AGAIN_NS);
}

int patience_write(int fd, const char *text, size_t len, bool *ret_cut)
{
	struct patience p;
	bool cut;
	ssize_t n;
	int r;

	(void)patience_open(&p);
	patience_start(&p, PATIENCE_US);
	n = sys_write(fd, text, len);
	r = n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
	cut = patience_stop(&p);
	patience_close(&p);
	if (ret_cut)
		*ret_cut = cut;
	return r;
}
