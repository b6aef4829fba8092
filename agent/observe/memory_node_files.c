// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_node_files.h.
#include "agent/observe/memory_node_files.h"

#include <errno.h>
#include <stdio.h>

#include "agent/base/cleanup.h"
#include "policy/kernel_text.h"

#define RETRY_US 10000000

void memory_node_files_close(struct memory_node_files *files)
{
	for (uint32_t i = 0; i < files->n; i++)
		files->list[i].fd = cleanup_close_fd(files->list[i].fd);
	*files = (struct memory_node_files){0};
}

static bool is_same(const struct memory_node_files *files, const struct memory_nodes *nodes)
{
	if (files->n != nodes->n)
		return false;
	for (uint32_t i = 0; i < files->n; i++)
		if (files->list[i].id != nodes->list[i].id)
			return false;
	return true;
}

static void follow(struct memory_node_files *files, int root_fd, const struct memory_nodes *nodes,
		   int64_t now_us)
{
	char path[64];

	if (is_same(files, nodes) && now_us < files->retry_us)
		return;
	if (!is_same(files, nodes)) {
		memory_node_files_close(files);
		files->n = nodes->n;
		for (uint32_t i = 0; i < nodes->n; i++) {
			files->list[i].id = nodes->list[i].id;
			files->list[i].fd = -EBADF;
		}
	}
	for (uint32_t i = 0; i < files->n; i++) {
		(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/meminfo",
			       files->list[i].id);
		(void)kept_file_open(root_fd, path, &files->list[i].fd);
	}
	files->retry_us = now_us + RETRY_US;
}

static int parse(const char *text, struct memory_node_use *ret_use)
{
	int r = kernel_text_node_meminfo(text, "MemFree", &ret_use->free_bytes);

	if (r == 0)
		r = kernel_text_node_meminfo(text, "Inactive(file)", &ret_use->inactive_file_bytes);
	if (r == 0)
		r = kernel_text_node_meminfo(text, "Active(file)", &ret_use->active_file_bytes);
	return r;
}

void memory_node_files_read(struct memory_node_files *files, struct kept_reader *reader,
			    int root_fd, const struct memory_nodes *nodes,
			    struct node_sample *sample)
{
	sample->memory_nodes = 0;
	if (nodes->n == 0 && files->n == 0)
		return;
	follow(files, root_fd, nodes, sample->at_us);
	for (uint32_t i = 0; i < files->n; i++) {
		int fd = files->list[i].fd;
		int r = fd < 0 ? -EBADF : kept_file_read(reader, fd);

		/* Another node may have come in its place. */
		if (r < 0)
			files->list[i].fd = cleanup_close_fd(fd);
		if (r < 0 || parse(reader->text, &sample->memory_node[i]) < 0)
			return;
	}
	sample->memory_nodes = memory_nodes_mask(nodes);
}
