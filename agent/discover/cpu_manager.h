// SPDX-License-Identifier: LGPL-2.1-or-later
// Who else gives CPUs to containers: the kubelet's CPU manager, by the file in which it keeps what it
// gave. Reads it; asks nobody.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/cpu_set.h"
#include "colod/model.h"

/* From below the root fd, at the places where distributions have the kubelet's directory. No such file:
 * CPU_MANAGER_ABSENT. One that cannot be read or understood: CPU_MANAGER_UNSURE. *ret_shared: the CPUs
 * that a static manager leaves to all pods; empty otherwise. */
enum cpu_manager cpu_manager_read(int root_fd, struct cpu_set *ret_shared);

/* The same from the text of such a file. */
enum cpu_manager cpu_manager_parse(const char *text, size_t len, struct cpu_set *ret_shared);

/* Brings the model up to date; `asked`: the policy asks for something that has to know; `due`: it is time to look,
 * as it always is while what was read is CPU_MANAGER_UNSURE. True when something changed. */
bool cpu_manager_follow(int root_fd, bool asked, bool due, struct model *model);
