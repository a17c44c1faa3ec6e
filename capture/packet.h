/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - one frame and what decoding saw in it, as far as the innermost
 * transport header. Everything is borrowed from the source (or from defrag)
 * and holds until the next packet is asked for.
 */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include "core/addr.h"
#include "core/limits.h"

/*
 * Packet numbers count from 1 within a file, as other tools show them; the
 * file's place in the audit stands in the upper bits, so that numbers grow
 * over the whole audit.
 */
#define PACKET_NUMBER(file, frame) ((uint64_t)(file) << 40 | (frame))
#define PACKET_FILE(number)        ((unsigned)((number) >> 40))
#define PACKET_FRAME(number)       ((number) & ((UINT64_C(1) << 40) - 1))

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10
};

enum {
	IPPROTO_NUM_ICMP = 1,
	IPPROTO_NUM_TCP = 6,
	IPPROTO_NUM_UDP = 17,
	IPPROTO_NUM_ICMP6 = 58,
	IPPROTO_NUM_SCTP = 132
};

struct packet {
	/* from the source */
	uint64_t number;
	int64_t time;       /* ns since 1970 UTC */
	struct slice frame; /* captured bytes */
	uint32_t wire_len;  /* length of the frame on the wire */
	uint16_t link;      /* LINKTYPE_ value, tcpdump.org/linktypes.html */

	/* from decode() */
	struct five_tuple
	    tuple; /* as this packet goes; ports 0 if it has none */
	uint16_t vlan[LIMIT_VLANS]; /* outermost first */
	uint8_t vlans;
	bool has_transport;   /* TCP, UDP or SCTP header was read */
	bool fragment;        /* a later fragment, or the whole is incomplete */
	bool reassembled;     /* payload was put together from fragments */
	bool cut;             /* payload has less than the wire carried */
	struct slice payload; /* of the innermost transport */
	uint32_t payload_wire; /* its length by the IP header */
	struct slice network;  /* from the innermost IP header on, for nDPI */
	uint32_t seq, ack;     /* TCP */
	uint16_t window;       /* TCP, unscaled */
	uint8_t tcp_flags;
	uint16_t ip_id; /* 0 for IPv6 without fragments */
	uint8_t ttl;

	/* from flow_tell_time() */
	bool timed;
	int64_t now;      /* of the clock */
	uint32_t seconds; /* of the clock since it began */

	/* from flow_note() */
	uint64_t hash; /* of the tuple; 0: not noted */
	uint32_t copy; /* of what a copy has in common with its original */
};

#endif
