// SPDX-License-Identifier: LGPL-2.1-or-later
// The only logger. Only agent/ logs, and only above the pure core: library-like functions return
// errors, the stage that knows what it means says it once.
//   debug explains · notice: colod changed something · warning: degraded, and says how
//   err: the operator must act
#pragma once

#include <stddef.h>
#include <syslog.h>

/* To the journal when stderr is connected to it, else to stderr with a <N> level prefix when
 * that is not a terminal. `level` is the most verbose one that is printed. */
void log_open(int level);

/* printf-like; `site` is a short static key ("apply.refused") for rate limiting: at most 20 lines
 * of one site in 10 s, the rest are counted and reported with the next one. */
void log_at(int level, const char *site, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with fields for the journal, where stderr goes to it and log_to_journal() was called; MESSAGE,
 * PRIORITY and SYSLOG_IDENTIFIER are added. At most LOG_FIELDS_MAX. */
#define LOG_FIELDS_MAX 24
struct journal_field;
void log_fields(int level, const char *site, const struct journal_field *fields, size_t n,
		const char *text);

/* For a process that lives on: one that ends at once would be gone before the journal could see which
 * unit it was of. */
void log_to_journal(void);

#define log_debug(site, ...) log_at(LOG_DEBUG, site, __VA_ARGS__)
#define log_info(site, ...) log_at(LOG_INFO, site, __VA_ARGS__)
#define log_notice(site, ...) log_at(LOG_NOTICE, site, __VA_ARGS__)
#define log_warning(site, ...) log_at(LOG_WARNING, site, __VA_ARGS__)
#define log_err(site, ...) log_at(LOG_ERR, site, __VA_ARGS__)

/* Lines that rate limiting swallowed since start. */
unsigned long log_suppressed(void);
