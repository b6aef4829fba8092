// SPDX-License-Identifier: LGPL-2.1-or-later
// Feeds files to a fuzz target without a fuzzing engine: every regular file of the directories
// named, whole and cut short at up to 64 places. Each input is a heap block of its exact size, so
// that a sanitizer sees one byte read too far.
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/cleanup.h"

#define CUTS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed(const char *bytes, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return -ENOMEM;
	if (size)
		memcpy(copy, bytes, size);
	/* A target returns 0, or -1 for an input it does not want in a corpus. */
	(void)LLVMFuzzerTestOneInput(copy, size);
	return 0;
}

static int read_file(const char *path, char **ret_bytes, size_t *ret_size)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *bytes = NULL;
	struct stat st;
	size_t size;

	if (!f || fstat(fileno(f), &st) < 0)
		return -errno;
	size = (size_t)st.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	if (fread(bytes, 1, size, f) != size)
		return -EIO;
	*ret_bytes = TAKE_PTR(bytes);
	*ret_size = size;
	return 0;
}

static int replay(const char *path)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0;
	int r = read_file(path, &bytes, &size);

	for (size_t cut = 0; r == 0 && cut < CUTS && cut < size; cut++)
		r = feed(bytes, size * cut / (size < CUTS ? size : CUTS));
	return r < 0 ? r : feed(bytes, size);
}

static int replay_dir(const char *dir, size_t *ret_count)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct dirent *entry;
	size_t count = 0;

	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		char path[4096];
		int r;

		if (entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >=
		    sizeof(path))
			return -ENAMETOOLONG;
		/* Printed first: a crash is then known by its input. */
		printf("replay %s\n", path);
		fflush(stdout);
		r = replay(path);
		if (r < 0)
			return r;
		count++;
	}
	*ret_count = count;
	return 0;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		size_t n = 0;
		int r = replay_dir(argv[i], &n);

		if (r < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
			return 1;
		}
		count += n;
	}
	if (count == 0) {
		fputs("no input was replayed\n", stderr);
		return 1;
	}
	return 0;
}
