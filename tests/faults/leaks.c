// SPDX-License-Identifier: LGPL-2.1-or-later
// See leaks.h.
#include "tests/faults/leaks.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/alloc_count.h"

#define FD_MAX 256

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define LEAKS 1
#endif

#ifdef LEAKS
int __lsan_do_recoverable_leak_check(void);
#endif

unsigned leaks_n_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < FD_MAX; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* What the highest one is. */
static const char *last_fd(void)
{
	static char target[256];
	char link[64];
	ssize_t n = -1;

	for (int fd = FD_MAX - 1; fd >= 0 && n < 0; fd--) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
	}
	target[n > 0 ? n : 0] = '\0';
	return target;
}

void leaks_check(struct story *s, unsigned fds_before, long blocks_before)
{
	unsigned fds = leaks_n_fds();
	long blocks = alloc_live();

	s->phase = "the end";
	if (fds != fds_before)
		story_wrong(s, "%u file descriptors are left open, the last is %s",
			    fds - fds_before, last_fd());
	if (blocks != blocks_before)
		story_wrong(s, "%ld allocated blocks are left", blocks - blocks_before);
#ifdef LEAKS
	if (__lsan_do_recoverable_leak_check())
		story_wrong(s, "memory leaks");
#endif
}
