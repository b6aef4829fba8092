// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole updates over fake trees. Time is an argument, so nothing here waits for a clock; inotify on
// the fake tree is the real one.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/discover.h"
#include "policy/read.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

#define S 1000000ll
#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"
#define UID_B "22222222-aaaa-4bbb-8ccc-000000000002"
#define UID_C "33333333-aaaa-4bbb-8ccc-000000000003"
#define UID_STATIC "0123456789abcdef0123456789abcdef"

static const char three_pods[] = "@host 4\n"
				 "@pod systemd Guaranteed " UID_A " 39\n"
				 "@pod systemd Burstable " UID_B " 4\n"
				 "@pod systemd BestEffort " UID_C " 1\n";

/* A discover over a tree of its own. */
struct place {
	char *dir;
	int root_fd;
	struct discover *d;
	struct model *m;
	struct policy *policy;
};

static void open_place(struct place *p, const char *spec, uint32_t without)
{
	const char *why;

	memset(p, 0, sizeof(*p));
	assert_int_equal(tree_make(spec, &p->dir), 0);
	p->root_fd = tree_open(p->dir);
	assert_true(p->root_fd >= 0);
	assert_int_equal(discover_new(p->root_fd, without, &p->d, &why), 0);
	p->m = discover_model(p->d);
}

static void close_place(struct place *p)
{
	discover_free(p->d);
	policy_free(p->policy);
	p->root_fd = cleanup_close_fd(p->root_fd);
	tree_remove(p->dir);
}

static void use_policy(struct place *p, const char *yaml)
{
	struct policy_source source = {"test.yaml", yaml, strlen(yaml)};
	static struct diags diags;
	struct policy *policy = NULL;

	memset(&diags, 0, sizeof(diags));
	if (policy_read(&source, 1, &diags, &policy) < 0)
		fail_msg("%s", diags.list[0].text);
	discover_set_policy(p->d, policy);
	policy_free(p->policy);
	p->policy = policy;
}

static const char facts_in_file[] = "version: 1\nfacts: {from: 'file:///pods.json'}\n";

static struct pod *pod_of(const struct model *m, const char *uid)
{
	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->uid, uid) == 0)
			return m->pods[i];
	return NULL;
}

static struct cgroup *cgroup_of(const struct model *m, const char *path)
{
	for (size_t i = 0; i < m->n_cgroups; i++)
		if (strcmp(m->cgroups[i]->path, path) == 0)
			return m->cgroups[i];
	return NULL;
}

static void write_pods(struct place *p, const char *uid, const char *ns, const char *name)
{
	char text[1024];

	assert_true(
		snprintf(
			text, sizeof(text),
			"{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"uid\":\"%s\",\"namespace\":"
			"\"%s\",\"name\":\"%s\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":"
			"{\"requests\":{\"cpu\":\"250m\",\"memory\":\"64Mi\"}}}]},\"status\":{}}]}",
			uid, ns, name) < (int)sizeof(text));
	assert_int_equal(tree_write(p->dir, "pods.json", text), 0);
}

