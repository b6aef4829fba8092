// SPDX-License-Identifier: LGPL-2.1-or-later
// A parsed and checked policy. Immutable once read; policy/read.c makes it, policy/README.md
// says what each field means to the person who writes the YAML.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"
#include "colod/net.h"
#include "colod/pod.h"

enum facts_source {
	FACTS_KUBELET,
	FACTS_FILE,
	FACTS_CGROUP,
};

/* How the kubelet, and the API server in its stead, are reached. Owned; NULL: the usual place. */
struct kubelet_policy {
	char *url;    /* https://host:port of the kubelet */
	char *name;   /* what its certificate must be for */
	char *ca;     /* path: who signs its certificate */
	char *api;    /* https://host:port of the API server */
	char *api_ca; /* path */
	char *token;  /* path */
	char *node;   /* the name under which the cluster knows this node */
};

/* How a memory value is worked out for one pod. */
enum amount_kind {
	AMOUNT_NONE,
	AMOUNT_BYTES,
	AMOUNT_REQUEST,
	AMOUNT_PERMILLE_OF_LIMIT, /* without a limit: of the node's allocatable */
	AMOUNT_HEADROOM, /* request + permille of (limit, or allocatable without one, - request) */
};

struct amount {
	enum amount_kind kind;
	uint64_t value; /* bytes or permille */
};

enum yield_kind {
	YIELD_NONE, /* online levels */
	YIELD_RATIO,
	YIELD_IDLE,
};

enum weight_kind {
	WEIGHT_KEEP,	/* leave what is there */
	WEIGHT_REQUEST, /* what the kubelet's formula gives for the request */
	WEIGHT_FIXED,
};

enum cores_kind {
	CORES_SHARED,
	CORES_EXCLUSIVE, /* whole physical cores of its own */
};

enum smt_kind {
	SMT_SHARED,
	SMT_AVOID_OFFLINE, /* offline work is kept off the siblings of this pod's CPUs */
};

enum scheduling_kind {
	SCHEDULING_KEEP, /* the threads' policies are what they are */
	SCHEDULING_IDLE, /* SCHED_IDLE, so that a CPU with only those is one to wake up on */
};

struct level_cpu {
	enum weight_kind weight;
	uint32_t weight_value; /* 1..10000, WEIGHT_FIXED only */
	enum yield_kind yield;
	uint32_t yield_ratio; /* online weight : offline weight, YIELD_RATIO only */
	bool squeeze;
	uint32_t squeeze_target_permille; /* of the node's CPUs, for online + system + offline */
	uint32_t squeeze_floor_permille;  /* of the node's CPUs, what offline work always gets */
	enum cores_kind cores;
	enum smt_kind smt;
	enum scheduling_kind scheduling;
	uint32_t burst_permille; /* cpu.max.burst as a share of the pod's own quota; 0: none */
};

enum oom_kind {
	OOM_KEEP,    /* what the runtime gave */
	OOM_PROTECT, /* the kernel takes it last */
	OOM_FIRST,   /* and these first, as a group */
};

struct level_memory {
	struct amount min;
	struct amount low;
	struct amount high;	     /* offline levels only, unless the policy says otherwise */
	uint32_t watermark_permille; /* above the line of room.h: reclaim starts; 0: none */
	uint64_t growth_bytes_per_s; /* what an offline pod may grow under pressure; 0: no bound */
	enum oom_kind oom;
};

struct level_io {
	uint32_t weight; /* 1..10000; 0: leave what is there */
	bool squeeze;
	uint32_t squeeze_floor_permille; /* of the device's ability */
};

/* A rate on a link whose speed may not be known when the policy is read. */
enum rate_kind {
	RATE_NONE,
	RATE_PERMILLE, /* of the link */
	RATE_BYTES_PER_S,
};

struct rate {
	enum rate_kind kind;
	uint64_t value;
};

struct level_net {
	uint32_t share; /* 1..1000; 0: no class of its own */
	struct rate min;
	struct rate ceiling;
};

struct level_policy {
	bool defined; /* the policy names this level */
	enum role role;
	bool sensitive;
	struct level_cpu cpu;
	struct level_memory memory;
	struct level_io io;
	struct level_net net;
};

