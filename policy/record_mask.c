// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_mask.h. The text is copied except for its scalars, which libyaml finds: an unknown
// word is taken for a name, so that nothing gets out that nobody thought of.
#include "policy/record_mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "colod/cleanup.h"
#include "policy/net_mark.h"
#include "policy/reader.h"

#define NAME_SIZE 32
#define MARK_SIZE sizeof("0x12345678/0x12345678")
/* Deeper than any policy that was read. */
#define DEPTH_MAX 32

/* Words of conditions and steps, which the tables of keys do not spell out. */
static const char words[] =
	" cpu.some cpu.full memory.some memory.full memory.empty io.some io.full of"
	" online offline node over in > do after ratio limit true false yes no on"
	" P0 P1 P2 P3 P4 P5 P6 P7 ";

/* Keys of a match whose values are words of the grammar, not names. */
static const char *const plain_matches[] = {"qos", "static", "runtime"};

/* Keys below which interfaces are named; a link has the same pseudonym where it is seen (record_net.h), and so none may stay. */
static const char *const link_lists[] = {"uplinks", "speed"};

/* One file on its way. */
struct masking {
	const struct record_names *names;
	const char *text;
	size_t len;
	size_t at;    /* copied up to here */
	size_t chars; /* the same place in characters, as libyaml counts */
	struct record_buf out;
	/* per depth: a mapping whose next scalar is a key; and what stands above */
	bool mapping[DEPTH_MAX];
	bool is_key[DEPTH_MAX];
	bool below_match[DEPTH_MAX];
	bool links[DEPTH_MAX];
	bool plain_value;
	bool key_is_match;
	bool key_is_links;
	unsigned depth;
};

static bool is_one_of(const char *const *list, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && memcmp(list[i], text, len) == 0)
			return true;
	return false;
}

#define IS_ONE_OF(list, text, len) is_one_of(list, sizeof(list) / sizeof((list)[0]), text, len)

/* Whether `word` stands in `text`, apart from other letters. */
static bool is_in(const char *text, const char *word, size_t len)
{
	static const char joined[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	size_t n = strlen(text);

	for (const char *at = text; (at = memmem(at, n - (size_t)(at - text), word, len)); at++)
		if ((at == text || !strchr(joined, at[-1])) &&
		    (at[len] == '\0' || !strchr(joined, at[len])))
			return true;
	return false;
}

/* A key, or what a key accepts: what the reader itself goes by. */
static bool is_in_tables(const struct reader_key *keys, const char *word, size_t len)
{
	for (; keys && keys->name; keys++) {
		if ((strlen(keys->name) == len && memcmp(keys->name, word, len) == 0) ||
		    (keys->accepts && is_in(keys->accepts, word, len)) ||
		    is_in_tables(keys->keys, word, len))
			return true;
	}
	return false;
}

static bool is_word(const char *text, size_t len)
{
	return is_in(words, text, len) || is_in_tables(reader_root_keys(), text, len);
}

/* "65%", "2s", "512Mi", "0.5", "25Gbit/s": digits and a short unit. */
static bool is_number(const char *text, size_t len)
{
	size_t digits = strspn(text, "0123456789.:+-"), unit;

	if (digits == 0 || digits > len || digits > 20)
		return false;
	unit = len - digits;
	return unit <= 6 && strspn(text + digits, "%abcdefghijklmnopqrstuvwxyzKMGTPEiB/") >= unit;
}

/* "0x1200/0x1270": bits of packets. */
static bool is_mark(const char *text, size_t len)
{
	char mark[MARK_SIZE];
	uint32_t value, bits;

	if (len >= sizeof(mark))
		return false;
	memcpy(mark, text, len);
	mark[len] = '\0';
	return net_mark_parse(mark, &value, &bits) == 0;
}

static bool is_grammar(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = strcspn(text + at, " ");

		if (at + n > len)
			n = len - at;
		if (n > 0 && !is_word(text + at, n) && !is_number(text + at, n) &&
		    !is_mark(text + at, n))
			return false;
		at += n + 1;
	}
	return true;
}

