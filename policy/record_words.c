// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_words.h.
#include "policy/record_words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "policy/names.h"
#include "policy/record_names.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *const reasons[REASON_COUNT] = {
	[REASON_NONE] = "none",
	[REASON_WEIGHT_REQUEST] = "weight-request",
	[REASON_WEIGHT_FIXED] = "weight-fixed",
	[REASON_YIELD_RATIO] = "yield-ratio",
	[REASON_YIELD_REQUEST] = "yield-request",
	[REASON_YIELD_IDLE] = "yield-idle",
	[REASON_FLOOR_RAISED] = "floor-raised",
	[REASON_MIXED_IDLE] = "mixed-idle",
	[REASON_MIXED_WEIGHT] = "mixed-weight",
	[REASON_BURST] = "burst",
	[REASON_BURST_RESIZE] = "burst-resize",
	[REASON_BURST_HELD] = "burst-held",
	[REASON_BURST_NO_QUOTA] = "burst-no-quota",
	[REASON_CPU_BATCH] = "cpu-batch",
	[REASON_MEMORY_BATCH] = "memory-batch",
	[REASON_MEMORY_REQUEST] = "memory-request",
	[REASON_MEMORY_FIXED] = "memory-fixed",
	[REASON_MEMORY_CHILDREN] = "memory-children",
	[REASON_MEMORY_BOUND] = "memory-bound",
	[REASON_MEMORY_OF_LIMIT] = "memory-of-limit",
	[REASON_MEMORY_OF_NODE] = "memory-of-node",
	[REASON_MEMORY_HEADROOM] = "memory-headroom",
	[REASON_MEMORY_SYSTEM] = "memory-system",
	[REASON_MEMORY_LIFT] = "memory-lift",
	[REASON_MEMORY_LIFTED] = "memory-lifted",
	[REASON_SCHED_IDLE] = "sched-idle",
	[REASON_OOM_FIRST] = "oom-first",
	[REASON_OOM_WHOLE] = "oom-whole",
	[REASON_EASED] = "eased",
	[REASON_IO_LEVEL] = "io-level",
	[REASON_IO_CLASS] = "io-class",
	[REASON_CORES_OWN] = "cores-own",
	[REASON_CORES_CLASS] = "cores-class",
	[REASON_CORES_OFFLINE] = "cores-offline",
	[REASON_SMT_OFFLINE] = "smt-offline",
	[REASON_SMT_AVOIDED] = "smt-avoided",
	[REASON_CORES_IDS] = "cores-ids",
	[REASON_CORES_STATIC] = "cores-static",
	[REASON_CORES_UNSURE] = "cores-unsure",
	[REASON_CORES_REQUEST] = "cores-request",
	[REASON_CORES_SMALL] = "cores-small",
	[REASON_CORES_LIMIT] = "cores-limit",
	[REASON_CORES_NO_CPUSET] = "cores-no-cpuset",
	[REASON_CORES_FOREIGN] = "cores-foreign",
	[REASON_CORES_UNREAD] = "cores-unread",
	[REASON_CORES_ENDING] = "cores-ending",
	[REASON_CORES_WAITS] = "cores-waits",
	[REASON_CORES_FREE] = "cores-free",
	[REASON_CORES_ROOM] = "cores-room",
	[REASON_CORES_KERNEL] = "cores-kernel",
	[REASON_SMT_NOT_PINNED] = "smt-not-pinned",
	[REASON_SMT_NO_SIBLING] = "smt-no-sibling",
	[REASON_SMT_ROOM] = "smt-room",
	[REASON_FREEZE] = "freeze",
	[REASON_FREEZE_OVER] = "freeze-over",
	[REASON_FREEZE_ENDS] = "freeze-ends",
	[REASON_FREEZE_ALL] = "freeze-all",
	[REASON_FREEZE_MAY] = "freeze-may",
	[REASON_FREEZE_OTHER] = "freeze-other",
	[REASON_FREEZE_GUARD] = "freeze-guard",
	[REASON_FREEZE_START] = "freeze-start",
	[REASON_FREEZE_FACTS] = "freeze-facts",
	[REASON_FREEZE_ENDING] = "freeze-ending",
	[REASON_FREEZE_CLASS] = "freeze-class",
	[REASON_FREEZE_IPC] = "freeze-ipc",
	[REASON_FREEZE_VOLUME] = "freeze-volume",
	[REASON_FREEZE_PROBE] = "freeze-probe",
	[REASON_FREEZE_INNER] = "freeze-inner",
	[REASON_RETURNED] = "returned",
	[REASON_RETURNED_IO] = "returned-io",
	[REASON_MANUAL] = "manual",
	[REASON_CALIBRATE] = "calibrate",
	[REASON_SQUEEZE] = "squeeze",
	[REASON_IO_WAITS] = "io-waits",
	[REASON_IO_FLOOR] = "io-floor",
	[REASON_IO_WORSE] = "io-worse",
	[REASON_MEMORY_WAITS] = "memory-waits",
	[REASON_MEMORY_EMPTY] = "memory-empty",
	[REASON_MEMORY_MARK] = "memory-mark",
	[REASON_MEMORY_GROWTH] = "memory-growth",
	[REASON_SQUEEZE_FLOOR] = "squeeze-floor",
	[REASON_RELEASED] = "released",
	[REASON_INEFFECTIVE] = "ineffective",
	[REASON_NOT_PLANNED] = "not-planned",
	[REASON_MODE] = "mode",
	[REASON_STOP] = "stop",
	[REASON_GAP] = "gap",
	[REASON_NET_ONLINE] = "net-online",
	[REASON_NET_FLOOR] = "net-floor",
	[REASON_NET_IDLE] = "net-idle",
	[REASON_NET_NOBODY] = "net-nobody",
	[REASON_NET_BLIND] = "net-blind",
	[REASON_NET_RX_ONLINE] = "net-rx-online",
	[REASON_NET_RX_FLOOR] = "net-rx-floor",
	[REASON_NET_RX_IDLE] = "net-rx-idle",
	[REASON_NET_RX_NOBODY] = "net-rx-nobody",
	[REASON_NET_RX_BLIND] = "net-rx-blind",
	[REASON_NET_RX_GROWS] = "net-rx-grows",
	[REASON_NET_RX_CROWDED] = "net-rx-crowded",
};

