// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_lift.h. Which values are lifted is said in the rows of those who write them (writer.h).
#include "agent/apply/kill_lift.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/apply/kill_walk.h"
#include "agent/apply/writer.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "policy/knob.h"
#include "policy/knob_io.h"

/* io.max has a line for each disk that somebody bounds. */
#define TEXT_SIZE 8192

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV;
}

static void keep_first(int *error, int r)
{
	if (r < 0 && !is_gone(r) && *error == 0)
		*error = r;
}

struct knob_value kill_lift_had(const struct kill_lifted *l, enum knob knob)
{
	const struct kill_had *had = &l->had[knob];

	if (knob_is_io_max(knob))
		return (struct knob_value){.state = KNOB_KNOWN,
					   .io = l->io[knob_io_max_place(knob)]};
	return (struct knob_value){
		.state = KNOB_KNOWN, .value = had->value, .period_us = had->period_us};
}

static struct knob_value lifted_value(const struct writer *w, const struct knob_value *had)
{
	if (knob_is_io_max(w->knob))
		return (struct knob_value){.state = KNOB_KNOWN, .io = knob_io_unbounded(&had->io)};
	return (struct knob_value){
		.state = KNOB_KNOWN, .value = w->lifted, .period_us = had->period_us};
}

static bool is_to_lift(int dir_fd, const struct writer *w, struct knob_value *ret_had)
{
	return w && w->lifts && !knob_is_io_max(w->knob) &&
	       writer_read(dir_fd, w->knob, ret_had) == 0 && ret_had->state == KNOB_KNOWN &&
	       ret_had->value != w->lifted && (w->lifted == 0 || ret_had->value < w->lifted);
}

/* The disks where its IO is bounded: a place for each, whosever bound it is. */
static void look_at_disks(struct kill_lifted *l, int dir_fd)
{
	char text[TEXT_SIZE];
	size_t n;

	if (fs_read(dir_fd, knob_file(knob_io_max(0)), text, sizeof(text), NULL) < 0)
		return;
	n = knob_io_bounds(text, l->io, KNOB_IO_MAX_DISKS);
	for (size_t i = 0; i < n; i++)
		l->lifted |= 1u << knob_io_max(i);
}

/* A value is taken only where it can be put back. */
static void look_at(struct kill_lift *lift, int dir_fd)
{
	struct kill_lifted *l = lift->n < KILL_LIFT_CGROUPS ? &lift->list[lift->n] : NULL;
	struct knob_value had;
	int r;

	if (!l)
		return;
	*l = (struct kill_lifted){.fd = -EBADF};
	for (int i = 0; i < KNOB_COUNT; i++)
		if (is_to_lift(dir_fd, writer_of((enum knob)i), &had)) {
			l->had[i] = (struct kill_had){had.value, had.period_us};
			l->lifted |= 1u << i;
		}
	look_at_disks(l, dir_fd);
	if (l->lifted == 0)
		return;
	r = fs_open_dir(dir_fd, "", &l->fd);
	if (r == 0)
		r = fs_inode(l->fd, "", &l->inode);
	keep_first(&lift->error, r);
	if (r == 0)
		lift->n++;
	else
		cleanup_close(&l->fd);
}

static int visit(void *context, int dir_fd, const char *name)
{
	struct kill_lift *lift = context;
	char text[16];
	int r;

	(void)name;
	look_at(lift, dir_fd);
	if (fs_read(dir_fd, "cgroup.freeze", text, sizeof(text), NULL) < 0 || text[0] != '1')
		return 0;
	r = fs_write(dir_fd, "cgroup.freeze", "0");
	lift->n_thawed += r == 0;
	keep_first(&lift->thaw_error, r);
	return 0;
}

void kill_lift_look(struct kill_lift *lift, int dir_fd)
{
	int r;

	lift->n = lift->lifted = lift->n_thawed = 0;
	lift->error = lift->thaw_error = 0;
	r = kill_walk(dir_fd, visit, lift, NULL);
	keep_first(&lift->error, r);
}

/* From the last knob to the first: cpu.weight cannot be written while cpu.idle is 1. */
static void lift_knobs(struct kill_lift *lift, struct kill_lifted *l)
{
	for (int i = KNOB_COUNT - 1; i >= 0; i--) {
		const struct writer *w = writer_of((enum knob)i);
		struct knob_value had, want;
		int r;

		if (!(l->lifted & (1u << i)))
			continue;
		had = kill_lift_had(l, (enum knob)i);
		want = lifted_value(w, &had);
		r = writer_write(l->fd, w, &want);
		keep_first(&lift->error, r);
		if (r < 0)
			l->lifted &= ~(1u << i);
	}
	lift->lifted |= l->lifted;
}

void kill_lift(struct kill_lift *lift)
{
	for (uint32_t i = 0; i < lift->n; i++)
		lift_knobs(lift, &lift->list[i]);
}

void kill_lift_forget(struct kill_lift *lift)
{
	for (uint32_t i = 0; i < lift->n; i++)
		lift->list[i].lifted = 0;
}

int kill_lift_value_back(int dir_fd, const struct writer *w, const struct knob_value *had)
{
	const struct knob_value lifted = lifted_value(w, had);
	struct knob_value now, back;
	int r = writer_read_of(dir_fd, w->knob, had, &now);

	if (r < 0 || now.state != KNOB_KNOWN ||
	    !knob_give_back(w->knob, had, &lifted, &now, 1, &back))
		return r;
	r = writer_write(dir_fd, w, &back);
	return r < 0 ? r : 1;
}

static int put_back(const struct kill_lifted *l, const struct writer *w)
{
	const struct knob_value had = kill_lift_had(l, w->knob);

	return kill_lift_value_back(l->fd, w, &had);
}

int kill_lift_put_back(struct kill_lift *lift)
{
	int error = 0;

	while (lift->n > 0) {
		struct kill_lifted *l = &lift->list[--lift->n];

		/* In the other order: the weight before it is hidden again. */
		for (int i = 0; i < KNOB_COUNT; i++)
			if (l->lifted & (1u << i))
				keep_first(&error, put_back(l, writer_of((enum knob)i)));
		cleanup_close(&l->fd);
	}
	return error;
}
