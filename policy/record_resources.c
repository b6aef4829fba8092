// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_resources.h.
#include "policy/record_resources.h"

#include <errno.h>

#include "policy/record_words.h"

/* Nothing where it asks for none, as in records of an earlier colod. */
static void put_batch(struct record_buf *buf, const char *key, const struct fact_u64 *fact)
{
	if (fact->state != FACT_KNOWN)
		return;
	record_put(buf, " %s=", key);
	record_put_fact(buf, fact);
}

void record_resources_put(struct record_buf *buf, const struct pod_resources *r)
{
	record_put(buf, " cpu-request=");
	record_put_fact(buf, &r->cpu_request_milli);
	record_put(buf, " cpu-limit=");
	record_put_fact(buf, &r->cpu_limit_milli);
	if (r->cpu_spec_milli.state == FACT_KNOWN &&
	    (r->cpu_limit_milli.state != FACT_KNOWN ||
	     r->cpu_limit_milli.value != r->cpu_spec_milli.value)) {
		record_put(buf, " cpu-spec=");
		record_put_fact(buf, &r->cpu_spec_milli);
	}
	record_put(buf, " memory-request=");
	record_put_fact(buf, &r->memory_request_bytes);
	record_put(buf, " memory-limit=");
	record_put_fact(buf, &r->memory_limit_bytes);
	put_batch(buf, "cpu-batch", &r->cpu_batch_milli);
	put_batch(buf, "memory-batch", &r->memory_batch_bytes);
}

static int get_batch(struct record_line *line, const char *key, struct fact_u64 *fact)
{
	struct record_line ahead = *line, word;

	if (record_words_key(&ahead, key, &word) < 0)
		return 0;
	*line = ahead;
	return record_get_fact(&word, fact);
}

int record_resources_get(struct record_line *line, struct pod_resources *r)
{
	struct {
		const char *key;
		struct fact_u64 *fact;
	} fields[] = {
		{"cpu-request", &r->cpu_request_milli},
		{"cpu-limit", &r->cpu_limit_milli},
		{"memory-request", &r->memory_request_bytes},
		{"memory-limit", &r->memory_limit_bytes},
	};
	struct record_line word, ahead;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (record_words_key(line, fields[i].key, &word) < 0 ||
		    record_get_fact(&word, fields[i].fact) < 0)
			return -EBADMSG;
		if (fields[i].fact != &r->cpu_limit_milli)
			continue;
		/* Said only while a resize is under way. */
		if (r->cpu_limit_milli.state == FACT_KNOWN)
			r->cpu_spec_milli = r->cpu_limit_milli;
		ahead = *line;
		if (record_words_key(&ahead, "cpu-spec", &word) < 0)
			continue;
		if (record_get_fact(&word, &r->cpu_spec_milli) < 0)
			return -EBADMSG;
		*line = ahead;
	}
	if (get_batch(line, "cpu-batch", &r->cpu_batch_milli) < 0 ||
	    get_batch(line, "memory-batch", &r->memory_batch_bytes) < 0)
		return -EBADMSG;
	return 0;
}
