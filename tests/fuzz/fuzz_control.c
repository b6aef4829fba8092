// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as /run/colod/control: no crash, and what is understood is exactly what is written.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/boot_id.h"
#include "agent/control_text.h"

#define BOOT "boot-1"
#define NO_BOOT "colod-control 1 " BOOT_ID_UNKNOWN "\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control control = {.all = {.mode = MODE_COUNT}};
	char again[CONTROL_TEXT_SIZE];
	char *text = malloc(size + 1);
	int r;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	r = control_text_parse(text, BOOT, &control);
	require(r == 0 || r == -EBADMSG || r == -ESTALE);
	require(r != -EBADMSG || control.all.mode == MODE_COUNT);
	require(r != -ESTALE || control_is_empty(&control));
	if (r == 0) {
		/* A boot that was not known when it was written may be this one. */
		bool known = strncmp(text, NO_BOOT, strlen(NO_BOOT)) != 0;
		const char *boot = known ? BOOT : BOOT_ID_UNKNOWN;

		require(control.pause.seconds <= CONTROL_PAUSE_MAX_S);
		require(control_text_format(&control, boot, again) == strlen(text));
		require(strcmp(text, again) == 0);
	}
	free(text);
	return 0;
}
