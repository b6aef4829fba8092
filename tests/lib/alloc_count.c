// SPDX-License-Identifier: LGPL-2.1-or-later
// See alloc_count.h. In a plain build the test program's own malloc stands before libc's and
// hands over to it; a sanitizer build has an allocator of its own, which offers hooks.
#include "tests/lib/alloc_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_ulong calls;
static __thread unsigned long own_calls;
static atomic_ulong fails_at; /* a value of `calls`, 0 for none */
static atomic_bool did_fail;
static atomic_long live;

unsigned long alloc_count_own(void)
{
	return own_calls;
}

unsigned long alloc_count(void)
{
	return atomic_load(&calls);
}

void alloc_fail_at(unsigned long nth)
{
	atomic_store(&did_fail, false);
	atomic_store(&fails_at, nth ? atomic_load(&calls) + nth : 0);
}

bool alloc_did_fail(void)
{
	return atomic_load(&did_fail);
}

long alloc_live(void)
{
	return atomic_load(&live);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_ALLOCATOR 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_ALLOCATOR 1
#endif

#ifdef OTHER_ALLOCATOR

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
	own_calls++;
	atomic_fetch_add(&calls, 1);
}

static void on_free(const volatile void *p)
{
	(void)p;
}

bool alloc_can_fail(void)
{
	return false;
}

__attribute__((constructor)) static void install(void)
{
	(void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

bool alloc_can_fail(void)
{
	return true;
}

static bool fails(void)
{
	own_calls++;
	if (atomic_fetch_add(&calls, 1) + 1 != atomic_load(&fails_at))
		return false;
	atomic_store(&did_fail, true);
	errno = ENOMEM;
	return true;
}

static void *counted(void *p)
{
	if (p)
		atomic_fetch_add(&live, 1);
	return p;
}

/* glibc keeps these names for exactly this use (an allocator in front of its own). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

void free(void *p);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void *aligned_alloc(size_t align, size_t size);
int posix_memalign(void **ret, size_t align, size_t size);

void *malloc(size_t size)
{
	return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	void *grown;

	if (fails())
		return NULL;
	grown = __libc_realloc(p, size);
	if (!p)
		return counted(grown);
	if (size == 0)
		atomic_fetch_sub(&live, 1);
	return grown;
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : counted(__libc_memalign(align, size));
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	void *p = fails() ? NULL : counted(__libc_memalign(align, size));

	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

void free(void *p)
{
	if (p)
		atomic_fetch_sub(&live, 1);
	__libc_free(p);
}

#endif
