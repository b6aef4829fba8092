// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences about own cores and siblings; see reason_text.h.
#include "policy/reason_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "colod/knob.h"
#include "policy/knob.h"

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void given_text(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE];

	switch (r->code) {
	case REASON_CORES_OWN:
		text_out_put(out,
			     "it has whole cores of its own, %" PRIu64
			     " CPU%s, for its request of %s",
			     r->limit, plural(r->limit), reason_text_cpus(r->observed, a));
		if (r->extra)
			text_out_put(out,
				     "; this kernel cannot keep other online pods off them, colod "
				     "keeps offline work off");
		break;
	case REASON_CORES_CLASS:
		text_out_put(out,
			     "it may hand on %" PRIu64 " CPU%s to pods below it that own cores",
			     r->observed, plural(r->observed));
		break;
	case REASON_CORES_OFFLINE:
		text_out_put(out,
			     "offline work is kept off %" PRIu64
			     " CPU%s that online pods own, and may use"
			     " %" PRIu64,
			     r->observed, plural(r->observed), r->limit);
		break;
	case REASON_SMT_OFFLINE:
		text_out_put(out,
			     "offline work is kept off %" PRIu64
			     " CPU%s, such as those that share a core "
			     "with the CPUs of %s, and may use %" PRIu64,
			     r->observed, plural(r->observed), r->who, r->limit);
		break;
	case REASON_SMT_AVOIDED:
		text_out_put(out,
			     "it is pinned to %" PRIu64
			     " CPU%s: offline work is kept off the %" PRIu64
			     " that share%s a core with them",
			     r->limit, plural(r->limit), r->observed, r->observed == 1 ? "s" : "");
		break;
	default:
		break;
	}
}

/* Why not, as far as the node is the reason. */
static void node_text(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE];

	switch (r->code) {
	case REASON_CORES_IDS:
		text_out_put(out,
			     "no cores of its own: this node has a CPU %" PRIu64
			     ", and colod handles "
			     "CPUs up to %" PRIu64 " only",
			     r->observed, r->limit);
		break;
	case REASON_CORES_STATIC:
		text_out_put(
			out,
			"no cores of its own from colod: the kubelet's static CPU manager gives "
			"CPUs on this node. Set cpuManagerPolicy: none there, or cores: shared here");
		break;
	case REASON_CORES_UNSURE:
		text_out_put(out, "no cores of its own: the kubelet's cpu_manager_state cannot be "
				  "understood, and its CPU manager may give CPUs itself");
		break;
	case REASON_CORES_WAITS:
		text_out_put(
			out,
			"no cores of its own yet: it is not known what %s requests, and that has to "
			"fit on what is left",
			r->who);
		break;
	case REASON_CORES_FREE:
		text_out_put(out,
			     "no cores of its own: it asks for %" PRIu64
			     " CPU%s on whole cores, and %" PRIu64 " on such cores %s free",
			     r->limit, plural(r->limit), r->observed,
			     r->observed == 1 ? "is" : "are");
		break;
	case REASON_CORES_ROOM:
		text_out_put(
			out,
			"no cores of its own: they would leave %s to all others, who need %s and a "
			"whole core at least",
			reason_text_cpus(r->observed, a), reason_text_cpus(r->limit, b));
		break;
	default:
		break;
	}
}

/* And as far as the pod is. */
static void pod_text(struct text_out *out, const struct reason *r)
{
	struct knob_value partition = knob_value_of(r->extra);
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE];
	const char *why;

	switch (r->code) {
	case REASON_CORES_REQUEST:
		text_out_put(out, "no cores of its own: its CPU request is not known");
		break;
	case REASON_CORES_SMALL:
		text_out_put(out, "no cores of its own: it requests %s, less than %s",
			     reason_text_cpus(r->observed, a), reason_text_cpus(r->limit, b));
		break;
	case REASON_CORES_LIMIT:
		text_out_put(
			out,
			"no cores of its own: its limit is %s, and cores for its request would hold it "
			"back at %s. Make the limit equal to the request",
			r->observed == KNOB_VALUE_MAX ? "not set"
						      : reason_text_cpus(r->observed, a),
			reason_text_cpus(r->limit, b));
		break;
	case REASON_CORES_NO_CPUSET:
		text_out_put(
			out,
			"no cores of its own: it has no cpuset files, its parent does not hand "
			"that controller down");
		break;
	case REASON_CORES_FOREIGN:
		text_out_put(out,
			     "no cores of its own: somebody else has set which CPUs /%s may use",
			     r->who);
		break;
	case REASON_CORES_UNREAD:
		text_out_put(out, "no cores of its own: who else has set its CPUs cannot be read");
		break;
	case REASON_CORES_ENDING:
		text_out_put(out, "no cores of its own: it ends");
		break;
	case REASON_CORES_KERNEL:
		why = knob_partition_why(&partition);
		text_out_put(
			out,
			"no cores of its own: the kernel does not grant them (%s). They are tried again "
			"after ten minutes",
			why ? why : "no reason given");
		break;
	default:
		break;
	}
}

static void smt_text(struct text_out *out, const struct reason *r)
{
	switch (r->code) {
	case REASON_SMT_NOT_PINNED:
		text_out_put(
			out,
			"smt: avoid-offline does nothing for it: nobody has pinned it to CPUs");
		break;
	case REASON_SMT_NO_SIBLING:
		text_out_put(
			out,
			"smt: avoid-offline does nothing for it: nothing shares a core with the %" PRIu64
			" CPU%s that it is pinned to",
			r->limit, plural(r->limit));
		break;
	case REASON_SMT_ROOM:
		text_out_put(out,
			     "offline work is not kept off the %" PRIu64
			     " CPU%s that share%s a core with "
			     "its own: no whole core would be left to it",
			     r->observed, plural(r->observed), r->observed == 1 ? "s" : "");
		break;
	default:
		break;
	}
}

void reason_text_cores(struct text_out *out, const struct reason *reason)
{
	given_text(out, reason);
	node_text(out, reason);
	pod_text(out, reason);
	smt_text(out, reason);
}
