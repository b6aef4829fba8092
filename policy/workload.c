// SPDX-License-Identifier: LGPL-2.1-or-later
// See workload.h. The names are whatever their owners chose: a part is only taken off where it looks
// generated, else two workloads would share what was learned of one.
#include "policy/workload.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What Kubernetes generates names from: no vowels, no digits that look like letters. */
#define GENERATED "bcdfghjklmnpqrstvwxz2456789"
#define DIGITS "0123456789"
#define SUFFIX_LEN 5
/* Of a template's hash, a number of 32 bits; one in 4000 is shorter, and so is many a "v2" that is not one. */
#define HASH_LEN_MIN 7
#define HASH_LEN_MAX 10
/* Of a StatefulSet's pod. */
#define ORDINAL_LEN_MAX 10
/* A CronJob names its Jobs by the minute since 1970. */
#define MINUTE_LEN 8

/* Whether the last part of name[0..len) has that many of these letters; *ret_len: what is before it. */
static bool ends_with(const char *name, size_t len, const char *letters, size_t least, size_t most,
		      size_t *ret_len)
{
	const char *dash = memrchr(name, '-', len);
	size_t n;

	if (!dash || dash == name)
		return false;
	n = len - (size_t)(dash + 1 - name);
	if (n < least || n > most || strspn(dash + 1, letters) < n)
		return false;
	*ret_len = (size_t)(dash - name);
	return true;
}

static size_t stem_len(const char *kind, const char *name)
{
	size_t len = strlen(name), whole = len;

	if (strcmp(kind, "StatefulSet") == 0) {
		(void)ends_with(name, len, DIGITS, 1, ORDINAL_LEN_MAX, &len);
		return len;
	}
	/* A static pod has the node's name at its end, which stays. */
	if (strcmp(kind, "Node") == 0 || strcmp(kind, "Pod") == 0)
		return whole;
	if (!ends_with(name, len, GENERATED, SUFFIX_LEN, SUFFIX_LEN, &len))
		return whole;
	if (strcmp(kind, "ReplicaSet") == 0)
		(void)ends_with(name, len, GENERATED, HASH_LEN_MIN, HASH_LEN_MAX, &len);
	if (strcmp(kind, "Job") == 0)
		(void)ends_with(name, len, DIGITS, MINUTE_LEN, HASH_LEN_MAX, &len);
	return len;
}

void workload_key(const struct pod *pod, char key[WORKLOAD_KEY_SIZE])
{
	const struct pod_facts *f = pod->facts;
	const char *kind = f && f->owner_kind ? f->owner_kind : "Pod";

	if (pod->kind == POD_KUBERNETES && f && f->name)
		(void)snprintf(key, WORKLOAD_KEY_SIZE, "%s:%s/%.*s", kind, f->ns ? f->ns : "",
			       (int)stem_len(kind, f->name), f->name);
	else if (pod->kind == POD_KUBERNETES)
		(void)snprintf(key, WORKLOAD_KEY_SIZE, "uid:%s", pod->name);
	else
		(void)snprintf(key, WORKLOAD_KEY_SIZE, "%s:%s",
			       pod->kind == POD_UNIT ? "unit" : "cgroup", pod->name);
}
