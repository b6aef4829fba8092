// SPDX-License-Identifier: LGPL-2.1-or-later
// See apply.h. The life of the stage and the steps that changing and restoring share; the changes
// of a pass are in apply_changes.c, giving everything back in apply_restore.c.
#include "agent/apply/apply_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/apply/lift_record.h"
#include "agent/apply/units.h"
#include "agent/base/boot_id.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/process.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

static void report_lifted(const struct lift_back *back)
{
	if (back->written + back->bad == 0)
		return;
	log_notice("apply.lifted",
		   "a colod that is gone was killing a pod: of %" PRIu32
		   " values that it lifted for that, %" PRIu32 " are put back, %" PRIu32
		   " gone with their cgroup, %" PRIu32 " left as somebody set them%s",
		   back->written, back->restored, back->gone, back->foreign,
		   back->failed ? ", the kernel refused some: try again with colod restore"
		   : back->bad	? ", part of the record was unreadable"
				: "");
}

static void report_found(const struct originals_found *found, size_t n)
{
	if (found->n_bad > 0)
		log_warning("apply.originals",
			    "%zu lines of /run/colod/originals were unreadable, %zu values can be "
			    "restored; %s",
			    found->n_bad, n,
			    found->bad_kept ? "the damaged file is /run/colod/originals.bad"
					    : "the damaged file could not be kept");
	if (found->torn)
		log_info("apply.originals",
			 "the last record was cut short: its knob was not written");
	if (found->other_boot)
		log_info("apply.originals", "/run/colod/originals is of an earlier boot: not used");
}

int apply_new(int cgroup_fd, int state_fd, struct apply **ret_apply)
{
	_cleanup_free_ struct apply *apply = calloc(1, sizeof(*apply));
	struct originals_found found;
	struct lift_back lifted;
	char boot_id[ORIGINALS_BOOT_SIZE];
	long page = sysconf(_SC_PAGESIZE);
	int r;

	if (!apply)
		return -ENOMEM;
	apply->cgroup_fd = cgroup_fd;
	apply->root_fd = -EBADF;
	apply->page_bytes = page > 0 ? (uint64_t)page : 4096;
	apply->self.pid = (uint32_t)getpid();
	(void)process_start(apply->self.pid, &apply->self.start);
	lift_record_put_back(cgroup_fd, state_fd, &lifted);
	report_lifted(&lifted);
	boot_id_read(boot_id, sizeof(boot_id));
	r = originals_open(&apply->originals, state_fd, boot_id, &found);
	if (r < 0) {
		originals_close(&apply->originals);
		return r;
	}
	report_found(&found, apply->originals.n);
	apply->reserve = FD_RESERVE_NONE;
	fd_reserve_fill(&apply->reserve, cgroup_fd);
	*ret_apply = TAKE_PTR(apply);
	return 0;
}

void apply_free(struct apply *apply)
{
	if (!apply)
		return;
	units_free(apply->units);
	fd_reserve_lend(&apply->reserve);
	originals_close(&apply->originals);
	cleanup_close(&apply->root_fd);
	free(apply->flights);
	free(apply);
}

void apply_use_units(struct apply *apply, int root_fd, int state_fd)
{
	int r = units_new(apply, root_fd, state_fd, &apply->units);

	if (r < 0)
		log_warning(
			"apply.units",
			"cannot use /run/colod/units (%s): systemd is told nothing, and what it was "
			"told before is not taken back. See: systemctl revert UNIT",
			strerror(-r));
}

void apply_use_processes(struct apply *apply, int root_fd)
{
	cleanup_close(&apply->root_fd);
	apply->root_fd = sys_dup(root_fd);
	if (apply->root_fd >= 0)
		return;
	apply->root_fd = -EBADF;
	log_warning(
		"apply.processes",
		"/proc cannot be opened (%s): oom_score_adj and scheduling policies are not given "
		"back by this process",
		strerror(errno));
}

struct units *apply_units(struct apply *apply)
{
	return apply->units;
}

void apply_set_now(struct apply *apply, int64_t now_us)
{
	apply->now_us = now_us;
}

void apply_set_dying(struct apply *apply, apply_dying_fn is_dying, void *context)
{
	apply->is_dying = is_dying;
	apply->dying_context = context;
}

bool apply_is_dying(const struct apply *apply, const char *path)
{
	return apply->is_dying && apply->is_dying(apply->dying_context, path);
}

