// SPDX-License-Identifier: LGPL-2.1-or-later
// What the read_*.c files share: tables of keys that drive the reading (so that what is accepted,
// what a message says is accepted and what README.md documents are one list), and the reading of
// single values. Only for files of policy/ and their tests.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/diag.h"
#include "colod/policy.h"
#include "policy/read.h"
#include "policy/read_yaml.h"

#define READER_KEYS_MAX 20
#define READER_PATH_SIZE 128

/* Fields of a level whose places are kept for the checks of the whole. */
enum reader_field {
	READER_LEVEL, /* the level itself */
	READER_ROLE,
	READER_SENSITIVE,
	READER_WEIGHT,
	READER_YIELD,
	READER_YIELD_NONE, /* set only where the last word is none */
	READER_SQUEEZE,
	READER_TARGET,
	READER_FLOOR,
	READER_MIN,
	READER_LOW,
	READER_HIGH,
	READER_IO_WEIGHT,
	READER_CORES,
	READER_SMT,
	READER_SCHEDULING,
	READER_WATERMARK,
	READER_GROWTH,
	READER_OOM,
	READER_IO_SQUEEZE,
	READER_NET_SHARE,
	READER_NET_MIN,
	READER_NET_CEILING,
	READER_FIELD_COUNT,
};

/* A rule while its file and place are still of interest. */
struct reader_rule {
	struct assign_rule rule;
	struct read_mark mark;
	struct read_mark level;
	struct read_mark match;
	struct read_mark trusted; /* set where the key is there */
};

struct reader {
	const struct policy_node *node; /* NULL: every file holds */
	const struct policy_source *sources;
	size_t n_sources;
	size_t source; /* the one being read */
	struct diags *diags;
	struct policy *policy;
	struct reader_rule *rules; /* in reading order, later in the order of trial; owned */
	size_t n_rules;
	size_t cap_rules;
	enum level level;					  /* the one being read */
	struct read_mark fields[LEVEL_COUNT][READER_FIELD_COUNT]; /* set also for refused values */
	struct read_mark modes[RESOURCE_MODES];			  /* where each of `modes` stands */
	struct read_mark net;					  /* where `net` stands */
	struct read_mark kubelet; /* the last key that says how to reach one */
	struct read_mark pressure_cpu;
	struct read_mark slis[SLIS_MAX]; /* where each stands */
	bool incomplete; /* a file could not be read at all: the whole cannot be judged */
	char path[READER_PATH_SIZE]; /* of the key being read, "levels.P7.cpu" */
	size_t path_len;
	unsigned in_list; /* inside a list, whose values are not kept one by one */
};

struct reader_key;

/* Reads `node` into `field`. What is wrong with the node is reported and counts as success; the
 * return value is 0 or -ENOMEM. */
typedef int reader_handler(struct reader *reader, const struct reader_key *key,
			   const struct read_node *node, void *field);

/* One accepted key. A table ends with a row without a name. */
struct reader_key {
	const char *name;
	reader_handler *read;
	size_t offset;		       /* of the field in the struct that the table is for */
	enum reader_field mark;	       /* level tables only */
	const struct reader_key *keys; /* of the mapping that is the value, or NULL */
	const char *accepts;	       /* for messages and people; NULL where `keys` say it */
	const char *schema; /* members of the JSON Schema, NULL: the words of `accepts` */
	bool unenforced;    /* accepted and checked; this version does not act on it */
};

#define READ_MODES_ACCEPTED "off, observe, protect, squeeze, full"

/* The table of the whole file. */
const struct reader_key *reader_root_keys(void);

/* Members of a JSON Schema for values that are not just words. */
#define READER_SCHEMA_BOOL "\"type\":\"boolean\""
#define READER_SCHEMA_TEXT "\"type\":\"string\",\"minLength\":1"
#define READER_SCHEMA_SHARE "\"type\":\"string\",\"pattern\":\"^[0-9]+(\\\\.[0-9])?%$\""
#define READER_SCHEMA_DURATION "\"type\":\"string\",\"pattern\":\"^[0-9]+(us|ms|s|m|h)$\""

