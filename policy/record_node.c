// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_node.h.
#include "policy/record_node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/capability.h"
#include "policy/names.h"
#include "policy/record.h"
#include "policy/record_words.h"

static void put_mask(struct record_buf *buf, uint32_t mask)
{
	const char *comma = "";

	for (int c = 0; c < CAPABILITY_COUNT; c++) {
		if (!(mask & (1u << c)))
			continue;
		record_put(buf, "%s%s", comma, capability_info((enum capability)c)->name);
		comma = ",";
	}
	if (!comma[0])
		record_put_bytes(buf, "-", 1);
}

void record_node_put(struct record_buf *buf, const struct node *n)
{
	record_put(buf,
		   "node cpus=%zu cores=%zu numa=%zu smt=%d memory=%" PRIu64 " swap=%" PRIu64
		   " page=%" PRIu64 " kernel=",
		   n->n_cpus, n->n_cores, n->n_numa, n->smt, n->memory_bytes, n->swap_bytes,
		   n->page_bytes);
	record_put_word(buf, n->kernel);
	if (n->zones_high_bytes > 0)
		record_put(buf, " zones-high=%" PRIu64, n->zones_high_bytes);
	if (n->evict_hard_known)
		record_put(buf, " evict-hard=%" PRIu64, n->evict_hard_bytes);
	for (uint32_t i = 0; i < n->memory_nodes.n; i++)
		record_put(buf, "%s%" PRIu32 ":%" PRIu64 ":%" PRIu64,
			   i == 0 ? " memory-nodes=" : ",", n->memory_nodes.list[i].id,
			   n->memory_nodes.list[i].bytes, n->memory_nodes.list[i].high_bytes);
	record_put(buf, "\ncpus");
	for (size_t i = 0; n->cpus && i < n->n_cpus; i++) {
		const struct node_cpu *c = &n->cpus[i];

		record_put(buf, " %u/%u/%u/%u%s", c->id, c->core_first, c->numa, c->llc_first,
			   c->isolated ? "/isolated" : "");
	}
	record_put_bytes(buf, "\n", 1);
}

void record_node_put_can(struct record_buf *buf, const struct model *m)
{
	record_put(buf, "can ");
	put_mask(buf, m->capabilities);
	record_put(buf, " off=");
	put_mask(buf, m->switched_off);
	record_put_bytes(buf, "\n", 1);
}

/* Only where there is one. */
static void put_manager(struct record_buf *buf, const struct model *m)
{
	char shared[CPU_SET_TEXT_SIZE];

	if (m->cpu_manager == CPU_MANAGER_ABSENT)
		return;
	(void)cpu_set_format(&m->cpu_shared, shared, sizeof(shared));
	record_put(buf, " manager=%s:%s", record_words_cpu_manager(m->cpu_manager), shared);
}

void record_node_put_tree(struct record_buf *buf, const struct model *m)
{
	record_put(buf, "tree driver=%s slots=%" PRIu32 "%s", names_driver(m->driver), m->n_slots,
		   m->facts_awaited ? " facts=awaited" : "");
	put_manager(buf, m);
	if (m->freeze.most_us > 0)
		record_put(buf,
			   " freeze-most=%" PRIu64 " thaw-late=%" PRIu64 " freeze-from=%" PRId64,
			   m->freeze.most_us, m->freeze.late_us, m->freeze.from_us);
	for (uint32_t i = 0; i < m->n_returned; i++)
		record_put(buf, "%s%" PRIu64, i == 0 ? " returned=" : ",", m->returned[i]);
	record_put_bytes(buf, "\n", 1);
}

/* "ID:BYTES:HIGH" */
static int get_memory_node(struct record_line word, struct memory_node *ret_node)
{
	struct memory_node n = {0};
	struct record_line part;
	uint64_t id = 0;

	if (!record_take(&word, ':', &part) ||
	    record_get_u64(&part, MEMORY_NODE_IDS - 1, &id) < 0 ||
	    !record_take(&word, ':', &part) || record_get_u64(&part, UINT64_MAX, &n.bytes) < 0 ||
	    record_get_u64(&word, UINT64_MAX, &n.high_bytes) < 0)
		return -EBADMSG;
	n.id = (uint32_t)id;
	*ret_node = n;
	return 0;
}

/* At least two, of ascending ids. */
static int get_memory_nodes(struct record_line word, struct memory_nodes *ret_nodes)
{
	struct memory_nodes nodes = {0};
	struct record_line part;
	bool more = true;

	while (more) {
		struct memory_node *n = &nodes.list[nodes.n];

		if (nodes.n == MEMORY_NODES_MAX)
			return -EBADMSG;
		more = record_take(&word, ',', &part);
		if (get_memory_node(more ? part : word, n) < 0 ||
		    (nodes.n > 0 && n->id <= n[-1].id))
			return -EBADMSG;
		nodes.n++;
	}
	*ret_nodes = nodes;
	return nodes.n > 1 ? 0 : -EBADMSG;
}

