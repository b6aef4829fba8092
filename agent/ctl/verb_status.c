// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl status: what colod is doing, how far it may go, and how to let it go further.
#include "agent/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/sli_lines.h"
#include "agent/ctl/status_disks.h"
#include "agent/ctl/status_room.h"

#define KEY_COLUMNS 10
#define ORDERS_SHOWN 3

static void line(const struct ctl *ctl, const char *key, const char *text, enum term_colour colour)
{
	term_field(&ctl->term, key, KEY_COLUMNS, false, TERM_BOLD);
	term_paragraph(&ctl->term, text, KEY_COLUMNS, KEY_COLUMNS, KEY_COLUMNS, colour);
}

static void node_line(const struct ctl *ctl, const cJSON *node, const cJSON *status)
{
	char memory[DOC_TEXT_SIZE], swap[DOC_TEXT_SIZE];
	uint64_t swap_bytes = doc_count(node, "swap_bytes");

	term_say(&ctl->term, 0, 2,
		 "colod %s on Linux %s: %" PRIu64 " CPUs (%" PRIu64 " cores%s), %s memory, %s%s",
		 doc_text(status, "version", "?"), doc_text(node, "kernel", "?"),
		 doc_count(node, "cpus"), doc_count(node, "cores"),
		 doc_true(node, "smt") ? ", SMT" : "",
		 doc_format(node, "memory_bytes", doc_bytes, memory),
		 swap_bytes ? doc_bytes(swap_bytes, swap) : "no", " swap");
}

/* Resources whose mode is not that of the whole. */
static void resource_lines(const struct ctl *ctl, const cJSON *status)
{
	const cJSON *m;
	char text[1024];

	cJSON_ArrayForEach(m, doc_get(status, "modes"))
	{
		const char *mode = doc_text(m, "mode", "?");

		if (strcmp(mode, doc_text(status, "mode", mode)) == 0)
			continue;
		(void)snprintf(text, sizeof(text), "%s: %s (%s)", m->string, mode,
			       doc_text(m, "why", "?"));
		line(ctl, "", text, TERM_YELLOW);
	}
}

static void mode_lines(const struct ctl *ctl, const cJSON *doc)
{
	const cJSON *status = doc_get(doc, "status"), *policy = doc_get(doc, "policy");
	const char *state = doc_text(status, "policy_state", "?");
	const char *note = doc_text(doc_get(doc, "doctor"), "facts_note", "");
	uint64_t later = doc_count(status, "policy_unenforced");
	uint64_t lacks = doc_count(status, "policy_lacks");
	char text[1024];

	(void)snprintf(text, sizeof(text), "%s (%s)", doc_text(status, "mode", "?"),
		       doc_text(status, "mode_why", "?"));
	line(ctl, "mode", text, TERM_PLAIN);
	resource_lines(ctl, status);
	(void)snprintf(text, sizeof(text), "%s (from %s)", state, doc_text(policy, "origin", "?"));
	line(ctl, "policy", text, strcmp(state, "ok") == 0 ? TERM_PLAIN : TERM_RED);
	if (later > 0) {
		(void)snprintf(text, sizeof(text),
			       "%" PRIu64 " of its keys are not acted on by this version: coloctl "
			       "policy check",
			       later);
		line(ctl, "", text, TERM_DIM);
	}
	if (lacks > 0) {
		(void)snprintf(text, sizeof(text),
			       "this node lacks %" PRIu64
			       " of what it asks for: coloctl policy check",
			       lacks);
		line(ctl, "", text, TERM_DIM);
	}
	if (*note)
		line(ctl, "facts", note, TERM_YELLOW);
}

/* Others who write over colod's values: normal, until it is a fight. */
static void drift_line(const struct ctl *ctl, const cJSON *status)
{
	uint64_t n = doc_count(status, "rewrites"), contested = doc_count(status, "contested");
	char text[256];

	if (n == 0)
		return;
	if (contested > 0)
		(void)snprintf(
			text, sizeof(text),
			"%" PRIu64 " times somebody wrote over a value; %" PRIu64
			" of the values again and again, so colod puts it back only now and then: "
			"the journal says who it may be",
			n, contested);
	else
		(void)snprintf(text, sizeof(text),
			       "%" PRIu64 " times somebody wrote over a value, and it was put back",
			       n);
	line(ctl, "drift", text, contested > 0 ? TERM_YELLOW : TERM_PLAIN);
}

