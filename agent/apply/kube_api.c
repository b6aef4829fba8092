// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_api.h. One thread; `lock` guards what both sides see and is never held during a question. A thread that
// hangs where it cannot be woken (a resolver) is left behind at the end, with all it needs, and cleans up after itself.
#include "agent/apply/kube_api.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/apply/kube_evict.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/memory_lock.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

/* TLS, and JSON nested as deep as cJSON allows. */
#define STACK_BYTES (1u << 20)
#define TOUCH_BYTES (64u << 10)
#define END_MS 1000
/* Of events: so many at once, then one in so long. */
#define EVENT_BURST 25
#define EVENT_EACH_US (10 * 1000000ll)
#define GREET_AGAIN_MS 60000
#define GREETING_BYTES (64u << 10)

enum place_state {
	PLACE_FREE,
	PLACE_WAITING,
	PLACE_RUNNING,
	PLACE_ENDED,
};

struct place {
	enum place_state state;
	uint64_t order; /* when it came into this state */
	struct evict_call call;
	struct evict_done done;
};

struct taint {
	bool asked; /* waits; `wanted` is the last wish */
	bool wanted;
	bool ended;
	struct kube_taint_done done;
};

struct greeting {
	bool asked; /* waits */
	bool again; /* it has found nobody yet */
	uint32_t again_ms;
	bool ended;
	char why[KUBE_ASK_WHY_SIZE];
};

struct kube_api {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool end;
	bool finished;	/* the thread will touch nothing any more */
	bool abandoned; /* by the loop: the thread frees */
	bool yields;	/* what is under way gives way to an eviction */
	bool tainting;
	int event_fd; /* borrowed, and gone once abandoned */
	struct kube_ask *ask;
	uint64_t order;
	struct place places[KUBE_API_EVICTIONS];
	struct taint taint;
	struct greeting greeting;
	struct kube_event events[KUBE_API_EVENTS]; /* a ring */
	uint32_t first_event, n_events;
	int64_t event_credit_us; /* EVENT_EACH_US for each that may go now */
	int64_t event_at_us;
	struct kube_event event; /* the thread's, under way */
	uint32_t nth_event;
	struct kube_api_count count;
};

