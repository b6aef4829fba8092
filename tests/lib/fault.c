// SPDX-License-Identifier: LGPL-2.1-or-later
// See fault.h.
#include "tests/lib/fault.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fault {
	enum sys_call call;
	unsigned nth; /* 0: none */
	bool and_later;
	int result;
	void (*late)(void *context);
	void *context;
	bool ends;
};

static atomic_uint counts[SYS_CALL_COUNT];
static struct fault fault;
static atomic_bool met;
static char met_path[256];

static int hook(void *context, const struct sys_point *point)
{
	unsigned n = atomic_fetch_add(&counts[point->call], 1) + 1;

	(void)context;
	if (fault.nth == 0 || point->call != fault.call ||
	    (fault.and_later ? n < fault.nth : n != fault.nth))
		return 0;
	if (!atomic_exchange(&met, true) && point->path)
		(void)snprintf(met_path, sizeof(met_path), "%s", point->path);
	if (fault.ends)
		_exit(fault.result);
	if (fault.late)
		fault.late(fault.context);
	return fault.result;
}

void fault_begin(void)
{
	for (int i = 0; i < SYS_CALL_COUNT; i++)
		atomic_store(&counts[i], 0);
	fault = (struct fault){0};
	atomic_store(&met, false);
	met_path[0] = '\0';
	sys_set_hook(hook, NULL);
}

void fault_end(void)
{
	sys_set_hook(NULL, NULL);
}

void fault_set(enum sys_call call, unsigned nth, int result)
{
	fault = (struct fault){.call = call, .nth = nth, .result = result};
	atomic_store(&met, false);
}

void fault_set_from(enum sys_call call, unsigned nth, int result)
{
	fault_set(call, nth, result);
	fault.and_later = true;
}

void fault_set_late(enum sys_call call, unsigned nth, void (*late)(void *context), void *context)
{
	fault_set(call, nth, 0);
	fault.late = late;
	fault.context = context;
}

void fault_set_end(enum sys_call call, unsigned nth, int code)
{
	fault_set(call, nth, code);
	fault.ends = true;
}

unsigned fault_count(enum sys_call call)
{
	return atomic_load(&counts[call]);
}

bool fault_was_met(void)
{
	return atomic_load(&met);
}

const char *fault_path(void)
{
	return met_path;
}
