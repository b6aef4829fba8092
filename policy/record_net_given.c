// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_net_given.h.
#include "policy/record_net_given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/names.h"
#include "policy/names_net.h"
#include "policy/net_shape.h"
#include "policy/record.h"
#include "policy/record_words.h"

/* As the kernel has it. */
#define MTU_MAX INT32_MAX
/* What is kept of times is compared with them, and with sums of them. */
#define TIME_MAX_US (INT64_MAX / 2)
#define SHIFT_MAX 29

void record_net_given_done(struct record_net_given *given)
{
	free(given->view.pods);
	free(given->sent);
	*given = (struct record_net_given){0};
}

void record_net_given_begin(struct record_net_given *given)
{
	given->counted = false;
	given->state_given = false;
}

static bool is_time(int64_t now_us)
{
	return now_us > 0 && now_us <= TIME_MAX_US;
}

bool record_net_given_is(const struct record_net_given *given, int64_t now_us)
{
	return given->on && is_time(now_us);
}

static int get_number(struct record_line *line, uint64_t max, uint64_t *ret_value)
{
	struct record_line word;

	return record_next(line, &word) ? record_get_u64(&word, max, ret_value) : -EBADMSG;
}

static int get_flag(struct record_line *line, const char *key, bool *ret_flag)
{
	uint64_t flag = 0;
	int r = record_words_number(line, key, 1, &flag);

	*ret_flag = flag != 0;
	return r;
}

static int get_u32(struct record_line *line, const char *key, uint32_t max, uint32_t *ret_value)
{
	uint64_t value = 0;
	int r = record_words_number(line, key, max, &value);

	*ret_value = (uint32_t)value;
	return r;
}

static int get_ifindex(struct record_line *line, int32_t *ret_ifindex)
{
	uint64_t ifindex = 0;

	if (get_number(line, INT32_MAX, &ifindex) < 0 || ifindex == 0)
		return -EBADMSG;
	*ret_ifindex = (int32_t)ifindex;
	return 0;
}

static int get_refusal(struct record_line *line, enum net_refusal *ret_refusal)
{
	struct record_line word;
	int refusal;

	if (record_words_key(line, "refusal", &word) < 0)
		return -EBADMSG;
	refusal = RECORD_WORD_FROM(&word, NET_REFUSAL_COUNT, names_net_refusal, enum net_refusal);
	if (refusal < 0)
		return -EBADMSG;
	*ret_refusal = (enum net_refusal)refusal;
	return 0;
}

static int get_name(struct record_line *line, char name[NET_NAME_SIZE])
{
	struct record_line word;

	return record_words_key(line, "name", &word) < 0 ||
			       record_get_word(&word, name, NET_NAME_SIZE) < 0 || !name[0]
		       ? -EBADMSG
		       : 0;
}

/* None is later than the pass. */
static int get_time(struct record_line *line, const char *key, int64_t now_us, int64_t *ret_us)
{
	uint64_t time_us = 0;
	int r = record_words_number(line, key, (uint64_t)now_us, &time_us);

	*ret_us = (int64_t)time_us;
	return r;
}

static int get_view(struct record_line *line, struct record_net_given *given)
{
	struct net_view *view = &given->view;

	view->links.n = view->links.n_tunnels = 0;
	given->on = true;
	if (get_flag(line, "asked", &given->asked) < 0 ||
	    get_flag(line, "known", &view->known) < 0 ||
	    get_u32(line, "users", UINT32_MAX, &view->mark_users) < 0)
		return -EBADMSG;
	/* Of which tunnels nothing is decided but how many there are. */
	return line->len > 0 ? get_u32(line, "tunnels", UINT32_MAX, &view->links.n_tunnels) : 0;
}

static int get_link(struct record_line *line, struct record_net_given *given)
{
	struct net_links *links = &given->view.links;
	struct net_link link = {0};

	if (links->n == NET_LINKS || get_ifindex(line, &link.ifindex) < 0 ||
	    record_words_number(line, "speed", UINT64_MAX, &link.speed_bytes_per_s) < 0 ||
	    get_u32(line, "mtu", MTU_MAX, &link.mtu) < 0 || get_refusal(line, &link.refusal) < 0 ||
	    get_name(line, link.name) < 0)
		return -EBADMSG;
	links->list[links->n++] = link;
	return 0;
}

