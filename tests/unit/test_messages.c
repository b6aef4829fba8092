// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "agent/base/history.h"
#include "agent/base/messages.h"

static char text[MESSAGES_TEXT_SIZE];

static struct history_record knob(enum history_kind kind)
{
	struct history_record r = HISTORY_RECORD(kind);

	HISTORY_SET(r.what, "a/pod");
	HISTORY_SET(r.knob, "cpu.weight");
	HISTORY_SET(r.from, "100");
	HISTORY_SET(r.to, "5");
	HISTORY_SET(r.why, "because");
	return r;
}

static struct history_record step(enum history_kind kind, const char *what)
{
	struct history_record r = HISTORY_RECORD(kind);

	HISTORY_SET(r.what, "%s", what);
	HISTORY_SET(r.from, "calm");
	HISTORY_SET(r.to, "squeeze");
	HISTORY_SET(r.why, "because");
	return r;
}

static void assert_text(const struct history_record *r, const char *want)
{
	assert_string_equal(messages_text(r, text, sizeof(text)), want);
}

TEST(every_kind_has_a_name_and_an_id_of_its_own)
{
	for (int i = 0; i < HISTORY_KIND_COUNT; i++) {
		const struct message *m = messages_of((enum history_kind)i);

		assert_non_null(m);
		assert_int_equal(messages_kind_from(m->name), i);
		assert_int_equal(strlen(m->id), MESSAGES_ID_SIZE - 1);
		for (const char *p = m->id; *p; p++)
			assert_true(isdigit((unsigned char)*p) || (*p >= 'a' && *p <= 'f'));
		for (int k = 0; k < i; k++) {
			const struct message *other = messages_of((enum history_kind)k);

			assert_string_not_equal(m->id, other->id);
			assert_string_not_equal(m->name, other->name);
		}
	}
	assert_null(messages_of(HISTORY_KIND_COUNT));
	assert_int_equal(messages_kind_from("no such"), -EINVAL);
	assert_int_equal(messages_kind_from(""), -EINVAL);
}

TEST(the_catalog_explains_each_id_once_and_no_other)
{
	static char catalog[65536];
	FILE *f = fopen("packaging/systemd/colod.catalog", "re");
	size_t n_entries = 0;

	assert_non_null(f);
	catalog[fread(catalog, 1, sizeof(catalog) - 1, f)] = '\0';
	fclose(f);
	for (const char *p = catalog; (p = strstr(p, "\n-- ")); p++)
		n_entries++;
	assert_int_equal(n_entries, HISTORY_KIND_COUNT);
	for (int i = 0; i < HISTORY_KIND_COUNT; i++) {
		char head[64];

		(void)snprintf(head, sizeof(head),
			       "\n-- %s\nSubject: ", messages_of((enum history_kind)i)->id);
		assert_non_null(strstr(catalog, head));
	}
}

TEST(what_was_done_to_a_knob_is_one_sentence)
{
	struct history_record r = knob(HISTORY_WRITE);

	assert_text(&r, "a/pod cpu.weight 100 → 5: because");
	r.would = true;
	assert_text(&r, "a/pod cpu.weight 100 → 5 (not done: the mode does not allow it): because");
	r = knob(HISTORY_RESTORE);
	assert_text(&r, "a/pod cpu.weight 100 → 5: because");
	r = knob(HISTORY_LEFT);
	assert_text(&r, "a/pod cpu.weight is left as it is (it is 5, colod had written 100): "
			"because");
	r = knob(HISTORY_REFUSED);
	assert_text(&r, "a/pod cpu.weight stays 100 instead of 5: because");
	r = knob(HISTORY_DRIFT);
	r.why[0] = '\0';
	assert_text(&r, "a/pod cpu.weight: somebody else wrote 5 over colod's 100");
	r = knob(HISTORY_FIGHT);
	assert_text(&r,
		    "a/pod cpu.weight: somebody else keeps writing 5 over colod's 100: because");
	r.to[0] = '\0';
	assert_text(&r, "a/pod cpu.weight: because");
	/* The root of the tree has no name. */
	r = knob(HISTORY_WRITE);
	r.what[0] = '\0';
	assert_text(&r, "/ cpu.weight 100 → 5: because");
}

TEST(steps_and_modes_are_told_apart)
{
	struct history_record r = step(HISTORY_RUNG, "cpu");

	assert_text(&r, "cpu: calm → squeeze: because");
	r = step(HISTORY_CANDIDATE, "a/pod");
	r.from[0] = '\0';
	HISTORY_SET(r.to, "passed over");
	assert_text(&r, "a/pod was passed over: because");
	r = step(HISTORY_MODE, "mode");
	assert_text(&r, "mode: calm → squeeze: because");
	r = step(HISTORY_MODE, "cpu");
	assert_text(&r, "mode of cpu: calm → squeeze: because");
}

TEST(who_asked_is_said)
{
	struct history_record r = HISTORY_RECORD(HISTORY_POLICY);

	HISTORY_SET(r.what, "90-test.yaml");
	HISTORY_SET(r.to, "loaded");
	assert_text(&r, "policy 90-test.yaml loaded");
	r.caller = (struct history_caller){.known = true, .uid = 0, .pid = 7};
	assert_text(&r, "policy 90-test.yaml loaded (asked for by uid 0, pid 7)");
	HISTORY_SET(r.caller.comm, "coloctl");
	assert_text(&r, "policy 90-test.yaml loaded (asked for by uid 0, pid 7, coloctl)");
	r = (struct history_record)HISTORY_RECORD(HISTORY_AGENT);
	HISTORY_SET(r.what, "colod");
	HISTORY_SET(r.to, "started");
	HISTORY_SET(r.why, "1.0");
	assert_text(&r, "colod: started: 1.0");
}

TEST(a_text_that_does_not_fit_is_cut_and_ended)
{
	struct history_record r = knob(HISTORY_WRITE);
	char small[12];

	for (size_t size = 1; size <= sizeof(small); size++) {
		memset(small, 'x', sizeof(small));
		(void)messages_text(&r, small, size);
		assert_int_equal(strlen(small), size - 1);
	}
}

TEST(telling_keeps_the_record)
{
	struct history_record r = knob(HISTORY_WRITE), got;
	struct history *h = NULL;
	uint64_t cursor = 0;

	assert_int_equal(history_new(&h), 0);
	r.would = true; /* not printed into the test's own output */
	messages_tell(h, &r);
	messages_tell(NULL, &r);
	assert_true(history_next(h, &cursor, &got));
	assert_string_equal(got.what, "a/pod");
	assert_false(history_next(h, &cursor, &got));
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name_and_an_id_of_its_own),
		cmocka_unit_test(the_catalog_explains_each_id_once_and_no_other),
		cmocka_unit_test(what_was_done_to_a_knob_is_one_sentence),
		cmocka_unit_test(steps_and_modes_are_told_apart),
		cmocka_unit_test(who_asked_is_said),
		cmocka_unit_test(a_text_that_does_not_fit_is_cut_and_ended),
		cmocka_unit_test(telling_keeps_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
