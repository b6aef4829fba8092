// SPDX-License-Identifier: LGPL-2.1-or-later
// What was answered, for people. See evict.h.
#include "policy/evict.h"

const char *evict_text_answer(enum evict_answer answer)
{
	static const char *const texts[EVICT_ANSWER_COUNT] = {
		[EVICT_ANSWER_NONE] = "no answer yet",
		[EVICT_ANSWER_ACCEPTED] = "accepted: the pod is being deleted",
		[EVICT_ANSWER_GONE] = "the pod is gone",
		[EVICT_ANSWER_CONFLICT] = "somebody changed the pod meanwhile",
		[EVICT_ANSWER_BUDGET] = "its PodDisruptionBudget keeps it",
		[EVICT_ANSWER_BUSY] = "there is no time for it now",
		[EVICT_ANSWER_FORBIDDEN] = "colod may not evict",
		[EVICT_ANSWER_REFUSED] = "the API server refuses it",
		[EVICT_ANSWER_UNREACHABLE] = "the API server cannot be reached",
		[EVICT_ANSWER_UNTRUSTED] = "the API server's certificate is not trusted",
		[EVICT_ANSWER_UNKNOWN] = "no whole answer came",
	};

	return (unsigned)answer < EVICT_ANSWER_COUNT ? texts[answer] : "?";
}
