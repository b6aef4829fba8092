// SPDX-License-Identifier: LGPL-2.1-or-later
// See story.h.
#include "tests/faults/story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/life.h"
#include "agent/orders.h"
#include "agent/restore.h"
#include "agent/tick.h"
#include "policy/knob.h"
#include "policy/manual.h"
#include "tests/faults/node.h"
#include "tests/lib/tree.h"

#define STEP_US 2000000
/* memory.oom.group of offline pods comes and goes with this. */
#define OOM_FIRST "levels: {P7: {memory: {oom: first}}}\n"
#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

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

static void must(bool ok, const char *what)
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
	must(tree_write(s->points.dir, path, text) == 0, path);
}

static void write_policy(struct story *s, const char *mode, const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "version: 1\nmode: %s\nfacts: {from: \"file:///pods.json\"}\n"
		       "pressure:\n- {when: cpu.some of online > 5%% over 2s, do: [squeeze cpu]}\n"
		       "- {when: memory.some of online > 10%% over 1s, do: [squeeze memory, reclaim]}\n%s",
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

/* Each refusal is one failed start; systemd tries again. */
static void start(struct story *s)
{
	for (int i = 0; i < 2 && !s->state; i++) {
		points_enter(&s->points);
		if (state_new(&s->options, &s->state) < 0)
			s->n_refused++;
		else
			life_start(s->state, s->now_us);
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

static size_t holds(const struct story *s)
{
	const struct model *m = discover_model(s->state->discover);
	size_t n = 0;

	for (size_t i = 0; i < m->n_cgroups; i++)
		for (int knob = 0; knob < KNOB_COUNT; knob++)
			n += m->cgroups[i]->knobs[knob].owned && m->cgroups[i]->knobs[knob].held;
	return n;
}

static bool holds_memory(const struct story *s)
{
	const struct model *m = discover_model(s->state->discover);

	for (size_t i = 0; i < m->n_cgroups; i++)
		if (m->cgroups[i]->knobs[KNOB_MEMORY_HIGH].owned &&
		    m->cgroups[i]->knobs[KNOB_MEMORY_HIGH].held)
			return true;
	return false;
}

static void step(struct story *s)
{
	s->load++;
	s->waited_us += s->pressure ? STEP_US / 5 : 0;
	node_load(s->points.dir, s->load, s->waited_us);
	s->hog_mib += s->memory_falls ? 100 : 0;
	if (s->hog_mib > 0)
		node_memory(s->points.dir, s->memory_falls ? 3000 - s->hog_mib : 3000, s->hog_mib);
	s->now_us += STEP_US;
}

static void ticks(struct story *s, int n)
{
	for (int i = 0; i < n && s->state; i++) {
		size_t held;

		step(s);
		points_enter(&s->points);
		tick(s->state, s->now_us);
		points_leave(&s->points);
		held = holds(s);
		if (held > s->n_holds)
			s->n_holds = held;
		s->memory_held |= holds_memory(s);
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

static void reload(struct story *s, const char *mode, const char *more)
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
		ticks(s, 1);
	}
	if (s->points.what != WHAT_LASTING)
		story_wrong(s, "the policy is not taken");
}

/* --- what must hold -------------------------------------------------------------------------- */

/* Files that the script itself changes, or that belong to pods that come and go in it. */
static bool is_of_the_story(const struct story *s, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (strcmp(name, "cpu.stat") == 0 || strcmp(name, "cpu.pressure") == 0 ||
	    strcmp(name, "memory.current") == 0)
		return true;
	return node_is_below(path, BRIEF_POD) ||
	       (s->points.what == WHAT_REBORN && node_is_below(path, BATCH_POD));
}

struct compared {
	struct story *s;
	const char *text;
};

static void on_difference(void *context, const char *path, const char *was, const char *is)
{
	struct compared *c = context;

	/* After a kill: pods that had not appeared yet. */
	if (is_of_the_story(c->s, path) || (c->s->killed && !is))
		return;
	story_wrong(c->s, "%s: %s is %s, %s", c->text, path, is ? is : "gone",
		    was ? was : "not there before");
}

static void compare(struct story *s, const struct files *then, const char *text)
{
	struct compared c = {.s = s, .text = text};
	struct files now;

	files_take(&now, s->mount);
	files_diff(then, &now, on_difference, &c);
	files_free(&now);
}

static void check_not_held(struct story *s)
{
	static const char *const pods[] = {BATCH_POD, HOG_POD, BURSTABLE, BESTEFFORT};
	char text[128];

	for (size_t i = 0; i < ELEMENTS(pods); i++)
		if (tree_knob_read(s->points.dir, pods[i], "cpu.max", text, sizeof(text)) < 0 ||
		    strncmp(text, "max", 3) != 0)
			story_wrong(s, "%s is held: cpu.max is %s", pods[i], text);
}

/* A cgroup made again in the middle has the values that it was made with, or colod's own; after the
 * end, those that it was made with. */
static void check_reborn(struct story *s)
{
	char text[128];

	if (s->points.what != WHAT_REBORN || !s->points.vanished)
		return;
	if (tree_knob_read(s->points.dir, BATCH_POD, "cpu.weight", text, sizeof(text)) < 0 ||
	    strcmp(text, "77") != 0)
		story_wrong(s, "the pod that was made again has cpu.weight %s, not 77", text);
	if (tree_knob_read(s->points.dir, BATCH_POD, "memory.high", text, sizeof(text)) < 0 ||
	    strcmp(text, "123457536") != 0)
		story_wrong(s, "the pod that was made again has memory.high %s, not its own", text);
	if (tree_knob_read(s->points.dir, BATCH_POD, "cpu.max", text, sizeof(text)) < 0 ||
	    strncmp(text, "max", 3) != 0)
		story_wrong(s, "the pod that was made again keeps a quota of %s", text);
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
		check_not_held(s);
}

/* ExecStopPost of the unit runs it in any case, so it does here, without a fault. */
static void check_restored(struct story *s, const char *text)
{
	int r = restore_run(&s->options);

	if (r != 0)
		story_wrong(s, "%s: colod restore says %d", text, r);
	compare(s, s->base, text);
	check_reborn(s);
}

/* --- the script ------------------------------------------------------------------------------ */

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
	ticks(s, 3);
	s->held_by_hand = holds(s) > 0;
	ticks(s, 3);
	quiet_tick(s);
	if (s->points.what != WHAT_LASTING)
		check_not_held(s);
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
	ticks(s, 2);
	s->phase = "the appearing of pods";
	pods_appear(s);
	ticks(s, 2);
	s->may_write = true;
	s->phase = "squeeze without pressure";
	reload(s, "squeeze", OOM_FIRST);
	ticks(s, 2);
}

static void episode(struct story *s)
{
	s->phase = "pressure";
	s->pressure = true;
	ticks(s, 4);
	s->phase = "release";
	s->pressure = false;
	ticks(s, 12);
	s->phase = "memory that gets short";
	s->memory_falls = true;
	ticks(s, 4);
	s->memory_falls = false;
	ticks(s, 13);
	s->phase = "a pod's vanishing";
	s->brief_to = s->points.n;
	(void)tree_delete(s->points.dir, "sys/fs/cgroup/" BRIEF_POD); /* or a fault did */
	ticks(s, 2);
	s->phase = "another's write";
	must(tree_knob(s->points.dir, WEB_POD, "io.weight", "default 100") == 0 &&
		     tree_knob(s->points.dir, BATCH_POD, "io.weight", "default 100") == 0,
	     "tree_knob");
	ticks(s, 2);
	order_by_hand(s);
	s->phase = "a broken policy";
	write_policy(s, "squeeze", "levels: [\n");
	points_enter(&s->points);
	if (s->state && state_load_policy(s->state) == 0)
		story_wrong(s, "it is taken");
	points_leave(&s->points);
	ticks(s, 1);
	s->phase = "a changed policy";
	reload(s, "squeeze",
	       "levels:\n"
	       "  P0: {cpu: {burst: 20.0% of quota, cores: exclusive}}\n"
	       "  P4: {io: {weight: 200}}\n"
	       "  P6: {role: offline, cpu: {yield: idle}}\n"
	       "assign: [{match: {qos: BestEffort}, level: P6}]\n");
	ticks(s, 2);
	/* The rescan that heals what an event did not tell. */
	s->now_us += 31000000;
	ticks(s, 3);
	quiet_tick(s);
	files_take(&s->calm, s->mount);
	if (s->want_calm && s->points.what != WHAT_LASTING)
		compare(s, s->want_calm, "unlike the run without a fault");
}

static void down(struct story *s)
{
	s->phase = "the lowering of the mode";
	s->pressure = true;
	ticks(s, 3);
	reload(s, "protect", "");
	ticks(s, 3);
	/* What the kernel does not take, or cannot be recorded, comes back with the next one that works. */
	if (s->points.what != WHAT_LASTING)
		check_not_held(s);
	s->phase = "the kill switch";
	write_file(s, "etc/colod/disable", "");
	ticks(s, 3);
	if (s->points.what != WHAT_LASTING)
		compare(s, s->base, "not given back");
	(void)tree_delete(s->points.dir, "etc/colod/disable");
	s->phase = "the stop";
	reload(s, "squeeze", OOM_FIRST);
	ticks(s, 3);
	points_enter(&s->points);
	if (s->state)
		life_stop(s->state);
	points_leave(&s->points);
	end(s);
	check_restored(s, "after the stop");
}

void story_run(struct story *s)
{
	(void)snprintf(s->points.pod, sizeof(s->points.pod), "%s",
		       s->points.what == WHAT_REBORN ? BATCH_POD : BRIEF_POD);
	up(s);
	episode(s);
	down(s);
	s->phase = "a second life";
	start(s);
	ticks(s, 3);
	end(s);
	s->phase = "colod restore --auto";
	restore_automatic(s);
	s->phase = "colod restore";
	points_enter(&s->points);
	(void)restore_run(&s->options);
	points_leave(&s->points);
	check_restored(s, "after a death");
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
	if (restart) {
		write_policy(&s, "squeeze", "");
		s.pressure = true;
		start(&s);
		ticks(&s, 3);
		life_stop(s.state);
		end(&s);
	}
	check_restored(&s, "after a kill");
	points_use(NULL);
	*ret_n_wrong = s.n_wrong;
}
