// SPDX-License-Identifier: LGPL-2.1-or-later
// The scene of the tests of agent/serve/bus*.c: a bus daemon (private_bus.h), a connection that serves
// colod's interface over the snapshot of serve_case.h, and one of somebody who calls it.
//
//	static struct bus_case *const b = &bus_case;
//	cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);   // the daemon
//	... in a test's setup: bus_case_open(&ops); in its teardown: bus_case_close()
#pragma once

#include "agent/serve/bus.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"

#define BUS_CASE_NAME "io.colod.Agent1"
#define BUS_CASE_PATH "/io/colod/Agent1"
#define BUS_CASE_MANAGER "io.colod.Agent1.Manager"
#define BUS_CASE_TEST "io.colod.Test" /* of bus_case_serve(), as name and interface */
#define BUS_CASE_TEST_PATH "/io/colod/test"

struct bus_case {
	struct private_bus daemon;
	sd_bus *server, *client;
	struct serve_case serve;
	struct bus *bus;    /* NULL without `ops` */
	char signals[8192]; /* for bus_case_note() */
};

/* One to a program, zeroed. */
extern struct bus_case bus_case;

/* For cmocka, as a group's or a test's. */
int bus_case_start(void **state);
int bus_case_stop(void **state);

/* Makes the snapshot, connects both and serves; `ops` NULL: nothing is served. 0 or -1. */
int bus_case_open(const struct bus_ops *ops);
void bus_case_close(void);
/* ... for cmocka */
int bus_case_teardown(void **state);

/* Instead of these: one object of a test's own. Starts the daemon too; bus_case_end() stops it. */
int bus_case_serve(const sd_bus_vtable *vtable);
int bus_case_end(void **state);

/* The answer of a call, which is unreferenced; fails the test where none comes. */
sd_bus_message *bus_case_answer(sd_bus_message *call);

/* Appends a word and a blank, or ends the line, of `signals`. */
void bus_case_note(const char *word);
void bus_case_end_line(void);