TEST(pods_of_all_three_classes_are_found_with_containers_and_knobs)
{
	struct place p;
	struct pod *a, *b, *c;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(p.m->n_slots, 3);
	assert_int_equal(p.m->driver, DRIVER_SYSTEMD);
	assert_int_equal(p.m->skipped_names, 0);
	a = pod_of(p.m, UID_A);
	b = pod_of(p.m, UID_B);
	c = pod_of(p.m, UID_C);
	assert_int_equal(a->qos, QOS_GUARANTEED);
	assert_int_equal(b->qos, QOS_BURSTABLE);
	assert_int_equal(c->qos, QOS_BESTEFFORT);
	assert_string_equal(a->cgroup->parent->path, "kubepods.slice");
	assert_string_equal(c->cgroup->parent->path, "kubepods.slice/kubepods-besteffort.slice");
	assert_int_equal(c->cgroup->parent->kind, CGROUP_QOS);
	assert_int_equal(b->n_containers, 2);
	assert_int_equal(b->containers[0].runtime, RUNTIME_CONTAINERD);
	assert_int_equal(strlen(b->containers[0].id), 64);
	assert_ptr_equal(b->containers[0].cgroup->pod, b);
	assert_int_equal(a->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 39);
	assert_true(a->cgroup->knobs[KNOB_MEMORY_MAX].now.value == KNOB_VALUE_MAX);
	/* Siblings are compared by weight, containers are nobody's business. */
	assert_int_equal(cgroup_of(p.m, "system.slice")->knobs[KNOB_CPU_WEIGHT].now.state,
			 KNOB_KNOWN);
	assert_int_equal(b->containers[0].cgroup->knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	/* Nobody said where facts are: absent, and requests derived. */
	assert_int_equal(a->facts_state, FACT_ABSENT);
	assert_int_equal(a->resources.cpu_request_milli.state, FACT_DERIVED);
	assert_int_equal(a->resources.cpu_request_milli.value, 1000);
	assert_int_equal(b->resources.cpu_request_milli.value, 100);
	assert_int_equal(b->resources.memory_request_bytes.state, FACT_ABSENT);
	close_place(&p);
}

TEST(cgroups_come_parents_first_and_pods_by_path)
{
	struct place p;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_ptr_equal(p.m->cgroups[0], p.m->root);
	for (size_t i = 1; i < p.m->n_cgroups; i++) {
		size_t k = 0;

		while (k < i && p.m->cgroups[k] != p.m->cgroups[i]->parent)
			k++;
		assert_true(k < i);
	}
	for (size_t i = 1; i < p.m->n_pods; i++)
		assert_true(strcmp(p.m->pods[i - 1]->cgroup->path, p.m->pods[i]->cgroup->path) < 0);
	close_place(&p);
}

TEST(a_steady_update_changes_and_allocates_nothing)
{
	struct place p;
	unsigned long before;
	uint64_t generation;

	open_place(&p, three_pods, 0);
	write_pods(&p, UID_A, "shop", "web");
	use_policy(&p, facts_in_file);
	assert_int_equal(discover_update(p.d, 0), 1);
	generation = p.m->generation;
	before = alloc_count();
	for (int i = 1; i < 20; i++)
		assert_int_equal(discover_update(p.d, i * S), 0);
	assert_int_equal(alloc_count() - before, 0);
	assert_int_equal(p.m->generation, generation);
	close_place(&p);
}

TEST(the_healing_rescan_of_an_unchanged_tree_allocates_nothing_but_for_the_pods_file)
{
	struct place p;
	unsigned long before;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	before = alloc_count();
	assert_int_equal(discover_update(p.d, 31 * S), 0);
	assert_int_equal(alloc_count() - before, 0);
	close_place(&p);
}

TEST(a_new_pod_is_noticed_at_once_and_others_stay_where_they_are)
{
	struct place p;
	struct pod *a, *fresh;
	struct cgroup *class;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = pod_of(p.m, UID_A);
	class = cgroup_of(p.m, "kubepods.slice/kubepods-burstable.slice");
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_STATIC, 10, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	fresh = pod_of(p.m, UID_STATIC);
	assert_non_null(fresh);
	assert_int_equal(fresh->n_containers, 2);
	assert_int_equal(fresh->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 10);
	assert_int_equal(fresh->slot, 3);
	assert_ptr_equal(pod_of(p.m, UID_A), a);
	assert_ptr_equal(cgroup_of(p.m, "kubepods.slice/kubepods-burstable.slice"), class);
	close_place(&p);
}

TEST(the_first_pod_ever_is_noticed_at_once)
{
	struct place p;

	open_place(&p, "@host 2\n", 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 0);
	assert_int_equal(p.m->driver, DRIVER_NONE);
	assert_int_equal(tree_pod_cgroupfs(p.dir, QOS_BESTEFFORT, UID_A, 1, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 1);
	assert_int_equal(p.m->driver, DRIVER_CGROUPFS);
	close_place(&p);
}

TEST(a_container_that_starts_later_is_noticed_and_inherits_the_pod)
{
	struct place p;
	struct pod *a;
	char path[TREE_PATH_SIZE];

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = pod_of(p.m, UID_A);
	assert_true(snprintf(path, sizeof(path), "%s/cri-containerd-%064d.scope", a->cgroup->path,
			     7) < (int)sizeof(path));
	assert_int_equal(tree_cgroup(p.dir, path), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_ptr_equal(pod_of(p.m, UID_A), a);
	assert_int_equal(a->n_containers, 3);
	assert_ptr_equal(cgroup_of(p.m, path)->pod, a);
	close_place(&p);
}

TEST(a_gone_pod_frees_its_slot_and_its_successor_has_a_new_serial)
{
	struct place p;
	struct pod *b;
	uint64_t serial;
	uint32_t slot;
	char path[TREE_PATH_SIZE];

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	b = pod_of(p.m, UID_B);
	serial = b->serial;
	slot = b->slot;
	assert_true(snprintf(path, sizeof(path), "sys/fs/cgroup/%s", b->cgroup->path) > 0);
	assert_int_equal(tree_delete(p.dir, path), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 2);
	assert_null(pod_of(p.m, UID_B));
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_B, 4, NULL), 0);
	assert_int_equal(discover_update(p.d, 2), 1);
	b = pod_of(p.m, UID_B);
	assert_int_equal(b->slot, slot);
	assert_true(b->serial > serial);
	assert_int_equal(p.m->n_slots, 3);
	close_place(&p);
}

TEST(a_cgroup_made_anew_under_the_same_name_is_another_one)
{
	struct place p;
	uint64_t serial, inode;
	char path[TREE_PATH_SIZE], moved[TREE_PATH_SIZE];

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	serial = pod_of(p.m, UID_C)->serial;
	inode = pod_of(p.m, UID_C)->cgroup->inode;
	assert_true(snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", p.dir,
			     pod_of(p.m, UID_C)->cgroup->path) > 0);
	assert_true(snprintf(moved, sizeof(moved), "%s/elsewhere", p.dir) > 0);
	/* Moved away and not deleted, so that its inode cannot be reused. */
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BESTEFFORT, UID_C, 1, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_true(pod_of(p.m, UID_C)->serial > serial);
	assert_true(pod_of(p.m, UID_C)->cgroup->inode != inode);
	assert_int_equal(p.m->n_pods, 3);
	close_place(&p);
}

