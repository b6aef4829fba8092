// SPDX-License-Identifier: LGPL-2.1-or-later
// See victim_growth.h. Of twenty that grow each may be smaller than one that rests, even with all that it will have grown by, where
// the storm leaves it no CPU time to grow: 30 MiB, 40 in ten seconds, beside one that has 60 for good. To end that one stops nothing,
// and the others follow all the same. So what grows goes before what rests, as long as that is why the room falls.
#include "policy/victim_growth.h"

#include "policy/growth_line.h"
#include "policy/memory_growth.h"

#define PERMILLE 1000u
/* As much in one second, or in four: whoever has no CPU time takes by fits and starts. The kernel's own batches are a few hundred KiB. */
#define GREW_BYTES ((uint64_t)1 << 20)
#define MEAN_S 4u
#define SECOND_US 1000000u
/* Where others take nearly all of what is lost, to stop these would help nobody (freeze.c). */
#define CAUSE_PART 4u

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* File pages come back by themselves: of what it grows by as much is none of them as of what it has. */
static uint64_t part_of(uint64_t bytes_per_s, uint64_t kept_bytes, uint64_t usage_bytes)
{
	if (kept_bytes >= usage_bytes)
		return bytes_per_s;
	return bytes_per_s / PERMILLE * (kept_bytes / (usage_bytes / PERMILLE + 1));
}

/* Where only some memory nodes count, there is no more than the newest two looks. */
static uint64_t mean(const struct victim_input *in, const struct pod *pod,
		     const struct memory_growth *now)
{
	struct memory_growth g = *now;

	if (in->nodes == 0)
		(void)memory_growth_over(in->samples, pod, MEAN_S * SECOND_US, in->now_us, &g);
	return g.bytes_per_s;
}

static uint64_t kept(const struct victim_memory *m)
{
	uint64_t bytes;

	return !m || __builtin_add_overflow(m->anon_bytes, m->shmem_bytes, &bytes) ? 0 : bytes;
}

/* It is not enough that memory comes back, it has to stay: how it grows now, or grew before it was held, counts. Where that
 * is not measured it rests. */
void victim_growth_see(const struct victim_input *in, const struct victim_memory *memory,
		       struct victim *v)
{
	uint64_t kept_bytes = kept(memory);
	uint64_t wants = growth_line_wants(in->plan, v->pod, in->now_us), lately;
	uint64_t most = in->model->node.memory_bytes;
	struct memory_growth growth;

	v->soon_bytes = v->usage_bytes;
	if (v->usage_bytes == 0 ||
	    !memory_growth_on(in->samples, v->pod, in->nodes, in->now_us, &growth))
		return;
	if (wants < growth.bytes_per_s)
		wants = growth.bytes_per_s;
	lately = mean(in, v->pod, &growth);
	if (wants > most || lately > most)
		return;
	v->soon_bytes = v->usage_bytes + wants * VICTIM_SOON_S;
	lately = part_of(lately, kept_bytes, v->usage_bytes);
	wants = part_of(wants, kept_bytes, v->usage_bytes);
	v->takes_bytes_per_s = max_u64(wants, lately);
	v->grows = wants >= GREW_BYTES || lately >= GREW_BYTES / MEAN_S;
}

uint64_t victim_growth_now(const struct victim_input *in, const struct pod *pod)
{
	struct memory_growth growth;

	return memory_growth_on(in->samples, pod, in->nodes, in->now_us, &growth) &&
			       growth.bytes_per_s <= in->model->node.memory_bytes
		       ? growth.bytes_per_s
		       : 0;
}

bool victim_growth_is_cause(const struct victim_input *in, uint64_t takes_bytes_per_s,
			    uint64_t going_bytes_per_s)
{
	uint64_t fall = in->fall_bytes_per_s;

	fall = fall > going_bytes_per_s ? fall - going_bytes_per_s : 0;
	return takes_bytes_per_s >= fall / CAUSE_PART;
}

static uint64_t bytes_by(enum evict_key key, const struct victim *v)
{
	return key == EVICT_BY_OVER_REQUEST ? v->over_request_bytes : v->soon_bytes;
}

/* Who keeps within its request goes after all that do not, growing or not. */
int victim_growth_compare(const struct victim *a, const struct victim *b, enum evict_key key)
{
	if ((key != EVICT_BY_OVER_REQUEST && key != EVICT_BY_USAGE) || a->rate > 0 ||
	    a->grows == b->grows || bytes_by(key, a) == 0 || bytes_by(key, b) == 0)
		return 0;
	return a->grows ? -1 : 1;
}
