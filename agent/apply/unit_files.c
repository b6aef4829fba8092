// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_files.h.
#include "agent/apply/unit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/unit_name.h"
#include "agent/apply/writer.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/kernel_text.h"
#include "policy/knob.h"

#define CONTROL "run/systemd/system.control"

void unit_files_read(int dir_fd, unsigned controllers, struct knob_value ret_values[KNOB_COUNT])
{
	memset(ret_values, 0, KNOB_COUNT * sizeof(*ret_values));
	for (unsigned i = 0; i < UNIT_PROP_WIPED; i++) {
		enum knob knob = unit_prop_wiped(i);

		if (!(knob_controller(knob) & controllers) || writer_is_hidden(dir_fd, knob) ||
		    writer_read(dir_fd, knob, &ret_values[knob]) < 0)
			ret_values[knob].state = KNOB_UNREAD;
	}
}

void unit_files_spare(int dir_fd, const struct unit_values *now,
		      struct knob_value values[KNOB_COUNT], uint64_t page_bytes)
{
	for (unsigned i = 0; i < UNIT_PROP_WIPED; i++) {
		enum knob knob = unit_prop_wiped(i);
		struct knob_value there, systemds;

		if (values[knob].state == KNOB_KNOWN && writer_read(dir_fd, knob, &there) == 0 &&
		    !(unit_prop_writes(now, knob, &systemds) &&
		      knob_equal(knob, &systemds, &there, page_bytes)))
			values[knob].state = KNOB_UNREAD;
	}
}

unsigned unit_files_put_back(int dir_fd, const struct knob_value values[KNOB_COUNT],
			     uint64_t page_bytes)
{
	unsigned n = 0;

	for (unsigned i = 0; i < UNIT_PROP_WIPED; i++) {
		enum knob knob = unit_prop_wiped(i);
		const struct knob_value *want = &values[knob];
		struct knob_value now;

		if (want->state != KNOB_KNOWN || writer_is_hidden(dir_fd, knob) ||
		    writer_read(dir_fd, knob, &now) < 0 || knob_equal(knob, want, &now, page_bytes))
			continue;
		n += writer_write(dir_fd, writer_of(knob), want) == 0;
	}
	return n;
}

/* A memory file whose value systemd would change. One that is not there is nobody's. */
static bool differs(int dir_fd, const char *file, uint64_t property, uint64_t page_bytes)
{
	uint64_t value;
	char text[64];

	if (fs_read(dir_fd, file, text, sizeof(text), NULL) < 0)
		return false;
	if (strncmp(text, "max", 3) == 0)
		value = UNIT_PROP_UNSET;
	else if (kernel_text_u64(text, &value) < 0)
		return true;
	if (value == property)
		return false;
	return property == UNIT_PROP_UNSET || value != property - property % page_bytes;
}

static bool is_owned(uint32_t owned, const char *file)
{
	int knob = knob_from_name(file);

	return knob >= 0 && (owned & (1u << knob));
}

const char *unit_files_memory_foreign(int dir_fd, const struct unit_answer *answer, uint32_t owned,
				      uint64_t page_bytes)
{
	static const enum unit_prop props[] = {UNIT_PROP_MEMORY_MIN, UNIT_PROP_MEMORY_LOW,
					       UNIT_PROP_MEMORY_HIGH, UNIT_PROP_MEMORY_MAX};

	if (differs(dir_fd, "memory.swap.max", answer->memory_swap_max, page_bytes))
		return "memory.swap.max";
	if (!is_owned(owned, "memory.oom.group") &&
	    differs(dir_fd, "memory.oom.group", answer->values.oom_group, page_bytes))
		return "memory.oom.group";
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
		enum knob knob = unit_prop_knob(props[i], UNIT_PROP_UNSET);

		if (!(owned & (1u << knob)) &&
		    differs(dir_fd, knob_name(knob), answer->values.value[props[i]], page_bytes))
			return knob_name(knob);
	}
	return NULL;
}

/* "run/systemd/system.control/batch.slice.d", and the drop-in in it. */
static int dropin_path(const char *path, enum unit_prop prop, char dir[PATH_MAX],
		       char file[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char unit[UNIT_NAME_SIZE];
	int n, r = unit_name_of(slash ? slash + 1 : path, unit);

	if (r < 0)
		return r;
	n = snprintf(dir, PATH_MAX, CONTROL "/%s.d", unit);
	if (n < 0 || n >= PATH_MAX - 128)
		return -ENAMETOOLONG;
	(void)snprintf(file, PATH_MAX, CONTROL "/%s.d/50-%s.conf", unit, unit_prop_setting(prop));
	return 0;
}

uint32_t unit_files_dropins(int root_fd, const char *path)
{
	char dir[PATH_MAX], file[PATH_MAX];
	uint32_t mask = 0;

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		/* What cannot be looked at counts as there: then it is never deleted. */
		if (dropin_path(path, (enum unit_prop)i, dir, file) == 0 &&
		    fs_exists(root_fd, file) != 0)
			mask |= 1u << i;
	return mask;
}

/* "CPUWeight=idle", "MemoryHigh=infinity", "CPUQuota=" … */
static void format_setting(enum unit_prop prop, uint64_t value, char *buf, size_t size)
{
	const char *setting = unit_prop_setting(prop);
	bool memory = unit_prop_controller(prop) == CONTROLLER_MEMORY;

	if (value == UNIT_PROP_UNSET)
		(void)snprintf(buf, size, "%s=%s", setting, memory ? "infinity" : "");
	else if (prop == UNIT_PROP_CPU_QUOTA)
		(void)snprintf(buf, size, "%s=%" PRIu64 "%%", setting, value / 10000);
	else if (prop == UNIT_PROP_CPU_PERIOD)
		(void)snprintf(buf, size, "%s=%" PRIu64 "us", setting, value);
	else if (prop == UNIT_PROP_CPU_WEIGHT && value == 0)
		(void)snprintf(buf, size, "%s=idle", setting);
	else
		(void)snprintf(buf, size, "%s=%" PRIu64, setting, value);
}

int unit_files_write_dropin(int root_fd, const char *path, enum unit_prop prop, uint64_t value)
{
	_cleanup_close_ int fd = -EBADF;
	char dir[PATH_MAX], file[PATH_MAX], setting[64], text[128];
	int n, r = dropin_path(path, prop, dir, file);

	if (r == 0)
		r = fs_open(root_fd, file, O_WRONLY | O_TRUNC, &fd);
	/* It went meanwhile: nothing of colod's is in it. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	format_setting(prop, value, setting, sizeof(setting));
	/* The section is the type of the unit: "[Slice]" of org.freedesktop.systemd1.Slice. */
	n = snprintf(text, sizeof(text), "[%s]\n%s\n", strrchr(unit_name_interface(path), '.') + 1,
		     setting);
	if (sys_write(fd, text, (size_t)n) != n)
		return -EIO;
	return 0;
}

int unit_files_delete_dropin(int root_fd, const char *path, enum unit_prop prop)
{
	char dir[PATH_MAX], file[PATH_MAX];
	int r = dropin_path(path, prop, dir, file);

	if (r < 0)
		return r;
	if (sys_unlinkat(root_fd, file, 0) < 0 && errno != ENOENT)
		return -errno;
	(void)sys_unlinkat(root_fd, dir, AT_REMOVEDIR);
	return 0;
}
