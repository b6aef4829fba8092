// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_pod.h"

#define POD                                                                                        \
	"serial=5 kind=kubernetes qos=Burstable driver=systemd cg=7 facts=known "                  \
	"cpu-request=known:250 cpu-limit=unknown memory-request=derived:4096 "                     \
	"memory-limit=known:max uid=ab-1 name=shop/web"
#define FACTS "ns=shop name=web class=- owner=\"\" qos=? static=1 host-network=0 deleting=1"

static struct pod pod;

static int teardown(void **state)
{
	(void)state;
	record_pod_free(&pod);
	pod = (struct pod){0};
	return 0;
}

static struct record_line line_of(const char *text)
{
	return (struct record_line){text, strlen(text)};
}

static int get(const char *text)
{
	struct record_line line = line_of(text);
	uint32_t cgroup_id = 0;

	return record_pod_get(&line, &pod, &cgroup_id);
}

static int facts(const char *text)
{
	struct record_line line = line_of(text);

	return record_pod_get_facts(&line, &pod);
}

static int label(const char *text, bool annotation)
{
	struct record_line line = line_of(text);

	return record_pod_get_label(&line, annotation, &pod);
}

TEST(a_pod_is_what_its_lines_say)
{
	assert_int_equal(get(POD), 0);
	assert_int_equal(facts(FACTS), 0);
	assert_int_equal(label("tier gold", false), 0);
	assert_int_equal(label("note \"\"", true), 0);
	assert_int_equal(pod.serial, 5);
	assert_string_equal(pod.name, "shop/web");
	assert_int_equal(pod.resources.cpu_request_milli.value, 250);
	assert_int_equal(pod.resources.memory_request_bytes.state, FACT_DERIVED);
	assert_true(pod.resources.memory_limit_bytes.value == KNOB_VALUE_MAX);
	assert_string_equal(pod.facts->ns, "shop");
	assert_null(pod.facts->priority_class);
	assert_string_equal(pod.facts->owner_kind, "");
	assert_int_equal(pod.facts->qos, QOS_INVALID);
	assert_true(pod.facts->is_static && pod.facts->deleting && !pod.facts->host_network);
	assert_string_equal(pod.facts->labels[0].value, "gold");
	assert_string_equal(pod.facts->annotations[0].value, "");
}

#define BATCH(cpu)                                                                                 \
	"serial=5 kind=kubernetes qos=BestEffort driver=systemd cg=7 facts=known "                 \
	"cpu-request=known:0 cpu-limit=known:max memory-request=known:0 "                          \
	"memory-limit=known:max cpu-batch=" cpu                                                    \
	" memory-batch=known:4096 uid=ab-1 name=jobs/batch"

#define RESOURCES(limit)                                                                           \
	"serial=5 kind=kubernetes qos=Burstable driver=systemd cg=7 facts=known "                  \
	"cpu-request=known:250 cpu-limit=" limit " memory-request=known:4096 "                     \
	"memory-limit=known:max uid=ab-1 name=shop/web"

/* What the spec asks for is said only while it is something else than the limit. */
TEST(a_resize_under_way_is_part_of_the_record)
{
	const struct policy policy = {.version = 1};
	struct record_buf buf = {0};

	assert_int_equal(get(RESOURCES("known:4000")), 0);
	assert_int_equal(pod.resources.cpu_spec_milli.state, FACT_KNOWN);
	assert_int_equal(pod.resources.cpu_spec_milli.value, 4000);
	assert_int_equal(get(RESOURCES("derived:4000")), 0);
	assert_int_equal(pod.resources.cpu_spec_milli.state, FACT_UNKNOWN);
	assert_int_equal(get(RESOURCES("known:4000 cpu-spec=known:500")), 0);
	assert_int_equal(pod.resources.cpu_spec_milli.value, 500);
	record_pod_put(&buf, NULL, &pod, 7, &policy);
	record_put_bytes(&buf, "", 1);
	assert_string_equal(buf.text, "pod 0 " RESOURCES("known:4000 cpu-spec=known:500") "\n");
	record_buf_free(&buf);
	assert_int_equal(get(RESOURCES("known:4000 cpu-spec=many")), -EBADMSG);
}

/* Records of an earlier colod, and of other pods, have none. */
TEST(what_is_asked_for_as_batch_is_part_of_the_record)
{
	const struct policy policy = {.version = 1};
	struct record_buf buf = {0};

	assert_int_equal(get(RESOURCES("known:max")), 0);
	assert_int_equal(pod.resources.cpu_batch_milli.state, FACT_UNKNOWN);
	assert_int_equal(get(BATCH("known:1500")), 0);
	assert_int_equal(pod.resources.cpu_batch_milli.value, 1500);
	assert_int_equal(pod.resources.memory_batch_bytes.value, 4096);
	record_pod_put(&buf, NULL, &pod, 7, &policy);
	record_put_bytes(&buf, "", 1);
	assert_string_equal(buf.text, "pod 0 " BATCH("known:1500") "\n");
	record_buf_free(&buf);
	assert_int_equal(get(BATCH("some")), -EBADMSG);
}

