// SPDX-License-Identifier: LGPL-2.1-or-later
// sli: what online pods are owed, as a bound on a measured sign. Reads one entry at a time.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/names_policy.h"
#include "policy/quantity.h"
#include "policy/reader.h"

#define WINDOW_MIN_US 1000000ull
#define WINDOW_MAX_US 300000000ull
#define WINDOW_DEFAULT_US 60000000ull
#define BOUND_MAX_US 60000000ull
/* What is kept of one is at most 65.533 (sli_most()). */
#define CPI_MAX_MILLI 65000u
#define METRICS                                                                                    \
	"cpu.some, memory.some, io.some, score, cpi, sched-delay, reclaim-stall, io-wait, net-drops"

struct sli {
	struct sli_policy sli;
	const struct read_node *bound; /* of the statistic, read when the sign is known */
	bool has_metric, has_of;
	bool sign_known; /* and not only asked for by a word that is none */
};

static int read_name(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	struct sli *sli = field;
	const char *text = reader_scalar(reader, node, key->accepts);
	int sign;

	if (!text)
		return 0;
	if (!text[0] || text[strspn(text, plain)] || strlen(text) >= sizeof(sli->sli.name)) {
		reader_error(reader, node, "accepted: up to 31 letters, digits, dots, - and _",
			     "\"%.60s\" is no name of an sli", text);
		return 0;
	}
	(void)snprintf(sli->sli.name, sizeof(sli->sli.name), "%s", text);
	sign = names_sli_sign_from(text);
	if (sign >= 0 && !sli->has_metric) {
		sli->sli.sign = (enum sli_sign)sign;
		sli->has_metric = sli->sign_known = true;
	}
	return 0;
}

static int read_metric(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	const char *words[SLI_SIGN_COUNT];
	struct sli *sli = field;
	int word;

	(void)key;
	for (int i = 0; i < SLI_SIGN_COUNT; i++)
		words[i] = names_sli_sign((enum sli_sign)i);
	word = reader_word(reader, node, "a measured sign", words, SLI_SIGN_COUNT);
	sli->has_metric = true;
	sli->sign_known = word >= 0;
	if (sli->sign_known)
		sli->sli.sign = (enum sli_sign)word;
	return 0;
}

static int read_of(struct reader *reader, const struct reader_key *key,
		   const struct read_node *node, void *field)
{
	static const char *const words[] = {"P0", "P1", "P2", "P3",    "P4",
					    "P5", "P6", "P7", "online"};
	struct sli *sli = field;
	int word = reader_word(reader, node, "a level, or online", words, LEVEL_COUNT + 1);

	(void)key;
	sli->has_of = true;
	if (word >= 0)
		sli->sli.level = word < LEVEL_COUNT ? (enum level)word : LEVEL_NONE;
	return 0;
}

static int read_pods(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	struct sli *sli = field;
	const char *text = reader_scalar(reader, node, key->accepts);

	if (!text || !reader_is_pattern(reader, node, text))
		return 0;
	sli->has_of = true;
	if (!text[0] || strlen(text) >= sizeof(sli->sli.pods))
		reader_error(reader, node, "accepted: up to 127 characters, such as \"shop/*\"",
			     "the pattern is empty or too long");
	else
		(void)snprintf(sli->sli.pods, sizeof(sli->sli.pods), "%s", text);
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
	(void)reader_duration(reader, node, WINDOW_MIN_US, WINDOW_MAX_US, "1s to 5m",
			      &sli->sli.window_us);
	return 0;
}

#define BOUND_ACCEPTS                                                                              \
	"a bound: 5% (cpu.some, memory.some, io.some); score: 20; 10ms; net-drops: 5 (a second); " \
	"cpi: 1.5"
#define BOUND(name_)                                                                               \
	{                                                                                          \
		.name = name_, .read = read_bound, .accepts = BOUND_ACCEPTS,                       \
		.schema = "\"type\":[\"string\",\"number\"]"                                       \
	}

