// SPDX-License-Identifier: LGPL-2.1-or-later
// fixtures/pods.json is made (see its README.md); the recorded answers of real kubelets are read by
// test_recorded_nodes.c where they are at hand.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/pods_json.h"
#include "colod/knob.h"

#define UID_1 "00000001-aaaa-4bbb-8ccc-000000000001"
#define UID_2 "00000002-aaaa-4bbb-8ccc-000000000002"
#define UID_STATIC "0123456789abcdef0123456789abcdef"
#define MI (1024ull * 1024)

static char *fixture(size_t *ret_len)
{
	char path[512], *text = NULL;
	const char *slash = strrchr(__FILE__, '/');

	assert_true(snprintf(path, sizeof(path), "%.*s/fixtures/pods.json", (int)(slash - __FILE__),
			     __FILE__) < (int)sizeof(path));
	assert_int_equal(fs_read_alloc(AT_FDCWD, path, 1 << 20, &text, ret_len), 0);
	return text;
}

static struct pods_json *parse(const char *text)
{
	struct pods_json *pods = NULL;
	size_t at = 0;

	assert_int_equal(pods_json_parse(text, strlen(text), PODS_JSON_KUBELET, &pods, &at), 0);
	return pods;
}

/* One pod with these metadata members. */
static struct pods_json *parse_metadata(const char *metadata)
{
	char text[1024];

	assert_true(snprintf(text, sizeof(text),
			     "{\"items\":[{\"metadata\":{%s},\"spec\":{},\"status\":{}}]}",
			     metadata) < (int)sizeof(text));
	return parse(text);
}

static const char *label(const struct pod_label *labels, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(labels[i].key, key) == 0)
			return labels[i].value;
	return NULL;
}

TEST(everything_a_rule_may_ask_for_is_read)
{
	size_t len;
	_cleanup_free_ char *text = fixture(&len);
	struct pods_json *pods = parse(text);
	struct pods_json_pod *p = pods_json_find(pods, UID_1);

	assert_int_equal(pods->n, 8);
	assert_int_equal(pods->n_bad, 0);
	assert_non_null(p);
	assert_string_equal(p->facts.ns, "shop");
	assert_string_equal(p->facts.name, "web-7d4b9c-x1");
	assert_string_equal(p->facts.priority_class, "shop-high");
	assert_string_equal(p->facts.owner_kind, "ReplicaSet");
	assert_int_equal(p->facts.qos, QOS_GUARANTEED);
	assert_int_equal(p->facts.n_labels, 2);
	assert_string_equal(label(p->facts.labels, 2, "tier"), "front");
	assert_string_equal(label(p->facts.annotations, p->facts.n_annotations, "colod.io/level"),
			    "P2");
	assert_false(p->facts.is_static);
	assert_false(p->facts.host_network);
	assert_false(p->facts.deleting);
	assert_int_equal(p->facts.resources.cpu_request_milli.value, 2000);
	assert_int_equal(p->n_containers, 1);
	assert_string_equal(p->containers[0].name, "web");
	assert_int_equal(strlen(p->containers[0].id), 64);
	pods_json_free(pods);
}

TEST(containers_without_an_id_yet_are_left_out_and_init_ones_are_known)
{
	size_t len;
	_cleanup_free_ char *text = fixture(&len);
	struct pods_json *pods = parse(text);
	struct pods_json_pod *p = pods_json_find(pods, UID_2);

	assert_int_equal(p->n_containers, 2);
	assert_string_equal(p->containers[0].name, "cart");
	assert_string_equal(p->containers[1].name, "proxy");
	/* Running: 500 + 100 + sidecar 250. The init step alone: 1500. */
	assert_int_equal(p->facts.resources.cpu_request_milli.value, 1500);
	assert_true(p->facts.resources.memory_limit_bytes.value == KNOB_VALUE_MAX);
	pods_json_free(pods);
}

TEST(a_static_pod_is_found_by_the_hash_that_its_cgroup_has)
{
	size_t len;
	_cleanup_free_ char *text = fixture(&len);
	struct pods_json *pods = parse(text);
	struct pods_json_pod *p = pods_json_find(pods, UID_STATIC);

	assert_true(p->facts.is_static);
	assert_true(p->facts.host_network);
	assert_null(p->facts.owner_kind);
	pods_json_free(pods);
	/* The API server's mirror pod has a UID of its own. */
	pods = parse_metadata("\"uid\":\"" UID_1
			      "\",\"namespace\":\"kube-system\",\"name\":\"etcd\","
			      "\"annotations\":{\"kubernetes.io/config.source\":\"file\","
			      "\"kubernetes.io/config.hash\":\"" UID_STATIC "\"}");
	assert_non_null(pods_json_find(pods, UID_STATIC));
	assert_null(pods_json_find(pods, UID_1));
	pods_json_free(pods);
}

