// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_evict_order.h.
//
//	evict-order slot=.. serial=.. kubernetes=1 pending=0 room=1 who=..
//	> evict-order PATH
//	> evict-order-refused PATH: this pod is online, and only offline pods are ever evicted
#include "policy/record_evict_order.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/record.h"
#include "policy/record_names.h"
#include "policy/record_words.h"

void record_evict_order_put(struct record_buf *buf, const struct evict_order *order,
			    const struct record_names *names)
{
	struct reason reason = {.code = REASON_MANUAL, .level = LEVEL_NONE, .rule = -1}, shown;

	(void)snprintf(reason.who, sizeof(reason.who), "%s", order->who);
	shown = record_names_reason(names, &reason);
	record_put(buf,
		   "evict-order slot=%" PRIu32 " serial=%" PRIu64
		   " kubernetes=%d pending=%d room=%d who=",
		   order->slot, order->serial, order->kubernetes, order->pending, order->room);
	record_put_word(buf, shown.who);
	record_put(buf, "\n");
}

static bool get_flag(struct record_line *line, const char *key, bool *ret)
{
	uint64_t value = 0;

	if (record_words_number(line, key, 1, &value) < 0)
		return false;
	*ret = value == 1;
	return true;
}

int record_evict_order_get(struct record_line *line, struct evict_order *ret_order)
{
	struct evict_order o = {.no = EVICT_ORDER_YES};
	struct record_line word;
	uint64_t slot = 0;

	if (record_words_number(line, "slot", RECORD_PODS_MAX, &slot) < 0 ||
	    record_words_number(line, "serial", UINT64_MAX, &o.serial) < 0 ||
	    !get_flag(line, "kubernetes", &o.kubernetes) ||
	    !get_flag(line, "pending", &o.pending) || !get_flag(line, "room", &o.room) ||
	    record_words_key(line, "who", &word) < 0 ||
	    record_get_word(&word, o.who, sizeof(o.who)) < 0 || line->len > 0)
		return -EBADMSG;
	o.slot = (uint32_t)slot;
	*ret_order = o;
	return 0;
}

void record_evict_order_tell(struct record_buf *buf, const struct evict_order *order,
			     const struct model *model, const struct record_names *names,
			     const char *prefix)
{
	const struct pod *pod = evict_order_pod(model, order);
	const char *text = evict_order_text(order->no);

	record_put(buf, "%sevict-order%s ", prefix, order->no == EVICT_ORDER_YES ? "" : "-refused");
	if (pod && pod->cgroup)
		record_names_put(buf, names, pod->cgroup->path);
	else
		record_put(buf, "-");
	if (order->no != EVICT_ORDER_YES) {
		record_put(buf, ": ");
		record_put_rest(buf, text, strlen(text));
	}
	record_put(buf, "\n");
}
