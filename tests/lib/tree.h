// SPDX-License-Identifier: LGPL-2.1-or-later
// Builds a fake "/" in a temporary directory, for tests that run agent/ code below a root fd.
// What a fake tree cannot do: refuse a write, remove a controller's files, notify. Those are VM
// tests. All functions return 0 or -errno unless they say otherwise.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

#define TREE_PATH_SIZE 512

/* Makes a directory below /tmp and fills it from `spec` (NULL: empty), a text of lines:
 *   # comment
 *   path/to/file = text          the file holds "text\n"; "\n" inside text is a new line
 *   path/to/dir/                 an empty directory
 *   @host CPUS                   tree_host()
 *   @memory-nodes N              tree_memory_nodes()
 *   @cgroup kubepods.slice       tree_cgroup(), path below the cgroup2 mount
 *   @pod systemd Burstable UID WEIGHT     tree_pod_systemd(); also: @pod cgroupfs ...
 * Lines are done in order, so that a later one overrides what an earlier macro wrote.
 * *ret_dir is owned by the caller: tree_remove(). */
int tree_make(const char *spec, char **ret_dir);

/* The same below another directory, for those who make thousands. */
int tree_make_below(const char *parent, const char *spec, char **ret_dir);

/* Deletes the directory with everything in it and frees the string. NULL is fine. */
void tree_remove(char *dir);

/* An fd of the directory, to use as root fd; the caller closes it. -errno on failure. */
int tree_open(const char *dir);

/* Writes text (as it is: no newline added) to a file below dir; its directories are made. */
int tree_write(const char *dir, const char *path, const char *text);
int tree_mkdir(const char *dir, const char *path);

/* Deletes a file, or a directory with everything in it. */
int tree_delete(const char *dir, const char *path);

/* The file's text without its last newline. */
int tree_read(const char *dir, const char *path, char *buf, size_t size);

/* A plain cgroup v2 host: mount table, memory, PSI, `cpus` CPUs of one thread each on one NUMA
 * node, and the root cgroup at sys/fs/cgroup with init.scope and system.slice. */
int tree_host(const char *dir, unsigned cpus);

/* Gives the machine n memory nodes (two at least) with ids from 0, of 4 GiB each, all free, and its root cgroup all of them. */
int tree_memory_nodes(const char *dir, unsigned n);
/* What is free on one of them. */
int tree_memory_node(const char *dir, unsigned id, uint64_t free_bytes);

/* One cgroup with the files that 6.12 shows and the values of a fresh one; parents are made too. */
int tree_cgroup(const char *dir, const char *path);

/* Sets one file of a cgroup: path below the cgroup2 mount, text without newline. */
int tree_knob(const char *dir, const char *path, const char *file, const char *text);
int tree_knob_read(const char *dir, const char *path, const char *file, char *buf, size_t size);

/* A pod as the kubelet and containerd lay it out: classes, pod cgroup with this cpu.weight, a
 * sandbox and one container. `uid` with dashes, or 32 hex digits for a static pod. The pod's path
 * below the cgroup2 mount goes to ret_path (TREE_PATH_SIZE bytes) unless NULL. */
int tree_pod_systemd(const char *dir, enum qos qos, const char *uid, unsigned weight,
		     char *ret_path);
int tree_pod_cgroupfs(const char *dir, enum qos qos, const char *uid, unsigned weight,
		      char *ret_path);

/* The same below another parent ("kubelet.slice/kubelet-kubepods.slice", "outer/kubepods"), with
 * the runtime's prefix of scope names ("cri-containerd", "crio", "docker"; systemd layout only). */
int tree_pod_below(const char *dir, const char *kubepods, const char *prefix, enum qos qos,
		   const char *uid, unsigned weight, char *ret_path);