TEST(an_ordinary_pod_cannot_pose_as_a_static_one)
{
	struct pods_json *pods = parse_metadata(
		"\"uid\":\"" UID_1 "\",\"namespace\":\"a\",\"name\":\"b\",\"annotations\":{"
		"\"kubernetes.io/config.source\":\"api\",\"kubernetes.io/config.mirror\":\"x\","
		"\"kubernetes.io/config.hash\":\"" UID_STATIC "\"}");

	assert_null(pods_json_find(pods, UID_STATIC));
	assert_false(pods_json_find(pods, UID_1)->facts.is_static);
	pods_json_free(pods);
}

#define MIRROR(uid, hash, mirror)                                                                  \
	"{\"items\":[{\"metadata\":{\"uid\":\"" uid "\",\"namespace\":\"a\",\"name\":\"b\","       \
	"\"annotations\":{\"kubernetes.io/config.source\":\"file\","                               \
	"\"kubernetes.io/config.hash\":\"" hash "\",\"kubernetes.io/config.mirror\":\"" mirror     \
	"\"}}}]}"

static struct pods_json *parse_from_api(const char *text)
{
	struct pods_json *pods = NULL;
	size_t at;

	assert_int_equal(pods_json_parse(text, strlen(text), PODS_JSON_API, &pods, &at), 0);
	return pods;
}

TEST(at_the_api_server_only_a_mirror_pod_of_a_static_uid_is_one)
{
	struct pods_json *pods = parse_from_api(MIRROR(UID_1, UID_STATIC, UID_STATIC));

	assert_true(pods_json_find(pods, UID_STATIC)->facts.is_static);
	assert_null(pods_json_find(pods, UID_1));
	pods_json_free(pods);
	/* There nobody writes over what the owner of a pod says: neither its word for where it
	 * came from counts, nor a hash that would lead to another pod's cgroup. */
	pods = parse_from_api("{\"items\":[{\"metadata\":{\"uid\":\"" UID_1
			      "\",\"namespace\":\"a\",\"name\":\"b\",\"annotations\":{"
			      "\"kubernetes.io/config.source\":\"file\","
			      "\"kubernetes.io/config.hash\":\"" UID_STATIC "\"}}}]}");
	assert_false(pods_json_find(pods, UID_1)->facts.is_static);
	assert_null(pods_json_find(pods, UID_STATIC));
	pods_json_free(pods);
	pods = parse_from_api(MIRROR(UID_1, UID_2, UID_2));
	assert_false(pods_json_find(pods, UID_1)->facts.is_static);
	assert_null(pods_json_find(pods, UID_2));
	pods_json_free(pods);
	pods = parse_from_api(MIRROR(UID_1, UID_STATIC, UID_2));
	assert_false(pods_json_find(pods, UID_1)->facts.is_static);
	pods_json_free(pods);
}

#define POD(uid, name)                                                                             \
	"{\"metadata\":{\"uid\":\"" uid "\",\"namespace\":\"n\",\"name\":\"" name "\"}}"

TEST(pages_are_joined_and_a_pod_on_two_of_them_is_not_believed)
{
	struct pods_json *pods = parse("{\"items\":[" POD(UID_2, "b") "]}");
	struct pods_json *page = parse("{\"items\":[1," POD(UID_1, "a") "]}");

	assert_int_equal(pods_json_join(pods, page), 0);
	assert_int_equal(pods->n, 2);
	assert_int_equal(pods->n_bad, 1);
	assert_string_equal(pods_json_find(pods, UID_1)->facts.name, "a");
	assert_int_equal(page->n, 0);
	pods_json_free(page);
	page = parse("{\"items\":[" POD(UID_1, "c") "]}");
	assert_int_equal(pods_json_join(pods, page), 0);
	assert_null(pods_json_find(pods, UID_1));
	assert_non_null(pods_json_find(pods, UID_2));
	assert_int_equal(pods->n_bad, 3);
	pods_json_free(page);
	pods_json_free(pods);
}

