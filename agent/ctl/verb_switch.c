// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl off and coloctl on: the kill switch for people. The file is written by coloctl itself, so
// that it needs neither the agent nor a bus; an agent that runs is waited for.
#include "agent/ctl/ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/ctl/client.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/etc.h"
#include "agent/ctl/say_mode.h"

/* The agent is woken by the file, and at the latest looks a second later. */
#define ASK_EVERY_MS 100
#define ASKS_MAX 100

static int switch_failed(const struct ctl *ctl, int error)
{
	if ((error == -EACCES || error == -EPERM) && geteuid() != 0) {
		(void)fprintf(ctl->err,
			      "coloctl: only root may switch colod off and on. Use sudo\n");
		return CTL_DENIED;
	}
	(void)fprintf(ctl->err,
		      "coloctl: /" ETC_DISABLE
		      ": %s. A colod that runs also obeys: coloctl mode off\n",
		      strerror(-error));
	return CTL_FAILED;
}

/* What the agent says, NULL where it does not run; why it does not is not asked here. */
static cJSON *ask(const struct ctl *ctl)
{
	char *unsaid = NULL;
	size_t size = 0;
	FILE *nowhere = open_memstream(&unsaid, &size);
	cJSON *doc = NULL;

	if (!nowhere)
		return NULL;
	if (strcmp(ctl->root, "/") == 0)
		(void)client_fetch(nowhere, &doc);
	(void)fclose(nowhere);
	free(unsaid);
	return doc;
}

static bool is_listed(const cJSON *status)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, doc_get(status, "mode_sources"))
	{
		if (strcmp(doc_text(row, "source", ""), "disable-file") == 0)
			return true;
	}
	return false;
}

/* Whether the agent has seen the switch, and, where it is off, has no value left to give back. */
static bool is_done(const cJSON *doc, bool off)
{
	const cJSON *status = doc_get(doc, "status");

	if (is_listed(status) != off)
		return false;
	return !off || (strcmp(doc_text(status, "mode", ""), "off") == 0 &&
			doc_count(status, "pending") == 0);
}

/* The agent's word, which the caller deletes; NULL where it does not run (any more) or does not see
 * the switch in time, then *ret_runs says which. */
static cJSON *wait_for(const struct ctl *ctl, bool off, bool *ret_runs)
{
	const struct timespec pause = {.tv_nsec = ASK_EVERY_MS * 1000000L};

	for (int i = 0; i < ASKS_MAX; i++) {
		cJSON *doc = ask(ctl);

		*ret_runs = doc != NULL;
		if (!doc || is_done(doc, off))
			return doc;
		cJSON_Delete(doc);
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static int not_seen(const struct ctl *ctl)
{
	(void)fprintf(ctl->err, "coloctl: colod runs but has not confirmed it. Look at: "
				"journalctl -u colod\n");
	return CTL_FAILED;
}

int verb_switch_off(const struct ctl *ctl)
{
	char text[256], who[160];
	cJSON *before = ask(ctl), *doc;
	uint64_t restored = doc_count(doc_get(before, "status"), "restores");
	bool runs = false;
	int r;

	cJSON_Delete(before);
	(void)snprintf(text, sizeof(text), "# %s\n", etc_who("coloctl off", who, sizeof(who)));
	r = etc_write(ctl->root, ETC_DISABLE, text);
	/* An empty file fits on a full disk, and does the same. */
	if (r == -ENOSPC || r == -EDQUOT)
		r = etc_write(ctl->root, ETC_DISABLE, "");
	if (r < 0)
		return switch_failed(ctl, r);
	term_say(&ctl->term, 0, 2, "/" ETC_DISABLE " is there: colod is off until coloctl on");
	doc = wait_for(ctl, true, &runs);
	if (!doc && runs)
		return not_seen(ctl);
	if (!doc) {
		term_say(
			&ctl->term, 0, 2,
			"No colod answers here. If one ended without giving its values back: colod "
			"restore");
		return CTL_OK;
	}
	term_say(&ctl->term, 0, 2,
		 "colod confirms: %" PRIu64 " values are back, nothing is pending",
		 doc_count(doc_get(doc, "status"), "restores") - restored);
	cJSON_Delete(doc);
	return CTL_OK;
}

int verb_switch_on(const struct ctl *ctl)
{
	int r = etc_remove(ctl->root, ETC_DISABLE);
	struct client_answer answer;
	bool runs = false;
	cJSON *doc;

	if (r < 0 && r != -ENOENT)
		return switch_failed(ctl, r);
	term_say(&ctl->term, 0, 2, "/" ETC_DISABLE " is %s", r == 0 ? "removed" : "not there");
	doc = wait_for(ctl, false, &runs);
	if (!doc && runs)
		return not_seen(ctl);
	if (!doc) {
		term_say(&ctl->term, 0, 2,
			 "No colod answers here. Start it: systemctl start colod");
		return CTL_OK;
	}
	cJSON_Delete(doc);
	r = say_mode_ask(ctl->err, "", &answer);
	if (r == CTL_OK)
		say_mode_answer(ctl, "off", "", &answer);
	return r;
}
