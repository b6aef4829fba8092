// SPDX-License-Identifier: LGPL-2.1-or-later
// What every knob that colod changed was before: a table in memory and an append-only file that
// survives colod. A record is in the file before its knob is written, so that a kill between any
// two steps loses no original.
//
// The file is in /run, which lives as long as the cgroups do, so nothing is synced to a disk: what
// write(2) took survives every end of this process.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/apply/originals_text.h"
#include "policy/fight.h"

#define ORIGINALS_FILE "originals"
#define ORIGINALS_FILE_BAD "originals.bad"
#define ORIGINALS_FILE_NEW "originals.new"
/* 1000 pods have about 10000 knobs. */
#define ORIGINALS_MAX 65536
#define ORIGINALS_MAX_BYTES (64u << 20)
/* Kept when they end, each with room for an ordinary path. */
#define ORIGINALS_SPARE_MAX 128
#define ORIGINALS_PATH_ROOM 256

struct original {
	struct original *next; /* in its hash bucket */
	uint64_t inode;
	enum knob knob;
	bool held;	  /* the value that is there, or may be there, is a hold */
	bool seen;	  /* the caller's sweep mark */
	int64_t since_us; /* of a hold: since when, and who took it */
	struct originals_owner owner;
	struct knob_value original;
	struct knob_value written;
	struct knob_value previous; /* see originals_text.h */
	struct fight fight;	    /* who writes over it how often; not in the file */
	size_t room;		    /* of path */
	char path[];
};

struct originals {
	struct original **buckets;
	size_t n_buckets;
	size_t n;
	struct original *spare; /* records that ended, for the next ones */
	size_t n_spare;
	int dir_fd; /* borrowed; -EBADF: in memory only */
	int fd;	    /* of the file, to append; -EBADF: not made yet */
	uint64_t n_lines;
	uint64_t n_bytes;
	bool broken; /* a line was cut and could not be taken back: rewrite before appending */
	char boot_id[ORIGINALS_BOOT_SIZE];
};

/* What was found in the file. */
struct originals_found {
	size_t n_bad;	 /* lines that could not be read */
	bool torn;	 /* the last line was cut: a kill while it was written */
	bool other_boot; /* the file is of an earlier boot, its cgroups are gone: not used */
	bool bad_kept;	 /* the damaged file is kept as originals.bad */
};

/* Reads the file below dir_fd (borrowed; -EBADF: none), tidies it where it is damaged or mostly
 * past. `boot_id` without blanks. 0 or -errno: the file cannot be read or written at all. */
int originals_open(struct originals *o, int dir_fd, const char *boot_id,
		   struct originals_found *ret_found);
void originals_close(struct originals *o);

/* Takes in the text of a file; what originals_open() does with what it read. 0 or -ENOMEM. */
int originals_parse(struct originals *o, const char *text, size_t len,
		    struct originals_found *ret_found);

/* The record of a knob, NULL for none. It may move or go with the next call that changes any. */
struct original *originals_find(const struct originals *o, const char *path, uint64_t inode,
				enum knob knob);

/* Whether `value` is what colod wrote, or was about to replace when it was killed. */
bool originals_is_ours(const struct original *record, const struct knob_value *value,
		       uint64_t page_bytes);

/* Whether `value` is what the record's write was to replace: that was announced, and has not come. */
bool originals_waits(const struct original *record, const struct knob_value *value,
		     uint64_t page_bytes);

/* What is to be written so that `value`, which is there, holds nothing of colod's any more; false: it does not. */
bool originals_give_back(const struct original *record, const struct knob_value *value,
			 uint64_t page_bytes, struct knob_value *ret_value);

/* `want`, and what of colod's it says nothing of given back (knob_complete()). */
struct knob_value originals_complete(const struct original *record, const struct knob_value *want,
				     const struct knob_value *value);

/* The last value that somebody else wrote, where `value` is there. */
struct knob_value originals_others(const struct original *record, const struct knob_value *value,
				   uint64_t page_bytes);

/* What the record announced is there: what was to be replaced is colod's no more. Only in memory: the file says it
 * until the record's next line, see apply_adopt(). */
static inline void originals_arrived(struct original *record)
{
	record->previous.state = KNOB_UNREAD;
}

/* Records a knob before it is written: one line (kind ORIGINALS_OWN), then the table. A record that
 * was a hold stays one, of the same age: its value may still be there. 0, or -errno when it could not be written
 * down: then nothing changed, and the knob must not be written. */
int originals_own(struct originals *o, const struct originals_line *line);

/* Ends a record and frees it. -errno when the end could not be written down; the record is gone
 * from the table all the same (the file then says what is no longer true, which a restore sees by
 * comparing the present value). */
int originals_end(struct originals *o, struct original *record);

/* The next record after this one, in no order; the first for NULL, NULL at the end. A record may be
 * ended when the next one is known. */
struct original *originals_next(const struct originals *o, const struct original *record);

/* All records, in no order: an array of o->n pointers that the caller frees (NULL for none).
 * 0 or -ENOMEM. */
int originals_list(const struct originals *o, struct original ***ret_list);

/* Writes the file anew with what is live, or deletes it where nothing is. 0 or -errno. */
int originals_compact(struct originals *o);
