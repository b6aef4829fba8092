// SPDX-License-Identifier: LGPL-2.1-or-later
// The ceilings of all offline work on all links made as wide as the links, in place; classes and marks stay, and so does what the policy
// bounds a level to (`net.ceiling`), which is no hold. For when nobody looks after them. Waits for the kernel.
#pragma once

#include "agent/base/netlink.h"

/* How many the kernel kept, or -errno. */
int net_widen(struct netlink *nl);
