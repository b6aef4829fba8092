// SPDX-License-Identifier: LGPL-2.1-or-later
// See ctl_case.h.
#include "tests/lib/ctl_case.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/ctl/doc.h"
#include "tests/lib/test.h"

#define FOLDER "tests/unit/fixtures/ctl/"
#define FILE_MAX (1024 * 1024)

cJSON *ctl_case_read(const char *snapshot)
{
	char path[128], *text = NULL;
	cJSON *doc;

	(void)snprintf(path, sizeof(path), FOLDER "%s.json", snapshot);
	if (fs_read_alloc(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
		fail_msg("cannot read %s (tests run from the top of the repository)", path);
	doc = cJSON_Parse(text);
	free(text);
	if (!doc)
		fail_msg("%s is not JSON", path);
	return doc;
}

char *ctl_case_run(const struct ctl_case *t, const cJSON *doc, int *ret_exit)
{
	char *out = NULL, *err = NULL, *both = NULL;
	size_t out_size = 0, err_size = 0;
	FILE *out_file = open_memstream(&out, &out_size);
	FILE *err_file = open_memstream(&err, &err_size);
	int64_t pass_us = (int64_t)doc_count(doc_get(doc, "status"), "pass_us");
	struct ctl ctl = {
		.term = {.out = out_file,
			 .width = t->width,
			 .colour = t->colour,
			 .utf8 = !t->ascii,
			 .now_us = pass_us + 2500000},
		.err = err_file,
		.doc = doc,
		.args = {t->pod},
		.all = t->all,
	};

	assert_non_null(out_file);
	assert_non_null(err_file);
	*ret_exit = t->verb(&ctl);
	(void)fclose(out_file);
	(void)fclose(err_file);
	if (asprintf(&both, "%s%s%s", out, *err ? "-- stderr\n" : "", err) < 0)
		fail_msg("no memory");
	free(out);
	free(err);
	return both;
}

static void check_width(const struct ctl_case *t, const char *text)
{
	struct term term = {.utf8 = true};
	char line[4096];

	while (*text && t->width > 0 && !t->colour) {
		size_t len = strcspn(text, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
		if (term_width(&term, line) > t->width)
			fail_msg("wider than %u columns: %s", t->width, line);
		text += len + (text[len] == '\n');
	}
}

static void bless(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	(void)fputs(text, f);
	assert_int_equal(fclose(f), 0);
	fail_msg("%s is written anew: read the diff, then run without COLOD_BLESS", path);
}

void ctl_case(const struct ctl_case *t)
{
	cJSON *doc = ctl_case_read(t->snapshot);
	char path[128], *expected = NULL;
	int code = -1;
	char *printed = ctl_case_run(t, doc, &code);

	(void)snprintf(path, sizeof(path), FOLDER "expect/%s.txt", t->expected);
	cJSON_Delete(doc);
	assert_int_equal(code, t->exit);
	if (getenv("COLOD_BLESS"))
		bless(path, printed);
	if (fs_read_alloc(AT_FDCWD, path, FILE_MAX, &expected, NULL) < 0)
		fail_msg("cannot read %s", path);
	if (strcmp(printed, expected) != 0)
		print_error("--- %s\n%s--- printed\n%s---\n", path, expected, printed);
	assert_string_equal(printed, expected);
	check_width(t, printed);
	free(printed);
	free(expected);
}

void ctl_case_program(char path[CTL_CASE_PROGRAM_SIZE])
{
	static const char name[] = "/coloctl";
	ssize_t n = readlink("/proc/self/exe", path, CTL_CASE_PROGRAM_SIZE - sizeof(name));

	assert_true(n > 0);
	path[n] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(path, '/') = '\0';
	(void)strcat(path, name);
	if (access(path, X_OK) != 0)
		fail_msg("%s is not built", path);
}
