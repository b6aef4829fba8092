// SPDX-License-Identifier: LGPL-2.1-or-later
// See kernel_text.h. Numbers are read by hand: strtoull() takes signs and blanks and needs errno
// and the locale. Every function works out its whole result before it touches an output.
#include "policy/kernel_text.h"

#include <errno.h>
#include <string.h>

#include "policy/kernel_text_line.h"

#define US_PER_S 1000000
#define US_PER_MS 1000
#define BITS_PER_WORD 64

/* The columns of the "cpu" line of /proc/stat. */
enum stat_column {
	STAT_USER,
	STAT_NICE,
	STAT_SYSTEM,
	STAT_IDLE,
	STAT_IOWAIT,
	STAT_IRQ,
	STAT_SOFTIRQ,
	STAT_STEAL,
	STAT_COLUMNS, /* guest and guest_nice follow: they are part of user and nice */
};

/* The columns of a disk's stat. Of reads and of writes each: requests, merged ones, sectors, ms. */
enum disk_column {
	DISK_READS = 0,
	DISK_WRITES = 4,
	DISK_BUSY = 9, /* behind those under way */
	DISK_COLUMNS = 11,
};

#define DISK_SECTOR_BYTES 512 /* whatever the disk's own are */

int kernel_text_u64(const char *text, uint64_t *ret_value)
{
	uint64_t value;
	int r = kernel_text_line_number(&text, &value);

	if (r < 0)
		return r;
	if (*text == '\n')
		text++;
	if (*text)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int kernel_text_limit(const char *text, uint64_t *ret_value)
{
	if (strcmp(text, "max") != 0 && strcmp(text, "max\n") != 0)
		return kernel_text_u64(text, ret_value);
	*ret_value = UINT64_MAX;
	return 0;
}

int kernel_text_hex(const char *text, uint64_t *ret_value)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strncmp(text, "0x", 2) == 0 ? strspn(text + 2, digits) : 0;
	uint64_t value = 0;

	if (len == 0 || !kernel_text_line_ends(text[len + 2]) ||
	    text[len + 2 + (text[len + 2] == '\n')])
		return -EINVAL;
	for (const char *p = text + 2; p < text + 2 + len; p++) {
		if (value >> 60)
			return -ERANGE;
		value = value << 4 | (uint64_t)(strchr(digits, *p) - digits);
	}
	*ret_value = value;
	return 0;
}

int kernel_text_keyed(const char *text, const char *key, uint64_t *ret_value)
{
	const char *value = kernel_text_line_find(text, key, ' ');

	return value ? kernel_text_line_number_to_end(value, ret_value) : -ENOENT;
}

int kernel_text_memory_held(const char *text, uint64_t *ret_anon_bytes, uint64_t *ret_shmem_bytes)
{
	uint64_t anon, shmem;
	int r = kernel_text_keyed(text, "anon", &anon);

	if (r == 0)
		r = kernel_text_keyed(text, "shmem", &shmem);
	if (r < 0)
		return r;
	*ret_anon_bytes = anon;
	*ret_shmem_bytes = shmem;
	return 0;
}

/* A line that may not be there is no error. */
static int keyed_or_none(const char *text, const char *key, uint64_t *ret_value)
{
	int r = kernel_text_keyed(text, key, ret_value);

	if (r == -ENOENT)
		*ret_value = KERNEL_TEXT_NONE;
	return r == -ENOENT ? 0 : r;
}

/* Before 5.9 one line had both kinds of pages. */
static int refaults(const char *text, uint64_t *ret_pages)
{
	uint64_t anon, file;
	int r = keyed_or_none(text, "workingset_refault_anon", &anon);

	if (r == 0)
		r = keyed_or_none(text, "workingset_refault_file", &file);
	if (r < 0)
		return r;
	if (anon == KERNEL_TEXT_NONE || file == KERNEL_TEXT_NONE)
		return keyed_or_none(text, "workingset_refault", ret_pages);
	return __builtin_add_overflow(anon, file, ret_pages) ? -ERANGE : 0;
}

int kernel_text_memory_stat(const char *text, struct kernel_text_memory *ret_memory)
{
	struct kernel_text_memory memory;
	int r = kernel_text_keyed(text, "anon", &memory.anon_bytes);

	if (r == 0)
		r = kernel_text_keyed(text, "file", &memory.file_bytes);
	if (r == 0)
		r = refaults(text, &memory.refaults);
	/* 6.0 was the first to tell this from what kswapd did. */
	if (r == 0)
		r = keyed_or_none(text, "pgscan_direct", &memory.direct);
	if (r == 0)
		*ret_memory = memory;
	return r;
}

