// SPDX-License-Identifier: LGPL-2.1-or-later
// The text is what 6.1, 6.12 and 7.3 show, and what they might show when something is wrong.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/kernel_text.h"

#define UNTOUCHED 4711u

static const char cpu_stat[] = "usage_usec 123456\nuser_usec 100000\nsystem_usec 23456\n"
			       "nice_usec 0\ncore_sched.force_idle_usec 0\nnr_periods 77\n"
			       "nr_throttled 5\nthrottled_usec 4321\nnr_bursts 0\nburst_usec 0\n";

TEST(a_number_is_read_with_and_without_newline)
{
	uint64_t v;

	assert_int_equal(kernel_text_u64("0", &v), 0);
	assert_true(v == 0);
	assert_int_equal(kernel_text_u64("4096\n", &v), 0);
	assert_true(v == 4096);
	assert_int_equal(kernel_text_u64("18446744073709551615\n", &v), 0);
	assert_true(v == UINT64_MAX);
}

TEST(a_number_with_anything_else_around_it_is_refused)
{
	static const char *const bad[] = {"",	   "\n",   " 1",   "1 ",  "+1",	 "-1",
					  "1\n\n", "1\n2", "0x10", "1.5", "max", "1a"};
	uint64_t v = UNTOUCHED;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kernel_text_u64(bad[i], &v), -EINVAL);
	assert_int_equal(kernel_text_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(kernel_text_u64("99999999999999999999999", &v), -ERANGE);
	assert_true(v == UNTOUCHED);
}

TEST(a_limit_is_a_number_or_max)
{
	uint64_t v = 1;

	assert_int_equal(kernel_text_limit("0\n", &v), 0);
	assert_true(v == 0);
	assert_int_equal(kernel_text_limit("max\n", &v), 0);
	assert_true(v == UINT64_MAX);
	v = UNTOUCHED;
	assert_int_equal(kernel_text_limit("maximum\n", &v), -EINVAL);
	assert_int_equal(kernel_text_limit("max\n1", &v), -EINVAL);
	assert_int_equal(kernel_text_limit("", &v), -EINVAL);
	assert_true(v == UNTOUCHED);
}

TEST(a_hexadecimal_number_has_its_prefix)
{
	static const char *const bad[] = {"",	  "0x",	    "7",      "0x7 ",
					  "x7\n", "0x7\n1", "0x-1\n", "0X7\n"};
	uint64_t v;

	assert_int_equal(kernel_text_hex("0x0007\n", &v), 0);
	assert_true(v == 7);
	assert_int_equal(kernel_text_hex("0xfedcba9876543210", &v), 0);
	assert_true(v == 0xfedcba9876543210);
	assert_int_equal(kernel_text_hex("0x00000000000000000001\n", &v), 0);
	assert_true(v == 1);
	v = UNTOUCHED;
	assert_int_equal(kernel_text_hex("0x10000000000000000\n", &v), -ERANGE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kernel_text_hex(bad[i], &v), -EINVAL);
	assert_true(v == UNTOUCHED);
}

TEST(a_key_is_found_whole_on_any_line)
{
	uint64_t v;

	assert_int_equal(kernel_text_keyed(cpu_stat, "usage_usec", &v), 0);
	assert_true(v == 123456);
	assert_int_equal(kernel_text_keyed(cpu_stat, "nr_throttled", &v), 0);
	assert_true(v == 5);
	assert_int_equal(kernel_text_keyed(cpu_stat, "burst_usec", &v), 0);
	assert_true(v == 0);
}

TEST(what_a_kill_frees_is_read_of_both_keys_or_of_none)
{
	uint64_t anon = UNTOUCHED, shmem = UNTOUCHED;

	assert_int_equal(kernel_text_memory_held("anon 5\nfile 9\n", &anon, &shmem), -ENOENT);
	assert_int_equal(kernel_text_memory_held("anon 5\nshmem x\n", &anon, &shmem), -EINVAL);
	assert_int_equal(kernel_text_memory_held("inactive_anon 5\nshmem 7\n", &anon, &shmem),
			 -ENOENT);
	assert_true(anon == UNTOUCHED && shmem == UNTOUCHED);
	assert_int_equal(kernel_text_memory_held("anon 4096\nfile 9\nkernel 1\nshmem 8192\n", &anon,
						 &shmem),
			 0);
	assert_true(anon == 4096 && shmem == 8192);
}

