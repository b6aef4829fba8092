// SPDX-License-Identifier: LGPL-2.1-or-later
// See story.h.
#include "tests/faults/story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/evictor.h"
#include "agent/life.h"
#include "agent/orders.h"
#include "agent/restore.h"
#include "agent/tick.h"
#include "policy/manual.h"
#include "tests/faults/node.h"
#include "tests/faults/story_parts.h"
#include "tests/lib/tree.h"

/* Longer than a taint stays. */
#define LATER_US 301000000

void story_wrong(struct story *s, const char *format, ...)
{
	va_list args;

	s->n_wrong++;
	(void)fprintf(s->out, "in %s: ", s->phase);
	va_start(args, format);
	(void)vfprintf(s->out, format, args);
	va_end(args);
	(void)fputc('\n', s->out);
	(void)fflush(s->out);
}

void story_must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "story: %s failed\n", what);
	abort();
}

static void on_write(void *context, const char *path)
{
	struct story *s = context;

	if (!node_may_write(path) || !s->may_write)
		story_wrong(s, "opened %s for writing", path);
}

static void write_file(struct story *s, const char *path, const char *text)
{
	story_must(tree_write(s->points.dir, path, text) == 0, path);
}

static void write_policy(struct story *s, const char *mode, const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "version: 1\nmode: %s\nfacts: {from: \"file:///pods.json\"}\n"
		       "pressure:\n- {when: cpu.some of online > 5%% over 2s, do: [squeeze cpu]}\n"
		       "- {when: memory.some of online > 10%% over 1s, do: [squeeze memory, reclaim, evict after 5s]}\n%s",
		       mode, more);
	write_file(s, "etc/colod/policy.d/90-test.yaml", text);
}

static void prepare(struct story *s, FILE *out)
{
	memset(s, 0, sizeof(*s));
	log_open(LOG_EMERG);
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	s->out = out;
	s->phase = "the beginning";
	s->now_us = 1000000000;
	s->step_us = STORY_STEP_US;
	s->points.on_write = on_write;
	s->points.context = s;
}

/* The directory is known and the story stays where it is. */
static void settle(struct story *s)
{
	(void)snprintf(s->mount, sizeof(s->mount), "%s/sys/fs/cgroup", s->points.dir);
	s->options =
		(struct options){.action = OPTIONS_RUN, .root = s->points.dir, .mode = MODE_FULL};
	points_use(&s->points);
}

void story_open(struct story *s, const char *parent, FILE *out)
{
	prepare(s, out);
	s->points.dir = node_make(parent);
	settle(s);
	write_policy(s, "observe", "");
}

void story_close(struct story *s)
{
	points_use(NULL);
	state_free(s->state);
	files_free(&s->base_taken);
	files_free(&s->calm);
	tree_remove(s->points.dir);
}

/* No threads: only what evicts, which needs none for pods of a cluster. */
static void begin(struct story *s)
{
	life_start(s->state, s->now_us);
	if (evictor_new(s->state) == 0)
		cluster_serve(s);
}

/* Each refusal is one failed start; systemd tries again. */
static void start(struct story *s)
{
	for (int i = 0; i < 2 && !s->state; i++) {
		points_enter(&s->points);
		if (state_new(&s->options, &s->state) < 0)
			s->n_refused++;
		else
			begin(s);
		points_leave(&s->points);
	}
	if (!s->state && s->points.what == WHAT_LASTING)
		return;
	if (!s->state) {
		story_wrong(s, "colod does not start");
		(void)fprintf(s->out, "(the script ends here)\n");
		exit(1);
	}
}

static void end(struct story *s)
{
	if (!s->state)
		return;
	points_enter(&s->points);
	state_free(s->state);
	points_leave(&s->points);
	s->state = NULL;
}

static void step(struct story *s)
{
	s->load++;
	s->waited_us += s->pressure ? (uint64_t)s->step_us / 5 : 0;
	node_load(s->points.dir, s->load, s->waited_us);
	s->hog_mib += s->memory_falls ? 100 : 0;
	if (s->hog_mib > 0)
		node_memory(s->points.dir, s->memory_falls ? 3000 - s->hog_mib : 3000, s->hog_mib);
	s->now_us += s->step_us;
	story_evict_step(s);
}

