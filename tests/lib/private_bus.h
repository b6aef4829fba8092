// SPDX-License-Identifier: LGPL-2.1-or-later
// A real bus daemon of the test's own, with the rules of a system bus, and calls that are served
// in the same thread: a reply that does not come within seconds is an error, never a hang.
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

struct private_bus {
	char dir[64];
	char address[256]; /* also in DBUS_SYSTEM_BUS_ADDRESS while it runs */
	pid_t pid;
};

/* Starts dbus-daemon. `include`: a policy file for it, or NULL: everybody may do everything.
 * `replace` (may be NULL): "from|to", done to the text of that file. 0 or -errno. */
int private_bus_start(struct private_bus *bus, const char *include, const char *replace);
void private_bus_stop(struct private_bus *bus);

/* A connection of its own. 0 or -errno. */
int private_bus_connect(struct private_bus *bus, sd_bus **ret_connection);

/* Serves both connections until nothing is left to do on either: what one sent has reached the
 * other through the daemon. */
void private_bus_settle(sd_bus *a, sd_bus *b);

/* Calls from `client` what `server` serves. The reply (the caller unrefs it) may be an error
 * reply. 0, or -errno when none came. */
int private_bus_call(sd_bus *client, sd_bus *server, sd_bus_message *call,
		     sd_bus_message **ret_reply);

/* Runs a program while `server` serves (NULL: nobody does); its output (at most size - 1 bytes of each)
 * goes to out and err. Returns its exit code or -errno. `uid` 0: as the caller, else as this user
 * without any group but `gid`. */
int private_bus_run(sd_bus *server, const char *const *argv, uid_t uid, gid_t gid, char *out,
		    char *err, size_t size);
