// SPDX-License-Identifier: LGPL-2.1-or-later
// See read_yaml.h. Built from libyaml's events and not from its documents, because a document no
// longer tells an alias from the value it stands for. libyaml counts columns in characters; bytes
// are worked out only for the few places that a message names.
#include "policy/read_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "colod/cleanup.h"
#include "policy/diag.h"

struct builder {
	const struct policy_source *sources;
	size_t index;
	struct diags *diags;
	yaml_parser_t *parser;
	size_t n_nodes;
};

static int build(struct builder *b, const yaml_event_t *event, unsigned depth,
		 struct read_node **ret_node);

/* A byte order mark is not text: libyaml and every column here start behind it. */
static struct policy_source body(const struct policy_source *source)
{
	struct policy_source s = *source;

	if (s.len >= 3 && memcmp(s.text, "\xef\xbb\xbf", 3) == 0) {
		s.text += 3;
		s.len -= 3;
	}
	return s;
}

static size_t skip_line(const struct policy_source *s, size_t i)
{
	while (i < s->len && s->text[i] != '\n' && s->text[i] != '\r')
		i++;
	if (i + 1 < s->len && s->text[i] == '\r' && s->text[i + 1] == '\n')
		i++;
	return i < s->len ? i + 1 : i;
}

static size_t skip_char(const struct policy_source *s, size_t i)
{
	do
		i++;
	while (i < s->len && ((unsigned char)s->text[i] & 0xc0) == 0x80);
	return i;
}

void read_yaml_report(const struct policy_source *sources, const struct read_mark *mark,
		      size_t chars, struct diags *diags, enum diag_severity severity,
		      const char *text, const char *hint)
{
	struct policy_source s = body(&sources[mark->source - 1]);
	struct diag_place place = {.file = s.name, .text = s.text, .len = s.len};
	size_t i = 0;

	for (uint32_t n = 0; n < mark->line; n++)
		i = skip_line(&s, i);
	for (size_t n = 0; n < mark->column + chars; n++) {
		if (i >= s.len || s.text[i] == '\n' || s.text[i] == '\r')
			break;
		i = skip_char(&s, i);
	}
	place.offset = i;
	diag_add(diags, severity, &place, text, hint);
}

static struct read_mark mark_of(const struct builder *b, const yaml_mark_t *mark)
{
	return (struct read_mark){
		.source = (uint32_t)b->index + 1,
		.line = (uint32_t)mark->line,
		.column = (uint32_t)mark->column,
	};
}

static void complain(struct builder *b, const yaml_mark_t *at, const char *text, const char *hint)
{
	struct read_mark mark = mark_of(b, at);

	read_yaml_report(b->sources, &mark, 0, b->diags, DIAG_ERROR, text, hint);
}

void read_yaml_free(struct read_node *node)
{
	while (node) {
		struct read_node *next = node->next;

		read_yaml_free(node->key);
		read_yaml_free(node->first_child);
		free(node->text);
		free(node);
		node = next;
	}
}

static void cleanup_node(struct read_node **node)
{
	read_yaml_free(*node);
}

static int syntax_error(struct builder *b)
{
	const yaml_parser_t *p = b->parser;
	char text[DIAG_TEXT_SIZE];
	const char *hint = "";
	struct policy_source s = body(&b->sources[b->index]);
	size_t i = 0;

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->context && p->context_mark.line != p->problem_mark.line)
		snprintf(text, sizeof(text), "YAML syntax: %s, %s from line %zu on", p->problem,
			 p->context, p->context_mark.line + 1);
	else
		snprintf(text, sizeof(text), "YAML syntax: %s%s%s",
			 p->problem ? p->problem : "cannot be read", p->context ? ", " : "",
			 p->context ? p->context : "");
	for (size_t n = 0; n < p->problem_mark.line; n++)
		i = skip_line(&s, i);
	for (size_t n = 0; n < p->problem_mark.column && i < s.len; n++)
		i = skip_char(&s, i);
	if (i < s.len && s.text[i] == '\t')
		hint = "indent with blanks: YAML does not take a tab here";
	complain(b, &p->problem_mark, text, hint);
	return -EINVAL;
}

