// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl policy check and show: what the policy files say, without a daemon, and what the node lacks for
// it. Nothing is written.
#include "agent/ctl/verb_policy.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/verbs.h"
#include "agent/policy_files.h"
#include "agent/policy_probe.h"
#include "policy/diag.h"
#include "policy/names.h"
#include "policy/nearest.h"
#include "policy/read.h"
#include "policy/show.h"

static void policy_freep(struct policy **policy)
{
	policy_free(*policy);
}
#define _cleanup_policy_ _cleanup_(policy_freep)

/* Which node a policy is read for, and what to say of that. */
struct looked_at {
	struct policy_files_node node;
	char says[512];
};

/* A laptop or a build machine is no node: its kernel and its name say nothing of those that will read
 * the files. Where an agent keeps its state, or where somebody names a tree, there is one. */
static bool is_node(const struct ctl *ctl, int root_fd)
{
	if (ctl->node)
		return strcmp(ctl->node, "this") == 0;
	return (ctl->root && strcmp(ctl->root, "/") != 0) || fs_exists(root_fd, "run/colod") == 1;
}

static void look_at_node(const struct ctl *ctl, int root_fd, struct looked_at *at)
{
	const char *why = "";

	if (!is_node(ctl, root_fd)) {
		at->node.nowhere = true;
		(void)snprintf(at->says, sizeof(at->says), "for no node in particular%s",
			       ctl->node ? ""
					 : ": colod does not run here. For this machine: --node "
					   "this, for a tree of another one: --root DIR");
		return;
	}
	at->node.labels_told = true;
	at->node.labels_why = "neither /etc/colod/node-labels nor a running colod tells them";
	if (policy_probe(root_fd, &at->node.capabilities, &why) < 0) {
		(void)snprintf(at->says, sizeof(at->says), "for this node, but not its kernel: %s",
			       why);
		return;
	}
	at->node.probed = POLICY_PROBE_FILES;
	(void)snprintf(at->says, sizeof(at->says), "for this node and its kernel%s",
		       ctl->root && strcmp(ctl->root, "/") != 0 ? ", below --root" : "");
}

/* 0, or what policy_files_read_to() said with the reasons in *diags. */
static int read_files(const struct ctl *ctl, const char *const *files, size_t n_files,
		      struct diags *diags, struct looked_at *at, struct policy **ret_policy)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r = fs_open_root(ctl->root ? ctl->root : "/", &root_fd);

	*at = (struct looked_at){0};
	if (r < 0)
		return r;
	look_at_node(ctl, root_fd, at);
	return policy_files_read_to(root_fd, files, n_files, &at->node, diags, NULL, NULL,
				    ret_policy);
}

/* Line by line: what a message quotes may come from anybody's file. */
static void print_diags(const struct ctl *ctl, const struct diags *diags)
{
	char text[DIAG_FORMAT_SIZE];
	struct term term = ctl->term;

	term.out = ctl->err;
	for (size_t i = 0; i < diag_count(diags); i++) {
		diag_format(&diags->list[i], text, sizeof(text));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			term_text(&term, line, TERM_PLAIN);
			(void)fputc('\n', ctl->err);
		}
	}
	if (diags->n > diag_count(diags))
		(void)fprintf(ctl->err, "and %zu more messages\n", diags->n - diag_count(diags));
}

static void put_unenforced(void *context, const char *what, const char *file, uint32_t line)
{
	const struct ctl *ctl = context;
	char text[512];

	(void)snprintf(text, sizeof(text), "%s (%s:%u)", what, file, line);
	(void)fputs("  ", ctl->term.out);
	term_text(&ctl->term, text, TERM_PLAIN);
	(void)fputc('\n', ctl->term.out);
}

static void count_only(void *context, const char *what, const char *file, uint32_t line)
{
	(void)context, (void)what, (void)file, (void)line;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(const struct ctl *ctl, const struct policy *policy,
			  const struct diags *diags)
{
	size_t n_levels = 0, n_own = 0, n_warnings = diags->n - diags->n_errors;
	size_t n_later = show_unenforced(policy, count_only, NULL);

	for (int i = 0; i < LEVEL_COUNT; i++)
		n_levels += policy->levels[i].defined;
	for (size_t i = 0; i < policy->n_rules; i++)
		n_own += !policy->rules[i].built_in;
	term_say(&ctl->term, 0, 0,
		 "good: %zu file%s, %zu level%s, %zu rule%s, mode %s; %zu warning%s",
		 policy->n_files, plural(policy->n_files), n_levels, plural(n_levels), n_own,
		 plural(n_own), names_mode(policy->mode), n_warnings, plural(n_warnings));
	for (size_t i = 0; i < policy->n_left_out; i++)
		term_say(&ctl->term, 0, 2, "%s: %s: %s",
			 policy->left_out[i].waits ? "not known whether it holds here"
						   : "left out on this node",
			 policy->files[policy->left_out[i].file], policy->left_out[i].why);
	if (n_later == 0)
		return;
	term_say(&ctl->term, 0, 0, "accepted, but not acted on by this version of colod: %zu",
		 n_later);
	(void)show_unenforced(policy, put_unenforced, (void *)ctl);
}

static void add_message(cJSON *array, const struct diag *d)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(o, "severity",
				      d->severity == DIAG_ERROR ? "error" : "warning");
	(void)cJSON_AddStringToObject(o, "file", d->file);
	(void)cJSON_AddNumberToObject(o, "line", d->line);
	(void)cJSON_AddNumberToObject(o, "column", d->col);
	(void)cJSON_AddStringToObject(o, "text", d->text);
	(void)cJSON_AddStringToObject(o, "source", d->source);
	(void)cJSON_AddStringToObject(o, "hint", d->hint);
	(void)cJSON_AddBoolToObject(o, "about_node", d->about_node);
	(void)cJSON_AddItemToArray(array, o);
}

