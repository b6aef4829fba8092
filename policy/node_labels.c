// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_labels.h. One bad line makes the whole unknown: a label that is left out would read as one that
// the node does not have.
#include "policy/node_labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"

#define PREFIX_MAX 253
#define NAME_MAX_LEN 63
#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define LINE_SIZE 512

/* Letters, digits, '-', '_' and '.', at both ends a letter or digit. */
static bool is_name(const char *text, size_t len)
{
	return len > 0 && len <= NAME_MAX_LEN && strspn(text, LETTERS_AND_DIGITS "-_.") >= len &&
	       !strchr("-_.", text[0]) && !strchr("-_.", text[len - 1]);
}

/* A DNS subdomain. */
static bool is_prefix(const char *text, size_t len)
{
	return len > 0 && len <= PREFIX_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") >= len &&
	       !strchr("-.", text[0]) && !strchr("-.", text[len - 1]);
}

static bool is_key(const char *key)
{
	const char *slash = strchr(key, '/');
	const char *name = slash ? slash + 1 : key;

	return (!slash || is_prefix(key, (size_t)(slash - key))) && is_name(name, strlen(name));
}

static void cleanup_labels(struct node_labels **labels)
{
	node_labels_free(*labels);
}

void node_labels_free(struct node_labels *labels)
{
	if (!labels)
		return;
	for (size_t i = 0; i < labels->n; i++) {
		free(labels->list[i].key);
		free(labels->list[i].value);
	}
	free(labels->list);
	free(labels);
}

int node_labels_add(struct node_labels *labels, const char *key, const char *value)
{
	struct pod_label *grown, label;

	if (!is_key(key) || (value[0] && !is_name(value, strlen(value))))
		return -EINVAL;
	if (node_labels_get(labels, key))
		return -EEXIST;
	if (labels->n == NODE_LABELS_MAX)
		return -E2BIG;
	grown = reallocarray(labels->list, labels->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	labels->list = grown;
	label = (struct pod_label){.key = strdup(key), .value = strdup(value)};
	if (!label.key || !label.value) {
		free(label.key);
		free(label.value);
		return -ENOMEM;
	}
	labels->list[labels->n++] = label;
	return 0;
}

const char *node_labels_get(const struct node_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->list[i].key, key) == 0)
			return labels->list[i].value;
	return NULL;
}

bool node_labels_same(const struct node_labels *a, const struct node_labels *b)
{
	if (!a || !b)
		return a == b;
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = node_labels_get(b, a->list[i].key);

		if (!other || strcmp(other, a->list[i].value) != 0)
			return false;
	}
	return true;
}

static int add_line(struct node_labels *labels, const char *text, size_t len)
{
	char line[LINE_SIZE], *equals;

	while (len > 0 && strchr(" \t\r", text[len - 1]))
		len--;
	while (len > 0 && strchr(" \t", text[0])) {
		text++;
		len--;
	}
	if (len == 0 || text[0] == '#')
		return 0;
	if (len >= sizeof(line) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(line, text, len);
	line[len] = '\0';
	equals = strchr(line, '=');
	if (!equals)
		return -EINVAL;
	*equals = '\0';
	return node_labels_add(labels, line, equals + 1);
}

int node_labels_parse(const char *text, size_t len, struct node_labels **ret_labels,
		      unsigned *ret_line)
{
	_cleanup_(cleanup_labels) struct node_labels *labels = calloc(1, sizeof(*labels));
	const char *end = text + len;

	if (!labels)
		return -ENOMEM;
	for (unsigned line = 1; text < end; line++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop ? stop : end) - text);
		int r = add_line(labels, text, n);

		if (r < 0) {
			*ret_line = line;
			return r;
		}
		text += n + (stop != NULL);
	}
	*ret_labels = labels;
	labels = NULL;
	return 0;
}
