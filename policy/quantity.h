// SPDX-License-Identifier: LGPL-2.1-or-later
// Quantities as people and Kubernetes write them, to exact integers. No floats; overflow is
// -ERANGE, anything else that is not a quantity -EINVAL; outputs untouched on failure.
#pragma once

#include <stdint.h>

/* Kubernetes CPU quantity to milli-CPU, rounded up: "1", "500m", "0.1", "1e3", "100u", "2k". */
int quantity_cpu_milli(const char *text, uint64_t *ret_milli);

/* Kubernetes memory quantity to bytes, rounded up: "1", "1Gi", "1500M", "1e3", "0.5Gi", "100m". */
int quantity_bytes(const char *text, uint64_t *ret_bytes);

/* "65%" or "2.5%" to permille, at most one decimal. */
int quantity_permille(const char *text, uint32_t *ret_permille);

/* "200us", "100ms", "10s", "5m", "1h" to microseconds; a bare number is refused. */
int quantity_duration_us(const char *text, uint64_t *ret_us);

/* "20MB/s", "256MiB/s", "1500B/s", "100Mbit/s", "1Gbit/s" to bytes a second, rounded up; a whole
 * number (a fraction is refused), the unit is never left out. */
int quantity_rate(const char *text, uint64_t *ret_bytes_per_s);
