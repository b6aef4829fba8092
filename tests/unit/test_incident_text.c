// SPDX-License-Identifier: LGPL-2.1-or-later
// An incident from its samples to its text, which the tests of coloctl show: tests/unit/fixtures/ctl/incident.json is what is
// expected here, incident-net.json of one with a network, and incident-memory.json of one for want of memory. COLOD_BLESS=1 writes it anew; read the difference.
#include "agent/incident_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/base/kept_end.h"
#include "agent/ctl/incident_doc.h"
#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"

#define FIXTURES "tests/unit/fixtures/ctl/"
#define S INCIDENT_CASE_S

static struct incident_case c;

static int make(void **state)
{
	(void)state;
	return incident_case_open(&c);
}

static int drop(void **state)
{
	(void)state;
	incident_case_close(&c);
	return 0;
}

static cJSON *parse(const struct incident *i)
{
	char end[KEPT_END_LEN + 1];
	struct record_buf text = {0};
	cJSON *doc = NULL;

	incident_text_put(&text, i);
	assert_false(text.failed);
	kept_end_of(text.text, text.n, end);
	record_put_bytes(&text, end, KEPT_END_LEN);
	assert_int_equal(incident_doc_parse(text.text, text.n, &doc), 0);
	record_buf_free(&text);
	return doc;
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItem(object, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

/* A hog comes and goes every five seconds, and after forty the web pod's ladder goes up. */
static struct incident *scene(void)
{
	struct incident *i;

	for (int n = 0; n < 60; n++)
		incident_case_second(&c, n % 10 < 5 && n > 20 ? 2900 : 150,
				     n % 10 < 5 && n > 20 ? 420 : 4);
	incident_case_excess(&c, c.web, 310);
	incident_case_rung(&c, c.web);
	incident_case_record(&c, HISTORY_RUNG, "cpu", "", "squeeze", false);
	incident_case_second(&c, 2900, 450);
	i = incident_case_one(&c);
	assert_non_null(i);
	for (int n = 0; n < 8; n++) {
		incident_case_record(&c, HISTORY_WRITE, "kubepods.slice/kubepods-besteffort.slice",
				     "cpu.max", n < 4 ? "40000/20000" : "20000/20000", false);
		incident_case_rung(&c, c.web);
		incident_case_second(&c, n < 3 ? 2000 : 700, n < 3 ? 300 : 60);
	}
	incident_case_excess(&c, c.web, 0);
	incident_case_record(&c, HISTORY_EFFECT, "cpu", "", "squeeze", false);
	incident_case_run(&c, 30, 700, 4);
	incident_case_record(&c, HISTORY_RUNG, "cpu", "", "calm", false);
	incident_case_calm(&c);
	incident_case_run(&c, 40, 2900, 4);
	assert_true(i->closed);
	return i;
}

/* The same while the hog sends beside web; what arrives is counted only from when it was hurt on, and for some seconds nobody could
 * count anything. */
static struct incident *net_scene(void)
{
	struct incident *i;

	c.flow.at_us = 1;
	c.flow.online.sent_bytes_per_s = 700 << 10;
	c.sent[c.web->slot] = (struct net_sent){.rated = true, .bytes_per_s = 650 << 10};
	c.sent[c.hog->slot] = (struct net_sent){.rated = true};
	incident_case_run(&c, 40, 150, 4);
	c.flow.offline = (struct net_flow_of){
		.sent_bytes_per_s = 9 << 20, .drops_per_s = 12, .backlog_bytes = 300 << 10};
	c.sent[c.hog->slot].bytes_per_s = 9 << 20;
	c.flow.online.sent_bytes_per_s = 200 << 10;
	c.sent[c.web->slot].bytes_per_s = 170 << 10;
	incident_case_run(&c, 20, 2900, 420);
	incident_case_excess(&c, c.web, 310);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2900, 450);
	i = incident_case_one(&c);
	assert_non_null(i);
	c.flow.arrived = true;
	c.flow.online.arrived_bytes_per_s = 500 << 10;
	c.flow.offline.arrived_bytes_per_s = 2 << 20;
	c.flow.offline.sent_bytes_per_s = c.sent[c.hog->slot].bytes_per_s = 3 << 20;
	incident_case_run(&c, 20, 2900, 420);
	incident_case_excess(&c, c.web, 0);
	incident_case_calm(&c);
	c.flow.at_us = 0;
	incident_case_run(&c, 5, 700, 4);
	c.flow.at_us = 1;
	c.flow.offline.backlog_bytes = 0;
	c.sent[c.hog->slot].rated = false;
	incident_case_run(&c, 60, 700, 4);
	assert_true(i->closed);
	return i;
}

/* What is hurt has too little memory: what it reads of files is taken from it, and read again. It waits from before it is hurt on. */
static struct incident *memory_scene(void)
{
	struct incident *i;

	incident_case_run(&c, 40, 150, 4);
	c.memory = (struct pod_memory){.at_us = 1,
				       .anon_bytes = 300 << 20,
				       .file_bytes = 200 << 20,
				       .refaults_per_s = POD_MEMORY_UNKNOWN,
				       .direct_per_s = POD_MEMORY_UNKNOWN};
	for (int n = 0; n < 50; n++) {
		incident_case_second(&c, 700, 4);
		c.memory.refaults_per_s = n < 30 ? 250u * (unsigned)n : 0;
		c.memory.direct_per_s = n < 30 ? 900 : 0;
		c.memory.file_bytes -= n < 25 ? 6 << 20 : 0;
		c.memory.anon_bytes += n < 30 ? 1 << 20 : 0;
		c.memory_permille = n < 30 ? 120 : 0;
		c.throttled_permille = n < 30 ? 40 : 0;
		if (n > 4 && n < 30)
			(void)incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web,
					    RESOURCE_MEMORY);
	}
	i = incident_case_one(&c);
	assert_non_null(i);
	c.memory.at_us = 0;
	incident_case_run(&c, 60, 700, 4);
	assert_true(i->closed);
	return i;
}