/* Which runtimes there are is all that a rule asks: not how many containers, nor which. */
TEST(what_runs_its_containers_is_said_where_there_are_any)
{
	struct pod_container boxes[] = {
		{.runtime = RUNTIME_CRIO},
		{.runtime = RUNTIME_UNKNOWN},
		{.runtime = RUNTIME_CRIO},
	};
	struct policy policy = {0};
	struct record_buf buf = {0};

	assert_int_equal(get(POD " runtimes=cri-o,unknown"), 0);
	assert_int_equal(pod.n_containers, 2);
	assert_int_equal(pod.containers[0].runtime + pod.containers[1].runtime,
			 RUNTIME_CRIO + RUNTIME_UNKNOWN);
	assert_int_equal(get(POD), 0);
	assert_int_equal(pod.n_containers, 0);
	assert_null(pod.containers);
	pod.containers = boxes;
	pod.n_containers = 3;
	record_pod_put(&buf, NULL, &pod, 7, &policy);
	pod.containers = NULL;
	pod.n_containers = 0;
	record_put_bytes(&buf, "", 1);
	assert_string_equal(buf.text, "pod 0 " POD " runtimes=unknown,cri-o\n");
	record_buf_free(&buf);
	assert_int_equal(get(POD " runtimes=cri-o"), 0);
	assert_int_equal(get(POD " runtimes=magic"), -EBADMSG);
	assert_int_equal(get(POD " runtimes="), -EBADMSG);
	assert_int_equal(get(POD " runtimes=cri-o,"), -EBADMSG);
	assert_int_equal(get(POD " runtimes=cri-o,cri-o"), -EBADMSG);
	assert_int_equal(get(POD " runtimes=cri-o more"), -EBADMSG);
	assert_int_equal(pod.n_containers, 1);
}

TEST(a_line_that_is_cut_anywhere_is_refused_and_leaves_the_pod)
{
	static const char text[] = POD;

	pod.serial = 1;
	for (size_t n = 0; n < sizeof(text) - 1 - strlen("shop/web"); n++) {
		struct record_line line = {text, n};
		uint32_t id = 0;

		assert_int_equal(record_pod_get(&line, &pod, &id), -EBADMSG);
		assert_int_equal(pod.serial, 1);
	}
}

TEST(words_that_are_no_pods_are_refused)
{
	assert_int_equal(get("serial=0" POD), -EBADMSG);
	assert_int_equal(get(POD " more"), -EBADMSG);
	assert_int_equal(facts(FACTS " x"), -EBADMSG);
	record_pod_free(&pod);
	assert_int_equal(facts(FACTS " ipc=2 probe=1 runtime-class=- shared=-"), -EBADMSG);
	record_pod_free(&pod);
	assert_int_equal(facts(FACTS " ipc=1 probe=21000000 runtime-class=- shared=data"), 0);
	assert_true(pod.facts->freeze.known && pod.facts->freeze.host_ipc);
	assert_true(pod.facts->freeze.probe_us == 21000000);
	assert_null(pod.facts->freeze.runtime_class);
	assert_string_equal(pod.facts->freeze.shared_volume, "data");
	record_pod_free(&pod);
	assert_int_equal(facts(FACTS), 0);
	assert_false(pod.facts->freeze.known);
	assert_int_equal(facts(FACTS), -EBADMSG); /* twice for one pod */
	assert_int_equal(label("lonely", false), -EBADMSG);
}

TEST(labels_are_bounded)
{
	assert_int_equal(get(POD), 0);
	assert_int_equal(label("before facts", false), -EBADMSG);
	assert_int_equal(facts(FACTS), 0);
	for (int i = 0; i < 256; i++)
		assert_int_equal(label("k v", false), 0);
	assert_int_equal(label("k v", false), -EBADMSG);
}

TEST(assignments_go_there_and_back)
{
	static const char *const texts[] = {
		"assign 3 no-rule\n",
		"assign 3 waiting rule=4 for=priorityClass\n",
		"assign 3 level rule=2 level=P7 role=offline hold=1 kept=0\n",
		"assign 3 level rule=-1 level=P1 role=online hold=0 kept=1\n",
	};
	struct record_buf buf = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record_line line = {texts[i] + 9, strlen(texts[i]) - 10};
		struct assignment a;

		assert_int_equal(record_pod_get_assignment(&line, &a), 0);
		buf.n = 0;
		record_pod_put_assignment(&buf, 3, &a);
		assert_int_equal(buf.n, strlen(texts[i]));
		assert_memory_equal(buf.text, texts[i], buf.n);
	}
	record_buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_pod_is_what_its_lines_say, teardown),
		cmocka_unit_test_teardown(a_line_that_is_cut_anywhere_is_refused_and_leaves_the_pod,
					  teardown),
		cmocka_unit_test_teardown(what_runs_its_containers_is_said_where_there_are_any,
					  teardown),
		cmocka_unit_test_teardown(a_resize_under_way_is_part_of_the_record, teardown),
		cmocka_unit_test_teardown(what_is_asked_for_as_batch_is_part_of_the_record,
					  teardown),
		cmocka_unit_test_teardown(words_that_are_no_pods_are_refused, teardown),
		cmocka_unit_test_teardown(labels_are_bounded, teardown),
		cmocka_unit_test_teardown(assignments_go_there_and_back, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
