// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold for every policy, over policies made at random from the grammar: what is shown reads
// back as the same policy, the documented precedence of files, and a bound on what reading
// allocates. The seed is printed; COLOD_SEED=N makes the same policies again.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "policy/node_labels.h"
#include "policy/read.h"
#include "policy/show.h"
#include "policy/values.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/test.h"

#define CASES 300
#define TEXT_SIZE 16384
#define FILES 3

static uint64_t seed, random_;

/* xorshift64*: the same on every machine. */
static uint32_t pick(uint32_t n)
{
	random_ ^= random_ >> 12;
	random_ ^= random_ << 25;
	random_ ^= random_ >> 27;
	return (uint32_t)((random_ * 0x2545f4914f6cdd1dull) >> 33) % n;
}

struct text {
	char buf[TEXT_SIZE];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->len += (size_t)vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, format, args);
	va_end(args);
	assert_true(t->len < sizeof(t->buf));
}

#define ONE_OF(...)                                                                                \
	({                                                                                         \
		static const char *const list_[] = {__VA_ARGS__};                                  \
		list_[pick(sizeof(list_) / sizeof(list_[0]))];                                     \
	})

static void put_online(struct text *t, const char *level)
{
	put(t,
	    "  %s: {role: online, cpu: {weight: %s}, memory: {%s: %s}, io: {weight: %s}, "
	    "net: {share: %u}}\n",
	    level, ONE_OF("request", "keep", "1", "10000"), ONE_OF("min", "low"),
	    ONE_OF("request", "none", "512Mi", "0.1% of limit", "100% of limit"),
	    ONE_OF("keep", "1", "300"), 1 + pick(1000));
}

static void put_offline(struct text *t, const char *level)
{
	put(t,
	    "  %s: {role: offline, cpu: {yield: %s, squeeze: %s}, memory: {high: %s, growth: %s, "
	    "oom: %s}, io: {squeeze: %s}}\n",
	    level, ONE_OF("ratio 50", "ratio 1", "ratio 10000"),
	    ONE_OF("none", "{target: 65%, floor: 2%}", "{target: 100%, floor: 0.1%}"),
	    ONE_OF("80% of limit", "request + 90% of headroom", "1Gi", "none"),
	    ONE_OF("none", "256MiB/s", "1MB/s"), ONE_OF("keep", "first"),
	    ONE_OF("none", "{floor: 10%}"));
}

static void put_rule(struct text *t, unsigned n, const char *level)
{
	put(t, "  - {match: {%s: %s}, level: %s}\n",
	    ONE_OF("namespace", "name", "priorityClass", "ownerKind"),
	    ONE_OF("\"a-*\"", "b", "\"*-[xyz]\"", "\"say \\\"so\\\"\"", "\"\xc3\xbc*\""), level);
	/* No two rules may be the same. */
	put(t, "  - {match: {label: \"k%u=%s\"}, level: %s}\n", n, ONE_OF("v", "v*", ""), level);
}

static void put_rest(struct text *t)
{
	if (pick(2))
		put(t, "pressure:\n  - {when: %s.some of online > %u%% over %us, do: [evict]}\n",
		    ONE_OF("cpu", "memory", "io"), 1 + pick(99), 1 + pick(10));
	if (pick(2))
		put(t, "evict: {per-hour: %u, order: [%s], taint: %s}\n", pick(241),
		    ONE_OF("level", "level, usage", "newest, cost, opt-out, level"),
		    ONE_OF("true", "false"));
	if (pick(2))
		put(t, "sli: [{name: %s, of: P0, %s: %ums}]\n", ONE_OF("sched-delay", "io-wait"),
		    ONE_OF("p50", "p99", "mean"), 1 + pick(1000));
	if (pick(2))
		put(t, "net: {uplinks: %s, speed: %s, mark: %s, headroom: %u%%}\n",
		    ONE_OF("routes", "[eth0]", "[bond0, eth1.7]"),
		    ONE_OF("link", "10Gbit/s", "{eth0: 2Mbit/s, eth1.7: 400Gbit/s}"),
		    ONE_OF("0x800/0xf00", "0x1/0x71", "0x80000000/0xf0000000"), pick(51));
	if (pick(2))
		put(t, "lend: {cpu: {percentile: %u}, cold-start: %um}\n", 50 + pick(50),
		    pick(100));
}