static void is_expected(const char *fixture, const struct incident *i)
{
	cJSON *doc = cJSON_CreateObject(), *incident = parse(i);
	char *got, want[65536] = "";
	FILE *f;

	cJSON_AddItemToObject(doc, "incident", incident);
	got = cJSON_PrintUnformatted(doc);
	if (getenv("COLOD_BLESS")) {
		f = fopen(fixture, "w");
		assert_non_null(f);
		(void)fprintf(f, "%s\n", got);
		(void)fclose(f);
	}
	f = fopen(fixture, "r");
	assert_non_null(f);
	assert_true(fread(want, 1, sizeof(want) - 1, f) > 0);
	(void)fclose(f);
	want[strcspn(want, "\n")] = '\0';
	assert_string_equal(got, want);
	free(got);
	cJSON_Delete(doc);
}

TEST(a_whole_incident_is_the_text_that_is_expected)
{
	is_expected(FIXTURES "incident.json", scene());
	assert_null(getenv("COLOD_BLESS"));
}

TEST(the_network_is_in_it_where_it_was_measured)
{
	is_expected(FIXTURES "incident-net.json", net_scene());
	assert_null(getenv("COLOD_BLESS"));
}

TEST(the_victims_memory_is_in_it_where_it_was_measured)
{
	is_expected(FIXTURES "incident-memory.json", memory_scene());
	assert_null(getenv("COLOD_BLESS"));
}

static bool has_of_victim(const struct incident *i, const char *key)
{
	cJSON *doc = parse(i);
	const cJSON *points = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "scene"), "points");
	bool has = cJSON_HasObjectItem(cJSON_GetObjectItem(points, "victim"), key);

	cJSON_Delete(doc);
	return has;
}

TEST(of_the_victim_what_was_never_measured_is_left_out)
{
	struct incident *i = scene();

	assert_true(has_of_victim(i, "throttled_permille"));
	assert_false(has_of_victim(i, "anon_kib"));
	assert_false(has_of_victim(i, "io_full_permille"));
	i->points[i->n_points - 1].victim.anon_kib = 0;
	assert_true(has_of_victim(i, "anon_kib"));
	for (uint32_t n = 0; n < i->n_points; n++)
		i->points[n].victim.throttled_permille = INCIDENT_UNKNOWN;
	assert_false(has_of_victim(i, "throttled_permille"));
}

static bool has_net(const struct incident *i)
{
	cJSON *doc = parse(i);
	const cJSON *points = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "scene"), "points");
	bool has = cJSON_HasObjectItem(points, "node_net");

	assert_int_equal(has, cJSON_HasObjectItem(points, "net_sent_kib_s"));
	cJSON_Delete(doc);
	return has;
}

TEST(of_a_network_that_was_not_measured_nothing_is_told)
{
	struct incident *i = scene();

	assert_false(has_net(i));
	i->points[3].pods[1].sent_kib_s = 0;
	assert_true(has_net(i));
	i->points[3].pods[1].sent_kib_s = INCIDENT_UNKNOWN;
	i->points[3].net.online.sent_kib_s = 0;
	assert_true(has_net(i));
}

TEST(who_seems_to_have_done_it_is_named_and_what_was_done)
{
	cJSON *doc = parse(scene());
	const cJSON *summary = cJSON_GetObjectItem(doc, "summary");

	assert_string_equal(text_of(summary, "culprit"), "batch/hog");
	assert_string_equal(text_of(summary, "done"), "1 held");
	assert_string_equal(text_of(summary, "state"), "closed");
	assert_string_equal(text_of(summary, "cause"), "rung");
	cJSON_Delete(doc);
}

