// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may do what by packaging/dbus/io.colod.Agent1.conf, on a daemon with the rules of a system
// bus. Only root can play other users; an ordinary user sees what it is itself refused.
#include "tests/lib/test.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/serve/bus.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"

#define CONF "packaging/dbus/io.colod.Agent1.conf"
/* Users that every Debian has; the daemon asks the user database for their groups. */
#define NOBODY 65534
#define DAEMON 1

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *server;
static struct bus *bus;
static unsigned reloads;
static char out[65536], err[65536];

static int reload(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	reloads++;
	return 0;
}

static const struct bus_ops ops = {
	.context = &c,
	.snapshot = serve_case_snapshot,
	.reload = reload,
};

/* The group colod need not exist here: another one, which does, takes its place in the copy. */
static int setup(void **state)
{
	static char replace[128];
	const struct group *group = getgrgid(NOBODY);

	(void)state;
	reloads = 0;
	bus = NULL;
	serve_case_init(&c);
	(void)snprintf(replace, sizeof(replace), "group=\"colod\"|group=\"%s\"",
		       group ? group->gr_name : "nogroup");
	return private_bus_start(&daemon_, CONF, replace) < 0 ||
			       private_bus_connect(&daemon_, &server) < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	(void)state;
	bus_free(bus);
	server = sd_bus_flush_close_unref(server);
	private_bus_stop(&daemon_);
	serve_case_free(&c);
	return 0;
}

/* dbus-send as a user with one group; its exit code. */
static int send_as(uid_t uid, gid_t gid, const char *path, const char *member)
{
	const char *const argv[] = {"/usr/bin/dbus-send",
				    "--system",
				    "--print-reply",
				    "--dest=io.colod.Agent1",
				    path,
				    member,
				    NULL};

	return private_bus_run(server, argv, uid, gid, out, err, sizeof(out));
}

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("other users can only be played by root\n");
		skip();
	}
}

TEST(only_root_may_own_the_name)
{
	int r = bus_new(server, &ops, &bus);

	assert_int_equal(r, geteuid() == 0 ? 0 : -EACCES);
}

TEST(root_may_read_and_reload)
{
	need_root();
	assert_int_equal(bus_new(server, &ops, &bus), 0);
	assert_int_equal(send_as(0, 0, "/io/colod/Agent1", "io.colod.Agent1.Manager.ListPods"), 0);
	assert_non_null(strstr(out, "default/web-1"));
	assert_int_equal(send_as(0, 0, "/io/colod/Agent1", "io.colod.Agent1.Manager.Reload"), 0);
	assert_int_equal(reloads, 1);
}

TEST(the_group_may_read_everything_and_change_what_polkit_allows)
{
	static const char *const members[] = {
		"io.colod.Agent1.Manager.ListPods",
		"io.colod.Agent1.Manager.GetPlan",
		"io.colod.Agent1.Manager.GetScore",
		"org.freedesktop.DBus.Introspectable.Introspect",
		"org.freedesktop.DBus.ObjectManager.GetManagedObjects",
	};

	static const char *const denied[] = {
		"io.colod.Agent1.Manager.Reload",
		"io.colod.Agent1.Manager.SetMode",
		"io.colod.Agent1.Manager.Pause",
		"io.colod.Agent1.Manager.Resume",
	};
	/* These find none, before anybody is asked. */
	static const bool with_argument[] = {false, true, true, false};

	static const char *const with_arguments[] = {
		"io.colod.Agent1.Manager.PolicyWhy",
		"io.colod.Agent1.Manager.PlanPolicy",
	};

	need_root();
	assert_int_equal(bus_new(server, &ops, &bus), 0);
	/* They reach the handler, which takes no call without an argument. */
	for (size_t i = 0; i < 2; i++) {
		(void)send_as(NOBODY, NOBODY, "/io/colod/Agent1", with_arguments[i]);
		assert_non_null(strstr(err, "InvalidArgs"));
		assert_null(strstr(err, "AccessDenied"));
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		assert_int_equal(send_as(NOBODY, NOBODY, "/io/colod/Agent1", members[i]), 0);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		assert_int_not_equal(send_as(NOBODY, NOBODY, "/io/colod/Agent1", denied[i]), 0);
		/* Told by the handler; there is no polkit here. */
		assert_non_null(strstr(err, with_argument[i] ? "InvalidArgs" : "NotAllowed"));
	}
	assert_int_equal(reloads, 0);
}

TEST(anybody_else_may_not_even_read)
{
	static const char *const members[] = {
		"io.colod.Agent1.Manager.ListPods",
		"io.colod.Agent1.Manager.Dump",
		"io.colod.Agent1.Manager.PolicyWhy",
		"io.colod.Agent1.Manager.PlanPolicy",
		"io.colod.Agent1.Manager.Reload",
		"org.freedesktop.DBus.Introspectable.Introspect",
		"org.freedesktop.DBus.ObjectManager.GetManagedObjects",
	};

	need_root();
	assert_int_equal(bus_new(server, &ops, &bus), 0);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_int_not_equal(send_as(DAEMON, DAEMON, "/io/colod/Agent1", members[i]), 0);
		assert_non_null(strstr(err, "AccessDenied"));
		assert_null(strstr(out, "web-1"));
	}
	assert_int_equal(reloads, 0);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)error;
	if (strcmp(sd_bus_message_get_member(m), "RungChanged") == 0)
		*(int *)userdata = 1;
	return 0;
}

/* In a child: listens, says so, and once told to looks at what has come. The daemon answers in
 * order, so after its answer every signal sent before is there. */
static void listen_as(uid_t uid, gid_t gid, int ready, int go)
{
	sd_bus *listener = NULL;
	int seen = 0;
	char byte = 'r';

	if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0 ||
	    sd_bus_open_system(&listener) < 0 ||
	    sd_bus_match_signal(listener, NULL, "io.colod.Agent1", NULL, NULL, NULL, on_signal,
				&seen) < 0 ||
	    write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1 ||
	    sd_bus_call_method(listener, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			       "org.freedesktop.DBus", "GetId", NULL, NULL, "") < 0)
		_exit(2);
	while (sd_bus_process(listener, NULL) > 0)
		;
	_exit(seen);
}

/* Whether a user with this group sees a change of rung: 1, 0; 2 where the listener failed. */
static int sees_signals(gid_t gid)
{
	int ready[2], go[2], status = 0;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0)
		listen_as(gid, gid, ready[1], go[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	c.f.ladders.of[RESOURCE_CPU].rung =
		c.f.ladders.of[RESOURCE_CPU].rung == RUNG_CALM ? RUNG_SQUEEZE : RUNG_CALM;
	bus_publish(bus);
	private_bus_settle(server, server);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

TEST(signals_reach_the_group_and_nobody_else)
{
	need_root();
	assert_int_equal(bus_new(server, &ops, &bus), 0);
	assert_int_equal(sees_signals(NOBODY), 1);
	assert_int_equal(sees_signals(DAEMON), 0);
}

#define CONF_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(only_root_may_own_the_name),
		CONF_TEST(root_may_read_and_reload),
		CONF_TEST(the_group_may_read_everything_and_change_what_polkit_allows),
		CONF_TEST(anybody_else_may_not_even_read),
		CONF_TEST(signals_reach_the_group_and_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
