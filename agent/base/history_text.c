// SPDX-License-Identifier: LGPL-2.1-or-later
// See history_text.h. Strict, so that a line has one form only: what is read back and written again is
// the same, byte for byte.
#include "agent/base/history_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/checksum.h"
#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"

#define CHECKSUM_DIGITS 8
/* Of a number or a name between two blanks. */
#define WORD_SIZE 32

static const char effects[EFFECT_COUNT] = {
	[EFFECT_SHARE] = 's',
	[EFFECT_PROTECTION] = 'p',
	[EFFECT_LIMIT] = 'l',
	[EFFECT_HOLD] = 'h',
};

static bool is_plain(unsigned char c)
{
	return c > ' ' && c != 0x7f && c != '\\';
}

static char *put_text(char *p, const char *text)
{
	*p++ = ' ';
	if (text[0] == '\0')
		*p++ = '-';
	if (text[0] == '-' && text[1] == '\0')
		return p + sprintf(p, "\\x2d");
	for (; *text; text++) {
		if (is_plain((unsigned char)*text))
			*p++ = *text;
		else
			p += sprintf(p, "\\x%02x", (unsigned char)*text);
	}
	return p;
}

static char *put_caller(char *p, const struct history_caller *caller)
{
	if (caller->known)
		p += sprintf(p, " %" PRIu32 " %" PRId32, caller->uid,
			     caller->pid > 0 ? caller->pid : 0);
	else
		p += sprintf(p, " - -");
	return put_text(p, caller->known ? caller->comm : "");
}

size_t history_text_format(const struct history_record *r, char *buf)
{
	const struct message *m = messages_of(r->kind);
	char *body = buf + CHECKSUM_DIGITS + 1, *p = body, level[3] = "-", effect = '-';
	char checksum[CHECKSUM_DIGITS + 1];

	if (!m)
		m = messages_of(HISTORY_AGENT);
	if ((int)r->level >= 0 && r->level < LEVEL_COUNT)
		(void)snprintf(level, sizeof(level), "P%u", (unsigned)r->level % 10);
	if ((int)r->effect >= 0 && r->effect < EFFECT_COUNT)
		effect = effects[r->effect];
	p += sprintf(p, "%" PRIu64 " %" PRId64 " %" PRId64 " %s %s %s %c", r->id, r->wall_us,
		     r->at_us, m->name, r->would ? "would" : "did", level, effect);
	p = put_caller(p, &r->caller);
	p = put_text(p, r->pod);
	p = put_text(p, r->what);
	p = put_text(p, r->knob);
	p = put_text(p, r->from);
	p = put_text(p, r->to);
	p = put_text(p, r->why);
	if (history_numbers_valid(r->numbers))
		p += sprintf(p, " %s", r->numbers);
	(void)snprintf(checksum, sizeof(checksum), "%08" PRIx32,
		       checksum_crc32(body, (size_t)(p - body)));
	memcpy(buf, checksum, CHECKSUM_DIGITS);
	buf[CHECKSUM_DIGITS] = ' ';
	*p++ = '\n';
	*p = '\0';
	return (size_t)(p - buf);
}

/* The text between two blanks, of a line that has no NUL. */
struct words {
	const char *at;
	const char *end;
};

/* The next one without copying; NULL where the line has ended. */
static const char *next(struct words *w, size_t *ret_len)
{
	const char *word = w->at, *blank;

	if (!word)
		return NULL;
	blank = memchr(word, ' ', (size_t)(w->end - word));
	*ret_len = (size_t)((blank ? blank : w->end) - word);
	w->at = blank ? blank + 1 : NULL;
	return word;
}

static int get_word(struct words *w, char *buf)
{
	size_t len = 0;
	const char *word = next(w, &len);

	if (!word || len == 0 || len >= WORD_SIZE || memchr(word, '\0', len))
		return -EBADMSG;
	memcpy(buf, word, len);
	buf[len] = '\0';
	return 0;
}

/* Digits alone, no leading zero. */
static int get_number(struct words *w, uint64_t max, uint64_t *ret_number)
{
	char word[WORD_SIZE];
	uint64_t n = 0;

	if (get_word(w, word) < 0 || (word[0] == '0' && word[1] != '\0'))
		return -EBADMSG;
	for (const char *p = word; *p; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (*p < '0' || *p > '9' || n > (max - digit) / 10)
			return -EBADMSG;
		n = n * 10 + digit;
	}
	*ret_number = n;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of \xNN at `text`, or -1 where that is none or has no need of it. */
static int get_escape(const char *text, size_t len, bool alone)
{
	int high, low, c;

	if (len < 4 || text[1] != 'x')
		return -1;
	high = hex_digit(text[2]);
	low = hex_digit(text[3]);
	if (high < 0 || low < 0)
		return -1;
	c = high << 4 | low;
	if (c == 0)
		return -1;
	return is_plain((unsigned char)c) && !(c == '-' && alone) ? -1 : c;
}

static int get_text(struct words *w, char *buf, size_t size)
{
	size_t len = 0, n = 0;
	const char *word = next(w, &len);

	if (!word || len == 0)
		return -EBADMSG;
	if (len == 1 && word[0] == '-')
		len = 0;
	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)word[i];

		if (n + 1 >= size)
			return -EBADMSG;
		if (c == '\\') {
			c = get_escape(word + i, len - i, len == 4);
			i += 3;
		} else if (!is_plain((unsigned char)c)) {
			c = -1;
		}
		if (c < 0)
			return -EBADMSG;
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return 0;
}

