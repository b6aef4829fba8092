// SPDX-License-Identifier: LGPL-2.1-or-later
// Every value of an enum has a name of its own that leads back to it, and nothing else does: for the tests of names_*.c.
#pragma once

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"

/* A near miss of a name must not be taken for it. */
static inline void names_check_near(const char *name, int (*from)(const char *))
{
	char near[128];

	snprintf(near, sizeof(near), "%s ", name);
	assert_int_equal(from(near), -EINVAL);
	snprintf(near, sizeof(near), " %s", name);
	assert_int_equal(from(near), -EINVAL);
	snprintf(near, sizeof(near), "%.*s", (int)strlen(name) - 1, name);
	assert_int_equal(from(near), -EINVAL);
	snprintf(near, sizeof(near), "%s", name);
	near[0] = (char)(islower((unsigned char)near[0]) ? toupper((unsigned char)near[0])
							 : tolower((unsigned char)near[0]));
	assert_int_equal(from(near), -EINVAL);
}

#define CHECK_NAMES(what, type, count)                                                             \
	do {                                                                                       \
		for (int i = 0; i < (count); i++) {                                                \
			const char *name = names_##what((type)i);                                  \
                                                                                                   \
			assert_non_null(name);                                                     \
			assert_string_not_equal(name, "?");                                        \
			assert_int_not_equal(name[0], '\0');                                       \
			assert_int_equal(names_##what##_from(name), i);                            \
			names_check_near(name, names_##what##_from);                               \
		}                                                                                  \
		assert_string_equal(names_##what((type)(count)), "?");                             \
		assert_string_equal(names_##what((type)(-1)), "?");                                \
		assert_int_equal(names_##what##_from(""), -EINVAL);                                \
		assert_int_equal(names_##what##_from("?"), -EINVAL);                               \
	} while (0)
