/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what the auditor knows of a flow, and what it made of it.
 *
 * Records belong to the ledger and live on the auditor's thread. A judgement
 * is computed from a record whenever somebody needs it and is not kept: the
 * same facts give the same judgement.
 */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include "audit/cert.h"
#include "audit/finding.h"
#include "audit/parcel.h"
#include "audit/words.h"

/* There are millions: half a cache line. */
struct record {
	uint64_t first_packet;
	/* Counters and evidence, in one of the two: ask record_facts(). */
	union {
		struct notice *whole;
		struct parcel *parcel;
	};
	/* From 1: the order of arrival; at the end audit.flow_id. */
	uint64_t id : 48;
	/* of the last judgement */
	uint64_t src_role : 8;
	uint64_t dest_role : 8;
	uint8_t class, verdict;
	uint8_t observed : 4;
	uint8_t required : 4;
	uint8_t certainty : 2;
	bool judged : 1;
	bool packed : 1; /* facts are in a parcel */
	bool dirty : 1;
	bool carried : 1; /* it began before the period of the ledger */
	bool behind : 1; /* and nothing of it was seen since: others may need it
			  */
	bool spilled : 1; /* it is in the spool */
	uint32_t telling; /* ledger_telling() */
};
_Static_assert(sizeof(struct record) == 32, "half a cache line");
_Static_assert(PROTECTIONS <= 16 && REQUIREMENTS <= 16, "four bits");

/* Of the last judgement that was told (audit/period.c) or shown (audit/view.c);
 * a ledger has one of the two at the most. */
struct telling {
	uint32_t told;
	union {
		int64_t told_end;
		struct {
			uint32_t turn, at; /* of the news it waits in */
		} shown;
		uint32_t spare; /* nobody's: the next one */
	};
};

/* Holds as long as the record's facts do and `room` is not used again. */
static inline const struct notice *
record_facts(const struct record *r, struct unpacked *room)
{
	return r->packed ? parcel_open(r->parcel, room) : r->whole;
}

/* The same without evidence, for less. */
static inline const struct notice *
record_head(const struct record *r, struct unpacked *room)
{
	return r->packed ? parcel_head(r->parcel, room) : r->whole;
}

enum { LIMIT_REASONS = 16, REASON_TEXT = 320, RULE_TEXT = 96, LIMIT_ALSO = 6 };

struct reason {
	char text[REASON_TEXT]; /* safe for a terminal, no trailing dot */
	uint64_t packet;        /* 0: none in particular */
};

struct judgement {
	enum traffic_class class;
	enum traffic_class also[LIMIT_ALSO];
	unsigned also_count;
	enum role src_role, dest_role;
	bool roles_from_policy; /* both roles stand in the inventory */
	enum requirement required;
	enum protection observed;
	enum certainty certainty;
	enum verdict verdict;
	char rule[RULE_TEXT]; /* lync-2013/server-to-server */
	char app_proto[32];
	/* TLS of the flow (outermost handshake), for the record */
	bool has_tls;
	uint16_t tls_version, tls_suite; /* 0: not seen */
	bool tls_resumed;
	enum client_certificate client_certificate;
	uint64_t resumed_from; /* first packet of the flow inherited from */
	/* media of the flow, for the record */
	bool has_media;
	enum media_kind media_kind;
	const char *media_keying;  /* sdes, dtls, zrtp, unknown */
	const char *media_carrier; /* udp, tcp, turn, ... */
	uint64_t signalled_by;     /* first packet of the signalling flow; 0 */
	/* undetermined: what would settle it; empty otherwise */
	char wanting[160];
	/* Nobody reads words: there are no reasons, no rule, nothing wanting,
	 * and only findings of certificates have a text. */
	bool brief;
	/* Last: what is beyond the counts is never looked at nor cleared. */
	unsigned reason_count;
	struct findings findings;
	struct reason reasons[LIMIT_REASONS]; /* the decisive one first */
};

/* Adds a reason; cut where too long. */
void judgement_reason(struct judgement *j, uint64_t packet, const char *fmt,
    ...) PRINTF(3, 4);

#endif
