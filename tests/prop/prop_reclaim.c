// SPDX-License-Identifier: LGPL-2.1-or-later
// Pods made at random are reclaimed from until nothing more is asked for: no slice asks for more than there
// is, than is wanted or than its bounds; nobody is asked while it rests; and it comes to an end. The seed is
// printed; COLOD_SEED=N runs the same pods again.
#include "policy/reclaim.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tests/lib/fake_random.h"
#include "tests/lib/test.h"

#define CASES 2000
#define STEPS 200
#define MIB ((uint64_t)1 << 20)
#define PAGE 4096u

static uint64_t seed;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d step %d: %s", seed, number, step, \
				 #condition);                                                      \
	} while (0)

struct giver {
	struct reclaim_stat stat;
	uint64_t swap_bytes;
	bool mglru;
	unsigned yields; /* how many of a hundred slices are taken whole */
};

static struct giver random_pod(uint64_t *r)
{
	struct giver p = {
		.stat =
			{
				.inactive_file_bytes = fake_random_below(r, 600) * MIB + 123,
				.active_file_bytes = fake_random_below(r, 300) * MIB,
				.anon_bytes = fake_random_below(r, 600) * MIB,
				.dirty_bytes = fake_random_below(r, 40) * MIB,
				.writeback_bytes = fake_random_below(r, 20) * MIB,
			},
		.swap_bytes = fake_random_below(r, 2) * fake_random_below(r, 500) * MIB,
		.mglru = fake_random_below(r, 2) == 0,
		.yields = (unsigned)fake_random_below(r, 101),
	};

	p.stat.inactive_anon_bytes = p.stat.anon_bytes / 100 * fake_random_below(r, 101);
	return p;
}

static void take(struct giver *p, uint64_t bytes)
{
	uint64_t file = p->stat.inactive_file_bytes < bytes ? p->stat.inactive_file_bytes : bytes;
	uint64_t rest = bytes - file;

	p->stat.inactive_file_bytes -= file;
	rest = rest < p->stat.anon_bytes ? rest : p->stat.anon_bytes;
	p->stat.anon_bytes -= rest;
	if (p->stat.inactive_anon_bytes > p->stat.anon_bytes)
		p->stat.inactive_anon_bytes = p->stat.anon_bytes;
	p->swap_bytes -= rest < p->swap_bytes ? rest : p->swap_bytes;
}

/* What the kernel makes of a slice. */
static enum reclaim_end end_of(const struct giver *p, uint64_t asked, uint64_t *r,
			       uint64_t *ret_got)
{
	*ret_got = asked;
	if (fake_random_below(r, 100) < p->yields)
		return RECLAIM_END_ALL;
	*ret_got = asked / 100 * fake_random_below(r, 100);
	return fake_random_below(r, 3) == 0 ? RECLAIM_END_TIME : RECLAIM_END_SHORT;
}

static void check_pod(int number, uint64_t *r)
{
	struct giver p = random_pod(r);
	struct reclaim_pace pace = {0};
	uint64_t wanted = fake_random_below(r, 800) * MIB, all = 0, first = wanted;
	int64_t now_us = 1, rests_until_us = 0;
	unsigned poor = 0;
	int step;

	for (step = 0; step < STEPS; step++) {
		uint64_t give = reclaim_give(&p.stat, p.swap_bytes, p.mglru), bytes = 0, got;
		enum reclaim_answer answer =
			reclaim_next(&pace, give, wanted, PAGE, now_us, &bytes);
		enum reclaim_end end;

		now_us += 50000;
		CHECK((answer == RECLAIM_ENOUGH) == (wanted < 16 * MIB));
		if (answer == RECLAIM_ENOUGH || answer == RECLAIM_NOTHING)
			break;
		CHECK((answer == RECLAIM_RESTS) == (now_us - 50000 < rests_until_us));
		if (answer == RECLAIM_RESTS) {
			CHECK(bytes == 0);
			continue;
		}
		CHECK(answer == RECLAIM_SLICE && give > 32 * MIB);
		CHECK(bytes <= give && bytes <= wanted && bytes % PAGE == 0);
		CHECK(bytes >= 16 * MIB && bytes <= 64 * MIB);
		end = end_of(&p, bytes, r, &got);
		take(&p, got);
		reclaim_ended(&pace, end, bytes, got, now_us);
		poor = end != RECLAIM_END_ALL && got < bytes / 4 ? poor + 1 : 0;
		if (poor == 2) {
			rests_until_us = now_us + 10000000;
			poor = 0;
		}
		all += got;
		wanted -= got;
	}
	CHECK(all <= first && all + wanted == first);
	/* One that gives comes to an end; one that does not has been left alone most of the time. */
	CHECK(step < STEPS || rests_until_us > 0);
}

TEST(no_pod_is_asked_for_more_than_it_has_or_while_it_rests)
{
	uint64_t r = seed;

	for (int number = 0; number < CASES; number++)
		check_pod(number, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_pod_is_asked_for_more_than_it_has_or_while_it_rests),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d pods\n", seed, CASES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