static int get_kind(struct words *w, struct history_record *r)
{
	char kind[WORD_SIZE], done[WORD_SIZE], level[WORD_SIZE], effect[WORD_SIZE];
	const char *at;

	if (get_word(w, kind) < 0 || get_word(w, done) < 0 || get_word(w, level) < 0 ||
	    get_word(w, effect) < 0 || messages_kind_from(kind) < 0 || effect[1] != '\0')
		return -EBADMSG;
	r->kind = (enum history_kind)messages_kind_from(kind);
	r->would = strcmp(done, "would") == 0;
	if (!r->would && strcmp(done, "did") != 0)
		return -EBADMSG;
	r->level = LEVEL_NONE;
	if (level[0] == 'P' && level[1] >= '0' && level[1] < '0' + LEVEL_COUNT && level[2] == '\0')
		r->level = (enum level)(level[1] - '0');
	else if (strcmp(level, "-") != 0)
		return -EBADMSG;
	r->effect = EFFECT_COUNT;
	if (effect[0] == '-')
		return 0;
	at = memchr(effects, effect[0], sizeof(effects));
	if (!at)
		return -EBADMSG;
	r->effect = (enum effect)(at - effects);
	return 0;
}

static int get_caller(struct words *w, struct history_caller *caller)
{
	char comm[HISTORY_COMM_SIZE];
	uint64_t uid, pid;

	*caller = (struct history_caller){0};
	if (w->at && w->end - w->at >= 6 && memcmp(w->at, "- - - ", 6) == 0) {
		w->at += 6;
		return 0;
	}
	if (get_number(w, UINT32_MAX, &uid) < 0 || get_number(w, INT32_MAX, &pid) < 0 ||
	    get_text(w, comm, sizeof(comm)) < 0)
		return -EBADMSG;
	caller->known = true;
	caller->uid = (uint32_t)uid;
	caller->pid = (int32_t)pid;
	memcpy(caller->comm, comm, sizeof(comm));
	return 0;
}

static int get_checksum(const char *text, uint32_t *ret_checksum)
{
	*ret_checksum = 0;
	for (int i = 0; i < CHECKSUM_DIGITS; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -EBADMSG;
		*ret_checksum = *ret_checksum << 4 | (uint32_t)digit;
	}
	return text[CHECKSUM_DIGITS] == ' ' ? 0 : -EBADMSG;
}

/* None at the end of the line is none; of an agent before this one, for example. */
static int get_numbers(struct words *w, char *buf, size_t size)
{
	size_t len = 0;
	const char *word = next(w, &len);

	buf[0] = '\0';
	if (!word)
		return 0;
	if (len >= size || memchr(word, '\0', len))
		return -EBADMSG;
	memcpy(buf, word, len);
	buf[len] = '\0';
	return history_numbers_valid(buf) ? 0 : -EBADMSG;
}

int history_text_parse(const char *text, size_t len, struct history_record *r)
{
	struct words w = {.at = text + CHECKSUM_DIGITS + 1, .end = text + len};
	uint64_t id, wall_us, at_us;
	uint32_t checksum;

	if (len <= CHECKSUM_DIGITS + 1 || get_checksum(text, &checksum) < 0 ||
	    checksum != checksum_crc32(w.at, (size_t)(w.end - w.at)))
		return -EBADMSG;
	memset(r, 0, sizeof(*r));
	/* An id is one more than the last: there must be a next one. */
	if (get_number(&w, INT64_MAX, &id) < 0 || get_number(&w, INT64_MAX, &wall_us) < 0 ||
	    get_number(&w, INT64_MAX, &at_us) < 0 || get_kind(&w, r) < 0 ||
	    get_caller(&w, &r->caller) < 0)
		return -EBADMSG;
	if (get_text(&w, r->pod, sizeof(r->pod)) < 0 ||
	    get_text(&w, r->what, sizeof(r->what)) < 0 ||
	    get_text(&w, r->knob, sizeof(r->knob)) < 0 ||
	    get_text(&w, r->from, sizeof(r->from)) < 0 || get_text(&w, r->to, sizeof(r->to)) < 0 ||
	    get_text(&w, r->why, sizeof(r->why)) < 0 ||
	    get_numbers(&w, r->numbers, sizeof(r->numbers)) < 0 || w.at)
		return -EBADMSG;
	r->id = id;
	r->wall_us = (int64_t)wall_us;
	r->at_us = (int64_t)at_us;
	return 0;
}
