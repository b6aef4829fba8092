// SPDX-License-Identifier: LGPL-2.1-or-later
// pressure: when colod may squeeze. This version knows one rule, CPU waiting of online pods; other
// rules of the grammar are refused by name instead of being ignored.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/quantity.h"
#include "policy/reader.h"

#define RULE_HINT "accepted: cpu.some of online > 5% over 2s"
/* What a PSI trigger of the kernel can be asked for. */
#define WINDOW_MIN_US 500000
#define WINDOW_MAX_US 10000000

/* Word by word with its place, so that a message points at the word that is wrong. */
struct words {
	const char *text;
	size_t start;
	size_t end;
	char word[32];
};

static const char *next_word(struct words *w)
{
	size_t len;

	w->start = w->end + strspn(w->text + w->end, " ");
	len = strcspn(w->text + w->start, " ");
	w->end = w->start + len;
	if (len >= sizeof(w->word))
		len = sizeof(w->word) - 1;
	memcpy(w->word, w->text + w->start, len);
	w->word[len] = '\0';
	return w->word;
}

static bool read_fixed(struct reader *reader, const struct read_node *node, struct words *w,
		       const char *word)
{
	if (strcmp(next_word(w), word) == 0)
		return true;
	reader_error_at(reader, node, w->start, RULE_HINT, "expects \"%s\" here, found \"%s\"",
			word, w->word);
	return false;
}

static bool read_threshold(struct reader *reader, const struct read_node *node, struct words *w,
			   uint32_t *ret_permille)
{
	uint32_t value;
	int r = quantity_permille(next_word(w), &value);

	if (r == 0 && value >= 1 && value < 1000) {
		*ret_permille = value;
		return true;
	}
	reader_error_at(reader, node, w->start, "accepted: 0.1% to 99.9%",
			"\"%s\" is not a share of time that can be passed", w->word);
	return false;
}

static bool read_window(struct reader *reader, const struct read_node *node, struct words *w,
			uint64_t *ret_us)
{
	uint64_t value;
	int r = quantity_duration_us(next_word(w), &value);

	if (r == 0 && value >= WINDOW_MIN_US && value <= WINDOW_MAX_US) {
		*ret_us = value;
		return true;
	}
	reader_error_at(reader, node, w->start,
			"accepted: 500ms to 10s, the windows of a PSI trigger",
			"\"%s\" is not a window the kernel can watch", w->word);
	return false;
}

struct pressure {
	struct pressure_rule rule;
	bool has_when;
	bool has_do;
};

static int read_when(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct words w = {.text = text};
	struct pressure *pressure = field;
	struct pressure_rule rule = {.on = true};

	pressure->has_when = true;
	if (!text)
		return 0;
	if (strcmp(next_word(&w), "cpu.some") != 0) {
		reader_error_at(reader, node, w.start, RULE_HINT,
				"unknown sign of pressure \"%s\": this version knows cpu.some",
				w.word);
		return 0;
	}
	if (!read_fixed(reader, node, &w, "of") || !read_fixed(reader, node, &w, "online") ||
	    !read_fixed(reader, node, &w, ">") ||
	    !read_threshold(reader, node, &w, &rule.threshold_permille) ||
	    !read_fixed(reader, node, &w, "over") ||
	    !read_window(reader, node, &w, &rule.window_us))
		return 0;
	if (*next_word(&w))
		reader_error_at(reader, node, w.start, RULE_HINT, "\"%s\" is too much here",
				w.word);
	else
		pressure->rule = rule;
	return 0;
}

static int read_do(struct reader *reader, const struct reader_key *key,
		   const struct read_node *node, void *field)
{
	static const char *const words[] = {"squeeze cpu"};
	struct pressure *pressure = field;
	const struct read_node *c = node->first_child;

	pressure->has_do = true;
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	if (!c)
		reader_error(reader, node, "accepted: [squeeze cpu]", "a rule that does nothing");
	for (size_t n = 0; c; c = c->next, n++) {
		if (reader_word(reader, c, "an action of this version", words, 1) == 0 && n > 0)
			reader_error(reader, c, "", "the same action twice");
	}
	return 0;
}

const struct reader_key read_pressure_keys[] = {
	{.name = "when", .read = read_when, .accepts = "cpu.some of online > N% over Ns"},
	{.name = "do", .read = read_do, .accepts = "[squeeze cpu]"},
	{0},
};

static int read_rule(struct reader *reader, const struct read_node *node,
		     struct pressure_rule *rule)
{
	struct pressure pressure = {0};
	int r = reader_mapping(reader, node, read_pressure_keys, "a pressure rule", &pressure);

	if (r < 0 || node->kind != READ_MAPPING)
		return r;
	if (!pressure.has_when)
		reader_error(reader, node, RULE_HINT, "a pressure rule without \"when\"");
	if (!pressure.has_do)
		reader_error(reader, node, "accepted: [squeeze cpu]",
			     "a pressure rule without \"do\"");
	if (rule->on && pressure.rule.on)
		reader_error(reader, node, "keep one of the two", "a second rule for cpu.some");
	if (pressure.rule.on)
		*rule = pressure.rule;
	return 0;
}

/* A list replaces the one of an earlier file as a whole; an empty list switches squeezing off. */
int read_pressure(struct reader *reader, const struct reader_key *key, const struct read_node *node,
		  void *field)
{
	struct pressure_rule rule = {0};

	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		int r = read_rule(reader, c, &rule);

		if (r < 0)
			return r;
	}
	reader->pressure_cpu = node->key->mark;
	*(struct pressure_rule *)field = rule;
	return 0;
}
