// SPDX-License-Identifier: LGPL-2.1-or-later
// See rungs.h.
#include "agent/serve/rungs.h"

#include "policy/freeze.h"
#include "policy/ladder_cpu.h"
#include "policy/ladder_io.h"
#include "policy/ladder_memory.h"

int64_t rungs_until_us(const struct snapshot *s, enum resource resource)
{
	if (resource != RESOURCE_MEMORY || !s->ladders || !s->model || !s->plan ||
	    s->ladders->of[resource].rung != RUNG_FREEZE)
		return 0;
	return freeze_until_us(s->model, s->plan);
}

int64_t rungs_at_least_until_us(const struct snapshot *s, enum resource resource)
{
	int64_t least_us = 0, most_us = rungs_until_us(s, resource);

	if (!s->ladders || !s->status)
		return 0;
	if (resource == RESOURCE_CPU)
		least_us = ladder_cpu_stands_us(&s->ladders->of[resource], s->status->pass_us);
	else if (resource == RESOURCE_MEMORY)
		least_us = ladder_memory_stands_us(&s->ladders->of[resource], s->status->pass_us);
	else
		least_us = ladder_io_stands_us(&s->ladders->of[resource], s->status->pass_us);
	return most_us > 0 && most_us < least_us ? most_us : least_us;
}
