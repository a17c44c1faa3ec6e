/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signal.h - what flows tell about each other: media promised by SDP, relay
 * addresses, sessions to be resumed.
 *
 * Filled from all records before anything is judged; then constant. Belongs
 * to the ledger; records must outlive it.
 */
#ifndef AUDIT_SIGNAL_H
#define AUDIT_SIGNAL_H

#include "audit/record.h"

struct signals;

struct signals *signals_new(void);
void signals_free(struct signals *s);

/* All that the facts of this record say of others. Where they hold SDP they
 * are lent like the record. False without memory. */
bool signals_add(struct signals *s, const struct record *r,
    const struct notice *n);
/* Everything was added: pairs offers with answers. */
void signals_settle(struct signals *s);

/* How a media address came to be known (RFC 3264, RFC 4568, MS-SDPEXT). */
struct promise {
	const struct record *by; /* the signalling flow */
	uint64_t packet;         /* that carried the SDP */
	int64_t time;
	const struct sdp_media *media;
	bool answered;   /* offer and answer were both seen */
	bool secure;     /* SRTP was agreed, or offered without choice */
	bool clear;      /* plain RTP was agreed, or offered without choice */
	bool forked;     /* an offer of which several made different things */
	bool dtls;       /* keys come by DTLS */
	bool keys_shown; /* SDES keys stood there in clear ... */
	bool keys_readable; /* ... and are those that were agreed on */
	bool is_rtcp;       /* the address is that of the control packets */
};

enum { LIMIT_PROMISES = 8 };
/*
 * The promises for the ends of a flow, the best first: both ends before one,
 * answered before not, the newest before the end of the flow. Ports are used
 * again: calls that ended before the flow began, or were agreed on after it,
 * promise nothing for it. Returns how many were written.
 */
size_t signals_promises(const struct signals *s, const struct notice *n,
    struct promise out[LIMIT_PROMISES]);

/* The record of the allocation that gave out this relay address; NULL: none. */
const struct record *signals_relay(const struct signals *s,
    const struct endpoint *e);

/* The media flow one port below these control packets at both ends; NULL. */
const struct record *signals_companion(const struct signals *s,
    const struct notice *rtcp);

/*
 * The earlier full handshake that a resumed one continues: by session id or
 * ticket bytes (*exact), else for TLS 1.3 by client address, server, SNI and
 * ticket length. NULL if the audit does not hold it.
 */
const struct record *signals_first_handshake(const struct signals *s,
    const struct notice *n, bool *exact);

#endif