static const char *const cpu_managers[CPU_MANAGER_COUNT] = {
	[CPU_MANAGER_ABSENT] = "absent",
	[CPU_MANAGER_NONE] = "none",
	[CPU_MANAGER_STATIC] = "static",
	[CPU_MANAGER_UNSURE] = "unsure",
};

static const char *const pod_kinds[POD_KIND_COUNT] = {
	[POD_KUBERNETES] = "kubernetes",
	[POD_UNIT] = "unit",
	[POD_CGROUP] = "cgroup",
};

static const char *const cgroup_kinds[CGROUP_KIND_COUNT] = {
	[CGROUP_OTHER] = "other", [CGROUP_ROOT] = "root", [CGROUP_KUBEPODS] = "kubepods",
	[CGROUP_QOS] = "qos",	  [CGROUP_POD] = "pod",	  [CGROUP_CONTAINER] = "container",
};

static const char *name_of(const char *const *table, size_t n, int value)
{
	return value >= 0 && (size_t)value < n && table[value] ? table[value] : "?";
}

static int value_of(const char *const *table, size_t n, const struct record_line *word)
{
	for (size_t i = 0; i < n; i++)
		if (table[i] && record_is(word, table[i]))
			return (int)i;
	return -EINVAL;
}

#define WORDS(what, type, table)                                                                   \
	const char *record_words_##what(type value)                                                \
	{                                                                                          \
		return name_of(table, ELEMENTS(table), (int)value);                                \
	}                                                                                          \
	int record_words_##what##_from(const struct record_line *word)                             \
	{                                                                                          \
		return value_of(table, ELEMENTS(table), word);                                     \
	}

WORDS(reason, enum reason_code, reasons)
WORDS(pod_kind, enum pod_kind, pod_kinds)
WORDS(cgroup_kind, enum cgroup_kind, cgroup_kinds)
WORDS(cpu_manager, enum cpu_manager, cpu_managers)

int record_words_key(struct record_line *line, const char *key, struct record_line *ret_value)
{
	struct record_line word;
	size_t n = strlen(key);

	if (!record_next(line, &word) || word.len <= n || memcmp(word.at, key, n) != 0 ||
	    word.at[n] != '=')
		return -EBADMSG;
	*ret_value = (struct record_line){word.at + n + 1, word.len - n - 1};
	return 0;
}

int record_words_number(struct record_line *line, const char *key, uint64_t max,
			uint64_t *ret_value)
{
	struct record_line value;
	int r = record_words_key(line, key, &value);

	return r < 0 ? r : record_get_u64(&value, max, ret_value);
}

static int get_time(struct record_line *line, const char *key, int64_t *ret_us)
{
	struct record_line value;
	int r = record_words_key(line, key, &value);

	return r < 0 ? r : record_get_i64(&value, ret_us);
}

void record_words_put_reason(struct record_buf *buf, const struct reason *reason,
			     const struct record_names *names)
{
	struct reason shown = record_names_reason(names, reason);

	record_put(buf,
		   " code=%s level=%s rule=%" PRId32 " observed=%" PRIu64 " limit=%" PRIu64
		   " for=%" PRIu64 " extra=%" PRIu64 " who=",
		   record_words_reason(reason->code), names_level(reason->level), reason->rule,
		   reason->observed, reason->limit, reason->for_us, reason->extra);
	record_put_word(buf, shown.who);
	if (reason->nodes != 0)
		record_put(buf, " nodes=%" PRIu64, reason->nodes);
	if (reason->usual_permille != 0)
		record_put(buf, " usual=%" PRIu64, reason->usual_permille);
}

