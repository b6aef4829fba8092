// SPDX-License-Identifier: LGPL-2.1-or-later
// See loop.h. Knows when to start a pass, not what a pass does (tick.c).
#include "agent/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "agent/account.h"
#include "agent/apply/units.h"
#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/disable_watch.h"
#include "agent/life.h"
#include "agent/loop_state.h"
#include "agent/serve/bus.h"
#include "agent/state.h"
#include "agent/tick.h"
#include "agent/workers.h"
#include "policy/manual.h"
#include "policy/mode.h"
#include "policy/names.h"

#define PASS_INTERVAL_US 1000000
/* While memory is getting short: a fast hog takes gigabytes in a second. */
#define TENSE_INTERVAL_US 200000
/* New cgroups come in bursts (pod, sandbox, containers): one pass for the burst. */
#define BURST_US 50000
/* Whoever writes over a value mostly writes its neighbours too: systemd all of a controller's, the
 * kubelet through systemd and then into the file. Passes for that are at least a burst apart. */
#define DRIFT_US 5000
/* Writes that changed nothing wake the loop no more often than this. */
#define QUIET_US 20000

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

int64_t loop_now_us(struct loop *loop)
{
	uint64_t now_us = 0;

	(void)sd_event_now(loop->event, CLOCK_BOOTTIME, &now_us);
	return (int64_t)now_us;
}

/* Only what is new: each message wakes systemd, on a node where somebody may wait for that CPU. */
static void loop_status(struct loop *loop)
{
	const struct state *s = loop->state;
	char text[sizeof(loop->told)];

	(void)snprintf(text, sizeof(text),
		       "STATUS=%s, %zu pods, cpu %s, memory %s, %llu changes withheld",
		       names_mode(s->status.modes.all), discover_model(s->discover)->n_pods,
		       names_rung(s->ladders.of[RESOURCE_CPU].rung),
		       names_rung(s->ladders.of[RESOURCE_MEMORY].rung),
		       (unsigned long long)s->status.withheld);
	if (strcmp(text, loop->told) == 0)
		return;
	memcpy(loop->told, text, sizeof(text));
	(void)sd_notify(false, text);
}

/* After a pass, and when the fd is readable: what needs a look before the timer's, and how soon. The
 * source is off until then, so that events that come meanwhile wait in the fd and cost nothing. */
