// SPDX-License-Identifier: LGPL-2.1-or-later
// colod --replay: what it says, and with which exit status.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/replay.h"
#include "tests/lib/record_case.h"
#include "tests/lib/tree.h"

#define SECOND 1000000ll
#define WEB "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podweb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"

static char *dir;
static char record_path[512], policy_path[512];
static struct options options;
static char said[1 << 16], told[1 << 16];

/* A squeeze of a few passes, in a file. */
static int setup(void **state)
{
	struct record_case c;
	struct fake f;
	struct pod *web, *hog;

	(void)state;
	if (tree_make(NULL, &dir) < 0)
		return -1;
	fake_init(&f);
	web = fake_pod(&f, WEB, QOS_BURSTABLE);
	hog = fake_pod(&f, HOG, QOS_BESTEFFORT);
	fake_request(web, 1000, 1 << 28);
	fake_limit(hog, KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	record_case_open(&c, NULL);
	for (int64_t s = 1; s <= 8; s++) {
		fake_sample(&f, web, s * SECOND, (uint64_t)s * 1000000, (uint64_t)s * 300000);
		fake_sample(&f, hog, s * SECOND, (uint64_t)s * 2800000, 0);
		fake_sample_node(&f, s * SECOND, (uint64_t)s * 3900000);
		record_case_pass(&c, &f, s * SECOND);
		record_case_apply(&c, &f);
	}
	record_put_bytes(&c.text, "", 1);
	tree_write(dir, "a.record", c.text.text);
	record_case_close(&c);
	fake_free(&f);
	(void)snprintf(record_path, sizeof(record_path), "%s/a.record", dir);
	(void)snprintf(policy_path, sizeof(policy_path), "%s/other.yaml", dir);
	options = (struct options){.action = OPTIONS_REPLAY, .replay_file = record_path};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove(dir);
	return 0;
}

static void read_into(const char *name, char *text, size_t size)
{
	char path[512];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
}

/* Runs it with stdout into `told` and stderr into `said`. */
static int run(void)
{
	int out, err, saved_out, saved_err, r;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/out", dir);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	(void)snprintf(path, sizeof(path), "%s/err", dir);
	err = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0 && err >= 0);
	fflush(stdout);
	fflush(stderr);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	r = replay_run(&options);
	fflush(stdout);
	fflush(stderr);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	close(out);
	close(err);
	read_into("out", told, sizeof(told));
	read_into("err", said, sizeof(said));
	return r;
}

/* Replaces the first `from` in the record. */
static void edit(const char *from, const char *to)
{
	static char text[1 << 16], edited[(1 << 16) + 256];
	char *at;

	read_into("a.record", text, sizeof(text));
	at = strstr(text, from);
	assert_non_null(at);
	(void)snprintf(edited, sizeof(edited), "%.*s%s%s", (int)(at - text), text, to,
		       at + strlen(from));
	tree_write(dir, "a.record", edited);
}

TEST(the_same_steps_are_status_0)
{
	assert_int_equal(run(), 0);
	assert_string_equal(said, "");
	assert_non_null(strstr(told, "pass 1 at 1.000000 s\n  modes all=squeeze"));
	assert_non_null(strstr(told, "\n  ladder cpu rung=squeeze "));
	assert_non_null(strstr(told, "\n8 passes, "));
	assert_non_null(strstr(told, " steps: the same as recorded\n"));
}

TEST(twice_is_the_same_to_the_byte)
{
	static char first[sizeof(told)];

	assert_int_equal(run(), 0);
	memcpy(first, told, sizeof(first));
	assert_int_equal(run(), 0);
	assert_string_equal(told, first);
}

/* Another decision, seen from the other side: the record says something else. */
TEST(other_steps_are_status_1_and_the_first_is_told)
{
	edit("cpu.max 30000/20000", "cpu.max 30001/20000");
	assert_int_equal(run(), 1);
	assert_non_null(strstr(said, "pass 2 differs from what was recorded, at line "));
	assert_non_null(strstr(said, "\n  recorded: plan kubepods.slice/kubepods-besteffort.slice "
				     "cpu.max 30001/20000"));
	assert_non_null(strstr(said, "\n  now:      plan kubepods.slice/kubepods-besteffort.slice "
				     "cpu.max 30000/20000"));
	assert_non_null(strstr(told, ": 1 passes differ from what was recorded\n"));
}

TEST(another_series_decides_otherwise)
{
	edit(" memory=8589934592 ", " memory=4294967296 ");
	assert_int_equal(run(), 1);
}

TEST(what_cannot_be_read_is_status_2)
{
	edit("\nt 2000000\n", "\nt later\n");
	assert_int_equal(run(), 2);
	assert_non_null(strstr(said, ": line "));
	assert_non_null(strstr(said, "not understood: \"t later\""));
	options.replay_file = "/nowhere/a.record";
	assert_int_equal(run(), 2);
	assert_non_null(strstr(said, "colod: /nowhere/a.record: No such file"));
}

TEST(a_torn_end_is_told_and_is_no_difference)
{
	static char text[1 << 16];

	read_into("a.record", text, sizeof(text));
	text[strlen(text) - 3] = '\0';
	tree_write(dir, "a.record", text);
	assert_int_equal(run(), 0);
	assert_non_null(strstr(said, "the last pass is cut short and left out"));
	assert_non_null(strstr(told, "\n7 passes, "));
}

TEST(another_policy_is_compared_where_it_differs)
{
	tree_write(dir, "other.yaml",
		   "version: 1\nfacts: {from: 'file:///pods.json'}\n"
		   "levels:\n  P1: {role: online}\n  P4: {role: online, cpu: {weight: request}}\n"
		   "  P7: {role: offline, cpu: {yield: ratio 50}}\n"
		   "assign:\n  - {match: {label: team=red}, level: P1}\n"
		   "  - {match: {qos: Burstable}, level: P1}\n"
		   "  - {match: {qos: BestEffort}, level: P7}\n");
	options.policy_files[0] = policy_path;
	options.n_policy_files = 1;
	assert_int_equal(run(), 0);
	assert_non_null(strstr(told, "does not act back on what was measured"));
	assert_non_null(
		strstr(told, "default/kubepods-burstable-podweb.slice: P4 online → P1 online"));
	assert_non_null(strstr(told, "rung of cpu: squeeze → calm"));
	assert_non_null(strstr(told, " cpu.max: 30000 20000 → left alone"));
	assert_non_null(strstr(said, "the record does not have the label or annotation \"team\""));
}

TEST(a_broken_other_policy_is_told)
{
	tree_write(dir, "other.yaml", "version: 1\nmdoe: x\n");
	options.policy_files[0] = policy_path;
	options.n_policy_files = 1;
	assert_int_equal(run(), 2);
	assert_non_null(strstr(said, "other.yaml:2:1:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_steps_are_status_0, setup, teardown),
		cmocka_unit_test_setup_teardown(twice_is_the_same_to_the_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(other_steps_are_status_1_and_the_first_is_told,
						setup, teardown),
		cmocka_unit_test_setup_teardown(another_series_decides_otherwise, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_status_2, setup, teardown),
		cmocka_unit_test_setup_teardown(a_torn_end_is_told_and_is_no_difference, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_policy_is_compared_where_it_differs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_broken_other_policy_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
