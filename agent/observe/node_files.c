// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_files.h.
#include "agent/observe/node_files.h"

#include <errno.h>

#include "agent/base/cleanup.h"
#include "policy/kernel_text.h"

static const char *const names[NODE_FILE_COUNT] = {
	[NODE_FILE_STAT] = "stat",
	[NODE_FILE_MEMINFO] = "meminfo",
	[NODE_FILE_PSI + RESOURCE_CPU] = "pressure/cpu",
	[NODE_FILE_PSI + RESOURCE_MEMORY] = "pressure/memory",
	[NODE_FILE_PSI + RESOURCE_IO] = "pressure/io",
};

static const char *const paths[NODE_FILE_COUNT] = {
	[NODE_FILE_STAT] = "proc/stat",
	[NODE_FILE_MEMINFO] = "proc/meminfo",
	[NODE_FILE_PSI + RESOURCE_CPU] = "proc/pressure/cpu",
	[NODE_FILE_PSI + RESOURCE_MEMORY] = "proc/pressure/memory",
	[NODE_FILE_PSI + RESOURCE_IO] = "proc/pressure/io",
};

void node_files_init(struct node_files *files)
{
	for (int i = 0; i < NODE_FILE_COUNT; i++)
		files->fds[i] = -EBADF;
}

void node_files_close(struct node_files *files)
{
	for (int i = 0; i < NODE_FILE_COUNT; i++)
		files->fds[i] = cleanup_close_fd(files->fds[i]);
}

bool node_files_all_open(const struct node_files *files, bool psi)
{
	for (int i = 0; i < (psi ? NODE_FILE_COUNT : NODE_FILE_PSI); i++) {
		if (files->fds[i] < 0)
			return false;
	}
	return true;
}

void node_files_open(struct node_files *files, struct kept_reader *reader, int root_fd, bool psi)
{
	for (int i = 0; i < (psi ? NODE_FILE_COUNT : NODE_FILE_PSI); i++) {
		int r = kept_file_open(root_fd, paths[i], &files->fds[i]);

		if (r < 0)
			kept_file_say(reader, "/proc", names[i], r);
	}
}

static int read_file(struct kept_reader *reader, int fd, int file, struct node_sample *sample)
{
	int r;

	if (file >= NODE_FILE_PSI)
		return kept_file_psi(reader, fd, &sample->psi[file - NODE_FILE_PSI]);
	if (file == NODE_FILE_MEMINFO) {
		r = kept_file_read(reader, fd);
		if (r < 0)
			return r;
		return kept_file_parsed(kernel_text_meminfo(reader->text, "MemAvailable",
							    &sample->memory_available_bytes));
	}
	/* One line of it is wanted, and on large machines it has many. */
	r = kept_file_read_head(reader, fd);
	if (r < 0)
		return r;
	return kept_file_parsed(
		kernel_text_stat_busy(reader->text, reader->ticks_per_s, &sample->cpu_busy_us));
}

void node_files_read(const struct node_files *files, struct kept_reader *reader,
		     struct node_sample *sample)
{
	static const uint32_t bits[NODE_FILE_COUNT] = {
		[NODE_FILE_STAT] = SAMPLE_CPU,
		[NODE_FILE_MEMINFO] = SAMPLE_MEMORY,
		[NODE_FILE_PSI + RESOURCE_CPU] = SAMPLE_PSI_CPU,
		[NODE_FILE_PSI + RESOURCE_MEMORY] = SAMPLE_PSI_MEMORY,
		[NODE_FILE_PSI + RESOURCE_IO] = SAMPLE_PSI_IO,
	};

	for (int i = 0; i < NODE_FILE_COUNT; i++) {
		int r;

		if (files->fds[i] < 0)
			continue;
		r = read_file(reader, files->fds[i], i, sample);
		if (r == 0)
			sample->valid |= bits[i];
		else
			kept_file_say(reader, "/proc", names[i], r);
	}
}
