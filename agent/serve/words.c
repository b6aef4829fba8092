// SPDX-License-Identifier: LGPL-2.1-or-later
// See words.h.
#include "agent/serve/words.h"

#include <stddef.h>

#define WORD(table, value)                                                                         \
	((size_t)(value) < sizeof(table) / sizeof((table)[0]) ? (table)[value] : "?")

const char *words_assignment(enum assignment_state state)
{
	static const char *const text[] = {
		[ASSIGNMENT_NONE] = "no rule",
		[ASSIGNMENT_WAITING] = "waiting",
		[ASSIGNMENT_LEVEL] = "levelled",
	};

	return WORD(text, state);
}

const char *words_pod_kind(enum pod_kind kind)
{
	static const char *const text[POD_KIND_COUNT] = {
		[POD_KUBERNETES] = "kubernetes",
		[POD_UNIT] = "unit",
		[POD_CGROUP] = "cgroup",
	};

	return WORD(text, kind);
}

const char *words_cgroup_kind(enum cgroup_kind kind)
{
	static const char *const text[CGROUP_KIND_COUNT] = {
		[CGROUP_OTHER] = "other", [CGROUP_ROOT] = "root", [CGROUP_KUBEPODS] = "kubepods",
		[CGROUP_QOS] = "qos",	  [CGROUP_POD] = "pod",	  [CGROUP_CONTAINER] = "container",
	};

	return WORD(text, kind);
}

const char *words_change(enum change_kind kind)
{
	static const char *const text[] = {
		[CHANGE_WRITE] = "write",
		[CHANGE_RESTORE] = "restore",
		[CHANGE_FORGET] = "forget",
	};

	return WORD(text, kind);
}

const char *words_facts_source(enum facts_source source)
{
	static const char *const text[] = {
		[FACTS_KUBELET] = "kubelet",
		[FACTS_FILE] = "file",
		[FACTS_CGROUP] = "cgroup",
	};

	return WORD(text, source);
}

const char *words_cores(enum cores_state state)
{
	static const char *const text[CORES_STATE_COUNT] = {
		[CORES_NOT_ASKED] = "not asked",
		[CORES_OWN] = "own",
		[CORES_SIBLINGS] = "siblings",
		[CORES_REFUSED] = "refused",
	};

	return WORD(text, state);
}

const char *words_freeze(enum freeze_state state)
{
	static const char *const text[FREEZE_STATE_COUNT] = {
		[FREEZE_NOT_ASKED] = "not asked",
		[FREEZE_REFUSED] = "refused",
		[FREEZE_RESTS] = "rests",
		[FREEZE_MAY] = "may",
		[FREEZE_DUE] = "due",
	};

	return WORD(text, state);
}

const char *words_guard(enum guard_by guard)
{
	static const char *const text[GUARD_BY_COUNT] = {
		[GUARD_BY_NOBODY] = "nobody",
		[GUARD_BY_WATCHDOG] = "watchdog",
		[GUARD_BY_PROCESS] = "guard",
	};

	return WORD(text, guard);
}
