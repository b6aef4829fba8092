// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of memory.min, memory.low, memory.high, memory.max and memory.oom.group.
//
// Lowering memory.high below what is in use makes the kernel reclaim in the writer, for seconds if
// need be, and slows down whoever of the pod allocates meanwhile: the further below, the more, up to
// 2 s for each return to user space. So it is approached.
//
//  - In a lane: at most a sixteenth of what is in use, and 64 MiB, below it in one write. The worker
//    pays for the reclaim, whoever allocates is delayed by a quarter of a second at most, and the
//    write ends soon enough to be taken back. What cannot be
//    reclaimed (anonymous memory without swap) stays: then the value goes back to a little above
//    what is in use, the pod cannot grow further, and another try is made later.
//  - In line: never below what is in use. The change stays pending; each later pass follows the use
//    down. O_NONBLOCK skips the reclaim on kernels that know it (7.2), others ignore it.
//
// Below what is in use memory.max makes the kernel kill in the cgroup once it can reclaim no more. It follows the use
// down, in line, and always leaves some room.
#include <errno.h>
#include <fcntl.h>

#include "agent/apply/writer.h"
#include "agent/base/fs.h"
#include "policy/kernel_text.h"

/* A smaller step is not worth a write and a line in the log. */
#define STEP_MIN_BYTES (1u << 20)
#define STRIDE_BYTES (64u << 20)
#define STRIDE_PART 16
/* Once one came to nothing: little enough that a try in vain delays nobody for long. */
#define PROBE_PART 64
/* A step helped when a quarter of it was reclaimed, or what is left above the value is too little to
 * be punished by the kernel: delays of 1 % and less over the value come to under 10 ms, which it
 * leaves out. */
#define HELPED_PART 4
#define UNPUNISHED_PART 100
#define ROOM_PART 32
#define ROOM_MIN_BYTES (4u << 20)

static int read_current(int dir_fd, uint64_t *ret_bytes)
{
	char text[32];
	int r = fs_read(dir_fd, "memory.current", text, sizeof(text), NULL);

	if (r < 0)
		return r;
	return kernel_text_u64(text, ret_bytes) < 0 ? -EBADMSG : 0;
}

/* Down to no less than `least`; `now` where that is no gain. */
static void lower_to(uint64_t least, const struct knob_value *now, const struct knob_value *want,
		     struct knob_value *ret_value)
{
	*ret_value = *want;
	if (least <= want->value)
		return;
	ret_value->value = least;
	if (least >= now->value || now->value - least < STEP_MIN_BYTES)
		*ret_value = *now;
}

static int step_high(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		     struct knob_value *ret_value)
{
	uint64_t current;
	int r;

	*ret_value = *want;
	if (want->value >= now->value)
		return 0;
	r = read_current(dir_fd, &current);
	if (r == 0)
		lower_to(current, now, want, ret_value);
	return r;
}

/* More in use than memory.high, and enough that the kernel delays whoever allocates. */
static bool is_punished(uint64_t current, uint64_t high)
{
	return current > high && current - high > high / UNPUNISHED_PART;
}

static int stride_high(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		       bool probes, struct knob_value *ret_value, uint64_t *ret_gap)
{
	uint64_t current, stride, least;
	int r;

	*ret_value = *want;
	*ret_gap = 0;
	if (want->value >= now->value)
		return 0;
	r = read_current(dir_fd, &current);
	if (r < 0)
		return r;
	stride = current / (probes ? PROBE_PART : STRIDE_PART);
	if (stride > STRIDE_BYTES)
		stride = STRIDE_BYTES;
	if (stride < STEP_MIN_BYTES)
		stride = STEP_MIN_BYTES;
	least = current > stride ? current - stride : 0;
	/* Held against a value that does it no good: try once more, and ease() ends it. */
	if (is_punished(current, now->value) && least + STEP_MIN_BYTES > now->value)
		least = now->value > STEP_MIN_BYTES ? now->value - STEP_MIN_BYTES : 0;
	lower_to(least, now, want, ret_value);
	if (current > ret_value->value)
		*ret_gap = current - ret_value->value;
	return 0;
}

/* What is in use and a little: a pod that can grow by nothing stands still at each allocation. */
static uint64_t with_room(uint64_t current)
{
	uint64_t room = current / ROOM_PART;

	return current + (room > ROOM_MIN_BYTES ? room : ROOM_MIN_BYTES);
}

static int follow_use(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		      struct knob_value *ret_value)
{
	uint64_t current;
	int r;

	*ret_value = *want;
	if (want->value >= now->value)
		return 0;
	r = read_current(dir_fd, &current);
	if (r == 0)
		lower_to(with_room(current), now, want, ret_value);
	return r;
}

static int ease_high(int dir_fd, const struct knob_value *value, uint64_t gap,
		     struct knob_value *ret_value)
{
	uint64_t current, over;
	int r = read_current(dir_fd, &current);

	if (r < 0)
		return r;
	*ret_value = *value;
	over = current > value->value ? current - value->value : 0;
	if (over > gap - gap / HELPED_PART && is_punished(current, value->value))
		ret_value->value = with_room(current);
	return 0;
}

const struct writer cgroup_memory_writers[] = {
	{.knob = KNOB_MEMORY_MIN, .forgets = KNOB_COUNT},
	{.knob = KNOB_MEMORY_LOW, .forgets = KNOB_COUNT},
	{
		.knob = KNOB_MEMORY_HIGH,
		.flags = O_NONBLOCK,
		.forgets = KNOB_COUNT,
		.lifts = true,
		.lifted = KNOB_VALUE_MAX,
		.step = step_high,
		.stride = stride_high,
		.follow = follow_use,
		.ease = ease_high,
	},
	{
		.knob = KNOB_MEMORY_MAX,
		.flags = O_NONBLOCK,
		.forgets = KNOB_COUNT,
		.step = follow_use,
	},
	{.knob = KNOB_MEMORY_OOM_GROUP, .forgets = KNOB_COUNT},
};
const size_t cgroup_memory_n_writers =
	sizeof(cgroup_memory_writers) / sizeof(cgroup_memory_writers[0]);
