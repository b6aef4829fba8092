// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_io.h.
#include "policy/record_io.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "policy/disk_use.h"
#include "policy/record_names.h"
#include "policy/record_words.h"

#define PARTS 4

static void put_parts(struct record_buf *buf, const uint64_t a[DISK_DIRECTIONS],
		      const uint64_t b[DISK_DIRECTIONS])
{
	record_put(buf, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, a[DISK_READ], a[DISK_WRITE],
		   b[DISK_READ], b[DISK_WRITE]);
}

static int get_parts(struct record_line word, uint64_t ret_parts[PARTS])
{
	for (int i = 0; i < PARTS; i++) {
		struct record_line part = word;

		if ((i < PARTS - 1 && !record_take(&word, ',', &part)) ||
		    record_get_u64(&part, UINT64_MAX, &ret_parts[i]) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int get_key_parts(struct record_line *line, const char *key, uint64_t ret_parts[PARTS])
{
	struct record_line word;

	return record_words_key(line, key, &word) < 0 ? -EBADMSG : get_parts(word, ret_parts);
}

/* "8:0", and *word goes on behind a colon; `last`: there is nothing behind it. */
static int get_number(struct record_line *word, bool last, uint32_t *ret_major, uint32_t *ret_minor)
{
	struct record_line major, minor;
	uint64_t a = 0, b = 0;

	if (!record_take(word, ':', &major) || (!last && !record_take(word, ':', &minor)))
		return -EBADMSG;
	if (last)
		minor = *word;
	if (record_get_u64(&major, UINT32_MAX, &a) < 0 ||
	    record_get_u64(&minor, UINT32_MAX, &b) < 0)
		return -EBADMSG;
	*ret_major = (uint32_t)a;
	*ret_minor = (uint32_t)b;
	return 0;
}

void record_io_put_disks(struct record_buf *buf, const struct disks *disks)
{
	record_put(buf, "disks");
	for (uint32_t i = 0; i < disks->n; i++) {
		const struct disk *d = &disks->list[i];

		record_put(buf, " %" PRIu32 ":%" PRIu32 ":", d->major, d->minor);
		record_put_word(buf, d->name);
		if (d->swap)
			record_put(buf, ":swap");
	}
	record_put_bytes(buf, "\n", 1);
}

static int get_disk(struct record_line word, struct disk *ret_disk)
{
	struct disk disk = {0};
	struct record_line name;

	if (get_number(&word, false, &disk.major, &disk.minor) < 0)
		return -EBADMSG;
	disk.swap = record_take(&word, ':', &name);
	if (!disk.swap)
		name = word;
	else if (!record_is(&word, "swap"))
		return -EBADMSG;
	if (record_get_word(&name, disk.name, sizeof(disk.name)) < 0)
		return -EBADMSG;
	*ret_disk = disk;
	return 0;
}

int record_io_get_disks(struct record_line *line, struct disks *disks, struct disk_uses *uses)
{
	struct record_line word;

	memset(disks, 0, sizeof(*disks));
	uses->n = 0;
	while (record_next(line, &word)) {
		if (disks->n == DISKS_MAX || get_disk(word, &disks->list[disks->n]) < 0)
			return -EBADMSG;
		disks->n++;
	}
	return line->len > 0 ? -EBADMSG : 0;
}

void record_io_put_uses(struct record_buf *buf, const struct disk_uses *uses)
{
	for (uint32_t i = 0; i < uses->n; i++) {
		const struct disk_use *u = &uses->list[i];

		record_put(buf,
			   "disk %" PRIu32 ":%" PRIu32 " span=%" PRIu64 " busy=%" PRIu32 " now=",
			   u->major, u->minor, u->window.span_us, u->window.busy_permille);
		put_parts(buf, u->window.bytes_per_s, u->window.requests_per_s);
		record_put(buf, " can=");
		for (int k = 0; k < DISK_ABILITIES; k++) {
			uint64_t can = 0;

			(void)disk_use_ability(u, (enum disk_ability)k, &can);
			record_put(buf, "%s%" PRIu64, k ? "," : "", can);
		}
		record_put_bytes(buf, "\n", 1);
	}
}

static struct disk_use *use_of(struct disk_uses *uses, uint32_t major, uint32_t minor)
{
	for (uint32_t i = 0; i < uses->n; i++)
		if (uses->list[i].major == major && uses->list[i].minor == minor)
			return &uses->list[i];
	return uses->n < DISKS_MAX ? &uses->list[uses->n++] : NULL;
}

int record_io_get_use(struct record_line *line, struct disk_uses *uses)
{
	uint64_t span = 0, busy = 0, now[PARTS], can[PARTS];
	struct disk_use *u, use = {0};
	struct record_line word;

	if (!record_next(line, &word) || get_number(&word, true, &use.major, &use.minor) < 0 ||
	    record_words_number(line, "span", UINT64_MAX, &span) < 0 ||
	    record_words_number(line, "busy", UINT32_MAX, &busy) < 0 ||
	    get_key_parts(line, "now", now) < 0 || get_key_parts(line, "can", can) < 0 ||
	    line->len > 0)
		return -EBADMSG;
	use.window.span_us = span;
	use.window.busy_permille = (uint32_t)busy;
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		use.window.bytes_per_s[d] = now[d];
		use.window.requests_per_s[d] = now[DISK_DIRECTIONS + d];
	}
	/* As many seconds as make it known. */
	for (int k = 0; k < DISK_ABILITIES; k++) {
		use.seen[k].n = can[k] > 0 ? DISK_USE_SECONDS_MIN : 0;
		for (uint32_t i = 0; i < use.seen[k].n; i++)
			use.seen[k].per_s[i] = can[k];
	}
	u = use_of(uses, use.major, use.minor);
	if (!u)
		return -EBADMSG;
	*u = use;
	return 0;
}

void record_io_put_pod(struct record_buf *buf, uint32_t slot, const struct pod_disks *disks,
		       int64_t now_us)
{
	if (disks->at_us == 0) {
		record_put(buf, "io %" PRIu32 " -\n", slot);
		return;
	}
	record_put(buf, "io %" PRIu32 " %" PRId64, slot, now_us - disks->at_us);
	for (uint32_t i = 0; i < disks->n; i++) {
		const struct pod_disk *d = &disks->list[i];

		record_put(buf, " %" PRIu32 ":%" PRIu32 ":", d->major, d->minor);
		put_parts(buf, d->bytes_per_s, d->requests_per_s);
		record_put(buf, ":%" PRId64 "%s", now_us - d->used_us,
			   d->bounded ? ":bounded" : "");
	}
	record_put_bytes(buf, "\n", 1);
}

static int get_pod_disk(struct record_line word, int64_t now_us, struct pod_disk *ret_disk)
{
	struct pod_disk disk = {0};
	struct record_line parts, used;
	uint64_t now[PARTS];
	int64_t age_us = 0;

	if (get_number(&word, false, &disk.major, &disk.minor) < 0 ||
	    !record_take(&word, ':', &parts) || get_parts(parts, now) < 0)
		return -EBADMSG;
	disk.bounded = record_take(&word, ':', &used);
	if (!disk.bounded)
		used = word;
	else if (!record_is(&word, "bounded"))
		return -EBADMSG;
	if (record_get_i64(&used, &age_us) < 0 ||
	    __builtin_sub_overflow(now_us, age_us, &disk.used_us))
		return -EBADMSG;
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		disk.bytes_per_s[d] = now[d];
		disk.requests_per_s[d] = now[DISK_DIRECTIONS + d];
	}
	*ret_disk = disk;
	return 0;
}

int record_io_get_pod(struct record_line *line, struct pod_disks *disks, int64_t now_us)
{
	struct pod_disks got = {0};
	struct record_line word;
	int64_t age_us = 0;

	if (!record_next(line, &word))
		return -EBADMSG;
	if (!record_is(&word, "-")) {
		if (record_get_i64(&word, &age_us) < 0 ||
		    __builtin_sub_overflow(now_us, age_us, &got.at_us))
			return -EBADMSG;
		while (record_next(line, &word)) {
			if (got.n == POD_DISKS_MAX ||
			    get_pod_disk(word, now_us, &got.list[got.n]) < 0)
				return -EBADMSG;
			got.n++;
		}
	}
	if (line->len > 0)
		return -EBADMSG;
	*disks = got;
	return 0;
}

/* --- holds --------------------------------------------------------------------------------------- */

static const char *const directions[DISK_DIRECTIONS] = {"read", "write"};

/* " read=PERMILLE,FLOOR,MARK,BEFORE,PROBE,BYTES,REQUESTS,SINCE,PROBE-AT,SLACK,WORSE,REST"; nothing where all is 0. */
static void put_bound(struct record_buf *buf, int direction, const struct io_bound *b)
{
	static const struct io_bound none;

	if (memcmp(b, &none, sizeof(none)) == 0)
		return;
	record_put(buf,
		   " %s=%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64
		   ",%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64,
		   directions[direction], b->permille, b->floor_permille, b->mark_permille,
		   b->before_permille, b->probe_s, b->bytes_per_s, b->requests_per_s, b->since_us,
		   b->probe_us, b->slack_us, b->worse_us, b->rest_us);
}

static int get_bound(struct record_line word, struct io_bound *ret_bound)
{
	struct io_bound b = {0};
	uint32_t *const small[] = {&b.permille, &b.floor_permille, &b.mark_permille,
				   &b.before_permille, &b.probe_s};
	uint64_t *const large[] = {&b.bytes_per_s, &b.requests_per_s};
	int64_t *const times[] = {&b.since_us, &b.probe_us, &b.slack_us, &b.worse_us, &b.rest_us};

	for (int i = 0; i < 12; i++) {
		struct record_line part = word;
		uint64_t value = 0;

		if (i < 11 && !record_take(&word, ',', &part))
			return -EBADMSG;
		if (i >= 7) {
			if (record_get_i64(&part, times[i - 7]) < 0)
				return -EBADMSG;
		} else if (record_get_u64(&part, i < 5 ? UINT32_MAX : UINT64_MAX, &value) < 0) {
			return -EBADMSG;
		} else if (i < 5) {
			*small[i] = (uint32_t)value;
		} else {
			*large[i - 5] = value;
		}
	}
	*ret_bound = b;
	return 0;
}

void record_io_put_hold(struct record_buf *buf, const struct io_hold *h,
			const struct record_names *names)
{
	record_put(buf,
		   " %" PRIu32 ":%" PRIu32 " pressure=%" PRId64 " online=%" PRId64 " cut=%" PRId64
		   " grown=%" PRId64,
		   h->major, h->minor, h->pressure_us, h->online_us, h->cut_us, h->grown_us);
	if (h->spent_us != 0)
		record_put(buf, " spent=%" PRId64, h->spent_us);
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		put_bound(buf, d, &h->of[d]);
	record_words_put_reason(buf, &h->reason, names);
}

void record_io_put_holds(struct record_buf *buf, const struct io_holds *holds,
			 const struct record_names *names)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		record_put(buf, "hold %d", i);
		record_io_put_hold(buf, &holds->of[i], names);
		record_put_bytes(buf, "\n", 1);
	}
}

