// SPDX-License-Identifier: LGPL-2.1-or-later
// See log_limit.h.
#include "agent/base/log_limit.h"

#include <stddef.h>
#include <string.h>

static struct log_limit_site *find_site(struct log_limit *limit, const char *site)
{
	struct log_limit_site *s = limit->sites;

	for (size_t i = 0; i < LOG_LIMIT_SITES; i++) {
		s = &limit->sites[i];
		if (!s->site)
			s->site = site;
		if (s->site == site || strcmp(s->site, site) == 0)
			return s;
	}
	return s;
}

bool log_limit_pass(struct log_limit *limit, const char *site, int64_t now_us,
		    uint32_t *ret_suppressed)
{
	struct log_limit_site *s = find_site(limit, site);

	if (s->lines == 0 || now_us < s->since_us || now_us - s->since_us >= LOG_LIMIT_WINDOW_US) {
		s->since_us = now_us;
		s->lines = 0;
	}
	if (s->lines >= LOG_LIMIT_LINES) {
		s->suppressed++;
		limit->suppressed++;
		return false;
	}
	s->lines++;
	*ret_suppressed = s->suppressed;
	s->suppressed = 0;
	return true;
}