static void add_unenforced(void *context, const char *what, const char *file, uint32_t line)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(o, "what", what);
	(void)cJSON_AddStringToObject(o, "file", file);
	(void)cJSON_AddNumberToObject(o, "line", line);
	(void)cJSON_AddItemToArray(context, o);
}

static int print_json(const struct ctl *ctl, const struct policy *policy, const struct diags *diags,
		      const struct looked_at *at)
{
	cJSON *tree = cJSON_CreateObject();
	cJSON *messages = cJSON_AddArrayToObject(tree, "messages");
	cJSON *later = cJSON_AddArrayToObject(tree, "not_acted_on");
	int r;

	(void)cJSON_AddBoolToObject(tree, "good", policy != NULL);
	(void)cJSON_AddNumberToObject(tree, "errors", (double)diags->n_errors);
	(void)cJSON_AddNumberToObject(tree, "warnings", (double)(diags->n - diags->n_errors));
	(void)cJSON_AddStringToObject(tree, "node", at->node.nowhere ? "none" : "this");
	(void)cJSON_AddBoolToObject(tree, "node_probed", at->node.probed != 0);
	for (size_t i = 0; i < diag_count(diags); i++)
		add_message(messages, &diags->list[i]);
	if (policy)
		(void)show_unenforced(policy, add_unenforced, later);
	r = tree ? json_out(tree, ctl->term.out) : -ENOMEM;
	cJSON_Delete(tree);
	return r < 0 || !policy ? CTL_FAILED : CTL_OK;
}

static int say_bad(const struct ctl *ctl, int error, const struct diags *diags,
		   const struct looked_at *at)
{
	if (!diags || diags->n_errors == 0) {
		(void)fprintf(ctl->err, "coloctl: the policy cannot be read: %s\n",
			      strerror(-error));
		return CTL_FAILED;
	}
	if (ctl->json)
		return print_json(ctl, NULL, diags, at);
	print_diags(ctl, diags);
	(void)fprintf(ctl->err, "%zu error%s: a running colod keeps the policy it has\n",
		      diags->n_errors, plural(diags->n_errors));
	return CTL_FAILED;
}

int verb_policy_check(const struct ctl *ctl, const char *const *files, size_t n_files)
{
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	struct looked_at at;
	int r = diags ? read_files(ctl, files, n_files, diags, &at, &policy) : -ENOMEM;

	if (r < 0)
		return say_bad(ctl, r, diags, &at);
	if (ctl->json)
		return print_json(ctl, policy, diags, &at);
	print_diags(ctl, diags);
	print_summary(ctl, policy, diags);
	term_say(&ctl->term, 0, 0, "checked %s", at.says);
	return CTL_OK;
}

int verb_policy_good(const struct ctl *ctl, const char *const *files, size_t n_files)
{
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	struct looked_at at;
	int r = diags ? read_files(ctl, files, n_files, diags, &at, &policy) : -ENOMEM;

	if (r < 0)
		return say_bad(ctl, r, diags, &at);
	if (!ctl->json)
		print_diags(ctl, diags);
	return CTL_OK;
}

static void put_text(void *context, const char *text)
{
	(void)fputs(text, context);
}

int verb_policy_show(const struct ctl *ctl, const char *const *files, size_t n_files)
{
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	struct looked_at at;
	int r = diags ? read_files(ctl, files, n_files, diags, &at, &policy) : -ENOMEM;

	if (r < 0) {
		if (diags)
			print_diags(ctl, diags);
		(void)fprintf(ctl->err, "coloctl: there is no effective policy to show: %s\n",
			      r == -EINVAL ? "it is not good" : strerror(-r));
		return CTL_FAILED;
	}
	return show_policy(policy, true, put_text, ctl->term.out) < 0 ? CTL_FAILED : CTL_OK;
}

int verb_policy(const struct ctl *ctl)
{
	static const char *const words[] = {"check", "show", "explain", "why", "schema"};
	const char *word = ctl->args[0];
	char after[128];
	size_t n = 0;
	int near;

	while (n + 1 < CTL_ARGS_MAX && ctl->args[n + 1])
		n++;
	if (ctl->node && strcmp(ctl->node, "this") != 0 && strcmp(ctl->node, "none") != 0)
		return verbs_usage("--node is this or none, not '", ctl->node, "'");
	if (strcmp(word, "check") == 0)
		return verb_policy_check(ctl, &ctl->args[1], n);
	if (strcmp(word, "show") == 0)
		return verb_policy_show(ctl, &ctl->args[1], n);
	if (strcmp(word, "explain") == 0 && n == 1)
		return verb_policy_explain(ctl, ctl->args[1]);
	if (strcmp(word, "schema") == 0 && n == 0)
		return verb_policy_schema(ctl);
	if (strcmp(word, "why") == 0 && n == 1)
		return verb_policy_why(ctl, ctl->args[1]);
	if (strcmp(word, "why") == 0)
		return verbs_usage("why takes one pod, for example: coloctl policy ", word,
				   " default/web-1");
	near = nearest(word, words, sizeof(words) / sizeof(words[0]));
	(void)snprintf(after, sizeof(after), "%s",
		       near >= 0 ? "'. For example: coloctl policy explain cpu.yield"
				 : "'. There are: check, show, explain KEY, why POD, schema");
	if (near >= 0 && strcmp(word, words[near]) != 0)
		(void)snprintf(after, sizeof(after), "'. Did you mean: coloctl policy %s",
			       words[near]);
	return verbs_usage("that is not a part of policy: '", word, after);
}
