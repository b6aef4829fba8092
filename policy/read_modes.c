// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads `mode` and `modes`: how far colod may go, whole and per resource.
#include <errno.h>

#include "policy/names.h"
#include "policy/reader.h"

static int mode_word(struct reader *reader, const struct read_node *node)
{
	const char *words[MODE_COUNT];

	for (int i = 0; i < MODE_COUNT; i++)
		words[i] = names_mode((enum mode)i);
	return reader_word(reader, node, "a mode", words, MODE_COUNT);
}

int read_mode(struct reader *reader, const struct reader_key *key, const struct read_node *node,
	      void *field)
{
	int word = mode_word(reader, node);

	(void)key;
	if (word >= 0)
		*(enum mode *)field = (enum mode)word;
	return 0;
}

static int read_resource(struct reader *reader, const struct reader_key *key,
			 const struct read_node *node, void *field)
{
	int word = mode_word(reader, node);

	if (word < 0)
		return 0;
	*(struct policy_mode *)field = (struct policy_mode){.given = true, .mode = (enum mode)word};
	reader->modes[names_mode_of_from(key->name)] = node->mark;
	return 0;
}

#define ROW(resource, index)                                                                       \
	{                                                                                          \
		.name = resource, .read = read_resource,                                           \
		.offset = (index) * sizeof(struct policy_mode), .accepts = READ_MODES_ACCEPTED     \
	}

const struct reader_key read_modes_keys[] = {
	ROW("cpu", RESOURCE_CPU),
	ROW("memory", RESOURCE_MEMORY),
	ROW("io", RESOURCE_IO),
	{.name = "net",
	 .read = read_resource,
	 .offset = RESOURCE_NET * sizeof(struct policy_mode),
	 .accepts = READ_MODES_ACCEPTED},
	{0},
};