static int next_event(struct builder *b, yaml_event_t *event)
{
	return yaml_parser_parse(b->parser, event) ? 0 : syntax_error(b);
}

/* Anchors and tags hide what a value is from the person who reads the file. */
static bool is_decorated(struct builder *b, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		complain(b, &event->start_mark, "anchors (&) are not accepted in a policy",
			 "write the value out where it is used");
	if (tag)
		complain(b, &event->start_mark, "tags (!) are not accepted in a policy",
			 "write the plain value");
	return anchor || tag;
}

static int set_text(struct builder *b, const yaml_event_t *event, struct read_node *node)
{
	const yaml_char_t *value = event->data.scalar.value;
	size_t len = event->data.scalar.length, chars = 0, quotes;

	if (memchr(value, '\0', len)) {
		complain(b, &event->start_mark, "a NUL character inside a value", "");
		node->kind = READ_REFUSED;
		return 0;
	}
	node->text = malloc(len + 1);
	if (!node->text)
		return -ENOMEM;
	memcpy(node->text, value, len);
	node->text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		chars += (value[i] & 0xc0) != 0x80;
	quotes = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? 0 : 1;
	node->exact = event->start_mark.line == event->end_mark.line &&
		      event->end_mark.column - event->start_mark.column == chars + 2 * quotes;
	node->text_column = node->mark.column + (node->exact ? (uint32_t)quotes : 0);
	return 0;
}

static int build_sequence(struct builder *b, unsigned depth, struct read_node *node)
{
	struct read_node **tail = &node->first_child;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		int r = next_event(b, &event);

		if (r < 0 || event.type == YAML_SEQUENCE_END_EVENT)
			return r;
		r = build(b, &event, depth + 1, tail);
		if (r < 0)
			return r;
		tail = &(*tail)->next;
	}
}

const struct read_node *read_yaml_child(const struct read_node *mapping, const char *key)
{
	for (const struct read_node *c = mapping->first_child; c; c = c->next) {
		if (c->key->kind == READ_SCALAR && strcmp(c->key->text, key) == 0)
			return c;
	}
	return NULL;
}

/* Whether the pair may stay: a key that came before would silently win or lose. */
static bool check_key(struct builder *b, const yaml_event_t *event, const struct read_node *mapping,
		      struct read_node *key)
{
	const struct read_node *first;
	char text[DIAG_TEXT_SIZE], hint[DIAG_TEXT_SIZE];

	if (key->kind == READ_SEQUENCE || key->kind == READ_MAPPING) {
		complain(b, &event->start_mark, "a list or a mapping cannot be a key here", "");
		key->kind = READ_REFUSED;
	}
	if (key->kind != READ_SCALAR)
		return true;
	first = read_yaml_child(mapping, key->text);
	if (!first)
		return true;
	snprintf(text, sizeof(text), "duplicate key \"%.60s\"", key->text);
	snprintf(hint, sizeof(hint), "it stands in line %u already", first->key->mark.line + 1);
	complain(b, &event->start_mark, text, hint);
	return false;
}

static int build_mapping(struct builder *b, unsigned depth, struct read_node *node)
{
	struct read_node **tail = &node->first_child;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t key_event = {0};
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		_cleanup_(cleanup_node) struct read_node *key = NULL;
		_cleanup_(cleanup_node) struct read_node *value = NULL;
		int r = next_event(b, &key_event);

		if (r < 0 || key_event.type == YAML_MAPPING_END_EVENT)
			return r;
		r = build(b, &key_event, depth + 1, &key);
		if (r == 0)
			r = next_event(b, &event);
		if (r == 0)
			r = build(b, &event, depth + 1, &value);
		if (r < 0)
			return r;
		if (!check_key(b, &key_event, node, key))
			continue;
		value->key = TAKE_PTR(key);
		*tail = TAKE_PTR(value);
		tail = &(*tail)->next;
	}
}

static int build_content(struct builder *b, const yaml_event_t *event, unsigned depth,
			 struct read_node *node)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		node->kind = READ_SCALAR;
		return set_text(b, event, node);
	case YAML_SEQUENCE_START_EVENT:
		node->kind = READ_SEQUENCE;
		return build_sequence(b, depth, node);
	case YAML_MAPPING_START_EVENT:
		node->kind = READ_MAPPING;
		return build_mapping(b, depth, node);
	default:
		complain(b, &event->start_mark, "aliases (*) are not accepted in a policy",
			 "write the value out");
		node->kind = READ_REFUSED;
		return 0;
	}
}

