// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_pod.h.
#include "policy/record_pod.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/names.h"
#include "policy/record.h"
#include "policy/record_resources.h"
#include "policy/record_words.h"
#include "policy/rule.h"
#include "policy/victim.h"

bool record_pod_is_asked(const struct policy *policy, const char *key)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct assign_rule *rule = &policy->rules[i];

		for (size_t k = 0; k < rule->n_matches; k++)
			if (rule->matches[k].key && strcmp(rule->matches[k].key, key) == 0)
				return true;
	}
	return false;
}

/* What an order of evictions looks at has a meaning of its own, and is no name. */
static bool is_plain(const char *value)
{
	return strcmp(value, "false") == 0 || value[strspn(value, "+-0123456789")] == '\0';
}

static void put_label(struct record_buf *buf, const struct record_names *names,
		      const struct pod_label *label, bool read)
{
	record_names_put(buf, read ? NULL : names, label->key);
	record_put_bytes(buf, " ", 1);
	record_names_put(buf, read && label->value && is_plain(label->value) ? NULL : names,
			 label->value);
	record_put_bytes(buf, "\n", 1);
}

static void put_labels(struct record_buf *buf, const struct record_names *names, const char *what,
		       uint32_t slot, const struct pod_label *labels, size_t n,
		       const struct policy *policy)
{
	size_t written = 0;

	for (size_t i = 0; i < n && written < RECORD_LABELS_MAX; i++) {
		bool read = victim_reads(&policy->evict, labels[i].key);

		if (!read && !record_pod_is_asked(policy, labels[i].key))
			continue;
		record_put(buf, "%s %" PRIu32 " ", what, slot);
		put_label(buf, names, &labels[i], read);
		written++;
	}
}

/* Nothing where it is not known, as in records of an earlier colod. */
static void put_freeze(struct record_buf *buf, const struct record_names *names,
		       const struct pod_freeze *f)
{
	if (!f->known)
		return;
	record_put(buf, " ipc=%d probe=%" PRIu64 " runtime-class=", f->host_ipc, f->probe_us);
	record_names_put(buf, names, f->runtime_class);
	record_put(buf, " shared=");
	record_names_put(buf, names, f->shared_volume);
}

static void put_facts(struct record_buf *buf, const struct record_names *names,
		      const struct pod *pod, const struct policy *policy)
{
	const struct pod_facts *f = pod->facts;

	record_put(buf, "facts %" PRIu32 " ns=", pod->slot);
	record_names_put(buf, names, f->ns);
	record_put(buf, " name=");
	record_names_put(buf, names, f->name);
	record_put(buf, " class=");
	record_names_put(buf, names, f->priority_class);
	record_put(buf, " owner=");
	record_names_put(buf, names, f->owner_kind);
	record_put(buf, " qos=%s static=%d host-network=%d deleting=%d", names_qos(f->qos),
		   f->is_static, f->host_network, f->deleting);
	put_freeze(buf, names, &f->freeze);
	record_put_bytes(buf, "\n", 1);
	put_labels(buf, names, "label", pod->slot, f->labels, f->n_labels, policy);
	put_labels(buf, names, "annotation", pod->slot, f->annotations, f->n_annotations, policy);
}

/* Which there are, in the order of the enum; nothing for a pod without a container. */
static void put_runtimes(struct record_buf *buf, const struct pod *pod)
{
	const char *before = " runtimes=";
	uint32_t mask = 0;

	for (size_t i = 0; i < pod->n_containers; i++)
		mask |= 1u << pod->containers[i].runtime;
	for (int i = 0; i < RUNTIME_COUNT; i++) {
		if (!(mask & (1u << i)))
			continue;
		record_put(buf, "%s%s", before, names_runtime((enum runtime)i));
		before = ",";
	}
}

void record_pod_put(struct record_buf *buf, const struct record_names *names, const struct pod *pod,
		    uint32_t cgroup_id, const struct policy *policy)
{
	record_put(buf,
		   "pod %" PRIu32 " serial=%" PRIu64 " kind=%s qos=%s driver=%s cg=%" PRIu32
		   " facts=%s",
		   pod->slot, pod->serial, record_words_pod_kind(pod->kind), names_qos(pod->qos),
		   names_driver(pod->driver), cgroup_id, names_fact(pod->facts_state));
	record_resources_put(buf, &pod->resources);
	record_put(buf, " uid=");
	record_names_put(buf, names, pod->uid);
	record_put(buf, " name=");
	record_names_put_pod(buf, names, pod->name);
	put_runtimes(buf, pod);
	record_put_bytes(buf, "\n", 1);
	if (pod->facts)
		put_facts(buf, names, pod, policy);
}

void record_pod_put_assignment(struct record_buf *buf, uint32_t slot, const struct assignment *a)
{
	record_put(buf, "assign %" PRIu32, slot);
	if (a->state == ASSIGNMENT_WAITING)
		record_put(buf, " waiting rule=%" PRId32 " for=%s\n", a->rule, a->waiting_for);
	else if (a->state == ASSIGNMENT_NONE)
		record_put(buf, " no-rule\n");
	else
		record_put(buf, " level rule=%" PRId32 " level=%s role=%s hold=%d kept=%d\n",
			   a->rule, names_level(a->level), names_role(a->role), a->may_hold,
			   a->kept_online);
}