void story_ticks(struct story *s, int n)
{
	for (int i = 0; i < n && s->state; i++) {
		size_t held;

		step(s);
		points_enter(&s->points);
		tick(s->state, s->now_us);
		points_leave(&s->points);
		held = story_check_holds(s);
		if (held > s->n_holds)
			s->n_holds = held;
		s->memory_held |= story_check_holds_memory(s);
	}
}

/* A fault in the very last pass has this one to be mended in. */
static void quiet_tick(struct story *s)
{
	if (!s->state)
		return;
	step(s);
	tick(s->state, s->now_us);
}

void story_reload(struct story *s, const char *mode, const char *more)
{
	write_policy(s, mode, more);
	for (int i = 0; i < 2 && s->state; i++) {
		int r;

		points_enter(&s->points);
		r = state_load_policy(s->state);
		points_leave(&s->points);
		if (r == 0)
			return;
		/* Rejected, and said so: whoever asked asks again. */
		story_ticks(s, 1);
	}
	if (s->points.what != WHAT_LASTING)
		story_wrong(s, "the policy is not taken");
}

/* What systemd runs after colod, however that ended; there is no bus to ask whether it comes back. */
static void restore_automatic(struct story *s)
{
	struct options options = s->options;
	int r;

	options.restore_auto = true;
	points_enter(&s->points);
	r = restore_run(&options);
	points_leave(&s->points);
	if (r == 0)
		story_check_not_held(s);
}

static const struct pod *find_batch(const struct story *s)
{
	const struct model *m = discover_model(s->state->discover);

	for (size_t i = 0; i < m->n_pods; i++)
		if (m->pods[i]->cgroup && strcmp(m->pods[i]->cgroup->path, BATCH_POD) == 0)
			return m->pods[i];
	return NULL;
}

/* What somebody asks for by hand holds without any pressure, for as long as was said. */
static void order_by_hand(struct story *s)
{
	static const struct history_caller root = {.known = true, .pid = 1, .comm = "coloctl"};
	struct manual_ask ask = {.kind = MANUAL_SQUEEZE, .seconds = 8};
	struct manual_answer answer;

	s->phase = "an order by hand";
	ask.pod = s->state ? find_batch(s) : NULL;
	if (!ask.pod)
		return;
	points_enter(&s->points);
	(void)orders_give(s->state, &ask, s->now_us, &root, &answer);
	points_leave(&s->points);
	story_ticks(s, 3);
	s->held_by_hand = story_check_holds(s) > 0;
	story_ticks(s, 3);
	quiet_tick(s);
	if (s->points.what != WHAT_LASTING)
		story_check_not_held(s);
}

static void pods_appear(struct story *s)
{
	node_pod(s->points.dir, WEB_POD, "39");
	node_pod(s->points.dir, BATCH_POD, "4");
	node_pod(s->points.dir, BRIEF_POD, "4");
	node_pod(s->points.dir, HOG_POD, "1");
	s->brief_from = s->points.n + 1;
	if (!s->base)
		files_take(&s->base_taken, s->mount);
	if (!s->base)
		s->base = &s->base_taken;
}

static void up(struct story *s)
{
	s->phase = "observing";
	start(s);
	story_ticks(s, 2);
	s->phase = "the appearing of pods";
	pods_appear(s);
	story_ticks(s, 2);
	s->may_write = true;
	s->phase = "squeeze without pressure";
	story_reload(s, "squeeze", STORY_OOM_FIRST);
	story_ticks(s, 2);
}

