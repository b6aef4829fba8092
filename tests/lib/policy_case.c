// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_case.h.
#include "tests/lib/policy_case.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/read.h"
#include "tests/lib/test.h"

#define FILES_MAX 8

static struct policy *held;

struct policy *policy_case_keep(const char *const *texts, size_t n)
{
	policy_free(held);
	held = NULL;
	held = policy_case_read(texts, n);
	return held;
}

int policy_case_teardown(void **state)
{
	(void)state;
	policy_free(held);
	held = NULL;
	return 0;
}

int policy_case_try(const char *text, struct diags *diags, struct policy **ret_policy)
{
	struct policy_source source = {.name = "dir/a.yaml", .text = text, .len = strlen(text)};

	memset(diags, 0, sizeof(*diags));
	return policy_read(&source, 1, diags, ret_policy);
}

static void show(const char *yaml, const struct diags *diags)
{
	char text[DIAG_FORMAT_SIZE];

	print_error("the policy:\n%s\n", yaml);
	for (size_t i = 0; i < diag_count(diags); i++)
		print_error("%s\n", diag_format(&diags->list[i], text, sizeof(text)));
}

/* A case that is about one level gives it to nobody. */
static void drop_reach(struct diags *diags)
{
	size_t kept = 0, n = diag_count(diags);

	for (size_t i = 0; i < n; i++) {
		if (diags->list[i].severity == DIAG_WARNING &&
		    strncmp(diags->list[i].text, "no rule gives the level", 23) == 0)
			continue;
		diags->list[kept++] = diags->list[i];
	}
	diags->n -= n - kept;
}

static bool is_as_told(const struct policy_case *c, const struct diag *d)
{
	bool hint = c->hint[0] ? strstr(d->hint, c->hint) != NULL : d->hint[0] == '\0';

	return d->line == c->line && d->col == c->col && strstr(d->text, c->says) && hint &&
	       strcmp(d->file, "dir/a.yaml") == 0;
}

static void try_case(const struct policy_case *c, enum diag_severity severity)
{
	struct policy *policy = NULL;
	struct diags diags;
	int r = policy_case_try(c->yaml, &diags, &policy);
	bool error = severity == DIAG_ERROR, good;

	drop_reach(&diags);
	good = r == (error ? -EINVAL : 0) && (policy == NULL) == error && diags.n == 1 &&
	       diags.n_errors == (error ? 1 : 0) && diags.list[0].severity == severity &&
	       is_as_told(c, &diags.list[0]);

	policy_free(policy);
	if (good)
		return;
	show(c->yaml, &diags);
	fail_msg("expected %u:%u: …%s… hint …%s…", c->line, c->col, c->says, c->hint);
}

void policy_case_refused(const struct policy_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		try_case(&cases[i], DIAG_ERROR);
}

void policy_case_warned(const struct policy_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		try_case(&cases[i], DIAG_WARNING);
}

struct policy *policy_case_read(const char *const *texts, size_t n)
{
	static const char *const names[FILES_MAX] = {"etc/a.yaml", "b.yaml", "c.yaml", "d.yaml",
						     "e.yaml",	   "f.yaml", "g.yaml", "h.yaml"};
	struct policy_source sources[FILES_MAX];
	struct diags diags = {0};
	struct policy *policy = NULL;
	int r;

	assert_true(n <= FILES_MAX);
	for (size_t i = 0; i < n; i++)
		sources[i] = (struct policy_source){
			.name = names[i], .text = texts[i], .len = strlen(texts[i])};
	r = policy_read(sources, n, &diags, &policy);
	drop_reach(&diags);
	if (r < 0 || diags.n > 0)
		show(n > 0 ? texts[n - 1] : "", &diags);
	assert_int_equal(diags.n, 0);
	assert_int_equal(r, 0);
	return policy;
}