/* QOS_INVALID, which facts may have, is "?". */
static int get_qos(struct record_line *line, bool may_be_unknown, enum qos *ret_qos)
{
	struct record_line word;
	int qos = QOS_INVALID;

	if (record_words_key(line, "qos", &word) < 0)
		return -EBADMSG;
	if (!may_be_unknown || !record_is(&word, "?")) {
		qos = RECORD_WORD_FROM(&word, QOS_COUNT, names_qos, enum qos);
		if (qos < 0)
			return -EBADMSG;
	}
	*ret_qos = (enum qos)qos;
	return 0;
}

static int get_kinds(struct record_line *line, struct pod *p, uint32_t *ret_cgroup_id)
{
	uint64_t id = 0;
	struct record_line word;
	int kind, driver, state;

	if (record_words_key(line, "kind", &word) < 0)
		return -EBADMSG;
	kind = record_words_pod_kind_from(&word);
	if (kind < 0 || get_qos(line, false, &p->qos) < 0 ||
	    record_words_key(line, "driver", &word) < 0)
		return -EBADMSG;
	driver = RECORD_WORD_FROM(&word, DRIVER_COUNT, names_driver, enum cgroup_driver);
	if (driver < 0 || record_words_number(line, "cg", UINT32_MAX - 1, &id) < 0 ||
	    record_words_key(line, "facts", &word) < 0)
		return -EBADMSG;
	state = RECORD_WORD_FROM(&word, FACT_STATE_COUNT, names_fact, enum fact_state);
	if (state < 0)
		return -EBADMSG;
	p->kind = (enum pod_kind)kind;
	p->driver = (enum cgroup_driver)driver;
	p->facts_state = (enum fact_state)state;
	*ret_cgroup_id = (uint32_t)id;
	return 0;
}

/* "containerd,unknown" */
static int get_runtimes(struct record_line word, uint32_t *ret_mask)
{
	uint32_t mask = 0;

	for (;;) {
		const char *comma = word.len > 0 ? memchr(word.at, ',', word.len) : NULL;
		struct record_line item = {word.at, comma ? (size_t)(comma - word.at) : word.len};
		int runtime = RECORD_WORD_FROM(&item, RUNTIME_COUNT, names_runtime, enum runtime);

		if (runtime < 0 || (mask & (1u << runtime)))
			return -EBADMSG;
		mask |= 1u << runtime;
		if (!comma)
			break;
		word.at += item.len + 1;
		word.len -= item.len + 1;
	}
	*ret_mask = mask;
	return 0;
}

