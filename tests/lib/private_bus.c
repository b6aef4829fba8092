// SPDX-License-Identifier: LGPL-2.1-or-later
// See private_bus.h.
#include "tests/lib/private_bus.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/fs.h"

/* Slow machines and sanitizers: this ends a test that hangs, it measures nothing. */
#define PATIENCE_US 60000000

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What Debian's system.conf says, but for who may do what. The socket is an abstract one: other users
 * have to reach it, whatever the permissions of the temporary folder. */
static const char config_head[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig>\n"
	"  <type>system</type>\n"
	"  <auth>EXTERNAL</auth>\n"
	"  <listen>unix:abstract=%s/bus</listen>\n"
	"  <policy context=\"default\">\n"
	"    <allow user=\"*\"/>\n";
static const char config_strict[] =
	"    <deny own=\"*\"/>\n"
	"    <deny send_type=\"method_call\"/>\n"
	"    <allow send_type=\"signal\"/>\n"
	"    <allow send_requested_reply=\"true\" send_type=\"method_return\"/>\n"
	"    <allow send_requested_reply=\"true\" send_type=\"error\"/>\n"
	"    <allow receive_type=\"method_call\"/>\n"
	"    <allow receive_type=\"method_return\"/>\n"
	"    <allow receive_type=\"error\"/>\n"
	"    <allow receive_type=\"signal\"/>\n"
	"    <allow send_destination=\"org.freedesktop.DBus\"\n"
	"           send_interface=\"org.freedesktop.DBus\"/>\n"
	"  </policy>\n"
	"  <include>%s/policy.conf</include>\n";
static const char config_open[] = "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
				  "    <allow eavesdrop=\"true\"/>\n    <allow own=\"*\"/>\n"
				  "  </policy>\n";

static int write_file(const char *dir, const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	(void)fwrite(text, 1, len, f);
	return fclose(f) == 0 ? 0 : -errno;
}

static int write_config(const struct private_bus *bus, bool strict)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), config_head, bus->dir);

	if (strict)
		n += snprintf(text + n, sizeof(text) - (size_t)n, config_strict, bus->dir);
	else
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s", config_open);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "</busconfig>\n");
	return write_file(bus->dir, "bus.conf", text, (size_t)n);
}

/* The committed file, with one text in it replaced: a group that exists on this machine. */
static int copy_policy(const struct private_bus *bus, const char *include, const char *replace)
{
	const char *to = replace ? strchr(replace, '|') : NULL;
	size_t from_len = to ? (size_t)(to - replace) : 0, size = 0;
	char *text = NULL, *out = NULL;
	FILE *f;
	int r = fs_read_alloc(AT_FDCWD, include, 65536, &text, NULL);

	if (r < 0)
		return r;
	f = open_memstream(&out, &size);
	for (const char *p = text; f && *p;) {
		if (to && strncmp(p, replace, from_len) == 0) {
			(void)fputs(to + 1, f);
			p += from_len;
		} else {
			(void)fputc(*p++, f);
		}
	}
	r = f && fclose(f) == 0 ? write_file(bus->dir, "policy.conf", out, size) : -ENOMEM;
	free(out);
	free(text);
	return r;
}

static void exec_daemon(const struct private_bus *bus, int out)
{
	char config[128], print[32];

	/* Whatever happens to the test, its daemon does not stay. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(config, sizeof(config), "--config-file=%s/bus.conf", bus->dir);
	(void)snprintf(print, sizeof(print), "--print-address=%d", out);
	(void)execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--nosyslog", config,
		     print, NULL);
	_exit(127);
}

static int read_address(struct private_bus *bus, int fd)
{
	size_t len = 0;

	while (len < sizeof(bus->address) - 1 && !memchr(bus->address, '\n', len)) {
		ssize_t n = read(fd, bus->address + len, sizeof(bus->address) - 1 - len);

		if (n <= 0)
			return -EPIPE;
		len += (size_t)n;
	}
	bus->address[strcspn(bus->address, "\n")] = '\0';
	return setenv("DBUS_SYSTEM_BUS_ADDRESS", bus->address, 1) == 0 ? 0 : -errno;
}

int private_bus_start(struct private_bus *bus, const char *include, const char *replace)
{
	const char *tmp = getenv("TMPDIR");
	int fds[2], r;

	*bus = (struct private_bus){.pid = -1};
	if (!tmp || strlen(tmp) > 40)
		tmp = "/tmp";
	(void)snprintf(bus->dir, sizeof(bus->dir), "%s/colod-bus-XXXXXX", tmp);
	if (!mkdtemp(bus->dir))
		return -errno;
	r = write_config(bus, include != NULL);
	if (r >= 0 && include)
		r = copy_policy(bus, include, replace);
	if (r < 0)
		return r;
	if (pipe(fds) < 0)
		return -errno;
	bus->pid = fork();
	if (bus->pid == 0)
		exec_daemon(bus, fds[1]);
	(void)close(fds[1]);
	r = bus->pid < 0 ? -EAGAIN : read_address(bus, fds[0]);
	(void)close(fds[0]);
	if (r < 0)
		private_bus_stop(bus);
	return r;
}

void private_bus_stop(struct private_bus *bus)
{
	static const char *const files[] = {"bus.conf", "policy.conf"};
	char path[128];

	if (bus->pid > 0) {
		(void)kill(bus->pid, SIGKILL);
		(void)waitpid(bus->pid, NULL, 0);
	}
	bus->pid = -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", bus->dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(bus->dir);
	(void)unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

int private_bus_connect(struct private_bus *bus, sd_bus **ret_connection)
{
	(void)bus;
	/* The way that colod and coloctl open it. */
	return sd_bus_open_system(ret_connection);
}

