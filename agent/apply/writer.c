// SPDX-License-Identifier: LGPL-2.1-or-later
// See writer.h. Reads and writes one knob; decides nothing and records nothing.
#include "agent/apply/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/patience.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

/* io.weight, io.bfq.weight and io.max have a line for each device that somebody set. */
#define TEXT_SIZE 8192

static const struct writer *search(const struct writer *rows, size_t n, enum knob knob)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].knob == knob)
			return &rows[i];
	return NULL;
}

const struct writer *writer_of(enum knob knob)
{
	const struct writer *w = search(cgroup_cpu_writers, cgroup_cpu_n_writers, knob);

	if (!w)
		w = search(cgroup_memory_writers, cgroup_memory_n_writers, knob);
	if (!w)
		w = search(cgroup_cpuset_writers, cgroup_cpuset_n_writers, knob);
	if (!w)
		w = search(cgroup_freeze_writers, cgroup_freeze_n_writers, knob);
	if (!w)
		w = search(cgroup_io_writers, cgroup_io_n_writers, knob);
	if (!w)
		w = search(cgroup_attr_writers, cgroup_attr_n_writers, knob);
	return w;
}

int writer_read_of(int dir_fd, enum knob knob, const struct knob_value *of,
		   struct knob_value *ret_value)
{
	char text[TEXT_SIZE];
	int r = fs_read(dir_fd, knob_file(knob), text, sizeof(text), NULL);

	if (r < 0)
		return r;
	return knob_parse_of(knob, text, of, ret_value) < 0 ? -EBADMSG : 0;
}

int writer_read(int dir_fd, enum knob knob, struct knob_value *ret_value)
{
	return writer_read_of(dir_fd, knob, NULL, ret_value);
}

bool writer_is_hidden(int dir_fd, enum knob knob)
{
	struct knob_value value;

	for (int i = 0; i < KNOB_COUNT; i++) {
		const struct writer *w = writer_of((enum knob)i);

		if (w && w->forgets == knob && writer_read(dir_fd, w->knob, &value) == 0 &&
		    value.value == 1)
			return true;
	}
	return false;
}

int writer_flags(const struct writer *writer, bool patient)
{
	/* O_TRUNC does nothing on cgroupfs; in a recorded tree the file then holds the value alone. */
	return O_TRUNC | (patient ? 0 : writer->flags);
}

int writer_write(int dir_fd, const struct writer *writer, const struct knob_value *value)
{
	_cleanup_close_ int fd = -EBADF;
	char text[KNOB_TEXT_SIZE];
	size_t len;
	ssize_t n;
	int r = fs_open(dir_fd, knob_file(writer->knob), O_WRONLY | writer_flags(writer, false),
			&fd);

	if (r < 0)
		return r;
	len = strlen(knob_to_write(writer->knob, value, text, sizeof(text)));
	if (writer->stride)
		return patience_write(fd, text, len, NULL);
	n = sys_write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}
