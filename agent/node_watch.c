// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_watch.h. Labels of a node change about as often as somebody moves it to another pool, so
// thousands of nodes ask rarely, each at its own time.
#include "agent/node_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "policy/nodes.h"

#define ANSWER_MAX_BYTES (8u << 20)
#define HOST_SIZE 256
#define FILE_NEW NODE_WATCH_FILE ".new"

void node_watch_start(struct node_watch *watch, int root_fd, bool may_ask)
{
	watch->root_fd = root_fd;
	watch->may_ask = may_ask;
}

void node_watch_stop(struct node_watch *watch)
{
	kubelet_free(watch->worker);
	kubelet_place_clear(&watch->place);
	node_labels_free(watch->told);
	*watch = (struct node_watch){0};
}

static void forget(struct node_watch *w)
{
	node_labels_free(w->told);
	w->told = NULL;
	w->next_us = 0;
	w->why[0] = '\0';
}

void node_watch_policy(struct node_watch *watch, const struct policy *policy)
{
	struct kubelet_place place = {0};
	struct kubelet_surroundings here;
	char host[HOST_SIZE];

	watch->asks = policy->asks_labels && policy->facts == FACTS_KUBELET;
	/* Nobody keeps them fresh from here on. */
	if (!watch->asks) {
		forget(watch);
		return;
	}
	here = kubelet_place_here(host, sizeof(host));
	watch->failures = 0;
	if (kubelet_place_find(&policy->kubelet, &here, &place) < 0)
		return;
	if (kubelet_place_same(&place, &watch->place)) {
		kubelet_place_clear(&place);
		if (!watch->rereads) {
			watch->next_us = 0;
			watch->again = watch->worker && kubelet_is_busy(watch->worker);
		}
		return;
	}
	kubelet_place_clear(&watch->place);
	watch->place = place;
	watch->stale = watch->worker && kubelet_is_busy(watch->worker);
	forget(watch);
}

void node_watch_read(struct node_watch *watch)
{
	watch->rereads = false;
}

/* A tenth more or less, by the node's name. */
static int64_t jittered(const struct node_watch *w, int64_t wait_us)
{
	return wait_us - wait_us / 10 +
	       wait_us / 5 * nodes_place(w->place.node ? w->place.node : "", "labels") / 1000;
}

static void say(struct node_watch *w, const char *why)
{
	if (strcmp(why, w->why) == 0)
		return;
	if (why[0])
		log_warning("node.labels", "labels of this node: %s: %s", why,
			    w->told ? "keeping what was told before"
				    : "a policy that asks for them waits");
	else
		log_info("node.labels", "labels of this node: the API server answers again");
	(void)snprintf(w->why, sizeof(w->why), "%s", why);
}

static void failed(struct node_watch *w, const char *why, int64_t now_us)
{
	int64_t wait_us = NODE_WATCH_RETRY_US << (w->failures < 6 ? w->failures : 6);

	w->failures++;
	w->next_us = now_us + jittered(w, wait_us < NODE_WATCH_US ? wait_us : NODE_WATCH_US);
	say(w, why);
}

/* For coloctl, which asks nobody. Whoever cannot read it there takes labels for unknown. */
static void publish(const struct node_watch *w)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return;
	for (size_t i = 0; i < w->told->n; i++)
		(void)fprintf(out, "%s=%s\n", w->told->list[i].key, w->told->list[i].value);
	if (fclose(out) != 0)
		return;
	r = fs_open(w->root_fd, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC, &fd);
	if (r == 0 && (sys_write(fd, text, size) != (ssize_t)size ||
		       sys_renameat(w->root_fd, FILE_NEW, w->root_fd, NODE_WATCH_FILE) < 0))
		(void)sys_unlinkat(w->root_fd, FILE_NEW, 0);
}

/* Whether the labels are others now. */
static bool take(struct node_watch *w, int64_t now_us)
{
	struct kubelet_answer a;
	bool same;

	if (!w->worker || !kubelet_take(w->worker, &a))
		return false;
	if (w->stale || !w->asks) {
		w->stale = false;
		node_labels_free(a.labels);
		return false;
	}
	if (a.failure != HTTPS_ANSWERED) {
		failed(w, a.why, now_us);
		return false;
	}
	w->failures = 0;
	w->next_us = w->again ? 0 : now_us + jittered(w, NODE_WATCH_US);
	w->again = false;
	say(w, "");
	same = node_labels_same(w->told, a.labels);
	node_labels_free(w->told);
	w->told = a.labels;
	if (!same)
		publish(w);
	return !same;
}

static void ask(struct node_watch *w, int64_t now_us)
{
	struct kubelet_question question = {.node = true, .max_bytes = ANSWER_MAX_BYTES};
	int r = 0;

	if (!w->worker)
		r = kubelet_new(w->root_fd, &w->worker);
	if (r == 0 && kubelet_is_busy(w->worker))
		return;
	if (r == 0)
		r = kubelet_place_copy(&w->place, &question.place);
	if (r == 0)
		r = kubelet_ask(w->worker, &question);
	kubelet_place_clear(&question.place);
	if (r < 0)
		failed(w, "no thread or no memory to ask the API server with", now_us);
}

bool node_watch_update(struct node_watch *watch, int64_t now_us)
{
	bool changed = take(watch, now_us);

	watch->rereads |= changed;
	if (watch->asks && watch->may_ask && watch->place.url && now_us >= watch->next_us)
		ask(watch, now_us);
	return changed;
}

const char *node_watch_why(const struct node_watch *watch)
{
	if (watch->why[0])
		return watch->why;
	if (!watch->asks || !watch->may_ask)
		return "nobody tells them here: write them into /etc/colod/node-labels, one key=value a "
		       "line";
	return "the API server was not asked yet, or has not answered";
}
