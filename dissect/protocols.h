/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocols.h - the names of all dissectors, and how one hands on to TLS.
 */
#ifndef DISSECT_PROTOCOLS_H
#define DISSECT_PROTOCOLS_H

#include "dissect/dissect.h"

extern const struct dissector dissect_pseudo_tls; /* before tls */
extern const struct dissector dissect_tls;
extern const struct dissector dissect_proxy; /* before another one */
extern const struct dissector dissect_dtls;
extern const struct dissector dissect_sip;
extern const struct dissector dissect_http;
extern const struct dissector dissect_http2;
extern const struct dissector dissect_websocket; /* bound by http only */
extern const struct dissector dissect_rdp;
extern const struct dissector dissect_xmpp;
extern const struct dissector dissect_msrp;
extern const struct dissector dissect_ssh;
extern const struct dissector dissect_mail; /* SMTP, POP3, IMAP, FTP */
extern const struct dissector dissect_socks;
extern const struct dissector dissect_msnftp;
extern const struct dissector dissect_tds;
extern const struct dissector dissect_mysql;
extern const struct dissector dissect_stun;    /* datagrams and streams; TURN */
extern const struct dissector dissect_ms_turn; /* 16-byte ids, TCP frames */
extern const struct dissector dissect_framed;  /* RFC 4571 */
extern const struct dissector dissect_zrtp;
extern const struct dissector dissect_rtcp;
extern const struct dissector dissect_rtp;
extern const struct dissector dissect_quic; /* known to be left alone */
extern const struct dissector dissect_dns;

/* Does a TLS hello begin with this segment of a stream? For those that ask for
 * TLS, where only one direction was captured. PROBE_MORE: wait. */
enum probe tls_takes_over(const struct chunk *c) MUST_CHECK;

#endif
