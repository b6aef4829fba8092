// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/record_read.h"

#define HEAD "colod-record 1\nnames plain\nsteps no\n"
#define POLICY "policy 1\nsource p.yaml\ny version: 1\npolicy-end\n"
#define ROOT                                                                                       \
	"cg 0 inode=1 kind=root populated=1 controllers=0 subtree=0 pod=- path=\"\"\norder 0\n"    \
	"pods -\n"
#define PASS "t 10\n" ROOT "end\n"

static struct record_reader *reader;
static struct record_replayed pass;
static char error[RECORD_ERROR_SIZE];

static int teardown(void **state)
{
	(void)state;
	record_reader_free(reader);
	reader = NULL;
	return 0;
}

/* The result of reading the last of `passes` passes. */
static int read_text(const char *text, int passes)
{
	int r;

	record_reader_free(reader);
	reader = NULL;
	error[0] = '\0';
	r = record_reader_new(text, strlen(text), error, &reader);
	for (int i = 0; r >= 0 && i < passes; i++)
		r = record_reader_pass(reader, error, &pass);
	return r;
}

TEST(the_least_record_has_one_pass)
{
	assert_int_equal(read_text(HEAD POLICY PASS, 1), 1);
	assert_int_equal(pass.now_us, 10);
	assert_int_equal(pass.line, 8);
	assert_int_equal(pass.model->n_cgroups, 1);
	assert_int_equal(pass.model->n_pods, 0);
	assert_non_null(pass.ladders[RESOURCE_CPU]);
	assert_int_equal(record_reader_pass(reader, error, &pass), 0);
	assert_false(record_reader_is_torn(reader));
}

TEST(another_version_is_refused_with_a_sentence)
{
	assert_int_equal(read_text("colod-record 2\nnames plain\n", 0), -EBADMSG);
	assert_non_null(strstr(error, "version \"colod-record 2\""));
	assert_non_null(strstr(error, "colod-record 1"));
	assert_non_null(strstr(error, "the colod that made it"));
}

TEST(something_else_is_no_record)
{
	static const char *const texts[] = {"", "hello\n", "{\"version\": 1}\n", "colod-record",
					    ("\x7f"
					     "ELF\n")};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(read_text(texts[i], 0), -EBADMSG);
		assert_non_null(strstr(error, "not a record"));
	}
}

TEST(a_head_that_is_cut_is_refused)
{
	assert_int_equal(read_text("colod-record 1\nnames plain\n", 0), -EBADMSG);
	assert_non_null(strstr(error, "cut short"));
	assert_int_equal(read_text("colod-record 1\nnames other\nsteps no\n", 0), -EBADMSG);
}

/* The agent was killed while it wrote. */
TEST(a_last_pass_that_is_torn_is_left_out)
{
	static const char *const tails[] = {"t 20", "t 20\n", "t 20\nmodes all=squ", "t 20\nend",
					    "policy 1\nsource x\ny vers"};
	char text[1024];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		(void)snprintf(text, sizeof(text), HEAD POLICY PASS "%s", tails[i]);
		assert_int_equal(read_text(text, 1), 1);
		assert_int_equal(record_reader_pass(reader, error, &pass), 0);
		assert_true(record_reader_is_torn(reader));
	}
}

/* A power cut: the file has its size, but not its last pages. */
TEST(zeros_at_the_end_are_a_torn_pass_too)
{
	static const char text[] = HEAD POLICY PASS "t 20\nmod\0\0\0\0\n\0";

	assert_int_equal(record_reader_new(text, sizeof(text) - 1, error, &reader), 0);
	assert_int_equal(record_reader_pass(reader, error, &pass), 1);
	assert_int_equal(record_reader_pass(reader, error, &pass), -EBADMSG);
	record_reader_free(reader);
	reader = NULL;
	assert_int_equal(record_reader_new(text, sizeof(text) - 7, error, &reader), 0);
	assert_int_equal(record_reader_pass(reader, error, &pass), 1);
	assert_int_equal(record_reader_pass(reader, error, &pass), 0);
	assert_true(record_reader_is_torn(reader));
}

TEST(every_error_names_its_line)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{HEAD "t 10\nend\n", "line 4: a pass before any policy"},
		{HEAD POLICY "k 0 cpu.weight=1\n", "line 8: \"k\" outside of a pass"},
		{HEAD POLICY "t 10\nwhat is this\n", "line 9: not understood: \"what is this\""},
		{HEAD POLICY "t 10\nt 11\n", "line 9: not understood"},
		{HEAD POLICY "t 10\n\x1b[2J\n", "line 9: a character that does not belong"},
		{HEAD POLICY "t 10\n> mode x\n", "line 9: a step in a record that says"},
		{HEAD POLICY "t 10\nend\n", "line 9: there is no cgroup"},
		{HEAD POLICY "t 10\nassign 0 no-rule\n", "line 9: not understood"},
		{HEAD POLICY "t 10\nk 0 cpu.weight=1\n", "line 9: not understood"},
		{HEAD POLICY "t 10\n" ROOT "order 0,1\nend\n", "was not described"},
		{HEAD POLICY "t 10\n" ROOT "order 0,0\nend\n", "names a cgroup twice"},
		{HEAD POLICY "t 10\n" ROOT
			     "cg 1 inode=2 kind=other populated=0 controllers=0 subtree=0 pod=- "
			     "path=a/b\norder 0-1\nend\n",
		 "a cgroup comes before its parent"},
		{HEAD POLICY "t 10\n" ROOT
			     "cg 1 inode=2 kind=other populated=0 controllers=0 subtree=0 pod=3 "
			     "path=a\norder 0-1\nend\n",
		 "belongs to a pod that is not there"},
		{HEAD "policy 1\nsource p\ny version: 9\npolicy-end\n",
		 "line 7: this version does not accept the recorded policy: p:1"},
		{HEAD "policy 2\nsource p\ny version: 1\npolicy-end\n", "line 7: not understood"},
		{HEAD "source p\n", "line 4: not understood"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (read_text(rows[i].text, 1) != -EBADMSG || !strstr(error, rows[i].says))
			fail_msg("row %zu: \"%s\", expected: %s", i, error, rows[i].says);
	}
}

