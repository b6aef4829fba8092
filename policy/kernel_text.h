// SPDX-License-Identifier: LGPL-2.1-or-later
// Readers for the text formats of /proc, /sys and cgroupfs. Pure, allocation-free, tolerant of
// unknown keys, strict about numbers: no sign, no blank, no overflow. All take NUL-terminated
// text and return 0 or -EINVAL/-ERANGE/-ENOENT (key not there), outputs untouched on failure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/sample.h"

/* A whole decimal number, optional trailing newline. */
int kernel_text_u64(const char *text, uint64_t *ret_value);

/* The same, or the kernel's word "max", which is UINT64_MAX (memory.swap.max). */
int kernel_text_limit(const char *text, uint64_t *ret_value);

/* "0x0007": digits after a prefix, lower case, optional trailing newline (lru_gen/enabled). */
int kernel_text_hex(const char *text, uint64_t *ret_value);

/* The value of `key` in "key value\n" lines (cpu.stat, memory.stat, memory.events, cgroup.events). */
int kernel_text_keyed(const char *text, const char *key, uint64_t *ret_value);

/* Of memory.stat what a kill gives back, and what stays until the pod is deleted (tmpfs, emptyDir Memory). */
int kernel_text_memory_held(const char *text, uint64_t *ret_anon_bytes, uint64_t *ret_shmem_bytes);

/* Of memory.stat what tells how a cgroup's memory is doing. Pages since it was made: those that were read again soon after they were
 * taken (refaults), and those looked through by tasks that had to wait for memory themselves (direct). A kernel that has no such
 * lines leaves them KERNEL_TEXT_NONE. -ENOENT without the first two. */
#define KERNEL_TEXT_NONE UINT64_MAX
struct kernel_text_memory {
	uint64_t anon_bytes;
	uint64_t file_bytes;
	uint64_t refaults;
	uint64_t direct;
};
int kernel_text_memory_stat(const char *text, struct kernel_text_memory *ret_memory);

/* Totals of a pressure file. A file without a `full` line (cpu of the node on old kernels) gives
 * full_us 0. */
int kernel_text_psi(const char *text, struct psi_total *ret_psi);

/* One line of /proc/meminfo ("MemTotal:  123 kB"), in bytes. `key` without the colon. */
int kernel_text_meminfo(const char *text, const char *key, uint64_t *ret_bytes);

/* One line of a memory node's meminfo ("Node 0 MemFree:  123 kB"), in bytes. `key` without the colon. */
int kernel_text_node_meminfo(const char *text, const char *key, uint64_t *ret_bytes);

/* The numbers of some nodes (a mask) on one line of memory.numa_stat ("anon N0=4096 N1=0"), summed up. A node that the line
 * does not name has nothing. */
int kernel_text_numa_stat(const char *text, const char *key, uint64_t nodes, uint64_t *ret_sum);

/* Sum of the zones' high watermarks in /proc/zoneinfo, in pages. -ENOENT where there is none. */
int kernel_text_zones_high(const char *text, uint64_t *ret_pages);
/* The same of the zones of one node. */
int kernel_text_node_high(const char *text, uint64_t node, uint64_t *ret_pages);

/* "cpu " line of /proc/stat: busy time of all CPUs (everything but idle and iowait; guest time
 * is already in user), in ticks of 1/`ticks_per_s` s, returned in microseconds. */
int kernel_text_stat_busy(const char *text, uint64_t ticks_per_s, uint64_t *ret_busy_us);

/* /sys/block/DISK/stat: 11 columns, newer kernels have more behind. at_us stays as it is. 0, -EINVAL, -ERANGE. */
int kernel_text_disk_stat(const char *text, struct disk_sample *ret_sample);

/* A cgroup's io.stat, line by line: what was done on one disk since the cgroup was made. *text moves behind the line. False
 * at the end; a line that is no such one, or says nothing but the disk, is passed over, as is what a line says beside. */
struct kernel_text_io {
	uint32_t major, minor;
	uint64_t bytes[DISK_DIRECTIONS];
	uint64_t requests[DISK_DIRECTIONS];
};
bool kernel_text_io_stat(const char **text, struct kernel_text_io *ret_io);

/* A CPU or node list "0-3,8,10-11" (empty or "\n" is an empty set), as a bitmap of `n_bits` bits
 * in `words` of 64. -ERANGE for an id >= n_bits. *ret_count may be NULL. */
int kernel_text_list(const char *text, uint64_t *words, size_t n_bits, size_t *ret_count);

/* The next `key=value` of a kernel command line: *line is moved behind it. A value or a word may be
 * in double quotes; what is in them is one word. False at the end. A value that does not fit is
 * cut. */
bool kernel_text_option(const char **line, const char *key, char *buf, size_t size);

/* Whether `word` stands alone in a blank-separated list (cgroup.controllers). */
bool kernel_text_has_word(const char *text, const char *word);

/* The word in brackets: "(lazy)" of "full (lazy)". A pointer into text, and its length in *ret_len; NULL without
 * one. */
const char *kernel_text_chosen(const char *text, size_t *ret_len);
