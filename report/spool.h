/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - packets that cannot be read again (an interface, standard input)
 * in an unnamed temporary file of bounded size: the oldest half goes where
 * room ends. One thread adds; others may read at the same time.
 */
#ifndef REPORT_SPOOL_H
#define REPORT_SPOOL_H

#include "capture/packet.h"
#include "core/fault.h"

struct spool;

struct spool *spool_new(uint64_t most_bytes, struct fault *f);
void spool_free(struct spool *s); /* NULL is allowed; no reader is left */
/* struct spool * as ctx; a full disk ends the spooling. */
void spool_add(void *ctx, const struct packet *p);

struct spool_reader;

/* What stands in it now, in order. NULL without memory. */
struct spool_reader *spool_read(struct spool *s);
/* The bytes hold until the next call. */
bool spool_next(struct spool_reader *r, struct packet *p);
/* Ends it; answers how many packets were gone before they could be read. */
uint64_t spool_done(struct spool_reader *r);

#endif