TEST(a_wait_that_was_not_measured_is_null)
{
	struct incident *i = scene();
	cJSON *doc, *worst;

	i->stall_known = false;
	i->worst_stalled_permille = 0;
	doc = parse(i);
	worst = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "summary"), "worst_stalled_permille");
	assert_true(cJSON_IsNull(worst));
	cJSON_Delete(doc);
}

TEST(names_of_any_kind_are_valid_json)
{
	struct incident *i = scene();
	cJSON *doc;

	(void)snprintf(i->pods[0].name, REASON_WHO_SIZE, "a\"b\\c\nd\x1b[31m\xff\xc3\xa9\xe2\x80");
	(void)snprintf(i->marks[0].why, sizeof(i->marks[0].why), "\x01\"}]\xf0\x9f");
	doc = parse(i);
	assert_string_equal(text_of(cJSON_GetObjectItem(doc, "summary"), "pod"),
			    "a\"b\\c\nd\x1b[31m?\xc3\xa9??");
	cJSON_Delete(doc);
}

TEST(the_largest_one_fits)
{
	struct incident *i = scene();
	struct record_buf text = {0}, summary = {0};
	struct incident_mark mark = {.n = 1, .kind = HISTORY_KILL, .at_us = i->opened_us};
	struct incident_point point = {.span_ms = 1000};
	const uint32_t most = UINT32_MAX - 1;

	for (int p = 0; p < INCIDENT_PODS; p++) {
		i->pods[p].serial = 1 + (uint64_t)p;
		memset(i->pods[p].name, 1, REASON_WHO_SIZE - 1);
		point.pods[p] = (struct incident_use){UINT32_MAX - 1, UINT32_MAX - 1,
						      UINT32_MAX - 1, UINT32_MAX - 1};
	}
	point.net.online = point.net.offline = (struct incident_flow){
		UINT32_MAX - 1, UINT32_MAX - 1, UINT32_MAX - 1, UINT32_MAX - 1};
	point.victim = (struct incident_victim){most, most, most, most, most, most, most};
	memset(mark.why, 1, sizeof(mark.why) - 1);
	memset(mark.pod, 1, sizeof(mark.pod) - 1);
	memset(mark.what, 1, sizeof(mark.what) - 1);
	for (int n = 0; n < INCIDENT_MARKS; n++)
		i->marks[n] = mark;
	i->n_marks = INCIDENT_MARKS;
	for (int n = 0; n < INCIDENT_POINTS; n++)
		i->points[n] = point;
	i->n_points = INCIDENT_POINTS;
	memset(i->culprits.who[0].name, 1, REASON_WHO_SIZE - 1);
	incident_text_put(&text, i);
	incident_text_summary(&summary, i);
	assert_true(text.n < INCIDENT_TEXT_MAX / 4);
	assert_true(summary.n < INCIDENT_SUMMARY_MAX);
	record_buf_free(&text);
	record_buf_free(&summary);
}

TEST(a_text_that_was_cut_or_changed_is_refused)
{
	struct record_buf text = {0};
	char end[KEPT_END_LEN + 1];
	cJSON *doc = NULL;

	incident_text_put(&text, scene());
	kept_end_of(text.text, text.n, end);
	record_put_bytes(&text, end, KEPT_END_LEN);
	for (size_t len = 0; len < text.n; len += 1 + text.n / 300)
		assert_int_equal(incident_doc_parse(text.text, len, &doc), -EBADMSG);
	text.text[10] ^= 1;
	assert_int_equal(incident_doc_parse(text.text, text.n, &doc), -EBADMSG);
	record_buf_free(&text);
	record_put(&text, "{\"schema\":2}\n{}\n");
	kept_end_of(text.text, text.n, end);
	record_put_bytes(&text, end, KEPT_END_LEN);
	assert_int_equal(incident_doc_parse(text.text, text.n, &doc), -EPROTO);
	assert_null(doc);
	record_buf_free(&text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_whole_incident_is_the_text_that_is_expected),
		T(the_network_is_in_it_where_it_was_measured),
		T(the_victims_memory_is_in_it_where_it_was_measured),
		T(of_the_victim_what_was_never_measured_is_left_out),
		T(of_a_network_that_was_not_measured_nothing_is_told),
		T(who_seems_to_have_done_it_is_named_and_what_was_done),
		T(a_wait_that_was_not_measured_is_null),
		T(names_of_any_kind_are_valid_json),
		T(the_largest_one_fits),
		T(a_text_that_was_cut_or_changed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