/* One condition of a rule. Globs are fnmatch patterns without special slashes. */
enum match_kind {
	MATCH_NAMESPACE,
	MATCH_NAME,
	MATCH_LABEL, /* key present, and equal to value (a glob) where one is given */
	MATCH_ANNOTATION,
	MATCH_PRIORITY_CLASS,
	MATCH_QOS,
	MATCH_OWNER_KIND,
	MATCH_STATIC,
	MATCH_UNIT,    /* the last part of a cgroup path outside the Kubernetes root */
	MATCH_CGROUP,  /* the whole cgroup path */
	MATCH_RUNTIME, /* the runtime of the pod's containers, as their cgroups are named */
	MATCH_KIND_COUNT,
};

struct match {
	enum match_kind kind;
	char *key;     /* label and annotation; owned */
	char *pattern; /* NULL: presence is enough; owned */
	enum qos qos;
	enum runtime runtime;
	bool flag; /* MATCH_STATIC */
};

struct assign_rule {
	struct match *matches; /* all of them must hold; owned */
	size_t n_matches;
	enum level level; /* LEVEL_NONE with from_value */
	bool from_value;  /* the level is the value of the rule's annotation or label */
	char **trusted;	  /* from_value: namespaces (globs) whose claims nothing bounds; owned */
	size_t n_trusted;
	bool built_in;
	char file[64]; /* base name of the policy file, for "which rule" */
	uint32_t line;
};

enum pressure_sign {
	PRESSURE_SOME,
	PRESSURE_FULL,
	PRESSURE_EMPTY, /* memory that will be gone within window_us as it falls now */
	PRESSURE_SIGN_COUNT,
};

enum pressure_action {
	ACTION_SQUEEZE_CPU,
	ACTION_SQUEEZE_MEMORY,
	ACTION_SQUEEZE_IO,
	ACTION_RECLAIM,
	ACTION_FREEZE,
	ACTION_EVICT,
	ACTION_KILL,
	ACTION_COUNT,
};

struct pressure_step {
	enum pressure_action action;
	uint64_t after_us; /* the step before has been on for so long */
	uint64_t for_us;   /* ACTION_FREEZE: at most so long at a time; 0: as long as is safe */
};

#define PRESSURE_RULES_MAX 8
#define PRESSURE_STEPS_MAX 6

/* pressure: {when: RESOURCE.SIGN of online > T over W, do: [steps]} */
struct pressure_policy {
	enum resource resource;
	enum pressure_sign sign;
	uint32_t threshold_permille; /* not with PRESSURE_EMPTY */
	uint64_t window_us;
	struct pressure_step steps[PRESSURE_STEPS_MAX];
	size_t n_steps;
	uint32_t file; /* index into policy->files */
	uint32_t line;
};

/* Of the rules for cpu.some, memory.some and memory.full, what those ladders go by. */
struct pressure_rule {
	bool on;
	bool full;	/* of the sign `full`: all that the pod has to run waited at once */
	uint32_t steps; /* 1 << enum pressure_action, of those that are acted on */
	uint32_t threshold_permille; /* share of the window that one online pod waited */
	uint64_t window_us;
	uint64_t evict_after_us; /* ACTION_EVICT: what is gentler has been tried for so long */
	uint64_t freeze_us;	 /* ACTION_FREEZE: at most so long at a time; 0: not said */
};

/* What the policy says of one resource beside `mode`; the lower one wins. */
struct policy_mode {
	bool given;
	enum mode mode;
};

enum evict_way {
	EVICT_KUBERNETES,
	EVICT_KILL,
	EVICT_WAY_COUNT,
};

enum evict_key {
	EVICT_BY_LEVEL,
	EVICT_BY_OVER_REQUEST,
	EVICT_BY_USAGE,
	EVICT_BY_NEWEST,
	EVICT_BY_COST,
	EVICT_BY_OPT_OUT,
	EVICT_KEY_COUNT,
};

struct evict_policy {
	enum evict_way by[EVICT_WAY_COUNT]; /* tried in this order */
	size_t n_by;
	uint64_t grace_us;
	uint64_t cooldown_us;
	uint32_t per_hour;
	enum evict_key order[EVICT_KEY_COUNT];
	size_t n_order;
	bool taint;
};

/* The first ones are measured by this version. */
enum sli_sign {
	SLI_CPU_SOME, /* SLI_CPU_SOME + enum resource */
	SLI_MEMORY_SOME,
	SLI_IO_SOME,
	SLI_SCORE,
	SLI_CPI,
	SLI_MEASURED_COUNT,
	SLI_SCHED_DELAY = SLI_MEASURED_COUNT,
	SLI_RECLAIM_STALL,
	SLI_IO_WAIT,
	SLI_NET_DROPS,
	SLI_SIGN_COUNT,
};

