// SPDX-License-Identifier: LGPL-2.1-or-later
// See say_mode.h.
#include "agent/ctl/say_mode.h"

#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "policy/names.h"

int say_mode_ask(FILE *err, const char *scope, struct client_answer *ret_answer)
{
	const cJSON *status, *own;
	cJSON *doc = NULL;
	int r = client_fetch(err, &doc);

	if (r != CTL_OK)
		return r;
	status = doc_get(doc, "status");
	own = *scope ? doc_get(doc_get(status, "modes"), scope) : NULL;
	*ret_answer = (struct client_answer){.note = ""};
	(void)snprintf(ret_answer->mode, sizeof(ret_answer->mode), "%s",
		       doc_text(own ? own : status, "mode", "?"));
	(void)snprintf(ret_answer->why, sizeof(ret_answer->why), "%s",
		       own ? doc_text(own, "why", "?") : doc_text(status, "mode_why", "?"));
	cJSON_Delete(doc);
	return CTL_OK;
}

void say_mode_answer(const struct ctl *ctl, const char *asked, const char *scope,
		     const struct client_answer *answer)
{
	int want = names_mode_from(asked), have = names_mode_from(answer->mode);

	term_say(&ctl->term, 0, 2, "%s: %s is in force (%s)", *scope ? scope : "mode", answer->mode,
		 answer->why);
	if (have >= 0 && have < want)
		term_say(&ctl->term, 0, 2,
			 "That is lower than %s, because the lowest source decides. All of them: "
			 "coloctl mode",
			 asked);
	if (*answer->note)
		(void)fprintf(ctl->err, "coloctl: %s\n", answer->note);
}