/* What people ordered; the first ones with their sentence. */
static void order_lines(const struct ctl *ctl, const cJSON *doc)
{
	const cJSON *orders = doc_get(doc, "orders"), *order;
	int n = cJSON_GetArraySize(orders), told = 0;
	char text[1024];

	cJSON_ArrayForEach(order, orders)
	{
		if (++told > ORDERS_SHOWN)
			break;
		(void)snprintf(text, sizeof(text), "%s: %s", doc_text(order, "pod", "?"),
			       doc_text(order, "reason", "?"));
		line(ctl, told == 1 ? "by hand" : "", text, TERM_YELLOW);
	}
	if (n > ORDERS_SHOWN) {
		(void)snprintf(text, sizeof(text), "and %d more: coloctl orders", n - ORDERS_SHOWN);
		line(ctl, "", text, TERM_DIM);
	}
}

/* How many holds stand, and what ends them when the agent cannot. */
static void hold_line(const struct ctl *ctl, const cJSON *status)
{
	uint64_t n = doc_count(status, "holds"), since_us = doc_count(status, "holds_since_us");
	uint64_t now_us = (uint64_t)ctl->term.now_us;
	const char *guard = doc_text(status, "guard", "");
	bool nobody = strcmp(guard, "nobody") == 0;
	char stand[64 + DOC_TEXT_SIZE] = "none", age[DOC_TEXT_SIZE], bound[DOC_TEXT_SIZE];
	char text[512];

	if (!*guard)
		return;
	if (n > 0)
		(void)snprintf(stand, sizeof(stand), "%" PRIu64 ", the oldest for %s", n,
			       doc_duration(now_us > since_us ? now_us - since_us : 0, age));
	if (nobody)
		(void)snprintf(
			text, sizeof(text),
			"%s; nothing would end one if colod were killed: coloctl doctor says how",
			stand);
	else
		(void)snprintf(text, sizeof(text),
			       "%s; if colod dies or hangs, %s ends each within %s", stand,
			       strcmp(guard, "watchdog") == 0 ? "systemd's watchdog"
							      : "colod guard",
			       doc_format(status, "guard_bound_us", doc_duration, bound));
	line(ctl, "holds", text, n > 0 && nobody ? TERM_YELLOW : TERM_PLAIN);
}

/* Whom systemd has of colod's. */
static void units_line(const struct ctl *ctl, const cJSON *status)
{
	uint64_t told = doc_count(status, "units_told"), no = doc_count(status, "unit_refusals");
	uint64_t waiting = doc_count(status, "units_waiting");
	char text[256], more[64] = "";

	if (told == 0 && no == 0 && waiting == 0)
		return;
	if (waiting > 0)
		(void)snprintf(more, sizeof(more), "; %" PRIu64 " to be told", waiting);
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " units have values of colod's; told %" PRIu64
		       " times, refused %" PRIu64 "%s",
		       told, doc_count(status, "unit_calls"), no, more);
	line(ctl, "systemd", text, no > 0 ? TERM_YELLOW : TERM_PLAIN);
}

/* Offline work that gets less than its weight promises, now or once. */
static void floor_line(const struct ctl *ctl, const cJSON *floor)
{
	uint64_t starved = doc_count(floor, "starved"), raises = doc_count(floor, "raises");
	uint64_t unwatched = doc_count(floor, "unwatched");
	const cJSON *branch;
	char text[4500];

	if (starved + unwatched == 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " time%s offline work got less than half of what its weight "
		       "promises; a weight was doubled %" PRIu64 " time%s",
		       starved, starved == 1 ? "" : "s", raises, raises == 1 ? "" : "s");
	line(ctl, "floor", text, TERM_PLAIN);
	cJSON_ArrayForEach(branch, doc_get(floor, "branches"))
	{
		const char *path = doc_text(branch, "cgroup", "?");
		uint64_t weight = doc_count(branch, "weight");

		if (doc_true(branch, "raised"))
			(void)snprintf(text, sizeof(text),
				       "/%s now weighs %" PRIu64 " instead of %" PRIu64, path,
				       weight, doc_count(branch, "normal_weight"));
		else if (strcmp(doc_text(branch, "state", ""), "starving") == 0)
			(void)snprintf(text, sizeof(text),
				       "/%s gets too little now, and may not weigh more than"
				       " %" PRIu64,
				       path, weight);
		else
			continue;
		line(ctl, "", text, TERM_YELLOW);
	}
	if (unwatched == 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " more groups of offline work than colod watches: they are not "
		       "raised",
		       unwatched);
	line(ctl, "", text, TERM_DIM);
}

