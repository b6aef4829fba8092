// SPDX-License-Identifier: LGPL-2.1-or-later
// See rungs.h.
#include "agent/serve/rungs.h"

#include "policy/freeze.h"

int64_t rungs_until_us(const struct snapshot *s, enum resource resource)
{
	if (resource != RESOURCE_MEMORY || !s->ladders || !s->model || !s->plan ||
	    s->ladders->of[resource].rung != RUNG_FREEZE)
		return 0;
	return freeze_until_us(s->model, s->plan);
}
