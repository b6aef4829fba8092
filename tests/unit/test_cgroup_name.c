// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/discover/cgroup_name.h"

#define UID_DASHES "0f8da95e-e976-4b0c-9a3f-1234567890ab"
#define UID_LINES "0f8da95e_e976_4b0c_9a3f_1234567890ab"
#define UID_STATIC "e3dfb56be52fd5d4edac79e70e0430f8"
#define ID64 "73f189b403f7f3fbe554132104e6910b52c5357126522fc8dda18581ff88895e"

static struct cgroup_name parse(enum cgroup_kind parent, const char *parent_name, const char *name)
{
	struct cgroup_name n;

	assert_int_equal(cgroup_name_parse(parent, parent_name, name, &n), 0);
	return n;
}

static void expect_pod(enum cgroup_kind parent, const char *parent_name, const char *name,
		       enum qos qos, enum cgroup_driver driver, const char *uid)
{
	struct cgroup_name n = parse(parent, parent_name, name);

	assert_int_equal(n.kind, CGROUP_POD);
	assert_int_equal(n.qos, qos);
	assert_int_equal(n.driver, driver);
	assert_string_equal(n.uid, uid);
}

TEST(pods_of_the_systemd_driver)
{
	expect_pod(CGROUP_KUBEPODS, "kubepods.slice", "kubepods-pod" UID_LINES ".slice",
		   QOS_GUARANTEED, DRIVER_SYSTEMD, UID_DASHES);
	expect_pod(CGROUP_QOS, "kubepods-burstable.slice",
		   "kubepods-burstable-pod" UID_LINES ".slice", QOS_BURSTABLE, DRIVER_SYSTEMD,
		   UID_DASHES);
	expect_pod(CGROUP_QOS, "kubepods-besteffort.slice",
		   "kubepods-besteffort-pod" UID_STATIC ".slice", QOS_BESTEFFORT, DRIVER_SYSTEMD,
		   UID_STATIC);
}

TEST(pods_of_the_cgroupfs_driver)
{
	expect_pod(CGROUP_KUBEPODS, "kubepods", "pod" UID_DASHES, QOS_GUARANTEED, DRIVER_CGROUPFS,
		   UID_DASHES);
	expect_pod(CGROUP_QOS, "burstable", "pod" UID_STATIC, QOS_BURSTABLE, DRIVER_CGROUPFS,
		   UID_STATIC);
	expect_pod(CGROUP_QOS, "besteffort", "pod" UID_DASHES, QOS_BESTEFFORT, DRIVER_CGROUPFS,
		   UID_DASHES);
}

TEST(a_root_of_the_kubelets_own_makes_no_difference)
{
	assert_int_equal(parse(CGROUP_OTHER, "kubelet.slice", "kubelet-kubepods.slice").kind,
			 CGROUP_KUBEPODS);
	assert_int_equal(parse(CGROUP_OTHER, "kubelet", "kubepods").kind, CGROUP_KUBEPODS);
	assert_int_equal(parse(CGROUP_KUBEPODS, "kubelet-kubepods.slice",
			       "kubelet-kubepods-burstable.slice")
				 .qos,
			 QOS_BURSTABLE);
	expect_pod(CGROUP_KUBEPODS, "kubelet-kubepods.slice",
		   "kubelet-kubepods-pod" UID_LINES ".slice", QOS_GUARANTEED, DRIVER_SYSTEMD,
		   UID_DASHES);
	expect_pod(CGROUP_QOS, "kubelet-kubepods-besteffort.slice",
		   "kubelet-kubepods-besteffort-pod" UID_LINES ".slice", QOS_BESTEFFORT,
		   DRIVER_SYSTEMD, UID_DASHES);
}

TEST(what_only_resembles_the_kubelets_names_is_nothing)
{
	static const struct {
		enum cgroup_kind parent;
		const char *parent_name, *name;
	} others[] = {
		{CGROUP_ROOT, "", "kubepods.scope"},
		{CGROUP_ROOT, "", "mykubepods.slice"},
		{CGROUP_ROOT, "", "kubepods2"},
		{CGROUP_ROOT, "", "pod" UID_DASHES},
		{CGROUP_ROOT, "", "burstable"},
		{CGROUP_KUBEPODS, "kubepods.slice", "burstable"},
		{CGROUP_KUBEPODS, "kubepods.slice", "pod" UID_DASHES},
		{CGROUP_KUBEPODS, "kubepods.slice", "other-pod" UID_LINES ".slice"},
		{CGROUP_KUBEPODS, "kubepods", "kubepods-burstable.slice"},
		{CGROUP_QOS, "burstable", "burstable"},
		{CGROUP_CONTAINER, ID64, ID64},
		{CGROUP_CONTAINER, "cri-containerd-x.scope", "container"},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
			parse(others[i].parent, others[i].parent_name, others[i].name).kind,
			CGROUP_OTHER);
}

