// SPDX-License-Identifier: LGPL-2.1-or-later
// See culprit_lines.h.
#include "agent/ctl/culprit_lines.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "colod/culprit.h"

static const char *const resources[] = {"cpu", "memory", "io"};

static bool is(const cJSON *object, const char *key, const char *text)
{
	return strcmp(doc_text(object, key, ""), text) == 0;
}

/* Why there is no list, as of the last look; NULL: there is one, or it needs no word beside what the terms of
 * the score say. */
static const char *why_nobody(const char *state)
{
	static const struct {
		const char *state;
		const char *text;
	} why[] = {
		{"due", "nobody has looked yet: in a moment"},
		{"too few samples", "too little of the last minute was measured so far"},
		{"steady",
		 "it waited the same all the time, so that nothing tells who comes and goes with it"},
		{"its own load", "it waits more when it does more itself"},
		{"nobody", "nobody's use goes with it"},
	};

	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		if (strcmp(why[i].state, state) == 0)
			return why[i].text;
	return NULL;
}

/* "came or went 7 times, 1 s before it; fits by 93.4 %" */
static void evidence(const cJSON *one, char *buf, size_t size)
{
	uint64_t swings = doc_count(one, "swings"), lag_s = doc_count(one, "lag_s");
	char fit[DOC_TEXT_SIZE], lag[48] = "";

	if (lag_s > 0)
		(void)snprintf(lag, sizeof(lag), ", %" PRIu64 " s before it", lag_s);
	(void)snprintf(buf, size, "came or went %" PRIu64 " time%s%s; fits by %s%s%s", swings,
		       swings == 1 ? "" : "s", lag,
		       doc_format(one, "fit_permille", doc_percent, fit),
		       doc_true(one, "alike") ? ", as another one does" : "",
		       doc_true(one, "with_own")
			       ? ", as its own use does, which a disturbance raises"
			       : "");
}

static void one_line(const struct ctl *ctl, const cJSON *one)
{
	char share[DOC_TEXT_SIZE], why[256];

	evidence(one, why, sizeof(why));
	term_say(&ctl->term, 4, 6, "%s: %s, confidence %s (%s)%s%s", doc_text(one, "name", "?"),
		 doc_format(one, "share_permille", doc_percent, share),
		 doc_text(one, "confidence", "?"), why,
		 is(one, "role", "online") ? "; online: colod does not act on it" : "",
		 doc_true(one, "gone") ? "; gone since" : "");
}

static void list(const struct ctl *ctl, const char *resource, const cJSON *culprits)
{
	uint64_t at_us = doc_count(culprits, "at_us"), now_us = (uint64_t)ctl->term.now_us;
	char ago[DOC_TEXT_SIZE], own[DOC_TEXT_SIZE];
	const cJSON *one;

	term_say(&ctl->term, 2, 4,
		 "Who seems to make it wait for %s, of its ups and downs in the %" PRIu64
		 " s up to %s ago%s:",
		 resource, doc_count(culprits, "seconds"),
		 doc_duration(now_us > at_us ? now_us - at_us : 0, ago),
		 is(culprits, "state", "ranked") ? "" : " (it does not now)");
	cJSON_ArrayForEach(one, doc_get(culprits, "list")) one_line(ctl, one);
	if (doc_count(culprits, "own_permille") > 0)
		term_say(&ctl->term, 4, 6, "its own load: %s",
			 doc_format(culprits, "own_permille", doc_percent, own));
}

static void trial_line(const struct ctl *ctl, const char *resource, const cJSON *t)
{
	uint64_t at_us = doc_count(t, "at_us"), now_us = (uint64_t)ctl->term.now_us;
	uint64_t others = doc_count(t, "others");
	char before[DOC_TEXT_SIZE], after[DOC_TEXT_SIZE], ago[DOC_TEXT_SIZE], with[64] = "";

	if (others > 0)
		(void)snprintf(with, sizeof(with), " and %" PRIu64 " other%s", others,
			       others == 1 ? "" : "s");
	term_say(&ctl->term, 2, 4,
		 "%s%s: holding %s%s made it wait for %s %s: %s before, %s after (%s ago)%s.",
		 is(t, "verdict", "confirmed") ? "Confirmed" : "No effect",
		 doc_true(t, "calibrated") ? " (calibration)" : "", doc_text(t, "name", "?"), with,
		 resource, is(t, "verdict", "confirmed") ? "less" : "no less",
		 doc_format(t, "before_permille", doc_percent, before),
		 doc_format(t, "after_permille", doc_percent, after),
		 doc_duration(now_us > at_us ? now_us - at_us : 0, ago),
		 doc_true(t, "gone") ? "; it is gone since" : "");
}

/* Of no resource there is anything to look for. */
static void say_none(const struct ctl *ctl, const cJSON *score)
{
	bool learning = false, usual = false;

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		const cJSON *culprits = doc_get(doc_get(score, resources[i]), "culprits");

		learning = learning || is(culprits, "state", "learning");
		usual = usual || is(culprits, "state", "no excess");
	}
	if (usual || learning)
		term_say(&ctl->term, 2, 4, "Nobody is looked for who makes it wait: %s.",
			 usual ? "it waits no more than is usual"
			       : "what is usual is still being learned");
}

void culprit_lines(const struct ctl *ctl, const cJSON *score)
{
	bool any = false, said = false;

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		const cJSON *culprits = doc_get(doc_get(score, resources[i]), "culprits");
		const char *why = why_nobody(doc_text(culprits, "state", ""));
		const cJSON *trial;

		cJSON_ArrayForEach(trial, doc_get(culprits, "tried"))
			trial_line(ctl, resources[i], trial);

		if (why)
			term_say(&ctl->term, 2, 4, "Who makes it wait for %s is not known: %s.",
				 resources[i], why);
		else if (is(culprits, "found", "ranked"))
			list(ctl, resources[i], culprits);
		else
			continue;
		said = true;
		any = any || !why;
	}
	if (!said)
		say_none(ctl, score);
	if (any)
		term_say(&ctl->term, 2, 4,
			 "That is a suspicion: who moves together with the stall may have a cause "
			 "in common with it. Nothing is decided by it.");
}

void culprit_short(const cJSON *value, char buf[CULPRIT_SHORT_SIZE])
{
	const cJSON *culprits = doc_get(value, "culprits");
	const cJSON *first = cJSON_GetArrayItem(doc_get(culprits, "list"), 0);

	buf[0] = '\0';
	if (first && is(culprits, "state", "ranked"))
		(void)snprintf(buf, CULPRIT_SHORT_SIZE, "%s (confidence %s)%s",
			       doc_text(first, "name", "?"), doc_text(first, "confidence", "?"),
			       cJSON_GetArraySize(doc_get(culprits, "list")) > 1 ? " and others"
										 : "");
}
