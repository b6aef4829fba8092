// SPDX-License-Identifier: LGPL-2.1-or-later
// The network given back, without the agent's thread: at a stop, by `colod restore` and by the guard. Where /run/colod/net (apply/net_file.h) is not there,
// nothing is looked at. Waits for the kernel.
#pragma once

/* Ends the holds (net_widen.h). How many ceilings the kernel kept, or -errno: who calls says so. */
int net_back_holds(int state_fd);

/* What the former said: an error, unless it is 0. */
void net_back_say(int result);

/* All of ours is removed. How much of it the kernel kept, or -errno. */
int net_back_all(int root_fd, int cgroup_fd, int state_fd);
