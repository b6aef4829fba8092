// SPDX-License-Identifier: LGPL-2.1-or-later
// See io_hold.h. Fast down, slow up, and it remembers where it hurt:
//
//   part of what the disk does that offline work may do
//   90 % ┐ an online pod waits
//        │
//   45 % └┐ still (a window of the rule later)            ╭─── a probe, after a minute, then two, ...
//   22 %  └──╮ calm                     ╭─ 7/8 of the mark┴────────────
//            ╰ 2 s ─╮     ╭─────────────╯
//                   ╰─────╯ it waited again at 40 %: the mark
//
// A cut is to a half, to a quarter where somebody waits three times what the rule allows. Reads are cut first, writes when
// no more of reads is to be had: what waits for a write may hold what an online pod needs (a journal's pages), so
// that writes have a floor of their own. After two seconds of calm it grows; not past 7/8 of where somebody waited
// again, but for a probe now and then, so that a load that does not change soon moves nothing. Where no online pod uses the disk
// it grows fast and past every mark, and what limits nothing for ten seconds is gone.
//
// What the disk does is what it was seen to be able to do with requests of this size, and no less than it does now. Large
// requests are bounded by bytes, small ones by their number, those between by both. The other of the two is bounded as well
// where it was learned; and a load that turns to requests which no bound counts has them bounded at once, by the same part.
#include "policy/io_hold.h"

#define WHOLE 1000u
#define SECOND_US 1000000
#define STILL_US 2000000
#define KEEP_US 60000000
/* Requests of this size are bounded by bytes; of that by their number (as disk_use.c learns them). */
#define LARGE_BYTES (64u << 10)
#define SMALL_BYTES (16u << 10)
/* control.md, IO: an online fsync waits for what an offline writer still has to write. */
#define WRITE_FLOOR_BYTES (16u << 20)
#define WRITE_FLOOR_PART 4u
/* Past so many times the threshold a cut takes three quarters. */
#define HARD_TIMES 3u
#define MARK_NUM 7u
#define MARK_DEN 8u
/* Of what the disk does, in permille a second. */
#define GROW 20u
#define SPENT_GROWN_S 2u /* it is taken back as soon, and was no help */
#define GROW_TO_MARK 50u
#define GROW_SLOWLY 10u
#define GROW_IDLE 100u
#define PROBE_S 60u
#define PROBE_MOST_S 960u
/* A third of it is not used. Bounds are only written anew where they are a sixth too low (decide_io_hold.c). */
#define SLACK_NUM 3u
#define SLACK_DEN 2u
#define SLACK_US 10000000
/* A fifth of the time more, and a fiftieth: that is no chance. Later than that it has other causes. */
#define WORSE_NUM 5u
#define WORSE_DEN 4u
#define WORSE_MORE 20u
#define WORSE_FOR_US 3000000
#define WORSE_WITHIN_US 15000000
/* The step of growing counts at most this much time. */
#define STEP_MAX_US 5000000
/* The least of anything: below it a single request takes seconds. */
#define LEAST_BYTES (256u << 10)
#define LEAST_REQUESTS 8u

/* Of one direction, what the disk does and what offline work uses of that. */
struct measure {
	uint64_t bytes_per_s, requests_per_s; /* 0: not what is counted */
	uint32_t use_permille;
	uint64_t size; /* of a request */
};

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int64_t since(int64_t before_us, bool is_so, int64_t now_us)
{
	return !is_so ? 0 : before_us != 0 ? before_us : now_us;
}

static uint32_t permille_of(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return whole ? WHOLE : 0;
	/* No disk does 18 PB/s, but a counter may say so. */
	return (uint32_t)(whole > UINT64_MAX / WHOLE ? part / (whole / WHOLE)
						     : part * WHOLE / whole);
}

static uint64_t part_of(uint64_t whole, uint32_t permille)
{
	return whole / WHOLE * permille + whole % WHOLE * permille / WHOLE;
}

