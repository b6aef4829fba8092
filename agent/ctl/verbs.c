// SPDX-License-Identifier: LGPL-2.1-or-later
// See verbs.h. A mistake is answered with the one sentence that mends it, never with the whole help.
#include "agent/ctl/verbs.h"

#include <string.h>

#include "agent/ctl/verb_order.h"
#include "agent/ctl/verb_plan_policy.h"
#include "policy/nearest.h"

static cJSON *dump_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(ctl->doc, 1);
}

static const struct verb verbs[] = {
	{.name = "status",
	 .summary = "mode, policy, pods, what is withheld and how to allow it",
	 .show = verb_status,
	 .json = verb_status_json},
	{.name = "pods",
	 .summary = "every pod with its level and what it uses",
	 .show = verb_pods,
	 .json = verb_pods_json},
	{.name = "plan",
	 .arguments = "--policy FILE...",
	 .summary = "what these files, as the whole policy, would change; exit code 6: something",
	 .max_args = CTL_ARGS_MAX - 1,
	 .options = VERB_ALL | VERB_POLICY,
	 .needs = VERB_POLICY,
	 .act = verb_plan_policy},
	{.name = "plan",
	 .summary = "the knobs that change or would change, and why",
	 .options = VERB_ALL,
	 .show = verb_plan,
	 .json = verb_plan_json},
	{.name = "why",
	 .arguments = "POD",
	 .summary = "why one pod is treated as it is",
	 .min_args = 1,
	 .max_args = 1,
	 .show = verb_why,
	 .json = verb_why_json,
	 .ask = verb_why_ask,
	 .may_lack = true},
	{.name = "score",
	 .arguments = "[POD]",
	 .summary = "how much of its time each online pod loses to others, and how that came about",
	 .max_args = 1,
	 .show = verb_score,
	 .json = verb_score_json},
	{.name = "lend",
	 .summary = "what this node can lend to offline work now, and the sum it comes from",
	 .show = verb_lend,
	 .json = verb_lend_json},
	{.name = "net",
	 .summary = "each uplink, its classes and what they sent, and whose traffic is marked",
	 .show = verb_net,
	 .json = verb_net_json},
	{.name = "doctor",
	 .summary = "what this node can do, what an absence costs, how to end it",
	 .show = verb_doctor,
	 .json = verb_doctor_json},
	{.name = "history",
	 .arguments = "[POD]",
	 .summary = "what was done, when, why and who asked",
	 .max_args = 1,
	 .options = VERB_RECORDS,
	 .show = verb_history,
	 .json = verb_history_json,
	 .ask = verb_history_ask},
	{.name = "incidents",
	 .arguments = "[show N | plot N]",
	 .summary = "online pods that were hurt: when, by whom, what was done; one with its scene",
	 .max_args = 2,
	 .options = VERB_OUTPUT,
	 .act = verb_incidents},
	{.name = "trial",
	 .summary = "what would have been done today if the mode allowed it",
	 .show = verb_trial,
	 .json = verb_trial_json,
	 .ask = verb_trial_ask},
	{.name = "mode",
	 .summary = "how far colod may go, and every source that says so",
	 .show = verb_mode,
	 .json = verb_mode_json},
	{.name = "mode",
	 .arguments = "MODE [RESOURCE]",
	 .summary = "let it go at most this far now; with --persist: write it into the policy",
	 .min_args = 1,
	 .max_args = 2,
	 .options = VERB_PERSIST,
	 .act = verb_mode_set},
	{.name = "level",
	 .arguments = "POD LEVEL [DURATION]",
	 .summary = "give one pod another level, for 10m or so long",
	 .min_args = 2,
	 .max_args = 3,
	 .act = verb_order_level},
	{.name = "squeeze",
	 .arguments = "POD [DURATION]",
	 .summary = "hold one offline pod at its CPU floor and growth limit, for 10m or so long",
	 .min_args = 1,
	 .max_args = 2,
	 .act = verb_order_squeeze},
	{.name = "freeze",
	 .arguments = "POD [DURATION]",
	 .summary = "have one offline pod stand still, for seconds at most",
	 .min_args = 1,
	 .max_args = 2,
	 .act = verb_order_freeze},
	{.name = "thaw",
	 .arguments = "POD [DURATION]",
	 .summary = "end a freeze of colod's, and keep the pod from another one",
	 .min_args = 1,
	 .max_args = 2,
	 .act = verb_order_thaw},
	{.name = "release",
	 .arguments = "POD",
	 .summary = "end all that was ordered for one pod",
	 .min_args = 1,
	 .max_args = 1,
	 .act = verb_order_release},
	{.name = "evict",
	 .arguments = "POD",
	 .summary = "have one offline pod go, by the way the policy names; waits for the answer",
	 .min_args = 1,
	 .max_args = 1,
	 .act = verb_order_evict},
	{.name = "orders",
	 .summary = "what was ordered for single pods, by whom and until when",
	 .show = verb_orders,
	 .json = verb_orders_json},
	{.name = "pause",
	 .arguments = "[DURATION]",
	 .summary = "give all values back and only observe, for 30s, 10m, 2h or until resume",
	 .max_args = 1,
	 .act = verb_pause},
	{.name = "resume", .summary = "end the pause", .act = verb_pause_end},
	{.name = "off",
	 .summary = "the kill switch: give all values back and do nothing; needs no daemon",
	 .act = verb_switch_off},
	{.name = "on", .summary = "take the kill switch back", .act = verb_switch_on},
	{.name = "policy",
	 .arguments = "check|show [FILE...], explain KEY, why POD, schema",
	 .summary = "what the policy files say, without a daemon; why: which rule a pod got",
	 .min_args = 1,
	 .max_args = 17,
	 .options = VERB_NODE,
	 .act = verb_policy},
	{.name = "dump", .summary = "the whole snapshot, always as JSON", .json = dump_json},
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

void verbs_help(void)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		char call[80];

		(void)snprintf(call, sizeof(call), "%s %s", verbs[i].name,
			       verbs[i].arguments ? verbs[i].arguments : "");
		(void)printf("  %-12s %s\n", call, verbs[i].summary);
	}
}

