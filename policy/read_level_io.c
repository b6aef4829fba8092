// SPDX-License-Identifier: LGPL-2.1-or-later
// levels.P*.io: what a level does to disks. Reads single values.
#include <errno.h>
#include <string.h>

#include "policy/reader.h"

#define WEIGHT_MAX 10000

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

static const struct reader_key squeeze_keys[] = {
	{.name = "floor",
	 .read = reader_share,
	 .offset = offsetof(struct level_io, squeeze_floor_permille),
	 .accepts = "0.1% to 100.0%",
	 .schema = READER_SCHEMA_SHARE},
	{0},
};

static int read_squeeze(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	struct level_io *io = field;

	if (node->kind == READ_SCALAR && strcmp(node->text, "none") == 0) {
		io->squeeze = false;
		io->squeeze_floor_permille = 0;
		return 0;
	}
	io->squeeze = true;
	if (node->kind == READ_MAPPING && !read_yaml_child(node, "floor"))
		reader_error(reader, node, "e.g. squeeze: {floor: 10%}",
			     "an IO squeeze without a floor");
	return reader_mapping(reader, node, key->keys, key->name, io);
}

const struct reader_key read_level_io_keys[] = {
	{.name = "weight",
	 .read = read_io_weight,
	 .offset = offsetof(struct level_io, weight),
	 .mark = READER_IO_WEIGHT,
	 .accepts = "keep, 1..10000",
	 .schema = "\"anyOf\":[{\"enum\":[\"keep\"]},{\"type\":\"integer\",\"minimum\":1,"
		   "\"maximum\":10000}]"},
	{.name = "squeeze",
	 .read = read_squeeze,
	 .mark = READER_IO_SQUEEZE,
	 .keys = squeeze_keys,
	 .accepts = "{floor: 10%}, none"},
	{0},
};
