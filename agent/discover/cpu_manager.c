// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_manager.h.
#include "agent/discover/cpu_manager.h"

#include <errno.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"

/* A container of each of 500 pods needs some 100 bytes. */
#define STATE_MAX_BYTES (4u << 20)

static const char *const places[] = {
	"var/lib/kubelet/cpu_manager_state",
	"var/lib/k0s/kubelet/cpu_manager_state",
	"var/snap/microk8s/common/var/lib/kubelet/cpu_manager_state",
};

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

enum cpu_manager cpu_manager_parse(const char *text, size_t len, struct cpu_set *ret_shared)
{
	_cleanup_(delete_json) cJSON *json = cJSON_ParseWithLength(text, len);
	const char *policy = text_of(json, "policyName"), *shared = text_of(json, "defaultCpuSet");
	struct cpu_set set = {0};

	*ret_shared = (struct cpu_set){0};
	if (!policy)
		return CPU_MANAGER_UNSURE;
	if (strcmp(policy, "none") == 0)
		return CPU_MANAGER_NONE;
	if (strcmp(policy, "static") != 0)
		return CPU_MANAGER_UNSURE;
	/* Static even where its shared CPUs cannot be understood: then all its sets count. */
	if (shared && cpu_set_parse(shared, &set) == 0)
		*ret_shared = set;
	return CPU_MANAGER_STATIC;
}

enum cpu_manager cpu_manager_read(int root_fd, struct cpu_set *ret_shared)
{
	*ret_shared = (struct cpu_set){0};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len = 0;
		int r = fs_read_alloc(root_fd, places[i], STATE_MAX_BYTES, &text, &len);

		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		return r < 0 ? CPU_MANAGER_UNSURE : cpu_manager_parse(text, len, ret_shared);
	}
	return CPU_MANAGER_ABSENT;
}

bool cpu_manager_follow(int root_fd, bool asked, bool due, struct model *model)
{
	enum cpu_manager manager = CPU_MANAGER_ABSENT;
	struct cpu_set shared = {0};
	bool changed;

	if (!due && model->cpu_manager != CPU_MANAGER_UNSURE)
		return false;
	if (asked)
		manager = cpu_manager_read(root_fd, &shared);
	changed = manager != model->cpu_manager || !cpu_set_equal(&shared, &model->cpu_shared);
	model->cpu_manager = manager;
	model->cpu_shared = shared;
	return changed;
}
