// SPDX-License-Identifier: LGPL-2.1-or-later
// What coloctl shows and draws of the incidents of test_incident_text.
#include "agent/ctl/incident_plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/ctl/doc.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_shown_with_its_scene),
		cmocka_unit_test(one_is_drawn),
		cmocka_unit_test(one_is_shown_with_its_network),
		cmocka_unit_test(one_is_drawn_with_its_network),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