static int get_growth(struct record_line word, uint64_t *ret_before, uint64_t *ret_now)
{
	bool back = word.len > 0 && word.at[0] == '-';

	word.at += back;
	word.len -= back;
	*ret_before = *ret_now = 0;
	return record_get_u64(&word, UINT64_MAX, back ? ret_before : ret_now);
}

/* Of "P0=123,4": which it is of stands before. */
static int get_count(struct record_line word, struct net_count *before, struct net_count *now)
{
	struct record_line bytes;

	return !record_take(&word, ',', &bytes) ||
			       get_growth(bytes, &before->bytes, &now->bytes) < 0 ||
			       get_growth(word, &before->packets, &now->packets) < 0
		       ? -EBADMSG
		       : 0;
}

static void begin_counts(struct record_net_given *given)
{
	if (!given->counted) {
		memset(given->before, 0, sizeof(given->before));
		memset(given->now, 0, sizeof(given->now));
	}
	given->counted = true;
}

static int get_sent(struct record_line *line, struct record_net_given *given)
{
	struct net_counts before = {.at_us = 1}, now = {0};
	struct record_line word, key;
	uint64_t place = 0;
	int64_t span_us = 0;

	if (get_number(line, NET_LINKS - 1, &place) < 0 || place >= given->view.links.n ||
	    get_time(line, "span", TIME_MAX_US, &span_us) < 0)
		return -EBADMSG;
	while (record_next(line, &word)) {
		bool unmarked;
		int level;

		if (!record_take(&word, '=', &key))
			return -EBADMSG;
		unmarked = record_is(&key, "unmarked");
		level = RECORD_WORD_FROM(&key, LEVEL_COUNT, names_level, enum level);
		if ((!unmarked && level < 0) ||
		    get_count(word, unmarked ? &before.unmarked : &before.level[level],
			      unmarked ? &now.unmarked : &now.level[level]) < 0)
			return -EBADMSG;
	}
	before.ifindex = now.ifindex = given->view.links.list[place].ifindex;
	now.at_us = before.at_us + span_us;
	begin_counts(given);
	given->before[place] = before;
	given->now[place] = now;
	return 0;
}

/* It stands behind what was sent. */
static int get_arrived(struct record_line *line, struct record_net_given *given)
{
	struct net_counts before = {0}, now = {0};
	struct record_line word;
	uint64_t place = 0;
	int64_t span_us = 0;

	if (get_number(line, NET_LINKS - 1, &place) < 0 || place >= given->view.links.n ||
	    get_time(line, "span", TIME_MAX_US, &span_us) < 0 ||
	    record_words_key(line, "all", &word) < 0 ||
	    get_growth(word, &before.rx_bytes, &now.rx_bytes) < 0)
		return -EBADMSG;
	if (line->len > 0 && (record_words_key(line, "offline", &word) < 0 ||
			      get_count(word, &before.rx_offline, &now.rx_offline) < 0))
		return -EBADMSG;
	begin_counts(given);
	given->before[place].ifindex = given->view.links.list[place].ifindex;
	given->now[place].ifindex = given->before[place].ifindex;
	given->before[place].rx_at_us = 1;
	given->now[place].rx_at_us = 1 + span_us;
	given->before[place].rx_bytes = before.rx_bytes;
	given->now[place].rx_bytes = now.rx_bytes;
	given->before[place].rx_offline = before.rx_offline;
	given->now[place].rx_offline = now.rx_offline;
	return 0;
}