static void destroy(struct kube_api *k)
{
	kube_ask_free(k->ask);
	(void)pthread_cond_destroy(&k->changed);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

/* With the lock, as all of these. */
static void set_state(struct kube_api *k, struct place *p, enum place_state state)
{
	p->state = state;
	p->order = ++k->order;
}

/* The one that is in this state for longest. */
static struct place *oldest(struct kube_api *k, enum place_state state)
{
	struct place *found = NULL;

	for (unsigned i = 0; i < KUBE_API_EVICTIONS; i++) {
		struct place *p = &k->places[i];

		if (p->state == state && (!found || p->order < found->order))
			found = p;
	}
	return found;
}

static void tell_loop(struct kube_api *k)
{
	static const uint64_t one = 1;

	(void)pthread_cond_broadcast(&k->changed);
	/* It is full only when it was raised long ago already. */
	if (k->event_fd >= 0 && !k->abandoned && sys_write(k->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void do_eviction(struct kube_api *k, struct place *p)
{
	set_state(k, p, PLACE_RUNNING);
	(void)pthread_mutex_unlock(&k->lock);
	kube_evict(k->ask, &p->call, &p->done);
	(void)pthread_mutex_lock(&k->lock);
	set_state(k, p, PLACE_ENDED);
	k->count.evictions++;
	tell_loop(k);
}

/* Whether it was ended for an eviction. */
static bool gave_way(struct kube_api *k)
{
	k->yields = false;
	kube_ask_resume(k->ask);
	return oldest(k, PLACE_WAITING) != NULL;
}

static void do_taint(struct kube_api *k)
{
	struct kube_taint_done done;
	bool wanted = k->taint.wanted, cut;

	k->taint.asked = false;
	k->yields = k->tainting = true;
	(void)pthread_mutex_unlock(&k->lock);
	kube_taint(k->ask, wanted, &done);
	(void)pthread_mutex_lock(&k->lock);
	k->tainting = false;
	cut = gave_way(k) && done.result == KUBE_TAINT_FAILED;
	if (cut && !k->taint.asked) {
		k->taint.asked = true;
		k->taint.wanted = wanted;
	}
	if (cut)
		return;
	k->taint.done = done;
	k->taint.ended = true;
	tell_loop(k);
}

static void do_event(struct kube_api *k)
{
	char why[KUBE_ASK_WHY_SIZE];

	k->event = k->events[k->first_event];
	k->first_event = (k->first_event + 1) % KUBE_API_EVENTS;
	k->n_events--;
	k->yields = true;
	(void)pthread_mutex_unlock(&k->lock);
	kube_event(k->ask, &k->event, k->nth_event++, why);
	(void)pthread_mutex_lock(&k->lock);
	(void)gave_way(k);
	k->count.events += why[0] == '\0';
	k->count.events_lost += why[0] != '\0';
	memcpy(k->count.event_why, why, sizeof(why));
	(void)pthread_cond_broadcast(&k->changed);
}

/* A 403 is an answer too: it is about this path alone. */
static void do_greeting(struct kube_api *k)
{
	static const struct kube_question question = {
		.method = "GET", .right = "get on /version", .max_bytes = GREETING_BYTES};
	struct kube_answer answer;

	k->greeting.asked = false;
	k->yields = true;
	(void)pthread_mutex_unlock(&k->lock);
	kube_ask(k->ask, &question, &answer, "/version");
	(void)pthread_mutex_lock(&k->lock);
	(void)gave_way(k);
	k->greeting.again = answer.status == 0 || answer.status == 401;
	if (answer.failure == HTTPS_ENDED)
		return;
	k->greeting.ended = true;
	(void)snprintf(k->greeting.why, sizeof(k->greeting.why), "%s",
		       k->greeting.again ? answer.why : "");
	tell_loop(k);
}

/* Until something is to be done. */
static void rest(struct kube_api *k)
{
	struct timespec until;

	clock_in_ms(k->greeting.again_ms, &until);
	if (!k->greeting.again)
		(void)pthread_cond_wait(&k->changed, &k->lock);
	else if (pthread_cond_timedwait(&k->changed, &k->lock, &until) == ETIMEDOUT)
		k->greeting.asked = true;
}

static void *run(void *argument)
{
	struct kube_api *k = argument;
	struct place *p;
	bool abandoned;

	memory_lock_touch_stack(TOUCH_BYTES);
	/* An eviction sends what no greeting does, when there is no memory to read the code of it into. */
	memory_lock_touch_https();
	(void)pthread_mutex_lock(&k->lock);
	while (!k->end) {
		if ((p = oldest(k, PLACE_WAITING)))
			do_eviction(k, p);
		else if (k->taint.asked)
			do_taint(k);
		else if (k->n_events > 0)
			do_event(k);
		else if (k->greeting.asked)
			do_greeting(k);
		else
			rest(k);
	}
	k->finished = true;
	abandoned = k->abandoned;
	(void)pthread_cond_broadcast(&k->changed);
	(void)pthread_mutex_unlock(&k->lock);
	if (abandoned)
		destroy(k);
	return NULL;
}

static int start(struct kube_api *k)
{
	return thread_start("colod-kube", STACK_BYTES, run, k, &k->thread);
}

static int make_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	int r = pthread_condattr_init(&attributes);

	if (r != 0)
		return -r;
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	r = pthread_cond_init(condition, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return -r;
}

int kube_api_new(const struct kube_place *place, int event_fd, struct kube_api **ret_api)
{
	struct kube_api *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->event_fd = event_fd;
	k->event_credit_us = EVENT_BURST * EVENT_EACH_US;
	k->event_at_us = clock_now_us();
	k->greeting.again_ms = GREET_AGAIN_MS;
	(void)pthread_mutex_init(&k->lock, NULL);
	r = make_condition(&k->changed);
	if (r == 0)
		r = kube_ask_new(place, &k->ask);
	if (r == 0)
		r = start(k);
	if (r < 0) {
		destroy(k);
		return r;
	}
	*ret_api = k;
	return 0;
}

static bool has_finished(const struct kube_api *k)
{
	return k->finished;
}

static bool is_settled(const struct kube_api *k)
{
	for (unsigned i = 0; i < KUBE_API_EVICTIONS; i++)
		if (k->places[i].state == PLACE_WAITING || k->places[i].state == PLACE_RUNNING)
			return false;
	return !k->taint.asked && !k->tainting;
}

/* With the lock, which is let go meanwhile. */
static bool wait_until(struct kube_api *k, bool (*is)(const struct kube_api *k), uint32_t ms)
{
	struct timespec until;
	int r = 0;

	clock_in_ms(ms, &until);
	while (!is(k) && r == 0)
		r = pthread_cond_timedwait(&k->changed, &k->lock, &until);
	return is(k);
}

void kube_api_free(struct kube_api *k)
{
	bool finished;

	if (!k)
		return;
	(void)pthread_mutex_lock(&k->lock);
	k->end = true;
	(void)pthread_cond_broadcast(&k->changed);
	kube_ask_stop(k->ask);
	finished = wait_until(k, has_finished, END_MS);
	k->abandoned = !finished;
	(void)pthread_mutex_unlock(&k->lock);
	if (finished) {
		(void)pthread_join(k->thread, NULL);
		destroy(k);
	} else {
		(void)pthread_detach(k->thread);
	}
}

bool kube_api_settle(struct kube_api *api, uint32_t wait_ms)
{
	bool settled;

	(void)pthread_mutex_lock(&api->lock);
	settled = wait_until(api, is_settled, wait_ms);
	(void)pthread_mutex_unlock(&api->lock);
	return settled;
}

int kube_api_evict(struct kube_api *api, const struct evict_call *call)
{
	struct place *p;

	if (!kube_evict_is_valid(call))
		return -EINVAL;
	(void)pthread_mutex_lock(&api->lock);
	p = oldest(api, PLACE_FREE);
	if (p) {
		p->call = *call;
		set_state(api, p, PLACE_WAITING);
		if (api->yields)
			kube_ask_interrupt(api->ask);
		(void)pthread_cond_broadcast(&api->changed);
	}
	(void)pthread_mutex_unlock(&api->lock);
	return p ? 0 : -EBUSY;
}

bool kube_api_next_evicted(struct kube_api *api, struct evict_done *ret_done)
{
	struct place *p;

	(void)pthread_mutex_lock(&api->lock);
	p = oldest(api, PLACE_ENDED);
	if (p) {
		*ret_done = p->done;
		set_state(api, p, PLACE_FREE);
	}
	(void)pthread_mutex_unlock(&api->lock);
	return p != NULL;
}

void kube_api_greet(struct kube_api *api)
{
	(void)pthread_mutex_lock(&api->lock);
	api->greeting.asked = true;
	(void)pthread_cond_broadcast(&api->changed);
	(void)pthread_mutex_unlock(&api->lock);
}

bool kube_api_next_greeted(struct kube_api *api, char *ret_why)
{
	bool ended;

	(void)pthread_mutex_lock(&api->lock);
	ended = api->greeting.ended;
	if (ended)
		memcpy(ret_why, api->greeting.why, sizeof(api->greeting.why));
	api->greeting.ended = false;
	(void)pthread_mutex_unlock(&api->lock);
	return ended;
}

int kube_api_taint(struct kube_api *api, bool wanted)
{
	(void)pthread_mutex_lock(&api->lock);
	api->taint.asked = true;
	api->taint.wanted = wanted;
	(void)pthread_cond_broadcast(&api->changed);
	(void)pthread_mutex_unlock(&api->lock);
	return 0;
}

bool kube_api_next_tainted(struct kube_api *api, struct kube_taint_done *ret_done)
{
	bool ended;

	(void)pthread_mutex_lock(&api->lock);
	ended = api->taint.ended;
	if (ended)
		*ret_done = api->taint.done;
	api->taint.ended = false;
	(void)pthread_mutex_unlock(&api->lock);
	return ended;
}

/* With the lock: a cluster of nodes in trouble must not drown its API server. */
static bool may_tell(struct kube_api *k)
{
	int64_t now_us = clock_now_us(), most_us = EVENT_BURST * EVENT_EACH_US;

	k->event_credit_us += now_us - k->event_at_us;
	k->event_at_us = now_us;
	if (k->event_credit_us > most_us)
		k->event_credit_us = most_us;
	return k->event_credit_us >= EVENT_EACH_US;
}

static int add_event(struct kube_api *k, const struct kube_event *event)
{
	if (k->n_events == KUBE_API_EVENTS)
		return -EBUSY;
	if (!may_tell(k))
		return -EAGAIN;
	k->event_credit_us -= EVENT_EACH_US;
	k->events[(k->first_event + k->n_events++) % KUBE_API_EVENTS] = *event;
	(void)pthread_cond_broadcast(&k->changed);
	return 0;
}

int kube_api_event(struct kube_api *api, const struct kube_event *event)
{
	int r;

	if (!kube_event_is_valid(event))
		return -EINVAL;
	(void)pthread_mutex_lock(&api->lock);
	r = add_event(api, event);
	api->count.events_lost += r < 0;
	(void)pthread_mutex_unlock(&api->lock);
	return r;
}

struct kube_api_count kube_api_counts(struct kube_api *api)
{
	struct kube_api_count count;

	(void)pthread_mutex_lock(&api->lock);
	count = api->count;
	(void)pthread_mutex_unlock(&api->lock);
	return count;
}

void kube_api_set_greet_again(struct kube_api *api, uint32_t ms)
{
	api->greeting.again_ms = ms;
}

void kube_api_set_limits(struct kube_api *api, const struct https_limits *limits)
{
	kube_ask_set_limits(api->ask, limits);
}
