// SPDX-License-Identifier: LGPL-2.1-or-later
// /run/colod/net: as long as something of colod's may be in the network, it is there; without it nobody looks for it.
#pragma once

#include <stdbool.h>

#define NET_FILE "net"

/* Before anything is put into the network. 0 or -errno. */
int net_file_put(int state_fd);

/* All is back. 0 or -errno. */
int net_file_remove(int state_fd);

/* Also where that cannot be told. */
bool net_file_may_be(int state_fd);

/* Of this machine: a recorded tree may have one, too. */
bool net_file_is_here(int state_fd);
