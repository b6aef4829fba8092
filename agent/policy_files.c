// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_files.h. A file that cannot be read is an error like one that cannot be parsed: half
// a policy is a different policy.
#include "agent/policy_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "agent/profile_default.h"
#include "policy/node_labels.h"
#include "policy/read.h"

#define BUILT_IN_NAME "00-default.yaml"
#define LABELS_FILE "etc/colod/node-labels"
#define BUILT_IN_SHOWN "00-default.yaml (built in)"

/* NULL: the profile that is part of this program. */
static const char *const directories[] = {
	NULL,
	"usr/lib/colod/policy.d",
	"etc/colod/policy.d",
	"run/colod/policy.d",
};

struct found {
	char name[DIAG_FILE_SIZE];
	bool masked; /* a link to /dev/null: as systemd has it, this name is not to be read */
	char path[DIAG_FILE_SIZE + 32]; /* "" for the built-in profile */
};

struct file_set {
	struct found files[POLICY_FILES_MAX];
	size_t n;
	char *texts[POLICY_FILES_MAX];
	struct policy_source sources[POLICY_FILES_MAX];
};

static void free_labels(struct node_labels **labels)
{
	node_labels_free(*labels);
}

static void file_set_done(struct file_set **set)
{
	if (!*set)
		return;
	for (size_t i = 0; i < (*set)->n; i++)
		free((*set)->texts[i]);
	free(*set);
}

static void complain(struct diags *diags, const char *file, const char *what, int error)
{
	struct diag *d;

	diags->n_errors++;
	if (diags->n++ >= DIAGS_MAX)
		return;
	d = &diags->list[diags->n - 1];
	snprintf(d->file, sizeof(d->file), "%s", file);
	snprintf(d->text, sizeof(d->text), "%s: %s", what, strerror(-error));
}

static bool is_policy_name(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && len < DIAG_FILE_SIZE &&
	       strcmp(name + len - 5, ".yaml") == 0;
}

/* A later directory's file takes the place of an earlier one's of the same name. */
static int remember(struct file_set *set, const char *directory, const char *name, bool masked)
{
	struct found *file;
	size_t i = 0;

	while (i < set->n && strcmp(set->files[i].name, name) != 0)
		i++;
	if (i == POLICY_FILES_MAX)
		return -E2BIG;
	file = &set->files[i];
	file->masked = masked;
	file->path[0] = '\0';
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (directory)
		snprintf(file->path, sizeof(file->path), "%s/%s", directory, name);
	if (i == set->n)
		set->n++;
	return 0;
}

/* A file of no length is no mask: a power cut leaves such files. */
static bool is_mask(int dirfd, const char *name)
{
	struct stat st;

	return sys_fstatat(dirfd, name, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3);
}

static int list_directory(int root_fd, const char *directory, struct file_set *set)
{
	_cleanup_closedir_ DIR *d = NULL;
	int fd, r;

	if (!directory)
		return remember(set, NULL, BUILT_IN_NAME, false);
	r = fs_open_dir(root_fd, directory, &fd);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	d = sys_fdopendir(fd);
	if (!d) {
		r = -errno;
		cleanup_close_fd(fd);
		return r;
	}
	for (struct dirent *e = sys_readdir(d); e; e = sys_readdir(d)) {
		if (!is_policy_name(e->d_name))
			continue;
		r = remember(set, directory, e->d_name, is_mask(fd, e->d_name));
		if (r < 0)
			return r;
	}
	/* 0 at the end; a list that broke off is no list. */
	return -errno;
}

static void drop_masked(struct file_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (!set->files[i].masked)
			set->files[kept++] = set->files[i];
	}
	set->n = kept;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static void take_built_in(size_t i, struct file_set *set)
{
	set->sources[i] = (struct policy_source){
		.name = BUILT_IN_SHOWN,
		.text = profile_default_begin,
		.len = (size_t)(profile_default_end - profile_default_begin),
	};
}

/* Links are followed here: a mounted ConfigMap consists of nothing else. */
static int read_one(int dirfd, const char *path, size_t i, struct file_set *set)
{
	_cleanup_close_ int fd = sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	size_t len = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = fs_read_alloc_fd(fd, POLICY_FILE_MAX_BYTES, &set->texts[i], &len);
	if (r < 0)
		return r;
	set->sources[i] = (struct policy_source){.name = path, .text = set->texts[i], .len = len};
	return 0;
}

static int read_directories(int root_fd, struct file_set *set, struct diags *diags)
{
	int r, failed = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		r = list_directory(root_fd, directories[i], set);
		if (r < 0) {
			complain(diags, directories[i], "cannot list the directory", r);
			failed = r;
		}
	}
	drop_masked(set);
	qsort(set->files, set->n, sizeof(set->files[0]), by_name);
	for (size_t i = 0; i < set->n; i++) {
		if (set->files[i].path[0] == '\0') {
			take_built_in(i, set);
			continue;
		}
		r = read_one(root_fd, set->files[i].path, i, set);
		if (r < 0) {
			complain(diags, set->files[i].path, "cannot read", r);
			failed = r;
		}
	}
	return failed;
}

static int read_named(const char *const *files, size_t n_files, struct file_set *set,
		      struct diags *diags)
{
	int failed = 0;

	if (n_files > POLICY_FILES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n_files; i++) {
		int r = read_one(AT_FDCWD, files[i], i, set);

		set->n = i + 1;
		if (r < 0) {
			complain(diags, files[i], "cannot read", r);
			failed = r;
		}
	}
	return failed;
}

