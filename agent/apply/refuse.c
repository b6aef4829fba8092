// SPDX-License-Identifier: LGPL-2.1-or-later
// See refuse.h. Finds the cause behind an errno by looking at the machine, never by guessing from
// the errno alone; changes nothing.
#include "agent/apply/refuse.h"

#include <errno.h>
#include <string.h>

#include "agent/base/fs.h"
#include "colod/cgroup.h"
#include "policy/kernel_text.h"
#include "policy/knob.h"

static const char *controller_name(unsigned controller)
{
	if (controller == CONTROLLER_CPU)
		return "cpu";
	if (controller == CONTROLLER_CPUSET)
		return "cpuset";
	return controller == CONTROLLER_MEMORY ? "memory" : "io";
}

/* A file of this controller is not there. */
static enum refusal classify_missing(int dir_fd, unsigned controller)
{
	char text[512];
	int r = fs_read(dir_fd, "../cgroup.subtree_control", text, sizeof(text), NULL);

	/* cgroup.procs is in every cgroup: without it the directory was removed meanwhile. */
	if (r < 0)
		return fs_exists(dir_fd, "cgroup.procs") == 1 ? REFUSAL_NO_KNOB : REFUSAL_GONE;
	if (!kernel_text_has_word(text, controller_name(controller)))
		return REFUSAL_NO_CONTROLLER;
	return fs_exists(dir_fd, "cgroup.procs") == 1 ? REFUSAL_NO_KNOB : REFUSAL_GONE;
}

enum refusal refuse_classify_controller(int dir_fd, unsigned controller, int error)
{
	switch (-error) {
	case 0:
		return REFUSAL_NONE;
	case ENODEV: /* a file of a cgroup that was removed while it was open */
	case ESTALE: /* another cgroup has that name now */
		return REFUSAL_GONE;
	case ENOENT:
	case ENOTDIR:
		return dir_fd < 0 ? REFUSAL_GONE : classify_missing(dir_fd, controller);
	case EINVAL:
	case ERANGE:
		return REFUSAL_INVALID;
	case EACCES:
	case EPERM:
	case EROFS:
		return REFUSAL_DENIED;
	case EBUSY:
		return REFUSAL_BUSY;
	default:
		return REFUSAL_OTHER;
	}
}

enum refusal refuse_classify(int dir_fd, enum knob knob, int error)
{
	/* The number of a disk that went is no better than that of a cgroup. */
	if (knob_is_io_max(knob) && (error == -ENODEV || error == -ENXIO) && dir_fd >= 0 &&
	    fs_exists(dir_fd, "cgroup.procs") == 1)
		return REFUSAL_NO_DISK;
	/* With it went what was written: as with a cgroup that went. */
	if (knob_may_vanish(knob) && error == -ENOENT)
		return REFUSAL_GONE;
	return refuse_classify_controller(dir_fd, knob_controller(knob), error);
}

/* Accounting alone does not make systemd enable the cpu controller; a weight does. */
static const char *fix_controller(unsigned controller)
{
	if (controller == CONTROLLER_CPU)
		return "who owns the parent cgroup can enable it (for a systemd unit: CPUWeight=100)";
	if (controller == CONTROLLER_CPUSET)
		return "who owns the parent cgroup can enable it (for a systemd unit: AllowedCPUs=)";
	if (controller == CONTROLLER_MEMORY)
		return "who owns the parent cgroup can enable it (for a systemd unit: "
		       "MemoryAccounting=yes)";
	return "who owns the parent cgroup can enable it (for a systemd unit: IOAccounting=yes)";
}

const char *refuse_fix_controller(enum refusal refusal, unsigned controller)
{
	switch (refusal) {
	case REFUSAL_NO_CONTROLLER:
		return fix_controller(controller);
	case REFUSAL_NO_KNOB:
		return "everything else goes on (coloctl doctor says what it costs)";
	case REFUSAL_NO_DISK:
		return "nothing is held on it";
	case REFUSAL_INVALID:
		return "it is left as it was";
	case REFUSAL_DENIED:
		return "colod needs root and a writable /sys/fs/cgroup (in its unit: "
		       "ProtectControlGroups=no)";
	case REFUSAL_DIFFERS:
		return "somebody else writes this knob too; the next pass writes again";
	case REFUSAL_NO_RECORD:
		return "what could not be recorded was not changed: make room in /run/colod";
	case REFUSAL_BUSY:
	case REFUSAL_NONE:
	case REFUSAL_GONE:
	case REFUSAL_OTHER:
	case REFUSAL_COUNT:
		break;
	}
	return "the next pass tries again";
}

const char *refuse_fix(enum refusal refusal, enum knob knob)
{
	return refuse_fix_controller(refusal, knob_controller(knob));
}

bool refuse_is_new(struct refuse_seen *seen, uint64_t inode, enum knob knob, enum refusal refusal)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->list[i].inode == inode && seen->list[i].knob == knob &&
		    seen->list[i].refusal == refusal)
			return false;
	seen->list[seen->next].inode = inode;
	seen->list[seen->next].knob = knob;
	seen->list[seen->next].refusal = refusal;
	seen->next = (seen->next + 1) % REFUSE_SEEN_MAX;
	if (seen->n < REFUSE_SEEN_MAX)
		seen->n++;
	return true;
}

void refuse_clear(struct refuse_seen *seen, uint64_t inode, enum knob knob)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->list[i].inode == inode && seen->list[i].knob == knob)
			seen->list[i].refusal = REFUSAL_NONE;
}