/* What records of an earlier colod do not have, and what need not be known. */
static int get_more(struct record_line *line, struct node *node)
{
	struct record_line before = *line, word;

	if (record_words_number(line, "zones-high", UINT64_MAX, &node->zones_high_bytes) < 0)
		*line = before;
	before = *line;
	if (record_words_number(line, "evict-hard", UINT64_MAX, &node->evict_hard_bytes) == 0)
		node->evict_hard_known = true;
	else
		*line = before;
	if (line->len == 0)
		return 0;
	return record_words_key(line, "memory-nodes", &word) < 0
		       ? -EBADMSG
		       : get_memory_nodes(word, &node->memory_nodes);
}

int record_node_get(struct record_line *line, struct node *node)
{
	uint64_t cpus = 0, cores = 0, numa = 0, smt = 0, memory = 0, swap = 0, page = 0;
	struct record_line word;
	struct node n = {0};

	if (record_words_number(line, "cpus", NODE_MAX_CPUS, &cpus) < 0 ||
	    record_words_number(line, "cores", NODE_MAX_CPUS, &cores) < 0 ||
	    record_words_number(line, "numa", NODE_MAX_CPUS, &numa) < 0 ||
	    record_words_number(line, "smt", 1, &smt) < 0 ||
	    record_words_number(line, "memory", UINT64_MAX - 1, &memory) < 0 ||
	    record_words_number(line, "swap", UINT64_MAX - 1, &swap) < 0 ||
	    record_words_number(line, "page", 1u << 30, &page) < 0 ||
	    record_words_key(line, "kernel", &word) < 0 ||
	    record_get_word(&word, n.kernel, sizeof(n.kernel)) < 0 || get_more(line, &n) < 0 ||
	    line->len > 0)
		return -EBADMSG;
	free(node->cpus);
	n.n_cpus = cpus;
	n.n_cores = cores;
	n.n_numa = numa;
	n.smt = smt;
	n.memory_bytes = memory;
	n.swap_bytes = swap;
	n.page_bytes = page;
	*node = n;
	return 0;
}

/* "ID/CORE/NUMA/LLC", and "/isolated" behind it where it is. */
static int get_cpu(struct record_line word, struct node_cpu *cpu)
{
	static const char isolated[] = "/isolated";
	uint16_t *fields[] = {&cpu->id, &cpu->core_first, &cpu->numa, &cpu->llc_first};
	size_t len = sizeof(isolated) - 1;

	cpu->isolated = word.len > len && memcmp(word.at + word.len - len, isolated, len) == 0;
	if (cpu->isolated)
		word.len -= len;
	for (size_t i = 0; i < 4; i++) {
		const char *slash = word.len > 0 ? memchr(word.at, '/', word.len) : NULL;
		struct record_line part = {word.at, slash ? (size_t)(slash - word.at) : word.len};
		uint64_t value = 0;

		if ((slash != NULL) != (i < 3) || record_get_u64(&part, UINT16_MAX, &value) < 0)
			return -EBADMSG;
		*fields[i] = (uint16_t)value;
		if (slash) {
			word.at += part.len + 1;
			word.len -= part.len + 1;
		}
	}
	return 0;
}

int record_node_get_cpus(struct record_line *line, struct node *node)
{
	_cleanup_free_ struct node_cpu *cpus = calloc(node->n_cpus + 1, sizeof(*cpus));
	struct record_line word;
	size_t n = 0;

	if (!cpus)
		return -ENOMEM;
	while (record_next(line, &word)) {
		if (n == node->n_cpus || get_cpu(word, &cpus[n]) < 0)
			return -EBADMSG;
		n++;
	}
	/* None: made by hand, or not read. */
	if (line->len > 0 || (n > 0 && n < node->n_cpus))
		return -EBADMSG;
	free(node->cpus);
	node->cpus = n > 0 ? TAKE_PTR(cpus) : NULL;
	return 0;
}

static int get_manager(struct record_line word, struct model *model)
{
	const char *colon = word.len > 0 ? memchr(word.at, ':', word.len) : NULL;
	struct record_line name = {word.at, colon ? (size_t)(colon - word.at) : 0};
	char shared[CPU_SET_TEXT_SIZE];
	size_t len;
	int manager;

	if (!colon)
		return -EBADMSG;
	len = word.len - name.len - 1;
	if (len >= sizeof(shared))
		return -EBADMSG;
	memcpy(shared, colon + 1, len);
	shared[len] = '\0';
	manager = record_words_cpu_manager_from(&name);
	if (manager < 0 || cpu_set_parse(shared, &model->cpu_shared) < 0)
		return -EBADMSG;
	model->cpu_manager = (enum cpu_manager)manager;
	return 0;
}

