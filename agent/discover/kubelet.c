// SPDX-License-Identifier: LGPL-2.1-or-later
// See kubelet.h. One thread, one question at a time. The thread owns what it works on; only `lock`
// guards what both sides see. A thread that hangs where it cannot be woken (a resolver) is left
// behind at the end, with all it needs, and cleans up after itself.
#include "agent/discover/kubelet.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

/* TLS, and JSON nested as deep as cJSON allows. */
#define STACK_BYTES (1u << 20)
#define END_S 1

struct kubelet {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct https *http;
	int root_fd;
	int event_fd;
	bool started;
	bool end;
	bool finished;	/* the thread will touch nothing any more */
	bool abandoned; /* by the loop: the thread frees */
	bool asked;	/* a question waits or is under way */
	bool taken;	/* … the thread has it */
	bool answered;
	struct kubelet_question question;
	struct kubelet_answer answer;
};

static void destroy(struct kubelet *k)
{
	pods_json_free(k->answer.pods);
	node_labels_free(k->answer.labels);
	kubelet_place_clear(&k->question.place);
	https_free(k->http);
	cleanup_close_fd(k->event_fd);
	cleanup_close_fd(k->root_fd);
	(void)pthread_cond_destroy(&k->changed);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
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

int kubelet_new(int root_fd, struct kubelet **ret_kubelet)
{
	struct kubelet *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->root_fd = k->event_fd = -EBADF;
	(void)pthread_mutex_init(&k->lock, NULL);
	r = make_condition(&k->changed);
	if (r == 0)
		r = https_new(&k->http);
	if (r == 0) {
		k->root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
		k->event_fd = sys_eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r = k->root_fd < 0 || k->event_fd < 0 ? -errno : 0;
	}
	if (r < 0) {
		destroy(k);
		return r;
	}
	*ret_kubelet = k;
	return 0;
}

static void hand_over(struct kubelet *k, const struct kubelet_answer *answer)
{
	k->asked = k->taken = false;
	k->answered = true;
	k->answer = *answer;
	(void)eventfd_write(k->event_fd, 1);
}

static void *work(void *context)
{
	struct kubelet *k = context;
	bool abandoned;

	(void)pthread_mutex_lock(&k->lock);
	while (!k->end) {
		struct kubelet_answer answer;

		if (!k->asked) {
			(void)pthread_cond_wait(&k->changed, &k->lock);
			continue;
		}
		k->taken = true;
		(void)pthread_mutex_unlock(&k->lock);
		/* Nobody else touches the question while it is taken. */
		kubelet_fetch(k->http, k->root_fd, &k->question, &answer);
		(void)pthread_mutex_lock(&k->lock);
		kubelet_place_clear(&k->question.place);
		hand_over(k, &answer);
	}
	k->finished = true;
	abandoned = k->abandoned;
	(void)pthread_cond_broadcast(&k->changed);
	(void)pthread_mutex_unlock(&k->lock);
	if (abandoned)
		destroy(k);
	return NULL;
}

static int start(struct kubelet *k)
{
	int r = thread_start("colod-kubelet", STACK_BYTES, work, k, &k->thread);

	k->started = r == 0;
	return r;
}

/* Whether the thread has let go of everything. Called with the lock held. */
static bool wait_for_end(struct kubelet *k)
{
	struct timespec until;
	int r = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += END_S;
	while (!k->finished && r == 0)
		r = pthread_cond_timedwait(&k->changed, &k->lock, &until);
	return k->finished;
}

void kubelet_free(struct kubelet *kubelet)
{
	struct kubelet *k = kubelet;
	bool finished = true;

	if (!k)
		return;
	if (k->started) {
		(void)pthread_mutex_lock(&k->lock);
		k->end = true;
		(void)pthread_cond_broadcast(&k->changed);
		https_stop(k->http);
		finished = wait_for_end(k);
		k->abandoned = !finished;
		(void)pthread_mutex_unlock(&k->lock);
		if (finished)
			(void)pthread_join(k->thread, NULL);
		else
			(void)pthread_detach(k->thread);
	}
	if (finished)
		destroy(k);
}

int kubelet_fd(const struct kubelet *kubelet)
{
	return kubelet->event_fd;
}

bool kubelet_is_busy(struct kubelet *kubelet)
{
	bool busy;

	(void)pthread_mutex_lock(&kubelet->lock);
	busy = kubelet->asked || kubelet->answered;
	(void)pthread_mutex_unlock(&kubelet->lock);
	return busy;
}

int kubelet_ask(struct kubelet *kubelet, struct kubelet_question *question)
{
	int r = kubelet_is_busy(kubelet) ? -EBUSY : 0;

	if (r == 0 && !kubelet->started)
		r = start(kubelet);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&kubelet->lock);
	kubelet->question = *question;
	kubelet->asked = true;
	(void)pthread_cond_broadcast(&kubelet->changed);
	(void)pthread_mutex_unlock(&kubelet->lock);
	question->place = (struct kubelet_place){0};
	return 0;
}

bool kubelet_take(struct kubelet *kubelet, struct kubelet_answer *ret_answer)
{
	bool answered;
	eventfd_t value;

	(void)pthread_mutex_lock(&kubelet->lock);
	answered = kubelet->answered;
	if (answered) {
		*ret_answer = kubelet->answer;
		memset(&kubelet->answer, 0, sizeof(kubelet->answer));
		kubelet->answered = false;
		(void)eventfd_read(kubelet->event_fd, &value);
	}
	(void)pthread_mutex_unlock(&kubelet->lock);
	return answered;
}

void kubelet_set_limits(struct kubelet *kubelet, const struct https_limits *limits)
{
	https_set_limits(kubelet->http, limits);
}
