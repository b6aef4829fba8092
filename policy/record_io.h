// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks in a record: which there are, what they and the pods do there, and what is held. Pure.
#pragma once

#include "colod/model.h"
#include "colod/pressure.h"
#include "colod/sample.h"
#include "policy/record_text.h"

struct record_names;

/* "disks MAJ:MIN:NAME[:swap] ...". */
void record_io_put_disks(struct record_buf *buf, const struct disks *disks);
/* "disk MAJ:MIN SPAN BUSY now=READ,WRITE,READS,WRITES can=...", a line each: of a second, and what it is able to do. */
void record_io_put_uses(struct record_buf *buf, const struct disk_uses *uses);
/* "io SLOT AGE MAJ:MIN:READ,WRITE,READS,WRITES:USED[:bounded] ..." of a pod. */
void record_io_put_pod(struct record_buf *buf, uint32_t slot, const struct pod_disks *disks,
		       int64_t now_us);
/* "hold PLACE MAJ:MIN ..." of each place. */
void record_io_put_holds(struct record_buf *buf, const struct io_holds *holds,
			 const struct record_names *names);
void record_io_put_hold(struct record_buf *buf, const struct io_hold *hold,
			const struct record_names *names);

/* Each reads one line behind its first word (of a pod's also the slot); 0 or -EBADMSG. The first "disk" behind "disks" begins
 * anew. */
int record_io_get_disks(struct record_line *line, struct disks *disks, struct disk_uses *uses);
int record_io_get_use(struct record_line *line, struct disk_uses *uses);
int record_io_get_pod(struct record_line *line, struct pod_disks *disks, int64_t now_us);
int record_io_get_hold(struct record_line *line, struct io_holds *holds);
