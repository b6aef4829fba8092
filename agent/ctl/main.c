// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl: shows what colod sees, decided and did. This file has the command line; each verb is a
// row of the table below and a file of its own. A mistake is answered with the one sentence that
// mends it, never with the whole help.
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/json_out.h"
#include "policy/nearest.h"

struct verb {
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *summary;
	int (*run)(const struct ctl *ctl); /* NULL: there is only JSON */
	cJSON *(*json)(const struct ctl *ctl, int *ret_exit);
};

struct options {
	bool json;
	bool all;
	bool help;
	bool version;
};

static cJSON *dump_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(ctl->doc, 1);
}

static const struct verb verbs[] = {
	{"status", NULL, "mode, policy, pods, what is withheld and how to allow it", verb_status,
	 verb_status_json},
	{"pods", NULL, "every pod with its level and what it uses", verb_pods, verb_pods_json},
	{"plan", NULL, "the knobs that change or would change, and why", verb_plan, verb_plan_json},
	{"why", "POD", "why one pod is treated as it is", verb_why, verb_why_json},
	{"score", NULL, "how much of its time each online pod was stalled", verb_score,
	 verb_score_json},
	{"doctor", NULL, "what this node can do, what an absence costs, how to end it", verb_doctor,
	 verb_doctor_json},
	{"dump", NULL, "the whole snapshot, always as JSON", NULL, dump_json},
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void help(void)
{
	(void)puts("Usage: coloctl [OPTION...] VERB [POD]\n"
		   "Shows what colod on this node sees, has decided and has done.\n");
	for (size_t i = 0; i < N_VERBS; i++)
		(void)printf("  %-7s %-4s %s\n", verbs[i].name,
			     verbs[i].argument ? verbs[i].argument : "", verbs[i].summary);
	(void)puts(
		"\nPOD is namespace/name, a name, a UID or its first characters, a unit or a cgroup "
		"path.\n\n"
		"      --json     the same as JSON: the section of the snapshot that the verb shows\n"
		"      --all      with plan: also the knobs that stay as they are\n"
		"      --help     this text\n"
		"      --version  the version\n\n"
		"Tables are cut to the terminal's width (or COLUMNS); NO_COLOR switches colour off.\n"
		"Reading takes root or membership of group colod.\n\n"
		"Exit code: 0 shown, 1 colod's answer cannot be used, 2 wrong command line,\n"
		"3 colod or the bus does not run, 4 not allowed to ask, 5 no such pod, or several");
}

/* Words of the command line are printed like names from pods: nothing in them is trusted. */
static int usage(const char *before, const char *word, const char *after)
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
	return usage("there is no verb '", word, near >= 0 ? after : "'. See: coloctl help");
}

static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"all", no_argument, NULL, 'a'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			options->json = true;
			break;
		case 'a':
			options->all = true;
			break;
		case 'h':
			options->help = true;
			break;
		case 'v':
			options->version = true;
			break;
		default:
			return usage("there is no option '", argv[optind - 1],
				     "'. See: coloctl help");
		}
	}
	return CTL_OK;
}

static int find_verb(int argc, char **argv, const struct options *options,
		     const struct verb **ret_verb)
{
	const struct verb *verb = NULL;

	if (argc == 0)
		return usage("say what to show, for example: coloctl status", "",
			     ". See: coloctl help");
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(argv[0], verbs[i].name) == 0)
			verb = &verbs[i];
	}
	if (!verb)
		return unknown_verb(argv[0]);
	if (verb->argument && argc < 2)
		return usage("which pod? For example: coloctl why default/web-1", "",
			     ". List them: coloctl pods");
	if (argc > (verb->argument ? 2 : 1))
		return usage("one argument too many: '", argv[verb->argument ? 2 : 1], "'");
	if (options->all && verb->run != verb_plan)
		return usage("--all goes with plan, not with '", argv[0], "'");
	*ret_verb = verb;
	return CTL_OK;
}

static int show(const struct verb *verb, const struct ctl *ctl, bool json)
{
	int r = CTL_FAILED;
	cJSON *tree;

	if (!json && verb->run && !doc_has(doc_get(ctl->doc, "node"), "kernel")) {
		(void)fprintf(stderr, "coloctl: colod has only just started and has seen nothing "
				      "yet. Ask again in a second\n");
		return CTL_FAILED;
	}
	if (!json && verb->run)
		return verb->run(ctl);
	tree = verb->json(ctl, &r);
	if (!tree) {
		if (r == CTL_FAILED)
			(void)fprintf(stderr,
				      "coloctl: colod's snapshot has no such part, or there "
				      "is no memory\n");
		return r;
	}
	r = json_out(tree, ctl->term.out);
	cJSON_Delete(tree);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

static int64_t boottime_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int run(const struct verb *verb, const char *pod, const struct options *options)
{
	struct ctl ctl = {.err = stderr, .pod = pod, .all = options->all};
	cJSON *doc;
	int r = client_fetch(stderr, &doc);

	if (r != CTL_OK)
		return r;
	ctl.doc = doc;
	term_init(&ctl.term, stdout);
	ctl.term.now_us = boottime_us();
	r = show(verb, &ctl, options->json);
	cJSON_Delete(doc);
	if (fflush(stdout) != 0 && errno != EPIPE) {
		(void)fprintf(stderr, "coloctl: cannot write: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	const struct verb *verb = NULL;
	int r = read_options(argc, argv, &options);

	if (r != CTL_OK)
		return r;
	argc -= optind;
	argv += optind;
	if (options.version) {
		(void)puts("coloctl " COLOD_VERSION);
		return CTL_OK;
	}
	if (options.help || (argc > 0 && strcmp(argv[0], "help") == 0)) {
		help();
		return CTL_OK;
	}
	r = find_verb(argc, argv, &options, &verb);
	return r == CTL_OK ? run(verb, verb->argument ? argv[1] : NULL, &options) : r;
}
