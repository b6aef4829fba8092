// SPDX-License-Identifier: LGPL-2.1-or-later
// See discover_case.h.
#include "tests/lib/discover_case.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "policy/read.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

void discover_case_open(struct discover_case *c, const char *spec, uint32_t without)
{
	const char *why;

	memset(c, 0, sizeof(*c));
	assert_int_equal(tree_make(spec, &c->dir), 0);
	c->root_fd = tree_open(c->dir);
	assert_true(c->root_fd >= 0);
	assert_int_equal(discover_new(c->root_fd, without, &c->d, &why), 0);
	c->m = discover_model(c->d);
}

void discover_case_close(struct discover_case *c)
{
	discover_free(c->d);
	policy_free(c->policy);
	c->root_fd = cleanup_close_fd(c->root_fd);
	tree_remove(c->dir);
}

void discover_case_policy(struct discover_case *c, const char *yaml)
{
	struct policy_source source = {"test.yaml", yaml, strlen(yaml)};
	static struct diags diags;
	struct policy *policy = NULL;

	memset(&diags, 0, sizeof(diags));
	if (policy_read(&source, 1, &diags, &policy) < 0)
		fail_msg("%s", diags.list[0].text);
	discover_set_policy(c->d, policy);
	policy_free(c->policy);
	c->policy = policy;
}

struct pod *discover_case_pod(const struct model *m, const char *uid)
{
	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->uid, uid) == 0)
			return m->pods[i];
	return NULL;
}

struct cgroup *discover_case_cgroup(const struct model *m, const char *path)
{
	for (size_t i = 0; i < m->n_cgroups; i++)
		if (strcmp(m->cgroups[i]->path, path) == 0)
			return m->cgroups[i];
	return NULL;
}

void discover_case_pods_file(struct discover_case *c, const char *uid, const char *ns,
			     const char *name)
{
	char text[1024];

	assert_true(
		snprintf(
			text, sizeof(text),
			"{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"uid\":\"%s\",\"namespace\":"
			"\"%s\",\"name\":\"%s\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":"
			"{\"requests\":{\"cpu\":\"250m\",\"memory\":\"64Mi\"}}}]},\"status\":{}}]}",
			uid, ns, name) < (int)sizeof(text));
	assert_int_equal(tree_write(c->dir, "pods.json", text), 0);
}