void apply_set_hook(struct apply *apply, apply_hook_fn hook, void *context)
{
	apply->hook = hook;
	apply->hook_context = context;
}

int apply_step(struct apply *apply, enum apply_step step, const char *path, enum knob knob)
{
	return apply->hook ? apply->hook(apply->hook_context, step, path, knob) : 0;
}

int apply_open(const struct apply *apply, const char *path, uint64_t inode, int *ret_fd)
{
	return fs_open_dir_of(apply->cgroup_fd, path, inode, ret_fd);
}

int apply_own(struct apply *apply, const char *path, uint64_t inode, enum knob knob, bool held,
	      const struct knob_value *original, const struct knob_value *written,
	      const struct knob_value *previous)
{
	struct originals_line *line = &apply->line;
	size_t len = strlen(path);
	int r = apply_step(apply, APPLY_STEP_RECORD, path, knob);

	if (r < 0)
		return r;
	if (len >= sizeof(line->path))
		return -ENAMETOOLONG;
	line->kind = ORIGINALS_OWN;
	line->inode = inode;
	line->knob = knob;
	line->held = held;
	line->since_us = apply->now_us;
	line->owner = apply->self;
	line->original = *original;
	line->written = *written;
	line->previous = previous ? *previous : (struct knob_value){.state = KNOB_UNREAD};
	memcpy(line->path, path, len + 1);
	return originals_own(&apply->originals, line);
}

void apply_end(struct apply *apply, struct original *record)
{
	int r;

	(void)apply_step(apply, APPLY_STEP_END, record->path, record->knob);
	r = originals_end(&apply->originals, record);
	/* What the file then says in vain does no harm: see originals_end(). */
	if (r < 0)
		log_debug("apply.originals", "the end of a record was not written down: %s",
			  strerror(-r));
}

/* A cgroup of the model that an earlier run, or an earlier object for it, wrote to. */
static size_t adopt_cgroup(struct apply *apply, struct cgroup *cg)
{
	size_t n = 0;

	for (int i = 0; i < KNOB_COUNT; i++) {
		enum knob knob = (enum knob)i;
		struct knob_state *s = &cg->knobs[i];
		struct original *record =
			originals_find(&apply->originals, cg->path, cg->inode, knob);

		if (!record)
			continue;
		record->seen = true;
		if (s->owned)
			continue;
		s->owned = true;
		s->held = record->held;
		s->held_since_us = record->since_us;
		s->contested = record->fight.on;
		s->rewrites = record->fight.rewrites;
		s->original = record->original;
		s->written = record->written;
		/* Killed between the record and the write. */
		if (originals_waits(record, &s->now, apply->page_bytes))
			s->written = record->previous;
		else if (s->now.state == KNOB_KNOWN)
			originals_arrived(record);
		n++;
	}
	return n;
}

/* Records of cgroups that are no more. The model may leave a cgroup out for other reasons, so the
 * machine is asked; where it is still there, its holds end, as no plan will ever lift them. */
static void sweep(struct apply *apply)
{
	const struct originals *o = &apply->originals;

	for (struct original *next, *record = originals_next(o, NULL); record; record = next) {
		_cleanup_close_ int fd = -EBADF;
		bool seen = record->seen;
		int r = 0;

		next = originals_next(o, record);
		if (!seen)
			r = apply_open(apply, record->path, record->inode, &fd);
		record->seen = false;
		if (r == -ENOENT || r == -ENOTDIR || r == -ESTALE)
			apply_end(apply, record);
		else if (!seen && record->held)
			apply_end_hold(apply, record);
	}
}

void apply_adopt(struct apply *apply, struct model *model)
{
	size_t n = 0;

	if (apply->originals.n == 0)
		return;
	for (size_t i = 0; i < model->n_cgroups; i++)
		n += adopt_cgroup(apply, model->cgroups[i]);
	fd_reserve_lend(&apply->reserve);
	sweep(apply);
	fd_reserve_fill(&apply->reserve, apply->cgroup_fd);
	if (n > 0)
		log_info("apply.adopt", "%zu values that an earlier run of colod wrote are known",
			 n);
}

void apply_on_event(struct apply *apply, apply_event_fn fn, void *context)
{
	apply->event = fn;
	apply->event_context = context;
}

void apply_tell(const struct apply *apply, const struct apply_event *event)
{
	if (apply->event)
		apply->event(apply->event_context, event);
}
