// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_mark.h. No choice of four bits is free on every node: Cilium alone uses all but bits 12 to 15, and those
// with IPsec. So what is always refused is what is always there, and the others are where they were seen.
#include "policy/net_mark.h"

#include <errno.h>
#include <string.h>

/* What each uses where nobody configured it otherwise. */
static const uint32_t bits[NET_USER_COUNT] = {
	[NET_USER_KUBE_PROXY] = 0x0000c000, [NET_USER_PORTMAP] = 0x00002000,
	[NET_USER_CALICO] = 0xffff0000,	    [NET_USER_CILIUM] = 0xffffffff,
	[NET_USER_AWS] = 0x00000080,	    [NET_USER_TAILSCALE] = 0x00ff0000,
};

enum net_mark_fault net_mark_make(uint32_t value, uint32_t mask, struct net_mark *ret_mark)
{
	uint32_t levels = mask & ~value;
	int shift;

	if (value & ~mask)
		return NET_MARK_OUTSIDE;
	if (value == 0)
		return NET_MARK_NO_VALUE;
	shift = levels ? __builtin_ctz(levels) : 0;
	if (levels >> shift != (1u << NET_MARK_LEVEL_BITS) - 1)
		return NET_MARK_BITS;
	*ret_mark = (struct net_mark){.mask = mask, .value = value, .shift = (uint32_t)shift};
	return NET_MARK_FINE;
}

/* "0x" and one to eight digits; the character behind them, or NULL. */
static const char *take_hex(const char *at, uint32_t *ret_value)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t value = 0;
	unsigned n = 0;

	if (at[0] != '0' || (at[1] != 'x' && at[1] != 'X'))
		return NULL;
	for (at += 2;; at++, n++) {
		char c = *at >= 'A' && *at <= 'F' ? (char)(*at - 'A' + 'a') : *at;
		const char *digit = c ? strchr(digits, c) : NULL;

		if (!digit)
			break;
		if (n == 8)
			return NULL;
		value = value << 4 | (uint32_t)(digit - digits);
	}
	*ret_value = value;
	return n > 0 ? at : NULL;
}

int net_mark_parse(const char *text, uint32_t *ret_value, uint32_t *ret_mask)
{
	uint32_t value, mask;
	const char *at = take_hex(text, &value);

	if (!at || *at != '/')
		return -EINVAL;
	at = take_hex(at + 1, &mask);
	if (!at || *at)
		return -EINVAL;
	*ret_value = value;
	*ret_mask = mask;
	return 0;
}

uint32_t net_mark_bits(enum net_mark_user user)
{
	return user >= 0 && user < NET_USER_COUNT ? bits[user] : 0;
}

uint32_t net_mark_always(void)
{
	return 1u << NET_USER_KUBE_PROXY | 1u << NET_USER_PORTMAP;
}

enum net_mark_user net_mark_clash(uint32_t mask, uint32_t users)
{
	users |= net_mark_always();
	for (int i = 0; i < NET_USER_COUNT; i++)
		if (users >> i & 1 && bits[i] & mask)
			return (enum net_mark_user)i;
	return NET_USER_NONE;
}
