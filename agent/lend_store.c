// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend_store.h.
#include "agent/lend_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/kept_text.h"
#include "agent/state.h"
#include "policy/lend_text.h"

#define SECOND_US 1000000
#define TOLD_FRESH LEND_STORE_TOLD ".new"
#define TOLD_EVERY_US 60000000
#define TOLD_SIZE 256

struct lend_store {
	struct lend lend;
	struct lend_sum sums[LEND_OF_COUNT]; /* as of the last look */
	int64_t looked_us;		     /* 0: never */
	uint64_t taken;			     /* evictions and kills, as of the last look */
	int64_t taken_us;
	bool keeps;
	int64_t saved_us;
	uint64_t saved_watched_us;
	struct kept_text kept;
	/* What the file in /run says. */
	char told[TOLD_SIZE];
	int64_t told_us;
	bool untold; /* that it cannot be told was said, in this spell */
};

/* --- a look -------------------------------------------------------------------------------------- */

/* The last eviction or kill; what was evicted before a restart is known by its cool-down. */
static void note_taken(struct lend_store *store, const struct status *status, int64_t now_us)
{
	uint64_t taken = status->kills + status->evict.evictions;
	int64_t before_us = status->evict.cool_until_us - LEND_COOL_US;

	if (taken != store->taken)
		store->taken_us = now_us;
	store->taken = taken;
	if (status->evict.cool_until_us > now_us && before_us > store->taken_us)
		store->taken_us = before_us;
}

static void look_at(struct state *s, enum lend_of of, const struct lend_use *use, int64_t now_us)
{
	struct lend_store *store = s->lend_store;
	const struct lend_policy *policy = &s->policy->lend;
	enum resource resource = of == LEND_CPU ? RESOURCE_CPU : RESOURCE_MEMORY;
	const struct lend_terms terms = {
		.part = of == LEND_CPU ? policy->cpu : policy->memory,
		.cold_start_us = policy->cold_start_us,
		.taken_us = store->taken_us,
		.rung = s->ladders.of[resource].rung != RUNG_CALM,
	};

	lend_feed(&store->lend.of[of], of, use, now_us);
	lend_look(&store->lend.of[of], of, use, &terms, now_us);
	store->sums[of] = store->lend.of[of].sum;
}

static void look(struct state *s, int64_t now_us)
{
	const struct lend_node node = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.plan = &s->plan,
		.now_us = now_us,
	};
	struct lend_store *store = s->lend_store;
	struct lend_use use;

	store->looked_us = now_us;
	note_taken(store, &s->status, now_us);
	/* Without memory for a place of a new pod it is a newcomer all the same. */
	(void)lend_pods_update(&store->lend.pods, node.model, now_us);
	use = lend_use_cpu(&node, &store->lend.pods);
	look_at(s, LEND_CPU, &use, now_us);
	use = lend_use_memory(&node, &store->lend.pods);
	look_at(s, LEND_MEMORY, &use, now_us);
}

/* --- what is told in /run ------------------------------------------------------------------------ */

static int write_told(int state_fd, const char *text)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(state_fd, TOLD_FRESH, O_WRONLY | O_CREAT | O_TRUNC, &fd);

	if (r < 0)
		return r;
	r = fs_write_all(fd, text, strlen(text));
	if (r == 0 && sys_renameat(state_fd, TOLD_FRESH, state_fd, LEND_STORE_TOLD) < 0)
		r = -errno;
	if (r < 0)
		(void)sys_unlinkat(state_fd, TOLD_FRESH, 0);
	return r;
}

