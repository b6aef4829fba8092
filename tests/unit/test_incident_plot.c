// SPDX-License-Identifier: LGPL-2.1-or-later
// What coloctl shows and draws of the incidents of test_incident_text.
#include "agent/ctl/incident_plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/base/kept_end.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/incident_doc.h"
#include "agent/ctl/incident_show.h"
#include "tests/lib/ctl_case.h"
#include "tests/lib/test.h"

static int plot(const struct ctl *ctl)
{
	return incident_plot(doc_get(ctl->doc, "incident"), ctl->term.out) < 0 ? CTL_FAILED
									       : CTL_OK;
}

TEST(one_is_shown_with_its_scene)
{
	ctl_case(&(struct ctl_case){.snapshot = "incident",
				    .expected = "incident-show",
				    .verb = incident_show_one,
				    .width = 80});
}

TEST(one_is_drawn)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "incident", .expected = "incident-plot", .verb = plot});
}

TEST(one_is_shown_with_its_network)
{
	ctl_case(&(struct ctl_case){.snapshot = "incident-net",
				    .expected = "incident-net-show",
				    .verb = incident_show_one,
				    .width = 80});
}

TEST(one_is_drawn_with_its_network)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "incident-net", .expected = "incident-net-plot", .verb = plot});
}

TEST(one_is_shown_with_what_the_memory_of_the_victim_was)
{
	ctl_case(&(struct ctl_case){.snapshot = "incident-memory",
				    .expected = "incident-memory-show",
				    .verb = incident_show_one,
				    .width = 100});
}

TEST(one_for_want_of_memory_is_drawn_with_it)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "incident-memory", .expected = "incident-memory-plot", .verb = plot});
}

TEST(all_are_listed)
{
	ctl_case(&(struct ctl_case){.snapshot = "incidents",
				    .expected = "incidents",
				    .verb = incident_show_all,
				    .width = 120});
}

TEST(none_is_said)
{
	ctl_case(&(struct ctl_case){.snapshot = "twins",
				    .expected = "incidents-none",
				    .verb = incident_show_all,
				    .width = 80});
}

/* Draws the incident with one member of its scene's points, or of its summary, put to something else. */
static int draw(cJSON *doc, char **ret_text)
{
	size_t len = 0;
	FILE *out = open_memstream(ret_text, &len);
	int r;

	assert_non_null(out);
	r = incident_plot(doc_get(doc, "incident"), out);
	(void)fclose(out);
	return r;
}

static cJSON *of(cJSON *doc, const char *a, const char *b)
{
	cJSON *incident = cJSON_GetObjectItem(doc, "incident");

	return cJSON_GetObjectItem(cJSON_GetObjectItem(incident, a), b);
}

TEST(without_samples_there_is_nothing_to_draw)
{
	cJSON *doc = ctl_case_read("incident");
	char *text = NULL;

	cJSON_DeleteItemFromObject(of(doc, "scene", "points"), "at_ms");
	assert_int_equal(draw(doc, &text), -ENODATA);
	free(text);
	cJSON_Delete(doc);
}

/* Nothing is not the same as not known. */
TEST(a_wait_that_was_not_measured_is_no_wait_of_nothing)
{
	cJSON *doc = ctl_case_read("incident"), *incident = cJSON_GetObjectItem(doc, "incident");
	char *text = NULL;

	cJSON_ReplaceItemInObject(cJSON_GetObjectItem(incident, "summary"),
				  "worst_stalled_permille", cJSON_CreateNull());
	assert_int_equal(draw(doc, &text), 0);
	assert_non_null(strstr(text, "for 9.0 s, what it waited was not measured"));
	assert_null(strstr(text, "at worst"));
	free(text);
	cJSON_Delete(doc);
}

