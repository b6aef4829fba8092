// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. What levels get of a link is told in parts of it and in bytes, and the parts of all levels must fit
// into one link.
#include "policy/check.h"
#include "policy/names.h"
#include "policy/net_shape.h"

/* Of any link: as exact as what is said in parts of it. */
#define ANY_LINK 1000u

static void report(struct reader *reader, int level, enum reader_field field, const char *hint,
		   const char *text)
{
	reader_report(reader, &reader->fields[level][field], DIAG_ERROR, hint, "%s", text);
}

static void check_level(struct reader *reader, int level)
{
	const struct level_net *net = &reader->policy->levels[level].net;

	if (net->min.kind != RATE_NONE && net->min.kind == net->ceiling.kind &&
	    net->min.value > net->ceiling.value)
		report(reader, level, READER_NET_MIN, "", "net.min is above net.ceiling");
	else if (net->min.kind != RATE_NONE && net->share == 0)
		report(reader, level, READER_NET_MIN, "e.g. net: {share: 1, min: 20%}",
		       "net.min without net.share: the level has no class");
	else if (net->ceiling.kind != RATE_NONE && net->share == 0)
		report(reader, level, READER_NET_CEILING, "e.g. net: {share: 1, ceiling: 40%}",
		       "net.ceiling without net.share: the level has no class");
}

/* Of a link of so many bytes a second; of ANY_LINK only what is said in parts counts. */
static void check_sum(struct reader *reader, uint64_t speed, const char *text)
{
	uint64_t sum = 0, most = speed * NET_SHAPE_PROMISED_PERMILLE / 1000;

	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_policy *p = &reader->policy->levels[i];
		const struct rate *min = &p->net.min;

		if (!p->defined || min->kind == RATE_NONE ||
		    (speed == ANY_LINK && min->kind != RATE_PERMILLE))
			continue;
		if (min->kind == RATE_BYTES_PER_S)
			sum += min->value < speed ? min->value : speed;
		else
			sum += speed * min->value / 1000;
		if (sum > most)
			report(reader, i, READER_NET_MIN, "lower one of them", text);
	}
}

/* Offline work is promised its part even while online work wants the whole link. */
static void check_shares(struct reader *reader)
{
	const struct level_policy *levels = reader->policy->levels;
	uint32_t least = UINT32_MAX, above = 0;

	for (int i = 0; i < LEVEL_COUNT; i++) {
		uint32_t share = levels[i].net.share;

		if (!levels[i].defined || share == 0)
			continue;
		if (levels[i].role == ROLE_OFFLINE && share > least)
			report(reader, i, READER_NET_SHARE, "lower it",
			       "the net.share of offline work is above that of online work");
		if (levels[i].role == ROLE_ONLINE && above > 0 && share > above &&
		    reader->diags->n_errors == 0)
			reader_report(reader, &reader->fields[i][READER_NET_SHARE], DIAG_WARNING,
				      "a higher level usually has at least as much",
				      "%s has a larger net.share than a level above it",
				      names_level((enum level)i));
		if (levels[i].role == ROLE_ONLINE) {
			least = share < least ? share : least;
			above = above == 0 || share < above ? share : above;
		}
	}
}

static bool has_share(const struct policy *policy)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if (policy->levels[i].defined && policy->levels[i].net.share > 0)
			return true;
	return false;
}

void check_net(struct reader *reader)
{
	const struct net_policy *net = &reader->policy->net;
	size_t before;

	for (int i = 0; i < LEVEL_COUNT; i++)
		if (reader->policy->levels[i].defined)
			check_level(reader, i);
	before = reader->diags->n_errors;
	check_sum(reader, ANY_LINK,
		  "net.min of all levels together leaves less than 5 % of the link to what has no "
		  "mark");
	for (uint32_t i = 0; i < net->n_speeds && reader->diags->n_errors == before; i++)
		check_sum(
			reader, net->speeds[i].bytes_per_s,
			"net.min of all levels together leaves less than 5 % of a link of net.speed "
			"to what has no mark");
	check_shares(reader);
	if (net->on && reader->diags->n_errors == 0 && !has_share(reader->policy))
		reader_report(reader, &reader->net, DIAG_WARNING,
			      "give levels a part of the link: net: {share: 4}",
			      "no level has a net.share: no link is shaped");
}