static int reserve(struct record_net_given *given, size_t n)
{
	struct net_pod *pods;
	struct net_sent *sent;
	size_t had = given->view.n_pods;

	if (n <= had)
		return 0;
	pods = reallocarray(given->view.pods, n, sizeof(*pods));
	if (pods)
		given->view.pods = pods;
	sent = reallocarray(given->sent, n, sizeof(*sent));
	if (sent)
		given->sent = sent;
	if (!pods || !sent)
		return -ENOMEM;
	memset(pods + had, 0, (n - had) * sizeof(*pods));
	memset(sent + had, 0, (n - had) * sizeof(*sent));
	given->view.n_pods = n;
	return 0;
}

static int add_end(void *context, uint32_t ifindex)
{
	struct net_pod *pod = context;

	pod->ifindex[pod->n++] = (int32_t)ifindex;
	return 0;
}

static int get_pod(struct record_line *line, struct record_net_given *given)
{
	struct net_pod pod = {0};
	struct net_sent sent = {0};
	struct record_line word;
	uint64_t slot = 0;
	int r;

	if (get_number(line, RECORD_PODS_MAX - 1, &slot) < 0 ||
	    get_number(line, UINT64_MAX, &pod.serial) < 0 || get_refusal(line, &pod.refusal) < 0 ||
	    get_flag(line, "marked", &sent.marked) < 0 ||
	    record_words_key(line, "ends", &word) < 0 ||
	    record_get_list(&word, INT32_MAX, NET_POD_LINKS, add_end, &pod) < 0)
		return -EBADMSG;
	sent.serial = pod.serial;
	r = reserve(given, (size_t)slot + 1);
	if (r < 0)
		return r;
	given->view.pods[slot] = pod;
	given->sent[slot] = sent;
	return 0;
}

static int get_mark(struct record_line *line, struct net_mark *mark)
{
	struct record_line word, value, mask;
	uint64_t v = 0, m = 0, s = 0;

	if (record_words_key(line, "mark", &word) < 0 || !record_take(&word, '/', &value) ||
	    !record_take(&word, '/', &mask) || record_get_u64(&value, UINT32_MAX, &v) < 0 ||
	    record_get_u64(&mask, UINT32_MAX, &m) < 0 || record_get_u64(&word, SHIFT_MAX, &s) < 0)
		return -EBADMSG;
	*mark = (struct net_mark){.value = (uint32_t)v, .mask = (uint32_t)m, .shift = (uint32_t)s};
	return 0;
}

static int get_from(struct record_line *line, int64_t now_us, struct record_net_given *given)
{
	struct net_state state = {0};
	struct net_pace *pace = &state.pace;

	if (get_flag(line, "on", &state.plan.on) < 0 ||
	    get_flag(line, "known", &state.plan.known) < 0 ||
	    get_mark(line, &state.plan.mark) < 0 ||
	    get_time(line, "handed", now_us, &pace->handed_us) < 0 ||
	    get_time(line, "whole", now_us, &pace->whole_us) < 0 ||
	    get_flag(line, "again", &pace->again) < 0 ||
	    get_u32(line, "changing", UINT32_MAX, &pace->n_changing) < 0 ||
	    record_words_number(line, "digest", UINT64_MAX, &pace->handed.digest) < 0 ||
	    record_words_number(line, "ceilings", UINT64_MAX, &pace->handed.ceilings) < 0)
		return -EBADMSG;
	given->state = state;
	given->state_given = true;
	return 0;
}

static int get_user(struct record_line *line, enum net_mark_user *ret_user)
{
	struct record_line word;
	int64_t user = 0;

	if (record_words_key(line, "user", &word) < 0 || record_get_i64(&word, &user) < 0 ||
	    user < -1 || user >= NET_USER_COUNT)
		return -EBADMSG;
	*ret_user = user < 0 ? NET_USER_NONE : (enum net_mark_user)user;
	return 0;
}

static int get_hold(struct record_line *line, int64_t now_us, struct net_hold *h)
{
	return record_words_number(line, "ceiling", UINT64_MAX, &h->ceil_bytes_per_s) < 0 ||
			       record_words_number(line, "online", UINT64_MAX,
						   &h->online_bytes_per_s) < 0 ||
			       get_time(line, "since", now_us, &h->since_us) < 0 ||
			       get_time(line, "cut", now_us, &h->cut_us) < 0 ||
			       get_time(line, "grown", now_us, &h->grown_us) < 0 ||
			       get_time(line, "idle", now_us, &h->idle_us) < 0 ||
			       get_time(line, "looked", now_us, &h->looked_us) < 0
		       ? -EBADMSG
		       : 0;
}

