// SPDX-License-Identifier: LGPL-2.1-or-later
// See kept_set.h.
#include "agent/observe/kept_set.h"

#include <errno.h>

#include "agent/base/cleanup.h"

void kept_set_init(struct kept_set *set)
{
	for (int i = 0; i < KEPT_SET_COUNT; i++)
		set->fds[i] = -EBADF;
}

void kept_set_close(struct kept_set *set)
{
	for (int i = 0; i < KEPT_SET_COUNT; i++)
		set->fds[i] = cleanup_close_fd(set->fds[i]);
}

unsigned kept_set_n_open(const struct kept_set *set)
{
	unsigned n = 0;

	for (int i = 0; i < KEPT_SET_COUNT; i++)
		n += set->fds[i] >= 0;
	return n;
}

unsigned kept_set_n_wanted(bool psi)
{
	return psi ? KEPT_SET_COUNT : KEPT_SET_PSI;
}

int kept_set_read(const struct kept_set *set, const struct kept_set_kind *kind,
		  struct kept_reader *reader, const char *where, void *sample,
		  struct psi_total psi[RESOURCE_COUNT], uint32_t *valid)
{
	static const uint32_t bits[KEPT_SET_COUNT] = {
		[KEPT_SET_CPU] = SAMPLE_CPU,
		[KEPT_SET_MEMORY] = SAMPLE_MEMORY,
		[KEPT_SET_PSI + RESOURCE_CPU] = SAMPLE_PSI_CPU,
		[KEPT_SET_PSI + RESOURCE_MEMORY] = SAMPLE_PSI_MEMORY,
		[KEPT_SET_PSI + RESOURCE_IO] = SAMPLE_PSI_IO,
	};

	for (int i = 0; i < KEPT_SET_COUNT; i++) {
		int r;

		if (set->fds[i] < 0)
			continue;
		if (i >= KEPT_SET_PSI)
			r = kept_file_psi(reader, set->fds[i], &psi[i - KEPT_SET_PSI]);
		else
			r = kind->read(reader, set->fds[i], (enum kept_set_file)i, sample);
		if (r == 0)
			*valid |= bits[i];
		else
			kept_file_say(reader, where, kind->names[i], r);
		if (r == -ENODEV)
			return r;
	}
	return 0;
}
