// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>

#include "agent/base/fs.h"
#include "agent/serve/bus.h"

#define COMMITTED "packaging/dbus/io.colod.Agent1.xml"

/* Versions of libsystemd indent differently. */
static void squeeze_blanks(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ' && to[-1] != '>')
			*to++ = ' ';
	}
	*to = '\0';
}

static char *introspect(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(bus_introspect(out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

TEST(the_committed_xml_is_what_the_code_serves)
{
	char *served = introspect(), *committed = NULL;

	assert_int_equal(fs_read_alloc(AT_FDCWD, COMMITTED, 65536, &committed, NULL), 0);
	squeeze_blanks(served);
	squeeze_blanks(committed);
	/* Different? `colod --bus-introspect >packaging/dbus/io.colod.Agent1.xml`, and read the diff. */
	assert_string_equal(served, committed);
	free(served);
	free(committed);
}

TEST(every_argument_has_a_name)
{
	char *xml = introspect();
	unsigned n = 0;

	for (const char *arg = strstr(xml, "<arg "); arg; arg = strstr(arg + 1, "<arg ")) {
		const char *end = strchr(arg, '>'), *name = strstr(arg, " name=\"");

		assert_non_null(end);
		assert_non_null(name);
		assert_true(name < end && name[7] != '"');
		n++;
	}
	assert_true(n >= 9);
	free(xml);
}

TEST(both_interfaces_are_there_and_the_standard_ones_are_not)
{
	char *xml = introspect();

	assert_non_null(strstr(xml, "<interface name=\"io.colod.Agent1.Manager\">"));
	assert_non_null(strstr(xml, "<interface name=\"io.colod.Agent1.Pod\">"));
	assert_null(strstr(xml, "org.freedesktop.DBus.Peer"));
	free(xml);
}

TEST(a_full_disk_is_an_error)
{
	FILE *full = fopen("/dev/full", "we");

	assert_non_null(full);
	assert_true(bus_introspect(full) < 0);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_committed_xml_is_what_the_code_serves),
		cmocka_unit_test(every_argument_has_a_name),
		cmocka_unit_test(both_interfaces_are_there_and_the_standard_ones_are_not),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