static void put_parts(struct masking *m, const char *text, size_t len)
{
	char part[RECORD_NAMES_PART_SIZE];

	for (;;) {
		const char *slash = len > 0 ? memchr(text, '/', len) : NULL;
		size_t n = slash ? (size_t)(slash - text) : len;

		record_put_bytes(&m->out, part, record_names_part(m->names, text, n, part));
		if (!slash)
			return;
		record_put_bytes(&m->out, "/", 1);
		text = slash + 1;
		len -= n + 1;
	}
}

/* The part of an address or path that a reader wants to see as it is. */
static size_t scheme_len(const char *text, size_t len)
{
	static const char *const schemes[] = {"file:///", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (len > n && memcmp(text, schemes[i], n) == 0)
			return n;
	}
	return 0;
}

/* In quotes: a pattern may begin with a star, which YAML takes for an alias. */
static void put_masked(struct masking *m, const char *text, size_t len)
{
	size_t scheme = scheme_len(text, len);
	const char *equal = scheme == 0 && len > 0 ? memchr(text, '=', len) : NULL;

	record_put_bytes(&m->out, "\"", 1);
	record_put_bytes(&m->out, text, scheme);
	text += scheme;
	len -= scheme;
	if (equal) {
		put_parts(m, text, (size_t)(equal - text));
		record_put_bytes(&m->out, "=", 1);
		len -= (size_t)(equal - text) + 1;
		text = equal + 1;
	}
	put_parts(m, text, len);
	record_put_bytes(&m->out, "\"", 1);
}

static void put_link(struct masking *m, const char *text, size_t len)
{
	char name[RECORD_NAMES_LINK_SIZE];

	record_names_link(m->names, text, len, name);
	record_put(&m->out, "\"%s\"", name);
}

