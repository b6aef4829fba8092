// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole snapshot in memory for tests of the serving stage: a Guaranteed online pod that waits, a
// batch pod under a quota, and a pod whose facts are not known. All of it hand-made.
#pragma once

#include "colod/loss.h"
#include "colod/manual.h"
#include "colod/snapshot.h"
#include "tests/lib/fake.h"

#define SERVE_WEB_UID "11111111-aaaa-4bbb-8ccc-000000000001"
#define SERVE_BATCH_UID "22222222-aaaa-4bbb-8ccc-000000000002"
#define SERVE_LATE_UID "22229999-aaaa-4bbb-8ccc-000000000003"

struct serve_case {
	struct fake f;
	struct floor_cpu floor;
	struct disk_uses disk_uses;
	struct manual manual; /* batch is squeezed by hand */
	struct status status;
	struct scores scores;
	struct culprit_watch culprits; /* web waits for batch, and for one that is gone */
	struct sli_watch slis;	       /* of web one is violated, and of one nothing is measured */
	struct pod_slis web_slis;
	struct pod_slis *sli_list[8];
	struct culprit_trials trials; /* holding batch has helped it */
	struct lend_sum lend[LEND_OF_COUNT];
	struct net_shown net; /* eth0 is held, eth1 refused; web is marked, batch cannot be */
	struct net_view net_view;
	struct net_plan net_plan;
	struct net_counts net_counts[NET_LINKS];
	struct net_pod net_pods[8];
	struct net_sent net_sent[8];
	struct losses losses;
	struct pod_loss loss_list[8];
	struct pod_score score_list[8];
	struct changes changes;
	struct change change_list[2];
	struct diags diags;
	struct snapshot snapshot;
	struct pod *web;   /* default/web-1, P0 */
	struct pod *batch; /* batch/hog-1, P7, held by cpu.max */
	struct pod *late;  /* waits for its namespace */
	struct cgroup *besteffort;
};

/* Aborts without memory. The struct must not move. */
void serve_case_init(struct serve_case *c);
void serve_case_free(struct serve_case *c);

/* One more Kubernetes pod below kubepods-besteffort, of level P7. */
struct pod *serve_case_add(struct serve_case *c, const char *uid, const char *ns, const char *name);

/* Takes a pod out of the model, as when its cgroup vanished; frees it and its cgroup. */
void serve_case_remove(struct serve_case *c, struct pod *pod);

/* For struct bus_ops. */
const struct snapshot *serve_case_snapshot(void *context);

/* For serve_case.c alone. */
void serve_case_make_slis(struct serve_case *c);
void serve_case_make_lend(struct serve_case *c);
void serve_case_make_net(struct serve_case *c);
