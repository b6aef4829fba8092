// SPDX-License-Identifier: LGPL-2.1-or-later
// See originals_text.h. Strict: a line that is not exactly what this file writes is refused,
// because a restore writes what it says into the kernel.
#include "agent/apply/originals_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/writer.h"
#include "agent/base/checksum.h"
#include "policy/knob.h"

#define VERSION "1"
#define CHECKSUM_DIGITS 8
/* A whole value, or a boot id: the header takes no longer one. */
#define WORD_SIZE KNOB_TEXT_SIZE

uint32_t originals_text_checksum(const char *body, size_t len)
{
	return checksum_crc32(body, len);
}

/* A relative path without empty, "." and ".." parts: a damaged record must not lead out. */
static bool is_sane(const char *path)
{
	const char *part = path;

	if (*path == '\0')
		return false;
	for (;;) {
		size_t len = strcspn(part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (part[len] == '\0')
			return true;
		part += len + 1;
	}
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c != 0x7f && c != '\\';
}

static void escape(const char *path, char *buf)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (is_plain(c))
			*buf++ = *path;
		else
			buf += sprintf(buf, "\\x%02x", c);
	}
	*buf = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int unescape(const char *text, size_t len, char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (n + 1 >= ORIGINALS_PATH_SIZE)
			return -EBADMSG;
		if (c == '\\') {
			int high, low;

			if (len - i < 4 || text[i + 1] != 'x')
				return -EBADMSG;
			high = hex_digit(text[i + 2]);
			low = hex_digit(text[i + 3]);
			if (high < 0 || low < 0 || is_plain((unsigned char)(high << 4 | low)) ||
			    (high | low) == 0)
				return -EBADMSG;
			c = (unsigned char)(high << 4 | low);
			i += 3;
		} else if (!is_plain(c)) {
			return -EBADMSG;
		}
		path[n++] = (char)c;
	}
	path[n] = '\0';
	return is_sane(path) ? 0 : -EBADMSG;
}

/* "100", "max", "20000/20000", "0-3,8": the kernel's own text without its blanks. "-": no value. */
static const char *value_text(enum knob knob, const struct knob_value *value, char *buf)
{
	if (value->state != KNOB_KNOWN) {
		memcpy(buf, "-", sizeof("-"));
		return buf;
	}
	(void)knob_format(knob, value, buf, KNOB_TEXT_SIZE);
	for (char *blank = strchr(buf, ' '); blank; blank = strchr(blank, ' '))
		*blank = '/';
	return buf;
}

static int value_parse(enum knob knob, const char *word, struct knob_value *ret_value)
{
	char text[WORD_SIZE];

	memcpy(text, word, sizeof(text));
	for (char *slash = strchr(text, '/'); slash; slash = strchr(slash, '/'))
		*slash = ' ';
	return knob_parse(knob, text, ret_value) < 0 ? -EBADMSG : 0;
}

static const char *hold_text(const struct originals_line *line, char buf[WORD_SIZE])
{
	if (!line->held)
		return "share";
	(void)snprintf(buf, WORD_SIZE, "hold:%" PRIu64 ":%" PRIu32 ":%" PRIu64,
		       (uint64_t)line->since_us, line->owner.pid, line->owner.start);
	return buf;
}

static int body_format(const struct originals_line *line, char *buf, size_t size)
{
	char original[KNOB_TEXT_SIZE], written[KNOB_TEXT_SIZE], previous[KNOB_TEXT_SIZE];
	char path[4 * ORIGINALS_PATH_SIZE], hold[WORD_SIZE];

	if (line->kind == ORIGINALS_HEADER)
		return snprintf(buf, size, "header " VERSION " %s", line->boot_id);
	if (!writer_of(line->knob) ||
	    strnlen(line->path, ORIGINALS_PATH_SIZE) >= ORIGINALS_PATH_SIZE || !is_sane(line->path))
		return -EINVAL;
	escape(line->path, path);
	if (line->kind == ORIGINALS_END)
		return snprintf(buf, size, "end %" PRIu64 " %s %s", line->inode,
				knob_name(line->knob), path);
	if (line->original.state != KNOB_KNOWN || line->written.state != KNOB_KNOWN ||
	    line->since_us < 0)
		return -EINVAL;
	return snprintf(buf, size, "own %" PRIu64 " %s %s %s %s %s %s", line->inode,
			knob_name(line->knob), hold_text(line, hold),
			value_text(line->knob, &line->original, original),
			value_text(line->knob, &line->written, written),
			value_text(line->knob, &line->previous, previous), path);
}

int originals_text_format(const struct originals_line *line, char *buf, size_t *ret_len)
{
	char *body = buf + CHECKSUM_DIGITS + 1;
	size_t room = ORIGINALS_LINE_SIZE - CHECKSUM_DIGITS - 1;
	int len = body_format(line, body, room);

	if (len < 0)
		return len;
	if ((size_t)len + 2 > room)
		return -EINVAL;
	(void)snprintf(buf, CHECKSUM_DIGITS + 1, "%08" PRIx32,
		       originals_text_checksum(body, (size_t)len));
	buf[CHECKSUM_DIGITS] = ' ';
	body[len] = '\n';
	body[len + 1] = '\0';
	*ret_len = CHECKSUM_DIGITS + 1 + (size_t)len + 1;
	return 0;
}

