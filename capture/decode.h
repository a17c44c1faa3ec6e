/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.h - from a frame to the innermost transport header.
 *
 * Walks link layer, tags, labels and tunnels (at most LIMIT_LAYERS), reads IP
 * and extension headers and puts fragments together. One decoder belongs to
 * one reader thread. Never fails loudly: what cannot be decoded is counted.
 */
#ifndef CAPTURE_DECODE_H
#define CAPTURE_DECODE_H

#include "capture/packet.h"

struct decoder;

enum decode_result {
	DECODE_OK,           /* tuple and payload are filled */
	DECODE_FRAGMENT,     /* kept; the whole comes with a later fragment */
	DECODE_NOT_IP,       /* ARP, LLDP, 802.11 management, ...: counted */
	DECODE_MALFORMED,    /* bytes contradict themselves */
	DECODE_TRUNCATED,    /* the capture cut a header */
	DECODE_UNKNOWN_LINK, /* link type we cannot read */
	DECODE_TOO_DEEP,     /* more than LIMIT_LAYERS */
	DECODE_RESULTS
};

struct decode_stats {
	uint64_t results[DECODE_RESULTS];
	uint64_t cut; /* packets whose payload the snap length cut */
	uint64_t fragments, reassembled;
	uint64_t fragments_lost; /* given up: timeout, ceiling, overlap; what
				  * they began may have come out cut */
	uint64_t tunnels;        /* packets that came out of a tunnel */
};

struct decoder *decoder_new(void);
void decoder_free(struct decoder *d);
enum decode_result decode(struct decoder *d, struct packet *p);
/*
 * To be asked before each decode(), until it says false, with the time of the
 * packet that comes; at the end with INT64_MAX. True: *p is the begin of a
 * datagram in fragments whose rest did not come, as if a snap length had cut
 * it, under number and time of its first fragment. It has no frame and holds
 * until the next call. Should the rest still come, the whole is decoded, too.
 */
bool decode_late(struct decoder *d, int64_t now, struct packet *p) MUST_CHECK;
/* False: it would say false; cheap to ask for each packet. */
bool decode_has_late(const struct decoder *d, int64_t now);
void decode_stats(const struct decoder *d, struct decode_stats *out);
/* "LINKTYPE_ETHERNET"; NULL if we cannot decode this type. */
const char *decode_link_name(uint16_t link);

#endif
