// SPDX-License-Identifier: LGPL-2.1-or-later
// The model and the samples that a record describes, built up line by line. Owns everything in
// them; a model that does not hang together is refused. Pure.
#pragma once

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"
#include "policy/record_text.h"

struct record_model;

struct record_model *record_model_new(void); /* NULL without memory */
void record_model_free(struct record_model *m);

struct model *record_model_get(struct record_model *m);
const struct samples *record_model_samples(const struct record_model *m);
const uint32_t *record_model_ids(const struct record_model *m);
/* By slot; what "assign" lines said. */
const struct assignment *record_model_assignments(const struct record_model *m);

/* Each takes one line behind its first word: "cg", "k", "order", "pod", "facts", "label" and
 * "annotation", "pods", "assign", "cut", "s", "n", "disks", "disk", "io", "usual". 0; -EBADMSG; -ENOMEM. */
int record_model_cgroup(struct record_model *m, struct record_line *line);
int record_model_knobs(struct record_model *m, struct record_line *line);
int record_model_order(struct record_model *m, struct record_line *line);
int record_model_pod(struct record_model *m, struct record_line *line);
int record_model_facts(struct record_model *m, struct record_line *line);
int record_model_label(struct record_model *m, struct record_line *line, bool annotation);
int record_model_pods(struct record_model *m, struct record_line *line);
int record_model_assignment(struct record_model *m, struct record_line *line);
int record_model_cut(struct record_model *m, struct record_line *line);
int record_model_sample(struct record_model *m, struct record_line *line, int64_t now_us);
int record_model_disks(struct record_model *m, struct record_line *line);
int record_model_disk(struct record_model *m, struct record_line *line);
int record_model_pod_disks(struct record_model *m, struct record_line *line, int64_t now_us);
int record_model_usual(struct record_model *m, struct record_line *line);
int record_model_there(struct record_model *m, struct record_line *line, int64_t now_us);
int record_model_node_sample(struct record_model *m, struct record_line *line, int64_t now_us);

/* Ties the parts together once a pass is complete. 0; -EBADMSG with *ret_why (static text): the
 * parts do not belong together; -ENOMEM. */
int record_model_link(struct record_model *m, const char **ret_why);