static void loop_wake(struct loop *loop, bool readable)
{
	enum discover_wake wake = discover_events(loop->state->discover);
	int64_t now_us = loop_now_us(loop), delay_us = BURST_US;

	loop->look = wake != DISCOVER_CALM;
	loop->look_at_drift = wake == DISCOVER_DRIFT;
	if (!loop->inotify || (!loop->look && !readable))
		return;
	if (loop->look_at_drift && now_us - loop->drift_us >= BURST_US)
		delay_us = DRIFT_US;
	if (!loop->look)
		delay_us = QUIET_US;
	(void)sd_event_source_set_enabled(loop->inotify, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(loop->burst, (uint64_t)delay_us);
	(void)sd_event_source_set_enabled(loop->burst, SD_EVENT_ONESHOT);
}

/* A pass between the timer's may find that the next must not wait for a second; and an order by hand, and a second of
 * calibration, end when it was said that they would. */
static void loop_hurry(struct loop *loop)
{
	uint64_t soon_us = (uint64_t)loop_now_us(loop) + TENSE_INTERVAL_US, next_us;
	int64_t order_us = manual_next_us(&loop->state->manual);
	int64_t calibrated_us = calibrate_next_us(&loop->state->calibration);

	if (!tick_is_tense(loop->state))
		soon_us = UINT64_MAX;
	if (calibrated_us < order_us)
		order_us = calibrated_us;
	if (order_us < INT64_MAX && (uint64_t)order_us < soon_us)
		soon_us = (uint64_t)order_us;
	if (sd_event_source_get_time(loop->timer, &next_us) >= 0 && next_us > soon_us)
		(void)sd_event_source_set_time(loop->timer, soon_us);
}

static void loop_pass(struct loop *loop)
{
	int64_t now_us = loop_now_us(loop);

	tick(loop->state, now_us);
	loop_bus_keep(loop, now_us);
	if (loop->bus)
		bus_publish(loop->bus);
	loop_status(loop);
	loop_wake(loop, false);
	loop_hurry(loop);
}

static void any_pass(void *context)
{
	loop_pass(context);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct loop *loop = context;

	bool reread = node_watch_update(&loop->state->node_watch, loop_now_us(loop));

	reread |= policy_watch_changed(&loop->state->policy_watch, loop->state->root_fd,
				       loop_now_us(loop));
	if (reread)
		(void)loop_reload(loop, NULL);
	loop_pass(loop);
	/* From now, not from `usec`: after a suspend one pass is enough. */
	(void)usec;
	(void)sd_event_source_set_time_relative(
		source, tick_is_tense(loop->state) ? TENSE_INTERVAL_US : PASS_INTERVAL_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	loop_hurry(loop);
	return 0;
}

static int on_burst(sd_event_source *source, uint64_t usec, void *context)
{
	struct loop *loop = context;

	(void)source;
	(void)usec;
	(void)sd_event_source_set_enabled(loop->inotify, SD_EVENT_ON);
	if (!loop->look)
		return 0;
	if (loop->look_at_drift)
		loop->drift_us = loop_now_us(loop);
	loop_pass(loop);
	return 0;
}

static int on_inotify(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source;
	(void)fd;
	(void)revents;
	loop_wake(context, true);
	return 0;
}

/* The kubelet's answer is taken by the pass, which empties the fd. */
static int on_facts(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source;
	(void)fd;
	(void)revents;
	loop_pass(context);
	return 0;
}

/* The kill switch came or went: no burst to wait for. */
static int on_disable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct loop *loop = context;

	(void)source;
	(void)fd;
	(void)revents;
	if (disable_watch_take(&loop->disable_watch))
		loop_pass(loop);
	return 0;
}

static int on_trigger(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct loop *loop = context;
	int64_t now_us = loop_now_us(loop);

	(void)source;
	if (revents & EPOLLERR) {
		/* The cgroup is gone; the fd would report so for ever. */
		observe_trigger_gone(loop->state->observe, fd, &loop->state->trigger_ops);
		return 0;
	}
	tick_wake(loop->state, now_us, observe_trigger_fired(loop->state->observe, fd));
	/* A crowd of them is one pass. */
	if (now_us - loop->state->status.pass_us >= BURST_US)
		loop_pass(loop);
	else
		(void)sd_event_source_set_time_relative(loop->timer, BURST_US);
	return 0;
}

static int trigger_arm(void *context, int fd, uint32_t slot)
{
	struct loop *loop = context;

	(void)slot;
	for (size_t i = 0; i < ELEMENTS(loop->triggers); i++) {
		if (!loop->triggers[i])
			return sd_event_add_io(loop->event, &loop->triggers[i], fd, EPOLLPRI,
					       on_trigger, loop);
	}
	return -ENOSPC;
}

static void trigger_disarm(void *context, int fd, uint32_t slot)
{
	struct loop *loop = context;

	(void)slot;
	for (size_t i = 0; i < ELEMENTS(loop->triggers); i++) {
		if (loop->triggers[i] && sd_event_source_get_io_fd(loop->triggers[i]) == fd)
			loop->triggers[i] = sd_event_source_disable_unref(loop->triggers[i]);
	}
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *si, void *context)
{
	const struct history_caller caller = {
		.known = si->ssi_pid > 0,
		.uid = si->ssi_uid,
		.pid = (int32_t)si->ssi_pid,
	};

	(void)source;
	(void)sd_notify(false, "RELOADING=1");
	(void)loop_reload(context, &caller);
	(void)sd_notify(false, "READY=1");
	return 0;
}

static int add_signals(struct loop *loop)
{
	static const int ends[] = {SIGTERM, SIGINT};
	sigset_t mask;
	int r;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ELEMENTS(ends); i++) {
		r = sd_event_add_signal(loop->event, NULL, ends[i], NULL, NULL);
		if (r < 0)
			return r;
	}
	return sd_event_add_signal(loop->event, NULL, SIGHUP, on_hangup, loop);
}

