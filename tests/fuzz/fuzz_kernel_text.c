// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text through every reader of policy/kernel_text.c and of knobs: no crash, no touched output on failure, and
// a success means what it says.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/kernel_text.h"
#include "policy/knob.h"

#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)
#define N_BITS 200
#define N_WORDS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A reader of one number: 0 and a value, or a known error and none. */
static void check_value(int r, uint64_t value)
{
	require(r <= 0);
	require(r == 0 || value == UNTOUCHED);
}

static void check_u64(const char *text)
{
	uint64_t value = UNTOUCHED;
	char back[32];
	int r = kernel_text_u64(text, &value);

	check_value(r, value);
	if (r < 0)
		return;
	/* But for leading zeros and the newline the text is the number. */
	while (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		text++;
	snprintf(back, sizeof(back), "%llu", (unsigned long long)value);
	require(strncmp(text, back, strlen(back)) == 0);
}

static void check_hex(const char *text)
{
	uint64_t value = UNTOUCHED;
	char back[32];
	int r = kernel_text_hex(text, &value);

	check_value(r, value);
	if (r < 0)
		return;
	for (text += 2; text[0] == '0' && text[1] && text[1] != '\n';)
		text++;
	snprintf(back, sizeof(back), "%llx", (unsigned long long)value);
	require(strncmp(text, back, strlen(back)) == 0);
}

static void check_list(const char *text)
{
	uint64_t words[N_WORDS];
	size_t count = SIZE_MAX, bits = 0;
	int r;

	memset(words, 0x5a, sizeof(words));
	r = kernel_text_list(text, words, N_BITS, &count);
	if (r < 0) {
		require(words[0] == UNTOUCHED && words[N_WORDS - 1] == UNTOUCHED);
		require(count == SIZE_MAX);
		return;
	}
	for (size_t i = 0; i < (size_t)N_WORDS * 64; i++) {
		bool set = words[i / 64] >> (i % 64) & 1;

		require(!set || i < N_BITS);
		bits += set;
	}
	require(bits == count);
}

/* As every knob: what is understood is shown, kept and written so that it comes back as itself. */
static void check_knobs(const char *text)
{
	for (int i = 0; i < KNOB_COUNT; i++) {
		enum knob knob = (enum knob)i;
		struct knob_value value, back, untouched;
		char buf[KNOB_TEXT_SIZE];
		int r;

		memset(&value, 0x5a, sizeof(value));
		untouched = value;
		r = knob_parse(knob, text, &value);
		require(r <= 0);
		if (r < 0) {
			require(memcmp(&value, &untouched, sizeof(value)) == 0);
			continue;
		}
		require(value.state == KNOB_KNOWN);
		(void)knob_format(knob, &value, buf, sizeof(buf));
		require(knob_parse(knob, buf, &back) == 0);
		require(knob_same(knob, &value, &back));
		(void)knob_to_write(knob, &value, buf, sizeof(buf));
		require(knob_parse(knob, buf, &back) == 0);
		require(knob_stands(knob, &value, &back, 1));
	}
}

static void check_line_of_disk(const char *text)
{
	struct knob_value of = knob_value_io(8, 0), value, untouched, back;
	char buf[KNOB_TEXT_SIZE];
	int r;

	memset(&value, 0x5a, sizeof(value));
	untouched = value;
	r = knob_parse_of(KNOB_IO_MAX, text, &of, &value);
	require(r <= 0);
	if (r < 0) {
		require(memcmp(&value, &untouched, sizeof(value)) == 0);
		return;
	}
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		require(value.io.bytes[d] != 0 && value.io.requests[d] != 0);
	(void)knob_format(KNOB_IO_MAX, &value, buf, sizeof(buf));
	require(knob_parse_of(KNOB_IO_MAX, buf, &of, &back) == 0);
	require(knob_same(KNOB_IO_MAX, &value, &back));
}

static void check_io_stat(const char *text, size_t size)
{
	const char *at = text, *last = text;
	struct kernel_text_io io;

	while (kernel_text_io_stat(&at, &io)) {
		require(at > last && at <= text + size);
		last = at;
	}
	require(*at == '\0');
}

/* Goes on to the end, and never past it. */
static void check_options(const char *text, size_t size)
{
	const char *at = text, *last = text;
	char buf[8];

	while (kernel_text_option(&at, "a", buf, sizeof(buf))) {
		require(at > last && at <= text + size);
		require(memchr(buf, '"', strlen(buf)) == NULL);
		last = at;
	}
	require(*at == '\0');
}

static void check_memory(const char *text)
{
	struct kernel_text_memory memory, untouched;
	uint64_t anon = 0, file = 0;

	memset(&memory, 0x5a, sizeof(memory));
	untouched = memory;
	if (kernel_text_memory_stat(text, &memory) < 0) {
		require(memcmp(&memory, &untouched, sizeof(memory)) == 0);
		return;
	}
	require(kernel_text_keyed(text, "anon", &anon) == 0 && anon == memory.anon_bytes);
	require(kernel_text_keyed(text, "file", &file) == 0 && file == memory.file_bytes);
}

static void check_disk(const char *text)
{
	struct disk_sample sample = {.at_us = 1, .busy_us = UNTOUCHED};
	int r = kernel_text_disk_stat(text, &sample);

	require(r <= 0 && sample.at_us == 1);
	require(r == 0 || (sample.busy_us == UNTOUCHED && sample.of[DISK_WRITE].bytes == 0));
	require(r < 0 || sample.of[DISK_WRITE].bytes % 512 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"usage_usec", "nr_throttled", "populated", "", "a b"};
	struct psi_total psi = {UNTOUCHED, UNTOUCHED};
	uint64_t value = UNTOUCHED, other = UNTOUCHED;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_u64(text);
	check_hex(text);
	check_value(kernel_text_limit(text, &value), value);
	check_list(text);
	check_knobs(text);
	check_line_of_disk(text);
	check_io_stat(text, size);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		value = UNTOUCHED;
		check_value(kernel_text_keyed(text, keys[i], &value), value);
		(void)kernel_text_has_word(text, keys[i]);
	}
	check_options(text, size);
	if (kernel_text_psi(text, &psi) < 0)
		require(psi.some_us == UNTOUCHED && psi.full_us == UNTOUCHED);
	value = UNTOUCHED;
	check_value(kernel_text_meminfo(text, "MemAvailable", &value), value);
	value = UNTOUCHED;
	check_value(kernel_text_zones_high(text, &value), value);
	value = UNTOUCHED;
	check_value(kernel_text_stat_busy(text, 100, &value), value);
	value = UNTOUCHED;
	check_value(kernel_text_memory_held(text, &value, &other), value);
	require((value == UNTOUCHED) == (other == UNTOUCHED));
	check_memory(text);
	check_disk(text);
	free(text);
	return 0;
}
