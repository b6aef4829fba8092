// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as a record: no crash, no endless work; whatever can be read can be decided, told, and
// written as a record that reads and decides the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/replay_side.h"
#include "policy/record_write.h"
#include "policy/steps.h"

#define PASSES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* One record being replayed, and written anew where `writer` is set. */
struct replay {
	struct record_reader *reader;
	struct replay_side side;
	struct steps *steps;
	struct record_writer *writer;
	const struct policy *policy;
	struct record_buf steps_text, again;
	unsigned passes;
};

static void write_again(struct replay *r, const struct record_replayed *given,
			const struct ladders *before, const struct floor_cpu *floor_before,
			const struct record_pass *pass)
{
	struct record_pass written = *pass;
	size_t n;
	const struct policy_source *sources = record_reader_sources(r->reader, &n);

	if (r->policy != given->policy)
		require(record_writer_policy(r->writer, sources, n, &r->again) == 0);
	r->policy = given->policy;
	written.ladders_before = before;
	written.floor_before = floor_before;
	require(record_writer_pass(r->writer, &written, &r->again) == 0);
}

/* All passes; 0, or the reader's error. */
static int run(struct replay *r, const char *text, size_t len)
{
	char error[RECORD_ERROR_SIZE] = "";
	struct record_replayed given;
	int rc = record_reader_new(text, len, error, &r->reader);

	replay_side_init(&r->side, NULL);
	r->steps = steps_new();
	require(r->steps != NULL);
	while (rc == 0 && r->passes < PASSES_MAX &&
	       (rc = record_reader_pass(r->reader, error, &given)) == 1) {
		struct floor_cpu floor_before;
		struct ladders before;
		struct record_pass pass;

		for (int i = 0; i < RESOURCE_COUNT; i++)
			if (given.ladders[i])
				r->side.ladders.of[i] = *given.ladders[i];
		before = r->side.ladders;
		if (given.floor)
			r->side.floor = *given.floor;
		floor_before = r->side.floor;
		require(replay_side_pass(&r->side, &given, &pass) == 0);
		/* A gap moves the ladder before anything is decided: that is not written again. */
		require(steps_tell(r->steps, &pass, given.ids, NULL, "", &r->steps_text) == 0);
		if (r->writer)
			write_again(r, &given, &before, &floor_before, &pass);
		r->passes++;
		rc = 0;
	}
	require(rc >= 0 || error[0] != '\0' || rc != -EBADMSG);
	return rc < 0 ? rc : 0;
}

static void done(struct replay *r)
{
	record_reader_free(r->reader);
	replay_side_done(&r->side);
	steps_free(r->steps);
	record_writer_free(r->writer);
	record_buf_free(&r->steps_text);
	record_buf_free(&r->again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay first = {0}, second = {0};

	require(record_writer_new(NULL, &first.writer) == 0);
	record_writer_begin(first.writer, "fuzz", true, &first.again);
	if (run(&first, (const char *)data, size) == 0 && first.reader &&
	    record_reader_has_names(first.reader)) {
		require(run(&second, first.again.text, first.again.n) == 0);
		require(second.passes == first.passes);
		require(second.steps_text.n == first.steps_text.n);
		require(first.steps_text.n == 0 ||
			memcmp(first.steps_text.text, second.steps_text.text, first.steps_text.n) ==
				0);
	}
	done(&first);
	done(&second);
	return 0;
}
