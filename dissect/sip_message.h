/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip_message.h - the head of a SIP message (RFC 3261 sections 7 and 20) as
 * slices that borrow from it. Learns nothing; sip.c does.
 */
#ifndef DISSECT_SIP_MESSAGE_H
#define DISSECT_SIP_MESSAGE_H

#include "dissect/dissect.h"
#include "dissect/header.h"

enum { SIP_SCHEMES_MOST = 4, SIP_LYNC_MOST = 8, SIP_METHOD_MOST = 64 };

/* Fields that are there, or say something of whoever sent the message. */
enum sip_mark {
	SIP_HAS_FROM = 1 << 0,
	SIP_HAS_TO = 1 << 1,
	SIP_HAS_CALL_ID = 1 << 2,
	SIP_HAS_CSEQ = 1 << 3,
	SIP_HAS_LENGTH = 1 << 4,
	SIP_HAS_RECORD_ROUTE = 1 << 5,
	SIP_HAS_INSTANCE = 1 << 6,       /* +sip.instance in Contact */
	SIP_HAS_KEEP_ALIVE_UAC = 1 << 7, /* ms-keep-alive: UAC */
	SIP_HAS_KEEP_ALIVE_UAS = 1 << 8,
	SIP_HAS_SERVER_HEADER = 1 << 9, /* only servers write such a field */
	SIP_HAS_TEXT = 1 << 10,         /* ms-text-format with ms-body */
	SIP_HAS_ENCODING = 1 << 11, /* Content-Encoding: body not readable */
};

struct sip_message {
	bool request;
	bool malformed;
	unsigned status;     /* responses */
	struct slice method; /* responses: that of CSeq */
	unsigned marks;      /* enum sip_mark */
	unsigned vias;
	struct slice via_host; /* sent-by of the topmost Via */
	struct slice call_id;
	uint32_t cseq;
	struct slice cseq_method;
	uint64_t length; /* of the body, if SIP_HAS_LENGTH */
	struct slice content_type;
	struct slice event;
	struct slice user_agent;
	struct slice server;
	struct slice scheme[SIP_SCHEMES_MOST];
	unsigned schemes;
	struct slice lync[SIP_LYNC_MOST]; /* names of ms- fields */
	unsigned lyncs;
};

/* Is this a start line? Only start line members of m are filled. */
bool sip_start_line(struct slice line, struct sip_message *m) MUST_CHECK;

/*
 * May these bytes be the beginning of a start line, or do they hold one?
 * known: only methods in common use may stand without the end of their line.
 */
enum probe sip_start_fits(struct slice bytes, bool known);

/* Start line and fields; false if the start line is none. */
bool sip_parse_head(struct slice head, struct sip_message *m) MUST_CHECK;

bool sip_is(const struct sip_message *m, const char *method);

#endif
