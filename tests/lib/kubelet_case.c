// SPDX-License-Identifier: LGPL-2.1-or-later
// See kubelet_case.h.
#include "tests/lib/kubelet_case.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define ACCOUNT "var/run/secrets/kubernetes.io/serviceaccount"
#define WAIT_US (60 * 1000000)
#define POLL_US 10000

static void copy_ca(struct kubelet_case *c)
{
	char from[512], text[16384];
	FILE *f;
	size_t len;

	(void)snprintf(from, sizeof(from), "%s/ca.pem", c->files);
	f = fopen(from, "re");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[len] = '\0';
	assert_int_equal(tree_write(c->dir, ACCOUNT "/..now/ca.crt", text), 0);
}

/* The kubelet mounts a service account so: the files are links through a link that it turns. */
static void link_account(struct kubelet_case *c)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/" ACCOUNT "/..data", c->dir);
	assert_int_equal(symlink("..now", path), 0);
	(void)snprintf(path, sizeof(path), "%s/" ACCOUNT "/token", c->dir);
	assert_int_equal(symlink("..data/token", path), 0);
	(void)snprintf(path, sizeof(path), "%s/" ACCOUNT "/ca.crt", c->dir);
	/* As if that were the machine's root. */
	assert_int_equal(symlink("/" ACCOUNT "/..data/ca.crt", path), 0);
}

static void start(struct kubelet_case *c, uint16_t port)
{
	char cert[512], key[512];

	(void)snprintf(cert, sizeof(cert), "%s/node.pem", c->files);
	(void)snprintf(key, sizeof(key), "%s/node.key", c->files);
	c->server = fake_kubelet_start(c->files, port, cert, key);
	assert_non_null(c->server);
}

void kubelet_case_open(struct kubelet_case *c)
{
	memset(c, 0, sizeof(*c));
	assert_int_equal(tree_make(ACCOUNT "/..now/\n", &c->dir), 0);
	assert_int_equal(tree_make("", &c->files), 0);
	c->root_fd = tree_open(c->dir);
	assert_true(c->root_fd >= 0);
	assert_true(fake_kubelet_certificate(c->files, "ca", "node", "DNS:node-1"));
	copy_ca(c);
	link_account(c);
	assert_int_equal(tree_write(c->dir, ACCOUNT "/..now/token", "first.secret\n"), 0);
	kubelet_case_serve(c, "token", "first.secret");
	kubelet_case_serve(c, "pods.json",
			   KUBELET_CASE_LIST(KUBELET_CASE_POD(KUBELET_CASE_UID, "one")));
	start(c, 0);
	(void)snprintf(c->url, sizeof(c->url), "https://127.0.0.1:%u",
		       fake_kubelet_port(c->server));
	c->policy = (struct kubelet_policy){.url = c->url, .node = (char *)"node-1"};
}

void kubelet_case_close(struct kubelet_case *c)
{
	fake_kubelet_stop(c->server);
	c->root_fd = cleanup_close_fd(c->root_fd);
	tree_remove(c->files);
	tree_remove(c->dir);
}

void kubelet_case_serve(struct kubelet_case *c, const char *name, const char *text)
{
	if (text)
		assert_int_equal(tree_write(c->files, name, text), 0);
	else
		assert_int_equal(tree_delete(c->files, name), 0);
}

void kubelet_case_certificate(struct kubelet_case *c, const char *ca, const char *alt_names)
{
	uint16_t port = fake_kubelet_port(c->server);

	fake_kubelet_stop(c->server);
	assert_true(fake_kubelet_certificate(c->files, ca, "node", alt_names));
	start(c, port);
}

void kubelet_case_wait_asked(struct kubelet_case *c, const char *url, size_t n)
{
	for (int waited = 0; fake_kubelet_asked(c->server, url) < n; waited += POLL_US) {
		if (waited >= WAIT_US)
			fail_msg("%s was not asked %zu times", url, n);
		(void)usleep(POLL_US);
	}
}
