// SPDX-License-Identifier: LGPL-2.1-or-later
// See nodes.h. A part that grows from 1 to 10 to 100 percent of the nodes holds at each step on all that it
// held on before: a node's place is a hash of its machine id, which stays.
#include "policy/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/node_labels.h"
#include "policy/rule.h"

#define PERMILLE 1000u

static int read_text(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);

	if (!text)
		return 0;
	if (strlen(text) >= NODES_TEXT_SIZE)
		reader_error(reader, node, "", "longer than any name of a host");
	else if (key->offset != offsetof(struct nodes, host) ||
		 reader_is_pattern(reader, node, text))
		(void)snprintf(field, NODES_TEXT_SIZE, "%s", text);
	return 0;
}

/* "key" or "key=glob", as labels of pods are matched. */
static int read_label(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts), *equals;
	size_t plain;

	if (!text)
		return 0;
	plain = strcspn(text, "*?[= ");
	equals = text[plain] == '=' ? text + plain : NULL;
	if (plain == 0 || (text[plain] && !equals))
		reader_error(reader, node, "accepted: a key such as pool, or \"pool=batch-*\"",
			     "\"%.60s\" has no plain key (only the value may be a pattern)", text);
	else if (strlen(text) >= NODES_LABEL_SIZE)
		reader_error(reader, node, "", "longer than any label could be");
	else if (!equals || reader_is_pattern(reader, node, equals + 1))
		(void)snprintf(field, NODES_LABEL_SIZE, "%s", text);
	return 0;
}

static int read_percent(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_permille(reader, node, 0, PERMILLE, field);
	return 0;
}

const struct reader_key nodes_keys[] = {
	{.name = "host",
	 .read = read_text,
	 .offset = offsetof(struct nodes, host),
	 .accepts = "a name or a pattern",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "label",
	 .read = read_label,
	 .offset = offsetof(struct nodes, label),
	 .accepts = "key, or \"key=pattern\"",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "percent",
	 .read = read_percent,
	 .offset = offsetof(struct nodes, permille),
	 .accepts = "0.0% to 100.0%",
	 .schema = READER_SCHEMA_SHARE},
	{.name = "seed",
	 .read = read_text,
	 .offset = offsetof(struct nodes, seed),
	 .accepts = "a word",
	 .schema = READER_SCHEMA_TEXT},
	{0},
};

static uint64_t add(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash;
}

uint32_t nodes_place(const char *machine_id, const char *seed)
{
	uint64_t hash = add(add(add(0xcbf29ce484222325ull, machine_id), "/"), seed);

	/* FNV alone leaves ids that differ in the last digit close together. */
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdull;
	hash ^= hash >> 33;
	hash *= 0xc4ceb9fe1a85ec53ull;
	hash ^= hash >> 33;
	return (uint32_t)(hash % PERMILLE);
}

static enum nodes_verdict label_holds(const struct nodes *nodes, const struct policy_node *node,
				      char *ret_why)
{
	const char *equals = strchr(nodes->label, '='), *value;
	char key[NODES_LABEL_SIZE];

	if (!node->labels) {
		(void)snprintf(ret_why, NODES_WHY_SIZE,
			       "waits for the labels of this node (%s): %s", nodes->label,
			       node->labels_why ? node->labels_why : "nobody tells them here");
		return NODES_WAIT;
	}
	(void)snprintf(key, sizeof(key), "%.*s",
		       (int)(equals ? equals - nodes->label : NODES_LABEL_SIZE), nodes->label);
	value = node_labels_get(node->labels, key);
	if (!value)
		(void)snprintf(ret_why, NODES_WHY_SIZE, "this node has no label %s", key);
	else if (equals && !rule_glob(equals + 1, value))
		(void)snprintf(ret_why, NODES_WHY_SIZE, "the label %s of this node is %s, not %s",
			       key, value[0] ? value : "empty", equals + 1);
	else
		return NODES_HOLD;
	return NODES_NOT;
}

static bool place_holds(const struct nodes *nodes, const struct policy_node *node, char *ret_why)
{
	uint32_t place;

	if (nodes->permille >= PERMILLE)
		return true;
	if (!node->machine_id[0]) {
		(void)snprintf(ret_why, NODES_WHY_SIZE,
			       "this node has no machine id to tell its place by");
		return false;
	}
	place = nodes_place(node->machine_id, nodes->seed);
	if (place < nodes->permille)
		return true;
	(void)snprintf(ret_why, NODES_WHY_SIZE, "this node's place is %u.%u%%, behind %u.%u%%",
		       place / 10, place % 10, nodes->permille / 10, nodes->permille % 10);
	return false;
}

static bool asks_nothing(const struct nodes *nodes)
{
	return !nodes->host[0] && !nodes->label[0] && nodes->permille >= PERMILLE;
}

enum nodes_verdict nodes_hold(const struct nodes *nodes, const struct policy_node *node,
			      char *ret_why)
{
	if (!node || asks_nothing(nodes))
		return NODES_HOLD;
	if (node->nowhere) {
		(void)snprintf(ret_why, NODES_WHY_SIZE, "no node is looked at");
		return NODES_NOT;
	}
	if (nodes->host[0] && (!node->host[0] || !rule_glob(nodes->host, node->host))) {
		(void)snprintf(ret_why, NODES_WHY_SIZE, "this host is %s, not %s",
			       node->host[0] ? node->host : "without a name", nodes->host);
		return NODES_NOT;
	}
	if (!place_holds(nodes, node, ret_why))
		return NODES_NOT;
	return nodes->label[0] ? label_holds(nodes, node, ret_why) : NODES_HOLD;
}
