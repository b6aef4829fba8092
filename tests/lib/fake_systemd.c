// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_systemd.h. All state is in files, because the process that answers is another one.
#include "tests/lib/fake_systemd.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/knob.h"
#include "policy/unit_prop.h"
#include "tests/lib/tree.h"

#define ROOT "/org/freedesktop/systemd1"
#define TEXT 256

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "fake_systemd: %s failed\n", what);
	abort();
}

static void put(struct fake_systemd *f, const char *unit, const char *property, const char *text)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "units/%s/%s", unit, property);
	must(tree_write(f->dir, path, text) == 0, "put");
}

static bool get(struct fake_systemd *f, const char *unit, const char *property, char *text)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "units/%s/%s", unit, property);
	return tree_read(f->dir, path, text, TEXT) == 0;
}

void fake_systemd_set(struct fake_systemd *f, const char *name, const char *property,
		      uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	put(f, name, property, text);
}

uint64_t fake_systemd_get(struct fake_systemd *f, const char *name, const char *property)
{
	char text[TEXT];

	must(get(f, name, property, text), property);
	return strtoull(text, NULL, 10);
}

/* Under an invocation that no unit had before. */
static void start(struct fake_systemd *f, const char *name)
{
	char text[TEXT] = "0";
	uint64_t n;

	(void)tree_read(f->dir, "starts", text, sizeof(text));
	n = strtoull(text, NULL, 10) + 1;
	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	must(tree_write(f->dir, "starts", text) == 0, "start");
	(void)snprintf(text, sizeof(text), "%032" PRIx64, n);
	put(f, name, "InvocationID", text);
}

void fake_systemd_unit(struct fake_systemd *f, const char *name, const char *path)
{
	char group[TEXT];

	(void)snprintf(group, sizeof(group), "/%s", path);
	put(f, name, "ControlGroup", group);
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		bool zero = i == UNIT_PROP_MEMORY_MIN || i == UNIT_PROP_MEMORY_LOW;

		fake_systemd_set(f, name, unit_prop_name((enum unit_prop)i),
				 zero ? 0 : UNIT_PROP_UNSET);
	}
	fake_systemd_set(f, name, "MemoryMax", UNIT_PROP_UNSET);
	fake_systemd_set(f, name, "MemorySwapMax", UNIT_PROP_UNSET);
	start(f, name);
}

void fake_systemd_always(struct fake_systemd *f, const char *name)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "units/%s/InvocationID", name);
	must(tree_delete(f->dir, path) == 0, "always");
}

void fake_systemd_gone(struct fake_systemd *f, const char *name)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "units/%s", name);
	must(tree_delete(f->dir, path) == 0, "gone");
}

void fake_systemd_mood(struct fake_systemd *f, const char *mood)
{
	must(tree_write(f->dir, "mood", mood) == 0, "mood");
}

unsigned fake_systemd_calls(struct fake_systemd *f)
{
	char text[TEXT] = "";

	return tree_read(f->dir, "calls", text, sizeof(text)) == 0 ? (unsigned)strlen(text) : 0;
}

/* --- the process that answers ---------------------------------------------------------------- */

static bool mood_is(struct fake_systemd *f, const char *mood)
{
	char text[TEXT] = "ok";

	(void)tree_read(f->dir, "mood", text, sizeof(text));
	return strcmp(text, mood) == 0;
}

static int append_invocation(sd_bus_message *reply, const char *text)
{
	uint64_t n = htobe64(strtoull(text + 16, NULL, 16));
	uint8_t id[16] = {0};

	memcpy(id + 8, &n, sizeof(n));
	must(sd_bus_message_open_container(reply, 'e', "sv") >= 0, "open");
	must(sd_bus_message_append(reply, "s", "InvocationID") >= 0, "append");
	must(sd_bus_message_open_container(reply, 'v', "ay") >= 0, "open");
	must(sd_bus_message_append_array(reply, 'y', id, sizeof(id)) >= 0, "append");
	must(sd_bus_message_close_container(reply) >= 0, "close");
	return sd_bus_message_close_container(reply);
}

static int append_property(struct fake_systemd *f, sd_bus_message *reply, const char *unit,
			   const char *property)
{
	char text[TEXT];

	must(get(f, unit, property, text), property);
	if (strcmp(property, "ControlGroup") == 0)
		return sd_bus_message_append(reply, "{sv}", property, "s", text);
	if (strcmp(property, "InvocationID") == 0)
		return append_invocation(reply, text);
	return sd_bus_message_append(reply, "{sv}", property, "t",
				     (uint64_t)strtoull(text, NULL, 10));
}

