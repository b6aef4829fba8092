// SPDX-License-Identifier: LGPL-2.1-or-later
// See serve_case.h: what its pod is owed, and what its node can lend.
#include "tests/lib/serve_case.h"

void serve_case_make_slis(struct serve_case *c)
{
	c->web_slis.serial = c->web->serial;
	c->web_slis.now[0] = (struct sli_now){
		.verdict = SLI_VIOLATED,
		.value_permille = 124,
		.measured_s = 58,
		.worst_permille = 230,
		.since_us = 4000000,
	};
	c->web_slis.now[1] = (struct sli_now){.verdict = SLI_UNMEASURED};
	c->sli_list[c->web->slot] = &c->web_slis;
	c->slis = (struct sli_watch){
		.pods = c->sli_list,
		.n_slots = sizeof(c->sli_list) / sizeof(c->sli_list[0]),
		.slis = {{.name = "front",
			  .bound = 50,
			  .window_us = 60000000,
			  .sign = SLI_CPU_SOME,
			  .statistic = SLI_P99},
			 {.name = "delay",
			  .bound = 10000,
			  .window_us = 60000000,
			  .sign = SLI_SCHED_DELAY,
			  .statistic = SLI_MEAN}},
		.n_slis = 2,
	};
}

void serve_case_make_lend(struct serve_case *c)
{
	c->lend[LEND_CPU] = (struct lend_sum){
		.state = LEND_RISING,
		.use = {.measured = true,
			.capacity = 32000,
			.reserved = 1000,
			.online = 6200,
			.other = 700,
			.offline = 2000,
			.levels = 1u << LEVEL_P0,
			.newcomers = 2000,
			.n_newcomers = 1},
		.other_peak = 1060,
		.levels_peak = 9910,
		.node_peak = 9300,
		.margin = 991,
		.kept = 12901,
		.lendable = 18099,
		.published = 16500,
		.watched_us = 7200000000,
		.cold_start_us = 3600000000,
		.until_us = 191000000,
	};
	c->lend[LEND_CPU].use.level[LEVEL_P0] = 5500;
	c->lend[LEND_CPU].level_peak[LEVEL_P0] = 8850;
	c->lend[LEND_MEMORY] = (struct lend_sum){
		.state = LEND_LEARNING,
		.use = {.measured = true,
			.capacity = 64ull << 30,
			.reserved = 655ull << 20,
			.online = 20ull << 30,
			.other = 4ull << 30,
			.offline = 8ull << 30},
		.node_peak = 21ull << 30,
		.margin = 2150ull << 20,
		.kept = (21ull << 30) + (2150ull << 20),
		.watched_us = 720000000,
		.cold_start_us = 3600000000,
	};
}
