// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_text.h. A record may come from anybody: every reader here is strict, and what is
// written is safe to show on a terminal.
#include "policy/record_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/diag.h"
#include "policy/knob.h"
#include "policy/names.h"

#define BUF_FIRST 4096

void record_buf_free(struct record_buf *buf)
{
	free(buf->text);
	*buf = (struct record_buf){0};
}

static bool reserve(struct record_buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : BUF_FIRST;
	char *text;

	if (buf->failed)
		return false;
	if (buf->cap - buf->n >= more)
		return true;
	while (cap - buf->n < more)
		cap *= 2;
	text = realloc(buf->text, cap);
	if (!text) {
		buf->failed = true;
		return false;
	}
	buf->text = text;
	buf->cap = cap;
	return true;
}

void record_put(struct record_buf *buf, const char *format, ...)
{
	size_t room = 128;

	/* Once more where it did not fit. */
	for (int round = 0; round < 2 && reserve(buf, room); round++) {
		va_list args;
		int n;

		va_start(args, format);
		n = vsnprintf(buf->text + buf->n, buf->cap - buf->n, format, args);
		va_end(args);
		if (n < 0)
			return;
		if ((size_t)n < buf->cap - buf->n) {
			buf->n += (size_t)n;
			return;
		}
		room = (size_t)n + 1;
	}
}

void record_put_bytes(struct record_buf *buf, const char *text, size_t len)
{
	if (len == 0 || !reserve(buf, len))
		return;
	memcpy(buf->text + buf->n, text, len);
	buf->n += len;
}

static void put_escaped(struct record_buf *buf, const char *text, size_t len, bool blanks)
{
	for (size_t i = 0; i < len;) {
		size_t n = diag_printable(text + i, len - i);
		char c = text[i];

		if (n == 0 || c == '\\' || c == '\t' || (c == ' ' && !blanks)) {
			record_put(buf, "\\x%02x", (unsigned)(unsigned char)c);
			i++;
			continue;
		}
		record_put_bytes(buf, text + i, n);
		i += n;
	}
}

void record_put_word(struct record_buf *buf, const char *text)
{
	if (!text) {
		record_put_bytes(buf, "-", 1);
	} else if (text[0] == '\0') {
		record_put_bytes(buf, "\"\"", 2);
	} else if (text[0] == '"' || strcmp(text, "-") == 0) {
		/* What would be taken for one of the two above. */
		record_put(buf, "\\x%02x", (unsigned)(unsigned char)text[0]);
		put_escaped(buf, text + 1, strlen(text) - 1, false);
	} else {
		put_escaped(buf, text, strlen(text), false);
	}
}

void record_put_rest(struct record_buf *buf, const char *text, size_t len)
{
	put_escaped(buf, text, len, true);
}

static void put_amount(struct record_buf *buf, uint64_t value)
{
	if (value == KNOB_VALUE_MAX)
		record_put_bytes(buf, "max", 3);
	else
		record_put(buf, "%" PRIu64, value);
}

void record_put_value(struct record_buf *buf, const struct knob_value *value)
{
	if (value->state != KNOB_KNOWN) {
		record_put_bytes(buf, value->state == KNOB_MISSING ? "-" : "?", 1);
		return;
	}
	put_amount(buf, value->value);
	if (value->period_us > 0)
		record_put(buf, "/%" PRIu64, value->period_us);
}

/* What a record's number says of itself; the others need their knob to be read. */
static bool is_text(enum knob knob)
{
	return knob_is_cpus(knob) || knob == KNOB_CPUSET_PARTITION || knob_is_io_max(knob);
}

void record_put_knob(struct record_buf *buf, enum knob knob, const struct knob_value *value)
{
	char text[KNOB_TEXT_SIZE];

	if (!is_text(knob) || value->state != KNOB_KNOWN) {
		record_put_value(buf, value);
		return;
	}
	(void)knob_format(knob, value, text, sizeof(text));
	for (char *blank = strchr(text, ' '); blank; blank = strchr(blank, ' '))
		*blank = '/';
	/* "8.0/rbps=1": a colon ends a value. */
	if (knob_is_io_max(knob))
		*strchr(text, ':') = '.';
	record_put_bytes(buf, text, strlen(text));
}

void record_put_fact(struct record_buf *buf, const struct fact_u64 *fact)
{
	record_put(buf, "%s", names_fact(fact->state));
	if (!fact_has_value(fact))
		return;
	record_put_bytes(buf, ":", 1);
	put_amount(buf, fact->value);
}

void record_put_list(struct record_buf *buf, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t last = i;

		while (last + 1 < n && list[last + 1] == list[last] + 1)
			last++;
		record_put(buf, "%s%" PRIu32, i > 0 ? "," : "", list[i]);
		if (last > i)
			record_put(buf, "-%" PRIu32, list[last]);
		i = last + 1;
	}
	if (n == 0)
		record_put_bytes(buf, "-", 1);
}

