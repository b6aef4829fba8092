// SPDX-License-Identifier: LGPL-2.1-or-later
// The reader of /pods: whatever comes, it refuses or gives pods that are safe to name.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/discover/cgroup_name.h"
#include "agent/discover/pods_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_pod(const struct pods_json *pods, size_t i)
{
	struct pods_json_pod *p = &pods->pods[i];

	check(cgroup_name_is_uid(p->uid));
	check(pods_json_find(pods, p->uid) == p);
	check(p->facts.ns && p->facts.name && cgroup_name_check(p->facts.name) == 0);
	for (size_t k = 0; k < p->facts.n_labels; k++)
		check(utf8_valid(p->facts.labels[k].key) && utf8_valid(p->facts.labels[k].value));
	for (size_t k = 0; k < p->n_containers; k++)
		check(p->containers[k].name && strlen(p->containers[k].id) < CONTAINER_ID_SIZE);
	check(i == 0 || strcmp(pods->pods[i - 1].uid, p->uid) < 0);
}

static void check_text(const uint8_t *data, size_t size, enum pods_json_from from)
{
	struct pods_json *pods = NULL;
	char *text = malloc(size + 1);
	size_t at = 0;
	int r;

	if (!text)
		return;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	r = pods_json_parse(text, size, from, &pods, &at);
	check((r == 0) == (pods != NULL));
	check(at <= size);
	for (size_t i = 0; pods && i < pods->n; i++)
		check_pod(pods, i);
	pods_json_free(pods);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text(data, size, PODS_JSON_KUBELET);
	check_text(data, size, PODS_JSON_API);
	return 0;
}