static int get_time(struct record_line *line, const char *key, int64_t *ret_us)
{
	struct record_line value;
	int r = record_words_key(line, key, &value);

	return r < 0 ? r : record_get_i64(&value, ret_us);
}

int record_io_get_hold(struct record_line *line, struct io_holds *holds)
{
	struct io_hold h = {0};
	struct record_line word, before;
	uint64_t place = 0;

	if (!record_next(line, &word) || record_get_u64(&word, KNOB_IO_MAX_DISKS - 1, &place) < 0 ||
	    !record_next(line, &word) || get_number(&word, true, &h.major, &h.minor) < 0 ||
	    get_time(line, "pressure", &h.pressure_us) < 0 ||
	    get_time(line, "online", &h.online_us) < 0 || get_time(line, "cut", &h.cut_us) < 0 ||
	    get_time(line, "grown", &h.grown_us) < 0)
		return -EBADMSG;
	before = *line;
	if (get_time(line, "spent", &h.spent_us) < 0)
		*line = before;
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		before = *line;
		if (record_words_key(line, directions[d], &word) < 0)
			*line = before;
		else if (get_bound(word, &h.of[d]) < 0)
			return -EBADMSG;
	}
	if (record_words_get_reason(line, &h.reason) < 0 || line->len > 0)
		return -EBADMSG;
	holds->of[place] = h;
	return 0;
}
