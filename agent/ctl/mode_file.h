// SPDX-License-Identifier: LGPL-2.1-or-later
// The text of /etc/colod/policy.d/90-mode.yaml, which `coloctl mode MODE --persist` writes. Read back
// only where it is exactly what coloctl writes: what a person has edited is theirs. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/level.h"

#define MODE_FILE_SIZE 1024

struct mode_file {
	bool all_given;
	enum mode all;
	bool by_given[RESOURCE_MODES];
	enum mode by[RESOURCE_MODES];
};

/* `who` becomes a comment; control characters in it become blanks. `buf` of MODE_FILE_SIZE. */
void mode_file_format(const struct mode_file *file, const char *who, char *buf);

/* 0, or -EBADMSG: coloctl did not write it so. */
int mode_file_parse(const char *text, struct mode_file *ret_file);
