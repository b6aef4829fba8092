// SPDX-License-Identifier: LGPL-2.1-or-later
// See kept_end.h.
#include "agent/base/kept_end.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/checksum.h"

void kept_end_of(const char *text, size_t len, char ret_end[KEPT_END_LEN + 1])
{
	(void)snprintf(ret_end, KEPT_END_LEN + 1, "end %08" PRIx32 "\n", checksum_crc32(text, len));
}

int kept_end_take(const char *text, size_t *len)
{
	char end[KEPT_END_LEN + 1];

	if (*len < KEPT_END_LEN)
		return -EBADMSG;
	kept_end_of(text, *len - KEPT_END_LEN, end);
	if (memcmp(text + *len - KEPT_END_LEN, end, KEPT_END_LEN) != 0)
		return -EBADMSG;
	*len -= KEPT_END_LEN;
	return 0;
}
