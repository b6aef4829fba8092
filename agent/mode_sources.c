// SPDX-License-Identifier: LGPL-2.1-or-later
// See mode_sources.h.
#include "agent/mode_sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/control.h"
#include "agent/evictor.h"
#include "policy/kernel_text.h"
#include "policy/mode.h"
#include "policy/names.h"

/* The kernel itself keeps at most 4 KiB on most machines. */
#define COMMAND_LINE_SIZE 16384

void mode_sources_read_kernel(struct state *s)
{
	char line[COMMAND_LINE_SIZE], word[32];
	const char *at = line;
	struct mode_say *say = &s->kernel_says;

	*say = (struct mode_say){0};
	if (fs_read(s->root_fd, "proc/cmdline", line, sizeof(line), NULL) < 0)
		return;
	while (kernel_text_option(&at, "colod", word, sizeof(word))) {
		int mode = names_mode_from(word);

		/* Whoever writes colod=no there wants it to keep its hands off. */
		if (mode < 0)
			mode = MODE_OFF;
		if (say->given && (enum mode)mode >= say->mode)
			continue;
		say->given = true;
		say->mode = (enum mode)mode;
		(void)snprintf(say->why, sizeof(say->why),
			       "colod=%s is on the kernel command line%s", word,
			       names_mode_from(word) < 0 ? ", which names no mode" : "");
	}
}

static void say_policy(struct mode_says *says, const struct policy *policy)
{
	mode_say(says, MODE_SOURCE_POLICY, RESOURCE_INVALID, policy->mode, "the policy says so");
	for (int r = 0; r < RESOURCE_MODES; r++) {
		if (policy->modes[r].given)
			mode_say(says, MODE_SOURCE_POLICY, (enum resource)r, policy->modes[r].mode,
				 "the policy says so, under modes");
	}
}

static void say_options(struct mode_says *says, const struct options *options)
{
	if (options->mode_given)
		mode_say(says, MODE_SOURCE_OPTION, RESOURCE_INVALID, options->mode,
			 "the command line says so (--mode)");
	for (int r = 0; r < RESOURCE_MODES; r++) {
		if (options->mode_by_given[r])
			mode_say(says, MODE_SOURCE_OPTION, (enum resource)r, options->mode_by[r],
				 "the command line says so (--mode)");
	}
}

/* Whatever keeps colod from finding out whether the file is there counts as if it were. */
static void say_disable(struct state *s)
{
	int r = fs_exists(s->root_fd, MODE_SOURCES_DISABLE);
	char why[MODE_WHY_SIZE];

	if (r == 0)
		return;
	if (r > 0)
		(void)snprintf(why, sizeof(why),
			       "the file /etc/colod/disable exists: coloctl on removes it");
	else
		(void)snprintf(why, sizeof(why),
			       "whether /etc/colod/disable exists cannot be seen: %s",
			       strerror(-r));
	mode_say(&s->status.mode_says, MODE_SOURCE_DISABLE, RESOURCE_INVALID, MODE_OFF, why);
}

/* The emergency does not doubt: it is judged by what it gives back each time. */
static void say_doubt(struct state *s)
{
	struct mode_says *says = &s->status.mode_says;
	struct modes undoubted;

	mode_lowest(says, &undoubted);
	s->kill_mode = undoubted.by[RESOURCE_MEMORY];
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (evictor_doubts(s, (enum resource)r))
			mode_say(says, MODE_SOURCE_DOUBT, (enum resource)r, MODE_PROTECT,
				 "three evictions in a row freed far less than expected: see "
				 "coloctl history, then coloctl mode full");
}

void mode_sources_update(struct state *s)
{
	struct mode_says *says = &s->status.mode_says;

	memset(says, 0, sizeof(*says));
	say_policy(says, s->policy);
	say_options(says, s->options);
	control_say(s, s->status.pass_us);
	say_disable(s);
	if (s->kernel_says.given)
		says->all[MODE_SOURCE_KERNEL] = s->kernel_says;
	say_doubt(s);
	mode_lowest(says, &s->status.modes);
}

void mode_sources_with(const struct state *s, const struct policy *policy,
		       struct mode_says *ret_says, struct modes *ret_modes)
{
	*ret_says = s->status.mode_says;
	ret_says->all[MODE_SOURCE_POLICY] = (struct mode_say){0};
	memset(ret_says->by[MODE_SOURCE_POLICY], 0, sizeof(ret_says->by[MODE_SOURCE_POLICY]));
	say_policy(ret_says, policy);
	mode_lowest(ret_says, ret_modes);
}