const struct reader_key read_sli_keys[] = {
	{.name = "name",
	 .read = read_name,
	 .accepts = "a word such as shop-cpu",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "metric", .read = read_metric, .accepts = METRICS},
	{.name = "of", .read = read_of, .accepts = "P0, P1, P2, P3, P4, P5, P6, P7, online"},
	{.name = "pods",
	 .read = read_pods,
	 .accepts = "a name or a pattern such as \"shop/*\"",
	 .schema = READER_SCHEMA_TEXT},
	BOUND("p50"),
	BOUND("p90"),
	BOUND("p95"),
	BOUND("p99"),
	BOUND("mean"),
	{.name = "window",
	 .read = read_window,
	 .accepts = "1s to 5m",
	 .schema = READER_SCHEMA_DURATION},
	{0},
};

static void read_time_bound(struct reader *reader, struct sli *sli)
{
	(void)reader_duration(reader, sli->bound, 1, BOUND_MAX_US, "1us to 60s", &sli->sli.bound);
}

static void read_share_bound(struct reader *reader, struct sli *sli)
{
	uint32_t permille;

	if (reader_permille(reader, sli->bound, 1, 1000, &permille) == 0)
		sli->sli.bound = permille;
}

/* "1.5" as thousandths, exact: a quantity in milli. Of a score in tenths. */
static void read_plain_bound(struct reader *reader, struct sli *sli)
{
	const char *text = reader_scalar(reader, sli->bound, "a number such as 1.5");
	bool score = sli->sli.sign == SLI_SCORE, cpi = sli->sli.sign == SLI_CPI;
	uint64_t most = score ? 100000 : cpi ? CPI_MAX_MILLI : 1000000000;
	uint64_t value;

	if (!text)
		return;
	if (text[strspn(text, "0123456789.")] || quantity_cpu_milli(text, &value) < 0 ||
	    value < (score ? 100 : 1) || value > most)
		reader_error(reader, sli->bound,
			     score ? "accepted: 0.1 to 100"
			     : cpi ? "accepted: 0.001 to 65"
				   : "accepted: 0.001 to 1000000",
			     "\"%.60s\" is not a number such as %s", text, score ? "20" : "1.5");
	else
		sli->sli.bound = score				  ? value / 100
				 : sli->sli.sign == SLI_NET_DROPS ? value / 1000
								  : value;
}

static void read_the_bound(struct reader *reader, struct sli *sli)
{
	switch (sli->sli.sign) {
	case SLI_CPU_SOME:
	case SLI_MEMORY_SOME:
	case SLI_IO_SOME:
		read_share_bound(reader, sli);
		return;
	case SLI_SCORE:
	case SLI_NET_DROPS:
	case SLI_CPI:
		read_plain_bound(reader, sli);
		return;
	default:
		read_time_bound(reader, sli);
		return;
	}
}

static int read_entry(struct reader *reader, const struct read_node *node,
		      struct sli_policy *ret_sli)
{
	size_t errors = reader->diags->n_errors;
	struct sli sli = {.sli = {.window_us = WINDOW_DEFAULT_US, .level = LEVEL_NONE}};
	int r;

	reader->in_list++;
	r = reader_mapping(reader, node, read_sli_keys, "an sli", &sli);
	reader->in_list--;
	if (r < 0 || node->kind != READ_MAPPING)
		return r;
	if (!read_yaml_child(node, "name"))
		reader_error(reader, node,
			     "e.g. {name: shop-cpu, metric: cpu.some, of: P0, p99: 5%}",
			     "an sli without \"name\"");
	else if (!sli.has_metric)
		reader_error(reader, node, "accepted: " METRICS, "an sli without \"metric\"");
	if (!sli.has_of)
		reader_error(reader, node, "e.g. of: P0, or pods: \"shop/*\"",
			     "an sli without \"of\" or \"pods\"");
	if (!sli.bound)
		reader_error(reader, node, "accepted: p50, p90, p95, p99, mean",
			     "an sli without a bound");
	else if (sli.sign_known)
		read_the_bound(reader, &sli);
	sli.sli.file = (uint32_t)reader->source;
	sli.sli.line = node->mark.line;
	*ret_sli = sli.sli;
	return reader->diags->n_errors == errors;
}

static bool is_there(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_slis; i++)
		if (strcmp(policy->slis[i].name, name) == 0)
			return true;
	return false;
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
		if (is_there(policy, sli.name)) {
			reader_error(reader, c, "by its name it is told and shown",
				     "a second sli with the name %s", sli.name);
			continue;
		}
		reader->slis[policy->n_slis] = c->mark;
		policy->slis[policy->n_slis++] = sli;
	}
	return 0;
}
