/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - packets that cannot be read again (an interface, standard input)
 * in an unnamed temporary file of bounded size: the oldest half goes where
 * room ends. One thread at a time.
 */
#ifndef REPORT_SPOOL_H
#define REPORT_SPOOL_H

#include "capture/packet.h"
#include "core/fault.h"

struct spool;

struct spool *spool_new(uint64_t most_bytes, struct fault *f);
void spool_free(struct spool *s); /* NULL is allowed */
/* struct spool * as ctx; a full disk ends the spooling. */
void spool_add(void *ctx, const struct packet *p);

void spool_rewind(struct spool *s);
/* What stands in it, in order; the bytes hold until the next call. */
bool spool_next(struct spool *s, struct packet *p);
/* Packets that are not there any more. */
uint64_t spool_lost(const struct spool *s);

#endif
