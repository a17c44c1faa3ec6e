/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stun.h - STUN messages and attributes of all dialects. Values that borrow
 * from the packet; nothing is kept.
 */
#ifndef DISSECT_STUN_H
#define DISSECT_STUN_H

#include "core/addr.h"
#include "core/cursor.h"

enum stun_dialect {
	STUN_MODERN,    /* RFC 5389, 8489: cookie in the header */
	STUN_CLASSIC,   /* RFC 3489: sixteen octets of id, Binding only */
	STUN_MS_DIALECT /* MS-TURN: like classic, cookie as first attribute */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum stun_method {
	STUN_BINDING = 1,
	TURN_ALLOCATE = 3,
	TURN_REFRESH = 4,
	TURN_SEND = 6,
	TURN_RECEIVE = 7, /* Data indication */
	TURN_PERMISSION = 8,
	TURN_CHANNEL_BIND = 9,
	TURN_CONNECTION_BIND = 11, /* RFC 6062 */
};

enum stun_attribute_type {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_ATTR_USERNAME = 0x0006,
	STUN_CHANNEL_NUMBER = 0x000c,
	STUN_COOKIE = 0x000f,              /* MS-TURN */
	STUN_DESTINATION_ADDRESS = 0x0011, /* MS-TURN */
	STUN_PEER_ADDRESS = 0x0012, /* XOR-PEER-ADDRESS; MS-TURN: remote */
	STUN_DATA = 0x0013,
	STUN_XOR_RELAYED_ADDRESS = 0x0016,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_PRIORITY = 0x0024,
	STUN_USE_CANDIDATE = 0x0025,
	STUN_OLD_XOR_MAPPED_ADDRESS = 0x8020,
	STUN_ATTR_SOFTWARE = 0x8022,
	STUN_ICE_CONTROLLED = 0x8029,
	STUN_ICE_CONTROLLING = 0x802a,
};

enum { STUN_HEADER = 20, STUN_ID = 16 };

struct stun_message {
	enum stun_dialect dialect;
	uint16_t type; /* as on the wire */
	uint16_t method;
	enum stun_class class;
	uint16_t length;
	struct slice id;          /* the cookie included */
	struct cursor attributes; /* as far as they were captured */
};

struct stun_attribute {
	uint16_t type;
	uint16_t length;    /* as the sender says */
	struct slice value; /* as far as it was captured */
};

/*
 * The header at the start of `bytes`, which holds a message of `wire` octets
 * or less of it (cut). False: no STUN of any dialect. Classic messages must
 * have `wire` octets exactly and known attributes.
 */
bool stun_parse(struct slice bytes, uint32_t wire,
    struct stun_message *m) MUST_CHECK;
/* Next attribute. False at the end, or where the rest makes no sense. */
bool stun_next(struct stun_message *m, struct stun_attribute *a) MUST_CHECK;
/* Value of MAPPED-ADDRESS and its like. */
bool stun_address(struct slice value, struct endpoint *e) MUST_CHECK;
/* The same, masked with the cookie and id. */
bool stun_xor_address(struct slice value, struct slice id,
    struct endpoint *e) MUST_CHECK;
/* Attribute that only MS-TURN, MS-TURNBWM or MS-ICE2 define. */
bool stun_is_microsoft(uint16_t type);

#endif
