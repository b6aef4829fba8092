// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_store.h. What is kept is the policy as `coloctl policy show` prints it, and a last line that
// tells a whole file from one that a power cut left. Nothing is synced: the disk may be slow just now,
// and a file that is cut is worth as much as none.
#include "agent/policy_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/read.h"
#include "policy/show.h"

#define FILE_NEW POLICY_STORE_FILE ".new"
#define END "# whole: "
#define END_SIZE 64
/* Room for any policy that can be read: 64 files, each value quoted. */
#define MAX_BYTES (16u << 20)

struct text {
	char *buf;
	size_t len, size;
	int error;
};

static void append(void *context, const char *piece)
{
	struct text *t = context;
	size_t n = strlen(piece), size = t->size ? t->size : 4096;
	char *grown;

	while (size < t->len + n + END_SIZE)
		size *= 2;
	if (size > MAX_BYTES)
		t->error = -EFBIG;
	if (size != t->size && !t->error) {
		grown = realloc(t->buf, size);
		t->error = grown ? 0 : -ENOMEM;
		if (grown) {
			t->buf = grown;
			t->size = size;
		}
	}
	if (t->error)
		return;
	memcpy(t->buf + t->len, piece, n + 1);
	t->len += n;
}

static int write_file(int root_fd, const char *text, size_t len)
{
	_cleanup_close_ int fd = -EBADF;
	ssize_t n;
	int r = fs_open(root_fd, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC, &fd);

	if (r < 0)
		return r;
	n = sys_write(fd, text, len);
	r = n < 0 ? -errno : (size_t)n == len ? 0 : -ENOSPC;
	if (r == 0 && sys_renameat(root_fd, FILE_NEW, root_fd, POLICY_STORE_FILE) < 0)
		r = -errno;
	if (r < 0)
		(void)sys_unlinkat(root_fd, FILE_NEW, 0);
	return r;
}

static void add_end(struct text *t, uint64_t digest)
{
	char end[END_SIZE];

	(void)snprintf(end, sizeof(end), END "%016" PRIx64 "\n", digest);
	append(t, end);
}

int policy_store_save(int root_fd, const struct policy *policy)
{
	_cleanup_free_ char *kept = NULL, *buf = NULL;
	struct text t = {0};
	size_t len;
	int r = show_policy(policy, false, append, &t);

	buf = t.buf;
	if (r == 0)
		add_end(&t, show_digest(policy));
	buf = t.buf;
	if (r < 0 || t.error)
		return r < 0 ? r : t.error;
	if (fs_read_alloc(root_fd, POLICY_STORE_FILE, MAX_BYTES, &kept, &len) == 0 &&
	    len == t.len && memcmp(kept, buf, len) == 0)
		return 0;
	return write_file(root_fd, buf, t.len);
}

/* The digest of the last line, which is cut off the text. */
static int take_end(char *text, size_t *len, uint64_t *ret_digest)
{
	char *end = *len > 1 ? memrchr(text, '\n', *len - 1) : NULL;

	end = end ? end + 1 : text;
	if (strncmp(end, END, strlen(END)) != 0 || text[*len - 1] != '\n' ||
	    sscanf(end + strlen(END), "%16" SCNx64, ret_digest) != 1)
		return -EBADMSG;
	*len = (size_t)(end - text);
	return 0;
}

int policy_store_load(int root_fd, policy_files_fn on_source, void *context,
		      struct policy **ret_policy)
{
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	_cleanup_free_ char *text = NULL;
	struct policy_source source = {.name = POLICY_STORE_FILE};
	struct policy *policy = NULL;
	uint64_t digest = 0;
	size_t len = 0;
	int r = diags ? fs_read_alloc(root_fd, POLICY_STORE_FILE, MAX_BYTES, &text, &len) : -ENOMEM;

	if (r == 0)
		r = take_end(text, &len, &digest);
	if (r < 0)
		return r;
	source.text = text;
	source.len = len;
	r = policy_read(&source, 1, diags, &policy);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	if (show_digest(policy) != digest) {
		policy_free(policy);
		return -EBADMSG;
	}
	if (on_source)
		on_source(context, &source, 1);
	*ret_policy = policy;
	return 0;
}
