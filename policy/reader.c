// SPDX-License-Identifier: LGPL-2.1-or-later
// See reader.h. A mistake never ends the reading: it is reported, the value keeps what it had, and
// the next one is read, so that one run shows everything that is wrong.
#include "policy/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/nearest.h"
#include "policy/quantity.h"
#include "policy/values.h"

__attribute__((format(printf, 6, 0))) static void
report(struct reader *reader, const struct read_mark *mark, size_t chars,
       enum diag_severity severity, const char *hint, const char *format, va_list args)
{
	char text[DIAG_TEXT_SIZE];

	(void)vsnprintf(text, sizeof(text), format, args);
	read_yaml_report(reader->sources, mark, chars, reader->diags, severity, text, hint);
}

void reader_report(struct reader *reader, const struct read_mark *mark, enum diag_severity severity,
		   const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(reader, mark, 0, severity, hint, format, args);
	va_end(args);
}

void reader_error(struct reader *reader, const struct read_node *node, const char *hint,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(reader, &node->mark, 0, DIAG_ERROR, hint, format, args);
	va_end(args);
}

void reader_error_at(struct reader *reader, const struct read_node *node, size_t offset,
		     const char *hint, const char *format, ...)
{
	size_t chars = 0;
	va_list args;

	if (node->exact) {
		chars = node->text_column - node->mark.column;
		for (size_t i = 0; i < offset; i++)
			chars += ((unsigned char)node->text[i] & 0xc0) != 0x80;
	}
	va_start(args, format);
	report(reader, &node->mark, chars, DIAG_ERROR, hint, format, args);
	va_end(args);
}

static const char *kind_name(const struct read_node *node)
{
	switch (node->kind) {
	case READ_SEQUENCE:
		return "a list";
	case READ_MAPPING:
		return "a mapping";
	default:
		return node->text && node->text[0] ? "a single value" : "nothing";
	}
}

const char *reader_scalar(struct reader *reader, const struct read_node *node, const char *expects)
{
	if (node->kind == READ_REFUSED)
		return NULL;
	if (node->kind == READ_SCALAR && node->text[0])
		return node->text;
	reader_error(reader, node, "", "expects %s, found %s", expects, kind_name(node));
	return NULL;
}

/* Longer than any name, label value or unit; keeps a glob cheap to try. */
#define PATTERN_MAX 1024

bool reader_is_pattern(struct reader *reader, const struct read_node *node, const char *text)
{
	const char *open = strchr(text, '[');

	if (strlen(text) > PATTERN_MAX) {
		reader_error(reader, node, "", "longer than any name could be");
		return false;
	}
	if (open && !strchr(open, ']')) {
		reader_error_at(reader, node, (size_t)(open - node->text),
				"a set is written [abc] or [a-z]; the character itself: \\[",
				"\"[\" without \"]\"");
		return false;
	}
	return true;
}

bool reader_is_mapping(struct reader *reader, const struct read_node *node, const char *what)
{
	if (node->kind == READ_MAPPING)
		return true;
	if (node->kind != READ_REFUSED)
		reader_error(reader, node, "a mapping is written key: value or {key: value, …}",
			     "%s is a mapping, found %s", what, kind_name(node));
	return false;
}

bool reader_is_sequence(struct reader *reader, const struct read_node *node, const char *what)
{
	if (node->kind == READ_SEQUENCE)
		return true;
	if (node->kind != READ_REFUSED)
		reader_error(reader, node, "a list is written [A, B] or one \"- A\" a line",
			     "%s is a list, found %s", what, kind_name(node));
	return false;
}

const char *reader_hint(const char *word, const char *const *words, size_t n_words, char *buf,
			size_t size)
{
	int near = nearest(word, words, n_words);
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n_words; i++) {
		int n;

		if (i == 0 && near >= 0)
			n = snprintf(buf, size, "did you mean \"%s\"? accepted: %s", words[near],
				     words[0]);
		else
			n = snprintf(buf + len, size - len, "%s%s",
				     i ? ", " : "accepted: ", words[i]);
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += (size_t)n;
	}
	return buf;
}

