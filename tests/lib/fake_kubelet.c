// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_kubelet.h. A thread for each connection, so that one that is slow or hangs holds nobody up.
#include "tests/lib/fake_kubelet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <microhttpd.h>

#include "agent/base/cleanup.h"

#define MB 1000000u
#define FILLER_BYTES 20000
#define ASKED_MAX 4096
/* Slow: so much at a time, and then a rest. */
#define SLOW_BYTES 512
#define SLOW_REST_US 100000

struct fake_kubelet {
	struct MHD_Daemon *daemon;
	char *dir;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
	char *asked[ASKED_MAX];
	size_t n_asked;
};

/* A body as it is sent. */
struct sending {
	struct fake_kubelet *k;
	char *text;
	size_t len;
	bool slow;
	size_t cut_at; /* SIZE_MAX: nowhere */
};

static char *read_all(const char *dir, const char *name, size_t *ret_len)
{
	char path[4096];
	_cleanup_fclose_ FILE *f = NULL;
	char *text = NULL;
	size_t size = 0, len = 0, n;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	do {
		if (len + 65536 > size) {
			size = 2 * size + 65537;
			text = realloc(text, size);
			if (!text)
				abort();
		}
		n = fread(text + len, 1, 65536, f);
		len += n;
	} while (n > 0);
	text[len] = '\0';
	*ret_len = len;
	return text;
}

/* The first word of a file. */
static void read_word(const char *dir, const char *name, const char *otherwise, char *buf,
		      size_t size)
{
	size_t len;
	_cleanup_free_ char *text = read_all(dir, name, &len);
	const char *word = text && text[strspn(text, " \n")] ? text : otherwise;

	(void)snprintf(buf, size, "%.*s", (int)strcspn(word, " \n"), word);
}

static void count(struct fake_kubelet *k, const char *url)
{
	(void)pthread_mutex_lock(&k->lock);
	if (k->n_asked < ASKED_MAX)
		k->asked[k->n_asked++] = strdup(url);
	(void)pthread_cond_broadcast(&k->changed);
	(void)pthread_mutex_unlock(&k->lock);
}

static void write_log(struct fake_kubelet *k, unsigned status, const char *method, const char *url)
{
	char path[4096];
	_cleanup_fclose_ FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/log", k->dir);
	f = fopen(path, "ae");
	if (f)
		(void)fprintf(f, "%u %s %s\n", status, method, url);
}

static bool may_ask(struct fake_kubelet *k, struct MHD_Connection *connection)
{
	const char *given =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	char wanted[8192], token[8000];

	read_word(k->dir, "token", "", token, sizeof(token));
	(void)snprintf(wanted, sizeof(wanted), "Bearer %s", token);
	return !token[0] || (given && strcmp(given, wanted) == 0);
}

/* Adds pods that nobody asked about until the list has so many bytes. */
static char *pad(char *text, size_t *len, size_t bytes)
{
	char *items = strstr(text, "\"items\""), *at = items ? strchr(items, '[') : NULL;
	size_t head = at ? (size_t)(at + 1 - text) : 0, to = head, n = bytes / FILLER_BYTES + 1;
	char *big = malloc(*len + n * (FILLER_BYTES + 256));

	if (!big || !at)
		abort();
	memcpy(big, text, head);
	for (size_t i = 0; i < n; i++) {
		to += (size_t)sprintf(
			big + to,
			"{\"metadata\":{\"uid\":\"%08zx-f111-4000-8000-000000000000\","
			"\"namespace\":\"filler\",\"name\":\"filler-%zu\","
			"\"annotations\":{\"a\":\"",
			i, i);
		memset(big + to, 'x', FILLER_BYTES);
		to += FILLER_BYTES;
		to += (size_t)sprintf(
			big + to, "\"}}}%s",
			text[head + strspn(text + head, " \n")] == ']' && i + 1 == n ? "" : ",");
	}
	memcpy(big + to, text + head, *len - head + 1);
	*len = to + *len - head;
	free(text);
	return big;
}

static ssize_t send_some(void *context, uint64_t at, char *buf, size_t max)
{
	struct sending *s = context;
	size_t left = s->len - (size_t)at;

	if (s->slow) {
		usleep(SLOW_REST_US);
		max = max < SLOW_BYTES ? max : SLOW_BYTES;
	}
	if (at >= s->cut_at || s->k->stop)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (at + max > s->cut_at)
		max = s->cut_at - (size_t)at;
	max = max < left ? max : left;
	memcpy(buf, s->text + at, max);
	return (ssize_t)max;
}

static void sent(void *context)
{
	struct sending *s = context;

	free(s->text);
	free(s);
}