int verbs_usage(const char *before, const char *word, const char *after)
{
	struct term err;

	term_init(&err, stderr);
	(void)fprintf(stderr, "coloctl: %s", before);
	term_text(&err, word, TERM_PLAIN);
	(void)fprintf(stderr, "%s\n", after);
	return CTL_USAGE;
}

static int unknown_verb(const char *word)
{
	const char *names[N_VERBS];
	char after[128];
	int near;

	for (size_t i = 0; i < N_VERBS; i++)
		names[i] = verbs[i].name;
	near = nearest(word, names, N_VERBS);
	if (near >= 0)
		(void)snprintf(after, sizeof(after), "'. Did you mean: coloctl %s", names[near]);
	return verbs_usage("there is no verb '", word, near >= 0 ? after : "'. See: coloctl help");
}

/* The row of that name whose number of arguments and options fit, else the last one of that name. */
static const struct verb *pick_row(const char *name, unsigned n_args, unsigned options)
{
	const struct verb *named = NULL;

	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(name, verbs[i].name) != 0)
			continue;
		named = &verbs[i];
		if (n_args >= named->min_args && n_args <= named->max_args &&
		    (options & named->needs) == named->needs)
			break;
	}
	return named;
}

static int too_few(const struct verb *verb)
{
	char call[96];

	if (verb->show == verb_why)
		return verbs_usage("which pod? For example: coloctl why default/web-1", "",
				   ". List them: coloctl pods");
	(void)snprintf(call, sizeof(call), "coloctl %s %s", verb->name, verb->arguments);
	return verbs_usage("something is missing: ", call, ". See: coloctl help");
}

static int check_options(const struct verb *verb, unsigned options)
{
	unsigned wrong = options & ~verb->options;

	if (wrong & VERB_ALL)
		return verbs_usage("--all goes with plan, not with '", verb->name, "'");
	if (wrong & VERB_POLICY)
		return verbs_usage("--policy goes with plan, not with '", verb->name, "'");
	if (wrong & VERB_RECORDS)
		return verbs_usage("--since, --kind and -n go with history, not with '", verb->name,
				   "'");
	if (wrong & VERB_NODE)
		return verbs_usage("--node goes with policy check and show, not with '", verb->name,
				   "'");
	if (wrong & VERB_OUTPUT)
		return verbs_usage("--output goes with incidents plot, not with '", verb->name,
				   "'");
	if (wrong & VERB_PERSIST)
		return verbs_usage("--persist goes with mode MODE, not with '", verb->name, "'");
	return CTL_OK;
}

int verbs_find(int argc, char **argv, unsigned options, const struct verb **ret_verb)
{
	unsigned n_args = argc > 0 ? (unsigned)argc - 1 : 0;
	const struct verb *verb;

	if (argc == 0)
		return verbs_usage("say what to show, for example: coloctl status", "",
				   ". See: coloctl help");
	verb = pick_row(argv[0], n_args, options);
	if (!verb)
		return unknown_verb(argv[0]);
	if (n_args < verb->min_args)
		return too_few(verb);
	if (n_args > verb->max_args)
		return verbs_usage("one argument too many: '", argv[verb->max_args + 1], "'");
	*ret_verb = verb;
	return check_options(verb, options);
}