/* One node with everything below it; the events up to its end are consumed. */
static int build(struct builder *b, const yaml_event_t *event, unsigned depth,
		 struct read_node **ret_node)
{
	_cleanup_(cleanup_node) struct read_node *node = NULL;
	bool decorated;
	int r;

	if (depth > READ_YAML_DEPTH_MAX) {
		complain(b, &event->start_mark, "nested too deeply for a policy", "");
		return -EINVAL;
	}
	if (++b->n_nodes > READ_YAML_NODES_MAX) {
		complain(b, &event->start_mark, "too many values for a policy", "");
		return -EINVAL;
	}
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->mark = mark_of(b, &event->start_mark);
	decorated = is_decorated(b, event);
	r = build_content(b, event, depth, node);
	if (r < 0)
		return r;
	if (decorated)
		node->kind = READ_REFUSED;
	*ret_node = TAKE_PTR(node);
	return 0;
}

/* The first character that no policy may hold; s->len when there is none. What YAML 1.1 takes for
 * a line break beside LF and CR is refused too, so that lines are the same for every reader. */
static size_t find_bad_char(const struct policy_source *s)
{
	size_t i = 0;

	while (i < s->len) {
		const unsigned char c = (unsigned char)s->text[i];
		size_t n;

		if (c == '\t' || c == '\n' || c == '\r')
			n = 1;
		else
			n = diag_printable(s->text + i, s->len - i);
		if (n == 0)
			return i;
		i += n;
	}
	return i;
}

/* Everything that can be said of the bytes before YAML comes into it. */
static int check_bytes(const struct policy_source *s, struct diags *diags)
{
	struct diag_place place = {.file = s->name};
	char text[DIAG_TEXT_SIZE];
	size_t bad;

	if (s->len > POLICY_FILE_MAX_BYTES) {
		snprintf(text, sizeof(text), "too large for a policy: more than %d KiB",
			 POLICY_FILE_MAX_BYTES / 1024);
		diag_add(diags, DIAG_ERROR, &place, text, "");
		return -EINVAL;
	}
	bad = find_bad_char(s);
	if (bad == s->len)
		return 0;
	place.text = s->text;
	place.len = s->len;
	place.offset = bad;
	snprintf(text, sizeof(text), "byte 0x%02x: not UTF-8, or a character that does not show",
		 (unsigned char)s->text[bad]);
	diag_add(diags, DIAG_ERROR, &place, text, "save the file as UTF-8 text");
	return -EINVAL;
}

static int build_document(struct builder *b, struct read_node **ret_root)
{
	_cleanup_(cleanup_node) struct read_node *root = NULL;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		int r = next_event(b, &event);

		if (r < 0)
			return r;
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (!root)
				break;
			complain(b, &event.start_mark, "a second document in one file",
				 "put it into a file of its own");
			return -EINVAL;
		case YAML_STREAM_END_EVENT:
			*ret_root = TAKE_PTR(root);
			return 0;
		default:
			r = build(b, &event, 0, &root);
			if (r < 0)
				return r;
		}
	}
}

int read_yaml(const struct policy_source *sources, size_t index, struct diags *diags,
	      struct read_node **ret_root)
{
	_cleanup_(yaml_parser_delete) yaml_parser_t parser = {0};
	struct policy_source s = body(&sources[index]);
	struct builder b = {.sources = sources, .index = index, .diags = diags, .parser = &parser};
	struct read_node *root = NULL;
	int r = check_bytes(&s, diags);

	if (r < 0)
		return r;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)s.text, s.len);
	r = build_document(&b, &root);
	if (r < 0)
		return r;
	if (!root || (root->kind == READ_SCALAR && !root->text[0])) {
		struct diag_place place = {.file = s.name};

		read_yaml_free(root);
		diag_add(diags, DIAG_ERROR, &place, "the file has no content",
			 "a file that only hides another of its name holds the line: version: 1");
		return -EINVAL;
	}
	*ret_root = root;
	return 0;
}
