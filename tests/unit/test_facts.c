// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/discover/facts.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"
#define UID_B "22222222-aaaa-4bbb-8ccc-000000000002"
#define ONE(uid, name)                                                                             \
	"{\"metadata\":{\"uid\":\"" uid "\",\"namespace\":\"ns\",\"name\":\"" name "\"},"          \
	"\"status\":{\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"docker://cafe\"}]}}"
#define LIST(items) "{\"items\":[" items "]}"

static char path[] = "/etc/pods.json";
static struct policy from_file = {.facts = FACTS_FILE, .facts_path = path};

static struct pods none;

struct place {
	char *dir;
	struct facts f;
};

static void open_place(struct place *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(tree_make("etc/\n", &p->dir), 0);
	p->f.root_fd = tree_open(p->dir);
	if (text)
		assert_int_equal(tree_write(p->dir, "etc/pods.json", text), 0);
	assert_int_equal(facts_set_policy(&p->f, &from_file), 0);
}

static void close_place(struct place *p)
{
	facts_clear(&p->f);
	(void)close(p->f.root_fd);
	tree_remove(p->dir);
}

TEST(a_good_file_is_read_once_and_then_only_looked_at)
{
	struct place p;
	unsigned long before;

	open_place(&p, LIST(ONE(UID_A, "one")));
	assert_true(facts_update(&p.f, &none, 0, false, false));
	assert_non_null(pods_json_find(p.f.good, UID_A));
	before = alloc_count();
	assert_false(facts_update(&p.f, &none, 0, false, false));
	assert_int_equal(alloc_count() - before, 0);
	assert_string_equal(p.f.note, "");
	close_place(&p);
}

TEST(a_file_that_comes_late_is_noted_until_then)
{
	struct place p;

	open_place(&p, NULL);
	assert_true(facts_update(&p.f, &none, 0, false, false));
	assert_non_null(strstr(p.f.note, "/etc/pods.json: No such file"));
	assert_non_null(strstr(p.f.note, "wait for it"));
	assert_false(facts_update(&p.f, &none, 0, false, false));
	assert_int_equal(tree_write(p.dir, "etc/pods.json", LIST(ONE(UID_A, "one"))), 0);
	assert_true(facts_update(&p.f, &none, 0, false, false));
	assert_string_equal(p.f.note, "");
	close_place(&p);
}

TEST(whatever_is_wrong_the_last_good_facts_stay)
{
	static const char *const bad[][2] = {
		{"{\"items\":[{\"metadata\"", "cut short or not JSON"},
		{"", "cut short or not JSON"},
		{"{\"kind\":\"Status\"}", "no list of pods"},
	};
	struct place p;

	open_place(&p, LIST(ONE(UID_A, "one")));
	assert_true(facts_update(&p.f, &none, 0, false, false));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(tree_write(p.dir, "etc/pods.json", bad[i][0]), 0);
		(void)facts_update(&p.f, &none, 0, false, false);
		assert_non_null(strstr(p.f.note, bad[i][1]));
		assert_non_null(strstr(p.f.note, "keeping what was read before"));
		assert_non_null(pods_json_find(p.f.good, UID_A));
	}
	assert_int_equal(tree_delete(p.dir, "etc/pods.json"), 0);
	(void)facts_update(&p.f, &none, 0, false, false);
	assert_non_null(strstr(p.f.note, "No such file"));
	assert_non_null(pods_json_find(p.f.good, UID_A));
	close_place(&p);
}

TEST(entries_that_are_left_out_are_noted)
{
	struct place p;

	open_place(&p, LIST("{}," ONE(UID_A, "one")));
	assert_true(facts_update(&p.f, &none, 0, false, false));
	assert_non_null(strstr(p.f.note, "1 entries left out"));
	assert_non_null(pods_json_find(p.f.good, UID_A));
	close_place(&p);
}

TEST(a_symbolic_link_is_refused_by_its_name)
{
	struct place p;
	char link[256];

	open_place(&p, NULL);
	assert_true(snprintf(link, sizeof(link), "%s/etc/pods.json", p.dir) > 0);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_true(facts_update(&p.f, &none, 0, false, false));
	assert_non_null(strstr(p.f.note, "symbolic link"));
	assert_null(p.f.good);
	close_place(&p);
}

TEST(pods_are_tied_by_uid_units_never_and_the_rest_waits)
{
	struct place p;
	struct pod_container container = {.id = "cafe"};
	struct pod a = {.uid = UID_A, .containers = &container, .n_containers = 1};
	struct pod b = {.uid = UID_B};
	struct pod unit = {.kind = POD_UNIT, .name = "x.slice"};
	static struct pods pods;

	pods = (struct pods){.list = {&a, &b, &unit}, .n = 3};
	open_place(&p, LIST(ONE(UID_A, "one")));
	(void)facts_update(&p.f, &none, 0, false, false);
	assert_true(facts_bind(&p.f, &pods));
	assert_int_equal(p.f.n_unknown, 1);
	assert_int_equal(a.facts_state, FACT_KNOWN);
	assert_string_equal(a.name, "ns/one");
	assert_string_equal(container.name, "app");
	assert_int_equal(b.facts_state, FACT_UNKNOWN);
	assert_null(b.facts);
	assert_int_equal(unit.facts_state, FACT_ABSENT);
	assert_string_equal(unit.name, "x.slice");
	/* A policy without a file: nobody is there to ask. */
	assert_int_equal(facts_set_policy(&p.f, NULL), 0);
	assert_true(facts_bind(&p.f, &pods));
	assert_int_equal(p.f.n_unknown, 0);
	assert_int_equal(a.facts_state, FACT_ABSENT);
	assert_null(a.facts);
	assert_null(container.name);
	assert_string_equal(a.name, UID_A);
	close_place(&p);
}

TEST(the_same_path_in_a_new_policy_keeps_what_is_known)
{
	struct place p;

	open_place(&p, LIST(ONE(UID_A, "one")));
	(void)facts_update(&p.f, &none, 0, false, false);
	assert_int_equal(facts_set_policy(&p.f, &from_file), 0);
	assert_non_null(p.f.good);
	assert_false(facts_update(&p.f, &none, 0, false, false));
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_read_once_and_then_only_looked_at),
		cmocka_unit_test(a_file_that_comes_late_is_noted_until_then),
		cmocka_unit_test(whatever_is_wrong_the_last_good_facts_stay),
		cmocka_unit_test(entries_that_are_left_out_are_noted),
		cmocka_unit_test(a_symbolic_link_is_refused_by_its_name),
		cmocka_unit_test(pods_are_tied_by_uid_units_never_and_the_rest_waits),
		cmocka_unit_test(the_same_path_in_a_new_policy_keeps_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
