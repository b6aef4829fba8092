// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl policy explain KEY: the row of policy/README.md, the file the key writes with what the kernel
// must have for it, and what the policy files of this node say.
#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/ctl/policy_reference.h"
#include "agent/ctl/verb_policy.h"
#include "agent/policy_files.h"
#include "policy/capability.h"
#include "policy/read.h"

#define SHOWN_MAX 12

/* What a key writes, and without what the kernel has it has no effect. */
static const struct written {
	const char *path;
	const char *knob;
	enum capability needs;
} writes[] = {
	{"levels.P*.cpu.weight", "cpu.weight", CAPABILITY_CPU},
	{"levels.P*.cpu.yield", "cpu.weight, cpu.idle", CAPABILITY_CPU},
	{"levels.P*.cpu.scheduling", "sched_setscheduler(2) of its threads",
	 CAPABILITY_SCHED_POLICY},
	{"levels.P*.cpu.squeeze", "cpu.max", CAPABILITY_CPU_MAX},
	{"levels.P*.cpu.burst", "cpu.max.burst", CAPABILITY_CPU_MAX},
	{"levels.P*.cpu.cores", "cpuset.cpus", CAPABILITY_CPU},
	{"levels.P*.cpu.smt", "cpuset.cpus", CAPABILITY_SMT},
	{"levels.P*.memory.min", "memory.min", CAPABILITY_MEMORY},
	{"levels.P*.memory.low", "memory.low", CAPABILITY_MEMORY},
	{"levels.P*.memory.high", "memory.high", CAPABILITY_MEMORY},
	{"levels.P*.memory.watermark", "memory.reclaim", CAPABILITY_MEMORY},
	{"levels.P*.memory.growth", "memory.high", CAPABILITY_MEMORY},
	{"levels.P*.memory.oom", "oom_score_adj, memory.oom.group", CAPABILITY_MEMORY},
	{"levels.P*.io.weight", "io.weight, io.bfq.weight", CAPABILITY_IO_WEIGHT},
	{"levels.P*.io.squeeze", "io.max", CAPABILITY_IO},
	{"pressure", "", CAPABILITY_PSI},
	{"sli", "", CAPABILITY_PSI},
};

/* "levels.P4.cpu" is documented once, as "levels.P*.cpu". */
static void generic(const char *key, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", key);
	if (strncmp(buf, "levels.P", 8) == 0 && buf[8] >= '0' && buf[8] <= '7')
		buf[8] = '*';
}

static bool ends_in(const char *path, const char *key)
{
	size_t len = strlen(path), tail = strlen(key);

	return len > tail && path[len - tail - 1] == '.' && strcmp(path + len - tail, key) == 0;
}

static void print_written(const struct ctl *ctl, const char *path)
{
	const struct written *best = NULL;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		size_t len = strlen(writes[i].path);

		if (strncmp(path, writes[i].path, len) == 0 &&
		    (path[len] == '\0' || path[len] == '.'))
			best = &writes[i];
	}
	if (!best)
		return;
	if (best->knob[0])
		term_say(&ctl->term, 2, 2, "writes:  %s", best->knob);
	term_say(&ctl->term, 2, 11, "needs:   %s (%s); without it: %s",
		 capability_info(best->needs)->name, capability_info(best->needs)->how,
		 capability_info(best->needs)->without);
}

/* Values of this key, of each level where it is a level's. */
static void print_values(const struct ctl *ctl, const char *path)
{
	_cleanup_close_ int root_fd = -EBADF;
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	struct policy *policy = NULL;
	char of[POLICY_REFERENCE_PATH_SIZE];

	if (!diags || fs_open_root("/", &root_fd) < 0 ||
	    policy_files_read(root_fd, NULL, 0, diags, &policy) < 0)
		return;
	for (size_t i = 0; i < policy->n_values; i++) {
		const struct policy_value *v = &policy->values[i];

		generic(v->path, of, sizeof(of));
		if (strcmp(of, path) == 0)
			term_say(&ctl->term, 2, 11, "here:    %s: %s (%s:%u)%s", v->path, v->text,
				 policy->files[v->file], v->line,
				 v->unenforced ? ", not acted on by this version" : "");
	}
	policy_free(policy);
}

static int print_row(const struct ctl *ctl, const struct policy_reference *row)
{
	term_text(&ctl->term, row->path, TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	if (row->meaning[0])
		term_say(&ctl->term, 2, 2, "%s", row->meaning);
	term_say(&ctl->term, 2, 11, "accepts: %s", row->accepts);
	print_written(ctl, row->path);
	print_values(ctl, row->path);
	return CTL_OK;
}

static int unknown(const struct ctl *ctl, const char *key)
{
	struct term term = ctl->term;

	term.out = ctl->err;
	(void)fputs("coloctl: the policy has no key '", ctl->err);
	term_text(&term, key, TERM_PLAIN);
	(void)fputs(
		"'. All of them: coloctl policy explain levels, coloctl policy explain assign, …\n",
		ctl->err);
	return CTL_USAGE;
}

/* Rows below a key ("levels"), or that end in it ("yield"), by name. */
static int list(const struct ctl *ctl, const char *key)
{
	struct policy_reference row;
	size_t n = 0;

	for (size_t at = 0; policy_reference_next(&at, &row);) {
		size_t len = strlen(key);

		if (!ends_in(row.path, key) &&
		    (strncmp(row.path, key, len) != 0 || row.path[len] != '.'))
			continue;
		term_say(&ctl->term, 2, 4, "%s: %s", row.path, row.accepts);
		n++;
	}
	return n > 0 ? CTL_OK : unknown(ctl, key);
}

int verb_policy_explain(const struct ctl *ctl, const char *key)
{
	char wanted[POLICY_REFERENCE_PATH_SIZE];
	struct policy_reference row, found;
	size_t n_ending = 0;

	generic(key, wanted, sizeof(wanted));
	for (size_t at = 0; policy_reference_next(&at, &row);) {
		if (strcmp(row.path, wanted) == 0) {
			(void)print_row(ctl, &row);
			/* Of a mapping: what is in it. */
			return row.accepts[0] == '(' ? list(ctl, wanted) : CTL_OK;
		}
		if (!ends_in(row.path, wanted))
			continue;
		found = row;
		n_ending++;
	}
	return n_ending == 1 ? print_row(ctl, &found) : list(ctl, wanted);
}