uint64_t io_hold_bytes(const struct io_hold *hold, enum disk_direction direction)
{
	const struct io_bound *b = &hold->of[direction];

	if (b->permille == 0 || b->bytes_per_s == 0)
		return KNOB_VALUE_MAX;
	return most(part_of(b->bytes_per_s, b->permille), LEAST_BYTES);
}

uint64_t io_hold_requests(const struct io_hold *hold, enum disk_direction direction)
{
	const struct io_bound *b = &hold->of[direction];
	uint32_t permille = b->permille;

	if (permille == 0 || b->requests_per_s == 0)
		return KNOB_VALUE_MAX;
	/* The floor is of the bytes that are written now: small writes would be far below theirs. */
	if (direction == DISK_WRITE && b->bytes_per_s > 0 && permille < WHOLE / WRITE_FLOOR_PART)
		permille = WHOLE / WRITE_FLOOR_PART;
	return most(part_of(b->requests_per_s, permille), LEAST_REQUESTS);
}

static bool is_used_up(uint64_t used, uint64_t limit)
{
	return limit != KNOB_VALUE_MAX && used * SLACK_NUM / SLACK_DEN >= limit;
}

/* It is as much as the bound leaves, by bytes or by requests. */
static bool is_limited(const struct io_hold *hold, const struct io_hold_look *look, int d)
{
	enum disk_direction direction = (enum disk_direction)d;

	return is_used_up(look->offline.bytes[d], io_hold_bytes(hold, direction)) ||
	       is_used_up(look->offline.requests[d], io_hold_requests(hold, direction));
}

/* As far as it is bounded the disk did no more: what it would do without that is what was known before. 0: it is not known,
 * for what limits it is counted otherwise. */
static uint64_t unbound(uint64_t now, uint64_t before, bool limited)
{
	if (before > 0)
		return most(now, before);
	return limited ? 0 : now;
}

static struct measure measure(const struct io_hold *hold, const struct io_hold_look *look, int d)
{
	const struct io_bound *b = &hold->of[d];
	uint64_t bytes = look->offline.bytes[d], requests = look->offline.requests[d];
	uint64_t can_bytes = look->can[DISK_READ_BYTES + d];
	uint64_t can_requests = look->can[DISK_READ_REQUESTS + d];
	uint64_t before_bytes = b->permille ? b->bytes_per_s : 0;
	uint64_t before_requests = b->permille ? b->requests_per_s : 0;
	bool limited = is_limited(hold, look, d);
	struct measure m = {.size = requests ? bytes / requests : 0};

	if (requests == 0)
		return m;
	if (m.size > SMALL_BYTES)
		m.bytes_per_s = unbound(most(look->all.bytes[d], bytes), before_bytes, limited);
	if (m.size < LARGE_BYTES)
		m.requests_per_s =
			unbound(most(look->all.requests[d], requests), before_requests, limited);
	if (m.size >= LARGE_BYTES)
		m.bytes_per_s = most(m.bytes_per_s, can_bytes);
	if (m.size <= SMALL_BYTES)
		m.requests_per_s = most(m.requests_per_s, can_requests);
	if (m.bytes_per_s == 0 && m.requests_per_s == 0) {
		m.bytes_per_s = before_bytes;
		m.requests_per_s = before_requests;
	}
	m.use_permille = (uint32_t)most(permille_of(bytes, m.bytes_per_s),
					permille_of(requests, m.requests_per_s));
	return m;
}

/* Of a disk that writes so much. */
static uint32_t write_floor(uint64_t bytes)
{
	uint64_t floor = bytes / WRITE_FLOOR_PART;

	return bytes ? permille_of(floor < WRITE_FLOOR_BYTES ? floor : WRITE_FLOOR_BYTES, bytes) + 1
		     : 0;
}

