// SPDX-License-Identifier: LGPL-2.1-or-later
// See doctor_disks.h.
#include "agent/ctl/doctor_disks.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/ctl/doc.h"

#define MIB (1u << 20)

/* Of the last second, where it was measured and something was done. */
static void now(const struct ctl *ctl, const cJSON *disk)
{
	const cJSON *last = doc_get(disk, "now"), *read = doc_get(last, "read"),
		    *write = doc_get(last, "write");
	uint64_t busy = doc_count(last, "busy_permille");

	if (!last || (busy == 0 && doc_count(read, "requests_per_s") == 0 &&
		      doc_count(write, "requests_per_s") == 0))
		return;
	term_say(&ctl->term, 2, 4,
		 "now: busy %" PRIu64 " %%; read %.1f MiB/s (%" PRIu64
		 " requests, %.1f ms each), written %.1f MiB/s (%" PRIu64 ", %.1f ms)",
		 busy / 10, (double)doc_count(read, "bytes_per_s") / MIB,
		 doc_count(read, "requests_per_s"), (double)doc_count(read, "waited_us") / 1000.0,
		 (double)doc_count(write, "bytes_per_s") / MIB, doc_count(write, "requests_per_s"),
		 (double)doc_count(write, "waited_us") / 1000.0);
}

/* "reads 50.0 MiB/s, 900 small requests/s"; empty where neither is known. */
static void one_ability(const cJSON *can, const char *what, const char *bytes_key,
			const char *requests_key, char *text, size_t size)
{
	char many[48] = "", large[48] = "";
	uint64_t bytes, requests;

	if (doc_u64(can, bytes_key, &bytes) == 0)
		(void)snprintf(large, sizeof(large), "%.1f MiB/s", (double)bytes / MIB);
	if (doc_u64(can, requests_key, &requests) == 0)
		(void)snprintf(many, sizeof(many), "%" PRIu64 " small requests/s", requests);
	text[0] = '\0';
	if (*large || *many)
		(void)snprintf(text, size, "%s %s%s%s", what, large, *large && *many ? ", " : "",
			       many);
}

static void can(const struct ctl *ctl, const cJSON *disk)
{
	const cJSON *can = doc_get(disk, "can");
	char reads[128], writes[128];

	one_ability(can, "reads", "read_bytes_per_s", "read_requests_per_s", reads, sizeof(reads));
	one_ability(can, "writes", "write_bytes_per_s", "write_requests_per_s", writes,
		    sizeof(writes));
	if (*reads || *writes)
		term_say(&ctl->term, 2, 4, "seen to be able to do: %s%s%s", reads,
			 *reads && *writes ? "; " : "", writes);
	else
		term_say(&ctl->term, 2, 4,
			 "what it is able to do is not known: it was not loaded so "
			 "far");
}

static const char *weights(const cJSON *disk)
{
	bool iocost = doc_true(disk, "iocost"), bfq = doc_true(disk, "bfq");

	if (iocost && bfq)
		return "both iocost and BFQ weigh: io.weight and io.bfq.weight act one after the other";
	if (iocost)
		return "iocost is on: io.weight acts";
	return bfq ? "BFQ weighs: io.bfq.weight acts"
		   : "nothing weighs: io.weight does not act here";
}

/* As it has to be, mostly. */
void doctor_disks(const struct ctl *ctl, const cJSON *doctor)
{
	uint64_t left_out = doc_count(doctor, "n_disks_left_out");
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(doctor, "disks"))
	{
		const char *scheduler = doc_text(one, "scheduler", "");

		term_say(&ctl->term, 0, 2, "disk %s (%s)%s%s: %s", doc_text(one, "name", "?"),
			 doc_text(one, "number", "?"), *scheduler ? ", scheduler " : "", scheduler,
			 weights(one));
		now(ctl, one);
		can(ctl, one);
	}
	if (left_out > 0)
		term_say(&ctl->term, 0, 2, "disks: %" PRIu64 " more are left out", left_out);
}
