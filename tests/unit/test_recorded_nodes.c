// SPDX-License-Identifier: LGPL-2.1-or-later
// Discovery over what kubelets of real clusters said (cgroupfs driver, two versions). The recordings
// are not part of this project: COLOD_SHARED_DATA is the absolute path of the folder that holds
// kubelet/pods_1.35.json and its neighbours; without it these tests are skipped by name.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/discover.h"
#include "policy/read.h"
#include "tests/lib/tree.h"

/* The text of a recording, or skips the test. */
static char *recording(const char *what, const char *version, const char *suffix)
{
	const char *folder = getenv("COLOD_SHARED_DATA");
	_cleanup_close_ int top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[64], path[1024], *text = NULL;

	assert_true(snprintf(name, sizeof(name), "%s_%s%s", what, version, suffix) > 0);
	if (!folder || !*folder) {
		print_message("recorded kubelet data is absent: set COLOD_SHARED_DATA\n");
		skip();
	}
	assert_true(snprintf(path, sizeof(path), "%s/kubelet/%s", folder, name) <
		    (int)sizeof(path));
	if (fs_read_alloc(top, path, 1 << 22, &text, NULL) < 0) {
		print_message("%s is absent from COLOD_SHARED_DATA\n", name);
		skip();
	}
	return text;
}

/* A fake tree with the recorded cgroups and facts. */
static char *make_tree(const char *version)
{
	_cleanup_free_ char *cgroups = recording("cgroups", version, ".txt");
	_cleanup_free_ char *pods = recording("pods", version, ".json");
	char *dir, *save = NULL;

	assert_int_equal(tree_make("@host 2\n", &dir), 0);
	for (char *line = strtok_r(cgroups, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		assert_int_equal(tree_cgroup(dir, line + 1), 0);
	assert_int_equal(tree_write(dir, "pods.json", pods), 0);
	return dir;
}

static void every_pod_is_known(const char *version, size_t n_pods, size_t n_static)
{
	static const char yaml[] = "version: 1\nfacts: {from: 'file:///pods.json'}\n";
	struct policy_source source = {"test.yaml", yaml, sizeof(yaml) - 1};
	static struct diags diags;
	struct policy *policy = NULL;
	struct discover *d = NULL;
	const char *why;
	char *dir = make_tree(version);
	int root = tree_open(dir);
	size_t statics = 0, proxies = 0;
	struct model *m;

	assert_int_equal(policy_read(&source, 1, &diags, &policy), 0);
	assert_int_equal(discover_new(root, 0, &d, &why), 0);
	discover_set_policy(d, policy);
	assert_int_equal(discover_update(d, 0), 1);
	m = discover_model(d);
	assert_string_equal(m->facts_note, "");
	assert_int_equal(m->driver, DRIVER_CGROUPFS);
	assert_int_equal(m->skipped_names, 0);
	assert_int_equal(m->n_pods, n_pods);
	for (size_t i = 0; i < m->n_pods; i++) {
		const struct pod *p = m->pods[i];

		assert_int_equal(p->facts_state, FACT_KNOWN);
		/* What the path says of the class, the kubelet says too. */
		assert_int_equal(p->facts->qos, p->qos);
		assert_int_equal(p->facts->is_static, strlen(p->uid) == 32);
		assert_int_equal(p->resources.cpu_request_milli.state, FACT_KNOWN);
		assert_int_equal(p->resources.memory_request_bytes.state, FACT_KNOWN);
		assert_true(p->n_containers >= 1);
		statics += p->facts->is_static;
		if (strncmp(p->name, "kube-system/kube-proxy-", 23) == 0) {
			assert_int_equal(p->qos, QOS_BESTEFFORT);
			assert_string_equal(p->facts->owner_kind, "DaemonSet");
			proxies++;
		}
	}
	assert_int_equal(statics, n_static);
	assert_int_equal(proxies, 1);
	discover_free(d);
	policy_free(policy);
	(void)close(root);
	tree_remove(dir);
}

TEST(every_cgroup_of_a_1_31_node_finds_its_facts)
{
	every_pod_is_known("1.31", 18, 4);
}

TEST(every_cgroup_of_a_1_35_node_finds_its_facts)
{
	every_pod_is_known("1.35", 18, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cgroup_of_a_1_31_node_finds_its_facts),
		cmocka_unit_test(every_cgroup_of_a_1_35_node_finds_its_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
