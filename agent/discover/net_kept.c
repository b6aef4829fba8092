// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_kept.h.
#include "agent/discover/net_kept.h"

#include <string.h>

static const struct net_kept_link *find(const struct net_kept *kept, int32_t ifindex)
{
	for (uint32_t i = 0; i < kept->n; i++)
		if (kept->links[i].ifindex == ifindex)
			return &kept->links[i];
	return NULL;
}

bool net_kept_is(const struct net_kept *kept, int32_t ifindex, int64_t now_us)
{
	const struct net_kept_link *link = find(kept, ifindex);

	return link && now_us - link->at_us < NET_KEPT_US;
}

void net_kept_routes(const struct net_kept *kept, struct net_routes *routes, int64_t now_us)
{
	for (uint32_t i = 0; i < kept->n; i++)
		if (net_kept_is(kept, kept->links[i].ifindex, now_us))
			net_routes_add(routes, kept->links[i].ifindex);
}

void net_kept_note(struct net_kept *kept, const struct net_devices *devices,
		   const struct net_routes *routes, int64_t now_us)
{
	const struct net_kept before = *kept;

	kept->n = 0;
	for (size_t i = 0; i < devices->n && kept->n < 2 * NET_LINKS; i++) {
		const struct net_device *d = &devices->list[i];
		const struct net_kept_link *was = find(&before, d->ifindex);

		if (!d->root_ours)
			continue;
		kept->links[kept->n++] = (struct net_kept_link){
			.ifindex = d->ifindex,
			.at_us = was && !net_routes_has(routes, d->ifindex) ? was->at_us : now_us};
	}
}

uint64_t net_kept_speed(struct net_kept *kept, const struct net_device *device,
			uint64_t bytes_per_s, int64_t now_us)
{
	struct net_kept_speed *oldest = &kept->speeds[0], *speed = NULL;

	for (uint32_t i = 0; i < NET_LINKS; i++) {
		struct net_kept_speed *s = &kept->speeds[i];

		if (s->ifindex == device->ifindex && strcmp(s->name, device->name) == 0)
			speed = s;
		if (s->at_us < oldest->at_us)
			oldest = s;
	}
	if (bytes_per_s > 0) {
		speed = speed ? speed : oldest;
		*speed = (struct net_kept_speed){
			.ifindex = device->ifindex, .bytes_per_s = bytes_per_s, .at_us = now_us};
		memcpy(speed->name, device->name, sizeof(speed->name));
		return bytes_per_s;
	}
	if (!speed)
		return 0;
	if (now_us - speed->at_us >= NET_KEPT_US && device->carrier)
		*speed = (struct net_kept_speed){0};
	else if (!device->carrier)
		speed->at_us = now_us;
	return speed->bytes_per_s;
}