TEST(part_of_a_key_is_not_the_key)
{
	uint64_t v = UNTOUCHED;

	assert_int_equal(kernel_text_keyed(cpu_stat, "usage", &v), -ENOENT);
	assert_int_equal(kernel_text_keyed(cpu_stat, "usec", &v), -ENOENT);
	assert_int_equal(kernel_text_keyed(cpu_stat, "throttled", &v), -ENOENT);
	assert_int_equal(kernel_text_keyed(cpu_stat, "oom_kill", &v), -ENOENT);
	assert_int_equal(kernel_text_keyed("", "low", &v), -ENOENT);
	assert_true(v == UNTOUCHED);
}

TEST(a_key_with_a_bad_value_is_an_error_and_not_absent)
{
	uint64_t v = UNTOUCHED;

	assert_int_equal(kernel_text_keyed("low \n", "low", &v), -EINVAL);
	assert_int_equal(kernel_text_keyed("low  1\n", "low", &v), -EINVAL);
	assert_int_equal(kernel_text_keyed("low 1 2\n", "low", &v), -EINVAL);
	assert_int_equal(kernel_text_keyed("low -1\n", "low", &v), -EINVAL);
	assert_int_equal(kernel_text_keyed("low 18446744073709551616\n", "low", &v), -ERANGE);
	assert_true(v == UNTOUCHED);
}

TEST(pressure_totals_are_read_from_both_lines)
{
	struct psi_total psi;

	assert_int_equal(kernel_text_psi("some avg10=1.23 avg60=0.50 avg300=0.10 total=1000\n"
					 "full avg10=0.00 avg60=0.00 avg300=0.00 total=400\n",
					 &psi),
			 0);
	assert_true(psi.some_us == 1000 && psi.full_us == 400);
}

TEST(pressure_without_a_full_line_has_none)
{
	struct psi_total psi = {UNTOUCHED, UNTOUCHED};

	assert_int_equal(kernel_text_psi("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", &psi),
			 0);
	assert_true(psi.some_us == 7 && psi.full_us == 0);
}

TEST(pressure_finds_total_wherever_it_stands)
{
	struct psi_total psi;

	assert_int_equal(kernel_text_psi("some total=9 new=1\nfull x=2 total=3 avg10=0\n", &psi),
			 0);
	assert_true(psi.some_us == 9 && psi.full_us == 3);
}

TEST(broken_pressure_is_refused_whole)
{
	struct psi_total psi = {UNTOUCHED, UNTOUCHED};

	assert_int_equal(kernel_text_psi("", &psi), -ENOENT);
	assert_int_equal(kernel_text_psi("full avg10=0.00 total=1\n", &psi), -ENOENT);
	assert_int_equal(kernel_text_psi("some avg10=0.00\n", &psi), -ENOENT);
	assert_int_equal(kernel_text_psi("some total=\n", &psi), -EINVAL);
	assert_int_equal(kernel_text_psi("some total=1x\n", &psi), -EINVAL);
	assert_int_equal(kernel_text_psi("some total=-1\n", &psi), -EINVAL);
	assert_int_equal(kernel_text_psi("some total=1\nfull total=x\n", &psi), -EINVAL);
	assert_int_equal(kernel_text_psi("some total=1\nfull avg10=0.00\n", &psi), -ENOENT);
	assert_int_equal(kernel_text_psi("some total=18446744073709551616\n", &psi), -ERANGE);
	assert_true(psi.some_us == UNTOUCHED && psi.full_us == UNTOUCHED);
}

TEST(zones_high_marks_are_summed)
{
	uint64_t v = 7;

	assert_int_equal(kernel_text_zones_high("Node 0, zone DMA\n        high     193\n"
						"     high:   5\n  high_min 3\nhigh 7\n",
						&v),
			 0);
	assert_int_equal(v, 200);
	assert_int_equal(kernel_text_zones_high("Node 0, zone DMA\n low 1\n", &v), -ENOENT);
	assert_int_equal(kernel_text_zones_high("", &v), -ENOENT);
	assert_int_equal(kernel_text_zones_high(" high x\n", &v), -EINVAL);
	assert_int_equal(kernel_text_zones_high(" high 18446744073709551615\n high 1\n", &v),
			 -ERANGE);
	assert_int_equal(v, 200);
}

