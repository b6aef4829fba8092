// SPDX-License-Identifier: LGPL-2.1-or-later
// What the name of a cgroup says about a systemd unit. Text only; whether systemd owns the cgroup,
// systemd itself is asked.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UNIT_NAME_SIZE 256

/* Whether a cgroup with this name can be a slice, scope or service. */
bool unit_name_is_unit(const char *cgroup_name);

/* Whether it is the scope of a container (containerd, CRI-O, docker, podman), whose owner is the
 * runtime. */
bool unit_name_is_container(const char *cgroup_name);

/* The unit of a cgroup called so: systemd puts "_" before a name that looks like a kernel's file
 * ("_cpu.slice"). -EINVAL when it is no unit's, or cannot be one. */
int unit_name_of(const char *cgroup_name, char ret_unit[UNIT_NAME_SIZE]);

/* "org.freedesktop.systemd1.Slice", .Scope or .Service: static text. NULL for another name. */
const char *unit_name_interface(const char *unit);
