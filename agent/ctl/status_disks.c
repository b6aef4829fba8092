// SPDX-License-Identifier: LGPL-2.1-or-later
// See status_disks.h.
#include "agent/ctl/status_disks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"

bool status_disks_text(const cJSON *disk, const char *direction, char *buf, size_t size)
{
	const cJSON *bound = doc_get(disk, direction);
	char bytes[DOC_TEXT_SIZE], part[DOC_TEXT_SIZE];

	if (!cJSON_IsObject(bound))
		return false;
	(void)snprintf(buf, size, "offline work may %s %s of what %s does", direction,
		       doc_percent(doc_count(bound, "permille"), part),
		       doc_text(disk, "name", doc_text(disk, "number", "?")));
	if (doc_has(bound, "bytes_per_s"))
		(void)snprintf(buf + strlen(buf), size - strlen(buf), ", %s a second",
			       doc_bytes(doc_count(bound, "bytes_per_s"), bytes));
	if (doc_has(bound, "requests_per_s"))
		(void)snprintf(buf + strlen(buf), size - strlen(buf),
			       ", %" PRIu64 " requests a second",
			       doc_count(bound, "requests_per_s"));
	return true;
}
