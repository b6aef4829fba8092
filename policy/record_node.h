// SPDX-License-Identifier: LGPL-2.1-or-later
// The node's lines of a record: machine, capabilities, tree. Pure.
#pragma once

#include "colod/model.h"
#include "policy/record_text.h"

/* Lines "node", "cpus"; "can"; "tree". */
void record_node_put(struct record_buf *buf, const struct node *node);
void record_node_put_can(struct record_buf *buf, const struct model *model);
void record_node_put_tree(struct record_buf *buf, const struct model *model);

/* Each reads one line behind its first word. 0, -EBADMSG or -ENOMEM. */
int record_node_get(struct record_line *line, struct node *node);
int record_node_get_cpus(struct record_line *line, struct node *node);
int record_node_get_can(struct record_line *line, struct model *model);
int record_node_get_tree(struct record_line *line, struct model *model);

/* Since when offline work is held to learn from it; the rest of the line is read: 0 or -EBADMSG. */
void record_node_put_calibrate(struct record_buf *buf, int64_t since_us);
int record_node_get_calibrate(struct record_line *line, struct model *model);
