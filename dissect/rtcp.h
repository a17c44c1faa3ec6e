/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtcp.h - is a control packet readable? One packet tells.
 */
#ifndef DISSECT_RTCP_H
#define DISSECT_RTCP_H

#include "dissect/evidence.h"

struct rtcp_look {
	enum rtcp_form form;
	uint32_t ssrc;  /* of the first packet */
	uint32_t index; /* SRTCP index; 0 if there is none */
};

/*
 * `bytes` is a whole datagram. `last` is the SRTCP index that this sender used
 * before, 0 if none is known. False: the first header is not one of RTCP.
 */
bool rtcp_look(struct slice bytes, uint32_t last,
    struct rtcp_look *look) MUST_CHECK;
/* Second octet of the packet says RTCP rather than RTP (RFC 5761). */
bool rtcp_type(uint8_t second);

#endif