static void episode(struct story *s)
{
	s->phase = "pressure";
	s->pressure = true;
	story_ticks(s, 4);
	s->phase = "release";
	s->pressure = false;
	story_ticks(s, 12);
	s->phase = "memory that gets short";
	s->memory_falls = true;
	story_ticks(s, 4);
	s->memory_falls = false;
	story_evict(s);
	s->phase = "memory that is there again";
	story_ticks(s, 13);
	s->phase = "a pod's vanishing";
	s->brief_to = s->points.n;
	(void)tree_delete(s->points.dir, "sys/fs/cgroup/" BRIEF_POD); /* or a fault did */
	story_ticks(s, 2);
	s->phase = "another's write";
	story_must(tree_knob(s->points.dir, WEB_POD, "io.weight", "default 100") == 0 &&
		     tree_knob(s->points.dir, BATCH_POD, "io.weight", "default 100") == 0,
	     "tree_knob");
	story_ticks(s, 2);
	order_by_hand(s);
	s->phase = "a broken policy";
	write_policy(s, "squeeze", "levels: [\n");
	points_enter(&s->points);
	if (s->state && state_load_policy(s->state) == 0)
		story_wrong(s, "it is taken");
	points_leave(&s->points);
	story_ticks(s, 1);
	s->phase = "a changed policy";
	story_reload(s, "full",
	       STORY_TAINT
	       "levels:\n"
	       "  P0: {cpu: {burst: 20.0% of quota, cores: exclusive}}\n"
	       "  P4: {io: {weight: 200}}\n"
	       "  P6: {role: offline, cpu: {yield: idle}}\n"
	       "assign: [{match: {qos: BestEffort}, level: P6}]\n");
	story_ticks(s, 2);
	/* The rescan that heals what an event did not tell; and the taint ends by itself. */
	s->now_us += LATER_US;
	story_ticks(s, 3);
	if (s->cluster.tainted && s->points.what == WHAT_NOTHING)
		story_wrong(s, "the taint is still up");
	quiet_tick(s);
	files_take(&s->calm, s->mount);
	if (s->want_calm && s->points.what != WHAT_LASTING)
		story_check_same(s, s->want_calm, "unlike the run without a fault");
}

static void down(struct story *s)
{
	s->phase = "the lowering of the mode";
	s->pressure = true;
	story_ticks(s, 3);
	story_reload(s, "protect", "");
	story_ticks(s, 3);
	/* What the kernel does not take, or cannot be recorded, comes back with the next one that works. */
	if (s->points.what != WHAT_LASTING)
		story_check_not_held(s);
	s->phase = "the kill switch";
	write_file(s, "etc/colod/disable", "");
	story_ticks(s, 3);
	if (s->points.what != WHAT_LASTING)
		story_check_same(s, s->base, "not given back");
	(void)tree_delete(s->points.dir, "etc/colod/disable");
	s->phase = "the stop";
	story_reload(s, "squeeze", STORY_OOM_FIRST);
	story_ticks(s, 3);
	points_enter(&s->points);
	if (s->state)
		life_stop(s->state);
	if (s->state)
		evictor_stop(s->state);
	points_leave(&s->points);
	end(s);
	story_check_restored(s, "after the stop");
}

void story_run(struct story *s)
{
	if (s->points.pod[0] == '\0')
		(void)snprintf(s->points.pod, sizeof(s->points.pod), "%s",
			       s->points.what == WHAT_REBORN ? BATCH_POD : BRIEF_POD);
	up(s);
	episode(s);
	down(s);
	s->phase = "a second life";
	start(s);
	story_ticks(s, 3);
	end(s);
	s->phase = "colod restore --auto";
	restore_automatic(s);
	s->phase = "colod restore";
	points_enter(&s->points);
	(void)restore_run(&s->options);
	points_leave(&s->points);
	story_check_restored(s, "after a death");
	if (s->cluster.tainted && s->points.what != WHAT_LASTING)
		story_wrong(s, "the taint is left");
}

static void start_again(struct story *s)
{
	bool evicts = s->cluster.n_asked > 0 || story_has_filler(s);

	write_policy(s, evicts ? "full" : "squeeze", evicts ? STORY_TAINT : "");
	s->pressure = true;
	start(s);
	if (evicts)
		story_evict_again(s);
	else
		story_ticks(s, 3);
	life_stop(s->state);
	evictor_stop(s->state);
	end(s);
	if (s->cluster.tainted)
		story_wrong(s, "the taint is left after the next agent");
}

void story_clean_up(const char *dir, const struct files *base, bool restart, FILE *out,
		    unsigned *ret_n_wrong)
{
	struct story s;

	prepare(&s, out);
	s.points.dir = (char *)dir;
	s.base = base;
	s.killed = true;
	s.may_write = true;
	s.phase = restart ? "the start after a kill" : "colod restore after a kill";
	settle(&s);
	cluster_load(&s);
	if (s.cluster.now_us > 0)
		s.now_us = s.cluster.now_us;
	if (restart)
		start_again(&s);
	story_check_restored(&s, "after a kill");
	points_use(NULL);
	*ret_n_wrong = s.n_wrong;
}