static int answer_all(struct fake_systemd *f, sd_bus_message *m, bool restless)
{
	char path[TREE_PATH_SIZE], *unit = NULL;
	sd_bus_message *reply = NULL;
	struct dirent *entry;
	DIR *dir;
	int r = sd_bus_path_decode(sd_bus_message_get_path(m), ROOT "/unit", &unit);

	if (r <= 0)
		return sd_bus_reply_method_errorf(m, "org.freedesktop.DBus.Error.UnknownObject",
						  "no");
	(void)snprintf(path, sizeof(path), "%s/units/%s", f->dir, unit);
	must(sd_bus_message_new_method_return(m, &reply) >= 0, "reply");
	must(sd_bus_message_open_container(reply, 'a', "{sv}") >= 0, "container");
	/* One of a type that colod has no use for. */
	must(sd_bus_message_append(reply, "{sv}", "IODeviceWeight", "a(st)", 1, "/dev/x",
				   (uint64_t)5) >= 0,
	     "append");
	dir = opendir(path);
	if (!dir)
		must(sd_bus_message_append(reply, "{sv}", "ControlGroup", "s", "") >= 0, "append");
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			must(append_property(f, reply, unit, entry->d_name) >= 0, "append");
	if (dir)
		(void)closedir(dir);
	must(sd_bus_message_close_container(reply) >= 0, "close");
	r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	if (restless)
		start(f, unit);
	free(unit);
	return r < 0 ? r : 1;
}

static void write_dropin(struct fake_systemd *f, const char *unit, int prop, uint64_t value)
{
	char path[TREE_PATH_SIZE], text[TEXT];

	(void)snprintf(path, sizeof(path), "run/systemd/system.control/%s.d/50-%s.conf", unit,
		       unit_prop_setting((enum unit_prop)prop));
	(void)snprintf(text, sizeof(text), "[Slice]\n%s=%" PRIu64 "\n",
		       unit_prop_setting((enum unit_prop)prop), value);
	must(tree_write(f->dir, path, text) == 0, "drop-in");
}

static void write_knob(struct fake_systemd *f, const char *path, enum knob knob,
		       struct knob_value value)
{
	char text[KNOB_TEXT_SIZE];

	(void)knob_format(knob, &value, text, sizeof(text));
	must(tree_knob(f->dir, path, knob_name(knob), text) == 0, "knob");
}

/* Where the file is: BFQ may not be loaded. */
static void write_bfq(struct fake_systemd *f, const char *path, uint64_t io_weight)
{
	char text[KNOB_TEXT_SIZE];
	uint64_t weight = io_weight <= 100 ? io_weight : 100 + (io_weight - 100) * 900 / 9900;

	if (tree_knob_read(f->dir, path, "io.bfq.weight", text, sizeof(text)) == 0)
		write_knob(f, path, KNOB_IO_BFQ_WEIGHT, knob_value_of(weight));
}

/* As systemd: everything of the controller, from its properties. */
static void realize(struct fake_systemd *f, const char *unit, unsigned controllers)
{
	char group[TEXT];
	uint64_t weight, quota, period;

	/* A unit that is gone is loaded again for the call: it has its drop-in, and would get a cgroup. */
	if (!get(f, unit, "ControlGroup", group))
		return;
	if (controllers & CONTROLLER_CPU) {
		weight = fake_systemd_get(f, unit, "CPUWeight");
		quota = fake_systemd_get(f, unit, "CPUQuotaPerSecUSec");
		period = fake_systemd_get(f, unit, "CPUQuotaPeriodUSec");
		period = period == UNIT_PROP_UNSET ? 100000 : period;
		write_knob(f, group + 1, KNOB_CPU_IDLE, knob_value_of(weight == 0));
		write_knob(f, group + 1, KNOB_CPU_WEIGHT,
			   knob_value_of(weight == UNIT_PROP_UNSET ? 100 : weight));
		quota = quota == UNIT_PROP_UNSET ? KNOB_VALUE_MAX : quota * period / 1000000;
		write_knob(f, group + 1, KNOB_CPU_MAX, knob_value_quota(quota, period));
	}
	if (controllers & CONTROLLER_MEMORY) {
		write_knob(f, group + 1, KNOB_MEMORY_MIN,
			   knob_value_of(fake_systemd_get(f, unit, "MemoryMin")));
		write_knob(f, group + 1, KNOB_MEMORY_LOW,
			   knob_value_of(fake_systemd_get(f, unit, "MemoryLow")));
		write_knob(f, group + 1, KNOB_MEMORY_HIGH,
			   knob_value_of(fake_systemd_get(f, unit, "MemoryHigh")));
	}
	if (controllers & CONTROLLER_IO) {
		weight = fake_systemd_get(f, unit, "IOWeight");
		write_knob(f, group + 1, KNOB_IO_WEIGHT,
			   knob_value_of(weight == UNIT_PROP_UNSET ? 100 : weight));
		write_bfq(f, group + 1, weight == UNIT_PROP_UNSET ? 100 : weight);
	}
}

static void count_call(struct fake_systemd *f)
{
	char text[TEXT] = "";

	(void)tree_read(f->dir, "calls", text, sizeof(text));
	must(strlen(text) + 1 < sizeof(text), "count");
	text[strlen(text) + 1] = '\0';
	text[strlen(text)] = 'x';
	must(tree_write(f->dir, "calls", text) == 0, "count");
}