TEST(what_was_not_measured_is_grey_and_said)
{
	cJSON *doc = ctl_case_read("incident"), *points = of(doc, "scene", "points");
	cJSON *stalled =
		cJSON_GetObjectItem(cJSON_GetObjectItem(points, "stalled_permille"), "cpu");
	char *text = NULL;

	assert_int_equal(draw(doc, &text), 0);
	assert_null(strstr(text, "not measured"));
	free(text);
	cJSON_ReplaceItemInArray(stalled, 0, cJSON_CreateNull());
	assert_int_equal(draw(doc, &text), 0);
	assert_non_null(strstr(text, "grey: not measured"));
	assert_non_null(strstr(text, "#d5d8dc"));
	free(text);
	cJSON_ReplaceItemInArray(stalled, 0, cJSON_CreateNumber(0));
	cJSON_ReplaceItemInArray(cJSON_GetObjectItem(points, "node_cpu_milli"), 0,
				 cJSON_CreateNull());
	assert_int_equal(draw(doc, &text), 0);
	assert_non_null(strstr(text, "grey: not measured"));
	free(text);
	cJSON_Delete(doc);
}

TEST(names_cannot_leave_their_text)
{
	cJSON *doc = ctl_case_read("incident"), *pod;
	char *text = NULL;

	pod = cJSON_GetArrayItem(of(doc, "scene", "pods"), 1);
	cJSON_ReplaceItemInObject(pod, "name",
				  cJSON_CreateString("</text><script>alert(1)</script>\x1b[2J&"));
	cJSON_ReplaceItemInObject(cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "incident"),
						      "summary"),
				  "pod", cJSON_CreateString("\"'\xe2\x80\xaet<b>"));
	assert_int_equal(draw(doc, &text), 0);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<b>"));
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "&lt;/text&gt;&lt;script&gt;"));
	free(text);
	cJSON_Delete(doc);
}

TEST(numbers_of_any_size_are_drawn)
{
	static const double wild[] = {1e300, -1e300, 1e12, -5, 4294967295.0};
	char *text = NULL;

	for (size_t n = 0; n < sizeof(wild) / sizeof(wild[0]); n++) {
		cJSON *doc = ctl_case_read("incident"), *points = of(doc, "scene", "points");
		cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(points, "cpu_milli"), 1);

		for (cJSON *item = first->child; item; item = item->next)
			cJSON_SetNumberHelper(item, wild[n]);
		cJSON_SetNumberHelper(of(doc, "scene", "node")->child->next, wild[n]);
		assert_int_equal(draw(doc, &text), 0);
		free(text);
		cJSON_Delete(doc);
	}
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

/* An older colod kept none of it, and of a node without one nothing is told. */
TEST(without_a_network_the_picture_has_no_field_of_it)
{
	cJSON *doc = ctl_case_read("incident-net"), *points = of(doc, "scene", "points");
	char *text = NULL;

	assert_int_equal(draw(doc, &text), 0);
	assert_int_equal(count(text, "Network, MiB a second"), 1);
	assert_int_equal(count(text, ">online work sent<"), 1);
	assert_int_equal(count(text, ">arrived for offline work<"), 1);
	/* Two pieces of each of them: in between nobody counted. */
	assert_int_equal(count(text, "<polyline"), 8);
	free(text);
	cJSON_DeleteItemFromObject(points, "node_net");
	cJSON_DeleteItemFromObject(points, "net_sent_kib_s");
	assert_int_equal(draw(doc, &text), 0);
	assert_null(strstr(text, "Network"));
	assert_null(strstr(text, "<polyline"));
	free(text);
	cJSON_Delete(doc);
}

TEST(a_line_of_which_nothing_was_measured_is_not_drawn)
{
	cJSON *doc = ctl_case_read("incident-net"), *points = of(doc, "scene", "points");
	cJSON *node = cJSON_GetObjectItem(points, "node_net");
	char *text = NULL;

	cJSON_DeleteItemFromObject(cJSON_GetObjectItem(node, "online"), "arrived_kib_s");
	assert_int_equal(draw(doc, &text), 0);
	assert_null(strstr(text, "arrived for online work"));
	assert_non_null(strstr(text, "arrived for offline work"));
	free(text);
	cJSON_DeleteItemFromObject(node, "offline");
	cJSON_DeleteItemFromObject(node, "online");
	assert_int_equal(draw(doc, &text), 0);
	assert_null(strstr(text, "Network"));
	free(text);
	cJSON_Delete(doc);
}

