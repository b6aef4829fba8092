// SPDX-License-Identifier: LGPL-2.1-or-later
// levels: what each priority level is; what it does to a resource is in read_level_*.c. Reads single
// values only; whether a level makes sense as a whole (also after several files were merged) is
// check_levels.c's business.
#include "policy/names.h"
#include "policy/reader.h"

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
	 .accepts = "false, true",
	 .schema = READER_SCHEMA_BOOL,
	 .unenforced = true},
	{.name = "cpu",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, cpu),
	 .keys = read_level_cpu_keys},
	{.name = "memory",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, memory),
	 .keys = read_level_memory_keys},
	{.name = "io",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, io),
	 .keys = read_level_io_keys},
	{.name = "net",
	 .read = reader_submapping,
	 .offset = offsetof(struct level_policy, net),
	 .keys = read_level_net_keys},
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