static void room_line(const struct ctl *ctl, const cJSON *room)
{
	char text[STATUS_ROOM_TEXT];
	bool crossed;

	if (status_room_text(room, text, &crossed))
		line(ctl, "room", text, crossed ? TERM_RED : TERM_PLAIN);
}

/* What memory cost offline pods; nothing where it cost nothing. */
static void taken_line(const struct ctl *ctl, const cJSON *status)
{
	uint64_t asked = doc_count(status, "reclaim_asked_bytes"),
		 kills = doc_count(status, "kills");
	char text[256], a[DOC_TEXT_SIZE], b[DOC_TEXT_SIZE];

	if (asked == 0 && kills == 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "%s of %s asked for were reclaimed from offline pods, %" PRIu64
		       " of them %s killed",
		       doc_bytes(doc_count(status, "reclaim_got_bytes"), a), doc_bytes(asked, b),
		       kills, kills == 1 ? "was" : "were");
	line(ctl, "taken", text, kills > 0 ? TERM_YELLOW : TERM_PLAIN);
}

/* Which pods may stand still while memory runs out; nothing where the policy asks for none. */
static void freeze_line(const struct ctl *ctl, const cJSON *pods)
{
	uint64_t asked = 0, never = 0, now = 0, freezes = 0;
	const char *why = NULL;
	const cJSON *pod;
	char text[1024];

	cJSON_ArrayForEach(pod, pods)
	{
		const cJSON *freeze = doc_get(pod, "freeze");

		freezes += doc_count(doc_get(pod, "lost"), "freezes");
		now += doc_true(freeze, "frozen");
		asked += freeze != NULL;
		if (strcmp(doc_text(freeze, "state", ""), "refused") != 0)
			continue;
		never++;
		why = doc_text(freeze, "reason", "?");
	}
	if (asked == 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " of %" PRIu64 " offline pods may be frozen; %" PRIu64
		       " are now, %" PRIu64 " time%s so far%s%.320s%s",
		       asked - never, asked, now, freezes, freezes == 1 ? "" : "s",
		       never == asked ? ". None: " : "", never == asked && why ? why : "",
		       never > 0 && never < asked ? "; coloctl why POD says why not" : "");
	line(ctl, "freeze", text, now > 0 ? TERM_YELLOW : TERM_PLAIN);
}

/* Evictions, where the policy asks for them: how many, and why nobody goes now. */
static void evict_line(const struct ctl *ctl, const cJSON *evict)
{
	uint64_t now_us = (uint64_t)ctl->term.now_us, until_us = doc_count(evict, "until_us"),
		 cool_us = doc_count(evict, "cool_until_us"), pending = doc_count(evict, "pending");
	char text[1024], left[DOC_TEXT_SIZE + 8] = "", cool[DOC_TEXT_SIZE + 96] = "",
					      age[DOC_TEXT_SIZE];
	bool bad = doc_true(evict, "doubt") || doc_has(evict, "off");

	if (!doc_true(evict, "on"))
		return;
	if (until_us > now_us)
		(void)snprintf(left, sizeof(left), " for %s", doc_duration(until_us - now_us, age));
	if (cool_us > now_us)
		(void)snprintf(cool, sizeof(cool), "; cool-down for %s%s",
			       doc_duration(cool_us - now_us, age),
			       doc_true(evict, "taint") ? ", the node is tainted" : "");
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " in the last hour of at most %" PRIu64 ", %" PRIu64
		       " under way. Now: %.300s%s%s%s%.300s",
		       doc_count(evict, "in_hour"), doc_count(evict, "per_hour"), pending,
		       doc_text(evict, "why_nobody", "not known yet"), left, cool,
		       doc_has(evict, "off") ? ". To be mended: " : "", doc_text(evict, "off", ""));
	line(ctl, "evict", text,
	     bad			       ? TERM_RED
	     : pending > 0 || cool_us > now_us ? TERM_YELLOW
					       : TERM_PLAIN);
}