enum sli_statistic {
	SLI_P50,
	SLI_P90,
	SLI_P95,
	SLI_P99,
	SLI_MEAN,
	SLI_STATISTIC_COUNT,
};

#define SLIS_MAX 16
#define SLI_NAME_SIZE 32
#define SLI_PODS_SIZE 128

struct sli_policy {
	char name[SLI_NAME_SIZE];
	char pods[SLI_PODS_SIZE]; /* a glob of their names; "": any */
	uint64_t bound;		  /* permille; us; drops a second; CPI in thousandths */
	uint64_t window_us;
	enum sli_sign sign;
	enum level level; /* of whom; LEVEL_NONE: any online one */
	enum sli_statistic statistic;
	uint32_t file; /* index into policy->files: where it stands, with the line */
	uint32_t line;
	uint32_t reserved;
};

struct lend_part {
	bool on;
	uint32_t percentile; /* 50..99 */
	uint32_t margin_permille;
};

struct lend_policy {
	struct lend_part cpu;
	struct lend_part memory;
	uint64_t cold_start_us;
};

/* What is kept of online pods that were hurt (incident.h). */
struct incident_policy {
	uint32_t excess_permille; /* so much of a resource opens one */
	uint32_t count;		  /* so many are kept */
	uint64_t size_bytes;	  /* in so much room */
};

struct score_policy {
	bool calibrate; /* offline work may be held for a second to learn what is usual (policy/calibrate.h) */
};

struct node_policy {
	uint64_t reserve_cpu_milli; /* never lent, never promised to pods */
	uint64_t reserve_memory_bytes;
};

#define METRICS_TEXT_SIZE 256
#define BUS_GROUP_SIZE 64

/* "" for a way that is off. */
struct metrics_policy {
	char socket[METRICS_TEXT_SIZE];
	char listen[METRICS_TEXT_SIZE]; /* host:port, loopback only */
	char textfile[METRICS_TEXT_SIZE];
};

/* One value as its author wrote it, for people: what is in force is in the fields above. A later
 * file's takes the place of an earlier one's. */
struct policy_value {
	char *path;	 /* "levels.P7.cpu.yield"; owned */
	char *text;	 /* YAML on one line; owned */
	uint32_t file;	 /* index into policy->files */
	uint32_t line;	 /* from 1 */
	bool unenforced; /* read and checked, but this version does not act on it */
};

struct policy_left_out {
	uint32_t file; /* index into policy->files */
	bool waits;    /* whether it holds is not known: the policy must not come into force */
	char *why;     /* owned */
};

struct policy {
	uint32_t version;
	enum mode mode;
	struct policy_mode modes[RESOURCE_MODES];
	enum facts_source facts;
	char *facts_path; /* FACTS_FILE: absolute path; owned */
	struct kubelet_policy kubelet;
	struct level_policy levels[LEVEL_COUNT];
	struct assign_rule *rules; /* owned */
	size_t n_rules;
	struct pressure_policy pressure[PRESSURE_RULES_MAX];
	size_t n_pressure;
	struct pressure_rule pressure_cpu; /* of the rule that says squeeze cpu */
	struct pressure_rule
		pressure_memory; /* of the one for memory.some; one ladder goes by it and the next */
	struct pressure_rule pressure_full; /* of the one for memory.full */
	struct pressure_rule pressure_io;   /* of the one for io.some */
	struct pressure_rule
		pressure_kill; /* of memory.empty: kill; its window is the time that is left */
	struct evict_policy evict;
	struct sli_policy slis[SLIS_MAX];
	size_t n_slis;
	struct lend_policy lend;
	struct incident_policy incidents;
	struct score_policy score;
	struct node_policy node;
	struct net_policy net;
	struct metrics_policy metrics;
	char bus_group[BUS_GROUP_SIZE];	  /* who may read over D-Bus; "" for root alone */
	char origin[256];		  /* the files it came from, for status */
	struct policy_left_out *left_out; /* files that do not hold on this node; owned */
	size_t n_left_out;
	bool asks_labels; /* some file holds only on nodes with a label */
	char **files;	  /* their names, in the order of reading; owned */
	size_t n_files;
	struct policy_value *values; /* in the order of first mention; owned */
	size_t n_values;
	size_t cap_values;
};

/* The steps of the rules for memory.some and memory.full together: 1 << enum pressure_action. */
static inline uint32_t policy_memory_steps(const struct policy *p)
{
	return (p->pressure_memory.on ? p->pressure_memory.steps : 0) |
	       (p->pressure_full.on ? p->pressure_full.steps : 0);
}