TEST(the_zones_of_one_node_are_told_from_those_of_others)
{
	static const char text[] =
		"Node 0, zone DMA\n        high     1\nNode 0, zone Normal\n"
		"        high     20\nNode 10, zone Normal\n        high     300\n"
		"     high:   5\n";
	uint64_t v = 7;

	assert_int_equal(kernel_text_node_high(text, 0, &v), 0);
	assert_int_equal(v, 21);
	assert_int_equal(kernel_text_node_high(text, 10, &v), 0);
	assert_int_equal(v, 300);
	assert_int_equal(kernel_text_node_high(text, 1, &v), -ENOENT);
	assert_int_equal(kernel_text_zones_high(text, &v), 0);
	assert_int_equal(v, 321);
}

TEST(a_nodes_meminfo_has_its_name_on_each_line)
{
	static const char text[] =
		"\nNode 3 MemTotal:         771236 kB\nNode 3 MemFree:          512 kB\n"
		"Node 3 Active(file):     20 kB\nNode 3 Inactive(file):   30 kB\n"
		"Node 3 HugePages_Total:     0\n";
	uint64_t v = UNTOUCHED;

	assert_int_equal(kernel_text_node_meminfo(text, "Active(file)", &v), 0);
	assert_true(v == 20 * 1024);
	assert_int_equal(kernel_text_node_meminfo(text, "Inactive(file)", &v), 0);
	assert_true(v == 30 * 1024);
	v = UNTOUCHED;
	assert_int_equal(kernel_text_node_meminfo(text, "Mem", &v), -ENOENT);
	assert_int_equal(kernel_text_node_meminfo(text, "HugePages_Total", &v), -EINVAL);
	assert_int_equal(kernel_text_node_meminfo("MemFree: 1 kB\nNode MemFree: 2 kB\n", "MemFree",
						  &v),
			 -ENOENT);
	assert_true(v == UNTOUCHED);
}

TEST(numa_stat_is_summed_over_the_nodes_that_are_asked_for)
{
	static const char text[] =
		"anon N0=4096 N1=8192 N12=1\nfile N0=0 N1=5\nfile_mapped N0=7 N1=9\n";
	uint64_t v = UNTOUCHED;

	assert_int_equal(kernel_text_numa_stat(text, "anon", 1u << 1, &v), 0);
	assert_true(v == 8192);
	assert_int_equal(kernel_text_numa_stat(text, "anon", 1u << 12 | 1u << 0, &v), 0);
	assert_true(v == 4097);
	assert_int_equal(kernel_text_numa_stat(text, "file", ~UINT64_C(1), &v), 0);
	assert_true(v == 5);
	assert_int_equal(kernel_text_numa_stat(text, "file", 1u << 5, &v), 0);
	assert_true(v == 0);
	v = UNTOUCHED;
	assert_int_equal(kernel_text_numa_stat(text, "shmem", 1, &v), -ENOENT);
	for (size_t i = 0; i < 7; i++) {
		static const char *const bad[] = {"anon M0=1\n",      "anon N=1\n",
						  "anon N0\n",	      "anon N0=\n",
						  "anon N0=1x\n",     "anon N0=-1\n",
						  "anon N0=1  N1=2\n"};

		assert_int_equal(kernel_text_numa_stat(bad[i], "anon", 1, &v), -EINVAL);
	}
	assert_int_equal(kernel_text_numa_stat("anon N0=18446744073709551615 N1=1\n", "anon", 3,
					       &v),
			 -ERANGE);
	/* The largest id, and one beyond what a mask holds. */
	assert_int_equal(kernel_text_numa_stat("anon N63=3 N64=4\n", "anon", UINT64_MAX, &v), 0);
	assert_true(v == 3);
}

TEST(meminfo_is_in_bytes)
{
	static const char text[] = "MemTotal:        8000000 kB\nMemFree:          500000 kB\n"
				   "MemAvailable:    6000000 kB\nHugePages_Total:       3\n";
	uint64_t v = UNTOUCHED;

	assert_int_equal(kernel_text_meminfo(text, "MemAvailable", &v), 0);
	assert_true(v == 6000000ull * 1024);
	v = UNTOUCHED;
	assert_int_equal(kernel_text_meminfo(text, "Mem", &v), -ENOENT);
	assert_int_equal(kernel_text_meminfo(text, "SwapTotal", &v), -ENOENT);
	/* a count of pages is no amount of kB */
	assert_int_equal(kernel_text_meminfo(text, "HugePages_Total", &v), -EINVAL);
	assert_int_equal(kernel_text_meminfo("A: 1 MB\n", "A", &v), -EINVAL);
	assert_int_equal(kernel_text_meminfo("A: 1 kBit\n", "A", &v), -EINVAL);
	assert_int_equal(kernel_text_meminfo("A: kB\n", "A", &v), -EINVAL);
	assert_int_equal(kernel_text_meminfo("A: 18446744073709551615 kB\n", "A", &v), -ERANGE);
	assert_true(v == UNTOUCHED);
}

