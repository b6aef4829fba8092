// SPDX-License-Identifier: LGPL-2.1-or-later
// Names, text forms and comparison of knobs, one row per knob. Knows how cgroupfs spells and
// rounds a value; does not know who wants it or why.
#include "policy/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "colod/cgroup.h"
#include "policy/knob_cpuset.h"
#include "policy/knob_io.h"
#include "policy/knob_sched.h"

/* How a knob's text is built. */
enum form {
	FORM_NUMBER,	 /* "100" */
	FORM_BYTES,	 /* "4096" or "max"; the kernel rounds down to a page */
	FORM_QUOTA,	 /* "QUOTA PERIOD", the quota may be "max" */
	FORM_IO_DEFAULT, /* "default 100", among "MAJ:MIN 100" lines */
	FORM_CPUS,	 /* "0-3,8" */
	FORM_PARTITION,	 /* "root", "root invalid (why)" */
	FORM_SCORE,	 /* "-998": a number and KNOB_SCORE_ZERO */
	FORM_SCHED,	 /* "idle" */
	FORM_IO_MAX,	 /* "8:0 rbps=1048576", one line of several */
};

struct row {
	const char *name;
	enum form form;
	unsigned controller;
	enum resource resource;
};

static const struct row rows[KNOB_COUNT] = {
	[KNOB_CPU_WEIGHT] = {"cpu.weight", FORM_NUMBER, CONTROLLER_CPU, RESOURCE_CPU},
	[KNOB_CPU_IDLE] = {"cpu.idle", FORM_NUMBER, CONTROLLER_CPU, RESOURCE_CPU},
	[KNOB_CPU_MAX] = {"cpu.max", FORM_QUOTA, CONTROLLER_CPU, RESOURCE_CPU},
	[KNOB_MEMORY_MIN] = {"memory.min", FORM_BYTES, CONTROLLER_MEMORY, RESOURCE_MEMORY},
	[KNOB_MEMORY_LOW] = {"memory.low", FORM_BYTES, CONTROLLER_MEMORY, RESOURCE_MEMORY},
	[KNOB_MEMORY_HIGH] = {"memory.high", FORM_BYTES, CONTROLLER_MEMORY, RESOURCE_MEMORY},
	[KNOB_MEMORY_MAX] = {"memory.max", FORM_BYTES, CONTROLLER_MEMORY, RESOURCE_MEMORY},
	[KNOB_IO_WEIGHT] = {"io.weight", FORM_IO_DEFAULT, CONTROLLER_IO, RESOURCE_IO},
	[KNOB_IO_BFQ_WEIGHT] = {"io.bfq.weight", FORM_IO_DEFAULT, CONTROLLER_IO, RESOURCE_IO},
	[KNOB_CPU_MAX_BURST] = {"cpu.max.burst", FORM_NUMBER, CONTROLLER_CPU, RESOURCE_CPU},
	[KNOB_CPUSET_CPUS] = {"cpuset.cpus", FORM_CPUS, CONTROLLER_CPUSET, RESOURCE_CPU},
	[KNOB_CPUSET_EXCLUSIVE] = {"cpuset.cpus.exclusive", FORM_CPUS, CONTROLLER_CPUSET,
				   RESOURCE_CPU},
	[KNOB_CPUSET_PARTITION] = {"cpuset.cpus.partition", FORM_PARTITION, CONTROLLER_CPUSET,
				   RESOURCE_CPU},
	[KNOB_MEMORY_OOM_GROUP] = {"memory.oom.group", FORM_NUMBER, CONTROLLER_MEMORY,
				   RESOURCE_MEMORY},
	[KNOB_OOM_SCORE_ADJ] = {"oom_score_adj", FORM_SCORE, CONTROLLER_MEMORY, RESOURCE_MEMORY},
	[KNOB_SCHED_POLICY] = {"sched_policy", FORM_SCHED, CONTROLLER_CPU, RESOURCE_CPU},
	/* Of no controller: every cgroup but the root has it. */
	[KNOB_CGROUP_FREEZE] = {"cgroup.freeze", FORM_NUMBER, 0, RESOURCE_MEMORY},
	[KNOB_IO_MAX] = {"io.max", FORM_IO_MAX, CONTROLLER_IO, RESOURCE_IO},
	[KNOB_IO_MAX + 1] = {"io.max#2", FORM_IO_MAX, CONTROLLER_IO, RESOURCE_IO},
	[KNOB_IO_MAX + 2] = {"io.max#3", FORM_IO_MAX, CONTROLLER_IO, RESOURCE_IO},
	[KNOB_IO_MAX + 3] = {"io.max#4", FORM_IO_MAX, CONTROLLER_IO, RESOURCE_IO},
};

