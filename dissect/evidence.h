/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - the facts learnt of one flow, and the structs that some facts
 * hold. Facts are the only link between dissectors and everything above.
 *
 * Belongs to the worker that owns the flow; memory comes from the flow's
 * arena. A copy travels to the auditor flat (audit/notice.h).
 */
#ifndef DISSECT_EVIDENCE_H
#define DISSECT_EVIDENCE_H

#include "capture/flow.h"
#include "core/arena.h"

enum fact {
#define FACT(symbol, name, type, meaning) FACT_##symbol,
#include "dissect/facts.def"
#undef FACT
	FACT_COUNT
};
_Static_assert(FACT_COUNT <= UINT8_MAX, "a fact fits an octet");

enum fact_type {
	FACT_TYPE_NUMBER,
	FACT_TYPE_TEXT,
	FACT_TYPE_BYTES,
	FACT_TYPE_ENDPOINT,
	FACT_TYPE_TLS_RECORDS,
	FACT_TYPE_SDP_MEDIA,
	FACT_TYPE_SDP_CANDIDATE,
	FACT_TYPE_HTTP_EXCHANGE,
	FACT_TYPE_MEDIA_STREAM,
	FACT_TYPE_RTCP_SEEN,
};

/* What hides bytes from a reader of the wire; the outermost counts. */
enum cover { COVER_NONE, COVER_TLS, COVER_DTLS };

/* What carries the payload of a scope. Words of the contract's media.carrier
 * where it has one. */
enum carrier {
	CARRIER_UDP,
	CARRIER_TCP, /* RFC 4571 frames when media is inside */
	CARRIER_TURN,
	CARRIER_MS_TURN,
	CARRIER_PSEUDO_TLS,
	CARRIER_TLS,
	CARRIER_WEBSOCKET,
	CARRIER_PROXY, /* HTTP CONNECT, SOCKS */
	CARRIER_COUNT
};
extern const char *const carrier_names[CARRIER_COUNT];

/*
 * Payload inside payload: scope 0 is the flow itself, every further one came
 * out of its parent.
 */
struct scope {
	uint8_t parent;
	uint8_t carrier;      /* enum carrier */
	uint8_t cover;        /* enum cover */
	struct endpoint peer; /* TURN: the peer; else none */
};

enum { LIMIT_SCOPES = 32 };

struct learnt {
	uint16_t fact; /* enum fact */
	uint8_t side;  /* enum side: who sent the bytes: TO_SERVER = client */
	uint8_t scope;
	uint64_t packet;
	int64_t time;
	uint64_t number;    /* FACT_TYPE_NUMBER */
	struct slice bytes; /* every other type */
};

struct evidence {
	struct learnt *facts; /* in the order they were learnt */
	uint8_t *ids;         /* enum fact of each, close together */
	size_t count, room;
	uint64_t kinds[(FACT_COUNT + 63) / 64]; /* bit per fact that is there */
	size_t starved;       /* facts there was no room for */
	unsigned scope_count; /* at least 1 */
	/* Last: where an evidence is kept for long, only scope_count of these
	 * are there, so it is never copied whole. */
	struct scope scopes[LIMIT_SCOPES];
};

void evidence_init(struct evidence *e, enum carrier carrier);
/*
 * Adds a fact, bytes copied into the arena. Above LIMIT_FACTS or without
 * memory it is counted as starved: the flow goes on, only poorer.
 */
void evidence_learn(struct evidence *e, struct arena *a,
    const struct learnt *l);
/* The same, for who has no struct yet: all but `fact` and `bytes` is the
 * caller's to fill in. NULL if it starved. */
struct learnt *evidence_add(struct evidence *e, struct arena *a, enum fact f,
    struct slice bytes) MUST_CHECK;

static inline bool
evidence_has(const struct evidence *e, enum fact f)
{
	return (e->kinds[f / 64] >> f % 64 & 1) != 0;
}

