// SPDX-License-Identifier: LGPL-2.1-or-later
// levels: what each priority level does to CPU, memory and IO. Reads single values only; whether a
// level makes sense as a whole (also after several files were merged) is check_levels.c's business.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/quantity.h"
#include "policy/reader.h"

#define WEIGHT_MAX 10000
#define RATIO_MAX 10000

static int read_role(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	static const char *const words[] = {"online", "offline"};
	int word = reader_word(reader, node, "a role", words, 2);

	(void)key;
	/* Not the default: whether the level's other fields fit is then not judged. */
	*(enum role *)field = word >= 0 ? (enum role)names_role_from(words[word]) : ROLE_INVALID;
	return 0;
}

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
	} else if (strcmp(text, "keep") == 0) {
		cpu->weight = WEIGHT_KEEP;
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
		reader->fields[reader->level][READER_YIELD_NONE] = node->mark;
	} else if (strcmp(text, "idle") == 0) {
		cpu->yield = YIELD_IDLE;
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

static int read_share(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_permille(reader, node, 1, 1000, field);
	return 0;
}

static const struct reader_key squeeze_keys[] = {
	{.name = "target",
	 .read = read_share,
	 .offset = offsetof(struct level_cpu, squeeze_target_permille),
	 .mark = READER_TARGET,
	 .accepts = "0.1% to 100.0%"},
	{.name = "floor",
	 .read = read_share,
	 .offset = offsetof(struct level_cpu, squeeze_floor_permille),
	 .mark = READER_FLOOR,
	 .accepts = "0.1% to 100.0%"},
	{0},
};

/* `none` is there for drop-ins: it takes back what an earlier file asked for. */
static int read_squeeze(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	struct level_cpu *cpu = field;

	if (node->kind == READ_SCALAR && strcmp(node->text, "none") == 0) {
		cpu->squeeze = false;
		return 0;
	}
	cpu->squeeze = true;
	return reader_mapping(reader, node, key->keys, key->name, cpu);
}

static const struct reader_key cpu_keys[] = {
	{.name = "weight",
	 .read = read_cpu_weight,
	 .mark = READER_WEIGHT,
	 .accepts = "request, keep, 1..10000"},
	{.name = "yield",
	 .read = read_yield,
	 .mark = READER_YIELD,
	 .accepts = "ratio N, idle, none"},
	{.name = "squeeze",
	 .read = read_squeeze,
	 .mark = READER_SQUEEZE,
	 .keys = squeeze_keys,
	 .accepts = "{target: 65%, floor: 2%}, none"},
	{0},
};

/* Text before " of limit"; empty when the value is not of that form. */
static void limit_share(const char *text, char *buf, size_t size)
{
	static const char tail[] = " of limit";
	size_t len = strlen(text);

	buf[0] = '\0';
	if (len < sizeof(tail) || strcmp(text + len - (sizeof(tail) - 1), tail) != 0)
		return;
	len -= sizeof(tail) - 1;
	if (len < size) {
		memcpy(buf, text, len);
		buf[len] = '\0';
	}
}

static void read_bytes(struct reader *reader, const struct read_node *node, const char *accepts,
		       struct amount *amount)
{
	char hint[DIAG_TEXT_SIZE];
	uint64_t bytes;
	int r = quantity_bytes(node->text, &bytes);

	(void)snprintf(hint, sizeof(hint), "accepted: %s", accepts);
	if (r == -EINVAL)
		reader_error(reader, node, hint, "\"%.60s\" is not an amount of memory",
			     node->text);
	else if (r < 0)
		reader_error(reader, node, hint, "%.60s is more than a kernel can count",
			     node->text);
	else if (bytes < 4096)
		reader_error(reader, node, "to ask for nothing, write none",
			     "%.60s is less than a page of memory (4Ki)", node->text);
	else
		*amount = (struct amount){.kind = AMOUNT_BYTES, .value = bytes};
}

static int read_amount(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct amount *amount = field;
	char share[16];
	uint32_t permille;

	if (!text)
		return 0;
	limit_share(text, share, sizeof(share));
	if (strcmp(text, "none") == 0)
		*amount = (struct amount){.kind = AMOUNT_NONE};
	else if (strcmp(text, "request") == 0)
		*amount = (struct amount){.kind = AMOUNT_REQUEST};
	else if (quantity_permille(text, &permille) == 0)
		reader_error(reader, node, "write: 80% of limit", "%.60s of what?", text);
	else if (!share[0])
		read_bytes(reader, node, key->accepts, amount);
	else if (quantity_permille(share, &permille) < 0 || permille < 1 || permille > 1000)
		reader_error(reader, node, "accepted: 0.1% of limit to 100% of limit",
			     "\"%.60s\" is not a share of the limit", text);
	else
		*amount = (struct amount){.kind = AMOUNT_PERMILLE_OF_LIMIT, .value = permille};
	return 0;
}

#define AMOUNT_ACCEPTS "request, N% of limit, bytes like 512Mi, none"

static const struct reader_key memory_keys[] = {
	{.name = "min",
	 .read = read_amount,
	 .offset = offsetof(struct level_memory, min),
	 .mark = READER_MIN,
	 .accepts = AMOUNT_ACCEPTS},
	{.name = "low",
	 .read = read_amount,
	 .offset = offsetof(struct level_memory, low),
	 .mark = READER_LOW,
	 .accepts = AMOUNT_ACCEPTS},
	{.name = "high",
	 .read = read_amount,
	 .offset = offsetof(struct level_memory, high),
	 .mark = READER_HIGH,
	 .accepts = AMOUNT_ACCEPTS},
	{0},
};

static int read_io_weight(struct reader *reader, const struct reader_key *key,
			  const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);

	if (!text)
		return 0;
	if (strcmp(text, "keep") == 0)
		*(uint32_t *)field = 0;
	else if (strspn(text, "0123456789") == 0)
		reader_error(reader, node, "accepted: keep, 1..10000", "\"%.60s\" is not a weight",
			     text);
	else
		(void)reader_number(reader, node, 0, 1, WEIGHT_MAX, "a weight", field);
	return 0;
}

