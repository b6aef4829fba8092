// SPDX-License-Identifier: LGPL-2.1-or-later
// A parsed and checked policy. Immutable once read; policy/read.c makes it, policy/README.md
// says what each field means to the person who writes the YAML.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

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

struct level_cpu {
	enum weight_kind weight;
	uint32_t weight_value; /* 1..10000, WEIGHT_FIXED only */
	enum yield_kind yield;
	uint32_t yield_ratio; /* online weight : offline weight, YIELD_RATIO only */
	bool squeeze;
	uint32_t squeeze_target_permille; /* of the node's CPUs, for online + system + offline */
	uint32_t squeeze_floor_permille;  /* of the node's CPUs, what offline work always gets */
};

struct level_memory {
	struct amount min;
	struct amount low;
	struct amount high; /* offline levels only, unless the policy says otherwise */
};

struct level_io {
	uint32_t weight; /* 1..10000; 0: leave what is there */
};

struct level_policy {
	bool defined; /* the policy names this level */
	enum role role;
	bool sensitive;
	struct level_cpu cpu;
	struct level_memory memory;
	struct level_io io;
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
	MATCH_UNIT,   /* the last part of a cgroup path outside the Kubernetes root */
	MATCH_CGROUP, /* the whole cgroup path */
	MATCH_KIND_COUNT,
};

struct match {
	enum match_kind kind;
	char *key;     /* label and annotation; owned */
	char *pattern; /* NULL: presence is enough; owned */
	enum qos qos;
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

/* pressure: {when: cpu.some of online > T over W, do: [squeeze cpu]} */
struct pressure_rule {
	bool on;
	uint32_t threshold_permille; /* share of the window that one online pod waited */
	uint64_t window_us;
};

/* What the policy says of one resource beside `mode`; the lower one wins. */
struct policy_mode {
	bool given;
	enum mode mode;
};

struct policy {
	uint32_t version;
	enum mode mode;
	struct policy_mode modes[RESOURCE_COUNT];
	enum facts_source facts;
	char *facts_path; /* FACTS_FILE: absolute path; owned */
	struct kubelet_policy kubelet;
	struct level_policy levels[LEVEL_COUNT];
	struct assign_rule *rules; /* owned */
	size_t n_rules;
	struct pressure_rule pressure_cpu;
	char origin[256]; /* the files it came from, for status */
};
