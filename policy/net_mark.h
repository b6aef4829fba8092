// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose bits of a packet's mark are whose. Pure.
#pragma once

#include "colod/net.h"

/* Why a mark cannot be used, whoever else marks packets. */
enum net_mark_fault {
	NET_MARK_FINE,
	NET_MARK_OUTSIDE,  /* the value has bits that the mask has not */
	NET_MARK_NO_VALUE, /* nothing tells a packet of P0 from one without a mark */
	NET_MARK_BITS,	   /* what the value leaves of the mask is not three bits side by side */
};

/* Works out the place of the three bits. ret_mark only with NET_MARK_FINE. */
enum net_mark_fault net_mark_make(uint32_t value, uint32_t mask, struct net_mark *ret_mark);

/* "0x800/0xf00", both in hexadecimal; 0, or -EINVAL and outputs untouched. */
int net_mark_parse(const char *text, uint32_t *ret_value, uint32_t *ret_mask);

/* The bits that one uses by default. */
uint32_t net_mark_bits(enum net_mark_user user);

/* Those that are taken for there without a look: 1 << enum net_mark_user. */
uint32_t net_mark_always(void);

/* The first of `users`, and of those that are always there, with a bit of the mask; NET_USER_NONE: nobody. */
enum net_mark_user net_mark_clash(uint32_t mask, uint32_t users);
