// SPDX-License-Identifier: LGPL-2.1-or-later
// /run/colod/lock: whoever holds it is the only one that writes knobs. An agent holds it as long as it
// lives; a restore, or a guard that ends holds, for the moment that takes.
#pragma once

/* Takes the lock; *ret_fd keeps it until it is closed. Waits up to wait_ms for another holder, so
 * that a start right behind a restore is not refused. 0, -EBUSY, or -errno. */
int lock_take(int state_fd, int wait_ms, int *ret_fd);