/* What is left of a line. */
struct rest {
	const char *text;
	size_t len;
};

/* The next word, of one blank behind it, NUL-terminated into `word`. */
static int next_word(struct rest *rest, char word[WORD_SIZE])
{
	const char *blank = memchr(rest->text, ' ', rest->len);
	size_t len = blank ? (size_t)(blank - rest->text) : rest->len;

	if (len == 0 || len >= WORD_SIZE || memchr(rest->text, '\0', len))
		return -EBADMSG;
	memset(word, 0, WORD_SIZE);
	memcpy(word, rest->text, len);
	rest->text += len + (blank ? 1 : 0);
	rest->len -= len + (blank ? 1 : 0);
	return 0;
}

/* The digits at *text, at least one, up to `end`, which is stepped over where it is no NUL. */
static int digits(const char **text, char end, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -EBADMSG;
	}
	if (p == *text || *p != end || value > max)
		return -EBADMSG;
	*text = p + (end != '\0');
	*ret_value = value;
	return 0;
}

static int next_number(struct rest *rest, uint64_t *ret_value)
{
	char word[WORD_SIZE];
	const char *p = word;

	return next_word(rest, word) < 0 ? -EBADMSG : digits(&p, '\0', UINT64_MAX, ret_value);
}

/* share, hold, or hold:SINCE_US:PID:START. */
static int parse_hold(const char *word, struct originals_line *line)
{
	uint64_t since_us = 0, pid = 0;

	line->held = strncmp(word, "hold", 4) == 0;
	if (!line->held)
		return strcmp(word, "share") == 0 ? 0 : -EBADMSG;
	word += 4;
	if (*word == '\0')
		return 0;
	if (*word++ != ':' || digits(&word, ':', INT64_MAX, &since_us) < 0 ||
	    digits(&word, ':', UINT32_MAX, &pid) < 0 ||
	    digits(&word, '\0', UINT64_MAX, &line->owner.start) < 0)
		return -EBADMSG;
	line->since_us = (int64_t)since_us;
	line->owner.pid = (uint32_t)pid;
	return 0;
}

static int parse_values(struct rest *rest, struct originals_line *line)
{
	char word[WORD_SIZE];

	if (next_word(rest, word) < 0 || parse_hold(word, line) < 0)
		return -EBADMSG;
	if (next_word(rest, word) < 0 || value_parse(line->knob, word, &line->original) < 0)
		return -EBADMSG;
	if (next_word(rest, word) < 0 || value_parse(line->knob, word, &line->written) < 0)
		return -EBADMSG;
	if (next_word(rest, word) < 0)
		return -EBADMSG;
	line->previous = (struct knob_value){.state = KNOB_UNREAD};
	return strcmp(word, "-") == 0 ? 0 : value_parse(line->knob, word, &line->previous);
}

static int parse_header(struct rest *rest, struct originals_line *line)
{
	char word[WORD_SIZE];

	line->kind = ORIGINALS_HEADER;
	if (next_word(rest, word) < 0 || strcmp(word, VERSION) != 0)
		return -EBADMSG;
	if (next_word(rest, word) < 0 || rest->len > 0 || strlen(word) >= sizeof(line->boot_id))
		return -EBADMSG;
	memcpy(line->boot_id, word, sizeof(line->boot_id));
	return 0;
}

static int parse_body(struct rest *rest, struct originals_line *line)
{
	char word[WORD_SIZE];
	int knob;

	/* All but the two texts, which are large. */
	memset(line, 0, offsetof(struct originals_line, boot_id));
	if (next_word(rest, word) < 0)
		return -EBADMSG;
	if (strcmp(word, "header") == 0)
		return parse_header(rest, line);
	line->kind = strcmp(word, "own") == 0 ? ORIGINALS_OWN : ORIGINALS_END;
	if (line->kind == ORIGINALS_END && strcmp(word, "end") != 0)
		return -EBADMSG;
	if (next_number(rest, &line->inode) < 0 || next_word(rest, word) < 0)
		return -EBADMSG;
	knob = knob_from_name(word);
	if (knob < 0 || !writer_of((enum knob)knob))
		return -EBADMSG;
	line->knob = (enum knob)knob;
	if (line->kind == ORIGINALS_OWN && parse_values(rest, line) < 0)
		return -EBADMSG;
	return unescape(rest->text, rest->len, line->path);
}

int originals_text_parse(const char *text, size_t len, struct originals_line *ret_line)
{
	struct rest rest = {.text = text + CHECKSUM_DIGITS + 1};
	uint32_t checksum = 0;

	if (len <= CHECKSUM_DIGITS + 1 || len >= ORIGINALS_LINE_SIZE ||
	    text[CHECKSUM_DIGITS] != ' ')
		return -EBADMSG;
	rest.len = len - CHECKSUM_DIGITS - 1;
	for (int i = 0; i < CHECKSUM_DIGITS; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -EBADMSG;
		checksum = checksum << 4 | (uint32_t)digit;
	}
	if (checksum != originals_text_checksum(rest.text, rest.len))
		return -EBADMSG;
	return parse_body(&rest, ret_line);
}