TEST(what_a_new_list_lacks_is_carried_for_a_time)
{
	struct pods_json *old = parse("{\"items\":[" POD(UID_1, "a") "," POD(UID_2, "b") "]}");
	struct pods_json *now = parse("{\"items\":[" POD(UID_2, "new") "]}"), *later;

	assert_int_equal(pods_json_carry(now, old, 100, 50), 0);
	assert_int_equal(now->n, 2);
	assert_string_equal(pods_json_find(now, UID_1)->facts.name, "a");
	assert_string_equal(pods_json_find(now, UID_2)->facts.name, "new");
	pods_json_free(old);
	later = parse("{\"items\":[]}");
	assert_int_equal(pods_json_carry(later, now, 150, 50), 0);
	assert_non_null(pods_json_find(later, UID_1));
	assert_non_null(pods_json_find(later, UID_2));
	pods_json_free(now);
	now = parse("{\"items\":[]}");
	assert_int_equal(pods_json_carry(now, later, 151, 50), 0);
	assert_null(pods_json_find(now, UID_1));
	assert_non_null(pods_json_find(now, UID_2));
	pods_json_free(later);
	/* Listed again, it is lacking from then on only. */
	later = parse("{\"items\":[" POD(UID_2, "b") "]}");
	assert_int_equal(pods_json_carry(later, now, 500, 50), 0);
	assert_int_equal(pods_json_find(later, UID_2)->missing_us, 0);
	pods_json_free(now);
	pods_json_free(later);
}

TEST(a_pod_without_a_status_is_known_by_its_metadata_and_spec)
{
	struct pods_json *pods = parse(
		"{\"items\":[{\"metadata\":{\"uid\":\"" UID_1
		"\",\"namespace\":\"n\",\"name\":\"new\"},\"spec\":{\"containers\":[{\"name\":\"c\","
		"\"resources\":{\"requests\":{\"cpu\":\"100m\"}}}]}}]}");
	struct pods_json_pod *p = pods_json_find(pods, UID_1);

	assert_string_equal(p->facts.name, "new");
	assert_int_equal(p->facts.qos, QOS_INVALID);
	assert_int_equal(p->facts.resources.cpu_request_milli.value, 100);
	assert_int_equal(p->n_containers, 0);
	pods_json_free(pods);
}

TEST(a_class_that_status_has_not_told_is_not_worked_out)
{
	size_t len;
	_cleanup_free_ char *text = fixture(&len);
	struct pods_json *pods = parse(text);
	struct pods_json_pod *p = pods_json_find(pods, "00000008-aaaa-4bbb-8ccc-000000000008");

	assert_int_equal(p->facts.qos, QOS_INVALID);
	assert_int_equal(p->facts.resources.cpu_request_milli.state, FACT_UNKNOWN);
	assert_true(p->facts.resources.memory_request_bytes.value == 64 * MI);
	p = pods_json_find(pods, "00000005-aaaa-4bbb-8ccc-000000000005");
	assert_true(p->facts.deleting);
	assert_int_equal(p->facts.resources.cpu_limit_milli.value, 1250);
	pods_json_free(pods);
}

TEST(a_file_cut_anywhere_is_refused_whole)
{
	size_t len, at = 0;
	_cleanup_free_ char *text = fixture(&len);
	struct pods_json *pods = NULL;

	while (len > 0 && text[len - 1] != '}')
		len--;
	for (size_t cut = 0; cut < len; cut += 61) {
		_cleanup_free_ char *part = strndup(text, cut);

		at = SIZE_MAX;
		assert_int_equal(pods_json_parse(part, cut, PODS_JSON_KUBELET, &pods, &at),
				 -EBADMSG);
		assert_true(at <= cut);
		assert_null(pods);
	}
}

TEST(what_follows_the_list_is_refused)
{
	struct pods_json *pods = NULL;
	size_t at;

	assert_int_equal(pods_json_parse("{\"items\":[]} x", 14, PODS_JSON_KUBELET, &pods, &at),
			 -EBADMSG);
	assert_null(pods);
}

TEST(json_that_is_no_list_of_pods_is_refused)
{
	static const char *const odd[] = {"{}",
					  "[]",
					  "1",
					  "null",
					  "{\"items\":{}}",
					  "{\"kind\":\"Status\",\"message\":\"Forbidden\"}"};
	struct pods_json *pods = NULL;
	size_t at;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(pods_json_parse(odd[i], strlen(odd[i]), PODS_JSON_KUBELET, &pods,
						 &at),
				 -EINVAL);
	assert_null(pods);
}