TEST(objects_and_what_apply_knows_of_knobs_survive_a_rescan)
{
	struct place p;
	struct pod *a;
	struct cgroup *class;
	struct knob_state *weight;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = pod_of(p.m, UID_A);
	class = cgroup_of(p.m, "kubepods.slice/kubepods-besteffort.slice");
	weight = &class->knobs[KNOB_CPU_WEIGHT];
	weight->owned = true;
	weight->original = weight->now;
	weight->written.state = KNOB_KNOWN;
	weight->written.value = 77;
	assert_int_equal(tree_knob(p.dir, class->path, "cpu.weight", "77"), 0);
	discover_rescan(p.d);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_ptr_equal(pod_of(p.m, UID_A), a);
	assert_ptr_equal(cgroup_of(p.m, class->path), class);
	assert_true(weight->owned);
	assert_int_equal(weight->now.value, 77);
	assert_int_equal(weight->original.value, 100);
	assert_int_equal(weight->written.value, 77);
	close_place(&p);
}

TEST(colods_own_weight_is_not_taken_for_a_request)
{
	struct place p;
	struct pod *b;
	struct knob_state *weight;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	b = pod_of(p.m, UID_B);
	weight = &b->cgroup->knobs[KNOB_CPU_WEIGHT];
	assert_int_equal(tree_knob(p.dir, b->cgroup->path, "cpu.weight", "39"), 0);
	discover_rescan(p.d);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(b->resources.cpu_request_milli.value, 1000);
	/* What apply_adopt() does when it finds the record of an earlier run. */
	weight->owned = true;
	weight->written = weight->now;
	weight->original.state = KNOB_KNOWN;
	weight->original.value = 4;
	assert_true(discover_derive(p.d));
	assert_int_equal(b->resources.cpu_request_milli.value, 100);
	assert_false(discover_derive(p.d));
	close_place(&p);
}

