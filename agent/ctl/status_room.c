// SPDX-License-Identifier: LGPL-2.1-or-later
// See status_room.h.
#include "agent/ctl/status_room.h"

#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"

#define WHERE_SIZE 448

/* ", on NUMA node 0, to which default/db is bound"; empty where it is the machine's. */
static void where_text(const cJSON *room, char buf[static WHERE_SIZE])
{
	const char *list = doc_text(room, "numa_nodes", "");
	char nodes[DOC_NODES_SIZE];

	buf[0] = '\0';
	if (*list)
		(void)snprintf(buf, WHERE_SIZE, ", on %s, to which %s is bound",
			       doc_nodes(list, nodes),
			       doc_text(room, "bound_pod", "an online pod"));
}

bool status_room_text(const cJSON *room, char buf[static STATUS_ROOM_TEXT], bool *ret_crossed)
{
	uint64_t available = 0, limit = 0, fall = 0, empty_us = 0;
	char a[DOC_TEXT_SIZE], b[DOC_TEXT_SIZE], falls[96] = "", where[WHERE_SIZE];
	bool crossed;

	if (doc_u64(room, "available_bytes", &available) < 0 ||
	    doc_u64(room, "line_bytes", &limit) < 0)
		return false;
	crossed = available <= limit;
	if (doc_u64(room, "fall_bytes_per_s", &fall) == 0 && fall > 0)
		(void)snprintf(falls, sizeof(falls), "; it falls by %s a second",
			       doc_bytes(fall, a));
	if (!crossed && doc_u64(room, "time_to_empty_us", &empty_us) == 0)
		(void)snprintf(falls + strlen(falls), sizeof(falls) - strlen(falls),
			       " and would be gone in %s", doc_duration(empty_us, a));
	where_text(room, where);
	(void)snprintf(buf, STATUS_ROOM_TEXT, "%s %s the line of %s, below which %s acts%s%s",
		       doc_bytes(crossed ? limit - available : available - limit, a),
		       crossed ? "below" : "above", doc_bytes(limit, b),
		       *where ? "the kernel" : "the kubelet or the kernel", where, falls);
	*ret_crossed = crossed;
	return true;
}
