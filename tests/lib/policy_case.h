// SPDX-License-Identifier: LGPL-2.1-or-later
// Policies as text in tests: one mistake and what must be said of it, or a policy that must read. The
// warning that no rule gives a level does not count here: a case is about something else.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/diag.h"
#include "colod/policy.h"

/* Exactly one message of this severity at this place, whose text and hint hold these words. */
struct policy_case {
	const char *yaml;
	uint32_t line; /* 0: about the file as a whole */
	uint32_t col;
	const char *says;
	const char *hint; /* "" for no hint at all */
};

/* Each text must be refused with exactly this error and no other. Fails the running test. */
void policy_case_refused(const struct policy_case *cases, size_t n);

/* Each text must be read, with exactly this warning and no other. */
void policy_case_warned(const struct policy_case *cases, size_t n);

/* Reads texts as files a.yaml, b.yaml …; fails the test unless there is no message at all. The
 * caller frees with policy_free(). */
struct policy *policy_case_read(const char *const *texts, size_t n);

/* The same, kept for the running test: until the next call, or policy_case_teardown(), which is for
 * cmocka. */
struct policy *policy_case_keep(const char *const *texts, size_t n);
int policy_case_teardown(void **state);

/* One text; what is wrong with it is in *diags. 0 or what policy_read() said. */
int policy_case_try(const char *text, struct diags *diags, struct policy **ret_policy);
