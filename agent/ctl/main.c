// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl: shows what colod sees, decided and did, and changes how far it may go. This file has the
// command line; each verb is a row of the table in verbs.c and a file of its own.
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/verbs.h"

struct options {
	bool json;
	unsigned verb; /* enum verb_option */
	const char *root, *node;
	bool help;
	bool version;
	const char *since, *kind, *number, *output;
	const char *policy[CTL_ARGS_MAX]; /* --policy, in their order */
	size_t n_policy;
};

static void help(void)
{
	(void)puts("Usage: coloctl [OPTION...] VERB [ARGUMENT...]\n"
		   "Shows what colod on this node sees, has decided and has done.\n");
	verbs_help();
	(void)puts(
		"\nPOD is namespace/name, a name, a UID or its first characters, a unit or a cgroup "
		"path.\n\n"
		"      --json     the same as JSON: the section of the snapshot that the verb shows\n"
		"      --all      with plan: also the knobs that stay as they are\n"
		"      --policy FILE  with plan: what this file, with all others named, would change as\n"
		"                 the whole policy; nothing is added from policy.d. Nothing is written\n"
		"      --since T  with history: only from then on: 90s, 10m, 2h, 3d, today\n"
		"      --kind K   with history: only these kinds, for example write,rung,mode\n"
		"  -n N           with history: the newest N (default 100, 0 is all)\n"
		"      --output FILE  with incidents plot: into this file, not to standard output\n"
		"      --persist  with mode MODE: write it to /etc/colod/policy.d/90-mode.yaml\n"
		"      --root DIR with off, on and mode --persist: the files below DIR, no daemon asked;\n"
		"                 with policy check and show: the files and the node below DIR\n"
		"      --node N   with policy check and show: for \"this\" node (its kernel, name and\n"
		"                 labels; what it is where colod runs, and with --root), or for \"none\"\n"
		"                 (what it is elsewhere: a laptop is no node of yours)\n"
		"      --help     this text\n"
		"      --version  the version\n\n"
		"Tables are cut to the terminal's width (or COLUMNS); NO_COLOR switches colour off.\n"
		"Reading takes root or membership of group colod; changing takes root.\n\n"
		"Exit code: 0 shown or done, 1 colod's answer cannot be used, 2 wrong command line,\n"
		"3 colod or the bus does not run, 4 not allowed to ask, 5 no such pod or incident, or several\n"
		"pods, 6 plan --policy: something would change (0: nothing; 1 also: the policy is not good)");
}

static int add_policy(struct options *options, const char *path)
{
	if (options->n_policy == CTL_ARGS_MAX - 1)
		return verbs_usage("too many files, from '", path, "' on");
	options->verb |= VERB_POLICY;
	options->policy[options->n_policy++] = path;
	return CTL_OK;
}

static const struct option longs[] = {
	{"json", no_argument, NULL, 'j'},	  {"all", no_argument, NULL, 'a'},
	{"policy", required_argument, NULL, 'P'}, {"since", required_argument, NULL, 's'},
	{"kind", required_argument, NULL, 'k'},	  {"output", required_argument, NULL, 'O'},
	{"persist", no_argument, NULL, 'p'},	  {"root", required_argument, NULL, 'r'},
	{"node", required_argument, NULL, 'o'},	  {"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},	  {NULL, 0, NULL, 0},
};

static int read_options(int argc, char **argv, struct options *options)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hn:", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			options->json = true;
			break;
		case 'a':
			options->verb |= VERB_ALL;
			break;
		case 'P':
			if (add_policy(options, optarg) != CTL_OK)
				return CTL_USAGE;
			break;
		case 's':
			options->verb |= VERB_RECORDS;
			options->since = optarg;
			break;
		case 'k':
			options->verb |= VERB_RECORDS;
			options->kind = optarg;
			break;
		case 'n':
			options->verb |= VERB_RECORDS;
			options->number = optarg;
			break;
		case 'O':
			options->verb |= VERB_OUTPUT;
			options->output = optarg;
			break;
		case ':':
			return verbs_usage("'", argv[optind - 1],
					   "' needs a value, for example: --since 10m, --kind "
					   "write,rung, -n 20, --policy new.yaml");
		case 'p':
			options->verb |= VERB_PERSIST;
			break;
		case 'r':
			options->root = optarg;
			break;
		case 'o':
			options->verb |= VERB_NODE;
			options->node = optarg;
			break;
		case 'h':
			options->help = true;
			break;
		case 'v':
			options->version = true;
			break;
		default:
			return verbs_usage("there is no option '", argv[optind - 1],
					   "'. See: coloctl help");
		}
	}
	return CTL_OK;
}