/* What cpu.max means when the period is left out or 0. */
#define DEFAULT_PERIOD_US 100000

/* Of both IO weights. Above it 9900 steps of io.weight are 900 of BFQ's. */
#define DEFAULT_IO_WEIGHT 100
#define IO_WEIGHTS_PER_BFQ 11

static const struct row *row_of(enum knob knob)
{
	return (unsigned)knob < KNOB_COUNT ? &rows[knob] : NULL;
}

const char *knob_name(enum knob knob)
{
	const struct row *row = row_of(knob);

	return row ? row->name : "?";
}

const char *knob_file(enum knob knob)
{
	return knob_name(knob_is_io_max(knob) ? KNOB_IO_MAX : knob);
}

int knob_from_name(const char *name)
{
	for (int i = 0; i < KNOB_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return i;
	return -EINVAL;
}

unsigned knob_controller(enum knob knob)
{
	const struct row *row = row_of(knob);

	return row ? row->controller : 0;
}

enum resource knob_resource(enum knob knob)
{
	const struct row *row = row_of(knob);

	return row ? row->resource : RESOURCE_INVALID;
}

struct knob_value knob_value_of(uint64_t value)
{
	return (struct knob_value){.state = KNOB_KNOWN, .value = value};
}

struct knob_value knob_value_quota(uint64_t quota_us, uint64_t period_us)
{
	return (struct knob_value){
		.state = KNOB_KNOWN,
		.value = quota_us,
		.period_us = period_us ? period_us : DEFAULT_PERIOD_US,
	};
}

struct knob_value knob_value_cpus(const struct cpu_set *cpus)
{
	return (struct knob_value){.state = KNOB_KNOWN, .cpus = *cpus};
}

struct knob_value knob_value_io(uint32_t major, uint32_t minor)
{
	return (struct knob_value){.state = KNOB_KNOWN, .io = {.major = major, .minor = minor}};
}

uint64_t knob_io_weight(enum knob knob, uint64_t weight)
{
	if (knob != KNOB_IO_BFQ_WEIGHT || weight <= DEFAULT_IO_WEIGHT)
		return weight;
	return DEFAULT_IO_WEIGHT + (weight - DEFAULT_IO_WEIGHT) / IO_WEIGHTS_PER_BFQ;
}

bool knob_is_cpus(enum knob knob)
{
	const struct row *row = row_of(knob);

	return row && row->form == FORM_CPUS;
}

bool knob_is_of_tasks(enum knob knob)
{
	const struct row *row = row_of(knob);

	return row && (row->form == FORM_SCORE || row->form == FORM_SCHED);
}

/* Only limits know the word "max"; a weight of UINT64_MAX would be a bug that must stay visible. */
static const char *amount(enum form form, uint64_t value, char *buf, size_t size)
{
	if (value == KNOB_VALUE_MAX && (form == FORM_BYTES || form == FORM_QUOTA))
		return "max";
	(void)snprintf(buf, size, "%" PRIu64, value);
	return buf;
}

const char *knob_format(enum knob knob, const struct knob_value *value, char *buf, size_t size)
{
	const struct row *row = row_of(knob);
	char number[24];

	if (!row || value->state == KNOB_UNREAD) {
		(void)snprintf(buf, size, "?");
		return buf;
	}
	if (value->state == KNOB_MISSING) {
		(void)snprintf(buf, size, "-");
		return buf;
	}
	switch (row->form) {
	case FORM_CPUS:
		return knob_cpuset_format(value, buf, size);
	case FORM_PARTITION:
		return knob_cpuset_format_partition(value, buf, size);
	case FORM_QUOTA:
		(void)snprintf(buf, size, "%s %" PRIu64,
			       amount(row->form, value->value, number, sizeof(number)),
			       value->period_us ? value->period_us : DEFAULT_PERIOD_US);
		break;
	case FORM_IO_MAX:
		return knob_io_format(&value->io, buf, size);
	case FORM_SCORE:
		(void)snprintf(buf, size, "%" PRId64, (int64_t)value->value - KNOB_SCORE_ZERO);
		break;
	case FORM_SCHED:
		return knob_sched_format(value->value, buf, size);
	case FORM_IO_DEFAULT:
		(void)snprintf(buf, size, "default %" PRIu64, value->value);
		break;
	case FORM_NUMBER:
	case FORM_BYTES:
	default:
		(void)snprintf(buf, size, "%s",
			       amount(row->form, value->value, number, sizeof(number)));
		break;
	}
	return buf;
}

const char *knob_to_write(enum knob knob, const struct knob_value *value, char *buf, size_t size)
{
	struct knob_value asked = *value;

	if (knob_is_cpus(knob) && cpu_set_is_empty(&value->cpus)) {
		(void)snprintf(buf, size, "\n");
		return buf;
	}
	if (knob == KNOB_CPUSET_PARTITION)
		asked.value &= PARTITION_MASK;
	return knob_format(knob, &asked, buf, size);
}

/* A decimal number without sign or blank; *text moves behind it. */
static int take_number(const char **text, uint64_t *ret_value)
{
	const char *p = *text;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	}
	*text = p;
	*ret_value = value;
	return 0;
}

