// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernel release strings, for the two behaviours that no file shows: what an idle group's weight
// reads as, and what a throttled task still holds. Pure.
#pragma once

#include <stdbool.h>

/* Whether a release ("6.12.94+deb13-amd64") is at least major.minor. One that cannot be read is
 * taken for older than any: the cautious answer. */
bool release_at_least(const char *release, unsigned major, unsigned minor);