static uint32_t floor_of(const struct io_hold_look *look, const struct measure *m, int d)
{
	uint32_t floor = look->floor_permille > 0 ? look->floor_permille : 1;
	uint64_t bytes = m->bytes_per_s ? m->bytes_per_s : m->requests_per_s * m->size;

	return d == DISK_WRITE ? (uint32_t)most(floor, write_floor(bytes)) : floor;
}

/* After what is bounded has been said: the floor, and no less. */
static void bound(struct io_bound *b, const struct io_hold_look *look, const struct measure *m,
		  int d)
{
	b->floor_permille = floor_of(look, m, d);
	if (d == DISK_WRITE)
		b->floor_permille = (uint32_t)most(b->floor_permille, write_floor(b->bytes_per_s));
	b->permille = (uint32_t)most(b->permille, b->floor_permille);
	b->slack_us = b->worse_us = 0;
}

/* `more`: than the floor and so much. */
static bool may_take(const struct io_hold *hold, const struct io_hold_look *look, int d,
		     uint32_t more, struct measure *ret_measure)
{
	const struct io_bound *b = &hold->of[d];
	uint32_t floor;

	if (look->now_us < b->rest_us || (d == DISK_WRITE && look->no_writes))
		return false;
	*ret_measure = measure(hold, look, d);
	floor = floor_of(look, ret_measure, d) + more;
	return ret_measure->use_permille > floor && (b->permille == 0 || b->permille > floor);
}

static bool may_take_any(const struct io_hold *hold, const struct io_hold_look *look, uint32_t more)
{
	struct measure m;

	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if (may_take(hold, look, d, more, &m))
			return true;
	return false;
}

bool io_hold_may_cut(const struct io_hold *hold, const struct io_hold_look *look)
{
	return may_take_any(hold, look, 0);
}

bool io_hold_is_on(const struct io_hold *hold)
{
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if (hold->of[d].permille > 0)
			return true;
	return false;
}

uint32_t io_hold_least(const struct io_hold *hold, bool *ret_floor)
{
	const struct io_bound *least = NULL;

	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		const struct io_bound *b = &hold->of[d];

		if (b->permille > 0 && (!least || b->permille < least->permille))
			least = b;
	}
	*ret_floor = least && least->permille <= least->floor_permille;
	return least ? least->permille : 0;
}

static void lift(struct io_bound *b)
{
	b->permille = 0;
	b->slack_us = b->worse_us = 0;
}

void io_hold_end(struct io_hold *hold)
{
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		lift(&hold->of[d]);
		hold->of[d].mark_permille = 0;
		hold->of[d].probe_s = 0;
	}
	hold->spent_us = 0;
}

bool io_hold_is_over(const struct io_hold *hold, int64_t now_us)
{
	if (io_hold_is_on(hold) || now_us - hold->pressure_us < KEEP_US)
		return false;
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if (now_us < hold->of[d].rest_us)
			return false;
	return true;
}

/* It was as it should be below the mark: back there, and no further. */
static bool was_probe(const struct io_bound *b, const struct io_hold_look *look)
{
	return b->mark_permille > 0 && look->now_us >= b->probe_us &&
	       b->permille > b->mark_permille * MARK_NUM / MARK_DEN &&
	       look->waited_permille < look->threshold_permille * HARD_TIMES;
}

/* Somebody waits with so much: not so much again for a while, and for longer each time. */
static void mark(struct io_bound *b, uint32_t permille, int64_t now_us)
{
	b->probe_s = b->mark_permille == 0	 ? PROBE_S
		     : b->probe_s < PROBE_MOST_S ? b->probe_s * 2
						 : PROBE_MOST_S;
	b->mark_permille = permille;
	b->probe_us = now_us + (int64_t)b->probe_s * SECOND_US;
}

