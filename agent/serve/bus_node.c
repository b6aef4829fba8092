// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_node.h.
#include "agent/serve/bus_node.h"

#include "policy/lend.h"
#include "policy/record_text.h"

static const struct snapshot *snapshot_of(const struct bus *bus)
{
	const struct bus_ops *ops = bus_ops_of(bus);

	return ops->snapshot(ops->context);
}

int bus_node_get_n_pods(sd_bus *sdbus, const char *path, const char *interface,
			const char *property, sd_bus_message *reply, void *userdata,
			sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "u", s->model ? (uint32_t)s->model->n_pods : 0);
}

int bus_node_get_lendable(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	const struct lend_sum *sums = snapshot_of(userdata)->lend;
	int r = sd_bus_message_open_container(reply, 'a', "(sts)");

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	for (int of = 0; sums && of < LEND_OF_COUNT && r >= 0; of++)
		r = sd_bus_message_append(reply, "(sts)", lend_of_name((enum lend_of)of),
					  sums[of].published, lend_state_name(sums[of].state));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

uint64_t bus_node_lendable_hash(const struct snapshot *s)
{
	uint64_t hash = s->lend != NULL;

	for (int of = 0; s->lend && of < LEND_OF_COUNT; of++) {
		hash = record_mix(hash, s->lend[of].published);
		hash = record_mix(hash, (uint64_t)s->lend[of].state);
	}
	return hash;
}