TEST(comments_and_empty_lines_are_for_people)
{
	assert_int_equal(read_text("colod-record 1\n# by hand\n\nnames plain\nsteps no\n" POLICY
				   "\n# a pass\n" PASS "# the end\n",
				   1),
			 1);
	assert_int_equal(record_reader_pass(reader, error, &pass), 0);
	assert_false(record_reader_is_torn(reader));
}

TEST(what_is_not_said_again_is_as_it_was)
{
	assert_int_equal(read_text(HEAD POLICY "t 10\nnode cpus=2 cores=2 numa=1 smt=0 memory=9 "
					       "swap=0 page=4096 kernel=6.12\n" ROOT
					       "k 0 cpu.weight=77\nend\nt 20\nend\n",
				   2),
			 1);
	assert_int_equal(pass.now_us, 20);
	assert_int_equal(pass.model->node.n_cpus, 2);
	assert_int_equal(pass.model->root->knobs[KNOB_CPU_WEIGHT].now.value, 77);
	assert_null(pass.ladders[RESOURCE_CPU]);
}

TEST(a_policy_in_the_middle_is_in_force_from_there_on)
{
	const struct policy *first;

	assert_int_equal(read_text(HEAD POLICY PASS "policy 1\nsource q.yaml\ny version: 1\n"
						    "Y mode: \ny squeeze\npolicy-end\nt 20\nend\n",
				   1),
			 1);
	first = pass.policy;
	assert_int_equal(first->mode, MODE_OBSERVE);
	assert_int_equal(record_reader_pass(reader, error, &pass), 1);
	assert_int_equal(pass.policy->mode, MODE_SQUEEZE);
}

TEST(steps_come_with_their_lines)
{
	assert_int_equal(read_text("colod-record 1\nnames plain\nsteps yes\n" POLICY "t 10\n" ROOT
				   "> one\n> two words\nend\n",
				   1),
			 1);
	assert_int_equal(pass.n_steps, 2);
	assert_int_equal(pass.steps_len, strlen("one\ntwo words\n"));
	assert_memory_equal(pass.steps, "one\ntwo words\n", pass.steps_len);
	assert_int_equal(pass.step_lines[1], 13);
}

/* A slot is used again by another pod: nothing of the old one may be taken for the new one's. */
TEST(another_pod_in_a_slot_begins_without_samples)
{
#define POD(serial)                                                                                \
	"pod 0 serial=" serial " kind=unit qos=none driver=none cg=1 facts=absent "                \
	"cpu-request=absent cpu-limit=absent memory-request=absent memory-limit=absent "           \
	"uid=\"\" name=a\n"
	assert_int_equal(read_text(HEAD POLICY
				   "t 10\ntree driver=none slots=1\n" ROOT
				   "cg 1 inode=2 kind=pod populated=1 controllers=0 subtree=0 "
				   "pod=0 path=a\norder 0-1\n" POD("1") "pods 0\ns 0 0 1 5\nend\n"
									"t 20\n" POD("2") "end\n",
				   1),
			 1);
	assert_non_null(pass.samples->pods[0]);
	assert_int_equal(pass.samples->pods[0]->count, 1);
	assert_ptr_equal(pass.model->cgroups[1]->pod, pass.model->pods[0]);
	assert_int_equal(record_reader_pass(reader, error, &pass), 1);
	assert_null(pass.samples->pods[0]);
}

TEST(pods_are_bounded)
{
	assert_int_equal(read_text(HEAD POLICY "t 10\npod 4096 serial=1\n", 1), -EBADMSG);
	assert_int_equal(read_text(HEAD POLICY "t 10\ntree driver=none slots=4097\n", 1), -EBADMSG);
	assert_int_equal(read_text(HEAD POLICY "t 10\norder 0-4000000000\n", 1), -EBADMSG);
	assert_int_equal(read_text(HEAD "policy 65\n", 1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_least_record_has_one_pass, teardown),
		cmocka_unit_test_teardown(another_version_is_refused_with_a_sentence, teardown),
		cmocka_unit_test_teardown(something_else_is_no_record, teardown),
		cmocka_unit_test_teardown(a_head_that_is_cut_is_refused, teardown),
		cmocka_unit_test_teardown(a_last_pass_that_is_torn_is_left_out, teardown),
		cmocka_unit_test_teardown(zeros_at_the_end_are_a_torn_pass_too, teardown),
		cmocka_unit_test_teardown(every_error_names_its_line, teardown),
		cmocka_unit_test_teardown(comments_and_empty_lines_are_for_people, teardown),
		cmocka_unit_test_teardown(what_is_not_said_again_is_as_it_was, teardown),
		cmocka_unit_test_teardown(a_policy_in_the_middle_is_in_force_from_there_on,
					  teardown),
		cmocka_unit_test_teardown(steps_come_with_their_lines, teardown),
		cmocka_unit_test_teardown(another_pod_in_a_slot_begins_without_samples, teardown),
		cmocka_unit_test_teardown(pods_are_bounded, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
