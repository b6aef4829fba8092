// SPDX-License-Identifier: LGPL-2.1-or-later
// See alloc_count.h. In a plain build the test program's own malloc stands before libc's and
// hands over to it; a sanitizer build has an allocator of its own, which offers hooks.
#include "tests/lib/alloc_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_ulong calls;

unsigned long alloc_count(void)
{
	return atomic_load(&calls);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTHER_ALLOCATOR 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define OTHER_ALLOCATOR 1
#endif

#ifdef OTHER_ALLOCATOR

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
	atomic_fetch_add(&calls, 1);
}

static void on_free(const volatile void *p)
{
	(void)p;
}

__attribute__((constructor)) static void install(void)
{
	(void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

/* glibc keeps these names for exactly this use (an allocator in front of its own). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void *aligned_alloc(size_t align, size_t size);
int posix_memalign(void **ret, size_t align, size_t size);

void *malloc(size_t size)
{
	atomic_fetch_add(&calls, 1);
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	atomic_fetch_add(&calls, 1);
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	atomic_fetch_add(&calls, 1);
	return __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	atomic_fetch_add(&calls, 1);
	return __libc_memalign(align, size);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	void *p;

	atomic_fetch_add(&calls, 1);
	p = __libc_memalign(align, size);
	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

#endif
