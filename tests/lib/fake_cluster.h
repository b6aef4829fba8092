// SPDX-License-Identifier: LGPL-2.1-or-later
// What an API server keeps, in files of a folder that a test may read and write meanwhile: pods.json (a PodList)
// and node.json (one Node). Answers are shaped as the API's documentation and its source say (tests/fixtures/kube).
#pragma once

#include <stdbool.h>

struct fake_cluster {
	const char *dir;
};

/* An answer; text is owned by the caller. */
struct fake_answer {
	unsigned status;
	char *text;
};

/* POST …/eviction: 201 and the pod has a deletionTimestamp in pods.json; 404; 409 for another UID; 400, 422. */
struct fake_answer fake_cluster_evict(const struct fake_cluster *c, const char *namespace,
				      const char *name, const char *body);

/* 200 or 404. */
struct fake_answer fake_cluster_node(const struct fake_cluster *c, const char *name);

/* A merge patch: 200 and node.json is another one, with a new resourceVersion; 404; 409 for an older version; 415. */
struct fake_answer fake_cluster_patch_node(const struct fake_cluster *c, const char *name,
					   const char *type, const char *body);

/* Somebody else writes the node: another resourceVersion, and one more taint, other.example/N:NoExecute. */
void fake_cluster_race(const struct fake_cluster *c);

/* POST …/events: 201 or 422. */
struct fake_answer fake_cluster_event(const char *namespace, const char *body);

/* The list as it stands: 200 or 404. */
struct fake_answer fake_cluster_pods(const struct fake_cluster *c);

/* A v1 Status that refuses. `details` is JSON or NULL. */
struct fake_answer fake_cluster_refuse(unsigned code, const char *reason, const char *message,
				       const char *details);

/* A whole file of the folder, NULL for none; owned by the caller. */
char *fake_cluster_read(const char *dir, const char *name);
