// SPDX-License-Identifier: LGPL-2.1-or-later
// See reason_text.h. One sentence a newcomer understands per reason code; every number in it is
// one that the decision used, in the unit people use. Works nothing out.
#include "policy/reason_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "colod/knob.h"
#include "policy/names.h"
#include "policy/rule.h"
#include "policy/text_out.h"

#define UNIT_SIZE REASON_TEXT_UNIT_SIZE

/* value / unit with up to three decimals, none that are zero at the end. */
static void decimal(uint64_t value, uint64_t unit, uint64_t fraction, const char *name, char *buf)
{
	uint64_t rest = value % unit * fraction / unit;
	int digits = fraction == 1000 ? 3 : fraction == 10 ? 1 : 0;

	while (digits > 0 && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	if (digits == 0)
		(void)snprintf(buf, UNIT_SIZE, "%" PRIu64 " %s", value / unit, name);
	else
		(void)snprintf(buf, UNIT_SIZE, "%" PRIu64 ".%0*" PRIu64 " %s", value / unit, digits,
			       rest, name);
}

const char *reason_text_percent(uint64_t permille, char *buf)
{
	decimal(permille, 10, 10, "%", buf);
	return buf;
}

static const char *percent(uint64_t permille, char *buf)
{
	return reason_text_percent(permille, buf);
}

const char *reason_text_cpus(uint64_t milli, char *buf)
{
	decimal(milli, 1000, 1000, milli == 1000 ? "CPU" : "CPUs", buf);
	return buf;
}

const char *reason_text_bytes(uint64_t n, char *buf)
{
	if (n == KNOB_VALUE_MAX)
		(void)snprintf(buf, UNIT_SIZE, "no limit");
	else if (n >= 1u << 20)
		decimal(n, 1u << 20, 10, "MiB", buf);
	else if (n >= 1u << 10)
		decimal(n, 1u << 10, 10, "KiB", buf);
	else
		(void)snprintf(buf, UNIT_SIZE, "%" PRIu64 " bytes", n);
	return buf;
}

static const char *bytes(uint64_t n, char *buf)
{
	return reason_text_bytes(n, buf);
}

const char *reason_text_duration(uint64_t us, char *buf)
{
	if (us >= 1000000)
		decimal(us, 1000000, 1000, "s", buf);
	else if (us >= 1000)
		decimal(us, 1000, 10, "ms", buf);
	else
		(void)snprintf(buf, UNIT_SIZE, "%" PRIu64 " us", us);
	return buf;
}

static const char *duration(uint64_t us, char *buf)
{
	return reason_text_duration(us, buf);
}

static const char *pods(uint64_t n)
{
	return n == 1 ? "pod" : "pods";
}

/* "default.yaml:31" with `before` before it, or what stands for both. false where no rule is
 * known. */
static bool rule_place(const struct policy *policy, int rule, const char *before, char *buf,
		       size_t size)
{
	const struct assign_rule *r;

	if (!policy || rule < 0 || (size_t)rule >= policy->n_rules)
		return false;
	r = &policy->rules[rule];
	if (r->built_in)
		(void)snprintf(buf, size, "the built-in rule");
	else
		(void)snprintf(buf, size, "%s%s:%" PRIu32, before, r->file, r->line);
	return true;
}

/* "(P7, rule default.yaml:31)": for whom and by whom. */
static void add_origin(struct text_out *out, const struct reason *reason,
		       const struct policy *policy)
{
	bool level = reason->level >= 0 && reason->level < LEVEL_COUNT;
	char place[96];
	bool rule = rule_place(policy, reason->rule, "rule ", place, sizeof(place));

	if (level && rule)
		text_out_put(out, " (%s, %s)", names_level(reason->level), place);
	else if (level)
		text_out_put(out, " (%s)", names_level(reason->level));
	else if (rule)
		text_out_put(out, " (%s)", place);
}

static void add_who(struct text_out *out, const char *before, const struct reason *reason)
{
	if (reason->who[0])
		text_out_put(out, "%s%s", before, reason->who);
}

/* Millionths, in hundredths of a percent: a promise of one part in 1000 is still a number. */
static const char *ppm(uint64_t millionths, char *buf)
{
	(void)snprintf(buf, UNIT_SIZE, "%" PRIu64 ".%02" PRIu64 " %%", millionths / 10000,
		       millionths % 10000 / 100);
	return buf;
}

static void cpu_text(struct text_out *out, const struct reason *r)
{
	char a[UNIT_SIZE], b[UNIT_SIZE], c[UNIT_SIZE];

	switch (r->code) {
	case REASON_WEIGHT_REQUEST:
		text_out_put(out, "its share follows its CPU request of %s",
			     reason_text_cpus(r->observed, a));
		break;
	case REASON_WEIGHT_FIXED:
		text_out_put(out, "its level has the CPU weight %" PRIu64, r->limit);
		break;
	case REASON_YIELD_RATIO:
		text_out_put(out,
			     "it yields to its online siblings: one part in %" PRIu64
			     " of their CPU weight %" PRIu64 ", at least 1",
			     r->limit, r->observed);
		if (r->extra > 1)
			text_out_put(out, ", shared by %" PRIu64 " cgroups that yield", r->extra);
		add_who(out, ", because of ", r);
		break;
	case REASON_YIELD_REQUEST:
		text_out_put(out,
			     "it yields to its online siblings: its CPU request allows the weight"
			     " %" PRIu64 ", less than one part in %" PRIu64 " of their %" PRIu64,
			     r->extra, r->limit, r->observed);
		add_who(out, ", and no more for each requested CPU than ", r);
		break;
	case REASON_YIELD_IDLE:
		text_out_put(out, "it yields by cpu.idle: the policy asks for that");
		add_who(out, ", because of ", r);
		break;
	case REASON_FLOOR_RAISED:
		text_out_put(out,
			     "raised from %" PRIu64 ", which promises it %s of one CPU: ", r->extra,
			     ppm(r->limit, a));
		if (r->who[0])
			text_out_put(out, "%s waited for CPU, and ", r->who);
		text_out_put(out, "it got %s in %s", ppm(r->observed, b), duration(r->for_us, c));
		break;
	case REASON_MIXED_IDLE:
		text_out_put(
			out,
			"it yields inside its class by cpu.idle, because an online pod lives there");
		add_who(out, ": ", r);
		break;
	case REASON_MIXED_WEIGHT:
		text_out_put(out,
			     "the class holds online and offline pods: it gets one part in %" PRIu64
			     " of its siblings' CPU weight %" PRIu64 ", and never less than it had",
			     r->limit, r->observed);
		add_who(out, ", because of ", r);
		break;
	default:
		break;
	}
}

void reason_text_waited(struct text_out *out, const struct reason *r, const char *what)
{
	char a[UNIT_SIZE], b[UNIT_SIZE], c[UNIT_SIZE];

	text_out_put(out, "%s waited for %s %s of %s", r->who[0] ? r->who : "an online pod", what,
		     percent(r->observed, a), duration(r->for_us, b));
	if (r->usual_permille > 0)
		text_out_put(out, " over its usual %s", percent(r->usual_permille, c));
	text_out_put(out, ", more than %s", percent(r->limit, c));
}

/* "no limit", or so many CPUs. */
static const char *cpu_limit(uint64_t milli, char *buf)
{
	if (milli != KNOB_VALUE_MAX)
		return reason_text_cpus(milli, buf);
	(void)snprintf(buf, UNIT_SIZE, "none");
	return buf;
}

static void burst_text(struct text_out *out, const struct reason *r)
{
	char a[UNIT_SIZE], b[UNIT_SIZE];

	switch (r->code) {
	case REASON_BURST:
		text_out_put(out,
			     "it may save up %s of its CPU limit of %s and use it later on top",
			     percent(r->limit, a), reason_text_cpus(r->observed, b));
		break;
	case REASON_BURST_RESIZE:
		text_out_put(out,
			     "no burst while its CPU limit in force (%s) is not the one of its "
			     "spec (%s): the kernel would refuse the kubelet a lower one",
			     cpu_limit(r->observed, a), cpu_limit(r->limit, b));
		break;
	case REASON_BURST_HELD:
		text_out_put(out, "no burst while its CPU time is held");
		break;
	case REASON_BURST_NO_QUOTA:
		text_out_put(out, "no burst: the pod as a whole has no CPU limit (one of its "
				  "containers has none)");
		break;
	default:
		break;
	}
}

static void memory_text(struct text_out *out, const struct reason *r)
{
	char a[UNIT_SIZE], b[UNIT_SIZE], c[UNIT_SIZE];

	switch (r->code) {
	case REASON_MEMORY_REQUEST:
		text_out_put(out, "it requested %s of memory", bytes(r->observed, a));
		break;
	case REASON_MEMORY_FIXED:
		text_out_put(out, "the policy gives its level %s of memory", bytes(r->limit, a));
		break;
	case REASON_MEMORY_CHILDREN:
		text_out_put(out, "it covers the %s promised to %" PRIu64 " %s below it",
			     bytes(r->observed, a), r->extra, pods(r->extra));
		add_who(out, ", such as ", r);
		break;
	case REASON_MEMORY_BOUND:
		text_out_put(out, "%s were wanted, but this node can promise only %s",
			     bytes(r->observed, a), bytes(r->limit, b));
		break;
	case REASON_MEMORY_OF_LIMIT:
		text_out_put(out, "%s of its memory limit %s", percent(r->limit, a),
			     bytes(r->observed, b));
		break;
	case REASON_MEMORY_OF_NODE:
		text_out_put(
			out,
			"%s of the %s that pods may use on this node, as it has no limit of its own",
			percent(r->limit, a), bytes(r->observed, b));
		break;
	case REASON_MEMORY_HEADROOM:
		text_out_put(out, "its memory request %s and %s of what is left up to %s",
			     bytes(r->observed, a), percent(r->limit, b), bytes(r->extra, c));
		break;
	case REASON_MEMORY_SYSTEM:
		text_out_put(
			out,
			"the node cannot work without it: up to %s of its memory are protected",
			bytes(r->limit, a));
		break;
	case REASON_EASED:
		text_out_put(out,
			     "the kernel could not reclaim it down to %s: it may use up to %s, "
			     "and is tried again in %s",
			     bytes(r->limit, a), bytes(r->observed, b), duration(r->for_us, c));
		break;
	default:
		break;
	}
}

/* What an online pod is spared, and whom the kernel takes. */
static void mercy_text(struct text_out *out, const struct reason *r)
{
	char a[UNIT_SIZE], b[UNIT_SIZE], c[UNIT_SIZE];

	switch (r->code) {
	case REASON_MEMORY_LIFT:
		text_out_put(
			out,
			"it stood still %s of %s by its memory.high: raised from the %s that the "
			"policy asks for, as an online pod must not crawl because of colod",
			percent(r->observed, a), duration(r->for_us, b), bytes(r->limit, c));
		break;
	case REASON_MEMORY_LIFTED:
		text_out_put(
			out,
			"the policy asks for %s, which was raised because the pod used more or "
			"stood still by it, and stays so for as long as the pod lives",
			bytes(r->limit, a));
		break;
	case REASON_OOM_FIRST:
		text_out_put(
			out,
			"its level goes first when memory ends: the kernel takes its processes "
			"before others, but for those that set a score themselves");
		break;
	case REASON_OOM_WHOLE:
		text_out_put(out, "its level goes first when memory ends: the kernel then ends the "
				  "pod as a whole, and not a part that the rest waits for");
		break;
	default:
		break;
	}
}

static const char *resource_word(uint64_t resource)
{
	return resource == RESOURCE_MEMORY ? "memory" : resource == RESOURCE_IO ? "IO" : "CPU";
}

static void hold_text(struct text_out *out, const struct reason *r)
{
	char a[UNIT_SIZE], b[UNIT_SIZE], c[UNIT_SIZE], d[UNIT_SIZE];

	switch (r->code) {
	case REASON_SQUEEZE:
	case REASON_SQUEEZE_FLOOR:
		reason_text_waited(out, r, "CPU");
		text_out_put(out, ": ");
		if (r->code == REASON_SQUEEZE)
			text_out_put(out, "offline work may use %s of the node",
				     percent(r->extra, d));
		else
			text_out_put(out, "offline work keeps its floor, %s of the node",
				     percent(r->extra, d));
		break;
	case REASON_CALIBRATE:
		text_out_put(out,
			     "offline work keeps to its floor for %s, %s of the node, to see what "
			     "online pods wait then",
			     duration(r->for_us, a), percent(r->extra, b));
		break;
	case REASON_RELEASED:
		if (r->for_us > 0)
			text_out_put(out,
				     r->extra == RESOURCE_MEMORY
					     ? "memory was not short for %s: the hold ends"
				     : r->extra == RESOURCE_IO
					     ? "no online pod waited for IO for %s: the hold ends"
					     : "no online pod waited for CPU for %s: the hold ends",
				     duration(r->for_us, a));
		else
			text_out_put(out, "the hold ends: nothing asks for it any more");
		break;
	case REASON_INEFFECTIVE:
		text_out_put(
			out,
			"%s still waits for %s %s of the time, %s before: holding offline work "
			"did not help it, so the hold ends, and is not tried for it for %s",
			r->who[0] ? r->who : "an online pod", resource_word(r->extra),
			percent(r->observed, a), percent(r->limit, b), duration(r->for_us, c));
		break;
	case REASON_GAP:
		text_out_put(out,
			     "colod did not run for %s (the machine slept, or colod was stopped): "
			     "every hold ends, and is earned again from new measurements",
			     duration(r->for_us, a));
		break;
	default:
		break;
	}
}

static void other_text(struct text_out *out, const struct reason *r)
{
	switch (r->code) {
	case REASON_IO_LEVEL:
		text_out_put(out, "its level has the IO weight %" PRIu64, r->limit);
		break;
	case REASON_IO_CLASS:
		text_out_put(out,
			     "the highest IO weight of the %" PRIu64 " %s below it is %" PRIu64,
			     r->extra, pods(r->extra), r->limit);
		add_who(out, ", such as ", r);
		break;
	case REASON_NOT_PLANNED:
		text_out_put(out,
			     "no rule asks for another value any more: the original comes back");
		break;
	case REASON_MODE:
		text_out_put(out, "the mode does not allow it any more: the original comes back");
		break;
	case REASON_STOP:
		text_out_put(out, "colod stops: the original comes back");
		break;
	default:
		break;
	}
}

const char *reason_text(const struct reason *reason, const struct policy *policy, char *buf,
			size_t size)
{
	struct text_out out = {.buf = buf, .size = size};

	if (size == 0)
		return buf;
	buf[0] = '\0';
	cpu_text(&out, reason);
	burst_text(&out, reason);
	memory_text(&out, reason);
	mercy_text(&out, reason);
	reason_text_batch(&out, reason);
	reason_text_sched(&out, reason);
	reason_text_memory(&out, reason);
	hold_text(&out, reason);
	reason_text_io(&out, reason);
	reason_text_net(&out, reason);
	reason_text_cores(&out, reason);
	reason_text_freeze(&out, reason);
	reason_text_manual(&out, reason);
	other_text(&out, reason);
	if (out.len == 0)
		text_out_put(&out, "no reason was recorded");
	else
		add_origin(&out, reason, policy);
	return buf;
}

static void add_match(struct text_out *out, const struct match *m)
{
	if ((unsigned)m->kind >= MATCH_KIND_COUNT)
		return;
	text_out_put(out, "%s: ", rule_match_name(m->kind));
	if (m->kind == MATCH_QOS)
		text_out_put(out, "%s", names_qos(m->qos));
	else if (m->kind == MATCH_STATIC)
		text_out_put(out, "%s", m->flag ? "true" : "false");
	else if (m->kind == MATCH_RUNTIME)
		text_out_put(out, "%s", names_runtime(m->runtime));
	else if (m->key)
		text_out_put(out, "%s%s%s", m->key, m->pattern ? "=" : "",
			     m->pattern ? m->pattern : "");
	else
		text_out_put(out, "%s", m->pattern ? m->pattern : "any");
}

const char *reason_text_match(const struct match *match, char *buf, size_t size)
{
	struct text_out out = {.buf = buf, .size = size};

	if (size > 0)
		buf[0] = '\0';
	if (size > 0)
		add_match(&out, match);
	return buf;
}

const char *reason_text_rule(const struct policy *policy, int rule, char *buf, size_t size)
{
	struct text_out out = {.buf = buf, .size = size};
	const struct assign_rule *r;
	char place[96];

	if (size == 0)
		return buf;
	buf[0] = '\0';
	if (!rule_place(policy, rule, "", place, sizeof(place))) {
		text_out_put(&out, "no rule matches");
		return buf;
	}
	r = &policy->rules[rule];
	if (r->from_value)
		text_out_put(&out, "the level it names itself, by %s", place);
	else
		text_out_put(&out, "%s by %s", names_level(r->level), place);
	for (size_t i = 0; i < r->n_matches; i++) {
		text_out_put(&out, "%s", i == 0 ? " (" : ", ");
		add_match(&out, &r->matches[i]);
	}
	if (r->n_matches > 0)
		text_out_put(&out, ")");
	return buf;
}
