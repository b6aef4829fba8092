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

static int read_file(struct kept_reader *reader, int fd, enum kept_set_file file, void *to)
{
	struct pod_sample *sample = to;
	int r = kept_file_read(reader, fd);

	if (r < 0)
		return r;
	if (file == KEPT_SET_MEMORY)
		return kept_file_parsed(kernel_text_u64(reader->text, &sample->memory_bytes));
	return kept_file_parsed(parse_cpu_stat(reader->text, sample));
}

static const struct kept_set_kind kind = {
	.names =
		{
			[KEPT_SET_CPU] = "cpu.stat",
			[KEPT_SET_MEMORY] = "memory.current",
			[KEPT_SET_PSI + RESOURCE_CPU] = "cpu.pressure",
			[KEPT_SET_PSI + RESOURCE_MEMORY] = "memory.pressure",
			[KEPT_SET_PSI + RESOURCE_IO] = "io.pressure",
		},
	.read = read_file,
};

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

int pod_files_open_one(int cgroup_fd, const struct cgroup *cgroup, const char *name, int *fd)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (*fd >= 0)
		return 0;
	r = pod_files_enter(cgroup_fd, cgroup, &dirfd);
	return r < 0 ? r : kept_file_open(dirfd, name, fd);
}

int pod_files_open(struct kept_set *files, struct kept_reader *reader, int cgroup_fd,
		   const struct cgroup *cgroup, bool psi)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r = pod_files_enter(cgroup_fd, cgroup, &dirfd);
	bool failed = false;

	for (unsigned i = 0; r == 0 && i < kept_set_n_wanted(psi); i++) {
		int error = kept_file_open(dirfd, kind.names[i], &files->fds[i]);

		if (error == -EMFILE || error == -ENFILE)
			r = error;
		else if (error < 0)
			kept_file_say(reader, cgroup->path, kind.names[i], error);
		failed |= error < 0 && !kept_file_is_absent(error);
	}
	if (r < 0)
		kept_set_close(files);
	return r < 0 ? r : failed;
}

int pod_files_read(struct kept_set *files, struct kept_reader *reader, const struct cgroup *cgroup,
		   struct pod_sample *sample)
{
	int r = kept_set_read(files, &kind, reader, cgroup->path, sample, sample->psi,
			      &sample->valid);

	if (r < 0)
		kept_set_close(files);
	return r;
}