bool record_next(struct record_line *line, struct record_line *ret_word)
{
	const char *blank = line->len > 0 ? memchr(line->at, ' ', line->len) : NULL;
	size_t len = blank ? (size_t)(blank - line->at) : line->len;

	if (len == 0)
		return false;
	*ret_word = (struct record_line){line->at, len};
	line->at += len + (blank ? 1 : 0);
	line->len -= len + (blank ? 1 : 0);
	return true;
}

bool record_is(const struct record_line *word, const char *text)
{
	return strlen(text) == word->len && memcmp(word->at, text, word->len) == 0;
}

bool record_take(struct record_line *word, char c, struct record_line *ret_part)
{
	const char *end = word->len > 0 ? memchr(word->at, c, word->len) : NULL;

	if (!end)
		return false;
	*ret_part = (struct record_line){word->at, (size_t)(end - word->at)};
	word->at += ret_part->len + 1;
	word->len -= ret_part->len + 1;
	return true;
}

int record_get_u64(const struct record_line *word, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (word->len == 0)
		return -EBADMSG;
	for (size_t i = 0; i < word->len; i++) {
		char c = word->at[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
			return -EBADMSG;
	}
	if (value > max)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

int record_get_i64(const struct record_line *word, int64_t *ret_value)
{
	bool minus = word->len > 0 && word->at[0] == '-';
	struct record_line digits = {word->at + minus, word->len - minus};
	uint64_t value = 0;
	int r = record_get_u64(&digits, (uint64_t)INT64_MAX + minus, &value);

	if (r < 0)
		return r;
	*ret_value = minus ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int record_get_hex(const struct record_line *word, uint32_t *ret_value)
{
	uint32_t value = 0;

	if (word->len == 0 || word->len > 8)
		return -EBADMSG;
	for (size_t i = 0; i < word->len; i++) {
		int digit = hex_digit(word->at[i]);

		if (digit < 0)
			return -EBADMSG;
		value = value << 4 | (uint32_t)digit;
	}
	*ret_value = value;
	return 0;
}

static int get_amount(const struct record_line *word, uint64_t *ret_value)
{
	if (record_is(word, "max")) {
		*ret_value = KNOB_VALUE_MAX;
		return 0;
	}
	return record_get_u64(word, KNOB_VALUE_MAX - 1, ret_value);
}

int record_get_value(const struct record_line *word, struct knob_value *ret_value)
{
	struct knob_value value = {.state = KNOB_KNOWN};
	const char *slash = word->len > 0 ? memchr(word->at, '/', word->len) : NULL;
	struct record_line amount = {word->at, slash ? (size_t)(slash - word->at) : word->len};
	int r;

	if (record_is(word, "?") || record_is(word, "-")) {
		value.state = word->at[0] == '-' ? KNOB_MISSING : KNOB_UNREAD;
		*ret_value = value;
		return 0;
	}
	r = get_amount(&amount, &value.value);
	if (r == 0 && slash) {
		struct record_line period = {slash + 1, word->len - amount.len - 1};

		r = record_get_u64(&period, UINT64_MAX, &value.period_us);
		if (r == 0 && value.period_us == 0)
			r = -EBADMSG;
	}
	if (r < 0)
		return r;
	*ret_value = value;
	return 0;
}

int record_get_knob(const struct record_line *word, enum knob knob, struct knob_value *ret_value)
{
	struct knob_value value = {.state = KNOB_UNREAD};
	char text[KNOB_TEXT_SIZE];

	if (!is_text(knob) || record_is(word, "?") || record_is(word, "-"))
		return record_get_value(word, ret_value);
	if (word->len == 0 || word->len >= sizeof(text) || memchr(word->at, '\0', word->len) ||
	    memchr(word->at, '\n', word->len))
		return -EBADMSG;
	memcpy(text, word->at, word->len);
	text[word->len] = '\0';
	for (char *slash = strchr(text, '/'); slash; slash = strchr(slash, '/'))
		*slash = ' ';
	if (knob_is_io_max(knob) && strchr(text, '.'))
		*strchr(text, '.') = ':';
	if (knob_parse(knob, text, &value) < 0)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

int record_get_fact(const struct record_line *word, struct fact_u64 *ret_fact)
{
	const char *colon = word->len > 0 ? memchr(word->at, ':', word->len) : NULL;
	struct record_line state = {word->at, colon ? (size_t)(colon - word->at) : word->len};
	struct fact_u64 fact = {.state = FACT_STATE_COUNT};
	struct record_line rest = {colon ? colon + 1 : NULL,
				   word->len - state.len - (colon != NULL)};

	for (int i = 0; i < FACT_STATE_COUNT; i++)
		if (record_is(&state, names_fact((enum fact_state)i)))
			fact.state = (enum fact_state)i;
	if (fact.state == FACT_STATE_COUNT || fact_has_value(&fact) != (colon != NULL))
		return -EBADMSG;
	if (colon && get_amount(&rest, &fact.value) < 0)
		return -EBADMSG;
	*ret_fact = fact;
	return 0;
}

/* Never longer than it was. */
static int unescape(const struct record_line *in, bool blanks, char *out, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < in->len; i++) {
		char c = in->at[i];

		if (c == '\0' || c == '\n' || (c == ' ' && !blanks))
			return -EBADMSG;
		if (c == '\\') {
			int high, low;

			if (in->len - i < 4 || in->at[i + 1] != 'x')
				return -EBADMSG;
			high = hex_digit(in->at[i + 2]);
			low = hex_digit(in->at[i + 3]);
			if (high < 0 || low < 0)
				return -EBADMSG;
			c = (char)(unsigned char)(high << 4 | low);
			i += 3;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	*ret_len = n;
	return 0;
}

int record_get_text(const struct record_line *word, char **ret_text)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (record_is(word, "-")) {
		*ret_text = NULL;
		return 0;
	}
	text = malloc(word->len + 1);
	if (!text)
		return -ENOMEM;
	if (record_is(word, "\"\""))
		text[0] = '\0';
	else if (unescape(word, false, text, &len) < 0 || strlen(text) != len || len == 0)
		return -EBADMSG;
	*ret_text = TAKE_PTR(text);
	return 0;
}

int record_get_word(const struct record_line *word, char *buf, size_t size)
{
	_cleanup_free_ char *text = NULL;
	int r = record_get_text(word, &text);

	if (r < 0)
		return r;
	if (!text || strlen(text) >= size)
		return -EBADMSG;
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}

int record_get_rest(const struct record_line *line, char **ret_text, size_t *ret_len)
{
	_cleanup_free_ char *text = malloc(line->len + 1);
	int r;

	if (!text)
		return -ENOMEM;
	r = unescape(line, true, text, ret_len);
	if (r < 0)
		return r;
	*ret_text = TAKE_PTR(text);
	return 0;
}

static int get_range(const struct record_line *item, uint64_t max, uint64_t *ret_first,
		     uint64_t *ret_last)
{
	const char *dash = item->len > 0 ? memchr(item->at, '-', item->len) : NULL;
	struct record_line first = {item->at, dash ? (size_t)(dash - item->at) : item->len};
	int r = record_get_u64(&first, max, ret_first);

	*ret_last = *ret_first;
	if (r < 0 || !dash)
		return r;
	first = (struct record_line){dash + 1, item->len - first.len - 1};
	r = record_get_u64(&first, max, ret_last);
	return r < 0 || *ret_last <= *ret_first ? -EBADMSG : 0;
}

int record_get_list(const struct record_line *word, uint64_t max, size_t max_n,
		    int (*fn)(void *context, uint32_t number), void *context)
{
	struct record_line rest = *word;

	if (record_is(word, "-"))
		return 0;
	for (;;) {
		const char *comma = rest.len > 0 ? memchr(rest.at, ',', rest.len) : NULL;
		struct record_line item = {rest.at, comma ? (size_t)(comma - rest.at) : rest.len};
		uint64_t first = 0, last = 0;

		if (get_range(&item, max, &first, &last) < 0)
			return -EBADMSG;
		for (uint64_t n = first; n <= last; n++) {
			int r = max_n-- > 0 ? fn(context, (uint32_t)n) : -EBADMSG;

			if (r < 0)
				return r;
		}
		if (!comma)
			return 0;
		rest.at = comma + 1;
		rest.len -= item.len + 1;
	}
}

uint64_t record_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

uint64_t record_mix_value(uint64_t hash, enum knob knob, const struct knob_value *value)
{
	hash = record_mix(hash, (uint64_t)value->state);
	if (value->state != KNOB_KNOWN)
		return hash;
	if (knob_is_io_max(knob)) {
		const struct io_max *io = &value->io;

		hash = record_mix(hash, (uint64_t)io->major << 32 | io->minor);
		for (int d = 0; d < DISK_DIRECTIONS; d++)
			hash = record_mix(record_mix(hash, io->bytes[d]), io->requests[d]);
		return hash;
	}
	if (!knob_is_cpus(knob))
		return record_mix(record_mix(hash, value->value), value->period_us);
	for (size_t i = 0; i < sizeof(value->cpus.words) / sizeof(value->cpus.words[0]); i++)
		hash = record_mix(hash, value->cpus.words[i]);
	return hash;
}

uint64_t record_hash(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ull;
	return record_mix(hash, len);
}