/* One file with all levels; `base`: the one that defines them. */
static void make_file(struct text *t, bool base, unsigned n)
{
	t->len = 0;
	put(t, "version: 1\n");
	if (base || pick(2))
		put(t, "mode: %s\n", ONE_OF("off", "observe", "protect", "squeeze", "full"));
	if (base || pick(2)) {
		put(t, "levels:\n");
		put_online(t, "P0");
		put_online(t, "P4");
		put_offline(t, "P7");
	}
	put(t, "assign:\n");
	put_rule(t, n, ONE_OF("P0", "P4", "P7"));
	if (base)
		put(t, "  - {match: {qos: Guaranteed}, level: P0}\n"
		       "  - {match: {qos: Burstable}, level: P4}\n"
		       "  - {match: {qos: BestEffort}, level: P7}\n");
	put_rest(t);
}

static struct text files[FILES];

static struct policy *read_files(const size_t *order, size_t n)
{
	static struct diags diags;
	static const char *const names[FILES] = {"10-a.yaml", "20-b.yaml", "30-c.yaml"};
	struct policy_source sources[FILES];
	struct policy *policy = NULL;
	char shown[DIAG_TEXT_SIZE] = "";

	for (size_t i = 0; i < n; i++)
		sources[i] = (struct policy_source){.name = names[order[i]],
						    .text = files[order[i]].buf,
						    .len = files[order[i]].len};
	memset(&diags, 0, sizeof(diags));
	if (policy_read(sources, n, &diags, &policy) < 0)
		snprintf(shown, sizeof(shown), "%s", diags.list[0].text);
	if (!policy)
		fail_msg("COLOD_SEED=%" PRIu64 ": refused: %s\n%s", seed, shown, files[0].buf);
	return policy;
}

static void append(void *context, const char *text)
{
	put(context, "%s", text);
}

static void make_all(int number)
{
	random_ = (seed + (uint64_t)number) * 0x9e3779b97f4a7c15ull + 1;
	for (unsigned i = 0; i < FILES; i++)
		make_file(&files[i], i == 0, i);
}

static const size_t in_order[FILES] = {0, 1, 2};

TEST(what_is_shown_reads_back_as_the_same_policy)
{
	for (int number = 0; number < CASES; number++) {
		static struct text first, second;
		struct policy *policy, *again;

		make_all(number);
		policy = read_files(in_order, FILES);
		first.len = second.len = 0;
		assert_int_equal(show_policy(policy, false, append, &first), 0);
		files[0] = first;
		again = read_files(in_order, 1);
		assert_int_equal(show_policy(again, false, append, &second), 0);
		assert_string_equal(second.buf, first.buf);
		assert_memory_equal(again->levels, policy->levels, sizeof(policy->levels));
		assert_true(show_digest(again) == show_digest(policy));
		policy_free(again);
		policy_free(policy);
	}
}

/* The file whose word on the mode counts: the last that has one. */
static uint32_t last_with_mode(void)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < FILES; i++)
		last = strstr(files[i].buf, "\nmode:") ? i : last;
	return last;
}

static void check_rules(const struct policy *policy)
{
	int32_t file = FILES;
	uint32_t line = 0;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct assign_rule *r = &policy->rules[i];
		int32_t of = r->file[0] - '1';

		if (r->built_in)
			continue;
		assert_true(of < file || (of == file && r->line > line));
		file = of;
		line = r->line;
	}
}

/* A single value is the last file's that says it; rules of a later file are tried before an earlier
 * one's, and inside a file from top to bottom. */
