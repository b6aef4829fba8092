// SPDX-License-Identifier: LGPL-2.1-or-later
// An online pod "shop/web" that an indicator (mean of cpu.some over 10 s, at most 10 %) is about, and an offline one beside it.
#pragma once

#include "policy/sli.h"
#include "tests/lib/fake.h"

struct sli_case {
	struct fake f;
	struct pod *web, *hog;
	struct scores scores; /* of nobody */
	struct policy *policy;
	struct sli_watch watch;
	struct sli_look look;
};

void sli_case_open(struct sli_case *c);
void sli_case_close(struct sli_case *c);

/* One look. */
void sli_case_step(struct sli_case *c);

/* Of web, by its first indicator. */
const struct sli_now *sli_case_now(const struct sli_case *c);

/* That one thing was told in the last look, of web, and how. */
void sli_case_says(const struct sli_case *c, const char *want);
