// SPDX-License-Identifier: LGPL-2.1-or-later
// sli: what a level of pods is owed, as a bound on a measured sign. Reads one entry at a time.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/names_policy.h"
#include "policy/quantity.h"
#include "policy/reader.h"

#define WINDOW_MIN_US 1000000ull
#define WINDOW_MAX_US 600000000ull
#define BOUND_MAX_US 60000000ull

struct sli {
	struct sli_policy sli;
	const struct read_node *bound; /* of the statistic, read when the sign is known */
	bool has_name, has_of;
};

static int read_name(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *words[SLI_SIGN_COUNT];
	struct sli *sli = field;
	int word;

	(void)key;
	for (int i = 0; i < SLI_SIGN_COUNT; i++)
		words[i] = names_sli_sign((enum sli_sign)i);
	word = reader_word(reader, node, "a measured sign", words, SLI_SIGN_COUNT);
	sli->has_name = true;
	if (word >= 0)
		sli->sli.sign = (enum sli_sign)word;
	return 0;
}

static int read_of(struct reader *reader, const struct reader_key *key,
		   const struct read_node *node, void *field)
{
	static const char *const words[] = {"P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7"};
	struct sli *sli = field;
	int word = reader_word(reader, node, "a level", words, LEVEL_COUNT);

	(void)key;
	sli->has_of = true;
	if (word >= 0)
		sli->sli.level = (enum level)word;
	return 0;
}

static int read_bound(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	struct sli *sli = field;

	if (sli->bound)
		reader_error(reader, node->key, "two bounds are two entries of the list",
			     "a second statistic in one entry");
	sli->bound = node;
	sli->sli.statistic = (enum sli_statistic)names_sli_statistic_from(key->name);
	return 0;
}

static int read_window(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	struct sli *sli = field;

	(void)key;
	(void)reader_duration(reader, node, WINDOW_MIN_US, WINDOW_MAX_US, "1s to 10m",
			      &sli->sli.window_us);
	return 0;
}

#define BOUND_ACCEPTS "a bound: 10ms; net-drops: 5 (a second); cpi: 1.5"
#define BOUND(name_)                                                                               \
	{                                                                                          \
		.name = name_, .read = read_bound, .accepts = BOUND_ACCEPTS,                       \
		.schema = "\"type\":[\"string\",\"number\"]"                                       \
	}

const struct reader_key read_sli_keys[] = {
	{.name = "name",
	 .read = read_name,
	 .accepts = "sched-delay, reclaim-stall, io-wait, net-drops, cpi"},
	{.name = "of", .read = read_of, .accepts = "P0, P1, P2, P3, P4, P5, P6, P7"},
	BOUND("p50"),
	BOUND("p90"),
	BOUND("p99"),
	BOUND("mean"),
	{.name = "window",
	 .read = read_window,
	 .accepts = "1s to 10m",
	 .schema = READER_SCHEMA_DURATION},
	{0},
};

static void read_time_bound(struct reader *reader, struct sli *sli)
{
	(void)reader_duration(reader, sli->bound, 1, BOUND_MAX_US, "1us to 60s", &sli->sli.bound);
}

/* "1.5" as thousandths, exact: a quantity in milli. */
static void read_plain_bound(struct reader *reader, struct sli *sli)
{
	const char *text = reader_scalar(reader, sli->bound, "a number such as 1.5");
	uint64_t value;

	if (!text)
		return;
	if (text[strspn(text, "0123456789.")] || quantity_cpu_milli(text, &value) < 0 ||
	    value < 1 || value > 1000000000ull)
		reader_error(reader, sli->bound, "accepted: 0.001 to 1000000",
			     "\"%.60s\" is not a number such as 1.5", text);
	else
		sli->sli.bound = sli->sli.sign == SLI_NET_DROPS ? value / 1000 : value;
}

static int read_entry(struct reader *reader, const struct read_node *node,
		      struct sli_policy *ret_sli)
{
	size_t errors = reader->diags->n_errors;
	struct sli sli = {.sli.window_us = 10 * WINDOW_MIN_US};
	int r;

	reader->in_list++;
	r = reader_mapping(reader, node, read_sli_keys, "an sli", &sli);
	reader->in_list--;
	if (r < 0 || node->kind != READ_MAPPING)
		return r;
	if (!sli.has_name)
		reader_error(reader, node, "e.g. {name: sched-delay, of: P0, p99: 10ms}",
			     "an sli without \"name\"");
	if (!sli.has_of)
		reader_error(reader, node, "e.g. of: P0", "an sli without \"of\"");
	if (!sli.bound)
		reader_error(reader, node, "accepted: p50, p90, p99, mean",
			     "an sli without a bound");
	else if (sli.sli.sign == SLI_NET_DROPS || sli.sli.sign == SLI_CPI)
		read_plain_bound(reader, &sli);
	else
		read_time_bound(reader, &sli);
	*ret_sli = sli.sli;
	return reader->diags->n_errors == errors;
}

/* A list replaces the one of an earlier file as a whole. */
int read_sli(struct reader *reader, const struct reader_key *key, const struct read_node *node,
	     void *field)
{
	struct policy *policy = reader->policy;

	(void)field;
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	policy->n_slis = 0;
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		struct sli_policy sli;
		int r = read_entry(reader, c, &sli);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (policy->n_slis == SLIS_MAX) {
			reader_error(reader, c, "", "more than %d entries", SLIS_MAX);
			return 0;
		}
		policy->slis[policy->n_slis++] = sli;
	}
	return 0;
}
