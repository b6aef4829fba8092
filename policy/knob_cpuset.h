// SPDX-License-Identifier: LGPL-2.1-or-later
// The text forms of the cpuset knobs: sets of CPUs, and partitions with the kernel's reason. Pure.
#pragma once

#include <stddef.h>

#include "colod/knob.h"

/* The word for an empty set: the kernel's own form is an empty line, which nobody can read in a
 * sentence or in a record. */
#define KNOB_CPUSET_NONE "none"

/* A set of CPUs into buf of KNOB_TEXT_SIZE bytes; returns buf. */
const char *knob_cpuset_format(const struct knob_value *value, char *buf, size_t size);

/* "0-3,8", "" (as the kernel shows it) or "none". 0, -EINVAL, -ERANGE (an id above CPU_SET_MAX). */
int knob_cpuset_parse(const char *text, struct knob_value *ret_value);

/* "member", "root", "isolated", and for what the kernel does not grant "root invalid (its reason)". */
const char *knob_cpuset_format_partition(const struct knob_value *value, char *buf, size_t size);

/* The same, read. A reason that this file does not know is kept as "no known reason". 0 or -EINVAL. */
int knob_cpuset_parse_partition(const char *text, struct knob_value *ret_value);