TEST(an_entry_that_is_no_pod_costs_only_itself)
{
	struct pods_json *pods = parse(
		"{\"items\":[1,null,{},{\"metadata\":{\"uid\":\"x\",\"name\":\"a\",\"namespace\":\"b\"}},"
		"{\"metadata\":{\"uid\":\"" UID_1 "\",\"name\":\"..etc\",\"namespace\":\"b\"}},"
		"{\"metadata\":{\"uid\":\"" UID_1 "\",\"name\":\"a\"}},"
		"{\"metadata\":{\"uid\":\"" UID_1
		"\",\"name\":\"a\",\"namespace\":\"b\",\"labels\":{"
		"\"k\":\"\xff\"}}},"
		"{\"metadata\":{\"uid\":\"" UID_2 "\",\"name\":\"good\",\"namespace\":\"b\","
		"\"labels\":{\"n\":1}}}]}");

	assert_int_equal(pods->n, 1);
	assert_int_equal(pods->n_bad, 7);
	assert_non_null(strstr(pods->bad_first, "no usable namespace or name"));
	assert_string_equal(pods_json_find(pods, UID_2)->facts.name, "good");
	assert_int_equal(pods_json_find(pods, UID_2)->facts.n_labels, 0);
	pods_json_free(pods);
}

TEST(two_entries_for_one_uid_are_both_not_believed)
{
	struct pods_json *pods = parse(
		"{\"items\":[{\"metadata\":{\"uid\":\"" UID_1
		"\",\"name\":\"a\",\"namespace\":\"b\"}},"
		"{\"metadata\":{\"uid\":\"" UID_2 "\",\"name\":\"c\",\"namespace\":\"b\"}},"
		"{\"metadata\":{\"uid\":\"" UID_1 "\",\"name\":\"d\",\"namespace\":\"b\"}}]}");

	assert_int_equal(pods->n, 1);
	assert_int_equal(pods->n_bad, 2);
	assert_null(pods_json_find(pods, UID_1));
	assert_non_null(pods_json_find(pods, UID_2));
	assert_non_null(strstr(pods->bad_first, "more than once"));
	pods_json_free(pods);
}

TEST(a_list_without_end_is_refused)
{
	static const char item[] = "{},";
	size_t n = PODS_JSON_MAX + 1, len = 10 + n * 3 + 8, at;
	_cleanup_free_ char *text = calloc(1, len);
	char *p = text;
	struct pods_json *pods = NULL;

	p = stpcpy(p, "{\"items\":[");
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, item);
	p = stpcpy(p - 1, "]}");
	assert_int_equal(pods_json_parse(text, (size_t)(p - text), PODS_JSON_KUBELET, &pods, &at),
			 -E2BIG);
	assert_null(pods);
}

TEST(nesting_without_end_is_refused)
{
	char text[20000];
	struct pods_json *pods = NULL;
	size_t at;

	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pods_json_parse(text, sizeof(text) - 1, PODS_JSON_KUBELET, &pods, &at),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_a_rule_may_ask_for_is_read),
		cmocka_unit_test(containers_without_an_id_yet_are_left_out_and_init_ones_are_known),
		cmocka_unit_test(a_static_pod_is_found_by_the_hash_that_its_cgroup_has),
		cmocka_unit_test(an_ordinary_pod_cannot_pose_as_a_static_one),
		cmocka_unit_test(at_the_api_server_only_a_mirror_pod_of_a_static_uid_is_one),
		cmocka_unit_test(pages_are_joined_and_a_pod_on_two_of_them_is_not_believed),
		cmocka_unit_test(what_a_new_list_lacks_is_carried_for_a_time),
		cmocka_unit_test(a_pod_without_a_status_is_known_by_its_metadata_and_spec),
		cmocka_unit_test(a_class_that_status_has_not_told_is_not_worked_out),
		cmocka_unit_test(a_file_cut_anywhere_is_refused_whole),
		cmocka_unit_test(what_follows_the_list_is_refused),
		cmocka_unit_test(json_that_is_no_list_of_pods_is_refused),
		cmocka_unit_test(an_entry_that_is_no_pod_costs_only_itself),
		cmocka_unit_test(two_entries_for_one_uid_are_both_not_believed),
		cmocka_unit_test(a_list_without_end_is_refused),
		cmocka_unit_test(nesting_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