static void tell(struct state *s, int64_t now_us)
{
	struct lend_store *store = s->lend_store;
	const struct lend_sum *cpu = &store->sums[LEND_CPU], *memory = &store->sums[LEND_MEMORY];
	char now[TOLD_SIZE], text[TOLD_SIZE + 32];
	int r;

	(void)snprintf(now, sizeof(now),
		       "cpu_milli=%" PRIu64 "\ncpu_state=%s\nmemory_bytes=%" PRIu64
		       "\nmemory_state=%s\n",
		       cpu->published, lend_state_name(cpu->state), memory->published,
		       lend_state_name(memory->state));
	if (strcmp(now, store->told) == 0 && now_us - store->told_us < TOLD_EVERY_US)
		return;
	(void)snprintf(text, sizeof(text), "%supdated=%" PRId64 "\n", now,
		       clock_wall_us() / SECOND_US);
	r = write_told(s->state_fd, text);
	/* An old number that cannot be replaced is not to be believed. */
	if (r < 0)
		(void)sys_unlinkat(s->state_fd, LEND_STORE_TOLD, 0);
	if (r < 0 && !store->untold)
		log_warning("lend.tell", "what can be lent cannot be told in /run/colod/%s: %s",
			    LEND_STORE_TOLD, strerror(-r));
	store->untold = r < 0;
	store->told_us = now_us;
	(void)snprintf(store->told, sizeof(store->told), "%s", r < 0 ? "" : now);
}

/* --- what is kept -------------------------------------------------------------------------------- */

static uint64_t watched_us(const struct lend_store *store)
{
	return store->lend.of[LEND_CPU].watched_us + store->lend.of[LEND_MEMORY].watched_us;
}

static bool has_news(const struct lend_store *store)
{
	return store->keeps && store->saved_watched_us != watched_us(store);
}

static void save(struct lend_store *store, int64_t now_us)
{
	lend_text_put(&store->kept.text, &store->lend, now_us, clock_wall_us() / SECOND_US);
	store->saved_us = now_us;
	store->saved_watched_us = watched_us(store);
	kept_text_save(&store->kept);
}

/* A text of it takes memory, of which there may be none to spare while something is wrong. */
static bool is_calm(const struct state *s)
{
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (s->ladders.of[r].rung != RUNG_CALM)
			return false;
	return true;
}

void lend_store_pass(struct state *s, int64_t now_us)
{
	struct lend_store *store = s->lend_store;

	if (!store || !s->policy)
		return;
	if (store->looked_us == 0 || now_us - store->looked_us >= LEND_LOOK_US) {
		look(s, now_us);
		if (store->keeps && s->state_fd >= 0)
			tell(s, now_us);
	}
	if (!kept_text_busy(&store->kept) && has_news(store) && is_calm(s) &&
	    now_us - store->saved_us >= LEND_STORE_EVERY_US)
		save(store, now_us);
}

static void load(struct lend_store *store, int64_t now_us)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = kept_text_load(&store->kept, LEND_TEXT_MAX, &text, &len);

	if (r == 0)
		r = lend_text_get(text, len, &store->lend, now_us, clock_wall_us() / SECOND_US);
	kept_text_say_unread(&store->kept, r);
	store->saved_watched_us = watched_us(store);
}

void lend_store_start(struct state *s, int64_t now_us)
{
	struct lend_store *store = calloc(1, sizeof(*store));
	int r = store ? 0 : -ENOMEM;

	if (r == 0) {
		store->kept.file = LEND_STORE_FILE;
		store->kept.fresh = LEND_STORE_FILE ".new";
		store->kept.what = "what online work needs at its peaks";
		store->kept.thread = "colod-lend";
		r = kept_text_open(&store->kept, s->root_fd);
	}
	if (r < 0) {
		log_warning("lend.start", "what the node can lend cannot be worked out: %s",
			    strerror(-r));
		free(store);
		return;
	}
	store->keeps = s->options->action == OPTIONS_RUN && s->lock_fd >= 0;
	store->saved_us = now_us;
	if (store->keeps)
		load(store, now_us);
	s->lend_store = store;
}

void lend_store_stop(struct state *s)
{
	struct lend_store *store = TAKE_PTR(s->lend_store);

	if (!store)
		return;
	if (store->keeps && s->state_fd >= 0)
		(void)sys_unlinkat(s->state_fd, LEND_STORE_TOLD, 0);
	/* What is being written now may be older than what is known. */
	if (kept_text_wait(&store->kept) && has_news(store))
		save(store, clock_now_us());
	if (!kept_text_close(&store->kept))
		return;
	lend_pods_done(&store->lend.pods);
	free(store);
}

const struct lend_sum *lend_store_sums(const struct lend_store *store)
{
	return store && store->looked_us > 0 ? store->sums : NULL;
}
