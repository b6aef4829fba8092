// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything that lives longer than one pass, in one place.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/apply/apply.h"
#include "agent/base/history.h"
#include "agent/control_text.h"
#include "agent/discover/discover.h"
#include "agent/effects.h"
#include "agent/life.h"
#include "agent/node_watch.h"
#include "agent/observe/observe.h"
#include "agent/options.h"
#include "agent/policy_files.h"
#include "agent/policy_watch.h"
#include "agent/record.h"
#include "colod/culprit.h"
#include "colod/incident.h"
#include "colod/loss.h"
#include "colod/manual.h"
#include "colod/seconds.h"
#include "colod/sli.h"
#include "colod/snapshot.h"
#include "policy/calibrate.h"

/* Which missing controllers of a pod were spoken of already (controllers.c). */
struct controllers_said {
	uint64_t serial;
	uint32_t mask;
};

/* See account_facts.h. */
struct account_facts {
	struct account_facts_pod *pods; /* by pod->slot; owned */
	size_t n_pods;
	const char *telling;	     /* static text; NULL before the first pass */
	const struct policy *policy; /* that of the pass before, only to compare */
};

struct state {
	const struct options *options;
	int root_fd;
	int state_fd; /* /run/colod, -EBADF over a recorded tree */
	int lock_fd;
	struct discover *discover;
	struct observe *observe;
	struct apply *apply;
	struct lanes *lanes; /* only in the loop; see workers.h */
	struct workers *workers;
	struct reclaimer *reclaimer; /* NULL without lanes */
	struct killer *killer;	     /* the same */
	struct evictor *evictor;     /* the same */
	struct tasks *tasks;	     /* the same */
	struct net *net;	     /* only in the loop; NULL: no thread for it */
	bool net_hangs;		     /* its last round had not ended when the loop had */
	struct policy *policy;
	struct diags diags;
	struct ladders ladders;
	struct floor_cpu floor_cpu;
	bool disks_asked; /* io.max of some disk is read for the next pass */
	struct plan plan;
	struct changes changes;	     /* of the pass under way */
	struct changes last_changes; /* of the last pass that had any */
	struct scores scores;
	struct baseline_store *baseline_store; /* what the scores are held against; NULL: no memory */
	struct seconds seconds;		       /* of each pod the last minute, for the next */
	struct culprit_watch culprits;
	struct culprit_trials culprit_trials;
	struct calibration calibration;
	uint64_t calibrator_kills; /* as of its last look, and when there was one more */
	int64_t calibrator_killed_us;
	struct incidents incidents;
	struct incident_store *incident_store; /* NULL: no memory */
	uint64_t incidents_told;	       /* of the history, as far as they know it */
	uint64_t incidents_said; /* of their events, as far as the history knows them */
	struct sli_watch slis;
	struct lend_store *lend_store; /* what the node can lend; NULL: no memory */
	struct effects effects;	       /* steps that are looked at again */
	struct losses losses;	       /* what was taken from whom since the start */
	struct status status;
	struct history *history;      /* what was done, for people */
	struct modes accounted_modes; /* as the history knows them, once modes_accounted */
	bool modes_accounted;
	enum mode kill_mode;	/* for memory, but for what doubt lowers: the emergency is exempt */
	struct manual manual;	/* what people ordered for single pods (orders.c) */
	struct control control; /* what people asked for over the bus (control.c) */
	bool control_unsaved;	/* its record differs: written again in the next pass */
	bool control_unread;	/* what it says is not known yet: read again in the next pass */
	struct mode_say kernel_says;	    /* what the kernel command line said at the start */
	struct account_facts account_facts; /* what the history knows of the pods' facts */
	struct observe_trigger_ops trigger_ops;
	struct life life;
	struct policy_watch policy_watch;
	struct node_watch node_watch;
	bool policy_waits;     /* the files that were read last wait for the labels of this node */
	struct record *record; /* --record; NULL without */
	int64_t sampled_us;
	int64_t begun_us;    /* tick_begin(); 0: never */
	int64_t woken_us;    /* when a trigger told of memory last; 0: never */
	bool triggered;	     /* one has fired since the last sample */
	bool no_record_said; /* this spell of a full /run was logged */
	struct controllers_said *controllers_said; /* by pod->slot */
	size_t n_controllers_said;
	uint64_t controllers_generation;
	struct modes controllers_modes; /* in force when controllers were last looked at */
};

/* Opens the root and the state directory, takes the lock (-EBUSY: another colod runs), reads the
 * policy, starts the stages. Each refusal has been logged with cause and fix when a negative errno
 * comes back. `options` is borrowed. */
int state_new(const struct options *options, struct state **ret_state);
void state_free(struct state *state);

/* Reads the policy files again. A broken policy keeps the one in force: -EINVAL, messages are
 * logged and in state->diags. */
int state_load_policy(struct state *state);

/* What is known of this node for the files that hold on some only; borrows from the state. */
struct policy_files_node state_policy_node(const struct state *state);

/* Views for the serving stage, valid until the next pass. */
struct snapshot state_snapshot(const struct state *state);

/* Opens (and creates) /run/colod below root_fd. 0 or -errno. */
int state_open_directory(int root_fd, int *ret_fd);
