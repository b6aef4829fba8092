// SPDX-License-Identifier: LGPL-2.1-or-later
// CRC-32 (the one of IEEE 802.3): tells a damaged line of a file, not a forged one.
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t checksum_crc32(const char *text, size_t len);