/* First or last of its kind (any side, any scope); NULL if there is none. */
const struct learnt *evidence_first(const struct evidence *e, enum fact f);
const struct learnt *evidence_last(const struct evidence *e, enum fact f);
/* The next of its kind after `after` (NULL: the first). */
const struct learnt *evidence_next(const struct evidence *e, enum fact f,
    const struct learnt *after);
/* The same, of one side and one scope; a negative one means any. */
const struct learnt *evidence_find(const struct evidence *e, enum fact f,
    int side, int scope);
uint64_t evidence_number(const struct evidence *e, enum fact f,
    uint64_t otherwise);
size_t evidence_count(const struct evidence *e, enum fact f);
/* Has a TEXT fact with this text? */
bool evidence_has_text(const struct evidence *e, enum fact f, const char *text);
enum cover evidence_cover(const struct evidence *e, const struct learnt *l);

const char *fact_name(enum fact f);
const char *fact_meaning(enum fact f);
enum fact_type fact_type(enum fact f);

/*
 * The structs below are copied as they are: fixed size, no pointers, zeroed
 * padding. Never sent to another machine.
 */

/* Lengths (record header field) of the first encrypted records, in the order
 * of the capture over both directions. */
enum { TLS_RECORDS_MOST = 40 };
struct tls_record_seen {
	uint16_t length;
	uint8_t type;        /* outer content type */
	uint8_t side;        /* enum side */
	uint32_t packet_low; /* low 32 bits of the packet number */
};
struct tls_records {
	uint32_t count;
	uint32_t before_server_hello; /* so many of them came before it */
	struct tls_record_seen r[TLS_RECORDS_MOST];
};

enum media_kind {
	MEDIA_UNKNOWN,
	MEDIA_AUDIO,
	MEDIA_VIDEO,
	MEDIA_APPSHARING, /* m=applicationsharing, or VbSS by its label */
	MEDIA_DATA,       /* m=data file transfer, SCTP data channel */
	MEDIA_MESSAGE,    /* m=message: text, MSRP */
	MEDIA_FAX,        /* m=image udptl */
	MEDIA_OTHER,
	MEDIA_KINDS
};
extern const char *const media_kind_names[MEDIA_KINDS];

/* a=encryption of MS-SDPEXT 3.1.5.4, or what profile and crypto say. */
enum media_level {
	LEVEL_UNKNOWN,
	LEVEL_REJECTED,
	LEVEL_OPTIONAL,
	LEVEL_REQUIRED
};

enum { SDP_PT_MOST = 24, SDP_FINGERPRINT_MOST = 64 };
struct sdp_media {
	uint64_t call; /* hash of Call-ID (hash_bytes); 0 if none */
	uint32_t cseq;
	uint8_t index;        /* of the m= line */
	uint8_t kind;         /* enum media_kind */
	uint8_t is_answer;    /* 0 offer, 1 answer, 2 cannot tell */
	uint8_t provisional;  /* in a 1xx answer */
	uint8_t secure;       /* profile is SAVP or SAVPF */
	uint8_t over_tcp;     /* TCP/ profile */
	uint8_t dtls;         /* UDP/TLS/ profile or a=fingerprint */
	uint8_t crypto_lines; /* number of a=crypto and a=cryptoscale */
	uint8_t null_cipher;  /* UNENCRYPTED_SRTP in a crypto line */
	uint8_t level;        /* enum media_level */
	uint8_t rejected;     /* port 0 */
	uint8_t rtcp_mux;
	uint8_t mikey;
	uint8_t zrtp;             /* a=zrtp-hash */
	struct endpoint at;       /* c= and m= port */
	struct endpoint rtcp;     /* a=rtcp, else port + 1 */
	char profile[24];         /* RTP/SAVP, cut where longer */
	char suite[40];           /* first crypto suite */
	uint8_t fingerprint_kind; /* enum digest_kind + 1; 0: none */
	uint8_t fingerprint_size;
	uint8_t fingerprint[SDP_FINGERPRINT_MOST];
	uint8_t pt_count;
	uint8_t pt[SDP_PT_MOST];
	char codec[16]; /* encoding name of the first payload type, if given */
};

