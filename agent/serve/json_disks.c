// SPDX-License-Identifier: LGPL-2.1-or-later
// The disks of the "doctor" section: what weighs there, what they do, and what they were seen to be able to do.
#include "agent/serve/json_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/disk_use.h"
#include "policy/io_hold.h"

static const char *const directions[DISK_DIRECTIONS] = {"read", "write"};

/* null: not measured in the last second. */
static void window(struct json_put *put, cJSON *disk, const struct disk_window *w)
{
	cJSON *object;

	if (!w || w->span_us == 0) {
		json_put_null(put, disk, "now");
		return;
	}
	object = json_put_object(put, disk, "now");
	json_put_u64(put, object, "busy_permille", w->busy_permille);
	json_put_u64(put, object, "queue_milli", w->queue_milli);
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		cJSON *of = json_put_object(put, object, directions[d]);

		json_put_u64(put, of, "bytes_per_s", w->bytes_per_s[d]);
		json_put_u64(put, of, "requests_per_s", w->requests_per_s[d]);
		json_put_u64(put, of, "waited_us", w->waited_us[d]);
	}
}

/* null: it was not seen to be loaded in this way for long enough. */
static void ability(struct json_put *put, cJSON *object, const char *key,
		    const struct disk_use *use, enum disk_ability what)
{
	uint64_t per_s;

	if (use && disk_use_ability(use, what, &per_s) == 0)
		json_put_u64(put, object, key, per_s);
	else
		json_put_null(put, object, key);
}

static void use(struct json_put *put, cJSON *disk, const struct disk_use *use)
{
	cJSON *object;

	window(put, disk, use ? &use->window : NULL);
	object = json_put_object(put, disk, "can");
	ability(put, object, "read_bytes_per_s", use, DISK_READ_BYTES);
	ability(put, object, "read_requests_per_s", use, DISK_READ_REQUESTS);
	ability(put, object, "write_bytes_per_s", use, DISK_WRITE_BYTES);
	ability(put, object, "write_requests_per_s", use, DISK_WRITE_REQUESTS);
}

/* null: not bounded. */
static void bound(struct json_put *put, cJSON *disk, const struct io_hold *hold,
		  enum disk_direction direction)
{
	const struct io_bound *b = &hold->of[direction];
	cJSON *object;

	if (b->permille == 0) {
		json_put_null(put, disk, directions[direction]);
		return;
	}
	object = json_put_object(put, disk, directions[direction]);
	json_put_u64(put, object, "permille", b->permille);
	json_put_u64(put, object, "floor_permille", b->floor_permille);
	if (b->bytes_per_s > 0)
		json_put_u64(put, object, "bytes_per_s", io_hold_bytes(hold, direction));
	else
		json_put_null(put, object, "bytes_per_s");
	if (b->requests_per_s > 0)
		json_put_u64(put, object, "requests_per_s", io_hold_requests(hold, direction));
	else
		json_put_null(put, object, "requests_per_s");
}

static const char *name_of(const struct model *model, const struct io_hold *hold)
{
	const struct disk *disk = model ? disk_use_disk(&model->disks, hold->major, hold->minor)
					: NULL;

	return disk ? disk->name : NULL;
}

void json_io_holds(struct json_view *view, cJSON *ladder)
{
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, ladder, "disks");

	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		const struct io_hold *hold = &view->snapshot->ladders->io.of[i];
		cJSON *object;
		char number[32];

		if (!io_hold_is_on(hold))
			continue;
		object = json_put_object(put, array, NULL);
		(void)snprintf(number, sizeof(number), "%" PRIu32 ":%" PRIu32, hold->major,
			       hold->minor);
		json_put_text(put, object, "number", number);
		json_put_text(put, object, "name", name_of(view->snapshot->model, hold));
		bound(put, object, hold, DISK_READ);
		bound(put, object, hold, DISK_WRITE);
	}
}

/* Where IO waits, and whether weights mean anything there. */
void json_disks(struct json_view *view, cJSON *doctor)
{
	const struct model *model = view->snapshot->model;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doctor, "disks");

	for (uint32_t i = 0; model && i < model->disks.n; i++) {
		const struct disk *d = &model->disks.list[i];
		cJSON *object = json_put_object(put, array, NULL);
		char number[32];

		(void)snprintf(number, sizeof(number), "%" PRIu32 ":%" PRIu32, d->major, d->minor);
		json_put_text(put, object, "name", d->name);
		json_put_text(put, object, "number", number);
		json_put_text(put, object, "scheduler", d->scheduler);
		json_put_bool(put, object, "rotational", d->rotational);
		json_put_bool(put, object, "iocost", d->iocost);
		json_put_bool(put, object, "bfq", d->bfq);
		use(put, object,
		    view->snapshot->disk_uses ? disk_use_of(view->snapshot->disk_uses, d) : NULL);
	}
	json_put_u64(put, doctor, "n_disks_left_out", model ? model->disks.left_out : 0);
}
