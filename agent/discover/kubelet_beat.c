// SPDX-License-Identifier: LGPL-2.1-or-later
// See kubelet_beat.h.
#include "agent/discover/kubelet_beat.h"

/* FNV-1a: the same on every machine. */
static uint32_t mix(uint32_t hash, uint8_t byte)
{
	return (hash ^ byte) * 16777619u;
}

void kubelet_beat_seed(struct kubelet_beat *beat, const char *node)
{
	uint32_t hash = 2166136261u;

	for (const char *p = node; *p; p++)
		hash = mix(hash, (uint8_t)*p);
	beat->seed = hash;
}

/* A tenth more or less. */
static int64_t jittered(const struct kubelet_beat *beat, int64_t wait_us)
{
	uint32_t hash = beat->seed;

	for (int shift = 0; shift < 32; shift += 8)
		hash = mix(hash, (uint8_t)(beat->count >> shift));
	/* The low bits of FNV are its weak ones. */
	return wait_us - wait_us / 10 + (int64_t)(hash >> 8) % (wait_us / 5 + 1);
}

static int64_t min_us(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* 1 s, 2 s, 4 s …: `n` counts from 1. */
static int64_t doubled(uint32_t n, int64_t longest_us)
{
	return min_us(KUBELET_BEAT_STEP_US << (n > 7 ? 6 : n - 1), longest_us);
}

bool kubelet_beat_due(const struct kubelet_beat *beat, int64_t now_us)
{
	return now_us >= beat->next_us;
}

void kubelet_beat_sent(struct kubelet_beat *beat, int64_t now_us)
{
	beat->sent_us = now_us;
	beat->sent = true;
	beat->count++;
}

void kubelet_beat_new_pod(struct kubelet_beat *beat, int64_t now_us)
{
	int64_t gap_us = beat->failures > 0 ? KUBELET_BEAT_STEP_US : KUBELET_BEAT_GAP_US;
	int64_t at_us = beat->sent ? beat->sent_us + gap_us : now_us;

	beat->unanswered = 0;
	beat->next_us = min_us(beat->next_us, at_us > now_us ? at_us : now_us);
}

void kubelet_beat_frozen(struct kubelet_beat *beat)
{
	if (beat->sent && beat->failures == 0)
		beat->next_us = min_us(beat->next_us, beat->sent_us + KUBELET_BEAT_STEP_US);
}

void kubelet_beat_again(struct kubelet_beat *beat)
{
	beat->failures = beat->unanswered = 0;
	beat->next_us = 0;
}

void kubelet_beat_answered(struct kubelet_beat *beat, int64_t now_us, bool unknown, bool by_api)
{
	int64_t steady_us = by_api ? KUBELET_BEAT_API_US : KUBELET_BEAT_US;
	int64_t wait_us = jittered(beat, steady_us);

	beat->failures = 0;
	if (!unknown)
		beat->unanswered = 0;
	else if (beat->unanswered++ == 0)
		wait_us = KUBELET_BEAT_GAP_US;
	else
		wait_us = min_us(wait_us, doubled(beat->unanswered - 1, steady_us));
	beat->next_us = now_us + wait_us;
}

void kubelet_beat_failed(struct kubelet_beat *beat, int64_t now_us)
{
	beat->failures++;
	beat->next_us = now_us + jittered(beat, doubled(beat->failures, KUBELET_BEAT_LONGEST_US));
}