TEST(numbers_of_any_size_of_the_network_are_drawn)
{
	static const double wild[] = {1e300, -1e300, 999999999999.0, -5, 0};
	char *text = NULL;

	for (size_t n = 0; n < sizeof(wild) / sizeof(wild[0]); n++) {
		cJSON *doc = ctl_case_read("incident-net");
		cJSON *node = cJSON_GetObjectItem(of(doc, "scene", "points"), "node_net");
		cJSON *sent =
			cJSON_GetObjectItem(cJSON_GetObjectItem(node, "offline"), "sent_kib_s");

		for (cJSON *item = sent->child; item; item = item->next)
			cJSON_SetNumberHelper(item, wild[n]);
		assert_int_equal(draw(doc, &text), 0);
		assert_true(count(text, "<line") < 60);
		free(text);
		cJSON_Delete(doc);
	}
}

static cJSON *victim_of(cJSON *doc)
{
	return cJSON_GetObjectItem(of(doc, "scene", "points"), "victim");
}

/* Each of these takes the field away. */
TEST(without_its_memory_the_picture_has_no_field_of_it)
{
	static const char *const members[] = {"anon_kib", "file_kib"};
	char *text = NULL;
	cJSON *doc = ctl_case_read("incident-memory");

	assert_int_equal(draw(doc, &text), 0);
	assert_int_equal(count(text, "Memory of the victim, MiB"), 1);
	assert_int_equal(count(text, ">page cache<"), 1);
	assert_int_equal(count(text, "refaults, at most 7250/s"), 1);
	assert_int_equal(count(text, "<polyline"), 1);
	free(text);
	/* Of a CPU incident it says nothing. */
	cJSON_ReplaceItemInObject(cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "incident"),
						      "summary"),
				  "resource", cJSON_CreateString("cpu"));
	assert_int_equal(draw(doc, &text), 0);
	assert_null(strstr(text, "Memory of the victim"));
	free(text);
	cJSON_Delete(doc);
	for (size_t n = 0; n < sizeof(members) / sizeof(members[0]); n++) {
		doc = ctl_case_read("incident-memory");
		cJSON_DeleteItemFromObject(victim_of(doc), members[n]);
		assert_int_equal(draw(doc, &text), 0);
		assert_null(strstr(text, "Memory of the victim"));
		assert_null(strstr(text, "<polyline"));
		free(text);
		cJSON_Delete(doc);
	}
}

TEST(refaults_that_nobody_counted_are_no_line)
{
	cJSON *doc = ctl_case_read("incident-memory");
	char *text = NULL;

	cJSON_DeleteItemFromObject(victim_of(doc), "refaults_per_s");
	assert_int_equal(draw(doc, &text), 0);
	assert_non_null(strstr(text, "Memory of the victim"));
	assert_null(strstr(text, "refaults"));
	assert_null(strstr(text, "<polyline"));
	free(text);
	cJSON_Delete(doc);
}

TEST(a_second_of_it_that_was_not_measured_is_a_gap)
{
	cJSON *doc = ctl_case_read("incident-memory"), *file;
	char *text = NULL;
	size_t polygons, grey;

	assert_int_equal(draw(doc, &text), 0);
	polygons = count(text, "<polygon");
	grey = count(text, "#d5d8dc");
	free(text);
	file = cJSON_GetObjectItem(victim_of(doc), "file_kib");
	cJSON_ReplaceItemInArray(file, 60, cJSON_CreateNull());
	assert_int_equal(draw(doc, &text), 0);
	assert_int_equal(count(text, "<polygon"), polygons + 2);
	assert_int_equal(count(text, "#d5d8dc"), grey + 1);
	free(text);
	cJSON_Delete(doc);
}

