// SPDX-License-Identifier: LGPL-2.1-or-later
// bus_introspect() of bus.h: asks sd-bus itself, over a socket pair and without a bus daemon, so that
// what is printed is what a caller of Introspect gets. Only colod's own interfaces are printed: the
// standard ones belong to libsystemd and differ between its versions.
#include "agent/serve/bus.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/base/cleanup.h"
#include "agent/serve/bus_text.h"

/* A round serves one message on each side; the handshake and one call take a few. */
#define ROUNDS_MAX 100
#define WAIT_US 1000000

struct pair {
	sd_bus *server;
	sd_bus *client;
	sd_bus_slot *slots[2];
	char *xml; /* of the last answer; owned */
};

static void pair_done(struct pair *pair)
{
	(void)sd_bus_slot_unref(pair->slots[0]);
	(void)sd_bus_slot_unref(pair->slots[1]);
	(void)sd_bus_close_unref(pair->client);
	(void)sd_bus_close_unref(pair->server);
	free(pair->xml);
}

static int start_end(int fd, bool server, sd_bus **ret_bus)
{
	_cleanup_close_ int mine = fd;
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_fd(bus, mine, mine);
	if (r >= 0)
		(void)TAKE_FD(mine);
	if (r >= 0 && server)
		r = sd_bus_set_server(bus, 1, (sd_id128_t){.qwords = {1, 1}});
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		(void)sd_bus_close_unref(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

static int pair_start(struct pair *pair)
{
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	r = start_end(fds[0], true, &pair->server);
	if (r < 0) {
		(void)close(fds[1]);
		return r;
	}
	r = start_end(fds[1], false, &pair->client);
	if (r < 0)
		return r;
	r = sd_bus_add_object_vtable(pair->server, &pair->slots[0], "/manager",
				     BUS_MANAGER_INTERFACE, bus_manager_vtable, pair);
	if (r < 0)
		return r;
	return sd_bus_add_object_vtable(pair->server, &pair->slots[1], "/pod", BUS_POD_INTERFACE,
					bus_pod_vtable, pair);
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct pair *pair = userdata;
	const char *xml;

	(void)error;
	if (sd_bus_message_is_method_error(answer, NULL))
		return -sd_bus_message_get_errno(answer);
	if (sd_bus_message_read(answer, "s", &xml) >= 0)
		pair->xml = strdup(xml);
	return 0;
}

static int ask(struct pair *pair, const char *path)
{
	int r = sd_bus_call_method_async(pair->client, NULL, NULL, path,
					 "org.freedesktop.DBus.Introspectable", "Introspect",
					 on_answer, pair, "");

	free(TAKE_PTR(pair->xml));
	for (int i = 0; i < ROUNDS_MAX && r >= 0 && !pair->xml; i++) {
		int served = sd_bus_process(pair->server, NULL);

		r = served < 0 ? served : sd_bus_process(pair->client, NULL);
		if (r == 0 && served == 0 && !pair->xml)
			r = sd_bus_wait(pair->client, WAIT_US);
	}
	if (r < 0)
		return r;
	return pair->xml ? 0 : -ETIMEDOUT;
}

/* From <interface name="NAME"> to its end, with the indentation that sd-bus gives. */
static int print_interface(FILE *out, const char *xml, const char *name)
{
	static const char end[] = "</interface>";
	char start[128];
	const char *first, *last;

	(void)snprintf(start, sizeof(start), "<interface name=\"%s\">", name);
	first = strstr(xml, start);
	last = first ? strstr(first, end) : NULL;
	if (!last)
		return -ENODATA;
	return fprintf(out, " %.*s%s\n", (int)(last - first), first, end) < 0 ? -EIO : 0;
}

int bus_introspect(FILE *out)
{
	_cleanup_(pair_done) struct pair pair = {0};
	int r = pair_start(&pair);

	if (r < 0)
		return r;
	if (fprintf(out,
		    "<!-- %s: the manager at %s, one pod object below it for each pod. -->\n"
		    "<node>\n",
		    BUS_NAME, BUS_PATH) < 0)
		return -EIO;
	r = ask(&pair, "/manager");
	if (r >= 0)
		r = print_interface(out, pair.xml, BUS_MANAGER_INTERFACE);
	if (r >= 0)
		r = ask(&pair, "/pod");
	if (r >= 0)
		r = print_interface(out, pair.xml, BUS_POD_INTERFACE);
	if (r < 0)
		return r;
	return fprintf(out, "</node>\n") < 0 || fflush(out) != 0 ? -EIO : 0;
}
