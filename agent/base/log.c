// SPDX-License-Identifier: LGPL-2.1-or-later
// See log.h. Allocates nothing, so that "no memory" can be said too. What is logged holds names that
// strangers chose (pods, files): nothing in them may forge a line or reach a terminal as a command.
#include "agent/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/journal.h"
#include "agent/base/log_limit.h"
#include "agent/base/utf8.h"

#define MESSAGE_SIZE 2048
/* Every line of a message may need a prefix. */
#define OUTPUT_SIZE (2 * MESSAGE_SIZE)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_limit limit;
static int max_level = LOG_INFO;
static bool with_prefix;

void log_open(int level)
{
	max_level = level;
	/* The journal's stream is a socket, never a terminal. */
	with_prefix = !isatty(STDERR_FILENO);
}

/* Valid UTF-8 without controls; only "\n" stays, which print_lines() makes harmless. */
static void scrub(char *text)
{
	size_t len = strlen(utf8_scrub(text));

	for (size_t i = 0; i < len;) {
		uint32_t point = 0;
		size_t n = utf8_decode(text + i, len - i, &point);

		if (n == 0)
			n = 1;
		if (point != '\n' && utf8_unsafe(point))
			memset(text + i, '?', n);
		i += n;
	}
}

static void append(char *out, size_t *len, const char *text, size_t n)
{
	size_t room = OUTPUT_SIZE - 1 - *len;

	if (n > room)
		n = room;
	memcpy(out + *len, text, n);
	*len += n;
}

/* A journal that is stuck (it is a process like any other when memory is short) must not stop the
 * agent: what its socket does not take at once is lost, and counted with the suppressed lines. */
static void put(const char *out, size_t len)
{
	static bool torn; /* the rest of a line that was cut would be glued to this one */
	ssize_t n = -1;

	(void)pthread_mutex_lock(&lock);
	if (torn)
		torn = send(STDERR_FILENO, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1;
	if (!torn)
		n = send(STDERR_FILENO, out, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno == ENOTSOCK)
		n = write(STDERR_FILENO, out, len);
	else if (n >= 0)
		torn = n != (ssize_t)len;
	limit.suppressed += n != (ssize_t)len;
	(void)pthread_mutex_unlock(&lock);
}

/* The journal knows one level per line, so each line of a message gets it; all but the first are
 * indented, so that no line break inside a name can pass for a message of its own. */
static void print_lines(int level, const char *text)
{
	char out[OUTPUT_SIZE], prefix[16];
	size_t len = 0;

	snprintf(prefix, sizeof(prefix), "<%d>", level);
	for (bool first = true; *text || first; first = false) {
		size_t n = strcspn(text, "\n");

		if (with_prefix)
			append(out, &len, prefix, strlen(prefix));
		if (!first)
			append(out, &len, "  ", 2);
		append(out, &len, text, n);
		append(out, &len, "\n", 1);
		text += n + (text[n] == '\n');
	}
	put(out, len);
}

/* Whether the message may be printed, with what to say about those that were not. */
static bool pass_limit(const char *site, uint32_t *ret_suppressed)
{
	bool pass;

	(void)pthread_mutex_lock(&lock);
	pass = log_limit_pass(&limit, site, clock_now_us(), ret_suppressed);
	(void)pthread_mutex_unlock(&lock);
	return pass;
}

static void add_suppressed(char *text, size_t size, uint32_t suppressed)
{
	size_t len = strlen(text);

	if (suppressed > 0)
		snprintf(text + len, size - len, " (%u more like this were not shown)", suppressed);
}

void log_at(int level, const char *site, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	uint32_t suppressed = 0;
	va_list args;

	if (level > max_level || !pass_limit(site, &suppressed))
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	scrub(text);
	add_suppressed(text, sizeof(text), suppressed);
	print_lines(level, text);
}

void log_to_journal(void)
{
	(void)pthread_mutex_lock(&lock);
	(void)journal_open();
	(void)pthread_mutex_unlock(&lock);
}

void log_fields(int level, const char *site, const struct journal_field *fields, size_t n,
		const char *message)
{
	char text[MESSAGE_SIZE], priority[2] = {(char)('0' + (level & 7)), '\0'};
	struct journal_field all[LOG_FIELDS_MAX + 3] = {
		{"MESSAGE", text},
		{"PRIORITY", priority},
		{"SYSLOG_IDENTIFIER", "colod"},
	};
	uint32_t suppressed = 0;
	bool sent;

	if (level > max_level || !pass_limit(site, &suppressed))
		return;
	snprintf(text, sizeof(text), "%s", message);
	scrub(text);
	add_suppressed(text, sizeof(text), suppressed);
	for (size_t i = 0; i < n && i < LOG_FIELDS_MAX; i++)
		all[3 + i] = fields[i];
	(void)pthread_mutex_lock(&lock);
	sent = journal_send(all, 3 + (n < LOG_FIELDS_MAX ? n : LOG_FIELDS_MAX));
	(void)pthread_mutex_unlock(&lock);
	if (!sent)
		print_lines(level, text);
}

unsigned long log_suppressed(void)
{
	unsigned long n;

	(void)pthread_mutex_lock(&lock);
	n = (unsigned long)limit.suppressed;
	(void)pthread_mutex_unlock(&lock);
	return n;
}
