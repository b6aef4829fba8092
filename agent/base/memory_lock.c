// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_lock.h.
#include "agent/base/memory_lock.h"

#include <alloca.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/base/sys.h"

#define STACK_BYTES (256u << 10)
#define HEAP_BYTES (1u << 20)
/* Kept at the top of the heap instead of given back; a larger peak (a policy, the pods of a node as
 * JSON) goes back. */
#define HEAP_KEPT_BYTES (4 << 20)
#define HEAP_STEP_BYTES (256 << 10)

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

static bool on;

/* With one arena for all threads: a second one would be 64 MiB of address space for nothing. */
static void keep_heap(void)
{
	void *reserve;

	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
	(void)mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	/* Above this, malloc maps instead of taking from the heap. */
	(void)mallopt(M_MMAP_THRESHOLD, 2 * HEAP_BYTES);
	reserve = malloc(HEAP_BYTES);
	if (!reserve)
		return;
	memset(reserve, 1, HEAP_BYTES);
	/* So that the compiler keeps both. */
	__asm__ volatile("" : : "r"(reserve) : "memory");
	free(reserve);
}

void memory_lock_touch_stack(size_t bytes)
{
	volatile char *p = alloca(bytes);

	for (size_t i = 0; i < bytes; i += 1024)
		p[i] = 0;
}

/* "" is the program itself. */
static const char *const for_all[] = {"", "/libc.so", "/libsystemd.so", NULL};
static const char *const for_https[] = {"/libcurl.so",	  "/libssl.so",	  "/libcrypto.so",
					"/libnghttp2.so", "/libcjson.so", NULL};

static bool is_among(const char *const *needed, const char *name)
{
	for (; *needed; needed++)
		if (**needed ? strstr(name, *needed) != NULL : !*name)
			return true;
	return false;
}

/* The segments of one loaded object. */
static int touch_object(struct dl_phdr_info *info, size_t size, void *context)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)size;
	if (!is_among(context, info->dlpi_name))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + p->p_vaddr, to = from + p->p_memsz;

		from -= from % page;
		/* A kernel that does not know this has its pages by use. */
		if (p->p_type == PT_LOAD)
			(void)madvise((void *)from, to - from, MADV_POPULATE_READ);
	}
	return 0;
}

static void touch_objects(const char *const *needed)
{
	(void)dl_iterate_phdr(touch_object, (void *)needed);
}

void memory_lock_touch_https(void)
{
	touch_objects(for_https);
}

/* Its own limit counts even for root, unless it has CAP_IPC_LOCK, which the service does without. */
static int lift_limit(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	if (setrlimit(RLIMIT_MEMLOCK, &none) == 0)
		return 0;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return -errno;
	return limit.rlim_cur == RLIM_INFINITY ? 0 : -EPERM;
}

int memory_lock(void)
{
	int r = sys_fault(SYS_LOCK, "memory");

	keep_heap();
	if (r == 0)
		r = lift_limit();
	if (r < 0)
		return r;
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		return -errno;
	touch_objects(for_all);
	memory_lock_touch_stack(STACK_BYTES);
	on = true;
	return 0;
}

bool memory_lock_is_on(void)
{
	return on;
}
