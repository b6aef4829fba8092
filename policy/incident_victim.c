// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_victim.h.
#include "policy/incident_victim.h"

#include "colod/sample.h"
#include "policy/incident_mean.h"

_Static_assert(SECOND_UNKNOWN == INCIDENT_UNKNOWN,
	       "what is not known in a second is not in a point");

static uint32_t permille(uint32_t before_us, uint32_t now_us, int64_t span_us, uint32_t most)
{
	uint64_t part = (uint64_t)(now_us - before_us) * 1000 / (uint64_t)span_us;

	return part < most ? (uint32_t)part : most;
}

struct incident_victim incident_victim_between(const struct second *a, const struct second *b)
{
	struct incident_victim v = {INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN,
				    INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN,
				    INCIDENT_UNKNOWN};
	int64_t span_us = a && b ? b->at_us - a->at_us : 0;
	uint32_t both = span_us > 0 ? a->valid & b->valid : 0;

	if (both & SAMPLE_PSI_MEMORY)
		v.memory_full_permille =
			permille(a->memory_full_us, b->memory_full_us, span_us, 1000);
	if (both & SAMPLE_PSI_IO)
		v.io_full_permille = permille(a->io_full_us, b->io_full_us, span_us, 1000);
	if (both & SAMPLE_CPU && !(b->valid & SAMPLE_QUOTA_UNSEEN))
		v.throttled_permille =
			permille(a->throttled_us, b->throttled_us, span_us, INCIDENT_UNKNOWN - 1);
	if (b) {
		v.anon_kib = b->anon_kib;
		v.file_kib = b->file_kib;
		v.refaults_per_s = b->refaults_per_s;
		v.direct_per_s = b->direct_per_s;
	}
	return v;
}

static void mean(uint32_t *a, uint32_t a_ms, uint32_t b, uint32_t b_ms)
{
	*a = incident_mean(*a, a_ms, b, b_ms, INCIDENT_UNKNOWN);
}

void incident_victim_merge(struct incident_victim *a, uint32_t a_ms,
			   const struct incident_victim *b, uint32_t b_ms)
{
	mean(&a->throttled_permille, a_ms, b->throttled_permille, b_ms);
	mean(&a->memory_full_permille, a_ms, b->memory_full_permille, b_ms);
	mean(&a->io_full_permille, a_ms, b->io_full_permille, b_ms);
	mean(&a->refaults_per_s, a_ms, b->refaults_per_s, b_ms);
	mean(&a->direct_per_s, a_ms, b->direct_per_s, b_ms);
	if (b->anon_kib == INCIDENT_UNKNOWN)
		return;
	a->anon_kib = b->anon_kib;
	a->file_kib = b->file_kib;
}