struct sdp_candidate {
	uint64_t call;
	uint32_t cseq;
	uint8_t index;     /* of the m= line */
	uint8_t component; /* 1 RTP, 2 RTCP */
	uint8_t over_tcp;
	uint8_t relay; /* typ relay */
	struct endpoint at;
};

/* Followed by `text`: "METHOD SP host SP path", cut at LIMIT_TEXT. */
enum http_flag {
	HTTP_AUTHORIZATION = 1 << 0, /* Authorization or Proxy-Authorization */
	HTTP_COOKIE = 1 << 1,
	HTTP_WEBTICKET = 1 << 2, /* X-MS-WebTicket */
	HTTP_SOAP = 1 << 3,      /* SOAP body or SOAPAction */
	HTTP_TO_HTTPS = 1 << 4,  /* redirected to https */
	HTTP_SET_COOKIE = 1 << 5,
	HTTP_BODY_SENT = 1 << 6, /* request had a body */
	HTTP_CONTENT = 1 << 7,   /* a 2xx answer had a body */
	HTTP_PROXY = 1 << 8,     /* absolute-form: through a proxy */
	HTTP_SIPURI = 1 << 9,    /* ?sipuri= */
	HTTP_NTLM = 1 << 10,     /* Negotiate, NTLM or Kerberos only */
	HTTP_SECURITY = 1 << 11, /* SOAP that says who asks (WS-Security) */
	HTTP_BOSH = 1 << 12,     /* XMPP in the body (XEP-0206) */
};
struct http_exchange {
	uint16_t status; /* 0: no answer seen */
	uint16_t flags;  /* enum http_flag */
	uint32_t count;  /* same request line and flags so many times */
	char content_type[48];
	char text[LIMIT_TEXT];
};

enum media_result {
	RESULT_OPEN,   /* too few packets so far */
	RESULT_CLEAR,  /* a uniformity test failed: readable */
	RESULT_RANDOM, /* looks encrypted after enough packets */
};
enum rtp_sign {                /* why this is RTP at all */
	RTP_SIGN_SEQUENCE = 1, /* sequence numbers and SSRC hold together */
	RTP_SIGN_RTCP = 2,     /* RTCP names the SSRC */
	RTP_SIGN_FRAMED = 4,   /* came out of RFC 4571 or TURN */
};
struct media_stream {
	uint32_t ssrc;
	uint8_t pt;
	uint8_t result;    /* enum media_result */
	uint8_t signs;     /* enum rtp_sign */
	uint8_t test;      /* which test decided: 'A' '2' 'B' 'D' 'E', 0 none */
	uint8_t tag;       /* tag octets by length arithmetic; 255: no rule */
	uint8_t tag_share; /* per cent of packets that agree with tag */
	uint8_t extension; /* header extensions seen */
	uint8_t rdp;       /* payload shows TPKT and X.224 */
	uint32_t packets;  /* used, without duplicates */
	uint32_t duplicates;
	uint32_t wanted; /* RESULT_OPEN: so many more packets were needed */
	uint32_t tested; /* payload octets tested */
	float z;         /* of the chi-square test, for the record */
	uint64_t first, last; /* packet numbers of what was used */
};

enum rtcp_form {
	RTCP_CLEAR,
	RTCP_SRTCP_80,
	RTCP_SRTCP_32,
	RTCP_SRTCP_GCM,
	RTCP_SRTCP_NULL,
	RTCP_SRTCP_PROBABLE,
	RTCP_BARE, /* readable, but nothing besides APP or BYE */
	RTCP_FORMS
};
struct rtcp_seen {
	uint32_t count[RTCP_FORMS];
	uint32_t ssrc;                   /* of the first packet */
	uint8_t first_clear, last_clear; /* clear only there: see evidence */
	uint64_t first, last;
};

enum zrtp_step {
	ZRTP_HELLO = 1,
	ZRTP_COMMIT,
	ZRTP_CONFIRM,
	ZRTP_SECURE,
	ZRTP_GO_CLEAR
};

#endif