TEST(numbers_of_any_size_of_its_memory_are_drawn)
{
	static const double wild[] = {1e300, -1e300, 999999999999.0, -5, 0};
	char *text = NULL;

	for (size_t n = 0; n < sizeof(wild) / sizeof(wild[0]); n++) {
		cJSON *doc = ctl_case_read("incident-memory");

		for (cJSON *list = victim_of(doc)->child; list; list = list->next)
			for (cJSON *item = list->child; item; item = item->next)
				cJSON_SetNumberHelper(item, wild[n]);
		assert_int_equal(draw(doc, &text), 0);
		assert_true(count(text, "<line") < 60);
		free(text);
		cJSON_Delete(doc);
	}
}

/* tests/fuzz/corpus has one as it was kept before there was anything of the victim but how it waited. */
TEST(one_that_an_older_colod_kept_is_read_shown_and_drawn)
{
	char text[131072] = "", end[KEPT_END_LEN + 1], *shown = NULL, *drawn = NULL;
	FILE *f = fopen("tests/fuzz/corpus/incident/network", "r");
	cJSON *doc = cJSON_CreateObject(), *incident = NULL;
	struct ctl ctl = {.doc = doc, .term = {.width = 100}};
	size_t len, n;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - KEPT_END_LEN, f);
	(void)fclose(f);
	kept_end_of(text, len, end);
	memcpy(text + len, end, KEPT_END_LEN);
	assert_null(strstr(text, "victim"));
	assert_int_equal(incident_doc_parse(text, len + KEPT_END_LEN, &incident), 0);
	cJSON_AddItemToObject(doc, "incident", incident);
	ctl.term.out = open_memstream(&shown, &n);
	assert_int_equal(incident_show_one(&ctl), CTL_OK);
	(void)fclose(ctl.term.out);
	assert_non_null(strstr(shown, "WHILE HURT"));
	assert_null(strstr(shown, "VICTIM"));
	assert_int_equal(draw(doc, &drawn), 0);
	assert_non_null(strstr(drawn, "Network"));
	assert_null(strstr(drawn, "Memory of the victim"));
	free(shown);
	free(drawn);
	cJSON_Delete(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_shown_with_its_scene),
		cmocka_unit_test(one_is_drawn),
		cmocka_unit_test(one_is_shown_with_its_network),
		cmocka_unit_test(one_is_drawn_with_its_network),
		cmocka_unit_test(one_is_shown_with_what_the_memory_of_the_victim_was),
		cmocka_unit_test(one_for_want_of_memory_is_drawn_with_it),
		cmocka_unit_test(all_are_listed),
		cmocka_unit_test(none_is_said),
		cmocka_unit_test(without_samples_there_is_nothing_to_draw),
		cmocka_unit_test(a_wait_that_was_not_measured_is_no_wait_of_nothing),
		cmocka_unit_test(what_was_not_measured_is_grey_and_said),
		cmocka_unit_test(names_cannot_leave_their_text),
		cmocka_unit_test(numbers_of_any_size_are_drawn),
		cmocka_unit_test(without_a_network_the_picture_has_no_field_of_it),
		cmocka_unit_test(a_line_of_which_nothing_was_measured_is_not_drawn),
		cmocka_unit_test(numbers_of_any_size_of_the_network_are_drawn),
		cmocka_unit_test(without_its_memory_the_picture_has_no_field_of_it),
		cmocka_unit_test(refaults_that_nobody_counted_are_no_line),
		cmocka_unit_test(a_second_of_it_that_was_not_measured_is_a_gap),
		cmocka_unit_test(numbers_of_any_size_of_its_memory_are_drawn),
		cmocka_unit_test(one_that_an_older_colod_kept_is_read_shown_and_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
