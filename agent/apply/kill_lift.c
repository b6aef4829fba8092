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

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV;
}

static void keep_first(int *error, int r)
{
	if (r < 0 && !is_gone(r) && *error == 0)
		*error = r;
}

static struct knob_value lifted_value(const struct writer *w, uint64_t period_us)
{
	return (struct knob_value){.state = KNOB_KNOWN, .value = w->lifted, .period_us = period_us};
}

/* From the last knob to the first: cpu.weight cannot be written while cpu.idle is 1. */
static void lift_knobs(struct kill_lift *lift, int dir_fd)
{
	struct kill_lifted *l = lift->n < KILL_LIFT_CGROUPS ? &lift->list[lift->n] : NULL;

	if (!l)
		return;
	*l = (struct kill_lifted){.fd = -EBADF};
	for (int i = KNOB_COUNT - 1; i >= 0; i--) {
		const struct writer *w = writer_of((enum knob)i);
		struct knob_value had, want;
		int r;

		if (!w || !w->lifts || writer_read(dir_fd, w->knob, &had) < 0 ||
		    had.state != KNOB_KNOWN || had.value == w->lifted ||
		    (w->lifted != 0 && had.value > w->lifted))
			continue;
		/* A value is taken only where it can be put back. */
		if (l->fd < 0)
			r = fs_open_dir(dir_fd, "", &l->fd);
		else
			r = 0;
		want = lifted_value(w, had.period_us);
		if (r == 0)
			r = writer_write(dir_fd, w, &want);
		keep_first(&lift->error, r);
		if (r < 0)
			continue;
		l->had[i] = (struct kill_had){had.value, had.period_us};
		l->lifted |= 1u << i;
	}
	lift->lifted |= l->lifted;
	if (l->fd >= 0)
		lift->n++;
}

static int visit(void *context, int dir_fd, const char *name)
{
	struct kill_lift *lift = context;
	char text[16];
	int r;

	(void)name;
	lift_knobs(lift, dir_fd);
	if (fs_read(dir_fd, "cgroup.freeze", text, sizeof(text), NULL) < 0 || text[0] != '1')
		return 0;
	r = fs_write(dir_fd, "cgroup.freeze", "0");
	lift->n_thawed += r == 0;
	keep_first(&lift->thaw_error, r);
	return 0;
}

void kill_lift(struct kill_lift *lift, int dir_fd)
{
	int r;

	lift->n = lift->lifted = lift->n_thawed = 0;
	lift->error = lift->thaw_error = 0;
	r = kill_walk(dir_fd, visit, lift, NULL);
	keep_first(&lift->error, r);
}

static int put_back(const struct kill_lifted *l, const struct writer *w)
{
	const struct kill_had *had = &l->had[w->knob];
	const struct knob_value want = {
		.state = KNOB_KNOWN, .value = had->value, .period_us = had->period_us};
	struct knob_value now;
	int r = writer_read(l->fd, w->knob, &now);

	/* Somebody else's value by now is not written over. */
	if (r < 0 || now.state != KNOB_KNOWN || now.value != w->lifted)
		return r;
	return writer_write(l->fd, w, &want);
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