static int get_level(struct record_line *line, enum level *ret_level)
{
	struct record_line word;
	int level = LEVEL_NONE;

	if (record_words_key(line, "level", &word) < 0)
		return -EBADMSG;
	if (!record_is(&word, "-")) {
		level = RECORD_WORD_FROM(&word, LEVEL_COUNT, names_level, enum level);
		if (level < 0)
			return -EBADMSG;
	}
	*ret_level = (enum level)level;
	return 0;
}

int record_words_get_reason(struct record_line *line, struct reason *ret_reason)
{
	struct reason r = {0};
	struct record_line word, before;
	int64_t rule = -1;
	int code;

	if (record_words_key(line, "code", &word) < 0)
		return -EBADMSG;
	code = record_words_reason_from(&word);
	if (code < 0 || get_level(line, &r.level) < 0 || get_time(line, "rule", &rule) < 0 ||
	    rule < -1 || rule > INT32_MAX)
		return -EBADMSG;
	r.code = (enum reason_code)code;
	r.rule = (int32_t)rule;
	if (record_words_number(line, "observed", UINT64_MAX, &r.observed) < 0 ||
	    record_words_number(line, "limit", UINT64_MAX, &r.limit) < 0 ||
	    record_words_number(line, "for", UINT64_MAX, &r.for_us) < 0 ||
	    record_words_number(line, "extra", UINT64_MAX, &r.extra) < 0 ||
	    record_words_key(line, "who", &word) < 0 ||
	    record_get_word(&word, r.who, sizeof(r.who)) < 0)
		return -EBADMSG;
	before = *line;
	if (record_words_number(line, "nodes", UINT64_MAX, &r.nodes) < 0)
		*line = before;
	before = *line;
	if (record_words_number(line, "usual", UINT64_MAX, &r.usual_permille) < 0)
		*line = before;
	*ret_reason = r;
	return 0;
}

/* " key=slot:serial:number,...", with ":full" behind those of memory.full. */
static void put_pods(struct record_buf *buf, const char *key, const struct efficacy_pod *list,
		     uint32_t n)
{
	record_put(buf, " %s=", key);
	for (uint32_t i = 0; i < n; i++)
		record_put(buf, "%s%" PRIu32 ":%" PRIu64 ":%" PRIu64 "%s", i ? "," : "",
			   list[i].slot, list[i].serial, list[i].number,
			   list[i].full ? ":full" : "");
}

/* Only what is there: the ladder of a calm node stays one short line. */
static void put_efficacy(struct record_buf *buf, const struct efficacy *e)
{
	if (e->started_us != 0) {
		record_put(buf, " hold=%" PRId64, e->started_us);
		if (e->n_trial > 0)
			put_pods(buf, "waited", e->trial, e->n_trial);
	}
	if (e->n_marks > 0)
		put_pods(buf, "rest", e->marks, e->n_marks);
}

static int get_pod(struct record_line *word, struct efficacy_pod *ret_pod)
{
	struct record_line slot, serial, count, sign;
	uint64_t number = 0;
	int r;

	if (!record_take(word, ':', &slot) || !record_take(word, ':', &serial))
		return -EBADMSG;
	r = record_get_u64(&slot, UINT32_MAX, &number);
	ret_pod->slot = (uint32_t)number;
	if (r == 0)
		r = record_get_u64(&serial, UINT64_MAX, &ret_pod->serial);
	ret_pod->full = record_take(word, ':', &count);
	if (!ret_pod->full)
		count = *word;
	sign = *word;
	if (r == 0 && ret_pod->full && (sign.len != 4 || memcmp(sign.at, "full", 4) != 0))
		r = -EBADMSG;
	return r < 0 ? r : record_get_u64(&count, INT64_MAX, &ret_pod->number);
}

static int get_pods(const struct record_line *value, struct efficacy_pod *list, uint32_t max,
		    uint32_t *ret_n)
{
	struct record_line rest = *value, part;
	uint32_t n = 0;
	bool more = true;

	while (more) {
		more = record_take(&rest, ',', &part);
		if (n == max || get_pod(more ? &part : &rest, &list[n]) < 0)
			return -EBADMSG;
		n++;
	}
	*ret_n = n;
	return 0;
}

