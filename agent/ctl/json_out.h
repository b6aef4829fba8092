// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON on standard output.
#pragma once

#include <cjson/cJSON.h>
#include <stdio.h>

/* Prints the tree and a newline. Characters that must not reach a terminal and that JSON allows
 * bare (DEL, C1 controls, text direction marks) are written as \uXXXX: the same document to a
 * program. 0, -ENOMEM or -EIO. */
int json_out(const cJSON *tree, FILE *out);
