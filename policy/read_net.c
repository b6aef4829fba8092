// SPDX-License-Identifier: LGPL-2.1-or-later
// net and levels.P*.net: which links are shaped, how pods' packets are told apart, and what a level gets of a link.
// Reads single values; whether they fit each other is check_net.c's business.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/names_net.h"
#include "policy/net_mark.h"
#include "policy/net_shape.h"
#include "policy/quantity.h"
#include "policy/reader.h"

#define SHARE_MAX 1000
#define HEADROOM_MAX_PERMILLE 500
#define SPEED_HINT "accepted: a rate like 10Gbit/s or 1250MB/s, from 2Mbit/s to 8Tbit/s"
#define MARK_HINT                                                                                  \
	"e.g. 0x1200/0x1270: bits of the value, and three more, side by side, for the level"

/* What the kernel takes for the name of an interface; else it was reported. */
static bool is_name(struct reader *reader, const struct read_node *node, const char *text)
{
	size_t len = strlen(text);
	bool plain = len > 0 && len < NET_NAME_SIZE && strcmp(text, ".") != 0 &&
		     strcmp(text, "..") != 0;

	for (size_t i = 0; i < len; i++)
		plain &= text[i] > ' ' && text[i] < 127 && text[i] != '/' && text[i] != ':';
	if (!plain)
		reader_error(reader, node, "as ip link shows it, at most 15 characters",
			     "\"%.60s\" is not the name of an interface", text);
	return plain;
}

static int read_uplinks(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	struct net_policy *net = field;
	uint32_t n = 0;

	if (node->kind == READ_SCALAR && strcmp(node->text, "routes") == 0) {
		net->n_uplinks = 0;
		return 0;
	}
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	if (!node->first_child)
		reader_error(reader, node, "accepted: routes, or a list of names", "no uplink");
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		const char *text = reader_scalar(reader, c, "the name of an interface");
		bool again = false;

		if (!text || !is_name(reader, c, text))
			continue;
		for (uint32_t i = 0; i < n; i++)
			again |= strcmp(net->uplinks[i], text) == 0;
		if (again)
			reader_error(reader, c, "", "\"%s\" a second time", text);
		else if (n == NET_LINKS)
			reader_error(reader, c, "at most 8", "too many uplinks");
		else
			(void)snprintf(net->uplinks[n++], NET_NAME_SIZE, "%s", text);
	}
	net->n_uplinks = n;
	return 0;
}

static void read_one_speed(struct reader *reader, const struct read_node *node, const char *name,
			   struct net_policy *net)
{
	const char *text = reader_scalar(reader, node, "a rate like 10Gbit/s");
	uint64_t speed;

	if (!text)
		return;
	if (quantity_rate(text, &speed) < 0 || speed < NET_SHAPE_SPEED_MIN ||
	    speed > NET_SHAPE_SPEED_MAX) {
		reader_error(reader, node, SPEED_HINT, "\"%.60s\" is not the speed of a link",
			     text);
	} else if (net->n_speeds == NET_LINKS) {
		reader_error(reader, node, "at most 8", "too many speeds");
	} else {
		struct net_speed *to = &net->speeds[net->n_speeds++];

		(void)snprintf(to->name, sizeof(to->name), "%s", name);
		to->bytes_per_s = speed;
	}
}

/* The latest file's alone: an interface that it leaves out has no speed by an earlier one. */
static int read_speed(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	struct net_policy *net = field;

	net->n_speeds = 0;
	memset(net->speeds, 0, sizeof(net->speeds));
	if (node->kind == READ_SCALAR && strcmp(node->text, "link") == 0)
		return 0;
	if (node->kind == READ_SCALAR) {
		read_one_speed(reader, node, "", net);
		return 0;
	}
	if (!reader_is_mapping(reader, node, key->name))
		return 0;
	for (const struct read_node *c = node->first_child; c; c = c->next)
		if (c->key->kind == READ_SCALAR && is_name(reader, c->key, c->key->text))
			read_one_speed(reader, c, c->key->text, net);
	return 0;
}

