// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of cgroups: parent's kind, its name and the name itself, apart by new lines. Whatever they
// say, a pod has a UID and a container an id that are safe to show.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discover/cgroup_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_name(const char *kind, const char *parent, const char *name)
{
	enum cgroup_kind k = (enum cgroup_kind)((unsigned char)*kind % CGROUP_KIND_COUNT);
	struct cgroup_name n;
	char shown[32];
	int r = cgroup_name_parse(k, parent, name, &n);

	check(r == 0 || n.kind == CGROUP_OTHER);
	check(n.kind != CGROUP_POD || (cgroup_name_is_uid(n.uid) && n.qos != QOS_NONE &&
				       (k == CGROUP_KUBEPODS || k == CGROUP_QOS)));
	check(n.kind != CGROUP_CONTAINER ||
	      (k == CGROUP_POD && n.id[0] && cgroup_name_check(n.id) == 0));
	check(strlen(cgroup_name_escape(name, shown, sizeof(shown))) < sizeof(shown));
	(void)cgroup_name_is_branch(n.kind, name);
	if (cgroup_name_check(name) == 0)
		check(!strchr(name, '/') && strlen(name) <= CGROUP_NAME_MAX &&
		      strcmp(name, "..") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 3), *parent, *name;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	memset(text + size, 0, 3);
	parent = text + strcspn(text, "\n");
	if (*parent)
		*parent++ = '\0';
	name = parent + strcspn(parent, "\n");
	if (*name)
		*name++ = '\0';
	check_name(text, parent, name);
	free(text);
	return 0;
}
