// SPDX-License-Identifier: LGPL-2.1-or-later
// The only logger. Only agent/ logs, and only above the pure core: library-like functions return
// errors, the stage that knows what it means says it once.
//   debug explains · notice: colod changed something · warning: degraded, and says how
//   err: the operator must act
#pragma once

#include <syslog.h>

/* To the journal when stderr is connected to it, else to stderr with a <N> level prefix when
 * that is not a terminal. `level` is the most verbose one that is printed. */
void log_open(int level);

/* printf-like; `site` is a short static key ("apply.refused") for rate limiting: at most 20 lines
 * of one site in 10 s, the rest are counted and reported with the next one. */
void log_at(int level, const char *site, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(site, ...) log_at(LOG_DEBUG, site, __VA_ARGS__)
#define log_info(site, ...) log_at(LOG_INFO, site, __VA_ARGS__)
#define log_notice(site, ...) log_at(LOG_NOTICE, site, __VA_ARGS__)
#define log_warning(site, ...) log_at(LOG_WARNING, site, __VA_ARGS__)
#define log_err(site, ...) log_at(LOG_ERR, site, __VA_ARGS__)

/* Lines that rate limiting swallowed since start. */
unsigned long log_suppressed(void);