static const struct reader_key io_keys[] = {
	{.name = "weight",
	 .read = read_io_weight,
	 .offset = offsetof(struct level_io, weight),
	 .mark = READER_IO_WEIGHT,
	 .accepts = "keep, 1..10000"},
	{0},
};

static const struct reader_key level_keys[] = {
	{.name = "role",
	 .read = read_role,
	 .offset = offsetof(struct level_policy, role),
	 .mark = READER_ROLE,
	 .accepts = "online, offline"},
	{.name = "sensitive",
	 .read = reader_bool,
	 .offset = offsetof(struct level_policy, sensitive),
	 .mark = READER_SENSITIVE,
	 .accepts = "false, true"},
	{.name = "cpu",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, cpu),
	 .keys = cpu_keys},
	{.name = "memory",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, memory),
	 .keys = memory_keys},
	{.name = "io",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, io),
	 .keys = io_keys},
	{0},
};

static int read_level(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	struct level_policy *level = field;

	reader->level = (enum level)(key - read_levels_keys);
	reader->fields[reader->level][READER_LEVEL] = node->key->mark;
	level->defined = true;
	if (node->kind != READ_MAPPING) {
		/* Said once: what it does not say is not missed too. */
		reader->fields[reader->level][READER_ROLE] = node->mark;
		level->role = ROLE_INVALID;
	}
	return reader_mapping(reader, node, key->keys, key->name, level);
}

#define LEVEL(n)                                                                                   \
	{                                                                                          \
		.name = "P" #n, .read = read_level, .offset = sizeof(struct level_policy) * n,     \
		.keys = level_keys                                                                 \
	}

const struct reader_key read_levels_keys[] = {
	LEVEL(0), LEVEL(1), LEVEL(2), LEVEL(3), LEVEL(4), LEVEL(5), LEVEL(6), LEVEL(7), {0},
};

int read_levels(struct reader *reader, const struct reader_key *key, const struct read_node *node,
		void *field)
{
	return reader_mapping(reader, node, key->keys, key->name, field);
}