TEST(busy_time_leaves_out_idle_iowait_and_guest)
{
	uint64_t v;

	/* user nice system IDLE IOWAIT irq softirq steal GUEST GUEST_NICE */
	assert_int_equal(kernel_text_stat_busy("cpu  1 20 300 9000 9000 4000 50000 600000 7 7\n"
					       "cpu0 9 9 9 9 9 9 9 9 9 9\nintr 1 2 3\n",
					       100, &v),
			 0);
	assert_true(v == 654321ull * 10000);
}

TEST(busy_time_is_exact_for_odd_tick_rates)
{
	uint64_t v;

	assert_int_equal(kernel_text_stat_busy("cpu  1000 0 0 0 0 0 0 0\n", 300, &v), 0);
	assert_true(v == 3333333);
	/* years of a large machine: the step over ticks * 1000000 would not fit */
	assert_int_equal(kernel_text_stat_busy("cpu  20000000000000 0 0 0 0 0 0 0 0 0\n", 100, &v),
			 0);
	assert_true(v == 200000000000000000ull);
}

TEST(a_broken_stat_line_is_refused)
{
	uint64_t v = UNTOUCHED;

	assert_int_equal(kernel_text_stat_busy("cpu0 1 2 3 4 5 6 7 8\n", 100, &v), -ENOENT);
	assert_int_equal(kernel_text_stat_busy("cpu  1 2 3 4\n", 100, &v), -EINVAL);
	assert_int_equal(kernel_text_stat_busy("cpu  1 2 3 4 5 6 7\ncpu0 1\n", 100, &v), -EINVAL);
	assert_int_equal(kernel_text_stat_busy("cpu  1 2 3 4 5 6 7 8x 9\n", 100, &v), -EINVAL);
	assert_int_equal(kernel_text_stat_busy("cpu  1 -2 3 4 5 6 7 8\n", 100, &v), -EINVAL);
	assert_int_equal(kernel_text_stat_busy("cpu  1 2 3 4 5 6 7 8\n", 0, &v), -EINVAL);
	assert_int_equal(kernel_text_stat_busy("cpu  18446744073709551615 1 0 0 0 0 0 0\n", 100,
					       &v),
			 -ERANGE);
	assert_int_equal(kernel_text_stat_busy("cpu  18446744073709551615 0 0 0 0 0 0 0\n", 1, &v),
			 -ERANGE);
	assert_true(v == UNTOUCHED);
}

TEST(a_list_sets_exactly_its_bits)
{
	uint64_t words[3] = {~0ull, ~0ull, ~0ull};
	size_t count;

	assert_int_equal(kernel_text_list("0-3,8,63-64,127\n", words, 128, &count), 0);
	assert_true(words[0] == (0x10full | 1ull << 63));
	assert_true(words[1] == (1ull | 1ull << 63));
	assert_true(words[2] == ~0ull);
	assert_int_equal(count, 8);
}

TEST(an_empty_list_is_an_empty_set)
{
	uint64_t words[1] = {~0ull};
	size_t count = UNTOUCHED;

	assert_int_equal(kernel_text_list("", words, 64, &count), 0);
	assert_int_equal(count, 0);
	assert_true(words[0] == 0);
	words[0] = ~0ull;
	assert_int_equal(kernel_text_list("\n", words, 64, NULL), 0);
	assert_true(words[0] == 0);
}

TEST(overlapping_ranges_are_counted_once)
{
	uint64_t words[1];
	size_t count;

	assert_int_equal(kernel_text_list("0-3,2-5,2", words, 64, &count), 0);
	assert_true(words[0] == 0x3f);
	assert_int_equal(count, 6);
}

TEST(a_bad_list_changes_nothing)
{
	static const char *const bad[] = {"1,",	     ",1", "1-",   "-1", "3-1", "1 2",
					  "0-7:1/2", "a",  "1\n2", " 1", "1,\n"};
	uint64_t words[1] = {UNTOUCHED};
	size_t count = UNTOUCHED;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kernel_text_list(bad[i], words, 64, &count), -EINVAL);
	assert_int_equal(kernel_text_list("0,64", words, 64, &count), -ERANGE);
	assert_int_equal(kernel_text_list("0-18446744073709551615", words, 64, &count), -ERANGE);
	assert_int_equal(kernel_text_list("0-18446744073709551616", words, 64, &count), -ERANGE);
	assert_true(words[0] == UNTOUCHED);
	assert_int_equal(count, UNTOUCHED);
}

