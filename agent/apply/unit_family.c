// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_family.h. Seen with systemd 252 on Linux 6.1 and 257 on 7.3; 6.12 refuses systemd the empty set where
// there are processes below.
#include "agent/apply/unit_family.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/unit_name.h"
#include "agent/base/fs.h"
#include "policy/cpu_place.h"

/* systemctl set-property AllowedCPUs= leaves this, with and without --runtime, and for a transient unit. */
static bool is_told(int root_fd, const struct cgroup *cgroup)
{
	static const char *const places[] = {
		"etc/systemd/system.control",
		"run/systemd/system.control",
		"run/systemd/transient",
	};
	char unit[UNIT_NAME_SIZE], path[PATH_MAX];

	if (unit_name_of(cgroup->name, unit) < 0)
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.d/50-AllowedCPUs.conf", places[i], unit);
		if (fs_exists(root_fd, path) == 1)
			return true;
	}
	return false;
}

static bool has_set(const struct model *model, const struct cgroup *cg)
{
	return cg->parent && cg->kind != CGROUP_CONTAINER && unit_name_is_unit(cg->name) &&
	       !unit_name_is_container(cg->name) && cpu_place_is_foreign(model, cg);
}

void unit_family_look(int root_fd, const struct model *model, struct unit_family *ret_family)
{
	*ret_family = (struct unit_family){0};
	for (size_t i = 0; i < model->n_cgroups && !ret_family->more; i++) {
		const struct cgroup *cg = model->cgroups[i];

		if (!has_set(model, cg) || is_told(root_fd, cg))
			continue;
		if (ret_family->n == UNIT_FAMILY_SETS)
			ret_family->more = true;
		else
			ret_family->sets[ret_family->n++] = cg;
	}
}

const struct cgroup *unit_family_set(const struct unit_family *family, const struct cgroup *cgroup)
{
	for (unsigned i = 0; i < family->n; i++)
		for (const struct cgroup *up = cgroup; up; up = up->parent)
			if (family->sets[i] == up || family->sets[i]->parent == up)
				return family->sets[i];
	return family->more ? family->sets[0] : NULL;
}

uint32_t unit_family_new(const struct unit *unit, const struct unit_values *wanted)
{
	unsigned has = 0;
	uint32_t new = 0;

	for (int i = 0; unit && i < UNIT_PROP_COUNT; i++)
		if (unit->props[i].set)
			has |= unit_prop_controller((enum unit_prop)i);
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if ((wanted->mask & (1u << i)) && !(unit_prop_controller((enum unit_prop)i) & has))
			new |= 1u << i;
	return new;
}