/* Of those that net_ceiling.h gives: the words for others need a policy. */
static int get_reason(struct record_line *line, struct reason *reason)
{
	return record_words_get_reason(line, reason) < 0 || !reason->who[0] ||
			       strlen(reason->who) >= NET_NAME_SIZE ||
			       (reason->code != REASON_MODE &&
				(reason->code < REASON_NET_ONLINE ||
				 reason->code > REASON_NET_RX_CROWDED))
		       ? -EBADMSG
		       : 0;
}

/* It belongs to the `from` before it. */
static int get_was(struct record_line *line, int64_t now_us, struct record_net_given *given)
{
	struct net_plan *plan = &given->state.plan;
	struct net_plan_link link = {0};

	if (!given->state_given || plan->n == NET_LINKS || get_ifindex(line, &link.ifindex) < 0 ||
	    record_words_number(line, "speed", NET_SHAPE_SPEED_MAX, &link.speed_bytes_per_s) < 0 ||
	    get_u32(line, "mtu", MTU_MAX, &link.mtu) < 0 || get_refusal(line, &link.refusal) < 0 ||
	    get_user(line, &link.mark_user) < 0 ||
	    get_u32(line, "levels", (1u << LEVEL_COUNT) - 1, &link.shape.levels) < 0 ||
	    get_u32(line, "offline", (1u << LEVEL_COUNT) - 1, &link.shape.offline_levels) < 0 ||
	    get_hold(line, now_us, &link.hold) < 0 || get_name(line, link.name) < 0)
		return -EBADMSG;
	/* One that is shaped has a speed. */
	if (link.refusal == NET_FINE && link.speed_bytes_per_s < NET_SHAPE_SPEED_MIN)
		return -EBADMSG;
	if (line->len > 0 && get_reason(line, &link.hold.reason) < 0)
		return -EBADMSG;
	plan->list[plan->n++] = link;
	return 0;
}

/* What was held of what arrives, behind its `was`. */
static int get_had(struct record_line *line, int64_t now_us, struct record_net_given *given)
{
	struct net_plan *plan = &given->state.plan;
	char name[NET_NAME_SIZE];
	struct net_hold *hold;

	if (!given->state_given || plan->n == 0)
		return -EBADMSG;
	hold = &plan->list[plan->n - 1].rx_hold;
	if (get_hold(line, now_us, hold) < 0 || get_name(line, name) < 0 ||
	    strcmp(name, plan->list[plan->n - 1].name) != 0)
		return -EBADMSG;
	return line->len > 0 ? get_reason(line, &hold->reason) : 0;
}

int record_net_given_get(struct record_line *line, int64_t now_us, struct record_net_given *given)
{
	struct record_line word;
	int r = -EBADMSG;

	if (!is_time(now_us) || !record_next(line, &word))
		return -EBADMSG;
	if (record_is(&word, "view"))
		r = get_view(line, given);
	else if (record_is(&word, "off") && given->on)
		r = 0;
	else if (!given->on)
		return -EBADMSG;
	else if (record_is(&word, "link"))
		r = get_link(line, given);
	else if (record_is(&word, "sent"))
		r = get_sent(line, given);
	else if (record_is(&word, "arrived"))
		r = get_arrived(line, given);
	else if (record_is(&word, "pod"))
		r = get_pod(line, given);
	else if (record_is(&word, "from"))
		r = get_from(line, now_us, given);
	else if (record_is(&word, "was"))
		r = get_was(line, now_us, given);
	else if (record_is(&word, "had"))
		r = get_had(line, now_us, given);
	if (record_is(&word, "off"))
		given->on = false;
	return r == 0 && line->len > 0 ? -EBADMSG : r;
}