static int get_mask(const struct record_line *word, uint32_t *ret_mask)
{
	char text[512];
	uint32_t mask = 0;

	if (word->len >= sizeof(text) || memchr(word->at, '\0', word->len))
		return -EBADMSG;
	memcpy(text, word->at, word->len);
	text[word->len] = '\0';
	if (strcmp(text, "-") != 0 && capability_mask(text, &mask, NULL) < 0)
		return -EBADMSG;
	*ret_mask = mask;
	return 0;
}

int record_node_get_can(struct record_line *line, struct model *model)
{
	struct record_line word, off;

	if (!record_next(line, &word) || record_words_key(line, "off", &off) < 0 || line->len > 0)
		return -EBADMSG;
	if (get_mask(&word, &model->capabilities) < 0 || get_mask(&off, &model->switched_off) < 0)
		return -EBADMSG;
	return 0;
}

/* "7,9"; only where there are any. */
static int get_returned(struct record_line *line, struct model *model)
{
	struct record_line before = *line, word, part;

	model->n_returned = 0;
	if (line->len == 0 || record_words_key(line, "returned", &word) < 0) {
		*line = before;
		return 0;
	}
	while (word.len > 0) {
		const char *comma = memchr(word.at, ',', word.len);

		part = word;
		part.len = comma ? (size_t)(comma - word.at) : word.len;
		word.len -= part.len + (comma != NULL);
		word.at += part.len + (comma != NULL);
		if (model->n_returned == MODEL_RETURNED ||
		    record_get_u64(&part, UINT64_MAX, &model->returned[model->n_returned++]) < 0)
			return -EBADMSG;
	}
	return model->n_returned > 0 ? 0 : -EBADMSG;
}

/* Only where somebody would thaw. */
static int get_freeze(struct record_line *line, struct freeze_guard *ret_guard)
{
	struct freeze_guard g = {0};
	struct record_line word;

	struct record_line before = *line;

	*ret_guard = g;
	if (line->len == 0 || record_words_key(line, "freeze-most", &word) < 0) {
		*line = before;
		return 0;
	}
	*line = before;
	if ((record_words_number(line, "freeze-most", UINT64_MAX, &g.most_us) < 0 ||
	     record_words_number(line, "thaw-late", UINT64_MAX, &g.late_us) < 0 ||
	     record_words_key(line, "freeze-from", &word) < 0 ||
	     record_get_i64(&word, &g.from_us) < 0))
		return -EBADMSG;
	*ret_guard = g;
	return 0;
}

int record_node_get_tree(struct record_line *line, struct model *model)
{
	struct record_line word, facts, rest, before;
	uint64_t slots = 0;
	bool awaited;
	int driver;

	if (record_words_key(line, "driver", &word) < 0 ||
	    record_words_number(line, "slots", RECORD_PODS_MAX, &slots) < 0)
		return -EBADMSG;
	/* None of these is said where there is nothing to say, as in records of an earlier colod. */
	rest = *line;
	awaited = line->len > 0 && record_words_key(line, "facts", &facts) == 0;
	if (awaited && !record_is(&facts, "awaited"))
		return -EBADMSG;
	if (!awaited)
		*line = rest;
	model->cpu_manager = CPU_MANAGER_ABSENT;
	model->cpu_shared = (struct cpu_set){0};
	before = *line;
	if (line->len > 0 && record_words_key(line, "manager", &rest) == 0) {
		if (get_manager(rest, model) < 0)
			return -EBADMSG;
	} else {
		*line = before;
	}
	if (get_freeze(line, &model->freeze) < 0 || get_returned(line, model) < 0 || line->len > 0)
		return -EBADMSG;
	driver = RECORD_WORD_FROM(&word, DRIVER_COUNT, names_driver, enum cgroup_driver);
	if (driver < 0)
		return -EBADMSG;
	model->driver = (enum cgroup_driver)driver;
	model->n_slots = (uint32_t)slots;
	model->facts_awaited = awaited;
	return 0;
}

void record_node_put_calibrate(struct record_buf *buf, int64_t since_us)
{
	record_put(buf, "calibrate %" PRId64 "\n", since_us);
}

int record_node_get_calibrate(struct record_line *line, struct model *model)
{
	struct record_line word;
	int64_t since_us = 0;

	if (!record_next(line, &word) || record_get_i64(&word, &since_us) < 0 || since_us < 0 ||
	    line->len > 0)
		return -EBADMSG;
	model->calibrating_us = since_us;
	return 0;
}
