/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtp.h - the header of an RTP packet, for those who must know one.
 */
#ifndef DISSECT_RTP_H
#define DISSECT_RTP_H

#include "core/slice.h"

struct rtp_header {
	uint8_t pt;
	bool marker, padding, extension;
	uint16_t seq;
	uint32_t time;
	uint32_t ssrc;
	struct slice payload; /* as far as it was captured; borrowed */
	uint32_t octets;      /* of the payload on the wire */
};

/*
 * RFC 3550 section 5.1 with CSRCs and header extension. False for RTCP on the
 * same port, for what cannot be RTP, and if the capture cut the header.
 */
bool rtp_parse(struct slice bytes, uint32_t wire,
    struct rtp_header *h) MUST_CHECK;

#endif
