// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl policy why POD: each rule of the policy in force that was tried for a pod, in order, and why it
// does not match, is waited for, or gave the level. Only the running agent knows the pod and the policy.
#include "agent/ctl/verb_policy.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/client.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/pick.h"

#define KEY_COLUMNS 11
#define LINE_SIZE 1024

static void line(const struct ctl *ctl, const char *key, const char *text)
{
	(void)fputs("  ", ctl->term.out);
	term_field(&ctl->term, key, KEY_COLUMNS - 2, false, TERM_BOLD);
	term_paragraph(&ctl->term, text, KEY_COLUMNS, KEY_COLUMNS, KEY_COLUMNS, TERM_PLAIN);
}

static void level_lines(const struct ctl *ctl)
{
	const char *level = doc_text(ctl->doc, "level", NULL);
	const char *waits = doc_text(ctl->doc, "waiting_for", NULL);
	char text[LINE_SIZE];

	if (level)
		(void)snprintf(text, sizeof(text), "%s, %s%s", level,
			       doc_text(ctl->doc, "role", "?"),
			       doc_true(ctl->doc, "kept_online")
				       ? ": the rule says offline, but a system pod never is"
				       : "");
	else if (waits)
		(void)snprintf(text, sizeof(text), "undecided and untouched, waiting for: %s (%s)",
			       waits,
			       strcmp(doc_text(ctl->doc, "facts", ""), "unknown") == 0
				       ? "nobody has told of this pod yet"
				       : "it is not known yet");
	else
		(void)snprintf(text, sizeof(text),
			       "none: no rule matches it, so nothing of it is touched");
	line(ctl, "level", text);
	if (doc_has(ctl->doc, "rule"))
		line(ctl, waits ? "stops at" : "rule", doc_text(ctl->doc, "rule", ""));
	line(ctl, "facts", doc_text(ctl->doc, "facts", "?"));
	(void)snprintf(text, sizeof(text), "%s (%s)", doc_text(ctl->doc, "policy", "?"),
		       doc_text(ctl->doc, "policy_state", "?"));
	line(ctl, "policy", text);
}

static void claim_text(const cJSON *rule, char *buf, size_t size)
{
	const char *claim = doc_text(rule, "claim", NULL);

	if (!claim)
		(void)snprintf(buf, size, "matches, but \"%s\" is no level of this policy",
			       doc_text(rule, "value", ""));
	else
		(void)snprintf(buf, size, "matches: the pod asks for %s, %s", claim,
			       doc_true(rule, "trusted")
				       ? "which counts as it stands (trusted namespace)"
				       : "which counts as far as the rules below give as much");
}

static const char *outcome_text(const cJSON *rule, char *buf, size_t size)
{
	const char *outcome = doc_text(rule, "outcome", "?");
	bool waits = strcmp(outcome, "waits") == 0;

	if (strcmp(outcome, "claims") == 0 || strcmp(outcome, "no-claim") == 0)
		claim_text(rule, buf, size);
	else if (strcmp(outcome, "matches") == 0)
		(void)snprintf(buf, size, "matches");
	else
		(void)snprintf(buf, size, "%s: wants %s, has %s", waits ? "waits" : "no",
			       doc_text(rule, "wants", "a condition"),
			       doc_text(rule, "has", "none"));
	return buf;
}

static void rule_line(const struct ctl *ctl, const cJSON *rule)
{
	const char *outcome = doc_text(rule, "outcome", "?");
	bool no = strcmp(outcome, "no") == 0, waits = strcmp(outcome, "waits") == 0;
	char text[LINE_SIZE];

	(void)fputs("    ", ctl->term.out);
	(void)snprintf(text, sizeof(text), "%s:%" PRIu64 " ", doc_text(rule, "file", "?"),
		       doc_count(rule, "line"));
	if (doc_true(rule, "built_in"))
		(void)snprintf(text, sizeof(text), "built in ");
	term_text(&ctl->term, text, TERM_BOLD);
	term_text(&ctl->term, doc_text(rule, "level", "?"), TERM_PLAIN);
	(void)fputc('\n', ctl->term.out);
	(void)outcome_text(rule, text, sizeof(text));
	term_paragraph(&ctl->term, text, 0, 8, 8, no ? TERM_DIM : waits ? TERM_YELLOW : TERM_GREEN);
}

/* The built-in rules name one unit each, and hardly ever the one that is asked about. */
static bool is_dull(const cJSON *rule)
{
	return doc_true(rule, "built_in") && strcmp(doc_text(rule, "outcome", ""), "no") == 0;
}

int verb_policy_why_show(const struct ctl *ctl)
{
	uint64_t later = doc_count(ctl->doc, "not_tried"), n_dull = 0;
	const cJSON *rule;

	term_text(&ctl->term, doc_text(ctl->doc, "name", "?"), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	level_lines(ctl);
	(void)fputs("  rules, in the order in which they are tried:\n", ctl->term.out);
	cJSON_ArrayForEach(rule, doc_get(ctl->doc, "rules")) n_dull += is_dull(rule);
	if (n_dull > 0)
		term_say(&ctl->term, 4, 8,
			 "%" PRIu64 " built-in rule%s for units of the system: no", n_dull,
			 n_dull == 1 ? "" : "s");
	cJSON_ArrayForEach(rule, doc_get(ctl->doc, "rules"))
	{
		if (!is_dull(rule))
			rule_line(ctl, rule);
	}
	if (later > 0)
		term_say(&ctl->term, 4, 8, "%" PRIu64 " more %s not tried: %s", later,
			 later == 1 ? "is" : "are",
			 doc_has(ctl->doc, "level") ? "the first match wins"
						    : "a rule that waits ends the search");
	return CTL_OK;
}

int verb_policy_why(const struct ctl *ctl, const char *word)
{
	struct ctl asked = *ctl;
	cJSON *snapshot = NULL, *doc = NULL;
	const cJSON *pod;
	int r = client_fetch(ctl->err, &snapshot);

	asked.doc = snapshot;
	asked.args[0] = word;
	if (r == CTL_OK)
		r = pick_pod(&asked, &pod);
	if (r == CTL_OK)
		r = client_policy_why(ctl->err, doc_text(pod, "cgroup", ""), &doc);
	cJSON_Delete(snapshot);
	if (r != CTL_OK)
		return r;
	asked.doc = doc;
	if (ctl->json)
		r = json_out(doc, ctl->term.out) < 0 ? CTL_FAILED : CTL_OK;
	else
		r = verb_policy_why_show(&asked);
	cJSON_Delete(doc);
	return r;
}