/* The "total=" of one line of a pressure file; `rest` begins behind "some " or "full ". */
static int psi_line_total(const char *rest, uint64_t *ret_total)
{
	static const char key[] = "total=";

	while (!kernel_text_line_ends(*rest)) {
		size_t len = strcspn(rest, " \n");

		if (strncmp(rest, key, sizeof(key) - 1) == 0) {
			const char *p = rest + sizeof(key) - 1;
			uint64_t total;
			int r = kernel_text_line_number(&p, &total);

			if (r < 0)
				return r;
			if (p != rest + len)
				return -EINVAL;
			*ret_total = total;
			return 0;
		}
		rest += len + strspn(rest + len, " ");
	}
	return -ENOENT;
}

int kernel_text_psi(const char *text, struct psi_total *ret_psi)
{
	const char *some = kernel_text_line_find(text, "some", ' ');
	const char *full = kernel_text_line_find(text, "full", ' ');
	struct psi_total psi = {0};
	int r;

	if (!some)
		return -ENOENT;
	r = psi_line_total(some, &psi.some_us);
	if (r < 0)
		return r;
	if (full) {
		r = psi_line_total(full, &psi.full_us);
		if (r < 0)
			return r;
	}
	*ret_psi = psi;
	return 0;
}

int kernel_text_meminfo(const char *text, const char *key, uint64_t *ret_bytes)
{
	const char *p = kernel_text_line_find(text, key, ':');

	return p ? kernel_text_line_kib(p, ret_bytes) : -ENOENT;
}

static int ticks_to_us(uint64_t ticks, uint64_t ticks_per_s, uint64_t *ret_us)
{
	uint64_t us, rest;

	/* Apart, so that only a result that does not fit is an error, not a step on the way. */
	if (__builtin_mul_overflow(ticks / ticks_per_s, (uint64_t)US_PER_S, &us) ||
	    __builtin_mul_overflow(ticks % ticks_per_s, (uint64_t)US_PER_S, &rest) ||
	    __builtin_add_overflow(us, rest / ticks_per_s, &us))
		return -ERANGE;
	*ret_us = us;
	return 0;
}

int kernel_text_stat_busy(const char *text, uint64_t ticks_per_s, uint64_t *ret_busy_us)
{
	const char *p = kernel_text_line_find(text, "cpu", ' ');
	uint64_t busy = 0;

	if (ticks_per_s == 0)
		return -EINVAL;
	if (!p)
		return -ENOENT;
	for (int column = 0; column < STAT_COLUMNS; column++) {
		uint64_t ticks;
		int r;

		p += strspn(p, " ");
		r = kernel_text_line_number(&p, &ticks);
		if (r < 0)
			return r;
		if (*p != ' ' && !kernel_text_line_ends(*p))
			return -EINVAL;
		if (column == STAT_IDLE || column == STAT_IOWAIT)
			continue;
		if (__builtin_add_overflow(busy, ticks, &busy))
			return -ERANGE;
	}
	return ticks_to_us(busy, ticks_per_s, ret_busy_us);
}

int kernel_text_disk_stat(const char *text, struct disk_sample *ret_sample)
{
	uint64_t columns[DISK_COLUMNS];
	struct disk_sample sample = {.at_us = ret_sample->at_us};

	for (int i = 0; i < DISK_COLUMNS; i++) {
		int r;

		text += strspn(text, " ");
		r = kernel_text_line_number(&text, &columns[i]);
		if (r < 0)
			return r;
		if (*text != ' ' && !kernel_text_line_ends(*text))
			return -EINVAL;
	}
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		const uint64_t *c = columns + (d == DISK_READ ? DISK_READS : DISK_WRITES);

		sample.of[d].requests = c[0];
		if (__builtin_mul_overflow(c[2], (uint64_t)DISK_SECTOR_BYTES,
					   &sample.of[d].bytes) ||
		    __builtin_mul_overflow(c[3], (uint64_t)US_PER_MS, &sample.of[d].waited_us))
			return -ERANGE;
	}
	if (__builtin_mul_overflow(columns[DISK_BUSY], (uint64_t)US_PER_MS, &sample.busy_us))
		return -ERANGE;
	*ret_sample = sample;
	return 0;
}

/* "rbytes=7" of a line; a key that is not there leaves *ret_value. */
static bool io_value(const char *line, size_t len, const char *key, uint64_t *ret_value)
{
	size_t n = strlen(key);

	for (size_t i = 0; i + n < len; i++) {
		const char *p = line + i + n;

		if ((i > 0 && line[i - 1] != ' ') || memcmp(line + i, key, n) != 0)
			continue;
		return kernel_text_line_number(&p, ret_value) == 0 &&
		       (*p == ' ' || kernel_text_line_ends(*p));
	}
	return false;
}