TEST(knobs_that_are_written_after_a_pod_appeared_are_read_again)
{
	struct place p;
	struct pod *fresh;
	char path[TREE_PATH_SIZE];

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_GUARANTEED, UID_STATIC, 100, path), 0);
	assert_int_equal(discover_update(p.d, 1 * S), 1);
	fresh = pod_of(p.m, UID_STATIC);
	/* systemd makes the directory first; its attributes come a moment later. */
	assert_int_equal(tree_knob(p.dir, path, "cpu.weight", "39"), 0);
	assert_int_equal(tree_knob(p.dir, "kubepods.slice", "cpu.weight", "157"), 0);
	assert_int_equal(discover_update(p.d, 2 * S), 1);
	assert_int_equal(fresh->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 39);
	assert_int_equal(fresh->resources.cpu_request_milli.value, 1000);
	assert_int_equal(cgroup_of(p.m, "kubepods.slice")->knobs[KNOB_CPU_WEIGHT].now.value, 157);
	/* Settled: from here on only the healing rescan reads them. */
	assert_int_equal(tree_knob(p.dir, path, "cpu.weight", "20"), 0);
	assert_int_equal(discover_update(p.d, 12 * S), 0);
	assert_int_equal(discover_update(p.d, 32 * S), 1);
	assert_int_equal(fresh->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 20);
	close_place(&p);
}

TEST(a_process_that_starts_in_a_new_cgroup_is_seen)
{
	struct place p;

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_cgroup(p.dir, "other.slice"), 0);
	assert_int_equal(tree_knob(p.dir, "other.slice", "cgroup.events", "populated 0"), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_false(cgroup_of(p.m, "other.slice")->populated);
	assert_int_equal(tree_knob(p.dir, "other.slice", "cgroup.events", "populated 1"), 0);
	assert_int_equal(discover_update(p.d, 2), 1);
	assert_true(cgroup_of(p.m, "other.slice")->populated);
	close_place(&p);
}

TEST(without_inotify_a_new_pod_is_found_by_the_next_rescan)
{
	struct place p;

	open_place(&p, three_pods, 1u << CAPABILITY_INOTIFY);
	assert_int_equal(discover_inotify_fd(p.d), -EBADF);
	assert_false(model_can(p.m, CAPABILITY_INOTIFY));
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_STATIC, 10, NULL), 0);
	assert_int_equal(discover_update(p.d, 1 * S), 0);
	assert_null(pod_of(p.m, UID_STATIC));
	assert_int_equal(discover_update(p.d, 2 * S), 1);
	assert_non_null(pod_of(p.m, UID_STATIC));
	close_place(&p);
}

