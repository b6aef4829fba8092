// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_kill.h.
//
//	kill from since=.. look=.. looks=3 ended=.. serial=.. freed=.. at=.. expected=..
//	kill rests SERIAL UNTIL
//	kill memory SLOT SERIAL AGE ANON SHMEM [THERE ELSEWHERE]
//	> kill PATH needed=.. expected=.. by=usage of=19 left=2 code=memory-empty ..: sentence
//	> candidate PATH place=2 level=P7 expected=.. usage=.. soon=.. over=..
//	> left PATH usage=..: is being deleted already
#include "policy/record_kill.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/freeze.h"
#include "policy/names.h"
#include "policy/names_policy.h"
#include "policy/reason_text.h"
#include "policy/record.h"
#include "policy/record_names.h"
#include "policy/record_words.h"
#include "policy/victim_text.h"

void record_kill_put_memory(struct record_buf *buf, const char *word,
			    const struct victim_memory *memory, size_t n_memory,
			    const struct pod *pod, int64_t now_us)
{
	const struct victim_memory *m;

	if (pod->slot >= n_memory)
		return;
	m = &memory[pod->slot];
	if (m->serial != pod->serial || m->at_us <= 0)
		return;
	record_put(buf, "%s memory %" PRIu32 " %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64, word,
		   pod->slot, m->serial, now_us - m->at_us, m->anon_bytes, m->shmem_bytes);
	if (m->there_bytes > 0 || m->elsewhere_bytes > 0)
		record_put(buf, " %" PRIu64 " %" PRIu64, m->there_bytes, m->elsewhere_bytes);
	record_put_bytes(buf, "\n", 1);
}

void record_kill_put(struct record_buf *buf, const struct record_kill *kill,
		     const struct model *model, int64_t now_us)
{
	const struct memory_kill *k = &kill->before;

	record_put(buf,
		   "kill from since=%" PRId64 " look=%" PRId64 " looks=%" PRIu32 " ended=%" PRId64
		   " serial=%" PRIu64 " freed=%" PRIu64 " at=%" PRId64 " expected=%" PRIu64 "\n",
		   k->since_us, k->look_us, k->looks, k->ended_us, k->serial, k->freed_bytes,
		   k->victims.at_us, k->victims.estimate_bytes);
	for (size_t i = 0; i < VICTIM_RESTING; i++)
		if (k->victims.resting[i].serial != 0)
			record_put(buf, "kill rests %" PRIu64 " %" PRId64 "\n",
				   k->victims.resting[i].serial, k->victims.resting[i].until_us);
	for (size_t i = 0; i < model->n_pods; i++)
		record_kill_put_memory(buf, "kill", kill->memory, kill->n_memory, model->pods[i],
				       now_us);
}

void record_kill_given_done(struct record_kill_given *given)
{
	free(given->memory);
	*given = (struct record_kill_given){0};
}

void record_kill_begin(struct record_kill_given *given)
{
	given->given = false;
	given->n_rests = 0;
	given->before = (struct memory_kill){0};
	if (given->n_memory > 0)
		memset(given->memory, 0, given->n_memory * sizeof(*given->memory));
}

static int get_time(struct record_line *line, const char *key, int64_t *ret_us)
{
	struct record_line value;
	int r = record_words_key(line, key, &value);

	return r < 0 ? r : record_get_i64(&value, ret_us);
}

static int get_from(struct record_line *line, struct record_kill_given *given)
{
	struct memory_kill k = {0};
	uint64_t looks = 0;

	if (given->given || get_time(line, "since", &k.since_us) < 0 ||
	    get_time(line, "look", &k.look_us) < 0 ||
	    record_words_number(line, "looks", UINT32_MAX, &looks) < 0 ||
	    get_time(line, "ended", &k.ended_us) < 0 ||
	    record_words_number(line, "serial", UINT64_MAX, &k.serial) < 0 ||
	    record_words_number(line, "freed", UINT64_MAX, &k.freed_bytes) < 0 ||
	    get_time(line, "at", &k.victims.at_us) < 0 ||
	    record_words_number(line, "expected", UINT64_MAX, &k.victims.estimate_bytes) < 0 ||
	    line->len > 0)
		return -EBADMSG;
	k.looks = (uint32_t)looks;
	given->before = k;
	given->given = true;
	return 0;
}

static int get_u64(struct record_line *line, uint64_t max, uint64_t *ret_value)
{
	struct record_line word;

	return record_next(line, &word) ? record_get_u64(&word, max, ret_value) : -EBADMSG;
}

static int get_rests(struct record_line *line, struct record_kill_given *given)
{
	struct record_line word;
	uint64_t serial = 0;
	int64_t until_us = 0;

	if (given->n_rests == VICTIM_RESTING || get_u64(line, UINT64_MAX, &serial) < 0 ||
	    serial == 0 || !record_next(line, &word) || record_get_i64(&word, &until_us) < 0 ||
	    line->len > 0)
		return -EBADMSG;
	given->before.victims.resting[given->n_rests++] =
		(struct victim_resting){.serial = serial, .until_us = until_us};
	return 0;
}

