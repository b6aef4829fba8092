// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl doctor: what this node can do, what an absence costs and how to end it; and everything
// else that keeps colod from doing what the policy asks for.
#include "agent/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/doctor_disks.h"
#include "agent/ctl/doctor_memory.h"

#define STATE_COLUMNS 14
#define NAME_COLUMNS 18

static void capability(const struct ctl *ctl, const cJSON *one)
{
	const struct term *term = &ctl->term;
	const char *state = doc_text(one, "state", "?");
	bool present = strcmp(state, "present") == 0;
	unsigned column = STATE_COLUMNS + NAME_COLUMNS;

	term_field(term, state, STATE_COLUMNS, false, present ? TERM_GREEN : TERM_YELLOW);
	term_field(term, doc_text(one, "name", "?"), NAME_COLUMNS, false, TERM_BOLD);
	term_paragraph(term, doc_text(one, "gives", ""), column, column, column, TERM_PLAIN);
	if (present)
		return;
	term_say(term, STATE_COLUMNS, STATE_COLUMNS + 2, "without it: %s",
		 doc_text(one, "without", "?"));
	if (strcmp(state, "switched off") == 0)
		term_say(term, STATE_COLUMNS, STATE_COLUMNS + 2,
			 "to get it: take %s out of colod's --without", doc_text(one, "name", "?"));
	else
		term_say(term, STATE_COLUMNS, STATE_COLUMNS + 2, "to get it: %s",
			 doc_text(one, "how", "?"));
}

static size_t notes(const struct ctl *ctl, const cJSON *doctor)
{
	uint64_t skipped = doc_count(doctor, "skipped_names");
	const char *policy = doc_text(doctor, "policy_state", "ok");
	const char *facts = doc_text(doctor, "facts_note", "");
	size_t n = 0;

	if (strcmp(policy, "ok") != 0) {
		term_say(&ctl->term, 0, 2, "policy: %s", policy);
		n++;
	}
	if (*facts) {
		/* The note may start with the policy's own words "facts: kubelet". */
		term_say(&ctl->term, 0, 2, "%s%s",
			 strncmp(facts, "facts", 5) == 0 ? "" : "facts: ", facts);
		n++;
	}
	if (skipped) {
		term_say(&ctl->term, 0, 2,
			 "cgroups: %" PRIu64 " left out, because of a name that is not UTF-8 or "
			 "looks like a path, or because there are too many",
			 skipped);
		n++;
	}
	return n;
}

/* No complaint: what is not colod's to change. */
static void gains(const struct ctl *ctl, const cJSON *doctor)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(doctor, "gains"))
	{
		term_say(&ctl->term, 0, 2, "to gain: %s", doc_text(one, "what", "?"));
		term_say(&ctl->term, 2, 4, "how: %s", doc_text(one, "how", "?"));
	}
}

/* Nor this: it may be as it has to be. */
static void cores(const struct ctl *ctl, const cJSON *doctor)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(doctor, "cores"))
	{
		uint64_t others = doc_count(one, "n_others");
		char more[48] = "";

		if (others > 0)
			(void)snprintf(more, sizeof(more), " (and %" PRIu64 " more)", others);
		term_say(&ctl->term, 0, 2, "cores: %s%s: %s", doc_text(one, "pod", "?"), more,
			 doc_text(one, "reason", "?"));
	}
}

static size_t refusals(const struct ctl *ctl, const cJSON *doctor)
{
	const cJSON *one;
	size_t n = 0;

	cJSON_ArrayForEach(one, doc_get(doctor, "refusals"))
	{
		term_say(&ctl->term, 0, 2, "refused: %s = %s at /%s: %s",
			 doc_text(one, "knob", "?"), doc_text(one, "want", "?"),
			 doc_text(one, "cgroup", "?"), doc_text(one, "why", "?"));
		n++;
	}
	return n;
}

static size_t diagnostics(const struct ctl *ctl, const cJSON *doctor)
{
	const struct term *term = &ctl->term;
	const cJSON *one;
	size_t n = 0;

	cJSON_ArrayForEach(one, doc_get(doctor, "diagnostics"))
	{
		uint64_t column = doc_count(one, "column");

		term_say(term, 0, 2, "%s:%" PRIu64 ":%" PRIu64 ": %s: %s",
			 doc_text(one, "file", "?"), doc_count(one, "line"), column,
			 doc_text(one, "severity", "?"), doc_text(one, "text", "?"));
		if (doc_has(one, "source")) {
			(void)fputs("    ", term->out);
			term_text(term, doc_text(one, "source", ""), TERM_DIM);
			if (column > 0 && column < 1000)
				(void)fprintf(term->out, "\n%*s", (int)column + 4, "^");
			(void)fputc('\n', term->out);
		}
		if (doc_has(one, "hint"))
			term_say(term, 2, 2, "%s", doc_text(one, "hint", ""));
		n++;
	}
	return n;
}

int verb_doctor(const struct ctl *ctl)
{
	const cJSON *doctor = doc_get(ctl->doc, "doctor"), *one;
	size_t n;

	cJSON_ArrayForEach(one, doc_get(doctor, "capabilities")) capability(ctl, one);
	(void)fputc('\n', ctl->term.out);
	gains(ctl, doctor);
	cores(ctl, doctor);
	doctor_memory(ctl, doctor);
	doctor_disks(ctl, doctor);
	n = notes(ctl, doctor);
	n += refusals(ctl, doctor);
	n += diagnostics(ctl, doctor);
	if (n == 0)
		term_say(&ctl->term, 0, 2,
			 "No other complaint: the policy is in force, facts are as it asks, and "
			 "the kernel refused nothing in the last pass that changed something.");
	return CTL_OK;
}

cJSON *verb_doctor_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "doctor"), 1);
}
