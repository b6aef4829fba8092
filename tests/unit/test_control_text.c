// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/boot_id.h"
#include "agent/control_text.h"

#define BOOT "6e5f0c1a-0000-4000-8000-000000000001"

static const struct history_caller root = {.known = true, .uid = 0, .pid = 4711, .comm = "coloctl"};

static struct control everything(void)
{
	struct control c = {
		.damaged = true,
		.all = {.given = true, .mode = MODE_PROTECT, .wall_us = 1764088502000000},
		.pause = {.given = true, .until_us = 983000000, .seconds = 600, .wall_us = 5},
	};

	c.pause.caller = root;
	c.by[RESOURCE_MEMORY] =
		(struct control_say){.given = true, .mode = MODE_OFF, .wall_us = 7, .caller = root};
	return c;
}

TEST(what_is_written_is_read_back)
{
	struct control c = everything(), back;
	char text[CONTROL_TEXT_SIZE];

	size_t len = control_text_format(&c, BOOT, text);

	assert_int_equal(len, strlen(text));
	assert_string_equal(text, "colod-control 1 " BOOT "\n"
				  "damaged\n"
				  "mode all protect 1764088502000000 unknown\n"
				  "mode memory off 7 0 4711 coloctl\n"
				  "pause 600 983000000 5 0 4711 coloctl\n"
				  "end\n");
	assert_int_equal(control_text_parse(text, BOOT, &back), 0);
	assert_true(back.damaged);
	assert_int_equal(back.all.mode, MODE_PROTECT);
	assert_false(back.all.caller.known);
	assert_false(back.by[RESOURCE_CPU].given);
	assert_int_equal(back.by[RESOURCE_MEMORY].mode, MODE_OFF);
	assert_int_equal(back.by[RESOURCE_MEMORY].caller.pid, 4711);
	assert_string_equal(back.pause.caller.comm, "coloctl");
	assert_int_equal(back.pause.until_us, 983000000);
	assert_int_equal(back.pause.seconds, 600);
}

/* A process gives itself its name: nothing in it may look like another line or word. */
TEST(a_name_cannot_forge_a_line)
{
	struct control c = {.all = {.given = true, .mode = MODE_OFF, .caller = root}}, back;
	char text[CONTROL_TEXT_SIZE];

	memcpy(c.all.caller.comm, "a b\nend\n\x1b\xff", 11);
	(void)control_text_format(&c, BOOT, text);
	assert_int_equal(control_text_parse(text, BOOT, &back), 0);
	assert_string_equal(back.all.caller.comm, "a_b_end___");
	assert_int_equal(back.all.mode, MODE_OFF);
	c.all.caller.comm[0] = '\0';
	(void)control_text_format(&c, BOOT, text);
	assert_int_equal(control_text_parse(text, BOOT, &back), 0);
	assert_string_equal(back.all.caller.comm, "");
}

TEST(the_largest_record_fits)
{
	struct control c = everything(), back;
	struct history_caller caller = {.known = true, .uid = UINT32_MAX, .pid = INT32_MAX};
	char text[CONTROL_TEXT_SIZE];

	memset(caller.comm, 'x', sizeof(caller.comm) - 1);
	c.all = (struct control_say){true, MODE_OBSERVE, INT64_MAX, caller};
	for (int r = 0; r < RESOURCE_MODES; r++)
		c.by[r] = c.all;
	c.pause = (struct control_pause){true, INT64_MAX, CONTROL_PAUSE_MAX_S, INT64_MAX, caller};
	assert_true(control_text_format(&c, BOOT, text) < CONTROL_TEXT_SIZE - 200);
	assert_int_equal(control_text_parse(text, BOOT, &back), 0);
	assert_int_equal(back.by[RESOURCE_IO].caller.uid, UINT32_MAX);
}

TEST(another_boot_is_told_apart_and_gives_nothing)
{
	struct control c = everything(), back = everything();
	char text[CONTROL_TEXT_SIZE];

	(void)control_text_format(&c, "another-boot", text);
	assert_int_equal(control_text_parse(text, BOOT, &back), -ESTALE);
	assert_true(control_is_empty(&back));
}

TEST(a_boot_that_could_not_be_told_counts_as_this_one)
{
	struct control c = everything(), back;
	char text[CONTROL_TEXT_SIZE];

	(void)control_text_format(&c, BOOT_ID_UNKNOWN, text);
	assert_int_equal(control_text_parse(text, BOOT, &back), 0);
	assert_true(back.pause.given);
	(void)control_text_format(&c, BOOT, text);
	assert_int_equal(control_text_parse(text, BOOT_ID_UNKNOWN, &back), 0);
	assert_true(back.pause.given);
}

#define HEAD "colod-control 1 " BOOT "\n"
#define BY " 5 0 4711 coloctl\n"

TEST(anything_else_than_what_is_written_is_damaged)
{
	static const char *const bad[] = {
		"",
		"\n",
		"end\n",
		HEAD,
		HEAD "end",
		HEAD "end\n\n",
		HEAD "end\nend\n",
		"colod-control 2 " BOOT "\nend\n",
		"colod-control 1 \nend\n",
		HEAD "mode all observe\nend\n",
		HEAD "mode all watch" BY "end\n",
		HEAD "mode gpu observe" BY "end\n",
		HEAD "mode  all observe" BY "end\n",
		HEAD "mode all observe" BY,
		HEAD "mode all observe 05 0 4711 coloctl\nend\n",
		HEAD "mode all observe -5 0 4711 coloctl\nend\n",
		HEAD "mode all observe 9223372036854775808 0 4711 coloctl\nend\n",
		HEAD "mode all observe 5 4294967296 4711 coloctl\nend\n",
		HEAD "mode all observe 5 0 4711 coloctl \nend\n",
		HEAD "mode all observe 5 0 4711 a-name-that-is-too-long\nend\n",
		HEAD "mode all observe" BY "mode all observe" BY "end\n",
		HEAD "mode cpu observe" BY "mode all observe" BY "end\n",
		HEAD "pause 600 0" BY "end\n",
		HEAD "pause 0 983000000" BY "end\n",
		HEAD "pause 99999999999 983000000" BY "end\n",
		HEAD "damaged\ndamaged\nend\n",
		HEAD "nonsense\nend\n",
	};
	struct control back = {.all = {.mode = MODE_FULL}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (control_text_parse(bad[i], BOOT, &back) != -EBADMSG)
			fail_msg("not refused: %s", bad[i]);
		assert_int_equal(back.all.mode, MODE_FULL);
	}
}

TEST(empty_is_what_nobody_asked_for)
{
	struct control c = {0};

	assert_true(control_is_empty(&c));
	c.by[RESOURCE_IO].given = true;
	assert_false(control_is_empty(&c));
	c = (struct control){.damaged = true};
	assert_false(control_is_empty(&c));
	c = (struct control){.pause = {.given = true}};
	assert_false(control_is_empty(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_name_cannot_forge_a_line),
		cmocka_unit_test(the_largest_record_fits),
		cmocka_unit_test(another_boot_is_told_apart_and_gives_nothing),
		cmocka_unit_test(a_boot_that_could_not_be_told_counts_as_this_one),
		cmocka_unit_test(anything_else_than_what_is_written_is_damaged),
		cmocka_unit_test(empty_is_what_nobody_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
