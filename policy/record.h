// SPDX-License-Identifier: LGPL-2.1-or-later
// A record: what the deciding half of a pass was given, pass by pass, and the steps that came of
// it. Text, one statement a line, words divided by single blanks; a name is escaped (\xNN) so that
// it is one word. What is not said again is as it was. A word in [] may be missing: a record without it
// is read by every colod of this version, one with it by those that know it; others refuse that line,
// by its number, and never decide without it. In this order:
//
//  colod-record 1                     the version; another one is refused
//  # ...                              a comment
//  names plain|pseudonyms             pseudonyms: assignments are given, not worked out
//  steps yes|no                       no: the series alone, made by hand
//  policy N                           N files follow, then `policy-end`: in force from here on
//  source NAME / y LINE / Y PART      one of them: whole lines, and parts of one
//  t NOW_US                           a pass begins (CLOCK_BOOTTIME)
//  modes all=MODE cpu=MODE ...
//  node ... [memory-nodes=ID:BYTES:HIGH,...]  where there are several / cpus ... / can ...
//  tree driver= slots= [facts=awaited]  awaited: nobody has told since the start what the pods are
//  [manual slot= serial= order= ...]  what people ordered for single pods, all of it; `manual` alone: nothing
//  [calibrate SINCE]                  offline work is held since then to learn from it; 0: no more
//  cg ID inode= kind= populated= controllers= subtree= [mems=] pod= path=
//    populated: 1 for processes here or below, and 2 where a child has no object
//  k ID KNOB=NOW[:own|hold:ORIGINAL:WRITTEN[:TOLD]] ...  TOLD: what systemd was told, where that is another value
//  order LIST                         all cgroups by ID, parents first
//  pod SLOT serial= ... name= [runtimes=LIST]  runtimes: of its containers, where it has any
//  facts SLOT ... / label SLOT KEY VALUE / annotation SLOT KEY VALUE
//  pods LIST                          all pods by slot, in path order
//  assign SLOT ...                    with pseudonyms only
//  cut SLOT                           its samples begin anew
//  s SLOT AGE VALID D...              a sample taken AGE before this pass; D: by how much each
//  n AGE VALID D...                   number grew since the one before; zeros at the end are left out
//  [there SLOT NODES AGE BYTES ...]   what it has on memory nodes that run short, and the same a second before
//  [disks ...]                        those with a queue of their own
//  [io SLOT ...] / [disk ...]         while somebody waits for IO: what each pod does on each, and what they do in all
//  ladder cpu ...                     where it stands before this pass, if not where it was left; so of memory, io
//  [hold PLACE ...]                   the same of the disks that are held
//  [floor cpu ...]                    the same of the floor: its counters
//  [floor at inode=... ...]           and each branch that it watches, in their order
//  [kill from ...]                    memory ran out, and it was looked whom to kill: what that was
//  [kill rests|memory ...]            decided from (record_kill.c)
//  [evict from ...]                   memory was short for long: what it was decided from whom to evict
//  [evict time|pending|out|...]       (record_evict.c)
//  [evict-order slot= serial= ...]    somebody ordered an eviction
//  [net view|link|sent|pod|from|was|off ...]  the network, where the policy asks for it (record_net.h)
//  > STEP                             what came of it (steps.h)
//  end                                the pass is complete; what follows the last `end` is torn
#pragma once

#include <stdint.h>

#include "colod/floor.h"
#include "colod/model.h"
#include "colod/modes.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"
#include "colod/score.h"
#include "colod/sli.h"
#include "policy/record_evict.h"
#include "policy/record_evict_order.h"
#include "policy/record_kill.h"
#include "policy/record_net.h"

#define RECORD_VERSION "colod-record 1"

/* Bounds of the reader. What it holds at most beside the text: 20000 cgroups of about 1 KiB, 4096
 * pods of about 8 KiB with their samples, and the paths and facts, which are part of the text. */
#define RECORD_CGROUPS_MAX 20000
#define RECORD_PODS_MAX 4096
#define RECORD_PATH_MAX 4096
#define RECORD_LABELS_MAX 256 /* of one pod */
#define RECORD_TEXT_MAX (1024u * 1024 * 1024)

/* The least a record may be bounded to: the policy and one whole model go in first. */
#define RECORD_MIN_BYTES (16u * 1024)

/* One pass. Nothing in it is owned. */
struct record_pass {
	int64_t now_us;
	const struct modes *modes; /* only the modes, not who decided them */
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct ladders *ladders_before;
	const struct floor_cpu *floor_before;
	/* what came of it */
	const struct ladders *ladders_after;
	const struct floor_cpu *floor_after;
	const struct plan *plan;
	const struct scores *scores;
	const struct changes *changes;
	const struct record_kill *kill;	  /* NULL: nobody was looked for to be killed */
	const struct record_evict *evict; /* NULL: ... to be evicted */
	const struct evict_order *order;  /* NULL: nobody ordered an eviction */
	const struct record_net *net;	  /* NULL: nobody looked at the network */
	const struct sli_watch *slis;	  /* NULL: nobody looked */
	bool unnamed;			  /* the names of the pods are not their own */
};
