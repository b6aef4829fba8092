// SPDX-License-Identifier: LGPL-2.1-or-later
// See mode_file.h.
#include "agent/ctl/mode_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/text_out.h"

#define FIRST_LINE                                                                                 \
	"# Written by coloctl, which changes it with: coloctl mode MODE [RESOURCE] --persist\n"
#define WHO_SIZE 256

void mode_file_format(const struct mode_file *file, const char *who, char *buf)
{
	struct text_out out = {.buf = buf, .size = MODE_FILE_SIZE};
	char plain[WHO_SIZE];
	const char *sep = "";

	(void)snprintf(plain, sizeof(plain), "%s", who);
	for (char *c = plain; *c; c++)
		*c = *c >= ' ' && *c < 127 ? *c : ' ';
	text_out_put(&out, FIRST_LINE "# %s\nversion: 1\n", plain);
	if (file->all_given)
		text_out_put(&out, "mode: %s\n", names_mode(file->all));
	for (int r = 0; r < RESOURCE_MODES; r++) {
		if (!file->by_given[r])
			continue;
		text_out_put(&out, "%s%s: %s", *sep ? sep : "modes: {",
			     names_mode_of((enum resource)r), names_mode(file->by[r]));
		sep = ", ";
	}
	if (*sep)
		text_out_put(&out, "}\n");
}

/* The mode behind `key` in the text, if it is there. */
static bool find_mode(const char *text, const char *key, enum mode *ret_mode)
{
	const char *at = strstr(text, key);
	char word[16];
	size_t len;
	int mode;

	if (!at)
		return false;
	at += strlen(key);
	len = strcspn(at, "\n,}");
	if (len >= sizeof(word))
		return false;
	memcpy(word, at, len);
	word[len] = '\0';
	mode = names_mode_from(word);
	if (mode < 0)
		return false;
	*ret_mode = (enum mode)mode;
	return true;
}

int mode_file_parse(const char *text, struct mode_file *ret_file)
{
	struct mode_file file = {0};
	char who[WHO_SIZE], again[MODE_FILE_SIZE], key[16];
	const char *at = text, *body;
	size_t len;

	if (strncmp(at, FIRST_LINE "# ", strlen(FIRST_LINE) + 2) != 0)
		return -EBADMSG;
	at += strlen(FIRST_LINE) + 2;
	len = strcspn(at, "\n");
	if (len >= sizeof(who) || at[len] != '\n')
		return -EBADMSG;
	memcpy(who, at, len);
	who[len] = '\0';
	body = at + len;
	file.all_given = find_mode(body, "\nmode: ", &file.all);
	for (int r = 0; r < RESOURCE_MODES; r++) {
		(void)snprintf(key, sizeof(key), "%s: ", names_mode_of((enum resource)r));
		file.by_given[r] = find_mode(body, key, &file.by[r]);
	}
	mode_file_format(&file, who, again);
	if (strcmp(text, again) != 0)
		return -EBADMSG;
	*ret_file = file;
	return 0;
}
