// SPDX-License-Identifier: LGPL-2.1-or-later
// evict: how offline pods are sent away when nothing gentler helped. Reads single values.
#include <errno.h>

#include "policy/names_policy.h"
#include "policy/reader.h"

#define SECOND_US 1000000ull
#define PER_HOUR_MAX 240

static int read_by(struct reader *reader, const struct reader_key *key,
		   const struct read_node *node, void *field)
{
	struct evict_policy *evict = field;
	const char *words[EVICT_WAY_COUNT];
	int found[EVICT_WAY_COUNT], n;

	for (int i = 0; i < EVICT_WAY_COUNT; i++)
		words[i] = names_evict_way((enum evict_way)i);
	n = reader_words(reader, node, key, words, EVICT_WAY_COUNT, found);
	for (int i = 0; i < n; i++)
		evict->by[i] = (enum evict_way)found[i];
	if (n >= 0)
		evict->n_by = (size_t)n;
	return 0;
}

static int read_order(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	struct evict_policy *evict = field;
	const char *words[EVICT_KEY_COUNT];
	int found[EVICT_KEY_COUNT], n;

	for (int i = 0; i < EVICT_KEY_COUNT; i++)
		words[i] = names_evict_key((enum evict_key)i);
	n = reader_words(reader, node, key, words, EVICT_KEY_COUNT, found);
	if (n == 0)
		reader_error(reader, node, "e.g. [level, over-request, usage, newest]",
			     "an order of nothing");
	for (int i = 0; i < n; i++)
		evict->order[i] = (enum evict_key)found[i];
	if (n > 0)
		evict->n_order = (size_t)n;
	return 0;
}

static int read_grace(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_duration(reader, node, 0, 3600 * SECOND_US, "0s to 1h", field);
	return 0;
}

static int read_cooldown(struct reader *reader, const struct reader_key *key,
			 const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_duration(reader, node, SECOND_US, 24 * 3600 * SECOND_US, "1s to 24h", field);
	return 0;
}

static int read_per_hour(struct reader *reader, const struct reader_key *key,
			 const struct read_node *node, void *field)
{
	if (reader_scalar(reader, node, key->accepts))
		(void)reader_number(reader, node, 0, 0, PER_HOUR_MAX, "a number of evictions",
				    field);
	return 0;
}

const struct reader_key read_evict_keys[] = {
	{.name = "by",
	 .read = read_by,
	 .accepts = "a list of: kubernetes, kill",
	 .schema = "\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"enum\":[\"kubernetes\","
		   "\"kill\"]}"},
	{.name = "grace",
	 .read = read_grace,
	 .offset = offsetof(struct evict_policy, grace_us),
	 .accepts = "0s to 1h",
	 .schema = READER_SCHEMA_DURATION},
	{.name = "cooldown",
	 .read = read_cooldown,
	 .offset = offsetof(struct evict_policy, cooldown_us),
	 .accepts = "1s to 24h",
	 .schema = READER_SCHEMA_DURATION},
	{.name = "per-hour",
	 .read = read_per_hour,
	 .offset = offsetof(struct evict_policy, per_hour),
	 .accepts = "0..240",
	 .schema = "\"type\":\"integer\",\"minimum\":0,\"maximum\":240"},
	{.name = "order",
	 .read = read_order,
	 .accepts = "a list of: level, over-request, usage, newest, cost, opt-out",
	 .schema = "\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true,\"items\":{\"enum\":["
		   "\"level\",\"over-request\",\"usage\",\"newest\",\"cost\",\"opt-out\"]}"},
	{.name = "taint",
	 .read = reader_bool,
	 .offset = offsetof(struct evict_policy, taint),
	 .accepts = "false, true",
	 .schema = READER_SCHEMA_BOOL},
	{0},
};
