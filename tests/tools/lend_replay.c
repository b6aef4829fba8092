// SPDX-License-Identifier: LGPL-2.1-or-later
// What could be lent on made days, or on a recorded one, by colod's sum and by those of its peers (make bench-lend):
//
//	lend_replay                                    all made days
//	lend_replay cpu|memory CAPACITY STEP_S FILE    a recorded one: lines "P0 P4 OTHER", in thousandths of a CPU or bytes
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/lend_replay.h"

static void show(const struct lend_trace *t)
{
	printf("%s: %s, %s, %.1f days\n", t->of == LEND_CPU ? "cpu" : "memory", t->name,
	       t->made ? "made" : "recorded", (double)t->n / LEND_REPLAY_DAY);
	printf("  %-20s %10s %14s %8s %11s\n", "", "exceeded", "within 1 h", "lent", "changes/day");
	for (int f = 0; f < LEND_FORMULA_COUNT; f++) {
		struct lend_score s = lend_replay(t, (enum lend_formula)f);

		printf("  %-20s %8.3f %% %12.3f %% %6.1f %% %11u\n",
		       lend_formula_name((enum lend_formula)f), s.over_ppm / 1e4,
		       s.broken_ppm / 1e4, s.lent_permille / 10.0, s.changes);
	}
}

static int recorded(char **args)
{
	enum lend_of of = strcmp(args[0], "memory") == 0 ? LEND_MEMORY : LEND_CPU;
	struct lend_trace t;
	int r = lend_trace_read(args[3], of, strtoull(args[1], NULL, 10),
				(uint32_t)strtoul(args[2], NULL, 10), &t);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", args[3], strerror(-r));
		return 1;
	}
	show(&t);
	lend_trace_free(&t);
	return 0;
}

int main(int argc, char **argv)
{
	struct lend_trace t;

	if (argc == 5)
		return recorded(argv + 1);
	if (argc != 1) {
		fprintf(stderr, "usage: lend_replay [cpu|memory CAPACITY STEP_S FILE]\n");
		return 2;
	}
	printf("exceeded: of the time online work used more than was kept for it; within 1 h: the same, for a\n"
	       "borrower who stays for an hour; lent: of what online work left idle. From the second day on.\n");
	for (int of = 0; of < LEND_OF_COUNT; of++)
		for (size_t i = 0; lend_trace_make(i, (enum lend_of)of, &t); i++) {
			show(&t);
			lend_trace_free(&t);
		}
	return 0;
}
