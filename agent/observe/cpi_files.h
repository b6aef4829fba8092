// SPDX-License-Identifier: LGPL-2.1-or-later
// Cycles and instructions of one pod's cgroup, with everything below it: two events on each online CPU, as one group, so
// that both are counted at the same times. Each costs the kernel work whenever the CPU changes from one cgroup to another.
#pragma once

#include <stdbool.h>

#include "agent/observe/kept_file.h"
#include "colod/model.h"

/* What is counted, in terms of perf_event_open(2): tests count what a machine without a PMU has. */
struct cpi_events {
	uint32_t type;
	uint64_t cycles, instructions;
};

extern const struct cpi_events cpi_files_hardware;

/* Of one CPU, since the events were opened. The times are those in which the cgroup ran there. */
struct cpi_count {
	uint64_t enabled_ns;
	uint64_t running_ns; /* of that: the events were counted, and did not have to give way to others */
	uint64_t cycles, instructions;
};

/* Of all CPUs. */
struct cpi_sum {
	uint64_t cycles, instructions;
	uint64_t ran_ns;
	uint64_t blind_ns; /* of that, where nothing was counted */
};

struct cpi_cpu {
	uint16_t id;
	int cycles_fd, instructions_fd;
	struct cpi_count last;
};

/* Starts zeroed. */
struct cpi_files {
	struct cpi_cpu *cpus; /* owned; NULL: closed */
	size_t n_cpus;
	int64_t read_us;
};

/* Whether such events are to be had: opens one on this CPU, for nobody, and closes it. 0 or -errno. */
int cpi_files_probe(const struct cpi_events *events, uint16_t cpu);

/* How many descriptors a pod takes. */
static inline size_t cpi_files_n_fds(const struct node *node)
{
	return 2 * node->n_cpus;
}

/* Opens them for the cgroup of this directory, which the caller may close, on each online CPU. 0, or -errno with nothing open:
 * ENOENT also where the cgroup is gone, ENODEV where a CPU is offline. */
int cpi_files_open(struct cpi_files *files, const struct cpi_events *events, int dir_fd,
		   const struct node *node, int64_t now_us);
void cpi_files_close(struct cpi_files *files);

/* Whether they are open on just the CPUs that are online. */
bool cpi_files_cover(const struct cpi_files *files, const struct node *node);

/* Once a second; *cpi is untouched in between. It says that nothing was measured after a gap of some seconds, and where the pod
 * did too little. Where one cannot be read (-errno: its CPU went) or fell (-ERANGE), all are closed. */
int cpi_files_read(struct cpi_files *files, struct kept_reader *reader, int64_t now_us,
		   struct pod_cpi *cpi);

/* What one CPU did from `before` to `now`, as much more as others took of the time. False: the counts fell. */
bool cpi_files_add(struct cpi_sum *sum, const struct cpi_count *before,
		   const struct cpi_count *now);

/* Thousandths of cycles an instruction. False: there is no such number; too little was done, or seen. */
bool cpi_files_milli(const struct cpi_sum *sum, uint32_t *ret_milli);
