// SPDX-License-Identifier: LGPL-2.1-or-later
// The words and lines of a record: a growing text on one side, a cursor over one line on the
// other. Knows how a value is written down, not what it means. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/fact.h"
#include "colod/knob.h"

/* A text that grows; it keeps its memory. `failed`: there was none, the text is not to be used. */
struct record_buf {
	char *text; /* owned; not NUL-terminated */
	size_t n;
	size_t cap;
	bool failed;
};

void record_buf_free(struct record_buf *buf); /* frees what it holds, not buf itself */
void record_put(struct record_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void record_put_bytes(struct record_buf *buf, const char *text, size_t len);

/* As one word: what is not printable, a blank and a backslash become \xNN; NULL is "-", the empty
 * text "". */
void record_put_word(struct record_buf *buf, const char *text);

/* As the rest of a line: blanks stay. */
void record_put_rest(struct record_buf *buf, const char *text, size_t len);

/* "100", "max", "20000/20000", "-" (missing), "?" (unread). */
void record_put_value(struct record_buf *buf, const struct knob_value *value);
/* The same; for a knob whose value is no number, its text with '/' for blanks ("0-3,8", "root"). */
void record_put_knob(struct record_buf *buf, enum knob knob, const struct knob_value *value);
/* "known:100", "derived:max", "unknown", "absent". */
void record_put_fact(struct record_buf *buf, const struct fact_u64 *fact);
/* "0-4,7": a list of numbers in its own order. */
void record_put_list(struct record_buf *buf, const uint32_t *list, size_t n);

/* What is left of a line. */
struct record_line {
	const char *at;
	size_t len;
};

/* The next word. false at the end of the line, and for an empty word (two blanks). */
bool record_next(struct record_line *line, struct record_line *ret_word);

bool record_is(const struct record_line *word, const char *text);

/* The part of a word before `c`; what is behind it stays. false where there is no `c`. */
bool record_take(struct record_line *word, char c, struct record_line *ret_part);

/* Each takes one whole word, 0 or -EBADMSG; outputs untouched on failure. The strings are the
 * caller's to free; -ENOMEM. */
int record_get_u64(const struct record_line *word, uint64_t max, uint64_t *ret_value);
int record_get_i64(const struct record_line *word, int64_t *ret_value);
int record_get_hex(const struct record_line *word, uint32_t *ret_value);
int record_get_value(const struct record_line *word, struct knob_value *ret_value);
int record_get_knob(const struct record_line *word, enum knob knob, struct knob_value *ret_value);
int record_get_fact(const struct record_line *word, struct fact_u64 *ret_fact);
int record_get_text(const struct record_line *word, char **ret_text);
/* Into a buffer; -EBADMSG also for what does not fit, and for NULL. */
int record_get_word(const struct record_line *word, char *buf, size_t size);
/* The rest of a line as record_put_rest() wrote it, NUL-terminated. */
int record_get_rest(const struct record_line *line, char **ret_text, size_t *ret_len);

/* Calls fn for each number of a list, none above max, at most max_n of them; stops at its first
 * error. */
int record_get_list(const struct record_line *word, uint64_t max, size_t max_n,
		    int (*fn)(void *context, uint32_t number), void *context);

/* Two ways to tell whether something is still what it was: numbers, and bytes. */
uint64_t record_mix(uint64_t hash, uint64_t value);
uint64_t record_mix_value(uint64_t hash, enum knob knob, const struct knob_value *value);
uint64_t record_hash(const char *text, size_t len);

/* Takes back what was written since `start` where it is what *said stands for; *said is it from now on. */
static inline void record_keep_if_new(struct record_buf *buf, size_t start, uint64_t *said)
{
	uint64_t hash = buf->failed ? 0 : record_hash(buf->text + start, buf->n - start);

	if (hash == *said)
		buf->n = start;
	*said = hash;
}