TEST(a_list_may_have_a_size_that_is_no_multiple_of_a_word)
{
	uint64_t words[2] = {0, 0};

	assert_int_equal(kernel_text_list("64", words, 65, NULL), 0);
	assert_true(words[1] == 1);
	assert_int_equal(kernel_text_list("65", words, 65, NULL), -ERANGE);
}

TEST(a_word_is_found_only_as_a_whole)
{
	static const char text[] = "cpuset cpu io\tmemory\n";

	assert_true(kernel_text_has_word(text, "cpu"));
	assert_true(kernel_text_has_word(text, "cpuset"));
	assert_true(kernel_text_has_word(text, "io"));
	assert_true(kernel_text_has_word(text, "memory"));
	assert_false(kernel_text_has_word(text, "set"));
	assert_false(kernel_text_has_word(text, "mem"));
	assert_false(kernel_text_has_word(text, "pids"));
	assert_false(kernel_text_has_word(text, ""));
	assert_false(kernel_text_has_word("", "cpu"));
	assert_false(kernel_text_has_word("cpuset", "cpu"));
}

/* Each value of colod= on a line, behind one another. */
static const char *options(const char *line)
{
	static char all[256];
	char buf[16];

	all[0] = '\0';
	while (kernel_text_option(&line, "colod", buf, sizeof(buf))) {
		(void)strcat(all, buf);
		(void)strcat(all, ";");
	}
	return all;
}

TEST(an_option_of_the_kernel_command_line_is_found_as_a_word)
{
	assert_string_equal(options("root=/dev/vda colod=off quiet\n"), "off;");
	assert_string_equal(options("colod=off"), "off;");
	assert_string_equal(options("colod=\"off\" \"colod=observe\""), "off;observe;");
	assert_string_equal(options("colod= colod=protect\tcolod=off\n"), ";protect;off;");
	assert_string_equal(options(""), "");
	assert_string_equal(options("colod quiet"), "");
	assert_string_equal(options("xcolod=off colod.x=off colode=off"), "");
	assert_string_equal(options("init=\"/bin/x colod=off y\" z"), "");
	assert_string_equal(options("colod=\"never closed  "), "never closed  ;");
	assert_string_equal(options("colod=a-word-that-is-too-long x"), "a-word-that-is-;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_read_with_and_without_newline),
		cmocka_unit_test(a_number_with_anything_else_around_it_is_refused),
		cmocka_unit_test(a_limit_is_a_number_or_max),
		cmocka_unit_test(a_hexadecimal_number_has_its_prefix),
		cmocka_unit_test(a_key_is_found_whole_on_any_line),
		cmocka_unit_test(what_a_kill_frees_is_read_of_both_keys_or_of_none),
		cmocka_unit_test(part_of_a_key_is_not_the_key),
		cmocka_unit_test(a_key_with_a_bad_value_is_an_error_and_not_absent),
		cmocka_unit_test(pressure_totals_are_read_from_both_lines),
		cmocka_unit_test(pressure_without_a_full_line_has_none),
		cmocka_unit_test(pressure_finds_total_wherever_it_stands),
		cmocka_unit_test(broken_pressure_is_refused_whole),
		cmocka_unit_test(zones_high_marks_are_summed),
		cmocka_unit_test(the_zones_of_one_node_are_told_from_those_of_others),
		cmocka_unit_test(a_nodes_meminfo_has_its_name_on_each_line),
		cmocka_unit_test(numa_stat_is_summed_over_the_nodes_that_are_asked_for),
		cmocka_unit_test(meminfo_is_in_bytes),
		cmocka_unit_test(busy_time_leaves_out_idle_iowait_and_guest),
		cmocka_unit_test(busy_time_is_exact_for_odd_tick_rates),
		cmocka_unit_test(a_broken_stat_line_is_refused),
		cmocka_unit_test(a_list_sets_exactly_its_bits),
		cmocka_unit_test(an_empty_list_is_an_empty_set),
		cmocka_unit_test(overlapping_ranges_are_counted_once),
		cmocka_unit_test(a_bad_list_changes_nothing),
		cmocka_unit_test(a_list_may_have_a_size_that_is_no_multiple_of_a_word),
		cmocka_unit_test(an_option_of_the_kernel_command_line_is_found_as_a_word),
		cmocka_unit_test(a_word_is_found_only_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
