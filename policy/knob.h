// SPDX-License-Identifier: LGPL-2.1-or-later
// Names, text forms and comparison of knobs. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/knob.h"
#include "colod/level.h"

/* What any value may need; the largest is a set of CPUs. */
#define KNOB_TEXT_SIZE CPU_SET_TEXT_SIZE

/* What a knob is called wherever one must be told from the others: the file's name, e.g. "cpu.weight"; but "io.max",
 * "io.max#2", ... Static text. */
const char *knob_name(enum knob knob);

/* The file's name, also what is shown to people: "io.max". Static text. */
const char *knob_file(enum knob knob);

/* The knob of a name, or -EINVAL. */
int knob_from_name(const char *name);

/* The text to show and to keep: "100", "1", "20000 20000", "max", "default 10", "0-3,8" ("none" for no
 * CPU), "root invalid (why)", "8:0 rbps=1048576 wiops=max". `buf` of at least KNOB_TEXT_SIZE bytes; returns buf. An unread or missing
 * value gives "?" or "-". */
const char *knob_format(enum knob knob, const struct knob_value *value, char *buf, size_t size);

/* The text that gives the knob this value when it is written: as above, but a set without a CPU is an
 * empty line (a write of no byte does nothing), and a partition is only asked for. */
const char *knob_to_write(enum knob knob, const struct knob_value *value, char *buf, size_t size);

/* Reads what the kernel shows (trailing newline allowed; IO weights: the "default" line among
 * device lines). 0 or -EINVAL, *ret_value untouched on failure. Values out of uint64_t: -ERANGE. */
int knob_parse(enum knob knob, const char *text, struct knob_value *ret_value);

/* The same of a file that has more than one value: of io.max the line of `of`'s disk, all of it, "max" where there is
 * none; and without a disk (0:0) that the file is there. For the other knobs, or where `of` is NULL, as above. */
int knob_parse_of(enum knob knob, const char *text, const struct knob_value *of,
		  struct knob_value *ret_value);

/* Whether the kernel would show `have` after `want` was written: memory values are rounded down
 * to a page, cpu.max compares quota and, unless it is max, the period, io.max what `want` says of its disk. Both must be
 * KNOB_KNOWN. */
bool knob_equal(enum knob knob, const struct knob_value *want, const struct knob_value *have,
		uint64_t page_bytes);

/* Whether `have` is still what came of writing `written`: equal, or a partition that the kernel has
 * stopped granting since. Nobody else wrote then. */
bool knob_stands(enum knob knob, const struct knob_value *written, const struct knob_value *have,
		 uint64_t page_bytes);

/* What is to be written so that `have` holds nothing any more of what colod wrote: the original, where that still
 * stands; of io.max, which others may change in part, those parts that do. False: nothing of colod's is there. */
bool knob_give_back(enum knob knob, const struct knob_value *original,
		    const struct knob_value *written, const struct knob_value *have,
		    uint64_t page_bytes, struct knob_value *ret_value);

/* `want`, and with it what is colod's in `have` in parts that `want` says nothing of, given back: else those would stay. */
struct knob_value knob_complete(enum knob knob, const struct knob_value *want,
				const struct knob_value *original, const struct knob_value *written,
				const struct knob_value *have);

/* What `first` says, and of the rest what `second` does; of a knob that has no parts `first`. */
struct knob_value knob_both(enum knob knob, const struct knob_value *first,
			    const struct knob_value *second);

/* The last value that somebody else wrote, part by part: `original` where colod's stands in `have`, else what is there. */
struct knob_value knob_others(enum knob knob, const struct knob_value *original,
			      const struct knob_value *written, const struct knob_value *have,
			      uint64_t page_bytes);

/* Whether a hold of colod's is on it, and nobody wrote over it. */
bool knob_hold_stands(enum knob knob, const struct knob_state *state, uint64_t page_bytes);

/* Whether what is there now is colod's: what it wrote, or what systemd was told last, which that may write late, over a
 * newer value. */
bool knob_is_colods(enum knob knob, const struct knob_state *state);

/* Whether they are the same to the last byte, read or not: for noticing that one changed. */
bool knob_same(enum knob knob, const struct knob_value *a, const struct knob_value *b);

/* Whether its value is a set of CPUs (`cpus` of struct knob_value). */
bool knob_is_cpus(enum knob knob);

/* Whether it is one disk's line of io.max (`io` of struct knob_value). */
static inline bool knob_is_io_max(enum knob knob)
{
	return knob >= KNOB_IO_MAX && knob <= KNOB_IO_MAX_LAST;
}

/* The one at this place, and back. */
static inline enum knob knob_io_max(size_t place)
{
	return (enum knob)(KNOB_IO_MAX + place);
}

static inline size_t knob_io_max_place(enum knob knob)
{
	return (size_t)knob - KNOB_IO_MAX;
}

/* Whether its file goes, with all values, while the cgroup and its controllers stay: with BFQ's module. */
static inline bool knob_may_vanish(enum knob knob)
{
	return knob == KNOB_IO_BFQ_WEIGHT;
}

/* Whether two values are of the same disk; of any other knob they always are. */
bool knob_same_disk(enum knob knob, const struct knob_value *a, const struct knob_value *b);

/* Whether it is no file of the cgroup, but something that each process or thread in it has. */
bool knob_is_of_tasks(enum knob knob);

/* Why the kernel does not grant the partition that cpuset.cpus.partition was asked to be, in its own
 * words; NULL where it does. Static text. */
const char *knob_partition_why(const struct knob_value *value);

/* KNOB_KNOWN with this value; the second form for cpu.max, the third for sets of CPUs. */
struct knob_value knob_value_of(uint64_t value);
struct knob_value knob_value_quota(uint64_t quota_us, uint64_t period_us);
struct knob_value knob_value_cpus(const struct cpu_set *cpus);

/* What an IO weight of 1 to 10000 is in the numbers of io.weight or io.bfq.weight, which has 1 to 1000. As systemd
 * converts it: where both write a unit's, they must write the same. */
uint64_t knob_io_weight(enum knob knob, uint64_t weight);

/* Nothing is said of the disk yet. */
struct knob_value knob_value_io(uint32_t major, uint32_t minor);

/* The bit of enum cgroup_controller that must be on for the knob to exist. */
unsigned knob_controller(enum knob knob);

/* Whose mode says whether it may be written. RESOURCE_INVALID for what is no knob. */
enum resource knob_resource(enum knob knob);
