// SPDX-License-Identifier: LGPL-2.1-or-later
// See baseline_store.h.
#include "agent/baseline_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/kept_text.h"
#include "agent/state.h"
#include "policy/baseline.h"
#include "policy/baseline_text.h"
#include "policy/calibrate.h"

#define SECOND_US 1000000

struct baseline_store {
	struct baselines *baselines;
	bool keeps;
	int64_t saved_us;
	uint64_t saved_windows;
	uint64_t saved_holds;
	struct kept_text kept;
};

static void save(struct baseline_store *store, int64_t now_us)
{
	baseline_text_put(&store->kept.text, store->baselines, now_us, clock_wall_us() / SECOND_US);
	store->saved_us = now_us;
	store->saved_windows = store->baselines->windows;
	store->saved_holds = store->baselines->holds;
	kept_text_save(&store->kept);
}

static bool has_news(const struct baseline_store *store)
{
	return store->keeps && (store->saved_windows != store->baselines->windows ||
				store->saved_holds != store->baselines->holds);
}

/* A text of it takes memory, of which there may be none to spare while something is wrong. */
static bool is_calm(const struct state *s)
{
	enum calm calm;

	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (s->ladders.of[r].rung != RUNG_CALM)
			return false;
	calm = s->baseline_store->baselines->calm;
	/* Where it is never calm, what holds have shown is all that there is. */
	if (s->baseline_store->saved_holds != s->baseline_store->baselines->holds)
		return calm == CALM_YES || calm == CALM_OFFLINE_CPU || calm == CALM_OFFLINE_IO;
	return calm == CALM_YES;
}

void baseline_store_keep(struct state *s, int64_t now_us)
{
	struct baseline_store *store = s->baseline_store;

	if (!store || kept_text_busy(&store->kept))
		return;
	if (has_news(store) && is_calm(s) && now_us - store->saved_us >= BASELINE_STORE_EVERY_US)
		save(store, now_us);
}

static void load(struct baseline_store *store, int64_t now_us)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = kept_text_load(&store->kept, BASELINE_TEXT_MAX, &text, &len);

	if (r == 0)
		r = baseline_text_get(text, len, store->baselines, now_us,
				      clock_wall_us() / SECOND_US);
	kept_text_say_unread(&store->kept, r);
}

void baseline_store_start(struct state *s, int64_t now_us)
{
	struct baseline_store *store = calloc(1, sizeof(*store));
	int r = store ? baselines_new(&store->baselines) : -ENOMEM;

	if (r == 0) {
		store->kept.file = BASELINE_STORE_FILE;
		store->kept.fresh = BASELINE_STORE_FILE ".new";
		store->kept.what = "what is usual for the pods";
		store->kept.thread = "colod-baseline";
		r = kept_text_open(&store->kept, s->root_fd);
	}
	if (r < 0) {
		log_warning("baselines.start", "what is usual for the pods cannot be learned: %s",
			    strerror(-r));
		if (store)
			baselines_free(store->baselines);
		free(store);
		return;
	}
	store->keeps = s->options->action == OPTIONS_RUN && s->lock_fd >= 0;
	store->saved_us = now_us;
	if (store->keeps)
		load(store, now_us);
	s->baseline_store = store;
}

void baseline_store_feed(struct state *s, int64_t now_us)
{
	const struct calm_look look = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.plan = &s->plan,
		.ladders = &s->ladders,
		.now_us = now_us,
	};

	/* Without memory for a place of a new pod nothing is learned in this pass. */
	if (s->baseline_store)
		(void)baselines_feed(s->baseline_store->baselines, &look);
}

bool baseline_store_hold(struct baseline_store *store, const struct pod *pod,
			 const struct calibrate_result *result, int64_t now_us)
{
	return store && baselines_add_held(store->baselines, pod, result->load_milli,
					   result->without_permille, now_us);
}

void baseline_store_stop(struct state *s)
{
	struct baseline_store *store = TAKE_PTR(s->baseline_store);

	if (!store)
		return;
	/* What is being written now may be older than what is known. */
	if (kept_text_wait(&store->kept) && has_news(store))
		save(store, clock_now_us());
	if (!kept_text_close(&store->kept))
		return;
	baselines_free(store->baselines);
	free(store);
}

const struct baselines *baseline_store_get(const struct baseline_store *store)
{
	return store ? store->baselines : NULL;
}
