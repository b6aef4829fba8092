// SPDX-License-Identifier: LGPL-2.1-or-later
// cmocka in one include, and the one ritual that every test file ends with.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))
