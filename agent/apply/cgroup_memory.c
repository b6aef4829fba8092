// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of memory.min, memory.low and memory.high.
//
// Lowering memory.high below what is in use makes the kernel reclaim in the writer, for seconds if
// need be, and the event loop must not block. So it is approached: never below memory.current in
// one step. The pod cannot grow any more and reclaims for itself where it tries; each later pass
// follows its use down, and the change stays pending until the planned value is reached. O_NONBLOCK
// skips the reclaim on kernels that know it (7.2) and is ignored by the others.
#include <errno.h>
#include <fcntl.h>

#include "agent/apply/writer.h"
#include "agent/base/fs.h"
#include "policy/kernel_text.h"

/* A smaller step is not worth a write and a line in the log. */
#define STEP_MIN_BYTES (1u << 20)

static int step_high(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		     struct knob_value *ret_value)
{
	uint64_t current;
	char text[32];
	int r;

	*ret_value = *want;
	if (want->value >= now->value)
		return 0;
	r = fs_read(dir_fd, "memory.current", text, sizeof(text), NULL);
	if (r < 0)
		return r;
	if (kernel_text_u64(text, &current) < 0)
		return -EBADMSG;
	if (current <= want->value)
		return 0;
	ret_value->value = current;
	if (current >= now->value || now->value - current < STEP_MIN_BYTES)
		*ret_value = *now;
	return 0;
}

const struct writer cgroup_memory_writers[] = {
	{.knob = KNOB_MEMORY_MIN, .forgets = KNOB_COUNT},
	{.knob = KNOB_MEMORY_LOW, .forgets = KNOB_COUNT},
	{.knob = KNOB_MEMORY_HIGH, .flags = O_NONBLOCK, .forgets = KNOB_COUNT, .step = step_high},
};
const size_t cgroup_memory_n_writers =
	sizeof(cgroup_memory_writers) / sizeof(cgroup_memory_writers[0]);