TEST(a_pod_without_a_pod_uid_is_refused)
{
	static const char *const bad[] = {
		"pod",
		"podx",
		"pod..",
		"pod../../etc",
		"pod0f8da95e-e976-4b0c-9a3f-1234567890a",
		"pod0f8da95e-e976-4b0c-9a3f-1234567890abc",
		"pod0f8da95e-e976-4b0c-9a3f_1234567890ab",
		"pod0f8da95ee976-4b0c-9a3f-1234567890ab-",
		"podgf8da95e-e976-4b0c-9a3f-1234567890ab",
		"pode3dfb56be52fd5d4edac79e70e0430f",
		"pode3dfb56be52fd5d4edac79e70e0430fz",
		"pod" UID_LINES,
		"pod" UID_DASHES ".slice",
	};
	struct cgroup_name n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cgroup_name_parse(CGROUP_QOS, "burstable", bad[i], &n), -EBADMSG);
		assert_int_equal(n.kind, CGROUP_OTHER);
	}
	assert_int_equal(cgroup_name_parse(CGROUP_KUBEPODS, "kubepods.slice",
					   "kubepods-pod" UID_DASHES ".slice", &n),
			 -EBADMSG);
}

TEST(containers_of_every_runtime)
{
	static const struct {
		const char *name;
		enum runtime runtime;
	} known[] = {
		{"cri-containerd-" ID64 ".scope", RUNTIME_CONTAINERD},
		{"crio-" ID64 ".scope", RUNTIME_CRIO},
		{"docker-" ID64 ".scope", RUNTIME_DOCKER},
		{"libpod-" ID64 ".scope", RUNTIME_PODMAN},
		{ID64, RUNTIME_UNKNOWN},
		{"crio-" ID64, RUNTIME_CRIO},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cgroup_name n = parse(CGROUP_POD, "pod" UID_DASHES, known[i].name);

		assert_int_equal(n.kind, CGROUP_CONTAINER);
		assert_int_equal(n.runtime, known[i].runtime);
		assert_string_equal(n.id, ID64);
	}
}

TEST(what_stands_beside_containers_is_none)
{
	static const char *const others[] = {
		"crio-conmon-" ID64 ".scope",
		"crio-conmon-" ID64,
		"container",
		"cri-containerd-.scope",
		"libpod-..scope",
		"docker--rm.scope",
		"cri-containerd-" ID64 "x.scope",
		"cri-containerd-a\\x2db.scope",
		ID64 ".scope",
		ID64 "0",
		"73f189b4",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(parse(CGROUP_POD, "pod" UID_DASHES, others[i]).kind, CGROUP_OTHER);
}

TEST(names_that_cannot_be_shown_or_used_are_refused)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"...",
		"..a",
		"a/b",
		"a\nb",
		"a\x1b[31m",
		"a\x7f",
		"\xff",
		"a\xc3",
		"\xc0\xaf",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"a\xe2\x80\xae_",
		"\xc2\x85",
	};
	char longest[CGROUP_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cgroup_name_check(bad[i]), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[CGROUP_NAME_MAX] = '\0';
	assert_int_equal(cgroup_name_check(longest), 0);
	longest[CGROUP_NAME_MAX] = 'x';
	longest[CGROUP_NAME_MAX + 1] = '\0';
	assert_int_equal(cgroup_name_check(longest), -EINVAL);
}

TEST(ordinary_names_are_fine)
{
	static const char *const good[] = {
		"a",
		"a..b",
		".hidden",
		"dev-disk-by\\x2duuid.swap",
		"user@1000.service",
		"h\xc3\xa4user.slice",
		"\xe6\x97\xa5\xe6\x9c\xac",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(cgroup_name_check(good[i]), 0);
}

TEST(only_what_can_hold_pods_is_a_branch)
{
	assert_true(cgroup_name_is_branch(CGROUP_ROOT, ""));
	assert_true(cgroup_name_is_branch(CGROUP_POD, "pod" UID_DASHES));
	assert_true(cgroup_name_is_branch(CGROUP_OTHER, "system.slice"));
	assert_true(cgroup_name_is_branch(CGROUP_OTHER, "kubelet"));
	assert_false(cgroup_name_is_branch(CGROUP_OTHER, "cron.service"));
	assert_false(cgroup_name_is_branch(CGROUP_OTHER, "init.scope"));
	assert_false(cgroup_name_is_branch(CGROUP_CONTAINER, ID64));
}

TEST(an_untrusted_name_is_shown_without_its_tricks_and_cut_to_fit)
{
	char text[16];

	assert_string_equal(cgroup_name_escape("a\x1b"
					       "b",
					       text, sizeof(text)),
			    "a\\x1bb");
	assert_string_equal(cgroup_name_escape("0123456789abcdef", text, sizeof(text)),
			    "012345678...");
	assert_true(strlen(cgroup_name_escape("\xff\xff\xff\xff\xff\xff", text, sizeof(text))) <
		    sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_of_the_systemd_driver),
		cmocka_unit_test(pods_of_the_cgroupfs_driver),
		cmocka_unit_test(a_root_of_the_kubelets_own_makes_no_difference),
		cmocka_unit_test(what_only_resembles_the_kubelets_names_is_nothing),
		cmocka_unit_test(a_pod_without_a_pod_uid_is_refused),
		cmocka_unit_test(containers_of_every_runtime),
		cmocka_unit_test(what_stands_beside_containers_is_none),
		cmocka_unit_test(names_that_cannot_be_shown_or_used_are_refused),
		cmocka_unit_test(ordinary_names_are_fine),
		cmocka_unit_test(only_what_can_hold_pods_is_a_branch),
		cmocka_unit_test(an_untrusted_name_is_shown_without_its_tricks_and_cut_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
