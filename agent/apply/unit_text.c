// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_text.h. Strict: what is not exactly what this file writes is refused, because an undo
// tells systemd what it says.
#include "agent/apply/unit_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/originals_text.h"
#include "agent/apply/unit_name.h"

#define CHECKSUM_DIGITS 8
#define WORDS_MAX 8

bool unit_text_path_is_sane(const char *path)
{
	size_t total = strlen(path);
	char unit[UNIT_NAME_SIZE];

	if (total == 0 || total >= UNIT_TEXT_PATH_SIZE)
		return false;
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || path[0] == '.' || strcspn(path, " \n\t") < len)
			return false;
		if (path[len] == '\0')
			return unit_name_of(path, unit) == 0;
		path += len + 1;
	}
}

static const char *number(uint64_t value, char buf[24])
{
	(void)snprintf(buf, 24, "%" PRIu64, value);
	return buf;
}

int unit_text_format(const struct unit_line *line, char *buf, size_t *ret_len)
{
	char *body = buf + CHECKSUM_DIGITS + 1, digits[3][24];
	size_t room = UNIT_TEXT_LINE_SIZE - CHECKSUM_DIGITS - 1;
	const char *prop = unit_prop_name(line->prop);
	int n;

	if (!prop || !unit_text_path_is_sane(line->path))
		return -EINVAL;
	if (line->end)
		n = snprintf(body, room, "end %s %s", line->path, prop);
	else
		n = snprintf(body, room, "own %s %s %s %s %s %s", line->path, prop,
			     line->made ? "made" : "kept", number(line->before, digits[0]),
			     number(line->told, digits[1]), number(line->previous, digits[2]));
	if (n < 0 || (size_t)n + 2 > room)
		return -EINVAL;
	(void)snprintf(buf, CHECKSUM_DIGITS + 1, "%08" PRIx32,
		       originals_text_checksum(body, (size_t)n));
	buf[CHECKSUM_DIGITS] = ' ';
	body[n] = '\n';
	body[n + 1] = '\0';
	*ret_len = CHECKSUM_DIGITS + 1 + (size_t)n + 1;
	return 0;
}

static int parse_number(const char *word, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (*word == '\0' || (word[0] == '0' && word[1] != '\0'))
		return -EBADMSG;
	for (; *word; word++) {
		if (*word < '0' || *word > '9' || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*word - '0'), &value))
			return -EBADMSG;
	}
	*ret_value = value;
	return 0;
}

/* Splits at single blanks. The number of words, or -EBADMSG. */
static int split(char *text, char *words[WORDS_MAX])
{
	int n = 0;

	for (;;) {
		char *blank = strchr(text, ' ');

		if (n == WORDS_MAX || *text == '\0' || blank == text)
			return -EBADMSG;
		words[n++] = text;
		if (!blank)
			return n;
		*blank = '\0';
		text = blank + 1;
	}
}

static int parse_words(char *words[WORDS_MAX], int n, struct unit_line *line)
{
	int prop;

	line->end = n == 3 && strcmp(words[0], "end") == 0;
	if (!line->end && (n != 7 || strcmp(words[0], "own") != 0))
		return -EBADMSG;
	if (!unit_text_path_is_sane(words[1]))
		return -EBADMSG;
	memcpy(line->path, words[1], strlen(words[1]) + 1);
	prop = unit_prop_from_name(words[2]);
	if (prop < 0)
		return -EBADMSG;
	line->prop = (enum unit_prop)prop;
	if (line->end)
		return 0;
	line->made = strcmp(words[3], "made") == 0;
	if (!line->made && strcmp(words[3], "kept") != 0)
		return -EBADMSG;
	if (parse_number(words[4], &line->before) < 0 || parse_number(words[5], &line->told) < 0)
		return -EBADMSG;
	return parse_number(words[6], &line->previous);
}

int unit_text_parse(const char *text, size_t len, struct unit_line *ret_line)
{
	char body[UNIT_TEXT_LINE_SIZE], sum[CHECKSUM_DIGITS + 1], *words[WORDS_MAX];
	size_t body_len = len - CHECKSUM_DIGITS - 1;
	struct unit_line line = {0};
	int n;

	if (len <= CHECKSUM_DIGITS + 1 || body_len >= sizeof(body) ||
	    text[CHECKSUM_DIGITS] != ' ' || memchr(text, '\0', len))
		return -EBADMSG;
	memcpy(body, text + CHECKSUM_DIGITS + 1, body_len);
	body[body_len] = '\0';
	(void)snprintf(sum, sizeof(sum), "%08" PRIx32, originals_text_checksum(body, body_len));
	if (memcmp(sum, text, CHECKSUM_DIGITS) != 0)
		return -EBADMSG;
	n = split(body, words);
	if (n < 0 || parse_words(words, n, &line) < 0)
		return -EBADMSG;
	*ret_line = line;
	return 0;
}
