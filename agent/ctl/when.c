// SPDX-License-Identifier: LGPL-2.1-or-later
// See when.h.
#include "agent/ctl/when.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define S_US 1000000

static struct tm local(int64_t at_us)
{
	time_t at = (time_t)(at_us / S_US);
	struct tm tm = {0};

	(void)localtime_r(&at, &tm);
	return tm;
}

int64_t when_midnight(int64_t now_us)
{
	struct tm tm = local(now_us);

	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * S_US;
}

int when_since(const char *text, int64_t now_us, uint64_t *ret_since_us)
{
	static const struct {
		char unit;
		int64_t us;
	} units[] = {{'s', S_US}, {'m', 60LL * S_US}, {'h', 3600LL * S_US}, {'d', 86400LL * S_US}};
	int64_t n = 0;
	const char *p = text;

	if (strcmp(text, "today") == 0) {
		*ret_since_us = (uint64_t)when_midnight(now_us);
		return 0;
	}
	for (; *p >= '0' && *p <= '9' && p - text < 7; p++)
		n = n * 10 + (*p - '0');
	for (size_t i = 0; p > text && i < sizeof(units) / sizeof(units[0]); i++) {
		if (p[0] != units[i].unit || p[1] != '\0')
			continue;
		n *= units[i].us;
		*ret_since_us = n < now_us ? (uint64_t)(now_us - n) : 0;
		return 0;
	}
	return -EINVAL;
}

const char *when_text(int64_t at_us, int64_t now_us, char *buf)
{
	struct tm at = local(at_us), now = local(now_us);
	bool today = at.tm_year == now.tm_year && at.tm_yday == now.tm_yday;

	if ((today ? strftime(buf, WHEN_SIZE, "%H:%M:%S", &at)
		   : strftime(buf, WHEN_SIZE, "%Y-%m-%d %H:%M:%S", &at)) == 0)
		buf[0] = '\0';
	return buf;
}
