// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl pause [DURATION] and coloctl resume: everything that colod has written comes back, for a
// while or until somebody says so.
#include "agent/ctl/ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "agent/ctl/client.h"
#include "agent/ctl/say_mode.h"
#include "agent/ctl/verb_pause.h"
#include "agent/ctl/verbs.h"

#define DIGITS_MAX 8

int verb_pause_seconds(const char *text, uint64_t *ret_seconds)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0, unit;

	if (digits == 0 || digits > DIGITS_MAX || strlen(text) != digits + 1)
		return -EINVAL;
	switch (text[digits]) {
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = 3600;
		break;
	default:
		return -EINVAL;
	}
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	if (value == 0)
		return -EINVAL;
	*ret_seconds = value * unit;
	return 0;
}

int verb_pause(const struct ctl *ctl)
{
	struct client_answer answer;
	uint64_t seconds = 0;
	int r;

	if (ctl->args[0] && verb_pause_seconds(ctl->args[0], &seconds) < 0)
		return verbs_usage("'", ctl->args[0],
				   "' is no duration: expected one like 30s, 10m or 2h, or none "
				   "until coloctl resume");
	r = client_change(ctl->err, &answer, "Pause", "t", seconds);
	if (r == CTL_OK)
		say_mode_answer(ctl, "observe", "", &answer);
	return r;
}

int verb_pause_end(const struct ctl *ctl)
{
	struct client_answer answer;
	int r = client_change(ctl->err, &answer, "Resume", "");

	if (r == CTL_OK)
		say_mode_answer(ctl, "off", "", &answer);
	return r;
}
