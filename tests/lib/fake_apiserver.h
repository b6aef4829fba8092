// SPDX-License-Identifier: LGPL-2.1-or-later
// An API server to talk to: real TLS on the loopback address, as much of Kubernetes' API as colod asks for (and a
// kubelet's /pods), with its state in the files of a folder (fake_cluster.h). Others there steer and tell:
//
//   token     who may ask; without it, everybody
//   log       written: one line of JSON for each request, when it has come: method, path, type, accept, agent, token
//             ("right", "wrong", "none"), body (as JSON where it is), did: what is answered, and at_ms: CLOCK_BOOTTIME
//   script    read anew for each request: lines "WHAT NAME [times=N] HOW...", of which the first that matches and
//             was not used N times already decides; without one, the state decides.
//
// WHAT: evict, node, patch, event, pods or "*". NAME: a pattern for the pod's, node's or namespace's name.
// HOW:
//   status CODE [FILE] [after=N]   this status, with the text of a file of the folder, and Retry-After
//   cut CODE FILE                  half of the text, then the connection ends
//   slow CODE FILE                 some bytes a second
//   huge CODE                      8 MiB of text
//   hang                           nothing, until the server ends or the caller goes
//   close                          the request is read, and the connection ends without an answer
//   lost                           as the state says, but the connection ends without an answer
//   late                           as the state says, at once, but the answer comes when the server ends
//   race                           somebody else writes the node first; then as the state says
//   state                          as the state says
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_apiserver;

/* `port` 0: any. `cert` and `key` are paths of PEM files (fake_kubelet_certificate()). NULL where it cannot start. */
struct fake_apiserver *fake_apiserver_start(const char *dir, uint16_t port, const char *cert,
					    const char *key);
/* Lets go of requests that hang; accepts NULL. */
void fake_apiserver_stop(struct fake_apiserver *k);
uint16_t fake_apiserver_port(const struct fake_apiserver *k);

/* Requests so far whose "METHOD PATH" begins so; those that hang are counted when they come. */
size_t fake_apiserver_asked(struct fake_apiserver *k, const char *beginning);
