// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as the file of originals: no crash, no record that leads out of the mount or names a
// knob that colod never writes, and what was understood is written and read back as itself.
// After a first byte '+' each line of the rest gets its right checksum, so that the fuzzer gets
// past it; the files of the corpus are readable this way.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/originals.h"
#include "agent/apply/writer.h"
#include "policy/knob.h"

#define BOOT "boot-1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void *must(void *p)
{
	require(p != NULL);
	return p;
}

/* The text with a checksum before each line. */
static char *with_checksums(const char *text, size_t len, size_t *ret_len)
{
	size_t lines = 1, n = 0;
	char *out;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	out = must(malloc(len + lines * 10 + 1));
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t body = end ? (size_t)(end - text) : len;
		size_t whole = body + (end ? 1 : 0);

		n += (size_t)sprintf(out + n, "%08x ", originals_text_checksum(text, body));
		memcpy(out + n, text, whole);
		n += whole;
		text += whole;
		len -= whole;
	}
	*ret_len = n;
	return out;
}

static void empty(struct originals *o)
{
	struct originals_found found;

	require(originals_open(o, -EBADF, BOOT, &found) == 0);
}

static void check_record(const struct original *record)
{
	require(writer_of(record->knob) != NULL);
	require(record->original.state == KNOB_KNOWN && record->written.state == KNOB_KNOWN);
	require(record->path[0] != '\0' && record->path[0] != '/');
	require(strcmp(record->path, "..") != 0 && strncmp(record->path, "../", 3) != 0);
	require(!strstr(record->path, "/../") && !strstr(record->path, "//"));
}

static void check_same(const struct original *a, const struct original *b)
{
	require(b != NULL);
	require(a->held == b->held);
	require(knob_equal(a->knob, &a->original, &b->original, 1));
	require(knob_equal(a->knob, &a->written, &b->written, 1));
	require((a->previous.state == KNOB_KNOWN) == (b->previous.state == KNOB_KNOWN));
	if (a->previous.state == KNOB_KNOWN)
		require(knob_equal(a->knob, &a->previous, &b->previous, 1));
}

/* One record into a text of its own and back. */
static void check_round_trip(const struct original *record)
{
	struct originals_line *line = must(calloc(1, sizeof(*line)));
	char *text = must(malloc(ORIGINALS_LINE_SIZE));
	struct originals_found found;
	struct originals again;
	size_t len = 0;

	line->kind = ORIGINALS_OWN;
	line->inode = record->inode;
	line->knob = record->knob;
	line->held = record->held;
	line->original = record->original;
	line->written = record->written;
	line->previous = record->previous;
	(void)snprintf(line->path, sizeof(line->path), "%s", record->path);
	require(originals_text_format(line, text, &len) == 0);
	empty(&again);
	require(originals_parse(&again, text, len, &found) == 0);
	require(again.n == 1);
	check_same(record, originals_find(&again, record->path, record->inode, record->knob));
	originals_close(&again);
	free(text);
	free(line);
}

static void check(const char *text, size_t len)
{
	struct original **list = NULL;
	struct originals_found found;
	struct originals o;

	empty(&o);
	require(originals_parse(&o, text, len, &found) == 0);
	require(!found.other_boot || o.n == 0);
	require(originals_list(&o, &list) == 0);
	for (size_t i = 0; i < o.n; i++) {
		check_record(list[i]);
		check_round_trip(list[i]);
	}
	free(list);
	originals_close(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *summed;
	size_t len;

	if (size == 0 || text[0] != '+') {
		check(text, size);
		return 0;
	}
	summed = with_checksums(text + 1, size - 1, &len);
	check(summed, len);
	free(summed);
	return 0;
}
