// SPDX-License-Identifier: LGPL-2.1-or-later
// The traces of lend_replay.h. Made ones say so: each shows one thing that days do.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_random.h"
#include "tests/lib/lend_replay.h"

#define DAYS 9u
#define HOUR (LEND_REPLAY_DAY / 24)
#define CPU_CAPACITY 32000u
#define MEMORY_CAPACITY (128ull << 30)
#define LINE_SIZE 256

/* Of the capacity, in permille, at a step; `draws` is the trace's own chance. */
typedef double (*shape_fn)(size_t step, uint64_t *draws);

static double chance(uint64_t *draws)
{
	return (double)fake_random_below(draws, 1000000) / 1e6;
}

static double hour_of(size_t step)
{
	return (double)(step % LEND_REPLAY_DAY) / HOUR;
}

/* 0 at 3 h, 1 at 15 h. */
static double tide(size_t step)
{
	return (1 - cos((hour_of(step) - 3) / 12 * M_PI)) / 2;
}

static double day_and_night(size_t step, uint64_t *draws)
{
	(void)draws;
	return 80 + 420 * tide(step);
}

static double office(size_t step, uint64_t *draws)
{
	(void)draws;
	return hour_of(step) >= 8 && hour_of(step) < 18 ? 600 : 150;
}

static double growing(size_t step, uint64_t *draws)
{
	(void)draws;
	return (80 + 300 * tide(step)) * (1 + 0.1 * (double)(step / LEND_REPLAY_DAY));
}

static double week(size_t step, uint64_t *draws)
{
	size_t day = step / LEND_REPLAY_DAY % 7;

	(void)draws;
	/* It begins on a Wednesday: the third and the fourth day are a weekend. */
	return day == 3 || day == 4 ? 100 : 100 + 450 * tide(step);
}

/* Some five times a day to 75 %, for two to five minutes. */
static double spiky(size_t step, uint64_t *draws)
{
	static const size_t shortest = 12;
	uint64_t slot = step / (LEND_REPLAY_DAY / 48), at = slot * 2654435761u % 97;
	size_t inside = step % (LEND_REPLAY_DAY / 48);

	(void)draws;
	return at < 10 && inside >= at && inside < at + shortest + at % 19 ? 750 : 150;
}

static double flat(size_t step, uint64_t *draws)
{
	(void)step, (void)draws;
	return 300;
}

/* A walk that nobody foresees. */
static double drifting(size_t step, uint64_t *draws)
{
	(void)draws;
	return 350 + 150 * sin((double)step / 2900) + 100 * sin((double)step / 701) +
	       60 * sin((double)step / 97);
}

static const struct {
	const char *name;
	shape_fn shape;
	double noise; /* as a part, of each 10 s */
} made[] = {
	{"day and night", day_and_night, 0.25},
	{"office hours", office, 0.2},
	{"growing by a tenth a day", growing, 0.2},
	{"a weekend", week, 0.25},
	{"spikes", spiky, 0.2},
	{"flat", flat, 0.3},
	{"drifting", drifting, 0.1},
};

static uint64_t *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void allocate(struct lend_trace *t, size_t n)
{
	t->n = n;
	t->p0 = must(calloc(n, sizeof(*t->p0)));
	t->p4 = must(calloc(n, sizeof(*t->p4)));
	t->other = must(calloc(n, sizeof(*t->other)));
}

bool lend_trace_make(size_t number, enum lend_of of, struct lend_trace *ret)
{
	struct lend_trace t = {.made = true, .of = of};
	uint64_t draws = 0x9e3779b97f4a7c15u + number;
	double noise;

	if (number >= sizeof(made) / sizeof(made[0]))
		return false;
	(void)snprintf(t.name, sizeof(t.name), "%s", made[number].name);
	t.capacity = of == LEND_CPU ? CPU_CAPACITY : MEMORY_CAPACITY;
	/* Memory is slower to move. */
	noise = made[number].noise / (of == LEND_CPU ? 1 : 5);
	allocate(&t, DAYS * (size_t)LEND_REPLAY_DAY);
	for (size_t i = 0; i < t.n; i++) {
		double part = made[number].shape(i, &draws) / 1000;
		double own = 1 + noise * (2 * chance(&draws) - 1);
		double use = part * own * (double)t.capacity;

		t.p0[i] = (uint64_t)(use * 0.6);
		t.p4[i] = (uint64_t)(use * 0.4);
		t.other[i] = (uint64_t)((0.01 + 0.01 * chance(&draws)) * (double)t.capacity);
	}
	*ret = t;
	return true;
}

void lend_trace_free(struct lend_trace *t)
{
	free(t->p0);
	free(t->p4);
	free(t->other);
	memset(t, 0, sizeof(*t));
}

static int read_line(const char *line, uint64_t use[3])
{
	char end;

	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %c", &use[0], &use[1], &use[2],
		   &end) != 3)
		return -EBADMSG;
	return 0;
}

int lend_trace_read(const char *path, enum lend_of of, uint64_t capacity, uint32_t step_s,
		    struct lend_trace *ret)
{
	struct lend_trace t = {.of = of, .capacity = capacity};
	size_t each = step_s / 10, most = 60u * LEND_REPLAY_DAY, n = 0;
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE];
	int r = 0;

	if (!file)
		return -errno;
	(void)snprintf(t.name, sizeof(t.name), "%s", path);
	allocate(&t, most);
	while (r == 0 && fgets(line, sizeof(line), file)) {
		uint64_t use[3];

		if (line[0] == '#')
			continue;
		r = each > 0 ? read_line(line, use) : -EBADMSG;
		for (size_t i = 0; r == 0 && i < each && n < most; i++, n++) {
			t.p0[n] = use[0];
			t.p4[n] = use[1];
			t.other[n] = use[2];
		}
	}
	(void)fclose(file);
	t.n = n;
	if (r == 0)
		*ret = t;
	else
		lend_trace_free(&t);
	return r;
}
