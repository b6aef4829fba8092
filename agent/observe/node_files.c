// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_files.h.
#include "agent/observe/node_files.h"

#include "policy/kernel_text.h"

/* All of it or nothing: the three are compared with each other. */
static int read_memory(const char *text, struct node_sample *sample)
{
	struct node_sample s = *sample;
	int r = kernel_text_meminfo(text, "MemAvailable", &s.memory_available_bytes);

	if (r == 0)
		r = kernel_text_meminfo(text, "MemFree", &s.memory_free_bytes);
	if (r == 0)
		r = kernel_text_meminfo(text, "Inactive(file)", &s.memory_inactive_file_bytes);
	if (r == 0)
		*sample = s;
	return r;
}

static int read_file(struct kept_reader *reader, int fd, enum kept_set_file file, void *to)
{
	struct node_sample *sample = to;
	int r;

	if (file == KEPT_SET_MEMORY) {
		r = kept_file_read(reader, fd);
		if (r < 0)
			return r;
		return kept_file_parsed(read_memory(reader->text, sample));
	}
	/* One line of it is wanted, and on large machines it has many. */
	r = kept_file_read_head(reader, fd);
	if (r < 0)
		return r;
	return kept_file_parsed(
		kernel_text_stat_busy(reader->text, reader->ticks_per_s, &sample->cpu_busy_us));
}

static const struct kept_set_kind kind = {
	.names =
		{
			[KEPT_SET_CPU] = "stat",
			[KEPT_SET_MEMORY] = "meminfo",
			[KEPT_SET_PSI + RESOURCE_CPU] = "pressure/cpu",
			[KEPT_SET_PSI + RESOURCE_MEMORY] = "pressure/memory",
			[KEPT_SET_PSI + RESOURCE_IO] = "pressure/io",
		},
	.read = read_file,
};

static const char *const paths[KEPT_SET_COUNT] = {
	[KEPT_SET_CPU] = "proc/stat",
	[KEPT_SET_MEMORY] = "proc/meminfo",
	[KEPT_SET_PSI + RESOURCE_CPU] = "proc/pressure/cpu",
	[KEPT_SET_PSI + RESOURCE_MEMORY] = "proc/pressure/memory",
	[KEPT_SET_PSI + RESOURCE_IO] = "proc/pressure/io",
};

bool node_files_all_open(const struct kept_set *files, bool psi)
{
	for (unsigned i = 0; i < kept_set_n_wanted(psi); i++) {
		if (files->fds[i] < 0)
			return false;
	}
	return true;
}

void node_files_open(struct kept_set *files, struct kept_reader *reader, int root_fd, bool psi)
{
	for (unsigned i = 0; i < kept_set_n_wanted(psi); i++) {
		int r = kept_file_open(root_fd, paths[i], &files->fds[i]);

		if (r < 0)
			kept_file_say(reader, "/proc", kind.names[i], r);
	}
}

void node_files_read(const struct kept_set *files, struct kept_reader *reader,
		     struct node_sample *sample)
{
	(void)kept_set_read(files, &kind, reader, "/proc", sample, sample->psi, &sample->valid);
}
