// SPDX-License-Identifier: LGPL-2.1-or-later
// See checksum.h. A bit at a time: a few lines a second are not worth a table.
#include "agent/base/checksum.h"

uint32_t checksum_crc32(const char *text, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}
