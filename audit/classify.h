/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify.h - which traffic classes a flow belongs to: an ordered table of
 * tests over protocols, roles, paths, signalling and, last, ports. A port
 * alone never decides where roles or bytes say otherwise.
 */
#ifndef AUDIT_CLASSIFY_H
#define AUDIT_CLASSIFY_H

#include "audit/media.h"
#include "audit/mutual.h"
#include "audit/policy.h"
#include "audit/web.h"

/* Everything that is known of one flow when it is judged. */
struct scene_of_flow {
	const struct notice *notice;
	const struct evidence *e;
	const struct flow_view *flow;
	const struct policy *policy;
	bool brief; /* nobody reads words */
	enum role src, dest;
	bool src_listed, dest_listed; /* roles come from the inventory */
	bool src_weak;                /* the caller may as well be a client */
	bool has_tls, has_media;
	enum protection companion; /* control packets: of the media beside */
	size_t promise_count;
	const struct policy_service *service; /* row of the port table */
	bool for_clients; /* ... of clients, whom a load balancer passes on */
	char app[32];     /* app_proto */
	/* Last: never cleared, only filled in. */
	struct tls_state tls; /* outermost handshake over a stream or data */
	struct tls_words tls_words; /* unless brief */
	struct media_state media;
	struct promise promises[LIMIT_PROMISES];
};

/* What the protection of a class is read from. */
enum basis {
	BASIS_CLEAR,   /* its bytes were readable outside every protection */
	BASIS_TLS,     /* it is, or may be, inside the TLS of the flow */
	BASIS_MEDIA,   /* the media tests */
	BASIS_NOTHING, /* no bytes tell */
};

struct candidate_class {
	enum traffic_class class;
	enum basis basis;
	bool by_port;              /* rests on the port table: inferred */
	bool aside;                /* mentioned, not judged: never the first */
	bool open;                 /* readable, but what was not captured may
				    * excuse it */
	uint64_t packet;           /* that shows it */
	const struct learnt *fact; /* HTTP_EXCHANGE it rests on, or NULL */
	bool bare;                 /* HTTP without credentials */
	char why[160];             /* BASIS_CLEAR: what was readable */
	const char *missing;       /* open: what would tell, or NULL */
};

/* Classes times bases that can meet in one flow stay far below. */
enum { LIMIT_CANDIDATES = 24 };

/* At least one; CLASS_OTHER where nothing else fits. */
unsigned classify(const struct scene_of_flow *s,
    struct candidate_class out[LIMIT_CANDIDATES]);

#endif