/* Tables of the parts. */
extern const struct reader_key read_facts_keys[];
extern const struct reader_key read_modes_keys[];
extern const struct reader_key read_levels_keys[];
extern const struct reader_key read_level_cpu_keys[];
extern const struct reader_key read_level_memory_keys[];
extern const struct reader_key read_level_io_keys[];
extern const struct reader_key read_level_net_keys[];
extern const struct reader_key read_net_keys[];
extern const struct reader_key read_evict_keys[];
extern const struct reader_key read_sli_keys[];
extern const struct reader_key read_lend_keys[];
extern const struct reader_key read_incidents_keys[];
extern const struct reader_key read_score_keys[];
extern const struct reader_key read_node_keys[];
extern const struct reader_key read_metrics_keys[];
extern const struct reader_key read_bus_keys[];
extern const struct reader_key read_assign_keys[];
extern const struct reader_key read_pressure_keys[];

/* Whether this version acts on that step of the rule. */
bool read_pressure_acts(const struct pressure_policy *rule, size_t step);

/* Handlers for reader_root_keys(). */
reader_handler read_mode;
reader_handler read_levels;
reader_handler read_net;
reader_handler read_assign;
reader_handler read_pressure;
reader_handler read_sli;
reader_handler reader_nothing; /* read elsewhere */

/* printf-like messages about a node, or about what stands `offset` bytes into its text. */
void reader_error(struct reader *reader, const struct read_node *node, const char *hint,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void reader_error_at(struct reader *reader, const struct read_node *node, size_t offset,
		     const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* About a place remembered earlier. */
void reader_report(struct reader *reader, const struct read_mark *mark, enum diag_severity severity,
		   const char *hint, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The text of a scalar that says something; NULL after a report ("expects WHAT, found a list"). */
const char *reader_scalar(struct reader *reader, const struct read_node *node, const char *expects);

/* Whether `text`, which is the node's or its end, may be a glob; else it was reported. */
bool reader_is_pattern(struct reader *reader, const struct read_node *node, const char *text);

/* Whether the node is a mapping or a sequence; else it was reported. */
bool reader_is_mapping(struct reader *reader, const struct read_node *node, const char *what);
bool reader_is_sequence(struct reader *reader, const struct read_node *node, const char *what);

/* Reads each pair of a mapping into the struct at `base`. Unknown keys are reported. */
int reader_mapping(struct reader *reader, const struct read_node *node,
		   const struct reader_key *keys, const char *what, void *base);

/* Handler: a mapping whose table is key->keys, read into the struct at `field`. */
reader_handler reader_submapping;
/* Handler: true or false into a bool. */
reader_handler reader_bool;
/* Handler: a share of 0.1% to 100% into a uint32_t of permille. */
reader_handler reader_share;

/* "N%" and `suffix` (" of quota"), or none for 0; -EINVAL after a report. */
int reader_share_of(struct reader *reader, const struct read_node *node,
		    const struct reader_key *key, const char *suffix, uint32_t *ret_permille);

/* A duration of min_us..max_us; `range` says so to people. -EINVAL after a report. */
int reader_duration(struct reader *reader, const struct read_node *node, uint64_t min_us,
		    uint64_t max_us, const char *range, uint64_t *ret_us);

/* Words of a list without repetition into an array of enums; the number of them, or -EINVAL after a
 * report. An empty list is one, too. */
int reader_words(struct reader *reader, const struct read_node *node, const struct reader_key *key,
		 const char *const *words, size_t n_words, int *ret_words);

/* A word of a list: its index, or -EINVAL after a report with the nearest word. */
int reader_word(struct reader *reader, const struct read_node *node, const char *what,
		const char *const *words, size_t n_words);

/* A whole number of min..max; -EINVAL after a report. `text` is the node's, from `offset` on. */
int reader_number(struct reader *reader, const struct read_node *node, size_t offset, uint32_t min,
		  uint32_t max, const char *what, uint32_t *ret_value);

/* A share such as 65% of min..max permille; -EINVAL after a report. */
int reader_permille(struct reader *reader, const struct read_node *node, uint32_t min, uint32_t max,
		    uint32_t *ret_permille);

/* "did you mean …? accepted: …" into buf, which it returns. */
const char *reader_hint(const char *word, const char *const *words, size_t n_words, char *buf,
			size_t size);
