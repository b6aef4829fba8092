// SPDX-License-Identifier: LGPL-2.1-or-later
// See pod_freeze.h. A pod does not say whether others use the claim that it mounts (its access modes are the
// claim's, and other nodes are not seen), so every volume that is not the pod's own by its kind counts as shared
// where the pod may write to it. Probes that get a container killed are its liveness and startup probes:
//
//   every 10 s, 3 failures in a row, 1 s for an answer: silent for less than 2 × 10 + 1 = 21 s does no harm
//
// A readiness probe takes the pod out of its services, and it is back with the next answer.
#include "agent/discover/pod_freeze.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/base/utf8.h"

#define SECOND_US 1000000u
/* More than any field of a probe can mean, and far from an overflow. */
#define SECONDS_MAX 1000000

/* What the API takes where a probe does not say (pkg/apis/core/v1: SetDefaults_Probe). */
#define PERIOD_DEFAULT 10
#define FAILURES_DEFAULT 3
#define TIMEOUT_DEFAULT 1

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) && utf8_valid(item->valuestring) ? item->valuestring : NULL;
}

/* --- volumes --------------------------------------------------------------------------------- */

/* Made for this pod and gone with it, or never written by it. */
static bool is_own(const cJSON *volume)
{
	static const char *const own[] = {
		"emptyDir", "ephemeral", "configMap", "secret", "projected", "image", "downwardAPI",
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (get(volume, own[i]))
			return true;
	return false;
}

static bool is_written_by(const cJSON *container, const char *name)
{
	const cJSON *mount;

	cJSON_ArrayForEach(mount, get(container, "volumeMounts"))
	{
		const char *of = text_of(mount, "name");

		if (of && strcmp(of, name) == 0 && !cJSON_IsTrue(get(mount, "readOnly")))
			return true;
	}
	cJSON_ArrayForEach(mount, get(container, "volumeDevices"))
	{
		const char *of = text_of(mount, "name");

		if (of && strcmp(of, name) == 0)
			return true;
	}
	return false;
}

static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
#define N_LISTS (sizeof(lists) / sizeof(lists[0]))

static bool is_written(const cJSON *spec, const char *name)
{
	const cJSON *container;

	for (size_t i = 0; i < N_LISTS; i++) {
		cJSON_ArrayForEach(container, get(spec, lists[i]))
		{
			if (is_written_by(container, name))
				return true;
		}
	}
	return false;
}

/* The name of the first that others may write to as well; NULL without one. */
static const char *shared_volume(const cJSON *spec)
{
	const cJSON *volume;

	cJSON_ArrayForEach(volume, get(spec, "volumes"))
	{
		const char *name = text_of(volume, "name");

		if (is_own(volume))
			continue;
		if (!name)
			return "?";
		if (is_written(spec, name))
			return name;
	}
	return NULL;
}

/* --- probes ---------------------------------------------------------------------------------- */

/* A whole number of at least 1, or what is taken without one; 0 for what is neither. */
static uint64_t number(const cJSON *probe, const char *key, uint64_t otherwise)
{
	const cJSON *item = get(probe, key);

	if (!item || cJSON_IsNull(item))
		return otherwise;
	/* The API takes 0 for "not given". */
	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > SECONDS_MAX)
		return 0;
	return item->valuedouble < 1 ? otherwise : (uint64_t)item->valuedouble;
}

/* So long a container may be silent: one moment more, and so many probes in a row may have failed. */
static uint64_t patience_us(const cJSON *probe)
{
	uint64_t period = number(probe, "periodSeconds", PERIOD_DEFAULT);
	uint64_t failures = number(probe, "failureThreshold", FAILURES_DEFAULT);
	uint64_t timeout = number(probe, "timeoutSeconds", TIMEOUT_DEFAULT);

	if (period == 0 || failures == 0 || timeout == 0)
		return 0;
	return ((failures - 1) * period + timeout) * SECOND_US;
}

static uint64_t shortest_us(const cJSON *spec)
{
	static const char *const probes[] = {"livenessProbe", "startupProbe"};
	uint64_t shortest = UINT64_MAX;
	const cJSON *container;

	for (size_t i = 0; i < N_LISTS; i++) {
		cJSON_ArrayForEach(container, get(spec, lists[i]))
		{
			for (size_t p = 0; p < sizeof(probes) / sizeof(probes[0]); p++) {
				const cJSON *probe = get(container, probes[p]);
				uint64_t us = probe && !cJSON_IsNull(probe) ? patience_us(probe)
									    : UINT64_MAX;

				shortest = us < shortest ? us : shortest;
			}
		}
	}
	return shortest;
}

/* --------------------------------------------------------------------------------------------- */

static int copy(const char *text, char **ret)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int pod_freeze(const cJSON *spec, struct pod_freeze *f)
{
	const cJSON *class = get(spec, "runtimeClassName"), *ipc = get(spec, "hostIPC");
	const char *name = cJSON_IsString(class) && class->valuestring[0] ? "?" : NULL;
	int r;

	/* A pod without a container is none; then this is something else, or cut. */
	if (!cJSON_IsObject(spec) || cJSON_GetArraySize(get(spec, "containers")) == 0)
		return 0;
	f->host_ipc = ipc && !cJSON_IsFalse(ipc) && !cJSON_IsNull(ipc);
	f->probe_us = shortest_us(spec);
	if (name && text_of(spec, "runtimeClassName"))
		name = text_of(spec, "runtimeClassName");
	r = copy(name, &f->runtime_class);
	if (r == 0)
		r = copy(shared_volume(spec), &f->shared_volume);
	f->known = r == 0;
	return r;
}
