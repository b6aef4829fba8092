// SPDX-License-Identifier: LGPL-2.1-or-later
// levels.P*.io and levels.P*.net: what a level does to disks and links. Reads single values.
#include <errno.h>
#include <string.h>

#include "policy/quantity.h"
#include "policy/reader.h"

#define WEIGHT_MAX 10000
#define SHARE_MAX 1000

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

static int read_share(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);

	if (text && strcmp(text, "none") == 0)
		*(uint32_t *)field = 0;
	else if (text)
		(void)reader_number(reader, node, 0, 1, SHARE_MAX, "a share of the link", field);
	return 0;
}

/* Of the link, whose speed is known when it is there; or absolute. */
static int read_rate(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct rate *rate = field;
	uint64_t bytes;
	uint32_t permille;

	if (!text)
		return 0;
	if (strcmp(text, "none") == 0)
		*rate = (struct rate){.kind = RATE_NONE};
	else if (quantity_permille(text, &permille) == 0 && permille >= 1 && permille <= 1000)
		*rate = (struct rate){.kind = RATE_PERMILLE, .value = permille};
	else if (quantity_rate(text, &bytes) == 0 && bytes >= 1000)
		*rate = (struct rate){.kind = RATE_BYTES_PER_S, .value = bytes};
	else
		reader_error(reader, node, "accepted: 0.1% to 100%, a rate like 20MB/s, none",
			     "\"%.60s\" is not a part of a link", text);
	return 0;
}

#define RATE_ACCEPTS "N%, a rate like 20MB/s, none"

const struct reader_key read_level_net_keys[] = {
	{.name = "share",
	 .read = read_share,
	 .offset = offsetof(struct level_net, share),
	 .mark = READER_NET_SHARE,
	 .accepts = "1..1000, none",
	 .schema = "\"anyOf\":[{\"enum\":[\"none\"]},{\"type\":\"integer\",\"minimum\":1,"
		   "\"maximum\":1000}]",
	 .unenforced = true},
	{.name = "min",
	 .read = read_rate,
	 .offset = offsetof(struct level_net, min),
	 .mark = READER_NET_MIN,
	 .accepts = RATE_ACCEPTS,
	 .schema = READER_SCHEMA_TEXT,
	 .unenforced = true},
	{.name = "ceiling",
	 .read = read_rate,
	 .offset = offsetof(struct level_net, ceiling),
	 .mark = READER_NET_CEILING,
	 .accepts = RATE_ACCEPTS,
	 .schema = READER_SCHEMA_TEXT,
	 .unenforced = true},
	{0},
};
