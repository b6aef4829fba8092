// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of an indicator, see sli.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/names_policy.h"
#include "policy/sli.h"

const char *sli_text(const struct sli_policy *sli, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s of %s over %" PRIu64 " s",
		       names_sli_statistic(sli->statistic), names_sli_sign(sli->sign),
		       sli->window_us / 1000000);
	return buf;
}

const char *sli_cpi_text(uint64_t milli, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%" PRIu64 ".%03" PRIu64, milli / 1000, milli % 1000);
	for (size_t len = strlen(buf); len > 2 && buf[len - 1] == '0' && buf[len - 2] != '.'; len--)
		buf[len - 1] = '\0';
	return buf;
}

const char *sli_value_text(const struct sli_policy *sli, uint32_t permille, char *buf, size_t size)
{
	if (sli->sign == SLI_CPI)
		return sli_cpi_text(permille, buf, size);
	(void)snprintf(buf, size, "%u.%u%s", permille / 10, permille % 10,
		       sli->sign == SLI_SCORE ? "" : " %");
	return buf;
}

const char *sli_why_not(enum sli_sign sign, const struct model *model)
{
	if (!sli_is_measured(sign))
		return "this version does not measure it";
	if (sign != SLI_CPI || model_can(model, CAPABILITY_PERF))
		return NULL;
	if (model->switched_off & 1u << CAPABILITY_PERF)
		return "--without switches counting cycles (perf) off";
	if (model->denied & 1u << CAPABILITY_PERF)
		return "colod may not count cycles: it takes CAP_PERFMON, or CAP_SYS_ADMIN where "
		       "kernel.perf_event_paranoid is 3";
	return "no PMU counts cycles here, as on most virtual machines";
}

/* Why it is over, where no number says so. */
static const char *why_of(enum sli_verdict is)
{
	switch (is) {
	case SLI_OWN:
		return "its own quota or memory limit stalls it";
	case SLI_LEARNING:
	case SLI_UNMEASURED:
		return "it is not measured any more";
	default:
		return "the pod is gone, or the policy says nothing of it any more";
	}
}

const char *sli_event_text(const struct sli_event *e, char *buf, size_t size)
{
	char what[64], value[32], worst[32], bound[32];

	(void)sli_text(&e->of, what, sizeof(what));
	(void)sli_value_text(&e->of, e->value_permille, value, sizeof(value));
	(void)sli_value_text(&e->of, e->worst_permille, worst, sizeof(worst));
	(void)sli_value_text(&e->of, (uint32_t)e->of.bound, bound, sizeof(bound));
	if (e->is == SLI_VIOLATED)
		(void)snprintf(buf, size, "%s is %s, more than %s", what, value, bound);
	else if (e->is == SLI_MET)
		(void)snprintf(buf, size, "%s is %s, at most %s again; it was %s at worst", what,
			       value, bound, worst);
	else
		(void)snprintf(buf, size, "%s: %s; it was %s at worst, more than %s", what,
			       why_of(e->is), worst, bound);
	return buf;
}
