// SPDX-License-Identifier: LGPL-2.1-or-later
// See lease.h.
#include "agent/base/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

/* Digits of the largest of each, two blanks and a newline. */
#define TEXT_LEN (10 + 1 + 20 + 1 + 19 + 1)
_Static_assert(TEXT_LEN + 1 == LEASE_TEXT_SIZE, "the text of a lease");

int lease_open(int state_fd, int *ret_fd)
{
	static const struct lease none = {0};
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(state_fd, LEASE_FILE, O_RDWR | O_CREAT, &fd);

	if (r == 0)
		r = lease_write(fd, &none);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

void lease_format(const struct lease *lease, char buf[LEASE_TEXT_SIZE])
{
	(void)snprintf(buf, LEASE_TEXT_SIZE, "%010" PRIu32 " %020" PRIu64 " %019" PRId64 "\n",
		       lease->pid, lease->start, lease->until_us);
}

int lease_write(int fd, const struct lease *lease)
{
	char text[LEASE_TEXT_SIZE];
	ssize_t n;

	lease_format(lease, text);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	n = sys_write(fd, text, TEXT_LEN);
	if (n < 0)
		return -errno;
	return n == TEXT_LEN ? 0 : -ENOSPC;
}

/* The digits up to `end`. */
static int number(const char **text, char end, uint64_t max, uint64_t *ret_value)
{
	const char *p = *text;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -EBADMSG;
	if (p == *text || *p != end || value > max)
		return -EBADMSG;
	*text = p + 1;
	*ret_value = value;
	return 0;
}

int lease_parse(const char *text, size_t len, struct lease *ret_lease)
{
	uint64_t pid, start, until_us;
	const char *p = text;

	if (len != TEXT_LEN || number(&p, ' ', UINT32_MAX, &pid) < 0 ||
	    number(&p, ' ', UINT64_MAX, &start) < 0 || number(&p, '\n', INT64_MAX, &until_us) < 0 ||
	    p != text + len || text[10] != ' ' || text[31] != ' ')
		return -EBADMSG;
	*ret_lease = (struct lease){
		.pid = (uint32_t)pid,
		.start = start,
		.until_us = (int64_t)until_us,
	};
	return 0;
}

int lease_read(int state_fd, struct lease *ret_lease)
{
	char text[TEXT_LEN + 2];
	size_t len;
	int r = fs_read(state_fd, LEASE_FILE, text, sizeof(text), &len);

	if (r < 0)
		return r == -EFBIG ? -EBADMSG : r;
	return lease_parse(text, len, ret_lease);
}
