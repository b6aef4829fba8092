// SPDX-License-Identifier: LGPL-2.1-or-later
// See observe_case.h.
#include "tests/lib/observe_case.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

int observe_case_open(struct observe_case *c)
{
	*c = (struct observe_case){.root_fd = -EBADF, .cgroup_fd = -EBADF};
	fake_init(&c->f);
	if (tree_make("@host 2\n", &c->dir) < 0)
		return -1;
	c->root_fd = tree_open(c->dir);
	if (fs_open_dir(c->root_fd, "sys/fs/cgroup", &c->cgroup_fd) < 0)
		return -1;
	return observe_new(c->root_fd, c->cgroup_fd, &c->observe);
}

void observe_case_close(struct observe_case *c)
{
	observe_free(c->observe);
	fake_free(&c->f);
	close(c->cgroup_fd);
	close(c->root_fd);
	tree_remove(c->dir);
}

struct pod *observe_case_pod(struct observe_case *c, const char *path, enum qos qos)
{
	struct pod *pod = fake_pod(&c->f, path, qos);

	assert_int_equal(tree_cgroup(c->dir, path), 0);
	assert_int_equal(fs_inode(c->cgroup_fd, path, &pod->cgroup->inode), 0);
	return pod;
}
