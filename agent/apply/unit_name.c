// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_name.h.
#include "agent/apply/unit_name.h"

#include <errno.h>
#include <string.h>

#define INTERFACE "org.freedesktop.systemd1."

static const struct {
	const char *suffix, *interface;
} types[] = {
	{".slice", INTERFACE "Slice"},
	{".scope", INTERFACE "Scope"},
	{".service", INTERFACE "Service"},
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len > n && strcmp(text + len - n, suffix) == 0;
}

const char *unit_name_interface(const char *unit)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (has_suffix(unit, types[i].suffix))
			return types[i].interface;
	return NULL;
}

bool unit_name_is_unit(const char *cgroup_name)
{
	return unit_name_interface(cgroup_name) != NULL;
}

bool unit_name_is_container(const char *cgroup_name)
{
	static const char *const runtimes[] = {"cri-containerd-", "crio-", "docker-", "libpod-"};

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (strncmp(cgroup_name, runtimes[i], strlen(runtimes[i])) == 0)
			return has_suffix(cgroup_name, ".scope");
	return false;
}

/* The characters of a unit's name. */
static bool is_sane(const char *unit)
{
	static const char valid[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    ":-_.\\@";

	return unit[0] != '.' && unit[strspn(unit, valid)] == '\0';
}

int unit_name_of(const char *cgroup_name, char ret_unit[UNIT_NAME_SIZE])
{
	const char *unit = cgroup_name[0] == '_' ? cgroup_name + 1 : cgroup_name;
	size_t len = strlen(unit);

	if (len >= UNIT_NAME_SIZE || !unit_name_is_unit(unit) || !is_sane(unit))
		return -EINVAL;
	memcpy(ret_unit, unit, len + 1);
	return 0;
}
