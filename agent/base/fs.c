// SPDX-License-Identifier: LGPL-2.1-or-later
// See fs.h. Nothing here follows a symbolic link in the last part of a path, and nothing here
// retries: a caller that can wait decides that itself.
#include "agent/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

static const char *below(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

int fs_open(int dirfd, const char *path, int flags, int *ret_fd)
{
	int fd = sys_openat(dirfd, below(path), flags | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int fs_open_following(int dirfd, const char *path, int *ret_fd)
{
	int fd = sys_open_following(dirfd, below(path), O_RDONLY | O_CLOEXEC);

	/* A unit with RestrictSUIDSGID= has no openat2(2). A service's root is "/" itself, where
	 * links lead nowhere else anyway. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = sys_openat(dirfd, below(path), O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int fs_open_root(const char *path, int *ret_fd)
{
	int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int fs_open_dir(int dirfd, const char *path, int *ret_fd)
{
	return fs_open(dirfd, path, O_RDONLY | O_DIRECTORY, ret_fd);
}

int fs_pread(int fd, char *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = sys_pread(fd, buf + len, size - len, (off_t)len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
	}
	buf[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return 0;
}

int fs_read(int dirfd, const char *path, char *buf, size_t size, size_t *ret_len)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(dirfd, path, O_RDONLY, &fd);

	if (r < 0)
		return r;
	return fs_pread(fd, buf, size, ret_len);
}

int fs_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = sys_write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_read_alloc(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(dirfd, path, O_RDONLY, &fd);

	if (r < 0)
		return r;
	return fs_read_alloc_fd(fd, max, ret_text, ret_len);
}

int fs_read_alloc_fd(int fd, size_t max, char **ret_text, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 4096, len = 0;
	int r;

	for (;;) {
		char *grown = realloc(text, size);

		if (!grown)
			return -ENOMEM;
		text = grown;
		r = fs_pread(fd, text, size, &len);
		if (r != -EFBIG)
			break;
		if (size > max)
			return -EFBIG;
		size *= 2;
	}
	if (r < 0)
		return r;
	if (len > max)
		return -EFBIG;
	if (ret_len)
		*ret_len = len;
	*ret_text = TAKE_PTR(text);
	return 0;
}

int fs_write(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = -EBADF;
	size_t len = strlen(text);
	ssize_t n;
	/* O_TRUNC does nothing on cgroupfs; on a recorded tree it makes the file hold the value. */
	int r = fs_open(dirfd, path, O_WRONLY | O_TRUNC, &fd);

	if (r < 0)
		return r;
	n = sys_write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int fs_exists(int dirfd, const char *path)
{
	if (sys_faccessat(dirfd, below(path), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

int fs_inode(int dirfd, const char *path, uint64_t *ret_inode)
{
	struct stat st;

	if (sys_fstatat(dirfd, below(path), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_inode = st.st_ino;
	return 0;
}

int fs_open_dir_of(int dirfd, const char *path, uint64_t inode, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = fs_open_dir(dirfd, path, &fd);

	if (r < 0)
		return r;
	if (sys_fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != inode)
		return -ESTALE;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