static void unknown_key(struct reader *reader, const struct read_node *key,
			const struct reader_key *keys, const char *what)
{
	const char *names[READER_KEYS_MAX];
	char hint[DIAG_TEXT_SIZE];
	size_t n = 0;

	while (keys[n].name && n < READER_KEYS_MAX) {
		names[n] = keys[n].name;
		n++;
	}
	reader_error(reader, key, reader_hint(key->text, names, n, hint, sizeof(hint)),
		     "unknown key \"%.60s\" in %s", key->text, what);
}

/* A mapping with a table of its own is kept value by value, unless it came as a single word. */
static int keep_value(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node)
{
	bool in_parts = key->keys && node->kind == READ_MAPPING;

	/* Rules keep their place themselves, in the order in which they are tried. */
	if (reader->in_list || in_parts || key->read == read_assign || key->read == reader_nothing)
		return 0;
	return values_set(reader->policy, reader->path, node, key->unenforced);
}

static int read_key(struct reader *reader, const struct reader_key *key,
		    const struct read_node *node, void *base)
{
	size_t len = reader->path_len;
	int r, n = snprintf(reader->path + len, sizeof(reader->path) - len, "%s%s", len ? "." : "",
			    key->name);

	if (n > 0 && (size_t)n < sizeof(reader->path) - len)
		reader->path_len += (size_t)n;
	if (key->mark > 0)
		reader->fields[reader->level][key->mark] = node->key->mark;
	r = key->read(reader, key, node, (char *)base + key->offset);
	reader->path[reader->path_len] = '\0';
	if (r == 0)
		r = keep_value(reader, key, node);
	reader->path_len = len;
	reader->path[len] = '\0';
	return r;
}

int reader_mapping(struct reader *reader, const struct read_node *node,
		   const struct reader_key *keys, const char *what, void *base)
{
	if (!reader_is_mapping(reader, node, what))
		return 0;
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		const struct reader_key *key = keys;
		int r;

		if (c->key->kind != READ_SCALAR)
			continue;
		while (key->name && strcmp(key->name, c->key->text) != 0)
			key++;
		if (!key->name) {
			unknown_key(reader, c->key, keys, what);
			continue;
		}
		r = read_key(reader, key, c, base);
		if (r < 0)
			return r;
	}
	return 0;
}

int reader_submapping(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	return reader_mapping(reader, node, key->keys, key->name, field);
}

int reader_word(struct reader *reader, const struct read_node *node, const char *what,
		const char *const *words, size_t n_words)
{
	const char *text = reader_scalar(reader, node, what);
	char hint[DIAG_TEXT_SIZE];

	if (!text)
		return -EINVAL;
	for (size_t i = 0; i < n_words; i++) {
		if (strcmp(text, words[i]) == 0)
			return (int)i;
	}
	reader_error(reader, node, reader_hint(text, words, n_words, hint, sizeof(hint)),
		     "\"%.60s\" is not %s", text, what);
	return -EINVAL;
}

int reader_bool(struct reader *reader, const struct reader_key *key, const struct read_node *node,
		void *field)
{
	static const char *const words[] = {"false", "true"};
	int value = reader_word(reader, node, "true or false", words, 2);

	(void)key;
	if (value >= 0)
		*(bool *)field = value != 0;
	return 0;
}