/* ", 8 s more at least", where the document says so of this resource's rung. */
static void more(const cJSON *ladder, const char *key, const char *bound, uint64_t now_us,
		 char ret[DOC_TEXT_SIZE + 24])
{
	uint64_t until_us = doc_count(ladder, key);
	char left[DOC_TEXT_SIZE];

	ret[0] = '\0';
	if (until_us > now_us)
		(void)snprintf(ret, DOC_TEXT_SIZE + 24, ", %s more at %s",
			       doc_duration(until_us - now_us, left), bound);
}

/* "freeze for 2 s, 1 s more at least, 3 s more at most: why". */
static void rung_line(const struct ctl *ctl, const char *resource, const char *rung)
{
	const cJSON *ladder = doc_get(doc_get(ctl->doc, "ladder"), resource);
	uint64_t now_us = (uint64_t)ctl->term.now_us, since_us = doc_count(ladder, "since_us");
	char text[1024], age[DOC_TEXT_SIZE],
		since[DOC_TEXT_SIZE + 8] = "", least[DOC_TEXT_SIZE + 24], most[DOC_TEXT_SIZE + 24];

	if (since_us > 0 && since_us <= now_us)
		(void)snprintf(since, sizeof(since), " for %s",
			       doc_duration(now_us - since_us, age));
	more(ladder, "at_least_until_us", "least", now_us, least);
	more(ladder, "until_us", "most", now_us, most);
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s%s", rung, since, least, most,
		       doc_has(ladder, "reason") ? ": " : "", doc_text(ladder, "reason", ""));
	line(ctl, resource, text, strcmp(rung, "calm") == 0 ? TERM_PLAIN : TERM_YELLOW);
}

static void disk_lines(const struct ctl *ctl, const cJSON *disks)
{
	char text[STATUS_DISKS_TEXT];
	const cJSON *disk;

	cJSON_ArrayForEach(disk, disks)
	{
		if (status_disks_text(disk, "read", text, sizeof(text)))
			line(ctl, "held", text, TERM_YELLOW);
		if (status_disks_text(disk, "write", text, sizeof(text)))
			line(ctl, "held", text, TERM_YELLOW);
	}
}

/* Nothing where the policy has no `net`. */
static void link_lines(const struct ctl *ctl, const cJSON *net)
{
	char text[1024];
	const cJSON *link;

	cJSON_ArrayForEach(link, doc_get(net, "links"))
	{
		bool calm = doc_true(link, "shaped") && !cJSON_IsObject(doc_get(link, "held"));

		(void)snprintf(text, sizeof(text), "%s: %s", doc_text(link, "name", "?"),
			       doc_text(link, "why", "?"));
		line(ctl, "net", text, calm ? TERM_PLAIN : TERM_YELLOW);
	}
}