/* The unit of an invocation, which may be over. */
static bool invoked(struct fake_systemd *f, sd_bus_message *m, char unit[TEXT])
{
	char path[TREE_PATH_SIZE], text[TEXT], *id = NULL;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	must(sd_bus_path_decode(sd_bus_message_get_path(m), ROOT "/unit", &id) > 0, "invocation");
	(void)snprintf(path, sizeof(path), "%s/units", f->dir);
	dir = opendir(path);
	must(dir != NULL, "units");
	while (!found && (entry = readdir(dir))) {
		(void)snprintf(unit, TEXT, "%s", entry->d_name);
		found = get(f, unit, "InvocationID", text) && strcmp(text, id) == 0;
	}
	(void)closedir(dir);
	free(id);
	return found;
}

static int set_all(struct fake_systemd *f, sd_bus_message *m, const char *unit)
{
	const char *name;
	char group[TEXT];
	unsigned controllers = 0;
	int runtime;

	must(sd_bus_message_read(m, "b", &runtime) >= 0 && runtime, "read");
	must(sd_bus_message_enter_container(m, 'a', "(sv)") >= 0, "enter");
	while (sd_bus_message_enter_container(m, 'r', "sv") > 0) {
		uint64_t value;
		int prop;

		must(sd_bus_message_read(m, "s", &name) >= 0, "name");
		must(sd_bus_message_read(m, "v", "t", &value) >= 0, "value");
		must(sd_bus_message_exit_container(m) >= 0, "exit");
		prop = unit_prop_from_name(name);
		must(prop >= 0, name);
		if (get(f, unit, "ControlGroup", group))
			fake_systemd_set(f, unit, name, value);
		write_dropin(f, unit, prop, value);
		controllers |= unit_prop_controller((enum unit_prop)prop);
	}
	realize(f, unit, controllers);
	count_call(f);
	return sd_bus_reply_method_return(m, "");
}

static int set_by_name(struct fake_systemd *f, sd_bus_message *m)
{
	const char *unit;

	must(sd_bus_message_read(m, "s", &unit) >= 0, "read");
	return set_all(f, m, unit);
}

static int set_invoked(struct fake_systemd *f, sd_bus_message *m)
{
	char unit[TEXT];

	return invoked(f, m, unit)
		       ? set_all(f, m, unit)
		       : sd_bus_reply_method_errorf(
				 m, "org.freedesktop.systemd1.NoUnitForInvocationID", "no");
}

/* As systemd: a job for a unit that it knows. */
static int stop(struct fake_systemd *f, sd_bus_message *m)
{
	char group[TEXT];
	const char *unit, *mode;

	must(sd_bus_message_read(m, "ss", &unit, &mode) >= 0 && strcmp(mode, "replace") == 0,
	     "read");
	if (!get(f, unit, "ControlGroup", group))
		return sd_bus_reply_method_errorf(m, "org.freedesktop.systemd1.NoSuchUnit", "no");
	fake_systemd_gone(f, unit);
	return sd_bus_reply_method_return(m, "o", "/org/freedesktop/systemd1/job/7");
}

static int on_call(sd_bus_message *m, void *context, sd_bus_error *error)
{
	struct fake_systemd *f = context;
	bool by_name = sd_bus_message_is_method_call(m, "org.freedesktop.systemd1.Manager",
						     "SetUnitProperties");

	(void)error;
	if (mood_is(f, "silent"))
		return 1;
	if (mood_is(f, "refuse"))
		return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "no");
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "GetAll"))
		return answer_all(f, m, mood_is(f, "restless"));
	if (sd_bus_message_is_method_call(m, "org.freedesktop.systemd1.Manager", "StopUnit"))
		return stop(f, m);
	if (!by_name &&
	    !sd_bus_message_is_method_call(m, "org.freedesktop.systemd1.Unit", "SetProperties"))
		return 0;
	while (mood_is(f, "stuck"))
		(void)usleep(1000);
	return by_name ? set_by_name(f, m) : set_invoked(f, m);
}

static void serve(struct fake_systemd *f, int ready)
{
	sd_bus *bus = NULL;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(private_bus_connect(&f->bus, &bus) == 0, "connect");
	must(sd_bus_add_fallback(bus, NULL, ROOT, on_call, f) >= 0, "object");
	must(sd_bus_request_name(bus, "org.freedesktop.systemd1", 0) >= 0, "name");
	must(write(ready, "x", 1) == 1, "ready");
	for (;;) {
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			_exit(0);
	}
}

void fake_systemd_start(struct fake_systemd *f, char *dir)
{
	int pipe_fds[2];
	char byte;

	memset(f, 0, sizeof(*f));
	f->dir = dir;
	must(private_bus_start(&f->bus, NULL, NULL) == 0, "bus");
	must(pipe(pipe_fds) == 0, "pipe");
	f->pid = fork();
	if (f->pid == 0)
		serve(f, pipe_fds[1]);
	must(f->pid > 0 && read(pipe_fds[0], &byte, 1) == 1, "start");
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

void fake_systemd_stop(struct fake_systemd *f)
{
	(void)kill(f->pid, SIGKILL);
	(void)waitpid(f->pid, NULL, 0);
	private_bus_stop(&f->bus);
}
