// SPDX-License-Identifier: LGPL-2.1-or-later
// See control_text.h. For example:
//	colod-control 1 6e5f…-boot-id
//	mode memory observe 1764088502000000 0 4711 coloctl
//	pause 600 983000000 1764088502000000 0 4712 coloctl
//	end
// A text is understood only if it is, byte for byte, what would be written for what was understood.
#include "agent/control_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/boot_id.h"
#include "policy/names.h"
#include "policy/text_out.h"

#define MAGIC "colod-control 1 "

bool control_is_empty(const struct control *control)
{
	bool given = control->damaged || control->all.given || control->pause.given;

	for (int r = 0; r < RESOURCE_MODES; r++)
		given |= control->by[r].given;
	return !given;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("._:/()@+-", c) != NULL;
}

static void put_caller(struct text_out *out, int64_t wall_us, const struct history_caller *caller)
{
	char comm[sizeof(caller->comm)];

	text_out_put(out, " %" PRId64, wall_us);
	if (!caller->known) {
		text_out_put(out, " unknown\n");
		return;
	}
	(void)snprintf(comm, sizeof(comm), "%s", caller->comm[0] ? caller->comm : "-");
	for (char *c = comm; *c; c++)
		*c = is_plain(*c) ? *c : '_';
	text_out_put(out, " %" PRIu32 " %" PRId32 " %s\n", caller->uid, caller->pid, comm);
}

static void put_say(struct text_out *out, const char *scope, const struct control_say *say)
{
	if (!say->given)
		return;
	text_out_put(out, "mode %s %s", scope, names_mode(say->mode));
	put_caller(out, say->wall_us, &say->caller);
}

size_t control_text_format(const struct control *control, const char *boot_id, char *buf)
{
	struct text_out out = {.buf = buf, .size = CONTROL_TEXT_SIZE};

	text_out_put(&out, MAGIC "%.*s\n", CONTROL_BOOT_SIZE - 1, boot_id);
	if (control->damaged)
		text_out_put(&out, "damaged\n");
	put_say(&out, "all", &control->all);
	for (int r = 0; r < RESOURCE_MODES; r++)
		put_say(&out, names_mode_of((enum resource)r), &control->by[r]);
	if (control->pause.given) {
		text_out_put(&out, "pause %" PRIu64 " %" PRId64, control->pause.seconds,
			     control->pause.until_us);
		put_caller(&out, control->pause.wall_us, &control->pause.caller);
	}
	text_out_put(&out, "end\n");
	return out.len;
}

/* The next word of a line, of at most size - 1 bytes. */
static int take_word(const char **at, char *buf, size_t size)
{
	size_t len = strcspn(*at, " \n");

	if (len == 0 || len >= size)
		return -EBADMSG;
	memcpy(buf, *at, len);
	buf[len] = '\0';
	*at += len;
	if (**at == ' ')
		(*at)++;
	return 0;
}

/* A number from 0 to max, in decimal without sign. */
static int take_number(const char **at, uint64_t max, uint64_t *ret_value)
{
	char word[24];
	uint64_t value = 0;
	int r = take_word(at, word, sizeof(word));

	if (r < 0)
		return r;
	for (const char *c = word; *c; c++) {
		if (*c < '0' || *c > '9' || value > (max - (uint64_t)(*c - '0')) / 10)
			return -EBADMSG;
		value = value * 10 + (uint64_t)(*c - '0');
	}
	*ret_value = value;
	return 0;
}

static int take_caller(const char **at, int64_t *ret_wall_us, struct history_caller *ret_caller)
{
	struct history_caller caller = {0};
	uint64_t wall_us, uid, pid;
	int r = take_number(at, INT64_MAX, &wall_us);

	if (r < 0)
		return r;
	*ret_wall_us = (int64_t)wall_us;
	*ret_caller = caller;
	if (strncmp(*at, "unknown\n", 8) == 0) {
		*at += 7;
		return 0;
	}
	r = take_number(at, UINT32_MAX, &uid);
	if (r == 0)
		r = take_number(at, INT32_MAX, &pid);
	if (r == 0)
		r = take_word(at, caller.comm, sizeof(caller.comm));
	if (r < 0)
		return r;
	if (strcmp(caller.comm, "-") == 0)
		caller.comm[0] = '\0';
	caller.known = true;
	caller.uid = (uint32_t)uid;
	caller.pid = (int32_t)pid;
	*ret_caller = caller;
	return 0;
}

static int take_say(const char **at, struct control *control)
{
	struct control_say *say;
	char scope[16], word[16];
	int resource, mode, r = take_word(at, scope, sizeof(scope));

	if (r == 0)
		r = take_word(at, word, sizeof(word));
	if (r < 0)
		return r;
	resource = names_mode_of_from(scope);
	mode = names_mode_from(word);
	if ((resource < 0 && strcmp(scope, "all") != 0) || mode < 0)
		return -EBADMSG;
	say = resource < 0 ? &control->all : &control->by[resource];
	say->given = true;
	say->mode = (enum mode)mode;
	return take_caller(at, &say->wall_us, &say->caller);
}

static int take_pause(const char **at, struct control_pause *pause)
{
	uint64_t until_us;
	int r = take_number(at, CONTROL_PAUSE_MAX_S, &pause->seconds);

	if (r == 0)
		r = take_number(at, INT64_MAX, &until_us);
	if (r < 0)
		return r;
	if ((pause->seconds == 0) != (until_us == 0))
		return -EBADMSG;
	pause->given = true;
	pause->until_us = (int64_t)until_us;
	return take_caller(at, &pause->wall_us, &pause->caller);
}

/* One line behind the first; *at is moved to the start of the next. */
static int take_line(const char **at, struct control *control)
{
	int r;

	if (strncmp(*at, "damaged\n", 8) == 0) {
		control->damaged = true;
		*at += 8;
		return 0;
	}
	if (strncmp(*at, "mode ", 5) == 0) {
		*at += 5;
		r = take_say(at, control);
	} else if (strncmp(*at, "pause ", 6) == 0) {
		*at += 6;
		r = take_pause(at, &control->pause);
	} else {
		return -EBADMSG;
	}
	if (r < 0 || **at != '\n')
		return -EBADMSG;
	(*at)++;
	return 0;
}

int control_text_parse(const char *text, const char *boot_id, struct control *ret_control)
{
	struct control control = {0};
	char boot[CONTROL_BOOT_SIZE], again[CONTROL_TEXT_SIZE];
	const char *at = text;

	if (strncmp(at, MAGIC, strlen(MAGIC)) != 0)
		return -EBADMSG;
	at += strlen(MAGIC);
	if (take_word(&at, boot, sizeof(boot)) < 0 || *at++ != '\n')
		return -EBADMSG;
	while (strcmp(at, "end\n") != 0) {
		if (take_line(&at, &control) < 0)
			return -EBADMSG;
	}
	(void)control_text_format(&control, boot, again);
	if (strcmp(text, again) != 0)
		return -EBADMSG;
	if (!boot_id_is_same(boot, boot_id)) {
		*ret_control = (struct control){0};
		return -ESTALE;
	}
	*ret_control = control;
	return 0;
}
