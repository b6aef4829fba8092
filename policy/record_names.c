// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_names.h. SipHash-2-4 with a random key: names are short and guessable, so a plain
// hash of them would be no secret.
#include "policy/record_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/who.h"

/* A pod's name in a record, pseudonyms and all; see who_set(). */
#define POD_TEXT_SIZE 320

static const char *const common[] = {
	"kubepods",
	"kubepods.slice",
	"burstable",
	"besteffort",
	"kubepods-burstable.slice",
	"kubepods-besteffort.slice",
	"system.slice",
	"user.slice",
	"machine.slice",
	"init.scope",
	"kubelet.service",
	"containerd.service",
	"crio.service",
	"docker.service",
	"dockerd",
	"colod.service",
	"container",
	"default",
	"kube-system",
	"kube-public",
	"kube-node-lease",
	"DaemonSet",
	"ReplicaSet",
	"StatefulSet",
	"Job",
	"CronJob",
	"Node",
	"system-*",
	"system-*-critical",
	"system-node-critical",
	"system-cluster-critical",
	"colod.io",
	"level",
	"*",
	"",
};

/* Of the longest first. */
static const char *const prefixes[] = {
	"kubepods-besteffort-pod",
	"kubepods-burstable-pod",
	"kubepods-pod",
	"cri-containerd-",
	"crio-conmon-",
	"crio-",
	"docker-",
	"libpod-",
	"user-",
	"session-",
	"pod",
};

static const char *const suffixes[] = {
	".slice", ".scope", ".service", ".socket", ".mount", ".swap", ".timer",
};

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static uint64_t sip_word(const char *text, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)(unsigned char)text[i] << (8 * i);
	return word;
}

static uint64_t sip_hash(const uint64_t key[2], const char *text, size_t len)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575ull,
		key[1] ^ 0x646f72616e646f6dull,
		key[0] ^ 0x6c7967656e657261ull,
		key[1] ^ 0x7465646279746573ull,
	};
	size_t at = 0;
	uint64_t word;

	for (; len - at >= 8; at += 8) {
		word = sip_word(text + at, 8);
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	word = sip_word(text + at, len - at) | (uint64_t)len << 56;
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

bool record_names_is_common(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strlen(common[i]) == len && memcmp(common[i], text, len) == 0)
			return true;
	return false;
}

static const char *prefix_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		if (len > n && memcmp(prefixes[i], text, n) == 0)
			return prefixes[i];
	}
	return "";
}

static const char *suffix_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && memcmp(suffixes[i], text + len - n, n) == 0)
			return suffixes[i];
	}
	return "";
}

size_t record_names_part(const struct record_names *names, const char *text, size_t len,
			 char buf[RECORD_NAMES_PART_SIZE])
{
	uint64_t hash;

	if (record_names_is_common(text, len) && len < RECORD_NAMES_PART_SIZE) {
		memcpy(buf, text, len);
		buf[len] = '\0';
		return len;
	}
	hash = sip_hash(names->key, text, len);
	(void)snprintf(buf, RECORD_NAMES_PART_SIZE, "%sn%012" PRIx64 "%s", prefix_of(text, len),
		       hash & 0xffffffffffff, suffix_of(text, len));
	return strlen(buf);
}

void record_names_link(const struct record_names *names, const char *text, size_t len,
		       char buf[RECORD_NAMES_LINK_SIZE])
{
	(void)snprintf(buf, RECORD_NAMES_LINK_SIZE, "n%012" PRIx64,
		       sip_hash(names->key, text, len) & 0xffffffffffff);
}

/* The next part of a text that slashes divide; false behind the last. */
static bool next_part(const char **text, size_t *ret_len, bool *ret_more)
{
	if (!*text)
		return false;
	*ret_len = strcspn(*text, "/");
	*ret_more = (*text)[*ret_len] == '/';
	return true;
}

void record_names_put(struct record_buf *buf, const struct record_names *names, const char *text)
{
	char part[RECORD_NAMES_PART_SIZE];
	size_t len;
	bool more;

	if (!names || !text || text[0] == '\0') {
		record_put_word(buf, text);
		return;
	}
	while (next_part(&text, &len, &more)) {
		record_put_bytes(buf, part, record_names_part(names, text, len, part));
		if (more)
			record_put_bytes(buf, "/", 1);
		text = more ? text + len + 1 : NULL;
	}
}

/* Pseudonyms of all parts, as far as they fit. */
static void pod_text(const struct record_names *names, const char *name, char buf[POD_TEXT_SIZE])
{
	char part[RECORD_NAMES_PART_SIZE];
	struct reason cut;
	const char *text = cut.who;
	size_t len, n = 0;
	bool more;

	who_set(&cut, name);
	buf[0] = '\0';
	while (next_part(&text, &len, &more)) {
		size_t add = record_names_part(names, text, len, part);

		if (n + add + 2 > POD_TEXT_SIZE)
			return;
		memcpy(buf + n, part, add + 1);
		n += add;
		if (more)
			memcpy(buf + n++, "/", 2);
		text = more ? text + len + 1 : NULL;
	}
}

void record_names_put_pod(struct record_buf *buf, const struct record_names *names,
			  const char *name)
{
	char text[POD_TEXT_SIZE];

	if (names && name[0] != '\0') {
		pod_text(names, name, text);
		name = text;
	}
	record_put_word(buf, name);
}

struct reason record_names_reason(const struct record_names *names, const struct reason *reason)
{
	struct reason r = *reason;
	char text[POD_TEXT_SIZE];

	if (!names || r.who[0] == '\0')
		return r;
	pod_text(names, reason->who, text);
	who_set(&r, text);
	return r;
}