/* What is not there is "": a file that asks for it then does not hold. */
static void read_node(int root_fd, struct policy_node *node)
{
	if (fs_read(root_fd, "proc/sys/kernel/hostname", node->host, sizeof(node->host), NULL) < 0)
		node->host[0] = '\0';
	if (fs_read(root_fd, "etc/machine-id", node->machine_id, sizeof(node->machine_id), NULL) <
	    0)
		node->machine_id[0] = '\0';
	node->host[strcspn(node->host, " \n")] = '\0';
	node->machine_id[strcspn(node->machine_id, " \n")] = '\0';
}

/* The labels of a file; NULL: not known, because there is none or it is none, which *why says. */
static struct node_labels *read_labels(int root_fd, const char *path, char *why, size_t size)
{
	_cleanup_free_ char *text = NULL;
	struct node_labels *labels = NULL;
	unsigned line = 0;
	size_t len;
	int r = fs_read_alloc(root_fd, path, NODE_LABELS_FILE_MAX_BYTES, &text, &len);

	if (r == 0)
		r = node_labels_parse(text, len, &labels, &line);
	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return labels;
	if (line > 0)
		(void)snprintf(why, size, "/%s, line %u is no label: write key=value", path, line);
	else
		(void)snprintf(why, size, "/%s: %s", path, strerror(-r));
	return NULL;
}

/* What a person wrote wins over what anybody tells; and if it is broken, nothing is known. The result is
 * the caller's to free where it is not `on`'s. */
static struct node_labels *find_labels(int root_fd, const struct policy_files_node *on,
				       struct policy_node *node, char *why, size_t size)
{
	struct node_labels *own = read_labels(root_fd, LABELS_FILE, why, size);

	if (!own && !why[0] && on && on->labels_told)
		own = read_labels(root_fd, "run/colod/node-labels", why, size);
	node->labels = own;
	if (!own && !why[0] && on) {
		node->labels = on->labels;
		node->labels_why = on->labels_why;
	}
	if (why[0])
		node->labels_why = why;
	return own;
}

/* Those that hold on this node; of a policy that waits none is in force. */
static void tell_sources(const struct file_set *set, const struct policy *policy,
			 policy_files_fn on_sources, void *context)
{
	struct policy_source hold[POLICY_FILES_MAX];
	size_t n = 0;

	if (policy_waits(policy))
		return;
	for (size_t i = 0; i < set->n; i++) {
		bool out = false;

		for (size_t k = 0; k < policy->n_left_out; k++)
			out |= policy->left_out[k].file == i;
		if (!out)
			hold[n++] = set->sources[i];
	}
	on_sources(context, hold, n);
}

int policy_files_read_text(int root_fd, const struct policy_source *sources, size_t n_sources,
			   const struct policy_files_node *on, struct diags *diags,
			   struct policy **ret_policy)
{
	_cleanup_(free_labels) struct node_labels *labels = NULL;
	struct policy_node node = {0};
	char why[256] = "";

	read_node(root_fd, &node);
	labels = find_labels(root_fd, on, &node, why, sizeof(why));
	if (on) {
		node.nowhere = on->nowhere;
		node.probed = on->probed;
		node.capabilities = on->capabilities;
	}
	return policy_read_on(&node, sources, n_sources, diags, ret_policy);
}

int policy_files_read_to(int root_fd, const char *const *files, size_t n_files,
			 const struct policy_files_node *on, struct diags *diags,
			 policy_files_fn on_sources, void *context, struct policy **ret_policy)
{
	_cleanup_(file_set_done) struct file_set *set = calloc(1, sizeof(*set));
	int r;

	memset(diags, 0, sizeof(*diags));
	if (!set)
		return -ENOMEM;
	r = n_files > 0 ? read_named(files, n_files, set, diags)
			: read_directories(root_fd, set, diags);
	if (r < 0)
		return r;
	r = policy_files_read_text(root_fd, set->sources, set->n, on, diags, ret_policy);
	if (r == 0 && on_sources)
		tell_sources(set, *ret_policy, on_sources, context);
	return r;
}

int policy_files_read(int root_fd, const char *const *files, size_t n_files, struct diags *diags,
		      struct policy **ret_policy)
{
	return policy_files_read_to(root_fd, files, n_files, NULL, diags, NULL, NULL, ret_policy);
}

static uint64_t add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ull;
	return hash;
}

/* Of one file: in whatever order the directory is listed, the sum is the same. */
static uint64_t stamp_of(int dirfd, const char *name)
{
	uint64_t hash = add(0xcbf29ce484222325ull, name, strlen(name));
	struct stat st;

	if (sys_fstatat(dirfd, name, &st, 0) < 0)
		return hash;
	hash = add(hash, &st.st_dev, sizeof(st.st_dev));
	hash = add(hash, &st.st_ino, sizeof(st.st_ino));
	hash = add(hash, &st.st_size, sizeof(st.st_size));
	hash = add(hash, &st.st_mtim, sizeof(st.st_mtim));
	return add(hash, &st.st_ctim, sizeof(st.st_ctim));
}

uint64_t policy_files_stamp(int root_fd)
{
	uint64_t sum = 1;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		_cleanup_closedir_ DIR *d = NULL;
		int fd;

		if (!directories[i] || fs_open_dir(root_fd, directories[i], &fd) < 0)
			continue;
		d = sys_fdopendir(fd);
		if (!d) {
			cleanup_close_fd(fd);
			continue;
		}
		for (struct dirent *e = sys_readdir(d); e; e = sys_readdir(d)) {
			if (is_policy_name(e->d_name))
				sum += stamp_of(fd, e->d_name) * (i + 1);
		}
	}
	sum += stamp_of(root_fd, LABELS_FILE);
	return sum ? sum : 1;
}
