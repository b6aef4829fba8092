// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_apiserver.h. A thread for each connection; the state is one at a time.
#include "tests/lib/fake_apiserver.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <microhttpd.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "tests/lib/fake_cluster.h"

#define ASKED_MAX 4096
#define RULES_MAX 64
#define BODY_MAX (1u << 20)
#define HUGE_BYTES (8u << 20)
#define SLOW_BYTES 4
#define SLOW_REST_US 100000

struct rule_use {
	char line[256];
	unsigned used;
};

struct fake_apiserver {
	struct MHD_Daemon *daemon;
	char *dir;
	struct fake_cluster cluster;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
	char *asked[ASKED_MAX];
	size_t n_asked;
	struct rule_use uses[RULES_MAX];
};

/* One that is being read. */
struct request {
	char *body;
	size_t len;
};

/* As a line of the script says. */
struct how {
	char verb[16];
	unsigned code;
	char file[128];
	char after[16]; /* Retry-After */
};

enum what { WHAT_EVICT, WHAT_NODE, WHAT_PATCH, WHAT_EVENT, WHAT_PODS, WHAT_OTHER };

static const char *const what_words[] = {"evict", "node", "patch", "event", "pods", "other"};

/* What is asked for, and about whom. */
struct target {
	enum what what;
	char namespace[256];
	char name[256];
};

static struct target target_of(const char *method, const char *path)
{
	struct target t = {.what = WHAT_OTHER};
	char rest[16] = "";
	bool post = strcmp(method, "POST") == 0;

	if (strcmp(path, "/api/v1/pods") == 0 || strcmp(path, "/pods") == 0)
		t.what = WHAT_PODS;
	else if (sscanf(path, "/api/v1/nodes/%255[^/]", t.name) == 1)
		t.what = strcmp(method, "PATCH") == 0 ? WHAT_PATCH : WHAT_NODE;
	else if (post &&
		 sscanf(path, "/api/v1/namespaces/%255[^/]/pods/%255[^/]/%15s", t.namespace, t.name,
			rest) == 3 &&
		 strcmp(rest, "eviction") == 0)
		t.what = WHAT_EVICT;
	else if (post && sscanf(path, "/api/v1/namespaces/%255[^/]/%15s", t.namespace, rest) == 2 &&
		 strcmp(rest, "events") == 0) {
		t.what = WHAT_EVENT;
		memcpy(t.name, t.namespace, sizeof(t.name));
	}
	return t;
}

/* With the lock: how often this line was used, and once more. */
static bool may_use(struct fake_apiserver *k, const char *line, unsigned times)
{
	for (size_t i = 0; i < RULES_MAX; i++) {
		struct rule_use *u = &k->uses[i];

		if (u->line[0] && strcmp(u->line, line) != 0)
			continue;
		(void)snprintf(u->line, sizeof(u->line), "%s", line);
		return u->used++ < times;
	}
	abort();
}

static bool match(struct fake_apiserver *k, char *line, const struct target *t, struct how *ret)
{
	char copy[256], *save = NULL, *word;
	const char *what, *name;
	unsigned times = 0;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	what = strtok_r(copy, " ", &save);
	name = strtok_r(NULL, " ", &save);
	word = strtok_r(NULL, " ", &save);
	if (!what || what[0] == '#' || !name || !word ||
	    (strcmp(what, "*") != 0 && strcmp(what, what_words[t->what]) != 0) ||
	    fnmatch(name, t->name, 0) != 0)
		return false;
	if (sscanf(word, "times=%u", &times) == 1) {
		word = strtok_r(NULL, " ", &save);
		if (!may_use(k, line, times))
			return false;
	}
	*ret = (struct how){0};
	(void)snprintf(ret->verb, sizeof(ret->verb), "%s", word ? word : "state");
	while ((word = strtok_r(NULL, " ", &save))) {
		if (strncmp(word, "after=", 6) == 0)
			(void)snprintf(ret->after, sizeof(ret->after), "%s", word + 6);
		else if (ret->code == 0)
			ret->code = (unsigned)atoi(word);
		else
			(void)snprintf(ret->file, sizeof(ret->file), "%s", word);
	}
	return true;
}

static struct how decide(struct fake_apiserver *k, const struct target *t)
{
	_cleanup_free_ char *script = fake_cluster_read(k->dir, "script");
	struct how how = {.verb = "state"};
	char *save = NULL;

