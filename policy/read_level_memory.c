// SPDX-License-Identifier: LGPL-2.1-or-later
// levels.P*.memory: what a level does to memory. Reads single values; check_levels.c sees the whole.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/quantity.h"
#include "policy/reader.h"

/* "N%" between `head` and `tail` as permille of 0.1 % to 100 %. False where the text is not of that form;
 * *ret_permille is 0 where it is, and the share is none. */
static bool share_between(const char *text, const char *head, const char *tail,
			  uint32_t *ret_permille)
{
	size_t len = strlen(text), before = strlen(head), after = strlen(tail);
	char share[16];
	uint32_t value;

	if (len <= before + after || strncmp(text, head, before) != 0 ||
	    strcmp(text + len - after, tail) != 0)
		return false;
	len -= before + after;
	*ret_permille = 0;
	if (len >= sizeof(share))
		return true;
	memcpy(share, text + before, len);
	share[len] = '\0';
	if (quantity_permille(share, &value) == 0 && value <= 1000)
		*ret_permille = value;
	return true;
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

/* The two forms that are a share of something. False where it is none of them. */
static bool read_part(struct reader *reader, const struct read_node *node, bool with_headroom,
		      struct amount *amount)
{
	enum amount_kind kind = AMOUNT_PERMILLE_OF_LIMIT;
	uint32_t permille = 0;

	if (with_headroom && share_between(node->text, "request + ", " of headroom", &permille))
		kind = AMOUNT_HEADROOM;
	else if (!share_between(node->text, "", " of limit", &permille))
		return false;
	if (permille == 0)
		reader_error(reader, node,
			     kind == AMOUNT_HEADROOM
				     ? "accepted: request + 0.1% of headroom to 100% of headroom"
				     : "accepted: 0.1% of limit to 100% of limit",
			     "\"%.60s\" is not a share of the %s", node->text,
			     kind == AMOUNT_HEADROOM ? "headroom" : "limit");
	else
		*amount = (struct amount){.kind = kind, .value = permille};
	return true;
}

static int read_amount(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct amount *amount = field;
	uint32_t permille;

	if (!text)
		return 0;
	if (strcmp(text, "none") == 0)
		*amount = (struct amount){.kind = AMOUNT_NONE};
	else if (strcmp(text, "request") == 0)
		*amount = (struct amount){.kind = AMOUNT_REQUEST};
	else if (quantity_permille(text, &permille) == 0)
		reader_error(reader, node, "write: 80% of limit", "%.60s of what?", text);
	else if (!read_part(reader, node, strcmp(key->name, "high") == 0, amount))
		read_bytes(reader, node, key->accepts, amount);
	return 0;
}

/* "+50%": above the line of room.h. */
static int read_watermark(struct reader *reader, const struct reader_key *key,
			  const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	uint32_t value;

	if (!text)
		return 0;
	if (strcmp(text, "none") == 0)
		*(uint32_t *)field = 0;
	else if (text[0] == '+' && quantity_permille(text + 1, &value) == 0 && value >= 10 &&
		 value <= 10000)
		*(uint32_t *)field = value;
	else
		reader_error(reader, node, "accepted: +1% to +1000%, none",
			     "\"%.60s\" is not a watermark such as +50%%", text);
	return 0;
}

/* Under a MiB a second a pod could not start; a GiB is no bound at all for one that could not. */
static int read_growth(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	uint64_t value;

	if (!text)
		return 0;
	if (strcmp(text, "none") == 0)
		*(uint64_t *)field = 0;
	else if (quantity_rate(text, &value) == 0 && value >= 1000000 && value <= 1ull << 40)
		*(uint64_t *)field = value;
	else
		reader_error(reader, node, "accepted: 1MB/s to 1TiB/s, none",
			     "\"%.60s\" is not a rate such as 256MiB/s", text);
	return 0;
}

static int read_oom(struct reader *reader, const struct reader_key *key,
		    const struct read_node *node, void *field)
{
	static const char *const words[] = {"keep", "protect", "first"};
	int word = reader_word(reader, node, "a place in the kernel's OOM order", words, 3);

	(void)key;
	if (word >= 0)
		*(enum oom_kind *)field = (enum oom_kind)word;
	return 0;
}

#define AMOUNT_ACCEPTS "request, N% of limit, bytes like 512Mi, none"
#define HIGH_ACCEPTS "request, N% of limit, request + N% of headroom, bytes like 512Mi, none"
#define AMOUNT_SCHEMA                                                                              \
	"\"anyOf\":[{\"type\":\"string\",\"pattern\":\"^(none|request|[0-9]+(\\\\.[0-9])?% of "    \
	"limit|request \\\\+ [0-9]+(\\\\.[0-9])?% of headroom|[0-9.]+([numkMGTPE]|[KMGTPE]i|[eE]"  \
	"[-+]?[0-9]+)?)$\"},{\"type\":\"integer\",\"minimum\":4096}]"

const struct reader_key read_level_memory_keys[] = {
	{.name = "min",
	 .read = read_amount,
	 .offset = offsetof(struct level_memory, min),
	 .mark = READER_MIN,
	 .accepts = AMOUNT_ACCEPTS,
	 .schema = AMOUNT_SCHEMA},
	{.name = "low",
	 .read = read_amount,
	 .offset = offsetof(struct level_memory, low),
	 .mark = READER_LOW,
	 .accepts = AMOUNT_ACCEPTS,
	 .schema = AMOUNT_SCHEMA},
	{.name = "high",
	 .read = read_amount,
	 .offset = offsetof(struct level_memory, high),
	 .mark = READER_HIGH,
	 .accepts = HIGH_ACCEPTS,
	 .schema = AMOUNT_SCHEMA},
	{.name = "watermark",
	 .read = read_watermark,
	 .offset = offsetof(struct level_memory, watermark_permille),
	 .mark = READER_WATERMARK,
	 .accepts = "+N%, none",
	 .schema = "\"type\":\"string\",\"pattern\":\"^(\\\\+[0-9]+(\\\\.[0-9])?%|none)$\""},
	{.name = "growth",
	 .read = read_growth,
	 .offset = offsetof(struct level_memory, growth_bytes_per_s),
	 .mark = READER_GROWTH,
	 .accepts = "a rate like 256MiB/s, none",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "oom",
	 .read = read_oom,
	 .offset = offsetof(struct level_memory, oom),
	 .mark = READER_OOM,
	 .accepts = "keep, protect, first"},
	{0},
};
