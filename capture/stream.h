/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - the two byte streams of a TCP connection, put in order.
 *
 * Segments are given out in sequence, without a copy where they come so. A
 * hole is waited for: a lost segment is sent again, and a capture may mix up
 * what the network did not. It becomes a gap when
 * - the other side has acknowledged it, so only the capture lost it, and since
 *   then LIMIT_STREAM_WAIT_SEGMENTS more data segments of this direction came
 *   or LIMIT_STREAM_WAIT_MS passed or LIMIT_STREAM_WAIT_BYTES are held (an ACK
 *   may be captured before the data where two taps feed one capture), or
 * - LIMIT_STREAM_AHEAD bytes or LIMIT_STREAM_SEGMENTS segments lie behind it;
 *   LIMIT_STREAM_ONE_WAY segments if no ACK of the other side was ever seen, or
 * - the connection ends (stream_flush), then also what the other side or a FIN
 *   proves was sent after the last byte captured.
 * Data acknowledged by a packet is given out before that packet's own data.
 *
 * Overlaps: the first copy of a byte counts (a difference is counted in
 * `conflicts`). A capture that begins in mid-stream begins at its first byte;
 * up to LIMIT_STREAM_BEGIN segments are kept back, in case an earlier one
 * follows, until the other side acknowledges the first. Numbers far outside
 * the window are strays, until LIMIT_STREAM_JUMPS segments in a row belong
 * together: then a gap (of one byte if its size cannot be known) and on.
 * Belongs to one worker; memory under LIMIT_STREAM_AHEAD per direction.
 */
#ifndef CAPTURE_STREAM_H
#define CAPTURE_STREAM_H

#include "capture/flow.h"

struct stream;

/* Bytes in order, lent for the call; or bytes.n == 0 and gap > 0. */
struct stream_piece {
	enum side side;
	struct slice bytes;
	uint64_t gap;    /* so many bytes are missing here */
	uint64_t packet; /* that carried the first of the bytes */
	int64_t time;
	bool segment_start; /* bytes begin where a captured segment began */
};

/* May call stream_turn(), nothing else of the stream. */
typedef void stream_taker(void *ctx, const struct stream_piece *piece);

struct stream *stream_new(void);    /* NULL: memory is out */
void stream_free(struct stream *s); /* NULL is allowed */

/*
 * One TCP packet of the flow. Calls the taker for everything that is in order
 * now. The part of a payload that the snap length cut is a gap.
 */
void stream_packet(struct stream *s, const struct packet *p, enum side side,
    stream_taker *taker, void *ctx);
/* The flow ends: gives out what is still held, with its gaps. */
void stream_flush(struct stream *s, stream_taker *taker, void *ctx);

/* After flow_turn(): from here on the sides mean the other direction. */
void stream_turn(struct stream *s);

uint64_t stream_lost(const struct stream *s, enum side side); /* gap bytes */
uint64_t stream_conflicts(const struct stream *s);
/* Highest ACK number seen from the other side and such, for TLS 1.3 (see
 * struct ack_mark in dissect/evidence.h) are facts of the worker. */

#endif
