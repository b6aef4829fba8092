// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_case.h.
#include "tests/lib/kube_case.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "tests/lib/fake_cluster.h"
#include "tests/lib/fake_kubelet.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define WAIT_US (60 * 1000000)
#define POLL_US 10000

#define PODS                                                                                       \
	"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[{\"metadata\":{"   \
	"\"uid\":\"" KUBE_CASE_UID "\",\"namespace\":\"batch\",\"name\":\"train-7\"}}]}"
#define NODE                                                                                       \
	"{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"node-1\","              \
	"\"resourceVersion\":\"41\"},\"spec\":{\"podCIDR\":\"10.1.2.0/24\",\"taints\":["           \
	"{\"key\":\"dedicated\",\"value\":\"ml\",\"effect\":\"NoSchedule\"},"                      \
	"{\"key\":\"colod.io/pressure\",\"value\":\"theirs\",\"effect\":\"NoExecute\","            \
	"\"timeAdded\":\"2026-01-02T03:04:05Z\"}]}}"

static void copy_ca(struct kube_case *c)
{
	_cleanup_free_ char *pem = fake_cluster_read(c->files, "ca.pem");

	assert_non_null(pem);
	kube_case_account(c, "ca.crt", pem);
}

/* The kubelet mounts a service account so: the files are links through a link that it turns. */
static void link_account(struct kube_case *c)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/" KUBE_CASE_ACCOUNT "/..data", c->dir);
	assert_int_equal(symlink("..now", path), 0);
	(void)snprintf(path, sizeof(path), "%s/" KUBE_CASE_ACCOUNT "/token", c->dir);
	assert_int_equal(symlink("..data/token", path), 0);
	(void)snprintf(path, sizeof(path), "%s/" KUBE_CASE_ACCOUNT "/ca.crt", c->dir);
	assert_int_equal(symlink("..data/ca.crt", path), 0);
}

static void link_shapes(struct kube_case *c)
{
	char path[512], shapes[PATH_MAX];

	assert_non_null(realpath("tests/fixtures/kube/status", shapes));
	(void)snprintf(path, sizeof(path), "%s/status", c->files);
	assert_int_equal(symlink(shapes, path), 0);
}

static void start(struct kube_case *c, uint16_t port)
{
	char cert[512], key[512];

	(void)snprintf(cert, sizeof(cert), "%s/server.pem", c->files);
	(void)snprintf(key, sizeof(key), "%s/server.key", c->files);
	c->server = fake_apiserver_start(c->files, port, cert, key);
	assert_non_null(c->server);
}

void kube_case_open(struct kube_case *c)
{
	memset(c, 0, sizeof(*c));
	assert_int_equal(tree_make(KUBE_CASE_ACCOUNT "/..now/\n", &c->dir), 0);
	assert_int_equal(tree_make("", &c->files), 0);
	assert_true(fake_kubelet_certificate(c->files, "ca", "server", "IP:127.0.0.1"));
	copy_ca(c);
	link_account(c);
	link_shapes(c);
	kube_case_account(c, "token", "first.secret\n");
	kube_case_serve(c, "token", "first.secret");
	kube_case_serve(c, "pods.json", PODS);
	kube_case_serve(c, "node.json", NODE);
	start(c, 0);
	(void)snprintf(c->url, sizeof(c->url), "https://127.0.0.1:%u",
		       fake_apiserver_port(c->server));
	c->place = (struct kube_place){
		.root_fd = tree_open(c->dir),
		.api = c->url,
		.api_ca = "/" KUBE_CASE_ACCOUNT "/ca.crt",
		.token = "/" KUBE_CASE_ACCOUNT "/token",
		.node = "node-1",
	};
	assert_true(c->place.root_fd >= 0);
}

void kube_case_close(struct kube_case *c)
{
	fake_apiserver_stop(c->server);
	c->place.root_fd = cleanup_close_fd(c->place.root_fd);
	tree_remove(c->files);
	tree_remove(c->dir);
}

void kube_case_serve(struct kube_case *c, const char *name, const char *text)
{
	assert_int_equal(tree_write(c->files, name, text), 0);
}

void kube_case_account(struct kube_case *c, const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), KUBE_CASE_ACCOUNT "/..now/%s", name);
	assert_int_equal(tree_write(c->dir, path, text), 0);
}

void kube_case_certificate(struct kube_case *c, const char *ca, const char *alt_names)
{
	uint16_t port = fake_apiserver_port(c->server);

	fake_apiserver_stop(c->server);
	assert_true(fake_kubelet_certificate(c->files, ca, "server", alt_names));
	start(c, port);
}

void kube_case_wait_asked(struct kube_case *c, const char *beginning, size_t n)
{
	for (int waited = 0; fake_apiserver_asked(c->server, beginning) < n; waited += POLL_US) {
		if (waited >= WAIT_US)
			fail_msg("%s was not asked %zu times", beginning, n);
		(void)usleep(POLL_US);
	}
}

cJSON *kube_case_request(struct kube_case *c, size_t n)
{
	_cleanup_free_ char *log = fake_cluster_read(c->files, "log");
	char *line = log;
	cJSON *json;

	for (; line && n > 0; n--) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	json = line ? cJSON_ParseWithLength(line, strcspn(line, "\n")) : NULL;
	assert_non_null(json);
	return json;
}

cJSON *kube_case_json(struct kube_case *c, const char *name)
{
	_cleanup_free_ char *text = fake_cluster_read(c->files, name);
	cJSON *json = text ? cJSON_Parse(text) : NULL;

	assert_non_null(json);
	return json;
}

static const cJSON *at(const cJSON *json, const char *path)
{
	char name[64];

	for (size_t len; json && *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
		json = isdigit((unsigned char)name[0])
			       ? cJSON_GetArrayItem(json, atoi(name))
			       : cJSON_GetObjectItemCaseSensitive(json, name);
	}
	return json;
}

const char *kube_case_text(const cJSON *json, const char *path)
{
	const cJSON *item = at(json, path);

	if (!cJSON_IsString(item))
		fail_msg("no text at %s", path);
	return item->valuestring;
}

double kube_case_number(const cJSON *json, const char *path)
{
	const cJSON *item = at(json, path);

	if (!cJSON_IsNumber(item))
		fail_msg("no number at %s", path);
	return item->valuedouble;
}

bool kube_case_has(const cJSON *json, const char *path)
{
	return at(json, path) != NULL;
}