/* A number or the word "max". A number equal to the constant for "max" is out of range. */
static int take_amount(const char **text, uint64_t *ret_value)
{
	uint64_t value = 0;
	int r;

	if (strncmp(*text, "max", 3) == 0) {
		*text += 3;
		*ret_value = KNOB_VALUE_MAX;
		return 0;
	}
	r = take_number(text, &value);
	if (r < 0)
		return r;
	if (value == KNOB_VALUE_MAX)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static bool at_end(const char *text)
{
	return *text == '\0' || (text[0] == '\n' && text[1] == '\0');
}

static int parse_quota(const char *text, struct knob_value *ret_value)
{
	uint64_t quota = 0, period = 0;
	int r = take_amount(&text, &quota);

	if (r < 0)
		return r;
	if (*text++ != ' ')
		return -EINVAL;
	r = take_number(&text, &period);
	if (r < 0)
		return r;
	if (!at_end(text) || period == 0)
		return -EINVAL;
	*ret_value = knob_value_quota(quota, period);
	return 0;
}

static int parse_io_default(const char *text, struct knob_value *ret_value)
{
	static const char key[] = "default ";

	for (const char *line = text; line; line = strchr(line, '\n')) {
		uint64_t value = 0;
		int r;

		line += *line == '\n';
		if (strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		line += sizeof(key) - 1;
		r = take_number(&line, &value);
		if (r < 0)
			return r;
		if (*line != '\n' && *line != '\0')
			return -EINVAL;
		*ret_value = knob_value_of(value);
		return 0;
	}
	return -EINVAL;
}

static int parse_score(const char *text, struct knob_value *ret_value)
{
	bool negative = *text == '-';
	uint64_t value = 0;
	int r;

	text += negative;
	r = take_number(&text, &value);
	if (r < 0)
		return r;
	if (!at_end(text))
		return -EINVAL;
	if (value > KNOB_SCORE_ZERO)
		return -ERANGE;
	*ret_value = knob_value_of(negative ? KNOB_SCORE_ZERO - value : KNOB_SCORE_ZERO + value);
	return 0;
}

int knob_parse(enum knob knob, const char *text, struct knob_value *ret_value)
{
	const struct row *row = row_of(knob);
	uint64_t value = 0;
	int r;

	if (!row)
		return -EINVAL;
	if (row->form == FORM_QUOTA)
		return parse_quota(text, ret_value);
	if (row->form == FORM_IO_DEFAULT)
		return parse_io_default(text, ret_value);
	if (row->form == FORM_CPUS)
		return knob_cpuset_parse(text, ret_value);
	if (row->form == FORM_PARTITION)
		return knob_cpuset_parse_partition(text, ret_value);
	if (row->form == FORM_SCORE)
		return parse_score(text, ret_value);
	if (row->form == FORM_SCHED)
		return knob_sched_parse(text, ret_value);
	if (row->form == FORM_IO_MAX)
		return knob_io_parse(text, ret_value);
	r = row->form == FORM_BYTES ? take_amount(&text, &value) : take_number(&text, &value);
	if (r < 0)
		return r;
	if (!at_end(text))
		return -EINVAL;
	*ret_value = knob_value_of(value);
	return 0;
}

int knob_parse_of(enum knob knob, const char *text, const struct knob_value *of,
		  struct knob_value *ret_value)
{
	if (!of || !knob_is_io_max(knob))
		return knob_parse(knob, text, ret_value);
	return knob_io_parse_line_of(text, &of->io, ret_value);
}

static uint64_t page_floor(uint64_t bytes, uint64_t page_bytes)
{
	if (bytes == KNOB_VALUE_MAX || page_bytes == 0)
		return bytes;
	return bytes - bytes % page_bytes;
}

bool knob_equal(enum knob knob, const struct knob_value *want, const struct knob_value *have,
		uint64_t page_bytes)
{
	const struct row *row = row_of(knob);

	if (!row || want->state != KNOB_KNOWN || have->state != KNOB_KNOWN)
		return false;
	if (row->form == FORM_CPUS)
		return cpu_set_equal(&want->cpus, &have->cpus);
	if (row->form == FORM_IO_MAX)
		return knob_io_stands(&want->io, &have->io);
	if (row->form == FORM_BYTES)
		return page_floor(want->value, page_bytes) == page_floor(have->value, page_bytes);
	if (want->value != have->value)
		return false;
	if (row->form != FORM_QUOTA || want->value == KNOB_VALUE_MAX)
		return true;
	return (want->period_us ? want->period_us : DEFAULT_PERIOD_US) ==
	       (have->period_us ? have->period_us : DEFAULT_PERIOD_US);
}

bool knob_stands(enum knob knob, const struct knob_value *written, const struct knob_value *have,
		 uint64_t page_bytes)
{
	if (knob == KNOB_CPUSET_PARTITION)
		return written->state == KNOB_KNOWN && have->state == KNOB_KNOWN &&
		       (written->value & PARTITION_MASK) == (have->value & PARTITION_MASK);
	return knob_equal(knob, written, have, page_bytes);
}

bool knob_give_back(enum knob knob, const struct knob_value *original,
		    const struct knob_value *written, const struct knob_value *have,
		    uint64_t page_bytes, struct knob_value *ret_value)
{
	struct knob_value back = *original;

	if (!knob_is_io_max(knob)) {
		if (!knob_stands(knob, written, have, page_bytes))
			return false;
	} else if (written->state != KNOB_KNOWN || have->state != KNOB_KNOWN ||
		   !knob_io_give_back(&original->io, &written->io, &have->io, &back.io)) {
		return false;
	}
	*ret_value = back;
	return true;
}

struct knob_value knob_complete(enum knob knob, const struct knob_value *want,
				const struct knob_value *original, const struct knob_value *written,
				const struct knob_value *have)
{
	struct knob_value back;

	if (!knob_is_io_max(knob) || !knob_same_disk(knob, want, have) ||
	    !knob_give_back(knob, original, written, have, 1, &back))
		return *want;
	return knob_both(knob, want, &back);
}

struct knob_value knob_both(enum knob knob, const struct knob_value *first,
			    const struct knob_value *second)
{
	struct knob_value both = *first;

	if (knob_is_io_max(knob))
		knob_io_add(&both.io, &second->io);
	return both;
}

struct knob_value knob_others(enum knob knob, const struct knob_value *original,
			      const struct knob_value *written, const struct knob_value *have,
			      uint64_t page_bytes)
{
	struct knob_value others = *have;

	if (!knob_is_io_max(knob))
		return knob_stands(knob, written, have, page_bytes) ? *original : *have;
	if (original->state == KNOB_KNOWN && written->state == KNOB_KNOWN &&
	    have->state == KNOB_KNOWN)
		knob_io_others(&original->io, &written->io, &others.io);
	return others;
}

bool knob_same_disk(enum knob knob, const struct knob_value *a, const struct knob_value *b)
{
	return !knob_is_io_max(knob) || (a->io.major == b->io.major && a->io.minor == b->io.minor);
}

bool knob_hold_stands(enum knob knob, const struct knob_state *s, uint64_t page_bytes)
{
	return s->owned && s->held && knob_stands(knob, &s->written, &s->now, page_bytes);
}

bool knob_is_colods(enum knob knob, const struct knob_state *s)
{
	return s->owned &&
	       (knob_stands(knob, &s->written, &s->now, 1) ||
		(s->told.state == KNOB_KNOWN && knob_equal(knob, &s->told, &s->now, 1)));
}

bool knob_same(enum knob knob, const struct knob_value *a, const struct knob_value *b)
{
	if (a->state != b->state)
		return false;
	if (a->state != KNOB_KNOWN)
		return true;
	if (knob_is_cpus(knob))
		return cpu_set_equal(&a->cpus, &b->cpus);
	if (knob_is_io_max(knob))
		return memcmp(&a->io, &b->io, sizeof(a->io)) == 0;
	return a->value == b->value && a->period_us == b->period_us;
}
