// SPDX-License-Identifier: LGPL-2.1-or-later
// See options.h. Only parses: nothing is opened here.
#include "agent/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/capability.h"
#include "policy/names.h"
#include "policy/quantity.h"
#include "policy/record.h"

/* Some hours of a node with 100 pods. */
#define RECORD_MAX_BYTES (64ull << 20)

enum option_code {
	OPT_ROOT = 256,
	OPT_ONCE,
	OPT_MODE,
	OPT_POLICY,
	OPT_WITHOUT,
	OPT_JSON,
	OPT_HOLDS,
	OPT_AUTO,
	OPT_WITH_GUARD,
	OPT_FOR,
	OPT_RECORD,
	OPT_RECORD_MAX,
	OPT_RECORD_PSEUDONYMS,
	OPT_REPLAY,
	OPT_INTROSPECT,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"root", required_argument, NULL, OPT_ROOT},
	{"once", no_argument, NULL, OPT_ONCE},
	{"mode", required_argument, NULL, OPT_MODE},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"without", required_argument, NULL, OPT_WITHOUT},
	{"json", no_argument, NULL, OPT_JSON},
	{"holds", no_argument, NULL, OPT_HOLDS},
	{"auto", no_argument, NULL, OPT_AUTO},
	{"with-guard", no_argument, NULL, OPT_WITH_GUARD},
	{"for", required_argument, NULL, OPT_FOR},
	{"record", required_argument, NULL, OPT_RECORD},
	{"record-max", required_argument, NULL, OPT_RECORD_MAX},
	{"record-pseudonyms", no_argument, NULL, OPT_RECORD_PSEUDONYMS},
	{"replay", required_argument, NULL, OPT_REPLAY},
	{"bus-introspect", no_argument, NULL, OPT_INTROSPECT},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void print_help(void)
{
	puts("colod [OPTIONS]            run the node agent (systemd starts it so)\n"
	     "colod --once [OPTIONS]     one pass: print what would change, and why\n"
	     "colod restore [--holds]    put back every value colod changed, without the daemon\n"
	     "colod restore --auto       end holds; the rest only if colod.service does not come back\n"
	     "colod guard                end holds when the agent dies or hangs, where systemd does not\n"
	     "\n"
	     "  --mode MODE        off, observe, protect or squeeze: at most this, whatever the policy says\n"
	     "  --mode RESOURCE=MODE  the same for cpu, memory or io alone (may be repeated)\n"
	     "  --policy FILE      read this policy instead of the policy.d directories (may be repeated)\n"
	     "  --root DIR         a directory that stands in for / (a recorded tree)\n"
	     "  --without CAP,...  behave as if the kernel lacked these (see coloctl doctor), or: all\n"
	     "  --with-guard       start a guard for this agent, unless systemd watches over it\n"
	     "  --json             with --once: the whole snapshot as JSON\n"
	     "  --record FILE      record what is seen and decided into a new FILE (colod --replay reads it)\n"
	     "  --record-max SIZE  end the record there (default 64Mi)\n"
	     "  --record-pseudonyms  with the names of pods, namespaces and cgroups replaced\n"
	     "  --replay FILE      decide a record again and compare; with --policy: where another would differ\n"
	     "  --bus-introspect   print the D-Bus interface\n"
	     "  -v, --verbose      log what is only of interest when something is wrong\n"
	     "  --version, -h, --help\n"
	     "\n"
	     "On a node that nobody set up: colod --once --mode observe   (reads only)");
}

static int bad_mode(const char *text)
{
	fprintf(stderr,
		"colod: --mode %s: expected off, observe, protect, squeeze or full, or one of "
		"them for one resource, as in cpu=observe (cpu, memory, io, net)\n",
		text);
	return -EINVAL;
}

/* MODE, or RESOURCE=MODE. */
static int parse_mode(const char *text, struct options *o)
{
	const char *equals = strchr(text, '=');
	int mode = names_mode_from(equals ? equals + 1 : text), resource;
	char name[16];

	if (mode < 0)
		return bad_mode(text);
	if (!equals) {
		o->mode = (enum mode)mode;
		o->mode_given = true;
		return 0;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	resource = names_mode_of_from(name);
	if (resource < 0)
		return bad_mode(text);
	o->mode_by[resource] = (enum mode)mode;
	o->mode_by_given[resource] = true;
	return 0;
}

static int parse_without(const char *text, struct options *o)
{
	const char *bad = text;
	uint32_t mask;

	if (capability_mask(text, &mask, &bad) == 0) {
		o->switched_off |= mask;
		return 0;
	}
	fprintf(stderr,
		"colod: --without %.*s: no such capability; known are:", (int)strcspn(bad, ","),
		bad);
	for (int c = 0; c < CAPABILITY_COUNT; c++)
		fprintf(stderr, " %s", capability_info((enum capability)c)->name);
	fputs(" all\n", stderr);
	return -EINVAL;
}

static int add_policy_file(const char *path, struct options *o)
{
	if (o->n_policy_files == OPTIONS_POLICY_FILES_MAX) {
		fprintf(stderr, "colod: --policy: at most %d files\n", OPTIONS_POLICY_FILES_MAX);
		return -EINVAL;
	}
	o->policy_files[o->n_policy_files++] = path;
	return 0;
}

static int parse_pid(const char *text, struct options *o)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (end == text || *end || pid <= 0 || pid > INT32_MAX) {
		fprintf(stderr, "colod: --for %s: expected the pid of an agent\n", text);
		return -EINVAL;
	}
	o->guard_for = (uint32_t)pid;
	return 0;
}