TEST(a_cgroup_that_no_watch_can_see_is_found_by_the_healing_rescan)
{
	struct place p;

	open_place(&p, "@host 2\n@cgroup system.slice/a.service/inner\n", 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	/* Services are not watched: nothing that matters appears there. */
	assert_int_equal(tree_cgroup(p.dir, "system.slice/a.service/inner2"), 0);
	assert_int_equal(discover_update(p.d, 29 * S), 0);
	assert_int_equal(discover_update(p.d, 30 * S), 1);
	assert_non_null(cgroup_of(p.m, "system.slice/a.service/inner2"));
	close_place(&p);
}

TEST(pods_of_a_kind_node_below_a_scope_are_noticed_at_once)
{
	static const char root[] = "system.slice/docker-0123456789ab.scope/kubelet.slice/"
				   "kubelet-kubepods.slice";
	struct place p;

	open_place(&p, "@host 2\n", 0);
	assert_int_equal(
		tree_pod_below(p.dir, root, "cri-containerd", QOS_BURSTABLE, UID_A, 4, NULL), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(pod_of(p.m, UID_A)->qos, QOS_BURSTABLE);
	assert_int_equal(
		tree_pod_below(p.dir, root, "cri-containerd", QOS_GUARANTEED, UID_B, 39, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(pod_of(p.m, UID_B)->qos, QOS_GUARANTEED);
	close_place(&p);
}

TEST(facts_come_from_the_pods_file_and_who_is_not_in_it_stays_unknown)
{
	struct place p;
	struct pod *a, *b;

	open_place(&p, three_pods, 0);
	write_pods(&p, UID_A, "shop", "web-1");
	use_policy(&p, facts_in_file);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = pod_of(p.m, UID_A);
	b = pod_of(p.m, UID_B);
	assert_string_equal(p.m->facts_note, "");
	assert_int_equal(a->facts_state, FACT_KNOWN);
	assert_string_equal(a->name, "shop/web-1");
	assert_string_equal(a->facts->ns, "shop");
	assert_int_equal(a->resources.cpu_request_milli.state, FACT_KNOWN);
	assert_int_equal(a->resources.cpu_request_milli.value, 250);
	assert_int_equal(b->facts_state, FACT_UNKNOWN);
	assert_null(b->facts);
	assert_string_equal(b->name, UID_B);
	assert_int_equal(b->resources.memory_request_bytes.state, FACT_UNKNOWN);
	close_place(&p);
}

TEST(a_changed_pods_file_is_read_at_the_next_update)
{
	struct place p;

	open_place(&p, three_pods, 0);
	write_pods(&p, UID_A, "shop", "web-1");
	use_policy(&p, facts_in_file);
	assert_int_equal(discover_update(p.d, 0), 1);
	write_pods(&p, UID_B, "shop", "worker-1");
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(pod_of(p.m, UID_A)->facts_state, FACT_UNKNOWN);
	assert_string_equal(pod_of(p.m, UID_A)->name, UID_A);
	assert_string_equal(pod_of(p.m, UID_B)->name, "shop/worker-1");
	close_place(&p);
}

TEST(a_pods_file_that_is_cut_short_changes_nothing_but_the_note)
{
	struct place p;

	open_place(&p, three_pods, 0);
	write_pods(&p, UID_A, "shop", "web-1");
	use_policy(&p, facts_in_file);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_write(p.dir, "pods.json", "{\"items\":[{\"metadata\":{\"uid\":\""),
			 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_non_null(strstr(p.m->facts_note, "cut short"));
	assert_non_null(strstr(p.m->facts_note, "keeping"));
	assert_string_equal(pod_of(p.m, UID_A)->name, "shop/web-1");
	assert_int_equal(pod_of(p.m, UID_B)->facts_state, FACT_UNKNOWN);
	/* And a good one heals it. */
	write_pods(&p, UID_A, "shop", "web-2");
	assert_int_equal(discover_update(p.d, 2), 1);
	assert_string_equal(p.m->facts_note, "");
	assert_string_equal(pod_of(p.m, UID_A)->name, "shop/web-2");
	close_place(&p);
}

TEST(without_a_kubelet_client_facts_are_absent_and_the_note_says_so)
{
	struct place p;

	open_place(&p, three_pods, 0);
	use_policy(&p, "version: 1\nfacts: {from: kubelet}\n");
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(pod_of(p.m, UID_A)->facts_state, FACT_ABSENT);
	assert_string_equal(p.m->facts_note,
			    "facts: kubelet is not available in this version: using what the "
			    "cgroups show (shares and protection only)");
	use_policy(&p, "version: 1\nfacts: {from: cgroup}\n");
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(pod_of(p.m, UID_A)->facts_state, FACT_ABSENT);
	assert_string_equal(p.m->facts_note, "");
	close_place(&p);
}

TEST(losing_the_facts_file_to_another_policy_leaves_no_dangling_facts)
{
	struct place p;

	open_place(&p, three_pods, 0);
	write_pods(&p, UID_A, "shop", "web-1");
	use_policy(&p, facts_in_file);
	assert_int_equal(discover_update(p.d, 0), 1);
	use_policy(&p, "version: 1\nfacts: {from: cgroup}\n");
	/* Before the next update: who serves D-Bus may look at any time. */
	assert_null(pod_of(p.m, UID_A)->facts);
	assert_int_equal(pod_of(p.m, UID_A)->facts_state, FACT_ABSENT);
	close_place(&p);
}

TEST(a_unit_that_the_policy_names_is_a_pod_and_one_inside_it_is_not)
{
	struct place p;
	struct cgroup *inner;

	open_place(&p, three_pods, 0);
	assert_int_equal(tree_cgroup(p.dir, "batch-a.slice/batch-a-b.slice/job.service"), 0);
	assert_int_equal(tree_cgroup(p.dir, "user.slice/kubepods/podx"), 0);
	use_policy(&p, "version: 1\nlevels: {P7: {role: offline}}\n"
		       "assign: [{match: {unit: \"batch-*.slice\"}, level: P7}]\n");
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 4);
	inner = cgroup_of(p.m, "batch-a.slice/batch-a-b.slice");
	assert_int_equal(cgroup_of(p.m, "batch-a.slice")->kind, CGROUP_POD);
	assert_int_equal(cgroup_of(p.m, "batch-a.slice")->pod->kind, POD_UNIT);
	assert_string_equal(cgroup_of(p.m, "batch-a.slice")->pod->name, "batch-a.slice");
	assert_int_equal(cgroup_of(p.m, "batch-a.slice")->pod->facts_state, FACT_ABSENT);
	assert_int_equal(inner->kind, CGROUP_OTHER);
	assert_ptr_equal(inner->pod, cgroup_of(p.m, "batch-a.slice")->pod);
	/* A policy that no longer names it takes it back. */
	use_policy(&p, "version: 1\n");
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(cgroup_of(p.m, "batch-a.slice")->kind, CGROUP_OTHER);
	assert_null(cgroup_of(p.m, "batch-a.slice")->pod);
	close_place(&p);
}

TEST(names_that_are_tricks_cost_themselves_and_nothing_else)
{
	struct place p;

	open_place(&p, three_pods, 0);
	assert_int_equal(tree_cgroup(p.dir, "kubepods.slice/kubepods-pod..%2f..%2fetc.slice"), 0);
	assert_int_equal(tree_cgroup(p.dir, "kubepods.slice/kubepods-podnot_a_uid.slice/x.scope"),
			 0);
	assert_int_equal(tree_cgroup(p.dir, "bad\xff\xfe.slice/kubepods/pod" UID_A), 0);
	assert_int_equal(tree_cgroup(p.dir, "bell\a.slice"), 0);
	assert_int_equal(tree_cgroup(p.dir, "...slice"), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(p.m->skipped_names, 5);
	/* A false pod is still somebody's cgroup: it stays visible as a sibling. */
	assert_int_equal(cgroup_of(p.m, "kubepods.slice/kubepods-podnot_a_uid.slice")->kind,
			 CGROUP_OTHER);
	assert_null(cgroup_of(p.m, "kubepods.slice/kubepods-podnot_a_uid.slice/x.scope"));
	for (size_t i = 0; i < p.m->n_cgroups; i++)
		for (const char *c = p.m->cgroups[i]->path; *c; c++)
			assert_in_range(*c, 0x20, 0x7e);
	assert_int_equal(discover_update(p.d, 31 * S), 0);
	assert_int_equal(p.m->skipped_names, 5);
	close_place(&p);
}

TEST(a_kubepods_that_a_user_made_is_not_believed)
{
	struct place p;

	open_place(&p, three_pods, 0);
	assert_int_equal(tree_pod_below(p.dir,
					"user.slice/user-1000.slice/user@1000.service/kubepods", "",
					QOS_GUARANTEED, UID_STATIC, 39, NULL),
			 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_null(pod_of(p.m, UID_STATIC));
	close_place(&p);
}

TEST(a_second_cgroup_with_the_uid_of_a_pod_is_not_that_pod)
{
	struct place p;
	struct cgroup *copy;

	open_place(&p, three_pods, 0);
	assert_int_equal(
		tree_pod_below(p.dir, "copy/kubepods", "", QOS_GUARANTEED, UID_C, 39, NULL), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(p.m->skipped_names, 1);
	copy = cgroup_of(p.m, "copy/kubepods/pod" UID_C);
	assert_non_null(copy);
	/* By path, "copy" comes first and is the one that is believed. */
	assert_ptr_equal(pod_of(p.m, UID_C)->cgroup, copy);
	close_place(&p);
}

TEST(a_pod_that_vanishes_is_normal_and_a_vanished_root_leaves_the_model)
{
	struct place p;
	char path[TREE_PATH_SIZE], moved[TREE_PATH_SIZE];

	open_place(&p, three_pods, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_true(snprintf(path, sizeof(path), "%s/sys/fs/cgroup/kubepods.slice", p.dir) > 0);
	assert_true(snprintf(moved, sizeof(moved), "%s/moved", p.dir) > 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 0);
	assert_int_equal(p.m->n_slots, 0);
	assert_int_equal(rename(moved, path), 0);
	assert_int_equal(discover_update(p.d, 2), 1);
	assert_int_equal(p.m->n_pods, 3);
	close_place(&p);
}

TEST(two_hundred_pods_come_and_go_and_every_slot_is_used_once)
{
	struct place p;
	bool used[200] = {false};

	open_place(&p, "@host 4\n", 0);
	for (int i = 0; i < 200; i++) {
		char uid[64];

		assert_true(snprintf(uid, sizeof(uid), "%08x-aaaa-4bbb-8ccc-%012x", i, i) > 0);
		assert_int_equal(tree_pod_systemd(p.dir,
						  i % 3 == 0   ? QOS_GUARANTEED
						  : i % 3 == 1 ? QOS_BURSTABLE
							       : QOS_BESTEFFORT,
						  uid, 4, NULL),
				 0);
	}
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 200);
	assert_int_equal(p.m->n_slots, 200);
	for (size_t i = 0; i < 200; i++) {
		assert_false(used[p.m->pods[i]->slot]);
		used[p.m->pods[i]->slot] = true;
	}
	assert_int_equal(
		tree_delete(p.dir, "sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice"), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 133);
	close_place(&p);
}

TEST(a_v1_host_is_refused_with_what_to_do)
{
	char *dir;
	int fd;
	struct discover *d = NULL;
	const char *why;

	assert_int_equal(
		tree_make("@host 1\nproc/self/mountinfo = 30 1 0:26 / /sys/fs/cgroup rw - "
			  "tmpfs tmpfs rw\\n31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup "
			  "cgroup rw,memory\n",
			  &dir),
		0);
	fd = tree_open(dir);
	assert_int_equal(discover_new(fd, 0, &d, &why), -EPROTONOSUPPORT);
	assert_non_null(strstr(why, "systemd.unified_cgroup_hierarchy=1"));
	assert_null(d);
	(void)close(fd);
	tree_remove(dir);
}

TEST(capabilities_that_first_show_with_a_pod_are_learned)
{
	struct place p;

	open_place(&p, "@host 2\n", 0);
	discover_free(p.d);
	/* A fresh Debian: systemd has enabled no cpu controller for anybody yet. */
	for (int i = 0; i < 2; i++) {
		static const char *const units[] = {"init.scope", "system.slice"};
		static const char *const files[] = {"cpu.idle", "cpu.max", "io.weight"};

		for (int k = 0; k < 3; k++) {
			char path[TREE_PATH_SIZE];

			assert_true(snprintf(path, sizeof(path), "sys/fs/cgroup/%s/%s", units[i],
					     files[k]) > 0);
			assert_int_equal(tree_delete(p.dir, path), 0);
		}
	}
	{
		const char *why;

		assert_int_equal(discover_new(p.root_fd, 1u << CAPABILITY_IO_WEIGHT, &p.d, &why),
				 0);
	}
	p.m = discover_model(p.d);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_false(model_can(p.m, CAPABILITY_CPU_IDLE));
	assert_false(model_can(p.m, CAPABILITY_CPU_MAX));
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BESTEFFORT, UID_A, 1, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_true(model_can(p.m, CAPABILITY_CPU_IDLE));
	assert_true(model_can(p.m, CAPABILITY_CPU_MAX));
	assert_false(model_can(p.m, CAPABILITY_IO_WEIGHT)); /* switched off stays off */
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_of_all_three_classes_are_found_with_containers_and_knobs),
		cmocka_unit_test(cgroups_come_parents_first_and_pods_by_path),
		cmocka_unit_test(a_steady_update_changes_and_allocates_nothing),
		cmocka_unit_test(
			the_healing_rescan_of_an_unchanged_tree_allocates_nothing_but_for_the_pods_file),
		cmocka_unit_test(a_new_pod_is_noticed_at_once_and_others_stay_where_they_are),
		cmocka_unit_test(the_first_pod_ever_is_noticed_at_once),
		cmocka_unit_test(a_container_that_starts_later_is_noticed_and_inherits_the_pod),
		cmocka_unit_test(a_gone_pod_frees_its_slot_and_its_successor_has_a_new_serial),
		cmocka_unit_test(a_cgroup_made_anew_under_the_same_name_is_another_one),
		cmocka_unit_test(objects_and_what_apply_knows_of_knobs_survive_a_rescan),
		cmocka_unit_test(colods_own_weight_is_not_taken_for_a_request),
		cmocka_unit_test(knobs_that_are_written_after_a_pod_appeared_are_read_again),
		cmocka_unit_test(a_process_that_starts_in_a_new_cgroup_is_seen),
		cmocka_unit_test(without_inotify_a_new_pod_is_found_by_the_next_rescan),
		cmocka_unit_test(a_cgroup_that_no_watch_can_see_is_found_by_the_healing_rescan),
		cmocka_unit_test(pods_of_a_kind_node_below_a_scope_are_noticed_at_once),
		cmocka_unit_test(facts_come_from_the_pods_file_and_who_is_not_in_it_stays_unknown),
		cmocka_unit_test(a_changed_pods_file_is_read_at_the_next_update),
		cmocka_unit_test(a_pods_file_that_is_cut_short_changes_nothing_but_the_note),
		cmocka_unit_test(without_a_kubelet_client_facts_are_absent_and_the_note_says_so),
		cmocka_unit_test(losing_the_facts_file_to_another_policy_leaves_no_dangling_facts),
		cmocka_unit_test(a_unit_that_the_policy_names_is_a_pod_and_one_inside_it_is_not),
		cmocka_unit_test(names_that_are_tricks_cost_themselves_and_nothing_else),
		cmocka_unit_test(a_kubepods_that_a_user_made_is_not_believed),
		cmocka_unit_test(a_second_cgroup_with_the_uid_of_a_pod_is_not_that_pod),
		cmocka_unit_test(
			a_pod_that_vanishes_is_normal_and_a_vanished_root_leaves_the_model),
		cmocka_unit_test(two_hundred_pods_come_and_go_and_every_slot_is_used_once),
		cmocka_unit_test(a_v1_host_is_refused_with_what_to_do),
		cmocka_unit_test(capabilities_that_first_show_with_a_pod_are_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
