// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. What a policy asks of this node's kernel and what that lacks, by the table that `coloctl
// doctor` prints. Each lack is said once, at the first place that feels it: a node does not get other
// features by hearing of them eight times.
#include <stdio.h>

#include "policy/capability.h"
#include "policy/check.h"
#include "policy/diag.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NEEDS_MAX 3
#define BIT(c) (1u << (c))

static bool fixed_weight(const struct level_policy *p)
{
	return p->cpu.weight != WEIGHT_KEEP;
}

static bool yields(const struct level_policy *p)
{
	return p->cpu.yield == YIELD_RATIO;
}

static bool idles(const struct level_policy *p)
{
	return p->cpu.yield == YIELD_IDLE;
}

static bool squeezes(const struct level_policy *p)
{
	return p->cpu.squeeze;
}

static bool owns_cores(const struct level_policy *p)
{
	return p->cpu.cores == CORES_EXCLUSIVE;
}

static bool avoids_siblings(const struct level_policy *p)
{
	return p->cpu.smt == SMT_AVOID_OFFLINE;
}

static bool has_min(const struct level_policy *p)
{
	return p->memory.min.kind != AMOUNT_NONE;
}

static bool has_low(const struct level_policy *p)
{
	return p->memory.low.kind != AMOUNT_NONE;
}

static bool has_high(const struct level_policy *p)
{
	return p->memory.high.kind != AMOUNT_NONE;
}

static bool schedules(const struct level_policy *p)
{
	return p->cpu.scheduling == SCHEDULING_IDLE;
}

static bool squeezes_io(const struct level_policy *p)
{
	return p->io.squeeze;
}

static bool has_io_weight(const struct level_policy *p)
{
	return p->io.weight > 0;
}

/* What a key that this version acts on needs, the wider feature first. */
static const struct {
	enum reader_field field;
	bool (*is_used)(const struct level_policy *level);
	enum capability needs[NEEDS_MAX];
	size_t n_needs;
} rows[] = {
	{READER_WEIGHT, fixed_weight, {CAPABILITY_CPU}, 1},
	{READER_YIELD, yields, {CAPABILITY_CPU}, 1},
	{READER_YIELD, idles, {CAPABILITY_CPU, CAPABILITY_CPU_IDLE}, 2},
	{READER_SCHEDULING, schedules, {CAPABILITY_CPU, CAPABILITY_SCHED_POLICY}, 2},
	{READER_SQUEEZE, squeezes, {CAPABILITY_CPU, CAPABILITY_CPU_MAX}, 2},
	{READER_IO_SQUEEZE, squeezes_io, {CAPABILITY_IO, CAPABILITY_IO_MAX}, 2},
	{READER_CORES, owns_cores, {CAPABILITY_CPUSET, CAPABILITY_CPUSET_EXCLUSIVE}, 2},
	{READER_SMT, avoids_siblings, {CAPABILITY_CPUSET, CAPABILITY_SMT}, 2},
	{READER_MIN, has_min, {CAPABILITY_MEMORY, CAPABILITY_RECURSIVE_PROT}, 2},
	{READER_LOW, has_low, {CAPABILITY_MEMORY, CAPABILITY_RECURSIVE_PROT}, 2},
	{READER_HIGH, has_high, {CAPABILITY_MEMORY}, 1},
	{READER_IO_WEIGHT,
	 has_io_weight,
	 {CAPABILITY_IO, CAPABILITY_IO_WEIGHT, CAPABILITY_IO_COST},
	 3},
};

/* The widest of them that was looked for and is not there; CAPABILITY_COUNT: none. */
static enum capability lacking(const struct policy_node *node, const enum capability *needs,
			       size_t n_needs)
{
	for (size_t i = 0; i < n_needs; i++)
		if ((node->probed & BIT(needs[i])) && !(node->capabilities & BIT(needs[i])))
			return needs[i];
	return CAPABILITY_COUNT;
}

static void warn(struct reader *reader, const struct read_mark *mark, enum capability what)
{
	const struct capability_info *info = capability_info(what);
	char hint[DIAG_TEXT_SIZE];

	(void)snprintf(hint, sizeof(hint), "to have it: %s", info->how);
	reader_report(reader, mark, DIAG_WARNING, hint, "this node lacks %s. Without it: %s",
		      info->name, info->without);
	if (reader->diags->n <= DIAGS_MAX)
		reader->diags->list[reader->diags->n - 1].about_node = true;
}

/* The first place, in the order of levels, that needs what is not there. */
static void check_capability(struct reader *reader, enum capability what)
{
	for (int level = 0; level < LEVEL_COUNT; level++) {
		const struct level_policy *p = &reader->policy->levels[level];

		for (size_t i = 0; p->defined && i < ELEMENTS(rows); i++) {
			const struct read_mark *mark = &reader->fields[level][rows[i].field];

			if (mark->source == 0 || !rows[i].is_used(p) ||
			    lacking(reader->node, rows[i].needs, rows[i].n_needs) != what)
				continue;
			warn(reader, mark, what);
			return;
		}
	}
}

void check_node(struct reader *reader)
{
	static const enum capability pressure[] = {CAPABILITY_PSI, CAPABILITY_PSI_TRIGGER};
	enum capability what;

	/* Of a policy that is refused there are worse things to say. */
	if (!reader->node || reader->node->probed == 0 || reader->diags->n_errors > 0)
		return;
	for (int c = 0; c < CAPABILITY_COUNT; c++)
		check_capability(reader, (enum capability)c);
	what = lacking(reader->node, pressure, ELEMENTS(pressure));
	if (reader->policy->pressure_cpu.on && what != CAPABILITY_COUNT)
		warn(reader, &reader->pressure_cpu, what);
}
