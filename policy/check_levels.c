// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. A level may be put together from several files, so nothing here could have been said
// while one of them was read.
#include <stdio.h>

#include "policy/check.h"
#include "policy/names.h"

#define ERROR(reader, level, field, hint, ...)                                                     \
	reader_report(reader, &(reader)->fields[level][field], DIAG_ERROR, hint, __VA_ARGS__)
/* Only while nothing is wrong: a value that was refused looks like one that was not given. */
#define WARNING(reader, level, field, hint, ...)                                                   \
	do {                                                                                       \
		if ((reader)->diags->n_errors == 0)                                                \
			reader_report(reader, &(reader)->fields[level][field], DIAG_WARNING, hint, \
				      __VA_ARGS__);                                                \
	} while (0)

static bool was_set(const struct reader *reader, int level, enum reader_field field)
{
	return reader->fields[level][field].source > 0;
}

/* Online pods are never held: what would do it is refused here and not ignored later. */
static void check_online(struct reader *reader, int level, const struct level_policy *p)
{
	const char *name = names_level((enum level)level);

	if (p->cpu.yield != YIELD_NONE)
		ERROR(reader, level, READER_YIELD, "yield is for levels with role: offline",
		      "%s is online: it does not yield", name);
	if (p->cpu.scheduling == SCHEDULING_IDLE)
		ERROR(reader, level, READER_SCHEDULING, "accepted here: keep",
		      "%s is online: its threads do not yield", name);
	if (p->cpu.squeeze)
		ERROR(reader, level, READER_SQUEEZE, "squeeze is for levels with role: offline",
		      "%s is online: it is never squeezed", name);
	if (p->io.squeeze)
		ERROR(reader, level, READER_IO_SQUEEZE, "squeeze is for levels with role: offline",
		      "%s is online: it is never squeezed", name);
	if (p->memory.growth_bytes_per_s > 0)
		ERROR(reader, level, READER_GROWTH, "growth is for levels with role: offline",
		      "%s is online: its growth is never held", name);
	if (p->memory.oom == OOM_FIRST)
		ERROR(reader, level, READER_OOM, "accepted here: keep, protect",
		      "%s is online: the kernel must not take it first", name);
	if (p->memory.watermark_permille > 0)
		ERROR(reader, level, READER_WATERMARK,
		      "watermarks are for levels with role: offline",
		      "%s is online: nothing is ever reclaimed from it ahead of need", name);
}

static void check_offline(struct reader *reader, int level, const struct level_policy *p)
{
	const char *name = names_level((enum level)level);

	if (level == LEVEL_P1)
		ERROR(reader, level, READER_ROLE, "use a lower level for offline work",
		      "P1 must be online: the kubelet, the runtime, colod and all pods that are "
		      "never offline have it");
	if (p->cpu.cores == CORES_EXCLUSIVE)
		ERROR(reader, level, READER_CORES, "cores: exclusive is for role: online",
		      "%s is offline: it gets no cores of its own", name);
	if (p->cpu.smt == SMT_AVOID_OFFLINE)
		ERROR(reader, level, READER_SMT, "smt: avoid-offline is for role: online",
		      "%s is offline: it cannot keep itself off", name);
	if (p->memory.oom == OOM_PROTECT)
		ERROR(reader, level, READER_OOM, "accepted here: keep, first",
		      "%s is offline: the kernel takes it before online pods", name);
	if (p->sensitive)
		ERROR(reader, level, READER_SENSITIVE, "sensitive is for levels with role: online",
		      "%s is offline: nothing is done for its latency", name);
	if (was_set(reader, level, READER_YIELD_NONE))
		ERROR(reader, level, READER_YIELD_NONE, "accepted here: ratio N, idle",
		      "%s is offline: it always yields", name);
	if (p->cpu.yield == YIELD_IDLE)
		WARNING(reader, level, READER_YIELD, "yield: ratio 50 waits 0.25 to 0.8 s there",
			"idle work that holds a kernel lock stalls online work: 1 to 4 s measured "
			"beside weight 100, 14 to 28 s beside 2500");
}

static void check_squeeze(struct reader *reader, int level, const struct level_policy *p)
{
	static const char hint[] = "e.g. squeeze: {target: 65%, floor: 2%}";

	if (!p->cpu.squeeze)
		return;
	if (!was_set(reader, level, READER_TARGET))
		ERROR(reader, level, READER_SQUEEZE, hint, "squeeze without a target");
	if (!was_set(reader, level, READER_FLOOR))
		ERROR(reader, level, READER_SQUEEZE, hint, "squeeze without a floor");
	if (p->cpu.squeeze_target_permille > 0 &&
	    p->cpu.squeeze_floor_permille > p->cpu.squeeze_target_permille)
		ERROR(reader, level, READER_FLOOR, hint, "the floor is above the target");
}

/* Only amounts of one kind compare without knowing the pod. */
static bool is_above(const struct amount *a, const struct amount *b)
{
	return a->kind == b->kind &&
	       (a->kind == AMOUNT_BYTES || a->kind == AMOUNT_PERMILLE_OF_LIMIT) &&
	       a->value > b->value;
}

static void check_cores(struct reader *reader, int level, const struct level_policy *p)
{
	if (p->cpu.cores == CORES_EXCLUSIVE && !p->sensitive)
		ERROR(reader, level, READER_CORES, "add sensitive: true, or write cores: shared",
		      "cores of their own are for sensitive pods");
	if (p->cpu.cores == CORES_EXCLUSIVE && p->cpu.smt == SMT_AVOID_OFFLINE)
		ERROR(reader, level, READER_SMT, "leave smt out",
		      "who owns whole cores has no siblings to keep offline work off");
}

static void check_memory(struct reader *reader, int level, const struct level_policy *p)
{
	if (is_above(&p->memory.min, &p->memory.high))
		ERROR(reader, level, READER_MIN, "", "memory.min is above memory.high");
	if (is_above(&p->memory.low, &p->memory.high))
		ERROR(reader, level, READER_LOW, "", "memory.low is above memory.high");
}

static void check_order(struct reader *reader)
{
	const struct level_policy *levels = reader->policy->levels;
	int last_online = -1;

	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (levels[i].defined && was_set(reader, i, READER_ROLE) &&
		    levels[i].role == ROLE_ONLINE)
			last_online = i;
	}
	for (int i = 0; i < last_online; i++) {
		if (levels[i].defined && levels[i].role == ROLE_OFFLINE)
			ERROR(reader, i, READER_ROLE, "offline levels come after every online one",
			      "%s is offline, but the lower %s is online",
			      names_level((enum level)i), names_level((enum level)last_online));
	}
}

void check_levels(struct reader *reader)
{
	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_policy *p = &reader->policy->levels[i];

		if (!p->defined)
			continue;
		if (!was_set(reader, i, READER_ROLE))
			ERROR(reader, i, READER_LEVEL, "accepted: role: online, role: offline",
			      "level %s has no role", names_level((enum level)i));
		else if (p->role == ROLE_ONLINE)
			check_online(reader, i, p);
		else if (p->role == ROLE_OFFLINE)
			check_offline(reader, i, p);
		check_squeeze(reader, i, p);
		check_memory(reader, i, p);
		check_cores(reader, i, p);
	}
	check_order(reader);
}