	for (char *line = script ? strtok_r(script, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		if (match(k, line, t, &how))
			break;
	return how;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *judge_token(struct fake_apiserver *k, struct MHD_Connection *connection)
{
	const char *given = header(connection, "Authorization");
	_cleanup_free_ char *token = fake_cluster_read(k->dir, "token");
	char wanted[8192];

	if (token)
		token[strcspn(token, " \n")] = '\0';
	(void)snprintf(wanted, sizeof(wanted), "Bearer %s", token ? token : "");
	if (!token || !token[0])
		return "right";
	return !given ? "none" : strcmp(given, wanted) == 0 ? "right" : "wrong";
}

static void add(cJSON *json, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(json, key, text);
}

/* With the lock. */
static void write_log(struct fake_apiserver *k, struct MHD_Connection *connection,
		      const char *method, const char *path, const char *body, const char *did)
{
	cJSON *json = cJSON_CreateObject(), *sent = body[0] ? cJSON_Parse(body) : NULL;
	_cleanup_free_ char *text = NULL;
	char file[4096], asked[1024];
	FILE *f;

	add(json, "method", method);
	add(json, "path", path);
	add(json, "type", header(connection, "Content-Type"));
	add(json, "accept", header(connection, "Accept"));
	add(json, "agent", header(connection, "User-Agent"));
	add(json, "token", judge_token(k, connection));
	add(json, "did", did);
	cJSON_AddNumberToObject(json, "at_ms", (double)(clock_now_us() / 1000));
	if (sent)
		cJSON_AddItemToObject(json, "body", sent);
	else if (body[0])
		add(json, "body", body);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	(void)snprintf(file, sizeof(file), "%s/log", k->dir);
	f = fopen(file, "ae");
	if (!f || !text || fprintf(f, "%s\n", text) < 0 || fclose(f) != 0)
		abort();
	(void)snprintf(asked, sizeof(asked), "%s %.960s", method, path);
	if (k->n_asked < ASKED_MAX)
		k->asked[k->n_asked++] = strdup(asked);
	(void)pthread_cond_broadcast(&k->changed);
}

/* With the lock. */
static struct fake_answer by_state(struct fake_apiserver *k, struct MHD_Connection *connection,
				   const struct target *t, const char *body)
{
	if (strcmp(judge_token(k, connection), "right") != 0)
		return fake_cluster_refuse(401, "Unauthorized", "Unauthorized", NULL);
	switch (t->what) {
	case WHAT_EVICT:
		return fake_cluster_evict(&k->cluster, t->namespace, t->name, body);
	case WHAT_NODE:
		return fake_cluster_node(&k->cluster, t->name);
	case WHAT_PATCH:
		return fake_cluster_patch_node(&k->cluster, t->name,
					       header(connection, "Content-Type"), body);
	case WHAT_EVENT:
		return fake_cluster_event(t->namespace, body);
	case WHAT_PODS:
		return fake_cluster_pods(&k->cluster);
	default:
		return fake_cluster_refuse(
			404, "NotFound", "the server could not find the requested resource", "{}");
	}
}

/* A body that does not come as it should. */
struct sending {
	struct fake_apiserver *k;
	char *text;
	size_t len, cut_at;
	bool slow;
};

static ssize_t send_some(void *context, uint64_t at, char *buf, size_t max)
{
	struct sending *s = context;

	if (s->slow) {
		usleep(SLOW_REST_US);
		max = max < SLOW_BYTES ? max : SLOW_BYTES;
	}
	if (at >= s->cut_at || s->k->stop)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (at + max > s->cut_at)
		max = s->cut_at - (size_t)at;
	memcpy(buf, s->text + at, max);
	return (ssize_t)max;
}

static void sent(void *context)
{
	struct sending *s = context;

	free(s->text);
	free(s);
}

static enum MHD_Result send_answer(struct fake_apiserver *k, struct MHD_Connection *connection,
				   const struct how *how, struct fake_answer answer)
{
	struct sending *s = calloc(1, sizeof(*s));
	struct MHD_Response *response;
	enum MHD_Result r;

	if (!s)
		abort();
	*s = (struct sending){.k = k, .text = answer.text, .len = strlen(answer.text)};
	s->cut_at = strcmp(how->verb, "cut") == 0 ? s->len / 2 : s->len;
	s->slow = strcmp(how->verb, "slow") == 0;
	response = MHD_create_response_from_callback(s->len, 65536, send_some, s, sent);
	if (!response)
		abort();
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	if (how->after[0])
		(void)MHD_add_response_header(response, "Retry-After", how->after);
	r = MHD_queue_response(connection, answer.status, response);
	MHD_destroy_response(response);
	return r;
}

static struct fake_answer by_script(struct fake_apiserver *k, const struct how *how)
{
	char *text = how->file[0] ? fake_cluster_read(k->dir, how->file) : strdup("");

	if (strcmp(how->verb, "huge") == 0) {
		free(text);
		text = malloc(HUGE_BYTES + 1);
		if (!text)
			abort();
		memset(text, ' ', HUGE_BYTES);
		text[HUGE_BYTES] = '\0';
	}
	if (!text) {
		(void)fprintf(stderr, "fake_apiserver: no file %s\n", how->file);
		abort();
	}
	return (struct fake_answer){how->code, text};
}

static enum MHD_Result act(struct fake_apiserver *k, struct MHD_Connection *connection,
			   const char *method, const char *path, const char *body)
{
	const struct target t = target_of(method, path);
	struct fake_answer answer = {0};
	struct how how;
	bool state, lost, late;

	(void)pthread_mutex_lock(&k->lock);
	how = decide(k, &t);
	lost = strcmp(how.verb, "lost") == 0;
	late = strcmp(how.verb, "late") == 0;
	state = lost || late || strcmp(how.verb, "state") == 0 || strcmp(how.verb, "race") == 0;
	write_log(k, connection, method, path, body, how.verb);
	if (strcmp(how.verb, "race") == 0)
		fake_cluster_race(&k->cluster);
	if (state)
		answer = by_state(k, connection, &t, body);
	else if (how.code >= 100)
		answer = by_script(k, &how);
	while ((late || strcmp(how.verb, "hang") == 0) && !k->stop)
		(void)pthread_cond_wait(&k->changed, &k->lock);
	(void)pthread_mutex_unlock(&k->lock);
	if (!answer.text || lost) {
		free(answer.text);
		return MHD_NO;
	}
	return send_answer(k, connection, &how, answer);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *data, size_t *size, void **own)
{
	struct request *r = *own;

	(void)version;
	if (!r) {
		*own = r = calloc(1, sizeof(*r));
		if (!r || !(r->body = calloc(1, BODY_MAX + 1)))
			abort();
		return MHD_YES;
	}
	if (*size > 0) {
		if (r->len + *size > BODY_MAX)
			return MHD_NO;
		memcpy(r->body + r->len, data, *size);
		r->len += *size;
		r->body[r->len] = '\0';
		*size = 0;
		return MHD_YES;
	}
	return act(context, connection, method, path, r->body);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **own,
			 enum MHD_RequestTerminationCode code)
{
	struct request *r = *own;

	(void)context;
	(void)connection;
	(void)code;
	if (r)
		free(r->body);
	free(r);
	*own = NULL;
}

struct fake_apiserver *fake_apiserver_start(const char *dir, uint16_t port, const char *cert,
					    const char *key)
{
	struct fake_apiserver *k = calloc(1, sizeof(*k));
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_free_ char *cert_pem = fake_cluster_read("", cert);
	_cleanup_free_ char *key_pem = fake_cluster_read("", key);

	if (!k || !(k->dir = strdup(dir)))
		abort();
	k->cluster.dir = k->dir;
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_cond_init(&k->changed, NULL);
	if (cert_pem && key_pem)
		k->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
						     MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS,
					     0, NULL, NULL, on_request, k, MHD_OPTION_SOCK_ADDR,
					     &at, MHD_OPTION_NOTIFY_COMPLETED, on_completed, k,
					     MHD_OPTION_HTTPS_MEM_CERT, cert_pem,
					     MHD_OPTION_HTTPS_MEM_KEY, key_pem, MHD_OPTION_END);
	if (!k->daemon) {
		fake_apiserver_stop(k);
		return NULL;
	}
	return k;
}

void fake_apiserver_stop(struct fake_apiserver *k)
{
	if (!k)
		return;
	(void)pthread_mutex_lock(&k->lock);
	k->stop = true;
	(void)pthread_cond_broadcast(&k->changed);
	(void)pthread_mutex_unlock(&k->lock);
	if (k->daemon)
		MHD_stop_daemon(k->daemon);
	for (size_t i = 0; i < k->n_asked; i++)
		free(k->asked[i]);
	(void)pthread_cond_destroy(&k->changed);
	(void)pthread_mutex_destroy(&k->lock);
	free(k->dir);
	free(k);
}

uint16_t fake_apiserver_port(const struct fake_apiserver *k)
{
	return MHD_get_daemon_info(k->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

size_t fake_apiserver_asked(struct fake_apiserver *k, const char *beginning)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n_asked; i++)
		n += strncmp(k->asked[i], beginning, strlen(beginning)) == 0;
	(void)pthread_mutex_unlock(&k->lock);
	return n;
}