TEST(a_later_file_wins_and_its_rules_come_first)
{
	for (int number = 0; number < CASES; number++) {
		struct policy *policy;

		make_all(number);
		policy = read_files(in_order, FILES);
		assert_int_equal(values_find(policy, "mode")->file, last_with_mode());
		check_rules(policy);
		policy_free(policy);
	}
}

/* At most four allocations for each byte of the files: nothing that stands in them multiplies. */
TEST(what_reading_allocates_is_bounded_by_the_size_of_the_files)
{
	for (int number = 0; number < CASES; number++) {
		struct policy *policy;
		unsigned long before;
		size_t bytes = 0;

		make_all(number);
		for (size_t i = 0; i < FILES; i++)
			bytes += files[i].len;
		before = alloc_count();
		policy = read_files(in_order, FILES);
		assert_true(alloc_count() - before <= 4 * bytes);
		policy_free(policy);
	}
}

#define LABEL_VALUES 3

/* Files 2 and 3 each hold only where a label has one of three values. What was in the text before stays:
 * the version comes first. */
static void put_labels(unsigned *ret_second, unsigned *ret_third)
{
	unsigned *value[] = {ret_second, ret_third};

	for (unsigned i = 1; i < FILES; i++) {
		*value[i - 1] = pick(LABEL_VALUES);
		put(&files[i], "nodes: {label: \"pool%u=v%u\"}\n", i, *value[i - 1]);
	}
}

static struct policy *read_on_node(const struct node_labels *labels)
{
	static struct diags diags;
	const struct policy_node node = {.host = "a", .machine_id = "b", .labels = labels};
	struct policy_source sources[FILES];
	struct policy *policy = NULL;

	for (size_t i = 0; i < FILES; i++)
		sources[i] = (struct policy_source){"1.yaml", files[i].buf, files[i].len};
	memset(&diags, 0, sizeof(diags));
	assert_int_equal(policy_read_on(&node, sources, FILES, &diags, &policy), 0);
	return policy;
}

/* With labels a policy is exactly the files that hold; without them it is none that may come into force
 * (state.c keeps what was before), so no hold, and nothing else, can follow from a label nobody told. */
TEST(labels_that_are_not_known_give_no_policy_and_known_ones_exactly_their_files)
{
	for (int number = 0; number < CASES; number++) {
		struct policy *policy, *plain;
		struct node_labels labels = {0};
		unsigned want[2], has[2];
		size_t order[FILES] = {0}, n = 1;
		char key[16], value[16];

		make_all(number);
		put_labels(&want[0], &want[1]);
		policy = read_on_node(NULL);
		assert_non_null(policy_waits(policy));
		assert_int_equal(policy->n_left_out, FILES - 1);
		policy_free(policy);
		for (unsigned i = 0; i < 2; i++) {
			has[i] = pick(LABEL_VALUES);
			snprintf(key, sizeof(key), "pool%u", i + 1);
			snprintf(value, sizeof(value), "v%u", has[i]);
			assert_int_equal(node_labels_add(&labels, key, value), 0);
			if (has[i] == want[i])
				order[n++] = i + 1;
		}
		policy = read_on_node(&labels);
		assert_null(policy_waits(policy));
		plain = read_files(order, n);
		assert_true(show_digest(policy) == show_digest(plain));
		policy_free(plain);
		policy_free(policy);
		for (size_t i = 0; i < labels.n; i++) {
			free(labels.list[i].key);
			free(labels.list[i].value);
		}
		free(labels.list);
	}
}

static int set_seed(void **unused)
{
	const char *text = getenv("COLOD_SEED");

	(void)unused;
	seed = text ? strtoull(text, NULL, 10) : 20261125;
	print_message("# COLOD_SEED=%" PRIu64 "\n", seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_reads_back_as_the_same_policy),
		cmocka_unit_test(a_later_file_wins_and_its_rules_come_first),
		cmocka_unit_test(what_reading_allocates_is_bounded_by_the_size_of_the_files),
		cmocka_unit_test(
			labels_that_are_not_known_give_no_policy_and_known_ones_exactly_their_files),
	};

	return cmocka_run_group_tests(tests, set_seed, NULL);
}
