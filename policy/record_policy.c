// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_policy.h.
#include "policy/record_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"

/* A line of a policy is cut into parts of this many bytes, so that no line of a record is long. */
#define PART_BYTES 1000

void record_policy_put_source(struct record_buf *buf, const char *name, const char *text,
			      size_t len)
{
	record_put(buf, "source ");
	record_put_word(buf, name);
	record_put_bytes(buf, "\n", 1);
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - (text + at)) : len - at;
		size_t part = line < PART_BYTES ? line : PART_BYTES;
		bool whole = end && part == line;

		record_put(buf, whole ? "y " : "Y ");
		record_put_rest(buf, text + at, part);
		record_put_bytes(buf, "\n", 1);
		at += part + whole;
	}
}

int record_policy_begin(struct record_policy *p, struct record_line *line)
{
	struct record_line word;
	uint64_t n = 0;

	if (p->open || !record_next(line, &word) ||
	    record_get_u64(&word, POLICY_FILES_MAX, &n) < 0 || line->len > 0)
		return -EBADMSG;
	p->open = true;
	p->wanted = n;
	return 0;
}

/* What was collected becomes the text of the last source. */
static int end_source(struct record_policy *p)
{
	if (p->n == 0)
		return 0;
	record_put_bytes(&p->text, "", 1);
	if (p->text.failed)
		return -ENOMEM;
	p->sources[p->n - 1].text = p->text.text;
	p->sources[p->n - 1].len = p->text.n - 1;
	p->text = (struct record_buf){0};
	return 0;
}

int record_policy_source(struct record_policy *p, struct record_line *line)
{
	struct record_line word;
	char *name = NULL;
	int r;

	if (!p->open || p->n == p->wanted || !record_next(line, &word) || line->len > 0)
		return -EBADMSG;
	r = end_source(p);
	if (r < 0)
		return r;
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct policy_source *grown = reallocarray(p->sources, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		p->sources = grown;
		p->cap = cap;
	}
	r = record_get_text(&word, &name);
	if (r < 0)
		return r;
	if (!name)
		return -EBADMSG;
	p->sources[p->n++] = (struct policy_source){.name = name};
	return 0;
}

int record_policy_text(struct record_policy *p, const struct record_line *line, bool whole)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r;

	if (!p->open || p->n == 0)
		return -EBADMSG;
	r = record_get_rest(line, &text, &len);
	if (r < 0)
		return r;
	record_put_bytes(&p->text, text, len);
	if (whole)
		record_put_bytes(&p->text, "\n", 1);
	if (p->text.failed)
		return -ENOMEM;
	return p->text.n > POLICY_FILE_MAX_BYTES ? -EBADMSG : 0;
}

int record_policy_end(struct record_policy *p, struct diags *diags, struct policy **ret_policy)
{
	int r;

	if (!p->open || p->n != p->wanted)
		return -EBADMSG;
	r = end_source(p);
	if (r < 0)
		return r;
	p->open = false;
	return policy_read(p->sources, p->n, diags, ret_policy);
}

void record_policy_free(struct record_policy *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free((char *)p->sources[i].name);
		free((char *)p->sources[i].text);
	}
	free(p->sources);
	record_buf_free(&p->text);
	*p = (struct record_policy){0};
}
