// SPDX-License-Identifier: LGPL-2.1-or-later
// The labels of a node, as a file of lines and as the API server's answer: whatever comes, it is refused or
// gives labels that Kubernetes would take, each once.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discover/node_json.h"
#include "policy/node_labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_labels(struct node_labels *labels)
{
	struct node_labels again = {0};

	check(labels->n <= NODE_LABELS_MAX);
	for (size_t i = 0; i < labels->n; i++) {
		const char *value = node_labels_get(labels, labels->list[i].key);

		check(value == labels->list[i].value);
		check(!strpbrk(value, " \n=/") && !strpbrk(labels->list[i].key, " \n="));
		check(node_labels_add(&again, labels->list[i].key, value) == 0);
	}
	check(node_labels_same(labels, &again));
	for (size_t i = 0; i < again.n; i++) {
		free(again.list[i].key);
		free(again.list[i].value);
	}
	free(again.list);
	node_labels_free(labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct node_labels *labels = NULL;
	unsigned line = 0;
	char *text = malloc(size + 1);
	int r;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	r = node_labels_parse(text, size, &labels, &line);
	check((r == 0) == (labels != NULL) && (r == 0) == (line == 0));
	if (labels)
		check_labels(labels);
	labels = NULL;
	r = node_json_parse(text, size, "node-1", &labels);
	check((r == 0) == (labels != NULL));
	if (labels)
		check_labels(labels);
	free(text);
	return 0;
}
