// SPDX-License-Identifier: LGPL-2.1-or-later
// levels.P*.cpu: what a level does to CPU time. Reads single values; check_levels.c sees the whole.
#include <errno.h>
#include <string.h>

#include "policy/reader.h"

#define WEIGHT_MAX 10000
#define RATIO_MAX 10000

static int read_cpu_weight(struct reader *reader, const struct reader_key *key,
			   const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct level_cpu *cpu = field;
	uint32_t value;

	if (!text)
		return 0;
	if (strcmp(text, "request") == 0) {
		cpu->weight = WEIGHT_REQUEST;
		cpu->weight_value = 0;
	} else if (strcmp(text, "keep") == 0) {
		cpu->weight = WEIGHT_KEEP;
		cpu->weight_value = 0;
	} else if (strspn(text, "0123456789") == 0) {
		reader_error(reader, node, "accepted: request, keep, 1..10000",
			     "\"%.60s\" is not a weight", text);
	} else if (reader_number(reader, node, 0, 1, WEIGHT_MAX, "a weight", &value) == 0) {
		cpu->weight = WEIGHT_FIXED;
		cpu->weight_value = value;
	}
	return 0;
}

static int read_yield(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct level_cpu *cpu = field;
	uint32_t ratio;

	if (!text)
		return 0;
	reader->fields[reader->level][READER_YIELD_NONE] = (struct read_mark){0};
	if (strcmp(text, "none") == 0) {
		cpu->yield = YIELD_NONE;
		cpu->yield_ratio = 0;
		reader->fields[reader->level][READER_YIELD_NONE] = node->mark;
	} else if (strcmp(text, "idle") == 0) {
		cpu->yield = YIELD_IDLE;
		cpu->yield_ratio = 0;
	} else if (strncmp(text, "ratio ", 6) != 0) {
		reader_error(reader, node,
			     "accepted: ratio N (online : offline weight), idle, none",
			     "\"%.60s\" is not a way to yield", text);
	} else if (reader_number(reader, node, 6, 1, RATIO_MAX, "a ratio", &ratio) == 0) {
		cpu->yield = YIELD_RATIO;
		cpu->yield_ratio = ratio;
	}
	return 0;
}

static const struct reader_key squeeze_keys[] = {
	{.name = "target",
	 .read = reader_share,
	 .offset = offsetof(struct level_cpu, squeeze_target_permille),
	 .mark = READER_TARGET,
	 .accepts = "0.1% to 100.0%",
	 .schema = READER_SCHEMA_SHARE},
	{.name = "floor",
	 .read = reader_share,
	 .offset = offsetof(struct level_cpu, squeeze_floor_permille),
	 .mark = READER_FLOOR,
	 .accepts = "0.1% to 100.0%",
	 .schema = READER_SCHEMA_SHARE},
	{0},
};

/* `none` is there for drop-ins: it takes back what an earlier file asked for. */
static int read_squeeze(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	struct level_cpu *cpu = field;

	if (node->kind == READ_SCALAR && strcmp(node->text, "none") == 0) {
		/* A later file that squeezes again has to say all of it. */
		cpu->squeeze = false;
		cpu->squeeze_target_permille = cpu->squeeze_floor_permille = 0;
		reader->fields[reader->level][READER_TARGET] = (struct read_mark){0};
		reader->fields[reader->level][READER_FLOOR] = (struct read_mark){0};
		return 0;
	}
	cpu->squeeze = true;
	return reader_mapping(reader, node, key->keys, key->name, cpu);
}

static int read_cores(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	static const char *const words[] = {"shared", "exclusive"};
	int word = reader_word(reader, node, "a use of cores", words, 2);

	(void)key;
	if (word >= 0)
		*(enum cores_kind *)field = word ? CORES_EXCLUSIVE : CORES_SHARED;
	return 0;
}

static int read_smt(struct reader *reader, const struct reader_key *key,
		    const struct read_node *node, void *field)
{
	static const char *const words[] = {"shared", "avoid-offline"};
	int word = reader_word(reader, node, "a use of SMT siblings", words, 2);

	(void)key;
	if (word >= 0)
		*(enum smt_kind *)field = word ? SMT_AVOID_OFFLINE : SMT_SHARED;
	return 0;
}

static int read_scheduling(struct reader *reader, const struct reader_key *key,
			   const struct read_node *node, void *field)
{
	static const char *const words[] = {"keep", "idle"};
	int word = reader_word(reader, node, "a scheduling policy", words, 2);

	(void)key;
	if (word >= 0)
		*(enum scheduling_kind *)field = word ? SCHEDULING_IDLE : SCHEDULING_KEEP;
	return 0;
}

/* The kernel takes a burst of at most the quota itself. */
static int read_burst(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	uint32_t permille = 0;

	if (reader_share_of(reader, node, key, " of quota", &permille) == 0)
		*(uint32_t *)field = permille;
	return 0;
}

const struct reader_key read_level_cpu_keys[] = {
	{.name = "weight",
	 .read = read_cpu_weight,
	 .mark = READER_WEIGHT,
	 .accepts = "request, keep, 1..10000",
	 .schema =
		 "\"anyOf\":[{\"enum\":[\"request\",\"keep\"]},{\"type\":\"integer\",\"minimum\":1,"
		 "\"maximum\":10000}]"},
	{.name = "yield",
	 .read = read_yield,
	 .mark = READER_YIELD,
	 .accepts = "ratio N, idle, none",
	 .schema = "\"type\":\"string\",\"pattern\":\"^(ratio [0-9]+|idle|none)$\""},
	{.name = "squeeze",
	 .read = read_squeeze,
	 .mark = READER_SQUEEZE,
	 .keys = squeeze_keys,
	 .accepts = "{target: 65%, floor: 2%}, none"},
	{.name = "cores",
	 .read = read_cores,
	 .offset = offsetof(struct level_cpu, cores),
	 .mark = READER_CORES,
	 .accepts = "shared, exclusive"},
	{.name = "smt",
	 .read = read_smt,
	 .offset = offsetof(struct level_cpu, smt),
	 .mark = READER_SMT,
	 .accepts = "shared, avoid-offline"},
	{.name = "scheduling",
	 .read = read_scheduling,
	 .offset = offsetof(struct level_cpu, scheduling),
	 .mark = READER_SCHEDULING,
	 .accepts = "keep, idle"},
	{.name = "burst",
	 .read = read_burst,
	 .offset = offsetof(struct level_cpu, burst_permille),
	 .accepts = "N% of quota, none",
	 .schema = "\"type\":\"string\",\"pattern\":\"^([0-9]+(\\\\.[0-9])?% of quota|none)$\""},
	{0},
};