static bool io_line(const char *line, size_t len, struct kernel_text_io *ret_io)
{
	struct kernel_text_io io = {0};
	uint64_t major, minor;
	const char *p = line;

	if (kernel_text_line_number(&p, &major) < 0 || *p != ':')
		return false;
	p++;
	if (kernel_text_line_number(&p, &minor) < 0 || *p != ' ' || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return false;
	io.major = (uint32_t)major;
	io.minor = (uint32_t)minor;
	len -= (size_t)(p - line);
	if (!io_value(p, len, "rbytes=", &io.bytes[DISK_READ]) ||
	    !io_value(p, len, "wbytes=", &io.bytes[DISK_WRITE]) ||
	    !io_value(p, len, "rios=", &io.requests[DISK_READ]) ||
	    !io_value(p, len, "wios=", &io.requests[DISK_WRITE]))
		return false;
	*ret_io = io;
	return true;
}

bool kernel_text_io_stat(const char **text, struct kernel_text_io *ret_io)
{
	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");

		*text += len + (line[len] == '\n');
		if (io_line(line, len, ret_io))
			return true;
	}
	return false;
}

/* One "N" or "N-M" of a list; *p is left behind it. */
static int parse_range(const char **p, size_t n_bits, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t first, last;
	int r = kernel_text_line_number(p, &first);

	if (r < 0)
		return r;
	last = first;
	if (**p == '-') {
		(*p)++;
		r = kernel_text_line_number(p, &last);
		if (r < 0)
			return r;
	}
	if (last < first)
		return -EINVAL;
	if (last >= n_bits)
		return -ERANGE;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

/* Walks a list; sets its bits where `words` is not NULL. */
static int walk_list(const char *p, uint64_t *words, size_t n_bits)
{
	uint64_t first, last;

	if (*p == '\0' || strcmp(p, "\n") == 0)
		return 0;
	for (;;) {
		int r = parse_range(&p, n_bits, &first, &last);

		if (r < 0)
			return r;
		for (uint64_t i = first; words && i <= last; i++)
			words[i / BITS_PER_WORD] |= UINT64_C(1) << (i % BITS_PER_WORD);
		if (*p != ',')
			break;
		p++;
	}
	return *p == '\0' || strcmp(p, "\n") == 0 ? 0 : -EINVAL;
}

int kernel_text_list(const char *text, uint64_t *words, size_t n_bits, size_t *ret_count)
{
	size_t n_words = n_bits / BITS_PER_WORD + (n_bits % BITS_PER_WORD != 0);
	size_t count = 0;
	int r = walk_list(text, NULL, n_bits);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n_words; i++)
		words[i] = 0;
	(void)walk_list(text, words, n_bits);
	/* Ranges may overlap: counting bits is right where adding up lengths is not. */
	for (size_t i = 0; i < n_words; i++)
		count += (size_t)__builtin_popcountll(words[i]);
	if (ret_count)
		*ret_count = count;
	return 0;
}

bool kernel_text_has_word(const char *text, const char *word)
{
	static const char blank[] = " \t\n";
	size_t len = strlen(word);

	if (len == 0)
		return false;
	for (const char *p = text + strspn(text, blank); *p;) {
		size_t n = strcspn(p, blank);

		if (n == len && memcmp(p, word, len) == 0)
			return true;
		p += n;
		p += strspn(p, blank);
	}
	return false;
}

/* The length of a word that may have quoted parts with blanks in them. */
static size_t quoted_length(const char *p)
{
	bool quoted = false;
	size_t n = 0;

	while (p[n] && (quoted || !strchr(" \t\n", p[n]))) {
		quoted ^= p[n] == '"';
		n++;
	}
	return n;
}

/* Copies n bytes without their double quotes. */
static void unquote(const char *from, size_t n, char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len + 1 < size; i++) {
		if (from[i] != '"')
			buf[len++] = from[i];
	}
	buf[len] = '\0';
}

bool kernel_text_option(const char **line, const char *key, char *buf, size_t size)
{
	size_t key_len = strlen(key);
	const char *p = *line;

	for (p += strspn(p, " \t\n"); *p; p += strspn(p, " \t\n")) {
		size_t n = quoted_length(p), skip = *p == '"' ? 1 : 0;

		if (n > key_len + skip && strncmp(p + skip, key, key_len) == 0 &&
		    p[skip + key_len] == '=') {
			unquote(p + skip + key_len + 1, n - skip - key_len - 1, buf, size);
			*line = p + n;
			return true;
		}
		p += n;
	}
	*line = p;
	return false;
}

const char *kernel_text_chosen(const char *text, size_t *ret_len)
{
	const char *open = strchr(text, '('), *close = open ? strchr(open, ')') : NULL;

	if (!close)
		return NULL;
	*ret_len = (size_t)(close - open - 1);
	return open + 1;
}
