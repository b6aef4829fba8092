// SPDX-License-Identifier: LGPL-2.1-or-later
// One PSI trigger: its terms, and the fd that becomes readable (EPOLLPRI) when they are met.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/policy.h"

/* 6.1 refuses shorter windows, every kernel longer ones. */
#define TRIGGER_WINDOW_MIN_US 500000
#define TRIGGER_WINDOW_MAX_US 10000000

struct trigger_spec {
	uint64_t threshold_us;
	uint64_t window_us;
	bool full; /* all of it waits, not some */
};

/* What the rule asks for, within the kernel's bounds: 1 <= threshold_us <= window_us. */
struct trigger_spec trigger_file_spec(const struct pressure_rule *rule);

/* Opens the pressure file `name` below dirfd and writes the terms. 0 and the fd (the caller's), or
 * -errno: -EOPNOTSUPP for what is no pressure file (nothing is written then), -EINVAL for terms that the
 * kernel refuses, -ENOENT, -ENODEV, -EACCES, -EROFS, -EMFILE as open(2) has them. */
int trigger_file_open(int dirfd, const char *name, const struct trigger_spec *spec, int *ret_fd);