static void work_lines(const struct ctl *ctl, const cJSON *doc)
{
	const cJSON *status = doc_get(doc, "status");
	uint64_t pass_us = doc_count(status, "pass_us"), now_us = (uint64_t)ctl->term.now_us;
	char text[1024], ago[DOC_TEXT_SIZE];

	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 ": %" PRIu64 " online, %" PRIu64 " offline, %" PRIu64
		       " waiting for facts, %" PRIu64 " matched by no rule; %" PRIu64 " held now",
		       doc_count(status, "pods"), doc_count(status, "pods_online"),
		       doc_count(status, "pods_offline"), doc_count(status, "pods_waiting"),
		       doc_count(status, "pods_no_rule"), doc_count(status, "pods_held"));
	line(ctl, "pods", text, TERM_PLAIN);
	rung_line(ctl, "cpu", doc_text(status, "rung_cpu", "?"));
	floor_line(ctl, doc_get(doc, "floor"));
	rung_line(ctl, "memory", doc_text(status, "rung_memory", "?"));
	freeze_line(ctl, doc_get(doc, "pods"));
	if (doc_has(status, "rung_io"))
		rung_line(ctl, "io", doc_text(status, "rung_io", "?"));
	disk_lines(ctl, doc_get(doc_get(doc, "ladder"), "disks"));
	link_lines(ctl, doc_get(doc, "net"));
	room_line(ctl, doc_get(status, "room"));
	taken_line(ctl, status);
	evict_line(ctl, doc_get(status, "evict"));
	if (sli_lines_violated(ctl, doc, text, sizeof(text)) > 0)
		line(ctl, "sli", text, TERM_RED);
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 ", the last one %s ago: %" PRIu64 " knobs written, %" PRIu64
		       " restored, %" PRIu64 " refused",
		       doc_count(status, "passes"),
		       doc_duration(now_us > pass_us ? now_us - pass_us : 0, ago),
		       doc_count(status, "writes"), doc_count(status, "restores"),
		       doc_count(status, "refusals"));
	line(ctl, "passes", text, TERM_PLAIN);
	drift_line(ctl, status);
	units_line(ctl, status);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " armed, fired %" PRIu64 " times",
		       doc_count(status, "triggers"), doc_count(status, "trigger_events"));
	line(ctl, "triggers", text, TERM_PLAIN);
	order_lines(ctl, ctl->doc);
	hold_line(ctl, status);
	if (doc_count(status, "unsampled") > 0) {
		(void)snprintf(text, sizeof(text),
			       "%" PRIu64
			       " pods are not measured: raise LimitNOFILE= of colod.service",
			       doc_count(status, "unsampled"));
		line(ctl, "files", text, TERM_YELLOW);
	}
}

/* The lowest mode that allows something that is withheld now. */
static const char *next_mode(const cJSON *doc)
{
	const char *lowest = "full";
	const cJSON *entry;

	cJSON_ArrayForEach(entry, doc_get(doc, "plan"))
	{
		const char *needs = doc_text(entry, "needs_mode", "full");

		if (doc_true(entry, "allowed") || !doc_true(entry, "differs"))
			continue;
		if (strcmp(needs, "protect") == 0)
			return "protect";
		if (strcmp(needs, "squeeze") == 0)
			lowest = "squeeze";
	}
	return lowest;
}

/* Whether some resource has another mode than the whole. */
static bool is_lower(const cJSON *status)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, doc_get(status, "modes"))
	{
		if (strcmp(doc_text(m, "mode", ""), doc_text(status, "mode", "")) != 0)
			return true;
	}
	return false;
}

static void withheld_lines(const struct ctl *ctl, const cJSON *doc)
{
	const cJSON *status = doc_get(doc, "status");
	const char *mode = doc_text(status, "mode", "?");
	uint64_t withheld = doc_count(status, "withheld");

	if (withheld == 0 && strcmp(mode, "observe") != 0)
		return;
	(void)fputc('\n', ctl->term.out);
	if (withheld == 0) {
		term_say(&ctl->term, 0, 2, "observe: nothing would be changed");
		return;
	}
	term_say(&ctl->term, 0, 2, "%s: %" PRIu64 " change%s withheld; see coloctl plan", mode,
		 withheld, withheld == 1 ? "" : "s");
	if (strcmp(mode, doc_text(status, "mode_policy", mode)) != 0)
		term_say(&ctl->term, 0, 2, "The policy would allow %s, something else does not: %s",
			 doc_text(status, "mode_policy", "?"), doc_text(status, "mode_why", "?"));
	else if (is_lower(status))
		term_say(&ctl->term, 0, 2,
			 "A resource is held lower than the whole, and so may be what is withheld: "
			 "coloctl mode");
	else
		term_say(&ctl->term, 0, 2, "To allow them: sudo coloctl mode %s --persist",
			 next_mode(doc));
}

int verb_status(const struct ctl *ctl)
{
	const cJSON *doc = ctl->doc;

	node_line(ctl, doc_get(doc, "node"), doc_get(doc, "status"));
	mode_lines(ctl, doc);
	work_lines(ctl, doc);
	withheld_lines(ctl, doc);
	return CTL_OK;
}

cJSON *verb_status_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "status"), 1);
}