/* `again`: after a while of calm. */
static void cut(struct io_hold *hold, const struct io_hold_look *look, int d,
		const struct measure *m, bool again)
{
	struct io_bound *b = &hold->of[d];
	bool hard = look->waited_permille >= look->threshold_permille * HARD_TIMES;
	bool begins = b->permille == 0, probe = !begins && was_probe(b, look);
	uint32_t from = begins || m->use_permille < b->permille ? m->use_permille : b->permille;
	uint32_t to = hard ? from / 4 : from / 2;

	if (probe)
		to = b->mark_permille * MARK_NUM / MARK_DEN;
	if (probe || (again && !begins))
		mark(b, probe ? b->mark_permille : from, look->now_us);
	if (begins) {
		b->since_us = look->now_us;
		b->before_permille = look->waited_permille;
	}
	b->bytes_per_s = m->bytes_per_s ? m->bytes_per_s : look->can[DISK_READ_BYTES + d];
	b->requests_per_s = m->requests_per_s ? m->requests_per_s
					      : look->can[DISK_READ_REQUESTS + d];
	b->permille = to;
	bound(b, look, m, d);
	hold->cut_us = hold->grown_us = look->now_us;
}

/* What offline work does there now no bound counts: it turned from large requests to small ones, or back. The same part of that from
 * now on, and whether it helps is a new question. With time left, the little that a disk does of them measures nothing. */
static bool adopt(struct io_hold *hold, const struct io_hold_look *look, int d)
{
	struct io_bound *b = &hold->of[d];
	struct measure m;

	if (b->permille == 0 || !look->busy)
		return false;
	m = measure(hold, look, d);
	if ((m.bytes_per_s == 0 || b->bytes_per_s > 0) &&
	    (m.requests_per_s == 0 || b->requests_per_s > 0))
		return false;
	b->bytes_per_s = b->bytes_per_s ? b->bytes_per_s : m.bytes_per_s;
	b->requests_per_s = b->requests_per_s ? b->requests_per_s : m.requests_per_s;
	bound(b, look, &m, d);
	b->mark_permille = 0;
	b->since_us = hold->cut_us = look->now_us;
	b->before_permille = look->waited_permille;
	return true;
}

/* Until the rule's window is full, what is waited is what it was like without the bound. One that is not written does no
 * harm. True: it was no help but harm, and is lifted. */
static bool judge(struct io_bound *b, const struct io_hold_look *look)
{
	int64_t past_us = look->now_us - b->since_us;
	uint32_t waited = look->waited_permille;

	if (past_us <= (int64_t)look->window_us) {
		if (waited > b->before_permille)
			b->before_permille = waited;
		return false;
	}
	if (past_us > WORSE_WITHIN_US || !look->in_force ||
	    waited * WORSE_DEN < b->before_permille * WORSE_NUM + WORSE_MORE * WORSE_DEN) {
		b->worse_us = 0;
		return false;
	}
	if (b->worse_us == 0)
		b->worse_us = look->now_us;
	if (look->now_us - b->worse_us < WORSE_FOR_US)
		return false;
	lift(b);
	b->mark_permille = 0;
	b->rest_us = look->now_us + IO_HOLD_REST_US;
	return true;
}

/* The one that was bounded last is to blame. */
static int judge_last(struct io_hold *hold, const struct io_hold_look *look)
{
	int last = -1;

	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if (hold->of[d].permille > 0 &&
		    (last < 0 || hold->of[d].since_us > hold->of[last].since_us))
			last = d;
	return last >= 0 && judge(&hold->of[last], look) ? last : -1;
}