static int parse_record_max(const char *text, struct options *o)
{
	uint64_t bytes;

	if (quantity_bytes(text, &bytes) == 0 && bytes >= RECORD_MIN_BYTES &&
	    bytes <= RECORD_TEXT_MAX) {
		o->record_max_bytes = bytes;
		return 0;
	}
	fprintf(stderr, "colod: --record-max %s: expected a size of 16Ki to 1Gi, like 64Mi\n",
		text);
	return -EINVAL;
}

static int parse_one(int code, struct options *o)
{
	switch (code) {
	case OPT_ROOT:
		o->root = optarg;
		return 0;
	case OPT_ONCE:
		o->action = OPTIONS_ONCE;
		return 0;
	case OPT_MODE:
		return parse_mode(optarg, o);
	case OPT_POLICY:
		return add_policy_file(optarg, o);
	case OPT_WITHOUT:
		return parse_without(optarg, o);
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_HOLDS:
		o->holds_only = true;
		return 0;
	case OPT_AUTO:
		o->restore_auto = true;
		return 0;
	case OPT_WITH_GUARD:
		o->with_guard = true;
		return 0;
	case OPT_FOR:
		return parse_pid(optarg, o);
	case OPT_RECORD:
		o->record_file = optarg;
		return 0;
	case OPT_RECORD_MAX:
		return parse_record_max(optarg, o);
	case OPT_RECORD_PSEUDONYMS:
		o->record_pseudonyms = true;
		return 0;
	case OPT_REPLAY:
		o->action = OPTIONS_REPLAY;
		o->replay_file = optarg;
		return 0;
	case OPT_INTROSPECT:
		o->action = OPTIONS_INTROSPECT;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case OPT_VERSION:
		puts("colod " COLOD_VERSION);
		o->action = OPTIONS_DONE;
		return 0;
	case 'h':
		print_help();
		o->action = OPTIONS_DONE;
		return 0;
	default:
		return -EINVAL; /* getopt has said what */
	}
}

static int parse_verb(int argc, char **argv, struct options *o)
{
	const char *verb = argv[optind];
	bool known = true;

	if (optind == argc)
		return 0;
	if (strcmp(verb, "restore") == 0)
		o->action = OPTIONS_RESTORE;
	else if (strcmp(verb, "guard") == 0)
		o->action = OPTIONS_GUARD;
	else
		known = false;
	if (known && optind + 1 == argc)
		return 0;
	fprintf(stderr, "colod: unexpected word '%s' (the verbs are: restore guard)\n",
		argv[known ? optind + 1 : optind]);
	return -EINVAL;
}

/* What goes with one verb only. */
static int check_verb(const struct options *o)
{
	const char *wrong = NULL;

	if ((o->holds_only || o->restore_auto) && o->action != OPTIONS_RESTORE)
		wrong = "--holds and --auto go with the verb restore";
	else if (o->holds_only && o->restore_auto)
		wrong = "restore takes --holds or --auto, not both";
	else if (o->guard_for && o->action != OPTIONS_GUARD)
		wrong = "--for goes with the verb guard";
	else if (o->with_guard && o->action != OPTIONS_RUN)
		wrong = "--with-guard is for the running agent";
	if (!wrong)
		return 0;
	fprintf(stderr, "colod: %s\n", wrong);
	return -EINVAL;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options o = {.action = OPTIONS_RUN,
			    .root = "/",
			    .mode = MODE_FULL,
			    .record_max_bytes = RECORD_MAX_BYTES};
	int code, r;

	optind = 1;
	while ((code = getopt_long(argc, argv, "vh", long_options, NULL)) != -1) {
		r = parse_one(code, &o);
		if (r < 0)
			return r;
		if (o.action == OPTIONS_DONE)
			break;
	}
	if (o.action != OPTIONS_DONE) {
		r = parse_verb(argc, argv, &o);
		if (r < 0)
			return r;
	}
	r = check_verb(&o);
	if (r < 0)
		return r;
	*ret_options = o;
	return 0;
}