/* The byte of a place that libyaml counts in characters. */
static size_t byte_at(const struct masking *m, size_t chars)
{
	size_t at = m->at;

	for (size_t n = m->chars; n < chars && at < m->len; n++) {
		at++;
		while (at < m->len && ((unsigned char)m->text[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/* What stands between two scalars, without its comments. */
static void copy_gap(struct masking *m, size_t to, size_t chars)
{
	while (m->at < to) {
		const char *rest = m->text + m->at;
		size_t room = to - m->at;
		const char *hash = memchr(rest, '#', room);
		size_t n = hash ? (size_t)(hash - rest) : room;
		const char *end;

		record_put_bytes(&m->out, rest, n);
		m->at += n;
		if (!hash)
			break;
		end = memchr(hash, '\n', room - n);
		m->at = end ? (size_t)(end - m->text) : to;
	}
	m->at = to;
	m->chars = chars;
}

static bool is_kept(const struct masking *m, const char *text, size_t len, bool is_key)
{
	if (len == 0)
		return true;
	if (m->below_match[m->depth])
		return is_key || m->plain_value;
	return is_grammar(text, len);
}

static void on_scalar(struct masking *m, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	bool key = m->mapping[m->depth] && m->is_key[m->depth];
	size_t start = byte_at(m, e->start_mark.index), end;
	bool link = m->links[m->depth] && (key || !m->mapping[m->depth]);
	bool kept = !link && is_kept(m, text, len, key);

	copy_gap(m, start, e->start_mark.index);
	end = byte_at(m, e->end_mark.index);
	if (kept)
		record_put_bytes(&m->out, m->text + start, end - start);
	else if (link)
		put_link(m, text, len);
	else
		put_masked(m, text, len);
	m->at = end;
	m->chars = e->end_mark.index;
	if (key) {
		m->plain_value = IS_ONE_OF(plain_matches, text, len);
		m->key_is_match = len == 5 && memcmp(text, "match", 5) == 0;
		m->key_is_links = IS_ONE_OF(link_lists, text, len);
	}
	m->is_key[m->depth] = m->mapping[m->depth] && !key;
}

static int on_start(struct masking *m, bool mapping)
{
	bool below = m->below_match[m->depth] || m->key_is_match;

	/* It is the value of a key, or an element of a list. */
	m->is_key[m->depth] = m->mapping[m->depth];
	if (++m->depth == DEPTH_MAX)
		return -EINVAL;
	m->mapping[m->depth] = m->is_key[m->depth] = mapping;
	m->below_match[m->depth] = below;
	m->links[m->depth] = m->key_is_links && !below;
	m->key_is_match = m->key_is_links = false;
	m->plain_value = false;
	return 0;
}

static int on_event(struct masking *m, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		on_scalar(m, e);
		return 0;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return on_start(m, e->type == YAML_MAPPING_START_EVENT);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		if (m->depth == 0)
			return -EINVAL;
		m->depth--;
		m->key_is_match = m->key_is_links = false;
		return 0;
	case YAML_ALIAS_EVENT:
		return -EINVAL;
	default:
		return 0;
	}
}

static int mask_text(struct masking *m)
{
	_cleanup_(yaml_parser_delete) yaml_parser_t parser = {0};
	bool more = true;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)m->text, m->len);
	while (more) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		int r;

		if (!yaml_parser_parse(&parser, &event))
			return parser.error == YAML_MEMORY_ERROR ? -ENOMEM : -EINVAL;
		r = on_event(m, &event);
		if (r < 0)
			return r;
		more = event.type != YAML_STREAM_END_EVENT;
	}
	copy_gap(m, m->len, m->chars);
	return m->out.failed ? -ENOMEM : 0;
}

/* The shipped profile keeps its name; another file's name is somebody's own. */
static char *mask_name(const char *name, size_t i)
{
	static const char shipped[] = "00-default.yaml";
	const char *base = strrchr(name, '/');
	char text[NAME_SIZE];

	base = base ? base + 1 : name;
	if (strncmp(base, shipped, sizeof(shipped) - 1) == 0)
		(void)snprintf(text, sizeof(text), "%s", shipped);
	else
		(void)snprintf(text, sizeof(text), "policy-%u.yaml", (unsigned)i + 1);
	return strdup(text);
}

static int mask_source(const struct record_names *names, const struct policy_source *from, size_t i,
		       struct policy_source *to)
{
	struct masking m = {.names = names, .text = from->text, .len = from->len};
	int r;

	if (m.len >= 3 && memcmp(m.text, "\xef\xbb\xbf", 3) == 0) {
		m.text += 3;
		m.len -= 3;
	}
	to->name = mask_name(from->name, i);
	r = to->name ? mask_text(&m) : -ENOMEM;
	/* Owned from here on, whatever came of it. */
	to->text = m.out.text ? m.out.text : calloc(1, 1);
	to->len = m.out.n;
	return r == 0 && !to->text ? -ENOMEM : r;
}

int record_mask(const struct record_names *names, const struct policy_source *sources, size_t n,
		struct record_mask *ret_mask)
{
	int r = 0;

	*ret_mask = (struct record_mask){.sources = calloc(n + 1, sizeof(*ret_mask->sources))};
	if (!ret_mask->sources)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		ret_mask->n = i + 1;
		r = mask_source(names, &sources[i], i, &ret_mask->sources[i]);
	}
	return r;
}

int record_mask_policy(const struct record_mask *mask, struct policy **ret_policy)
{
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));

	if (!diags)
		return -ENOMEM;
	return policy_read(mask->sources, mask->n, diags, ret_policy);
}

void record_mask_free(struct record_mask *mask)
{
	for (size_t i = 0; mask->sources && i < mask->n; i++) {
		free((char *)mask->sources[i].name);
		free((char *)mask->sources[i].text);
	}
	free(mask->sources);
	*mask = (struct record_mask){0};
}
