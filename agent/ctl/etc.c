// SPDX-License-Identifier: LGPL-2.1-or-later
// See etc.h.
#include "agent/ctl/etc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"

#define PATH_SIZE 128
#define SUFFIX ".new"

/* Every folder above the file. */
static int make_folders(int root_fd, const char *path)
{
	char folder[PATH_SIZE];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (mkdirat(root_fd, folder, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int write_all(int fd, const char *text)
{
	int r = fs_write_all(fd, text, strlen(text));

	if (r < 0)
		return r;
	/* Whatever the umask of the caller says: the agent and its users read it. */
	if (fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int sync_folder(int root_fd, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	char folder[PATH_SIZE];
	int r;

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	r = fs_open_dir(root_fd, folder, &fd);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

int etc_write(const char *root, const char *path, const char *text)
{
	_cleanup_close_ int root_fd = -EBADF, fd = -EBADF;
	char fresh[PATH_SIZE];
	int r = fs_open_root(root, &root_fd);

	if (r == 0)
		r = make_folders(root_fd, path);
	if (r < 0)
		return r;
	(void)snprintf(fresh, sizeof(fresh), "%s" SUFFIX, path);
	/* One that an earlier coloctl left when it was killed; a link would lead elsewhere. */
	if (unlinkat(root_fd, fresh, 0) < 0 && errno != ENOENT)
		return -errno;
	r = fs_open(root_fd, fresh, O_WRONLY | O_CREAT | O_EXCL, &fd);
	if (r < 0)
		return r;
	r = write_all(fd, text);
	if (r == 0 && renameat(root_fd, fresh, root_fd, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(root_fd, fresh, 0);
		return r;
	}
	return sync_folder(root_fd, path);
}

int etc_remove(const char *root, const char *path)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r = fs_open_root(root, &root_fd);

	if (r < 0)
		return r;
	if (unlinkat(root_fd, path, 0) < 0)
		return -errno;
	return sync_folder(root_fd, path);
}

int etc_read(const char *root, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r = fs_open_root(root, &root_fd);

	return r < 0 ? r : fs_read(root_fd, path, buf, size, NULL);
}

const char *etc_who(const char *command, char *buf, size_t size)
{
	const char *sudo = getenv("SUDO_USER");
	time_t now = time(NULL);
	char when[32] = "?";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	(void)snprintf(buf, size, "%s, uid %u%s%.32s: %s", when, (unsigned)geteuid(),
		       sudo ? ", sudo by " : "", sudo ? sudo : "", command);
	return buf;
}
