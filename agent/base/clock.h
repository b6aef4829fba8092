// SPDX-License-Identifier: LGPL-2.1-or-later
// The one place outside the event loop that reads a clock; everything else is handed the time.
#pragma once

#include <stdint.h>
#include <time.h>

/* CLOCK_BOOTTIME in microseconds: goes on during suspend, so that a hold's age is its real age. */
static inline int64_t clock_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* CLOCK_REALTIME in microseconds: what a person's watch says, never to reckon with. */
static inline int64_t clock_wall_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* So much later than now by CLOCK_MONOTONIC, as pthread_cond_timedwait() takes it. */
static inline void clock_in_ms(uint32_t ms, struct timespec *ret)
{
	(void)clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_nsec += (long)(ms % 1000) * 1000000;
	ret->tv_sec += ms / 1000 + ret->tv_nsec / 1000000000;
	ret->tv_nsec %= 1000000000;
}
