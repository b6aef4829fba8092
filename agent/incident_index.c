// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_index.h.
#include "agent/incident_index.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "agent/incident_store.h"
#include "agent/incident_text.h"

/* Somebody else has filled the directory. */
#define FILES_MAX 20000
#define DIGITS_MAX 19

const char *incident_index_path(uint64_t id, char buf[INCIDENT_INDEX_PATH_SIZE])
{
	(void)snprintf(buf, INCIDENT_INDEX_PATH_SIZE, INCIDENT_STORE_DIRECTORY "/%" PRIu64, id);
	return buf;
}

/* The first place whose id is not lower. */
static size_t place_of(const struct incident_index *index, uint64_t id)
{
	size_t low = 0, high = index->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct incident_entry *incident_index_find(const struct incident_index *index, uint64_t id)
{
	size_t i = place_of(index, id);

	return i < index->n && index->list[i].id == id ? &index->list[i] : NULL;
}

static int grow(struct incident_index *index)
{
	size_t cap = index->cap ? index->cap * 2 : 16;
	struct incident_entry *list;

	if (index->n < index->cap)
		return 0;
	list = reallocarray(index->list, cap, sizeof(*list));
	if (!list)
		return -ENOMEM;
	index->list = list;
	index->cap = cap;
	return 0;
}

int incident_index_put(struct incident_index *index, struct incident_entry *entry)
{
	size_t i = place_of(index, entry->id);

	if (i < index->n && index->list[i].id == entry->id) {
		index->bytes -= index->list[i].bytes;
		free(index->list[i].summary);
	} else {
		int r = grow(index);

		if (r < 0)
			return r;
		memmove(&index->list[i + 1], &index->list[i], (index->n - i) * sizeof(*entry));
		index->n++;
	}
	index->list[i] = *entry;
	entry->summary = NULL;
	index->bytes += index->list[i].bytes;
	if (index->list[i].id > index->last_id)
		index->last_id = index->list[i].id;
	return 0;
}

void incident_index_remove(struct incident_index *index, uint64_t id)
{
	size_t i = place_of(index, id);

	if (i == index->n || index->list[i].id != id)
		return;
	index->bytes -= index->list[i].bytes;
	free(index->list[i].summary);
	index->n--;
	memmove(&index->list[i], &index->list[i + 1], (index->n - i) * sizeof(*index->list));
}

void incident_index_free(struct incident_index *index)
{
	for (size_t i = 0; i < index->n; i++)
		free(index->list[i].summary);
	free(index->list);
	*index = (struct incident_index){0};
}

/* --- from the disk ------------------------------------------------------------------------------- */

/* The number that a file is named by; 0: it is none of these. */
static uint64_t id_of(const char *name)
{
	uint64_t id = 0;
	size_t len = strspn(name, "0123456789");

	if (len == 0 || len > DIGITS_MAX || name[len] || *name == '0')
		return 0;
	for (; *name; name++)
		id = id * 10 + (uint64_t)(*name - '0');
	return id;
}

/* The first line, where it is the summary of this one; NULL: it is not. */
static char *summary_of(const char *text, size_t len, uint64_t id)
{
	const char *newline = memchr(text, '\n', len);
	const char *end = NULL;
	cJSON *json = newline ? cJSON_ParseWithLengthOpts(text, (size_t)(newline - text), &end, 0)
			      : NULL;
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, "id");
	/* It is handed out as it is: with more behind it all of the list would be unreadable. */
	bool good = cJSON_IsNumber(number) && number->valuedouble == (double)id && end == newline;

	cJSON_Delete(json);
	return good ? strndup(text, (size_t)(newline - text)) : NULL;
}

void incident_index_read(int root_fd, uint64_t id, struct incident_entry *ret_entry)
{
	char text[INCIDENT_SUMMARY_MAX], path[INCIDENT_INDEX_PATH_SIZE];
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	ssize_t n;
	int r = fs_open(root_fd, incident_index_path(id, path), O_RDONLY | O_NONBLOCK, &fd);

	*ret_entry = (struct incident_entry){.id = id};
	/* Its number is taken, whatever it is. */
	if (r < 0 || sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	n = sys_pread(fd, text, sizeof(text), 0);
	ret_entry->bytes = (uint64_t)st.st_size;
	ret_entry->summary = n > 0 ? summary_of(text, (size_t)n, id) : NULL;
}

static int names_in(struct incident_index *index, DIR *dir)
{
	for (size_t n = 0; n < FILES_MAX; n++) {
		const struct dirent *entry;
		struct incident_entry one = {0};
		int r = 0;

		errno = 0;
		entry = sys_readdir(dir);
		if (!entry)
			return -errno;
		one.id = id_of(entry->d_name);
		if (one.id > 0)
			r = incident_index_put(index, &one);
		if (r < 0)
			return r;
	}
	return 0;
}

int incident_index_names(struct incident_index *index, int root_fd)
{
	_cleanup_close_ int fd = -EBADF, own = -EBADF;
	DIR *dir;
	int r = fs_open_dir(root_fd, INCIDENT_STORE_DIRECTORY, &fd);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* What a kill left of one that was being written. */
	(void)sys_unlinkat(fd, "new", 0);
	r = fs_open_dir(fd, "", &own);
	if (r < 0)
		return r;
	dir = sys_fdopendir(own);
	if (!dir)
		return -errno;
	(void)TAKE_FD(own);
	r = names_in(index, dir);
	(void)closedir(dir);
	return r;
}