static int get_efficacy(struct record_line *line, struct efficacy *ret_efficacy)
{
	struct record_line value, before = *line;
	struct efficacy e = {0};

	if (get_time(line, "hold", &e.started_us) < 0)
		*line = before;
	before = *line;
	if (record_words_key(line, "waited", &value) < 0)
		*line = before;
	else if (e.started_us == 0 || get_pods(&value, e.trial, EFFICACY_TRIAL, &e.n_trial) < 0)
		return -EBADMSG;
	before = *line;
	if (record_words_key(line, "rest", &value) < 0)
		*line = before;
	else if (get_pods(&value, e.marks, EFFICACY_MARKS, &e.n_marks) < 0)
		return -EBADMSG;
	*ret_efficacy = e;
	return 0;
}

void record_words_put_ladder(struct record_buf *buf, const struct ladder *ladder,
			     const struct record_names *names)
{
	record_put(buf,
		   " rung=%s since=%" PRId64 " pressure=%" PRId64 " quota=%" PRIu64
		   " grown=%" PRId64 " steps=%" PRIu64,
		   names_rung(ladder->rung), ladder->since_us, ladder->pressure_us,
		   ladder->quota_cpu_milli, ladder->grown_us, ladder->steps);
	if (ladder->spent_us != 0)
		record_put(buf, " spent=%" PRId64, ladder->spent_us);
	put_efficacy(buf, &ladder->efficacy);
	record_words_put_reason(buf, &ladder->reason, names);
}

int record_words_get_ladder(struct record_line *line, struct ladder *ret_ladder)
{
	struct ladder l = {0};
	struct record_line word, before;
	int rung;

	if (record_words_key(line, "rung", &word) < 0)
		return -EBADMSG;
	rung = RECORD_WORD_FROM(&word, RUNG_COUNT, names_rung, enum rung);
	if (rung < 0 || get_time(line, "since", &l.since_us) < 0 ||
	    get_time(line, "pressure", &l.pressure_us) < 0 ||
	    record_words_number(line, "quota", UINT64_MAX, &l.quota_cpu_milli) < 0 ||
	    get_time(line, "grown", &l.grown_us) < 0 ||
	    record_words_number(line, "steps", UINT64_MAX, &l.steps) < 0)
		return -EBADMSG;
	before = *line;
	if (get_time(line, "spent", &l.spent_us) < 0)
		*line = before;
	if (get_efficacy(line, &l.efficacy) < 0 || record_words_get_reason(line, &l.reason) < 0)
		return -EBADMSG;
	l.rung = (enum rung)rung;
	*ret_ladder = l;
	return 0;
}

bool record_words_same_ladder(const struct ladder *a, const struct ladder *b)
{
	const struct reason *x = &a->reason, *y = &b->reason;

	return a->rung == b->rung && a->since_us == b->since_us &&
	       a->pressure_us == b->pressure_us && a->quota_cpu_milli == b->quota_cpu_milli &&
	       a->grown_us == b->grown_us && a->spent_us == b->spent_us && a->steps == b->steps &&
	       x->code == y->code && x->level == y->level && x->rule == y->rule &&
	       x->observed == y->observed && x->limit == y->limit && x->for_us == y->for_us &&
	       x->extra == y->extra && x->nodes == y->nodes &&
	       x->usual_permille == y->usual_permille && strcmp(x->who, y->who) == 0 &&
	       memcmp(&a->efficacy, &b->efficacy, sizeof(a->efficacy)) == 0;
}

void record_words_put_modes(struct record_buf *buf, const struct modes *modes)
{
	record_put(buf, " all=%s", names_mode(modes->all));
	for (int r = 0; r < RESOURCE_COUNT; r++)
		record_put(buf, " %s=%s", names_resource((enum resource)r),
			   names_mode(modes->by[r]));
	/* As the whole unless it is said: recordings from before it had a mode say nothing. */
	if (modes->by[RESOURCE_NET] != modes->all)
		record_put(buf, " net=%s", names_mode(modes->by[RESOURCE_NET]));
}

static int get_mode(struct record_line *line, const char *key, enum mode *ret_mode)
{
	struct record_line word;
	int mode;

	if (record_words_key(line, key, &word) < 0)
		return -EBADMSG;
	mode = RECORD_WORD_FROM(&word, MODE_COUNT, names_mode, enum mode);
	if (mode < 0)
		return -EBADMSG;
	*ret_mode = (enum mode)mode;
	return 0;
}

int record_words_get_modes(struct record_line *line, struct modes *ret_modes)
{
	struct modes m = {0};
	int r = get_mode(line, "all", &m.all);

	for (int i = 0; r == 0 && i < RESOURCE_COUNT; i++)
		r = get_mode(line, names_resource((enum resource)i), &m.by[i]);
	m.by[RESOURCE_NET] = m.all;
	if (r == 0 && line->len > 0)
		r = get_mode(line, "net", &m.by[RESOURCE_NET]);
	if (r == 0)
		*ret_modes = m;
	return r;
}
