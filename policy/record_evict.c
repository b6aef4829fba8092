// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_evict.h.
//
//	evict from kubernetes=1 short-since=.. short=.. ended=.. busy=.. off=.. poor=0
//	evict time AT
//	evict pending STAGE SERIAL UNTIL ESTIMATE FREED [ordered]
//	evict out SERIAL UNTIL ANSWER
//	evict going SERIAL SINCE
//	evict memory SLOT SERIAL AGE ANON SHMEM
//	evict from ... resource=cpu	(for another one than memory)
//	> evict PATH needed=.. pending=.. expected=.. place=1 of=19
//	> evict PATH resource=cpu needed=100 expected=480 place=1 of=2
//	> evict-nobody needed=.. pending=..: what is on its way back is enough
#include "policy/record_evict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/evict_cpu.h"
#include "policy/evict_io.h"
#include "policy/names.h"
#include "policy/record.h"
#include "policy/record_kill.h"
#include "policy/record_names.h"
#include "policy/record_words.h"

void record_evict_put(struct record_buf *buf, const struct record_evict *evict,
		      const struct model *model, int64_t now_us)
{
	const struct evict *e = &evict->before;
	enum resource r = evict->resource;

	record_put(buf,
		   "evict from kubernetes=%d short-since=%" PRId64 " short=%" PRId64
		   " ended=%" PRId64 " busy=%" PRId64 " off=%" PRId64 " poor=%" PRIu32,
		   evict->kubernetes, e->short_since_us[r], e->short_us[r], e->ended_us,
		   e->busy_until_us, e->off_until_us, e->poor[r]);
	if (r != RESOURCE_MEMORY)
		record_put(buf, " resource=%s", names_resource(r));
	record_put(buf, "\n");
	for (uint32_t i = 0; i < e->n_times; i++)
		record_put(buf, "evict time %" PRId64 "\n", e->times_us[i]);
	for (size_t i = 0; i < EVICT_PENDING; i++) {
		const struct evict_pending *p = &e->pending[i];

		if (p->stage != EVICT_STAGE_NONE)
			record_put(buf,
				   "evict pending %d %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64
				   "%s\n",
				   (int)p->stage, p->serial, p->until_us, p->estimate_bytes,
				   p->freed_bytes, p->ordered ? " ordered" : "");
	}
	for (size_t i = 0; i < EVICT_LEFT_OUT; i++)
		if (e->left_out[i].serial != 0)
			record_put(buf, "evict out %" PRIu64 " %" PRId64 " %" PRIu32 "\n",
				   e->left_out[i].serial, e->left_out[i].until_us,
				   e->left_out[i].answer);
	for (size_t i = 0; i < EVICT_GOING; i++)
		if (e->going[i].serial != 0)
			record_put(buf, "evict going %" PRIu64 " %" PRId64 "\n", e->going[i].serial,
				   e->going[i].since_us);
	for (size_t i = 0; i < model->n_pods; i++)
		record_kill_put_memory(buf, "evict", evict->memory, evict->n_memory, model->pods[i],
				       now_us);
}

void record_evict_given_done(struct record_evict_given *given)
{
	free(given->memory);
	*given = (struct record_evict_given){0};
}

void record_evict_begin(struct record_evict_given *given)
{
	given->given = false;
	given->before = (struct evict){0};
	if (given->n_memory > 0)
		memset(given->memory, 0, given->n_memory * sizeof(*given->memory));
}

static bool get_time(struct record_line *line, const char *key, int64_t *ret_us)
{
	struct record_line value;

	return record_words_key(line, key, &value) == 0 && record_get_i64(&value, ret_us) == 0;
}

/* Records from before there was another one do not say it. */
static bool get_resource(struct record_line *line, enum resource *ret)
{
	struct record_line word;
	int r = RESOURCE_MEMORY;

	if (line->len > 0) {
		if (record_words_key(line, "resource", &word) < 0)
			return false;
		r = RECORD_WORD_FROM(&word, RESOURCE_COUNT, names_resource, enum resource);
	}
	*ret = (enum resource)r;
	return r >= 0;
}

static int get_from(struct record_line *line, struct record_evict_given *given)
{
	struct evict *e = &given->before;
	uint64_t kubernetes = 0, poor = 0;
	int64_t since_us, short_us;
	enum resource r;

	if (given->given || record_words_number(line, "kubernetes", 1, &kubernetes) < 0 ||
	    !get_time(line, "short-since", &since_us) || !get_time(line, "short", &short_us) ||
	    !get_time(line, "ended", &e->ended_us) || !get_time(line, "busy", &e->busy_until_us) ||
	    !get_time(line, "off", &e->off_until_us) ||
	    record_words_number(line, "poor", UINT32_MAX, &poor) < 0 || !get_resource(line, &r) ||
	    line->len > 0)
		return -EBADMSG;
	e->short_since_us[r] = since_us;
	e->short_us[r] = short_us;
	e->poor[r] = (uint32_t)poor;
	given->resource = r;
	given->kubernetes = kubernetes == 1;
	given->given = true;
	return 0;
}

static bool next_u64(struct record_line *line, uint64_t max, uint64_t *ret)
{
	struct record_line word;

	return record_next(line, &word) && record_get_u64(&word, max, ret) == 0;
}

static bool next_i64(struct record_line *line, int64_t *ret)
{
	struct record_line word;

	return record_next(line, &word) && record_get_i64(&word, ret) == 0;
}

