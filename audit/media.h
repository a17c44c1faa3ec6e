/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media.h - is this media SRTP or readable? Puts together what the streams'
 * own bytes say (uniformity tests, length arithmetic, control packets), keys
 * agreed on the same ports (DTLS, ZRTP) and what signalling promised.
 * Pure function of the evidence.
 */
#ifndef AUDIT_MEDIA_H
#define AUDIT_MEDIA_H

#include "audit/signal.h"

struct media_state {
	bool seen;      /* RTP or RTCP, sure enough to speak of media */
	bool only_rtcp; /* control packets alone */
	enum media_kind kind;
	enum protection observed; /* NONE, SRTP, UNKNOWN */
	enum certainty certainty;
	bool null_cipher;              /* authenticated, but readable */
	bool keys_readable;            /* by signalling in clear */
	bool promised_srtp;            /* SDP agreed on SRTP */
	bool dtls;                     /* DTLS-SRTP finished here */
	bool rdp;                      /* RDP readable inside */
	const char *keying;            /* sdes, dtls, zrtp, unknown */
	const char *carrier;           /* udp, tcp, turn, ms-turn, pseudo-tls */
	uint64_t packet;               /* decisive */
	const struct promise *promise; /* that was used, or NULL */
	char why[REASON_TEXT];
	char missing[160]; /* UNKNOWN: what would tell */
	char remark[160];  /* not decisive: clear first control packet, ... */
};

/* False if nothing of the flow is media. */
bool media_judge(const struct notice *flow, const struct promise *promises,
    size_t n, struct media_state *out);

#endif
