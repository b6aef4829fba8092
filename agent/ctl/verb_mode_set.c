// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl mode MODE [RESOURCE] [--persist]: asks the running agent (SetMode, which only lowers), or
// writes the mode into the policy and has it read again.
#include "agent/ctl/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/ctl/client.h"
#include "agent/ctl/etc.h"
#include "agent/ctl/mode_file.h"
#include "agent/ctl/say_mode.h"
#include "agent/ctl/verbs.h"
#include "policy/names.h"

/* The file is as it should be; what became of it is the agent's to say. */
static int tell_agent(const struct ctl *ctl, const char *mode, const char *scope)
{
	struct client_answer answer = {.note = ""};
	int r;

	if (strcmp(ctl->root, "/") != 0)
		return CTL_OK;
	r = client_reload(ctl->err);
	if (r == CTL_NOT_RUNNING)
		(void)fprintf(ctl->err, "coloctl: it counts when colod starts\n");
	if (r != CTL_OK)
		return r;
	r = say_mode_ask(ctl->err, scope, &answer);
	if (r == CTL_OK)
		say_mode_answer(ctl, mode, scope, &answer);
	return r;
}

static int persist_failed(const struct ctl *ctl, int error)
{
	if ((error == -EACCES || error == -EPERM) && geteuid() != 0) {
		(void)fprintf(ctl->err, "coloctl: only root may write /" ETC_MODE ". Use sudo\n");
		return CTL_DENIED;
	}
	(void)fprintf(ctl->err, "coloctl: /" ETC_MODE " cannot be written: %s\n", strerror(-error));
	return CTL_FAILED;
}

static int persist(const struct ctl *ctl, enum mode mode, int resource)
{
	char text[MODE_FILE_SIZE], who[160], command[64];
	struct mode_file file = {0};
	int r = etc_read(ctl->root, ETC_MODE, text, sizeof(text));

	if (r == 0)
		r = mode_file_parse(text, &file);
	if (r == -EBADMSG || r == -EFBIG) {
		(void)fprintf(ctl->err,
			      "coloctl: /" ETC_MODE " is not as coloctl writes it, so it is left "
			      "alone. Change it by hand, then: systemctl reload colod\n");
		return CTL_FAILED;
	}
	if (r < 0 && r != -ENOENT)
		return persist_failed(ctl, r);
	if (resource < 0) {
		file.all_given = true;
		file.all = mode;
	} else {
		file.by_given[resource] = true;
		file.by[resource] = mode;
	}
	(void)snprintf(command, sizeof(command), "coloctl mode %s%s%s --persist", names_mode(mode),
		       resource < 0 ? "" : " ",
		       resource < 0 ? "" : names_mode_of((enum resource)resource));
	mode_file_format(&file, etc_who(command, who, sizeof(who)), text);
	r = etc_write(ctl->root, ETC_MODE, text);
	if (r < 0)
		return persist_failed(ctl, r);
	term_say(&ctl->term, 0, 2, "/" ETC_MODE " is written");
	return tell_agent(ctl, names_mode(mode),
			  resource < 0 ? "" : names_mode_of((enum resource)resource));
}

int verb_mode_set(const struct ctl *ctl)
{
	const char *word = ctl->args[0], *scope = ctl->args[1] ? ctl->args[1] : "";
	int mode = names_mode_from(word), resource = names_mode_of_from(scope);
	struct client_answer answer;
	int r;

	if (mode < 0)
		return verbs_usage("there is no mode '", word,
				   "': expected off, observe, protect, squeeze or full");
	if (resource < 0 && *scope && strcmp(scope, "all") != 0)
		return verbs_usage("there is no resource '", scope,
				   "': expected cpu, memory, io or net, or none for everything");
	if (resource < 0)
		scope = "";
	if (ctl->persist)
		return persist(ctl, (enum mode)mode, resource);
	r = client_change(ctl->err, &answer, "SetMode", "ss", scope, word);
	if (r == CTL_OK)
		say_mode_answer(ctl, word, scope, &answer);
	return r;
}