static int print_json(const struct verb *verb, const struct ctl *ctl)
{
	int r = CTL_FAILED;
	cJSON *tree = verb->json(ctl, &r);

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

static int show(const struct verb *verb, const struct ctl *ctl)
{
	if (ctl->json || !verb->show)
		return print_json(verb, ctl);
	if (!doc_has(doc_get(ctl->doc, "node"), "kernel")) {
		(void)fprintf(stderr, "coloctl: colod has only just started and has seen nothing "
				      "yet. Ask again in a second\n");
		return CTL_FAILED;
	}
	return verb->show(ctl);
}

static int64_t boottime_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The records that the verb wants, into the document. */
static int add_history(const struct verb *verb, const struct ctl *ctl, cJSON *doc)
{
	struct client_filter filter;
	char *unsaid = NULL;
	size_t size = 0;
	FILE *err = verb->may_lack ? open_memstream(&unsaid, &size) : stderr;
	cJSON *history = NULL;
	int r = verb->ask(ctl, clock_wall_us(), &filter);

	if (r == CTL_OK)
		r = err ? client_history(err, &filter, &history) : CTL_FAILED;
	if (r == CTL_OK && !cJSON_AddItemToObject(doc, "history", history)) {
		cJSON_Delete(history);
		r = CTL_FAILED;
	}
	if (err && verb->may_lack)
		(void)fclose(err);
	free(unsaid);
	return verb->may_lack ? CTL_OK : r;
}

static int run(const struct verb *verb, struct ctl *ctl)
{
	cJSON *doc = NULL;
	int r = verb->act ? CTL_OK : client_fetch(stderr, &doc);

	ctl->doc = doc;
	if (r == CTL_OK && verb->ask)
		r = add_history(verb, ctl, doc);
	if (r != CTL_OK) {
		cJSON_Delete(doc);
		return r;
	}
	term_init(&ctl->term, stdout);
	ctl->term.now_us = boottime_us();
	r = verb->act ? verb->act(ctl) : show(verb, ctl);
	cJSON_Delete(doc);
	if (fflush(stdout) != 0 && errno != EPIPE) {
		(void)fprintf(stderr, "coloctl: cannot write: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	return r;
}

/* `--policy a b`, as a shell makes it of a pattern, means both. */
static int set_args(struct ctl *ctl, const struct options *options, int argc, char **argv)
{
	size_t n = options->n_policy;

	memcpy(ctl->args, options->policy, n * sizeof(ctl->args[0]));
	for (int i = 1; i < argc; i++) {
		if (n == CTL_ARGS_MAX - 1)
			return verbs_usage("one argument too many: '", argv[i], "'");
		ctl->args[n++] = argv[i];
	}
	return CTL_OK;
}

int main(int argc, char **argv)
{
	struct options options = {.root = "/"};
	const struct verb *verb = NULL;
	struct ctl ctl = {.err = stderr};
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
	r = verbs_find(argc, argv, options.verb, &verb);
	if (r != CTL_OK)
		return r;
	r = set_args(&ctl, &options, argc, argv);
	if (r != CTL_OK)
		return r;
	ctl.json = options.json;
	ctl.all = options.verb & VERB_ALL;
	ctl.since = options.since;
	ctl.kind = options.kind;
	ctl.number = options.number;
	ctl.output = options.output;
	ctl.persist = options.verb & VERB_PERSIST;
	ctl.root = options.root;
	ctl.node = options.node;
	return run(verb, &ctl);
}