static int reserve(size_t n, struct victim_memory **memory, size_t *n_memory)
{
	struct victim_memory *grown;

	if (n <= *n_memory)
		return 0;
	grown = reallocarray(*memory, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + *n_memory, 0, (n - *n_memory) * sizeof(*grown));
	*memory = grown;
	*n_memory = n;
	return 0;
}

int record_kill_get_memory(struct record_line *line, int64_t now_us, struct victim_memory **memory,
			   size_t *n_memory)
{
	struct victim_memory m = {0};
	uint64_t slot = 0, age_us = 0;
	int r;

	if (get_u64(line, RECORD_PODS_MAX - 1, &slot) < 0 ||
	    get_u64(line, UINT64_MAX, &m.serial) < 0 || get_u64(line, INT64_MAX, &age_us) < 0 ||
	    (int64_t)age_us >= now_us || get_u64(line, UINT64_MAX, &m.anon_bytes) < 0 ||
	    get_u64(line, UINT64_MAX, &m.shmem_bytes) < 0)
		return -EBADMSG;
	if (line->len > 0 && (get_u64(line, UINT64_MAX, &m.there_bytes) < 0 ||
			      get_u64(line, UINT64_MAX, &m.elsewhere_bytes) < 0 || line->len > 0))
		return -EBADMSG;
	m.at_us = now_us - (int64_t)age_us;
	r = reserve((size_t)slot + 1, memory, n_memory);
	if (r == 0)
		(*memory)[slot] = m;
	return r;
}

int record_kill_get(struct record_line *line, int64_t now_us, struct record_kill_given *given)
{
	struct record_line word;

	if (!record_next(line, &word))
		return -EBADMSG;
	if (record_is(&word, "from"))
		return get_from(line, given);
	/* The others belong to the first. */
	if (!given->given)
		return -EBADMSG;
	if (record_is(&word, "rests"))
		return get_rests(line, given);
	return record_is(&word, "memory")
		       ? record_kill_get_memory(line, now_us, &given->memory, &given->n_memory)
		       : -EBADMSG;
}

bool record_kill_decide(struct record_kill *kill, const struct victim_input *in)
{
	struct memory_kill stands = kill->before;
	struct victim_input input = *in;

	if (!memory_kill_due(&stands, in->model, in->samples, in->policy, in->plan,
			     freeze_newest_us(in->model, in->plan), in->now_us, &kill->need))
		return false;
	input.memory = kill->memory;
	input.n_memory = kill->n_memory;
	input.state = &stands.victims;
	input.nodes = kill->need.reason.nodes;
	input.fall_bytes_per_s = kill->need.reason.observed;
	victim_choose(&input, &kill->list);
	return true;
}

static const char *by_word(const struct victim_list *list)
{
	static const char *const words[] = {
		[VICTIM_BY_NONE] = "none", [VICTIM_BY_ALONE] = "alone", [VICTIM_BY_LEVEL] = "level",
		[VICTIM_BY_ORDER] = "?",   [VICTIM_BY_PATH] = "path",
	};

	return list->by == VICTIM_BY_ORDER ? names_evict_key(list->key) : words[list->by];
}

static void put_path(struct record_buf *buf, const struct record_names *names, const char *prefix,
		     const char *verb, const struct pod *pod)
{
	record_put(buf, "%s%s ", prefix, verb);
	record_names_put(buf, names, pod && pod->cgroup ? pod->cgroup->path : "-");
}

static void tell_choice(struct record_buf *buf, const struct record_kill *kill,
			const struct policy *policy, const struct record_names *names,
			const char *prefix)
{
	const struct victim_list *l = &kill->list;
	struct reason shown = record_names_reason(names, &kill->need.reason);
	char text[REASON_TEXT_SIZE];

	put_path(buf, names, prefix, "kill", l->n > 0 ? l->list[0].pod : NULL);
	record_put(buf, " needed=%" PRIu64 " expected=%" PRIu64 " by=%s of=%zu left=%" PRIu32,
		   kill->need.bytes, l->n > 0 ? l->list[0].estimate_bytes : 0, by_word(l),
		   l->n_candidates, victim_text_n_left(l));
	record_words_put_reason(buf, &kill->need.reason, names);
	(void)reason_text(&shown, policy, text, sizeof(text));
	record_put(buf, ": ");
	record_put_rest(buf, text, strlen(text));
	record_put(buf, "\n");
}

void record_kill_tell(struct record_buf *buf, const struct record_kill *kill,
		      const struct policy *policy, const struct record_names *names,
		      const char *prefix)
{
	const struct victim_list *l = &kill->list;

	tell_choice(buf, kill, policy, names, prefix);
	for (size_t i = 0; i < l->n; i++) {
		const struct victim *v = &l->list[i];

		put_path(buf, names, prefix, "candidate", v->pod);
		record_put(buf,
			   " place=%zu level=%s expected=%" PRIu64 " usage=%" PRIu64
			   " soon=%" PRIu64 " over=%" PRIu64 "\n",
			   i + 1, names_level(v->level), v->estimate_bytes, v->usage_bytes,
			   v->soon_bytes, v->over_request_bytes);
	}
	for (size_t i = 0; i < l->n_left; i++) {
		put_path(buf, names, prefix, "left", l->left[i].pod);
		record_put(buf, " usage=%" PRIu64 ": %s\n", l->left[i].usage_bytes,
			   victim_out_text(l->left[i].why));
	}
}