/* Without it the kill switch is noticed within a second, by the next pass. */
static void add_disable_watch(struct loop *loop)
{
	int r = disable_watch_start(&loop->disable_watch, loop->state->root_fd);

	if (r == 0)
		r = sd_event_add_io(loop->event, &loop->disable, loop->disable_watch.fd, EPOLLIN,
				    on_disable, loop);
	if (r < 0)
		log_info("loop.disable", "/etc/colod is not watched (%s)", strerror(-r));
}

static int add_sources(struct loop *loop)
{
	int r, fd = discover_inotify_fd(loop->state->discover);

	r = sd_event_add_time_relative(loop->event, &loop->timer, CLOCK_BOOTTIME, PASS_INTERVAL_US,
				       0, on_timer, loop);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(loop->event, &loop->burst, CLOCK_BOOTTIME, BURST_US, 0,
				       on_burst, loop);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(loop->burst, SD_EVENT_OFF);
	if (r >= 0 && discover_facts_fd(loop->state->discover) >= 0)
		r = sd_event_add_io(loop->event, &loop->facts,
				    discover_facts_fd(loop->state->discover), EPOLLIN, on_facts,
				    loop);
	if (r < 0 || fd < 0)
		return r;
	return sd_event_add_io(loop->event, &loop->inotify, fd, EPOLLIN, on_inotify, loop);
}

static int loop_start(struct loop *loop, const struct options *options)
{
	int r = sd_event_default(&loop->event);

	if (r < 0)
		return r;
	r = add_signals(loop);
	if (r < 0)
		return r;
	workers_lock_memory(options);
	r = state_new(options, &loop->state);
	if (r < 0)
		return r;
	loop->state->trigger_ops = (struct observe_trigger_ops){
		.context = loop,
		.on_arm = trigger_arm,
		.on_disarm = trigger_disarm,
	};
	workers_start(loop->state);
	r = workers_attach(loop->state, loop->event, any_pass, loop);
	if (r < 0)
		return r;
	r = add_sources(loop);
	if (r < 0)
		return r;
	add_disable_watch(loop);
	r = sd_event_set_watchdog(loop->event, true);
	return r < 0 ? r : 0;
}

static void loop_done(struct loop *loop)
{
	loop_bus_close(loop);
	for (size_t i = 0; i < ELEMENTS(loop->triggers); i++)
		sd_event_source_disable_unref(loop->triggers[i]);
	sd_event_source_disable_unref(loop->inotify);
	sd_event_source_disable_unref(loop->facts);
	sd_event_source_disable_unref(loop->disable);
	disable_watch_stop(&loop->disable_watch);
	sd_event_source_disable_unref(loop->burst);
	sd_event_source_disable_unref(loop->timer);
	state_free(loop->state);
	sd_event_unref(loop->event);
}

int loop_run(const struct options *options)
{
	_cleanup_(loop_done) struct loop loop = {.disable_watch = {.fd = -EBADF}};
	int r;

	life_guard(options);
	r = loop_start(&loop, options);

	if (r < 0) {
		(void)sd_notifyf(false, "ERRNO=%d\nSTATUS=start failed: %s", -r, strerror(-r));
		return 1;
	}
	loop.state->status.started_us = loop_now_us(&loop);
	tick_begin(loop.state, loop.state->status.started_us);
	log_to_journal();
	r = history_start(loop.state->history);
	if (r < 0 && r != -ENODEV)
		log_warning("loop.history",
			    "no thread for the history (%s): a slow disk may hold up a pass",
			    strerror(-r));
	account_agent(loop.state, "colod", "started", COLOD_VERSION);
	account_policy(loop.state, strcmp(loop.state->status.policy_state, "ok") == 0 ? 0 : -EINVAL,
		       NULL);
	life_start(loop.state, loop.state->status.started_us);
	loop_pass(&loop);
	(void)sd_notify(false, "READY=1");
	r = sd_event_loop(loop.event);
	(void)sd_notify(false, "STOPPING=1");
	workers_stop(loop.state);
	account_agent(loop.state, "colod", "stops", "");
	life_stop(loop.state);
	return r < 0 ? 1 : 0;
}
