// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of optional features: name for --without and doctor, what its absence costs, how to
// get it. Pure data.
#pragma once

#include "colod/model.h"

struct capability_info {
	const char *name;    /* "psi-trigger" */
	const char *gives;   /* one phrase: what colod does with it */
	const char *without; /* what its absence costs */
	const char *how;     /* how to get it */
};

/* Static data for c; NULL out of range. */
const struct capability_info *capability_info(enum capability c);

/* "a,b,c" to a bit mask. -EINVAL for an unknown name, which *ret_bad (may be NULL) then points at
 * inside `text`. "all" means every capability that can be switched off. */
int capability_mask(const char *text, uint32_t *ret_mask, const char **ret_bad);
