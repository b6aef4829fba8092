// SPDX-License-Identifier: LGPL-2.1-or-later
// See pod_files.h. memory.stat is not here on purpose: it makes the kernel sum up every counter of
// the subtree, which is more than a second's sample is worth.
#include "agent/observe/pod_files.h"

#include <errno.h>
#include <sys/stat.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/kernel_text.h"

static const char *const names[POD_FILE_COUNT] = {
	[POD_FILE_CPU_STAT] = "cpu.stat",
	[POD_FILE_MEMORY] = "memory.current",
	[POD_FILE_PSI + RESOURCE_CPU] = "cpu.pressure",
	[POD_FILE_PSI + RESOURCE_MEMORY] = "memory.pressure",
	[POD_FILE_PSI + RESOURCE_IO] = "io.pressure",
};

void pod_files_init(struct pod_files *files)
{
	for (int i = 0; i < POD_FILE_COUNT; i++)
		files->fds[i] = -EBADF;
}

void pod_files_close(struct pod_files *files)
{
	for (int i = 0; i < POD_FILE_COUNT; i++)
		files->fds[i] = cleanup_close_fd(files->fds[i]);
}

unsigned pod_files_n_open(const struct pod_files *files)
{
	unsigned n = 0;

	for (int i = 0; i < POD_FILE_COUNT; i++)
		n += files->fds[i] >= 0;
	return n;
}

int pod_files_enter(int cgroup_fd, const struct cgroup *cgroup, int *ret_dirfd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = fs_open_dir(cgroup_fd, cgroup->path, &fd);

	if (r < 0)
		return r;
	if (sys_fstat(fd, &st) < 0)
		return -errno;
	if (cgroup->inode != 0 && st.st_ino != cgroup->inode)
		return -ENODEV;
	*ret_dirfd = TAKE_FD(fd);
	return 0;
}

int pod_files_open(struct pod_files *files, struct kept_reader *reader, int cgroup_fd,
		   const struct cgroup *cgroup, bool psi)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r = pod_files_enter(cgroup_fd, cgroup, &dirfd);

	for (int i = 0; r == 0 && i < (psi ? POD_FILE_COUNT : POD_FILE_PSI); i++) {
		int error = kept_file_open(dirfd, names[i], &files->fds[i]);

		if (error == -EMFILE || error == -ENFILE)
			r = error;
		else if (error < 0)
			kept_file_say(reader, cgroup->path, names[i], error);
	}
	if (r < 0)
		pod_files_close(files);
	return r;
}

static int parse_cpu_stat(const char *text, struct pod_sample *sample)
{
	int r = kernel_text_keyed(text, "usage_usec", &sample->cpu_usage_us);

	if (r < 0)
		return r;
	/* Without the cpu controller there is no quota, and these lines are missing. */
	r = kernel_text_keyed(text, "nr_periods", &sample->cpu_periods);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = kernel_text_keyed(text, "nr_throttled", &sample->cpu_throttled);
	if (r < 0)
		return r;
	return kernel_text_keyed(text, "throttled_usec", &sample->cpu_throttled_us);
}

static int read_file(struct kept_reader *reader, int fd, int file, struct pod_sample *sample)
{
	int r;

	if (file >= POD_FILE_PSI)
		return kept_file_psi(reader, fd, &sample->psi[file - POD_FILE_PSI]);
	r = kept_file_read(reader, fd);
	if (r < 0)
		return r;
	if (file == POD_FILE_MEMORY)
		return kept_file_parsed(kernel_text_u64(reader->text, &sample->memory_bytes));
	return kept_file_parsed(parse_cpu_stat(reader->text, sample));
}

int pod_files_read(struct pod_files *files, struct kept_reader *reader, const struct cgroup *cgroup,
		   struct pod_sample *sample)
{
	static const uint32_t bits[POD_FILE_COUNT] = {
		[POD_FILE_CPU_STAT] = SAMPLE_CPU,
		[POD_FILE_MEMORY] = SAMPLE_MEMORY,
		[POD_FILE_PSI + RESOURCE_CPU] = SAMPLE_PSI_CPU,
		[POD_FILE_PSI + RESOURCE_MEMORY] = SAMPLE_PSI_MEMORY,
		[POD_FILE_PSI + RESOURCE_IO] = SAMPLE_PSI_IO,
	};

	for (int i = 0; i < POD_FILE_COUNT; i++) {
		int r;

		if (files->fds[i] < 0)
			continue;
		r = read_file(reader, files->fds[i], i, sample);
		if (r == 0)
			sample->valid |= bits[i];
		else
			kept_file_say(reader, cgroup->path, names[i], r);
		if (r == -ENODEV) {
			pod_files_close(files);
			return r;
		}
	}
	return 0;
}
