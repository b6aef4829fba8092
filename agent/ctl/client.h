// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the running colod over the system bus. What goes wrong is said on `err` in one line that tells
// what to do, and becomes an enum ctl_exit.
#pragma once

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#define CLIENT_TEXT_SIZE 512

/* The snapshot (Dump). CTL_OK and *ret_doc, which the caller deletes. */
int client_fetch(FILE *err, cJSON **ret_doc);

/* Which records of the history: as the arguments of the method History. */
struct client_filter {
	uint64_t since_us; /* CLOCK_REALTIME; 0: from the oldest on */
	const char *kinds; /* "write,rung"; "": all */
	const char *of;	   /* a pod or cgroup; "": all */
	uint32_t max;	   /* the newest so many; 0: all */
};
int client_history(FILE *err, const struct client_filter *filter, cJSON **ret_doc);

/* The summaries of all incidents (GetIncidents), and one (GetIncident) as {"schema":1,"summary":…,"scene":…}. */
int client_incidents(FILE *err, cJSON **ret_doc);
int client_incident(FILE *err, uint64_t id, cJSON **ret_doc);

/* How the rules led to a pod's level (PolicyWhy); `pod` is best its cgroup. */
int client_policy_why(FILE *err, const char *pod, cJSON **ret_doc);

/* What this policy would do now (PlanPolicy): the files together are the whole. */
struct policy_source;
int client_plan_policy(FILE *err, const struct policy_source *sources, size_t n, cJSON **ret_doc);

/* What a method that changes something answers: the mode in force now, why, and a remark or "". */
struct client_answer {
	char mode[32];
	char why[CLIENT_TEXT_SIZE];
	char note[CLIENT_TEXT_SIZE];
};

/* Calls SetMode, Pause or Resume with these arguments (as sd_bus_message_append()). */
int client_change(FILE *err, struct client_answer *ret_answer, const char *member,
		  const char *types, ...);

/* What is answered to an order for one pod. */
struct client_order {
	uint64_t until_us; /* CLOCK_REALTIME; 0: it has no end to tell */
	uint32_t ended;	   /* by Release */
	char text[CLIENT_TEXT_SIZE];
};

/* Calls SetLevel, Squeeze, Freeze, Thaw, Release or Evict with these arguments. */
int client_order(FILE *err, struct client_order *ret_answer, const char *member, const char *types,
		 ...);

/* Has the policy files read again (Reload). */
int client_reload(FILE *err);
