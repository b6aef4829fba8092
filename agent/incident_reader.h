// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread that reads, at the start, the first lines of the incidents that are on disk (incident_index.h): ten thousand files may
// take a slow disk a long time.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "agent/incident_index.h"

/* All zeros: there is none. */
struct incident_reader {
	bool runs;
	pthread_t thread;
	atomic_bool ended, stop;
	int root_fd; /* borrowed */
	int result;
	struct incident_index index; /* the thread's while it runs */
};

/* Reads all whose numbers are in `names`; root_fd must stay open while it runs. Without a thread it is done at once. 0 or -errno. */
int incident_reader_start(struct incident_reader *reader, int root_fd,
			  const struct incident_index *names);

/* Whether there is nothing, or no more, to wait for. */
bool incident_reader_ended(const struct incident_reader *reader);

/* Of one that has ended: what it has read takes the place of *index. 0 or -errno: then *index is as it was;
 * -ECANCELED: incident_reader_wait() has ended it early. */
int incident_reader_take(struct incident_reader *reader, struct incident_index *index);

/* Has it end, for 2 s at most. False where a disk holds it for longer. */
bool incident_reader_wait(struct incident_reader *reader);