int reader_number(struct reader *reader, const struct read_node *node, size_t offset, uint32_t min,
		  uint32_t max, const char *what, uint32_t *ret_value)
{
	const char *text = node->text + offset;
	char hint[DIAG_TEXT_SIZE];
	uint64_t value = 0;

	(void)snprintf(hint, sizeof(hint), "accepted: a whole number from %u to %u", min, max);
	if (!text[0] || text[strspn(text, "0123456789")]) {
		reader_error_at(reader, node, offset, hint, "\"%.60s\" is not %s", text, what);
		return -EINVAL;
	}
	for (size_t i = 0; text[i] && value <= max; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	if (value < min || value > max) {
		reader_error_at(reader, node, offset, hint, "%.60s is out of range for %s", text,
				what);
		return -EINVAL;
	}
	*ret_value = (uint32_t)value;
	return 0;
}

int reader_permille(struct reader *reader, const struct read_node *node, uint32_t min, uint32_t max,
		    uint32_t *ret_permille)
{
	const char *text = reader_scalar(reader, node, "a share such as 65%");
	char hint[DIAG_TEXT_SIZE];
	uint32_t value;
	int r;

	if (!text)
		return -EINVAL;
	(void)snprintf(hint, sizeof(hint), "accepted: %u.%u%% to %u.%u%%, with at most one decimal",
		       min / 10, min % 10, max / 10, max % 10);
	r = quantity_permille(text, &value);
	if (r == -EINVAL) {
		reader_error(reader, node, hint, "\"%.60s\" is not a share such as 65%%", text);
		return -EINVAL;
	}
	if (r < 0 || value < min || value > max) {
		reader_error(reader, node, hint, "%.60s is out of range", text);
		return -EINVAL;
	}
	*ret_permille = value;
	return 0;
}

int reader_share(struct reader *reader, const struct reader_key *key, const struct read_node *node,
		 void *field)
{
	(void)key;
	(void)reader_permille(reader, node, 1, 1000, field);
	return 0;
}

int reader_share_of(struct reader *reader, const struct read_node *node,
		    const struct reader_key *key, const char *suffix, uint32_t *ret_permille)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	size_t len = text ? strlen(text) : 0, tail = strlen(suffix);
	char share[16] = "", hint[DIAG_TEXT_SIZE];
	uint32_t value;

	if (!text)
		return -EINVAL;
	if (strcmp(text, "none") == 0) {
		*ret_permille = 0;
		return 0;
	}
	if (len > tail && len - tail < sizeof(share) && strcmp(text + len - tail, suffix) == 0)
		memcpy(share, text, len - tail);
	if (quantity_permille(share, &value) < 0 || value < 1 || value > 1000) {
		(void)snprintf(hint, sizeof(hint), "accepted: %s (0.1%% to 100%%)", key->accepts);
		reader_error(reader, node, hint, "\"%.60s\" is not a share%s", text, suffix);
		return -EINVAL;
	}
	*ret_permille = value;
	return 0;
}

int reader_duration(struct reader *reader, const struct read_node *node, uint64_t min_us,
		    uint64_t max_us, const char *range, uint64_t *ret_us)
{
	const char *text = reader_scalar(reader, node, "a duration such as 10s");
	char hint[DIAG_TEXT_SIZE];
	uint64_t value;
	int r;

	if (!text)
		return -EINVAL;
	(void)snprintf(hint, sizeof(hint), "accepted: %s, with a unit: us, ms, s, m or h", range);
	r = quantity_duration_us(text, &value);
	if (r == -EINVAL) {
		reader_error(reader, node, hint, "\"%.60s\" is not a duration such as 10s", text);
		return -EINVAL;
	}
	if (r < 0 || value < min_us || value > max_us) {
		reader_error(reader, node, hint, "%.60s is out of range", text);
		return -EINVAL;
	}
	*ret_us = value;
	return 0;
}

int reader_words(struct reader *reader, const struct read_node *node, const struct reader_key *key,
		 const char *const *words, size_t n_words, int *ret_words)
{
	int n = 0, r = 0;

	if (!reader_is_sequence(reader, node, key->name))
		return -EINVAL;
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		int word = reader_word(reader, c, "one of these", words, n_words);
		bool again = false;

		for (int i = 0; i < n && word >= 0; i++)
			again |= ret_words[i] == word;
		if (again)
			reader_error(reader, c, "", "\"%s\" a second time", words[word]);
		if (word < 0 || again)
			r = -EINVAL;
		else
			ret_words[n++] = word;
	}
	return r < 0 ? r : n;
}

int reader_nothing(struct reader *reader, const struct reader_key *key,
		   const struct read_node *node, void *field)
{
	(void)reader, (void)key, (void)node, (void)field;
	return 0;
}
