// SPDX-License-Identifier: LGPL-2.1-or-later
// See release.h. Reads the first two numbers and nothing else.
#include "policy/release.h"

#include <stddef.h>

#define RELEASE_DIGITS_MAX 6

/* A number of at most RELEASE_DIGITS_MAX digits; NULL where there is none. */
static const char *number(const char *p, unsigned *ret_value)
{
	unsigned value = 0, n = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (++n > RELEASE_DIGITS_MAX)
			return NULL;
		value = value * 10 + (unsigned)(*p - '0');
	}
	if (n == 0)
		return NULL;
	*ret_value = value;
	return p;
}

bool release_at_least(const char *release, unsigned major, unsigned minor)
{
	unsigned have_major, have_minor;
	const char *p = number(release, &have_major);

	if (!p || *p != '.' || !number(p + 1, &have_minor))
		return false;
	return have_major > major || (have_major == major && have_minor >= minor);
}