static int get_time_line(struct record_line *line, struct evict *e)
{
	int64_t at_us;

	if (e->n_times == EVICT_TIMES || !next_i64(line, &at_us) || line->len > 0)
		return -EBADMSG;
	evict_count(e, at_us);
	return 0;
}

static int get_pending(struct record_line *line, struct evict *e)
{
	struct evict_pending p = {0};
	struct record_line word = {0};
	uint64_t stage = 0;

	if (!next_u64(line, EVICT_STAGE_COUNT - 1, &stage) || stage == EVICT_STAGE_NONE ||
	    !next_u64(line, UINT64_MAX, &p.serial) || !next_i64(line, &p.until_us) ||
	    !next_u64(line, UINT64_MAX, &p.estimate_bytes) ||
	    !next_u64(line, UINT64_MAX, &p.freed_bytes))
		return -EBADMSG;
	p.ordered = record_next(line, &word) && record_is(&word, "ordered");
	if (line->len > 0 || (word.len > 0 && !p.ordered))
		return -EBADMSG;
	p.stage = (enum evict_stage)stage;
	evict_adopt(e, &p);
	return 0;
}

static int get_out(struct record_line *line, struct evict *e)
{
	struct victim_left_out out = {0};
	uint64_t answer = 0;
	size_t at = 0;

	while (at < EVICT_LEFT_OUT && e->left_out[at].serial != 0)
		at++;
	if (at == EVICT_LEFT_OUT || !next_u64(line, UINT64_MAX, &out.serial) || out.serial == 0 ||
	    !next_i64(line, &out.until_us) || !next_u64(line, EVICT_ANSWER_COUNT - 1, &answer) ||
	    line->len > 0)
		return -EBADMSG;
	out.answer = (uint32_t)answer;
	e->left_out[at] = out;
	return 0;
}

static int get_going(struct record_line *line, struct evict *e)
{
	struct evict_going going = {0};
	size_t at = 0;

	while (at < EVICT_GOING && e->going[at].serial != 0)
		at++;
	if (at == EVICT_GOING || !next_u64(line, UINT64_MAX, &going.serial) || going.serial == 0 ||
	    !next_i64(line, &going.since_us) || line->len > 0)
		return -EBADMSG;
	e->going[at] = going;
	return 0;
}

int record_evict_get(struct record_line *line, int64_t now_us, struct record_evict_given *given)
{
	struct record_line word;

	if (!record_next(line, &word))
		return -EBADMSG;
	if (record_is(&word, "from"))
		return get_from(line, given);
	/* The others belong to the first. */
	if (!given->given)
		return -EBADMSG;
	if (record_is(&word, "time"))
		return get_time_line(line, &given->before);
	if (record_is(&word, "pending"))
		return get_pending(line, &given->before);
	if (record_is(&word, "out"))
		return get_out(line, &given->before);
	if (record_is(&word, "going"))
		return get_going(line, &given->before);
	return record_is(&word, "memory")
		       ? record_kill_get_memory(line, now_us, &given->memory, &given->n_memory)
		       : -EBADMSG;
}

bool record_evict_decide(struct record_evict *evict, const struct evict_input *in)
{
	struct evict_input input = *in;
	struct evict_cpu cpu;
	struct evict_io io;

	input.evict = &evict->before;
	input.memory = evict->memory;
	input.n_memory = evict->n_memory;
	input.kubernetes = evict->kubernetes;
	input.resource = evict->resource;
	evict_choose_look(&input, &cpu, &io);
	if (!evict_choose_due(&input, &evict->look))
		return false;
	evict_choose(&input, &evict->look);
	return true;
}

void record_evict_tell(struct record_buf *buf, const struct record_evict *evict,
		       const struct record_names *names, const char *prefix)
{
	const struct evict_look *l = &evict->look;
	const struct victim *v = &l->list.list[l->at];
	const char *text = evict_choose_text(l->resource, l->why);

	if (l->why != EVICT_NOW && l->resource != RESOURCE_MEMORY) {
		record_put(buf, "%sevict-nobody resource=%s: ", prefix,
			   names_resource(l->resource));
		record_put_rest(buf, text, strlen(text));
		record_put(buf, "\n");
		return;
	}
	if (l->why != EVICT_NOW) {
		record_put(buf, "%sevict-nobody needed=%" PRIu64 " pending=%" PRIu64 ": ", prefix,
			   l->need_bytes, l->pending_bytes);
		record_put_rest(buf, text, strlen(text));
		record_put(buf, "\n");
		return;
	}
	if (l->again != 0) {
		record_put(buf, "%sevict-again serial=%" PRIu64 "\n", prefix, l->again);
		return;
	}
	record_put(buf, "%sevict ", prefix);
	record_names_put(buf, names, v->pod->cgroup ? v->pod->cgroup->path : "-");
	if (l->resource != RESOURCE_MEMORY) {
		record_put(buf,
			   " resource=%s needed=%" PRIu64 " expected=%" PRIu64
			   " place=%zu of=%zu\n",
			   names_resource(l->resource), l->need_rate, v->rate, l->at + 1,
			   l->list.n_candidates);
		return;
	}
	record_put(buf,
		   " needed=%" PRIu64 " pending=%" PRIu64 " expected=%" PRIu64
		   " place=%zu of=%zu\n",
		   l->need_bytes, l->pending_bytes, v->estimate_bytes, l->at + 1,
		   l->list.n_candidates);
}
