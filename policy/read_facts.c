// SPDX-License-Identifier: LGPL-2.1-or-later
// facts: who tells what pods are, and how the kubelet is reached. What is not written stays NULL:
// the agent knows the places where a pod's service account and a node's kubelet keep their things.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "policy/reader.h"

#define PATH_LEN_MAX 4095
#define NAME_LEN_MAX 253 /* RFC 1123 */
#define PORT_MAX 65535

#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."

static int set_text(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int set_from(struct policy *policy, enum facts_source from, const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return -ENOMEM;
	free(policy->facts_path);
	policy->facts_path = copy;
	policy->facts = from;
	return 0;
}

static bool is_path(const char *text)
{
	return text[0] == '/' && text[1] && strlen(text) <= PATH_LEN_MAX;
}

static int read_from(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	static const char *const words[] = {"kubelet", "cgroup", "file:///path"};
	const char *text = reader_scalar(reader, node, key->accepts);
	int word;

	if (!text)
		return 0;
	if (strncmp(text, "file://", 7) == 0) {
		if (is_path(text + 7))
			return set_from(field, FACTS_FILE, text + 7);
		reader_error_at(reader, node, 7, "e.g. file:///var/lib/colod/pods.json",
				"file:// needs an absolute path");
		return 0;
	}
	word = reader_word(reader, node, "a source of facts", words, 3);
	if (word == 0)
		return set_from(field, FACTS_KUBELET, NULL);
	return word == 1 ? set_from(field, FACTS_CGROUP, NULL) : 0;
}

static bool is_host(const char *text, size_t len)
{
	return len > 0 && len <= NAME_LEN_MAX && strspn(text, HOST_CHARS) >= len &&
	       !strchr("-.", text[0]) && text[len - 1] != '-';
}

/* After the host: nothing, ":port", and perhaps the slash that people end an address with. */
static bool is_port_and_end(const char *text)
{
	size_t digits = 0;
	uint32_t port = 0;

	if (*text == ':') {
		for (digits = 1; digits < 6 && text[digits] >= '0' && text[digits] <= '9'; digits++)
			port = port * 10 + (uint32_t)(text[digits] - '0');
		if (port == 0 || port > PORT_MAX)
			return false;
	}
	return strcmp(text + digits, "") == 0 || strcmp(text + digits, "/") == 0;
}

static bool is_address(const char *text)
{
	size_t len;

	if (text[0] == '[') {
		len = strspn(text + 1, "0123456789abcdefABCDEF:.");
		return len > 1 && memchr(text + 1, ':', len) && text[1 + len] == ']' &&
		       is_port_and_end(text + 2 + len);
	}
	len = strcspn(text, ":/");
	return is_host(text, len) && is_port_and_end(text + len);
}

/* Only https: the token goes with every question. Kept without the slash at its end. */
static int read_url(struct reader *reader, const struct reader_key *key,
		    const struct read_node *node, void *field)
{
	static const char hint[] = "e.g. https://127.0.0.1:10250, without a path";
	const char *text = reader_scalar(reader, node, key->accepts);
	int r;

	reader->kubelet = node->mark;
	if (!text)
		return 0;
	if (strncmp(text, "http://", 7) == 0) {
		reader_error(reader, node, hint,
			     "http would show the token to everybody on the way");
		return 0;
	}
	if (strncmp(text, "https://", 8) != 0 || !is_address(text + 8)) {
		reader_error(reader, node, hint, "\"%.80s\" is not an https address", text);
		return 0;
	}
	r = set_text(field, text);
	if (r == 0) {
		char *url = *(char **)field;
		size_t len = strlen(url);

		if (url[len - 1] == '/')
			url[len - 1] = '\0';
	}
	return r;
}

static int read_path(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);

	reader->kubelet = node->mark;
	if (!text || is_path(text))
		return text ? set_text(field, text) : 0;
	reader_error(reader, node, "e.g. /etc/colod/token", "\"%.80s\" is not an absolute path",
		     text);
	return 0;
}

static int read_name(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);

	reader->kubelet = node->mark;
	if (!text || is_host(text, strlen(text)))
		return text ? set_text(field, text) : 0;
	reader_error(reader, node,
		     "letters, digits, \"-\" and \".\", as kubectl get nodes shows it",
		     "\"%.80s\" is not the name of a node or host", text);
	return 0;
}

#define KUBELET(member) offsetof(struct policy, kubelet.member)

const struct reader_key read_facts_keys[] = {
	{.name = "from",
	 .read = read_from,
	 .accepts = "kubelet, file:///path, cgroup",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "kubelet",
	 .read = read_url,
	 .offset = KUBELET(url),
	 .accepts = "https://HOST:PORT",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "kubelet-name",
	 .read = read_name,
	 .offset = KUBELET(name),
	 .accepts = "a host name",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "kubelet-ca",
	 .read = read_path,
	 .offset = KUBELET(ca),
	 .accepts = "/path",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "api",
	 .read = read_url,
	 .offset = KUBELET(api),
	 .accepts = "https://HOST:PORT",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "api-ca",
	 .read = read_path,
	 .offset = KUBELET(api_ca),
	 .accepts = "/path",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "token",
	 .read = read_path,
	 .offset = KUBELET(token),
	 .accepts = "/path",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "node",
	 .read = read_name,
	 .offset = KUBELET(node),
	 .accepts = "a node's name",
	 .schema = READER_SCHEMA_TEXT},
	{0},
};

void check_facts(struct reader *reader)
{
	if (reader->policy->facts == FACTS_KUBELET || !reader->kubelet.source)
		return;
	reader_report(reader, &reader->kubelet, DIAG_WARNING,
		      "write facts: {from: kubelet}, or leave "
		      "the key out",
		      "how to reach a kubelet, and facts do not come from one");
}
