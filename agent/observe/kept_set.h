// SPDX-License-Identifier: LGPL-2.1-or-later
// The kept-open files that a pod's cgroup and the node have alike: CPU time, memory and three pressures.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/sample.h"

enum kept_set_file {
	KEPT_SET_CPU,
	KEPT_SET_MEMORY,
	KEPT_SET_PSI, /* KEPT_SET_PSI + enum resource */
	KEPT_SET_COUNT = KEPT_SET_PSI + RESOURCE_COUNT,
};

/* A file that is not open has a negative fd. */
struct kept_set {
	int fds[KEPT_SET_COUNT];
};

/* What a kind of set reads: its files' names, and how the first two are read into its kind of sample.
 * `read` returns 0 or -errno. */
struct kept_set_kind {
	const char *names[KEPT_SET_COUNT];
	int (*read)(struct kept_reader *reader, int fd, enum kept_set_file file, void *sample);
};

void kept_set_init(struct kept_set *set);
void kept_set_close(struct kept_set *set);
unsigned kept_set_n_open(const struct kept_set *set);

/* How many there are to open: the pressure files only with `psi`. */
unsigned kept_set_n_wanted(bool psi);

/* One read of each open file: the first two into `sample` by the kind, pressure into `psi`. What was read
 * and understood sets its bit in *valid; another error than "not there" is said, with `where`. -ENODEV at
 * once where a file says that its cgroup or controller is gone, else 0. */
int kept_set_read(const struct kept_set *set, const struct kept_set_kind *kind,
		  struct kept_reader *reader, const char *where, void *sample,
		  struct psi_total psi[RESOURCE_COUNT], uint32_t *valid);
