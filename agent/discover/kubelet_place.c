// SPDX-License-Identifier: LGPL-2.1-or-later
// See kubelet_place.h. Addresses were checked when the policy was read (policy/read_facts.c).
#include "agent/discover/kubelet_place.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "agent/base/cleanup.h"

#define KUBELET_URL "https://127.0.0.1:10250"
#define KUBELET_PORT "10250"
#define SCHEME_LEN 8 /* https:// */

static const size_t members[] = {
	offsetof(struct kubelet_place, shown),	 offsetof(struct kubelet_place, url),
	offsetof(struct kubelet_place, connect), offsetof(struct kubelet_place, name),
	offsetof(struct kubelet_place, ca),	 offsetof(struct kubelet_place, api),
	offsetof(struct kubelet_place, api_ca),	 offsetof(struct kubelet_place, token),
	offsetof(struct kubelet_place, node),
};

#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

static char **member(const struct kubelet_place *place, size_t i)
{
	return (char **)((char *)place + members[i]);
}

/* Host (with the brackets of an IPv6 address) and port of an address. */
struct address {
	const char *host;
	int host_len;
	const char *port; /* NULL: none */
};

static struct address split(const char *url)
{
	const char *host = url + SCHEME_LEN;
	const char *end = host[0] == '[' ? strchr(host, ']') + 1 : host + strcspn(host, ":");

	return (struct address){
		.host = host,
		.host_len = (int)(end - host),
		.port = *end == ':' ? end + 1 : NULL,
	};
}

static bool is_loopback(const struct address *a)
{
	return strncmp(a->host, "127.", 4) == 0 || strncmp(a->host, "[::1]", 5) == 0 ||
	       (a->host_len == 9 && strncasecmp(a->host, "localhost", 9) == 0);
}

static int put(char **ret, const char *text)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static bool is_set(const char *text)
{
	return text && text[0];
}

static int find_node(const struct kubelet_policy *policy, const struct kubelet_surroundings *here,
		     struct kubelet_place *p)
{
	const char *node = policy->node ? policy->node : here->node_name;
	int r = put(&p->node, is_set(node) ? node : here->host_name ? here->host_name : "");

	/* Kubelets make a host name a node name by this; a given one is lower case already. */
	for (char *c = p->node; r == 0 && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	/* It goes into addresses; what is no name is as good as none. */
	if (r == 0 && p->node[strspn(p->node, "abcdefghijklmnopqrstuvwxyz0123456789-.")])
		p->node[0] = '\0';
	return r;
}

/* A kubelet is reached by an address, mostly the loopback one, and known by the node's name. */
static int find_kubelet(const struct kubelet_policy *policy, struct kubelet_place *p)
{
	const char *given = policy->url ? policy->url : KUBELET_URL;
	struct address a = split(given);
	const char *port = a.port ? a.port : KUBELET_PORT;
	const char *name = policy->name;
	int r;

	if (!name && is_loopback(&a) && p->node[0])
		name = p->node;
	if (!name) {
		bool bracket = a.host[0] == '[';

		p->name = strndup(a.host + bracket, (size_t)(a.host_len - 2 * bracket));
		r = asprintf(&p->url, "https://%.*s:%s", a.host_len, a.host, port);
	} else {
		p->name = strdup(name);
		r = asprintf(&p->url, "https://%s:%s", name, port);
		if (r >= 0)
			r = asprintf(&p->connect, "::%.*s:%s", a.host_len, a.host, port);
	}
	return r < 0 || !p->name ? -ENOMEM : put(&p->shown, given);
}

static int find_api(const struct kubelet_policy *policy, const struct kubelet_surroundings *here,
		    struct kubelet_place *p)
{
	const char *host = here->service_host;
	bool v6;
	int r;

	if (policy->api)
		return put(&p->api, policy->api);
	if (!is_set(host))
		return 0;
	v6 = strchr(host, ':') != NULL;
	r = asprintf(&p->api, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
		     is_set(here->service_port) ? here->service_port : "443");
	return r < 0 ? -ENOMEM : 0;
}

static void clear_on_return(struct kubelet_place *place)
{
	kubelet_place_clear(place);
}

int kubelet_place_find(const struct kubelet_policy *policy, const struct kubelet_surroundings *here,
		       struct kubelet_place *ret_place)
{
	_cleanup_(clear_on_return) struct kubelet_place p = {0};
	int r = find_node(policy, here, &p);

	if (r == 0)
		r = find_kubelet(policy, &p);
	if (r == 0)
		r = find_api(policy, here, &p);
	if (r == 0)
		r = put(&p.ca, policy->ca);
	if (r == 0)
		r = put(&p.api_ca,
			policy->api_ca ? policy->api_ca : KUBELET_PLACE_ACCOUNT "/ca.crt");
	if (r == 0)
		r = put(&p.token, policy->token ? policy->token : KUBELET_PLACE_ACCOUNT "/token");
	if (r < 0)
		return r;
	*ret_place = p;
	p = (struct kubelet_place){0};
	return 0;
}

struct kubelet_surroundings kubelet_place_here(char *host_buf, size_t size)
{
	host_buf[0] = '\0';
	if (gethostname(host_buf, size) == 0)
		host_buf[size - 1] = '\0';
	return (struct kubelet_surroundings){
		.node_name = getenv("NODE_NAME"),
		.host_name = host_buf,
		.service_host = getenv("KUBERNETES_SERVICE_HOST"),
		.service_port = getenv("KUBERNETES_SERVICE_PORT"),
	};
}

int kubelet_place_copy(const struct kubelet_place *from, struct kubelet_place *ret_place)
{
	struct kubelet_place p = {0};

	for (size_t i = 0; i < N_MEMBERS; i++) {
		if (put(member(&p, i), *member(from, i)) < 0) {
			kubelet_place_clear(&p);
			return -ENOMEM;
		}
	}
	*ret_place = p;
	return 0;
}

bool kubelet_place_same(const struct kubelet_place *a, const struct kubelet_place *b)
{
	for (size_t i = 0; i < N_MEMBERS; i++) {
		const char *x = *member(a, i), *y = *member(b, i);

		if (!x != !y || (x && strcmp(x, y) != 0))
			return false;
	}
	return true;
}

void kubelet_place_clear(struct kubelet_place *place)
{
	for (size_t i = 0; i < N_MEMBERS; i++)
		free(*member(place, i));
	*place = (struct kubelet_place){0};
}
