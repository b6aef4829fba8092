// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of this folder share: the state of the stage, and the steps at which a test can
// stop or fail it.
#pragma once

#include "agent/apply/apply.h"
#include "agent/apply/originals.h"
#include "agent/apply/refuse.h"
#include "agent/apply/writer.h"
#include "agent/base/fd_reserve.h"

/* The steps of one knob, in their order. */
enum apply_step {
	APPLY_STEP_RECORD, /* before a record is written down */
	APPLY_STEP_WRITE,  /* before the kernel is written to */
	APPLY_STEP_READ,   /* before it is read back */
	APPLY_STEP_END,	   /* before a record is ended */
};

/* 0 to go on; a negative errno is taken as what the step itself returned. */
typedef int (*apply_hook_fn)(void *context, enum apply_step step, const char *path, enum knob knob);

struct apply {
	int cgroup_fd; /* borrowed */
	int root_fd;   /* "/", for /proc. -EBADF: no process is given anything back */
	uint64_t page_bytes;
	int64_t now_us; /* of the pass, stamped on holds */
	struct fd_reserve reserve;
	struct originals_owner self;
	struct originals originals;
	struct originals_line line; /* for records: large, so not on the stack */
	struct refuse_seen seen;
	struct apply_drift drift;
	struct units *units;	 /* NULL: files only */
	struct flights *flights; /* owned; NULL: every write is made in line */
	apply_dying_fn is_dying; /* NULL: nobody is */
	void *dying_context;
	apply_hook_fn hook;
	void *hook_context;
	apply_event_fn event;
	void *event_context;
};

/* For tests; NULL is none. */
void apply_set_hook(struct apply *apply, apply_hook_fn hook, void *context);
int apply_step(struct apply *apply, enum apply_step step, const char *path, enum knob knob);

/* Somebody kills what is at this path: see apply_set_dying(). */
bool apply_is_dying(const struct apply *apply, const char *path);

/* Somebody else's value is in a knob of colod's. Whether it may be put back now; counts, and says when
 * that has become a fight. */
bool apply_drift_may_repair(struct apply *apply, struct cgroup *cgroup, enum knob knob,
			    struct original *record);

/* Who that most likely is, for people: static text. */
const char *apply_drift_who(const struct cgroup *cgroup);

/* Tells whoever listens. */
void apply_tell(const struct apply *apply, const struct apply_event *event);

/* Opens a cgroup's directory below the mount. -ESTALE when another cgroup has that name now. */
int apply_open(const struct apply *apply, const char *path, uint64_t inode, int *ret_fd);

/* Records a knob. `previous` may be NULL. 0 or -errno: then the knob must not be written. */
int apply_own(struct apply *apply, const char *path, uint64_t inode, enum knob knob, bool held,
	      const struct knob_value *original, const struct knob_value *written,
	      const struct knob_value *previous);
void apply_end(struct apply *apply, struct original *record);

/* Gives one hold back; its record ends where that worked. */
void apply_end_hold(struct apply *apply, struct original *record);
