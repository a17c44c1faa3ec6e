/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keylog.h - TLS secrets by client random, from NSS key logs (SSLKEYLOGFILE,
 * draft-ietf-tls-keylogfile) and pcapng Decryption Secrets Blocks.
 *
 * One writer (set-up, or the file watch while live), any number of readers:
 * entries are only ever added, under a lock inside. Secrets are never logged
 * and are wiped when the table is freed.
 */
#ifndef DISSECT_KEYLOG_H
#define DISSECT_KEYLOG_H

#include "core/fault.h"
#include "core/slice.h"

enum keylog_label {
	KEYLOG_MASTER, /* CLIENT_RANDOM: master secret up to TLS 1.2 */
	KEYLOG_CLIENT_EARLY,
	KEYLOG_CLIENT_HANDSHAKE,
	KEYLOG_SERVER_HANDSHAKE,
	KEYLOG_CLIENT_TRAFFIC,
	KEYLOG_SERVER_TRAFFIC,
	KEYLOG_LABELS
};
enum { KEYLOG_SECRET_MOST = 48, KEYLOG_RANDOM = 32 };

struct keylog;

struct keylog *keylog_new(void);
void keylog_free(struct keylog *k);
/* Opens and reads the file; keeps it open to be followed. */
bool keylog_open(struct keylog *k, const char *path, struct fault *f);
/* Reads what was appended to the open files since; cheap when nothing was. */
void keylog_follow(struct keylog *k);
bool keylog_follows(const struct keylog *k); /* a file */
/* Text of a key log; a last line without its end waits for the next call
 * only in keylog_follow(). Foreign lines are counted, not an error. */
void keylog_add(struct keylog *k, struct slice text);
/* Copies the secret to `to`, returns its size; 0 if it is not there. */
size_t keylog_find(const struct keylog *k, const uint8_t random[KEYLOG_RANDOM],
    enum keylog_label label, uint8_t to[KEYLOG_SECRET_MOST]);
size_t keylog_count(const struct keylog *k);   /* secrets */
size_t keylog_foreign(const struct keylog *k); /* lines not understood */

#endif
