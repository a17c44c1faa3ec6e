/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - the table of protocols, and the session that finds and feeds
 * the right one. The face of the dissect floor towards the worker.
 */
#ifndef DISSECT_REGISTRY_H
#define DISSECT_REGISTRY_H

#include "capture/stream.h"
#include "dissect/dissect.h"

/* `pool`, of this thread, outlives it; or NULL. */
struct session *session_new(const struct flow *f, const struct keylog *keylog,
    struct arena_pool *pool);
void session_free(struct session *s);
/* A pointer of whoever owns the flow; NULL at first. */
void **session_extra(struct session *s);

/* A piece of a TCP stream. FEED_DONE: the flow is settled. */
enum feed session_stream(struct session *s, const struct stream_piece *piece);
/* A UDP datagram. */
enum feed session_datagram(struct session *s, const struct packet *p,
    enum side side);
/* ACK number of a TCP packet: acknowledges bytes that `sender` sent. Before the
 * packet's own bytes. */
void session_ack(struct session *s, enum side sender, uint32_t ack);
/* Learns what is only known at the end; before the facts are collected. */
void session_end(struct session *s);

struct evidence *session_evidence(struct session *s);
/* Nothing recognised the bytes so far: nDPI may name them. */
bool session_unknown(const struct session *s);
/* So many facts were learnt since the last session_collected(). */
size_t session_news(const struct session *s);
/* The facts were copied away. Those of single calls are forgotten here once
 * there are many. */
void session_collected(struct session *s);
size_t session_told(const struct session *s); /* facts collected so far */

const struct dissector *registry_at(size_t i); /* NULL after the last */

#endif
