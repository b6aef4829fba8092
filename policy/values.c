// SPDX-License-Identifier: LGPL-2.1-or-later
// See values.h.
#include "policy/values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/diag.h"
#include "policy/text_out.h"

/* One character as "\UXXXXXXXX". */
#define ESCAPE_SIZE 10

static bool is_plain_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_./%+- ", c));
}

/* Fewer texts than YAML would take plain, and none that it would not. */
static bool is_plain(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || strchr("-+. %", text[0]) || text[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_plain_char(text[i]))
			return false;
	return true;
}

static void put_escape(struct text_out *out, const unsigned char **at)
{
	const unsigned char *s = *at;
	unsigned n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	unsigned long point = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));

	for (unsigned i = 1; i < n && s[i]; i++)
		point = point << 6 | (s[i] & 0x3f);
	text_out_put(out, "\\U%08lX", point);
	for (unsigned i = 0; i < n && **at; i++)
		(*at)++;
}

static void put_scalar(struct text_out *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (is_plain(text)) {
		text_out_put(out, "%s", text);
		return;
	}
	text_out_put(out, "\"");
	while (*s) {
		size_t n = *s == '\t' ? 0
				      : diag_printable((const char *)s, strlen((const char *)s));

		if (*s == '"' || *s == '\\') {
			text_out_put(out, "\\%c", *s++);
		} else if (n == 0) {
			put_escape(out, &s);
		} else {
			text_out_put(out, "%.*s", (int)n, (const char *)s);
			s += n;
		}
	}
	text_out_put(out, "\"");
}

static void put_node(struct text_out *out, const struct read_node *node)
{
	const struct read_node *c;

	switch (node->kind) {
	case READ_SEQUENCE:
		text_out_put(out, "[");
		for (c = node->first_child; c; c = c->next) {
			put_node(out, c);
			text_out_put(out, "%s", c->next ? ", " : "");
		}
		text_out_put(out, "]");
		break;
	case READ_MAPPING:
		text_out_put(out, "{");
		for (c = node->first_child; c; c = c->next) {
			put_scalar(out, c->key->text ? c->key->text : "");
			text_out_put(out, ": ");
			put_node(out, c);
			text_out_put(out, "%s", c->next ? ", " : "");
		}
		text_out_put(out, "}");
		break;
	default:
		put_scalar(out, node->text ? node->text : "");
		break;
	}
}

/* At least as much as put_node() writes. */
static size_t room(const struct read_node *node)
{
	size_t size = 8 + (node->text ? ESCAPE_SIZE * strlen(node->text) : 0);

	if (node->key && node->key->text)
		size += 8 + ESCAPE_SIZE * strlen(node->key->text);
	for (const struct read_node *c = node->first_child; c; c = c->next)
		size += room(c);
	return size;
}

int values_text(const struct read_node *node, char **ret_text)
{
	size_t size = room(node);
	struct text_out out = {.buf = malloc(size), .size = size};

	if (!out.buf)
		return -ENOMEM;
	out.buf[0] = '\0';
	put_node(&out, node);
	*ret_text = out.buf;
	return 0;
}

int values_scalar(const char *text, char **ret_text)
{
	const struct read_node node = {.kind = READ_SCALAR, .text = (char *)text};

	return values_text(&node, ret_text);
}

static void value_done(struct policy_value *value)
{
	free(value->path);
	free(value->text);
}

/* Whether one path is the other, or lies below it. */
static bool is_within(const char *path, const char *above)
{
	size_t len = strlen(above);

	return strncmp(path, above, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

static void drop_related(struct policy *policy, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < policy->n_values; i++) {
		struct policy_value *v = &policy->values[i];

		if (is_within(v->path, path) || is_within(path, v->path))
			value_done(v);
		else
			policy->values[kept++] = *v;
	}
	policy->n_values = kept;
}

static int grow(struct policy *policy)
{
	size_t cap = policy->cap_values ? policy->cap_values * 2 : 64;
	struct policy_value *grown;

	if (policy->n_values < policy->cap_values)
		return 0;
	grown = reallocarray(policy->values, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	policy->values = grown;
	policy->cap_values = cap;
	return 0;
}

int values_set(struct policy *policy, const char *path, const struct read_node *node,
	       bool unenforced)
{
	_cleanup_free_ char *kept_path = strdup(path), *text = NULL;
	const struct read_mark *mark = node->key ? &node->key->mark : &node->mark;

	if (!kept_path || values_text(node, &text) < 0)
		return -ENOMEM;
	drop_related(policy, path);
	if (grow(policy) < 0)
		return -ENOMEM;
	policy->values[policy->n_values++] = (struct policy_value){
		.path = TAKE_PTR(kept_path),
		.text = TAKE_PTR(text),
		.file = mark->source > 0 ? mark->source - 1 : 0,
		.line = mark->line + 1,
		.unenforced = unenforced,
	};
	return 0;
}

const struct policy_value *values_find(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->n_values; i++)
		if (strcmp(policy->values[i].path, path) == 0)
			return &policy->values[i];
	return NULL;
}

int values_set_files(struct policy *policy, const struct policy_source *sources, size_t n)
{
	policy->files = calloc(n > 0 ? n : 1, sizeof(*policy->files));
	if (!policy->files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		policy->files[i] = strdup(sources[i].name);
		if (!policy->files[i])
			return -ENOMEM;
		policy->n_files = i + 1;
	}
	return 0;
}

void values_done(struct policy *policy)
{
	for (size_t i = 0; i < policy->n_values; i++)
		value_done(&policy->values[i]);
	free(policy->values);
	policy->values = NULL;
	policy->n_values = policy->cap_values = 0;
	for (size_t i = 0; i < policy->n_files; i++)
		free(policy->files[i]);
	free(policy->files);
	policy->files = NULL;
	policy->n_files = 0;
}