static enum MHD_Result answer(struct fake_kubelet *k, struct MHD_Connection *connection,
			      unsigned status, const char *mode, char *text, size_t len)
{
	struct sending *s = calloc(1, sizeof(*s));
	struct MHD_Response *response;
	enum MHD_Result r;

	if (!s)
		abort();
	*s = (struct sending){.k = k, .text = text, .len = len, .cut_at = SIZE_MAX};
	s->slow = strcmp(mode, "slow") == 0;
	if (strcmp(mode, "cut") == 0)
		s->cut_at = len / 2;
	response = MHD_create_response_from_callback(
		strcmp(mode, "length-less") == 0 ? MHD_SIZE_UNKNOWN : len, 65536, send_some, s,
		sent);
	if (!response)
		abort();
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	if (strcmp(mode, "redirect") == 0)
		(void)MHD_add_response_header(response, "Location", "/elsewhere");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static void wait_for_stop(struct fake_kubelet *k)
{
	(void)pthread_mutex_lock(&k->lock);
	while (!k->stop)
		(void)pthread_cond_wait(&k->changed, &k->lock);
	(void)pthread_mutex_unlock(&k->lock);
}

static unsigned status_of(struct fake_kubelet *k, struct MHD_Connection *connection,
			  const char *mode, bool known)
{
	unsigned status = (unsigned)atoi(mode);

	if (status >= 100)
		return status;
	if (!may_ask(k, connection))
		return 401;
	if (strcmp(mode, "redirect") == 0)
		return 302;
	return known ? 200 : 404;
}

/* Which file answers, from the path and the page that is asked for. */
static void file_of(struct MHD_Connection *connection, const char *path, char *buf, size_t size)
{
	const char *page =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "continue");

	if (strcmp(path, "/pods") == 0)
		(void)snprintf(buf, size, "pods.json");
	else if (strcmp(path, "/api/v1/pods") == 0)
		(void)snprintf(buf, size, "api%s%s.json", page ? "-" : "", page ? page : "");
	else if (strncmp(path, "/api/v1/nodes/", 14) == 0)
		(void)snprintf(buf, size, "node.json");
	else
		(void)snprintf(buf, size, "none");
}

static enum MHD_Result add_argument(void *context, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	char *url = context;
	size_t len = strlen(url);

	(void)kind;
	(void)snprintf(url + len, 1024 - len, "%c%s=%s", strchr(url, '?') ? '&' : '?', key,
		       value ? value : "");
	return MHD_YES;
}

static enum MHD_Result on_question(void *context, struct MHD_Connection *connection,
				   const char *path, const char *method, const char *version,
				   const char *data, size_t *size, void **own)
{
	struct fake_kubelet *k = context;
	char mode[32], file[256], url[1024];
	size_t len = 0;
	char *text;
	unsigned status;

	(void)version;
	(void)data;
	(void)size;
	(void)own;
	(void)snprintf(url, sizeof(url), "%.512s", path);
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, url);
	count(k, url);
	read_word(k->dir, strncmp(path, "/api", 4) == 0 ? "api-mode" : "mode", "ok", mode,
		  sizeof(mode));
	if (strcmp(mode, "hang") == 0)
		wait_for_stop(k);
	file_of(connection, path, file, sizeof(file));
	text = read_all(k->dir, file, &len);
	status = status_of(k, connection, mode, text != NULL);
	if (status != 200 || strcmp(mode, "garbage") == 0) {
		free(text);
		text = strdup("<html>no</html>");
		len = strlen(text);
	} else if (strcmp(mode, "big") == 0) {
		text = pad(text, &len, 20 * MB);
	} else if (strcmp(mode, "huge") == 0) {
		text = pad(text, &len, 68 * MB);
	}
	write_log(k, status, method, url);
	return answer(k, connection, status, mode, text, len);
}

struct fake_kubelet *fake_kubelet_start(const char *dir, uint16_t port, const char *cert,
					const char *key)
{
	struct fake_kubelet *k = calloc(1, sizeof(*k));
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t len;
	_cleanup_free_ char *cert_pem = read_all("/", cert, &len);
	_cleanup_free_ char *key_pem = read_all("/", key, &len);

	if (!k)
		abort();
	k->dir = strdup(dir);
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_cond_init(&k->changed, NULL);
	if (cert_pem && key_pem)
		k->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
						     MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS,
					     0, NULL, NULL, on_question, k, MHD_OPTION_SOCK_ADDR,
					     &at, MHD_OPTION_HTTPS_MEM_CERT, cert_pem,
					     MHD_OPTION_HTTPS_MEM_KEY, key_pem, MHD_OPTION_END);
	if (!k->daemon) {
		fake_kubelet_stop(k);
		return NULL;
	}
	return k;
}

void fake_kubelet_stop(struct fake_kubelet *k)
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

uint16_t fake_kubelet_port(const struct fake_kubelet *k)
{
	return MHD_get_daemon_info(k->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

size_t fake_kubelet_asked(struct fake_kubelet *k, const char *url)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n_asked; i++)
		n += strncmp(k->asked[i], url, strlen(url)) == 0;
	(void)pthread_mutex_unlock(&k->lock);
	return n;
}

static bool run(const char *command)
{
	int status = system(command);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	(void)fprintf(stderr, "fake_kubelet: this failed: %s\n", command);
	return false;
}

bool fake_kubelet_certificate(const char *dir, const char *ca, const char *name,
			      const char *alt_names)
{
#define NEW "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 "
	char command[2048];

	(void)snprintf(command, sizeof(command),
		       "cd '%s' && { [ -e '%s.pem' ] || " NEW "-subj '/CN=%s' -keyout '%s.key' "
		       "-out '%s.pem' 2>/dev/null; }",
		       dir, ca, ca, ca, ca);
	if (!run(command))
		return false;
	(void)snprintf(command, sizeof(command),
		       "cd '%s' && " NEW "-CA '%s.pem' -CAkey '%s.key' -subj '/CN=%s' "
		       "-addext 'subjectAltName=%s' -addext 'basicConstraints=critical,CA:FALSE' "
		       "-keyout '%s.key' -out '%s.pem' 2>/dev/null",
		       dir, ca, ca, name, alt_names, name, name);
	return run(command);
#undef NEW
}
