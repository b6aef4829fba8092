// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/history.h"
#include "agent/serve/bus_history.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static struct snapshot snapshot;
static struct history *history;

static int method(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	return bus_history(call, &snapshot, error);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("History", "tssu", "h", method, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int setup(void **state)
{
	struct history_record r = HISTORY_RECORD(HISTORY_WRITE);

	(void)state;
	if (history_new(&history) < 0)
		return -1;
	snapshot.history = history;
	HISTORY_SET(r.what, "a/b");
	history_add(history, &r);
	r.kind = HISTORY_AGENT;
	history_add(history, &r);
	return bus_case_serve(vtable);
}

static int teardown(void **state)
{
	history_free(history);
	return bus_case_end(state);
}

static sd_bus_message *ask(uint64_t since_us, const char *kinds, const char *of, uint32_t max)
{
	sd_bus_message *call = NULL;

	assert_return_code(sd_bus_message_new_method_call(b->client, &call, BUS_CASE_TEST,
							  BUS_CASE_TEST_PATH, BUS_CASE_TEST,
							  "History"),
			   0);
	assert_return_code(sd_bus_message_append(call, "tssu", since_us, kinds, of, max), 0);
	return bus_case_answer(call);
}

TEST(the_answer_is_a_sealed_file_of_what_was_asked_for)
{
	char text[4096];
	sd_bus_message *reply = ask(0, "write", "/a", 0);
	int fd;

	assert_false(sd_bus_message_is_method_error(reply, NULL));
	assert_return_code(sd_bus_message_read(reply, "h", &fd), 0);
	assert_int_equal(fs_pread(fd, text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "\"id\":1,"));
	assert_null(strstr(text, "\"id\":2,"));
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	sd_bus_message_unref(reply);
}

TEST(what_cannot_be_meant_is_refused_with_what_can)
{
	static char long_word[8192];
	sd_bus_message *reply = ask(0, "wrote", "", 0);

	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_INVALID_ARGS));
	assert_non_null(strstr(sd_bus_message_get_error(reply)->message, "write, restore"));
	sd_bus_message_unref(reply);
	reply = ask(UINT64_MAX, "", "", 0);
	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_INVALID_ARGS));
	sd_bus_message_unref(reply);
	memset(long_word, 'x', sizeof(long_word) - 1);
	reply = ask(0, "", long_word, 0);
	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_INVALID_ARGS));
	sd_bus_message_unref(reply);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_answer_is_a_sealed_file_of_what_was_asked_for),
		CASE(what_cannot_be_meant_is_refused_with_what_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