/* One container of each runtime: a rule asks for no more. */
static int make_containers(struct pod *pod, uint32_t mask)
{
	struct pod_container *list;
	size_t n = 0;

	if (mask == 0)
		return 0;
	list = calloc(RUNTIME_COUNT, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (int i = 0; i < RUNTIME_COUNT; i++)
		if (mask & (1u << i))
			list[n++].runtime = (enum runtime)i;
	pod->containers = list;
	pod->n_containers = n;
	return 0;
}

int record_pod_get(struct record_line *line, struct pod *pod, uint32_t *ret_cgroup_id)
{
	struct pod p = {.slot = pod->slot};
	struct record_line word;
	uint32_t runtimes = 0;
	int r;

	if (record_words_number(line, "serial", UINT64_MAX, &p.serial) < 0 || p.serial == 0 ||
	    get_kinds(line, &p, ret_cgroup_id) < 0 ||
	    record_resources_get(line, &p.resources) < 0 ||
	    record_words_key(line, "uid", &word) < 0 ||
	    record_get_word(&word, p.uid, sizeof(p.uid)) < 0 ||
	    record_words_key(line, "name", &word) < 0 ||
	    record_get_word(&word, p.name, sizeof(p.name)) < 0)
		return -EBADMSG;
	if (line->len > 0 && (record_words_key(line, "runtimes", &word) < 0 || line->len > 0 ||
			      get_runtimes(word, &runtimes) < 0))
		return -EBADMSG;
	r = make_containers(&p, runtimes);
	if (r < 0)
		return r;
	record_pod_free(pod);
	*pod = p;
	return 0;
}

static int get_string(struct record_line *line, const char *key, char **ret_text)
{
	struct record_line word;
	int r = record_words_key(line, key, &word);

	return r < 0 ? r : record_get_text(&word, ret_text);
}

static int get_flag(struct record_line *line, const char *key, bool *ret_flag)
{
	uint64_t value = 0;
	int r = record_words_number(line, key, 1, &value);

	*ret_flag = value;
	return r;
}

static int get_freeze(struct record_line *line, struct pod_freeze *f)
{
	int r;

	if (line->len == 0)
		return 0;
	f->known = true;
	if (get_flag(line, "ipc", &f->host_ipc) < 0 ||
	    record_words_number(line, "probe", UINT64_MAX, &f->probe_us) < 0)
		return -EBADMSG;
	r = get_string(line, "runtime-class", &f->runtime_class);
	if (r == 0)
		r = get_string(line, "shared", &f->shared_volume);
	return r;
}

int record_pod_get_facts(struct record_line *line, struct pod *pod)
{
	struct pod_facts *f;
	int r;

	if (pod->facts)
		return -EBADMSG;
	f = pod->facts = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	r = get_string(line, "ns", &f->ns);
	if (r == 0)
		r = get_string(line, "name", &f->name);
	if (r == 0)
		r = get_string(line, "class", &f->priority_class);
	if (r == 0)
		r = get_string(line, "owner", &f->owner_kind);
	if (r < 0)
		return r;
	if (get_qos(line, true, &f->qos) < 0 || get_flag(line, "static", &f->is_static) < 0 ||
	    get_flag(line, "host-network", &f->host_network) < 0 ||
	    get_flag(line, "deleting", &f->deleting) < 0)
		return -EBADMSG;
	r = get_freeze(line, &f->freeze);
	if (r < 0 || line->len > 0)
		return r < 0 ? r : -EBADMSG;
	/* Discovery takes a pod's resources from its facts. */
	f->resources = pod->resources;
	return 0;
}

int record_pod_get_label(struct record_line *line, bool annotation, struct pod *pod)
{
	struct pod_facts *f = pod->facts;
	struct pod_label **list, *grown, *label;
	struct record_line key, value;
	size_t *n;
	int r;

	if (!f || !record_next(line, &key) || !record_next(line, &value) || line->len > 0)
		return -EBADMSG;
	list = annotation ? &f->annotations : &f->labels;
	n = annotation ? &f->n_annotations : &f->n_labels;
	if (*n == RECORD_LABELS_MAX)
		return -EBADMSG;
	grown = reallocarray(*list, *n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*list = grown;
	label = &grown[(*n)++];
	*label = (struct pod_label){0};
	r = record_get_text(&key, &label->key);
	if (r == 0 && !label->key)
		label->key = strdup("");
	if (r == 0)
		r = record_get_text(&value, &label->value);
	return r < 0 || label->key ? r : -ENOMEM;
}

/* The static text that assign.c uses. */
static const char *fact_named(const struct record_line *word)
{
	for (int k = 0; k < MATCH_KIND_COUNT; k++)
		if (record_is(word, rule_match_name((enum match_kind)k)))
			return rule_match_name((enum match_kind)k);
	return NULL;
}

static int get_level(struct record_line *line, struct assignment *a)
{
	struct record_line word;
	int level, role;

	if (record_words_key(line, "level", &word) < 0)
		return -EBADMSG;
	level = RECORD_WORD_FROM(&word, LEVEL_COUNT, names_level, enum level);
	if (level < 0 || record_words_key(line, "role", &word) < 0)
		return -EBADMSG;
	role = RECORD_WORD_FROM(&word, ROLE_COUNT, names_role, enum role);
	if (role < 0 || get_flag(line, "hold", &a->may_hold) < 0 ||
	    get_flag(line, "kept", &a->kept_online) < 0)
		return -EBADMSG;
	a->state = ASSIGNMENT_LEVEL;
	a->level = (enum level)level;
	a->role = (enum role)role;
	return 0;
}

int record_pod_get_assignment(struct record_line *line, struct assignment *ret_assignment)
{
	struct assignment a = {.level = LEVEL_NONE, .role = ROLE_INVALID, .rule = -1};
	struct record_line state, word;
	int64_t rule = -1;

	if (!record_next(line, &state))
		return -EBADMSG;
	if (!record_is(&state, "no-rule")) {
		if (record_words_key(line, "rule", &word) < 0 || record_get_i64(&word, &rule) < 0 ||
		    rule < -1 || rule > INT32_MAX)
			return -EBADMSG;
		a.rule = (int32_t)rule;
	}
	if (record_is(&state, "waiting")) {
		if (record_words_key(line, "for", &word) < 0)
			return -EBADMSG;
		a.state = ASSIGNMENT_WAITING;
		a.waiting_for = fact_named(&word);
		if (!a.waiting_for)
			return -EBADMSG;
	} else if (record_is(&state, "level")) {
		if (get_level(line, &a) < 0)
			return -EBADMSG;
	} else if (!record_is(&state, "no-rule")) {
		return -EBADMSG;
	}
	if (line->len > 0)
		return -EBADMSG;
	*ret_assignment = a;
	return 0;
}

static void free_labels(struct pod_label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(labels[i].key);
		free(labels[i].value);
	}
	free(labels);
}

static void free_facts(struct pod_facts *f)
{
	if (!f)
		return;
	free(f->ns);
	free(f->name);
	free(f->priority_class);
	free(f->owner_kind);
	free(f->freeze.runtime_class);
	free(f->freeze.shared_volume);
	free_labels(f->labels, f->n_labels);
	free_labels(f->annotations, f->n_annotations);
	free(f);
}

void record_pod_free(struct pod *pod)
{
	free_facts(pod->facts);
	free(pod->containers);
	pod->facts = NULL;
	pod->containers = NULL;
	pod->n_containers = 0;
}
