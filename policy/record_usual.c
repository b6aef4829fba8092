// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_usual.h.
#include "policy/record_usual.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PERMILLE 1000u

void record_usual_put(struct record_buf *buf, struct pod_usual *said, uint32_t slot,
		      const struct pod_usual *usual)
{
	if (memcmp(said, usual, sizeof(*said)) == 0)
		return;
	*said = *usual;
	record_put(buf, "usual %" PRIu32, slot);
	for (int r = 0; r < RESOURCE_COUNT; r++)
		record_put(buf, " %u %u", usual->median_permille[r], usual->sigma_permille[r]);
	record_put_bytes(buf, "\n", 1);
}

static int get_permille(struct record_line *line, uint16_t *ret_permille)
{
	struct record_line word;
	uint64_t value = 0;

	if (!record_next(line, &word) || record_get_u64(&word, PERMILLE, &value) < 0)
		return -EBADMSG;
	*ret_permille = (uint16_t)value;
	return 0;
}

int record_usual_get(struct record_line *line, struct pod_usual *ret_usual)
{
	struct pod_usual usual = {0};

	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (get_permille(line, &usual.median_permille[r]) < 0 ||
		    get_permille(line, &usual.sigma_permille[r]) < 0)
			return -EBADMSG;
	if (line->len > 0)
		return -EBADMSG;
	*ret_usual = usual;
	return 0;
}