static int drain(sd_bus *bus)
{
	int r, n = 0;

	while ((r = sd_bus_process(bus, NULL)) > 0)
		n++;
	return r < 0 ? r : n;
}

struct answer {
	sd_bus_message *reply;
};

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct answer *answer = userdata;

	(void)error;
	answer->reply = sd_bus_message_ref(reply);
	return 0;
}

static int wait_both(sd_bus *a, sd_bus *b)
{
	struct pollfd fds[2] = {
		{.fd = sd_bus_get_fd(a), .events = (short)sd_bus_get_events(a)},
		{.fd = sd_bus_get_fd(b), .events = (short)sd_bus_get_events(b)},
	};

	return poll(fds, 2, 1000);
}

int private_bus_call(sd_bus *client, sd_bus *server, sd_bus_message *call,
		     sd_bus_message **ret_reply)
{
	int64_t end_us = now_us() + PATIENCE_US;
	struct answer answer = {NULL};
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_async(client, &slot, call, on_answer, &answer, 0);

	while (r >= 0 && !answer.reply) {
		int served = drain(server), got = drain(client);

		if (served < 0 || got < 0)
			r = served < 0 ? served : got;
		else if (now_us() > end_us)
			r = -ETIMEDOUT;
		else if (served == 0 && got == 0)
			(void)wait_both(client, server);
	}
	(void)sd_bus_slot_unref(slot);
	if (r < 0 && !answer.reply)
		return r;
	*ret_reply = answer.reply;
	return 0;
}

/* Asks the daemon something on each connection: it answers in order, so whatever was under way to
 * either of them has arrived when the answer has. */
void private_bus_settle(sd_bus *a, sd_bus *b)
{
	sd_bus *both[] = {a, b, a, b};

	for (size_t i = 0; i < 4; i++) {
		sd_bus_message *call = NULL, *reply = NULL;

		(void)drain(a);
		(void)drain(b);
		if (sd_bus_message_new_method_call(both[i], &call, "org.freedesktop.DBus",
						   "/org/freedesktop/DBus", "org.freedesktop.DBus",
						   "GetId") >= 0 &&
		    private_bus_call(both[i], both[i] == a ? b : a, call, &reply) >= 0)
			(void)sd_bus_message_unref(reply);
		(void)sd_bus_message_unref(call);
	}
}

static void exec_program(const char *const *argv, uid_t uid, gid_t gid, int out, int err)
{
	/* Opened before, because the other user may not even get to the build folder. */
	int program = open(argv[0], O_PATH | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(126);
	if (uid != 0 && (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0))
		_exit(126);
	(void)fexecve(program, (char *const *)argv, environ);
	_exit(127);
}

static void read_back(int fd, char *buf, size_t size)
{
	ssize_t n = pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
}

static int wait_program(sd_bus *server, pid_t pid)
{
	int64_t end_us = now_us() + PATIENCE_US;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_us() > end_us) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
		if (!server)
			(void)usleep(2000);
		else if (drain(server) == 0)
			(void)sd_bus_wait(server, 2000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

int private_bus_run(sd_bus *server, const char *const *argv, uid_t uid, gid_t gid, char *out,
		    char *err, size_t size)
{
	FILE *files[2] = {tmpfile(), tmpfile()};
	pid_t pid;
	int r;

	if (!files[0] || !files[1])
		return -errno;
	pid = fork();
	if (pid == 0)
		exec_program(argv, uid, gid, fileno(files[0]), fileno(files[1]));
	r = pid < 0 ? -errno : wait_program(server, pid);
	read_back(fileno(files[0]), out, size);
	read_back(fileno(files[1]), err, size);
	(void)fclose(files[0]);
	(void)fclose(files[1]);
	return r;
}