static int read_mark(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	static const char *const faults[] = {
		[NET_MARK_OUTSIDE] = "the value has bits that the mask has not",
		[NET_MARK_NO_VALUE] = "without a bit of the value a packet of P0 looks unmarked",
		[NET_MARK_BITS] = "what the value leaves of the mask is not three bits side by "
				  "side, for eight levels",
	};
	const char *text = reader_scalar(reader, node, key->accepts);
	struct net_mark mark;
	enum net_mark_fault fault;
	enum net_mark_user user;
	uint32_t value, mask;

	if (!text)
		return 0;
	if (net_mark_parse(text, &value, &mask) < 0) {
		reader_error(reader, node, MARK_HINT, "\"%.60s\" is not VALUE/MASK", text);
		return 0;
	}
	fault = net_mark_make(value, mask, &mark);
	user = net_mark_clash(mask, 0);
	if (fault != NET_MARK_FINE)
		reader_error(reader, node, MARK_HINT, "%s", faults[fault]);
	else if (user != NET_USER_NONE)
		reader_error(reader, node, MARK_HINT, "the mask has bits of %s (0x%08x)",
			     names_net_user(user), net_mark_bits(user));
	else
		*(struct net_mark *)field = mark;
	return 0;
}

static int read_headroom(struct reader *reader, const struct reader_key *key,
			 const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_permille(reader, node, 0, HEADROOM_MAX_PERMILLE, field);
	return 0;
}

const struct reader_key read_net_keys[] = {
	{.name = "uplinks",
	 .read = read_uplinks,
	 .accepts = "routes, or a list of names of interfaces",
	 .schema = "\"anyOf\":[{\"enum\":[\"routes\"]},{\"type\":\"array\",\"minItems\":1,"
		   "\"maxItems\":8,\"items\":{\"type\":\"string\"}}]"},
	{.name = "speed",
	 .read = read_speed,
	 .accepts = "link, a rate like 10Gbit/s, {eth0: 10Gbit/s}",
	 .schema = "\"type\":[\"string\",\"object\"]"},
	{.name = "mark",
	 .read = read_mark,
	 .offset = offsetof(struct net_policy, mark),
	 .accepts = "VALUE/MASK like 0x1200/0x1270",
	 .schema = "\"type\":\"string\",\"pattern\":\"^0x[0-9a-fA-F]{1,8}/0x[0-9a-fA-F]{1,8}$\""},
	{.name = "replace-mq",
	 .read = reader_bool,
	 .offset = offsetof(struct net_policy, replace_mq),
	 .accepts = "false, true",
	 .schema = READER_SCHEMA_BOOL},
	{.name = "police-ingress",
	 .read = reader_bool,
	 .offset = offsetof(struct net_policy, police_ingress),
	 .accepts = "false, true",
	 .schema = READER_SCHEMA_BOOL},
	{.name = "headroom",
	 .read = read_headroom,
	 .offset = offsetof(struct net_policy, headroom_permille),
	 .accepts = "0.0% to 50.0%",
	 .schema = READER_SCHEMA_SHARE},
	{0},
};

int read_net(struct reader *reader, const struct reader_key *key, const struct read_node *node,
	     void *field)
{
	struct net_policy *net = field;

	if (node->key)
		reader->net = node->key->mark;
	if (node->kind == READ_SCALAR && strcmp(node->text, "none") == 0) {
		net->on = false;
		return 0;
	}
	if (node->kind == READ_MAPPING && !node->first_child)
		reader_error(reader, node, "e.g. net: {uplinks: routes}", "net without anything");
	net->on = true;
	return reader_mapping(reader, node, key->keys, key->name, net);
}

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
		   "\"maximum\":1000}]"},
	{.name = "min",
	 .read = read_rate,
	 .offset = offsetof(struct level_net, min),
	 .mark = READER_NET_MIN,
	 .accepts = RATE_ACCEPTS,
	 .schema = READER_SCHEMA_TEXT},
	{.name = "ceiling",
	 .read = read_rate,
	 .offset = offsetof(struct level_net, ceiling),
	 .mark = READER_NET_CEILING,
	 .accepts = RATE_ACCEPTS,
	 .schema = READER_SCHEMA_TEXT},
	{0},
};
