// SPDX-License-Identifier: LGPL-2.1-or-later
// The object "evict" of the status. Functions: json_view.h.
#include "agent/serve/json_view.h"

/* CLOCK_BOOTTIME; null: none. */
static void put_time(struct json_put *put, cJSON *object, const char *key, int64_t us)
{
	if (us > 0)
		json_put_i64(put, object, key, us);
	else
		json_put_null(put, object, key);
}

void json_evict_section(struct json_view *view, cJSON *status)
{
	const struct status_evict *e = &view->snapshot->status->evict;
	const struct policy *policy = view->snapshot->policy;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, status, "evict");

	json_put_bool(put, object, "on", e->on);
	json_put_text(put, object, "why_nobody", e->why);
	put_time(put, object, "until_us", e->until_us);
	json_put_u64(put, object, "pending", e->pending);
	json_put_u64(put, object, "evictions", e->evictions);
	json_put_u64(put, object, "in_hour", e->in_hour);
	json_put_u64(put, object, "per_hour", policy ? policy->evict.per_hour : 0);
	json_put_text(put, object, "off", e->off);
	json_put_bool(put, object, "doubt", e->doubt);
	put_time(put, object, "cool_until_us", e->cool_until_us);
	json_put_bool(put, object, "taint", e->taint_up);
}