/* True: see io_hold_step(). */
static bool press(struct io_hold *hold, const struct io_hold_look *look)
{
	bool reads = adopt(hold, look, DISK_READ), writes = adopt(hold, look, DISK_WRITE);
	int worse = judge_last(hold, look);
	bool again = look->now_us - hold->pressure_us >= STILL_US;
	int64_t settle_us = (int64_t)most(look->window_us, SECOND_US);

	hold->pressure_us = look->now_us;
	hold->reason = (struct reason){
		.code = REASON_IO_WAITS,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = look->waited_permille,
		.usual_permille = look->usual_permille,
		.limit = look->threshold_permille,
		.for_us = look->window_us,
	};
	if (worse >= 0) {
		hold->reason.code = REASON_IO_WORSE;
		hold->reason.limit = hold->of[worse].before_permille;
		hold->reason.for_us = IO_HOLD_REST_US;
		hold->reason.extra = (uint64_t)worse;
		/* First a look at how it is without it. */
		hold->cut_us = look->now_us;
		return true;
	}
	if (reads || writes || (io_hold_is_on(hold) && look->now_us - hold->cut_us < settle_us))
		return false;
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		struct measure m;

		if (!may_take(hold, look, d, 0, &m))
			continue;
		cut(hold, look, d, &m, again);
		break;
	}
	return false;
}

/* Up to where, and how fast, in permille of what the disk does. */
static uint32_t growth(const struct io_bound *b, const struct io_hold_look *look, bool idle,
		       uint32_t *ret_most)
{
	uint32_t stable = b->mark_permille * MARK_NUM / MARK_DEN;

	*ret_most = WHOLE;
	if (idle)
		return GROW_IDLE;
	if (b->mark_permille == 0)
		return GROW;
	if (look->now_us >= b->probe_us)
		return GROW_SLOWLY;
	*ret_most = stable > b->floor_permille ? stable : b->floor_permille;
	return b->permille < b->mark_permille / 2 ? GROW_TO_MARK : GROW_SLOWLY;
}

static bool limits_nothing(struct io_hold *hold, const struct io_hold_look *look, int d)
{
	struct io_bound *b = &hold->of[d];

	b->slack_us = since(b->slack_us, !is_limited(hold, look, d), look->now_us);
	return b->slack_us != 0 && look->now_us - b->slack_us >= SLACK_US;
}

static void grow_one(struct io_hold *hold, const struct io_hold_look *look, int d, bool idle,
		     uint64_t span_us)
{
	struct io_bound *b = &hold->of[d];
	uint32_t limit, rate = growth(b, look, idle, &limit);
	uint64_t more = rate * span_us / SECOND_US;

	if (b->permille < limit)
		b->permille = b->permille + more < limit ? b->permille + (uint32_t)more : limit;
	/* Well past it, and nobody minds: things have changed. */
	if (b->mark_permille > 0 && b->permille >= b->mark_permille * MARK_DEN / MARK_NUM)
		b->mark_permille = 0;
	if (b->permille >= WHOLE || limits_nothing(hold, look, d))
		lift(b);
}

/* Once a second: each step is a write. */
static void calm(struct io_hold *hold, const struct io_hold_look *look)
{
	bool idle = look->now_us - hold->online_us >= IO_HOLD_USED_US;
	int64_t span_us = look->now_us - hold->grown_us;

	if (look->now_us - hold->pressure_us < STILL_US) {
		hold->grown_us = look->now_us;
		return;
	}
	if (span_us < SECOND_US)
		return;
	hold->grown_us = look->now_us;
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if (hold->of[d].permille > 0)
			grow_one(hold, look, d, idle,
				 span_us < STEP_MAX_US ? (uint64_t)span_us : STEP_MAX_US);
}

/* While it is not in force, nothing was taken by it: there is all that it would take. */
static void see_spent(struct io_hold *hold, const struct io_hold_look *look)
{
	uint32_t grown = hold->spent_us ? SPENT_GROWN_S * GROW : 0;
	bool spent = look->in_force && io_hold_is_on(hold) && !may_take_any(hold, look, grown);

	hold->spent_us = since(hold->spent_us, spent, look->now_us);
}

bool io_hold_step(struct io_hold *hold, const struct io_hold_look *look)
{
	bool waits = look->waited_permille > 0, worse;

	if (look->no_writes)
		lift(&hold->of[DISK_WRITE]);
	if (look->online_uses)
		hold->online_us = look->now_us;
	worse = waits && press(hold, look);
	if (!waits)
		calm(hold, look);
	see_spent(hold, look);
	return worse;
}
