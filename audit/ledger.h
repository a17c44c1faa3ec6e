/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h - all that the auditor knows: flows, hosts, certificates, sums.
 *
 * Belongs to the auditor's thread while the audit runs. After
 * ledger_finish() it is constant: reports read it in any order.
 */
#ifndef AUDIT_LEDGER_H
#define AUDIT_LEDGER_H

#include "audit/loss.h"
#include "audit/policy.h"
#include "audit/record.h"
#include "capture/decode.h"
#include "capture/source.h"

/* The quality of the capture. */
struct capture_totals {
	uint64_t packets, bytes;
	uint64_t kernel_drops, interface_drops;
	uint64_t duplicates;
	uint64_t cut;         /* packets with less than the wire carried */
	uint64_t undecodable; /* malformed, truncated headers, unknown link */
	uint64_t not_ip;
	uint64_t no_transport; /* IP without TCP or UDP: ICMP, ESP, ... */
	uint64_t fragments, fragments_lost;
	uint64_t lost_bytes; /* TCP bytes not captured */
	uint64_t conflicts;  /* overlapping TCP bytes that differ */
	uint64_t one_way, mid_stream, evicted; /* flows */
	/* Flows nothing is missing of, as far as can be known: no gap, no cut
	 * packet, no loss of the capture that could be theirs. */
	uint64_t whole;
	uint64_t starved;     /* facts that found no room */
	uint64_t clock_steps; /* time went back more than a second */
	/* Flows that left memory before the end: judged by what was known
	 * then; and those of them that are in the sums alone. */
	uint64_t judged_early, left_out;
	bool has_secrets; /* an input file holds keys */
	uint64_t secrets; /* in all key logs */
	struct decode_stats decode;
};

struct summary {
	uint64_t flows;
	uint64_t by_class[CLASSES][VERDICTS];
	uint64_t bytes_by_class[CLASSES];
	uint64_t by_verdict[VERDICTS];
	uint64_t inferred; /* judged flows whose verdict is inferred */
	uint64_t findings[FINDINGS]; /* flows that have it */
	int64_t first, last;         /* of all packets of flows */
};

enum { LIMIT_HOST_NAMES = 8 };
struct host {
	struct addr addr;
	enum role role;
	bool from_policy;
	char how[120]; /* how the role is known, a sentence */
	uint64_t flows, bytes;
	uint64_t by_verdict[VERDICTS];
	uint64_t findings;                   /* a bit for each of its flows */
	const char *names[LIMIT_HOST_NAMES]; /* SNI, certificates, policy */
	unsigned name_count;
};

enum { LIMIT_SHOWN_HOSTS = 64 };
/* A certificate as it was met in the audit. */
struct shown_cert {
	const struct cert *cert;
	bool as_server, as_client,
	    as_issuer; /* leaf of a side; sent above one */
	struct addr hosts[LIMIT_SHOWN_HOSTS]; /* that showed it, sorted */
	unsigned host_count;
	uint64_t flows;
	int64_t first, last; /* handshakes */
	uint64_t first_packet;
	struct findings findings; /* of all handshakes */
};

struct ledger;

struct ledger *ledger_new(const struct policy *p, struct fault *f);
/*
 * A ledger for the next period of a run. Flows that have not ended come with
 * what is known of them, and of those that have what others may refer to
 * (signalling, relays, first handshakes), within LIMIT_CARRIED_BYTES and
 * LIMIT_REFERRED_BYTES; so do the signs of roles. None of these flows is
 * reported unless something of it is seen. Shares nothing with `l` but the
 * trust, so that another thread may finish either. `l` is not finished. NULL
 * without memory.
 */
struct ledger *ledger_next(const struct ledger *l);
/* Flows that found no room on the way into this ledger. */
uint64_t ledger_left_behind(const struct ledger *l);
void ledger_free(struct ledger *l);

/* When a live capture lost packets: lent, for this ledger and those after it.
 */
void ledger_watch_loss(struct ledger *l, const struct loss *loss);
/* ledger_finish() judges on as many threads, the caller's among them; 1 unless
 * told. */
void ledger_threads(struct ledger *l, unsigned threads);
const struct loss *ledger_loss(const struct ledger *l); /* or NULL */

/*
 * Where flows go that leave memory: those that ended, oldest first, are judged
 * by what is known then and put into it. Each ledger opens one of its own when
 * it needs it. Numbers of flows count those in it, too.
 */
struct ledger_spool {
	/* NULL: none can be had; flows then stay in memory. */
	void *(*open)(void *ctx);
	/* Flows come in batches, each in the order of first_packet; the
	 * judgement lends. False: it is lost but for the sums. */
	bool (*put)(void *spool, const struct ledger *l, const struct record *r,
	    const struct judgement *j);
	/* After a batch. */
	void (*batch)(void *spool);
	/* All are in it for now: what follows is asked after this. */
	void (*seal)(void *spool);
	size_t (*count)(void *spool);
	/* How many of them begin before this packet; *is_one: and one with
	 * it. */
	size_t (*before)(void *spool, uint64_t first_packet, bool *is_one);
	void (*close)(void *spool);
	void *ctx;
};
/* A spool that keeps nothing: those flows are in the sums alone. */
void ledger_spool_nothing(struct ledger_spool *out);
/* The ledger, and those that follow it, hold about so many bytes of flows. */
void ledger_bound(struct ledger *l, size_t bytes, const struct ledger_spool *s);
/* The open spool, or NULL; the numbers of the flows that are in it are those
 * that no record has. */
void *ledger_spool_of(const struct ledger *l);
size_t ledger_spooled(const struct ledger *l); /* flows in it */

/* Takes the notice over. Auditor's thread. */
void ledger_take(struct ledger *l, struct notice *n);
/* All packets were seen: numbers the flows, ties signalling, media and resumed
 * sessions, infers roles, judges everything. */
void ledger_finish(struct ledger *l, const struct capture_totals *t);
/* The period goes on after all: takes notices again and can be finished once
 * more. What was lent of hosts and certificates is gone. */
void ledger_reopen(struct ledger *l);

/*
 * While the audit runs (audit/view.h): records may be judged by what is known
 * so far. `judged` is told every judgement of ledger_finish(), which stops
 * where it answers false: nobody wants the rest.
 */
typedef bool ledger_judged(void *ctx, const struct record *r,
    const struct judgement *j);
void ledger_follow(struct ledger *l, ledger_judged *judged, void *ctx);
bool ledger_is_followed(const struct ledger *l);
/* Every judgement of ledger_judged_now(), of a flow that leaves memory, and
 * (final) of ledger_finish(). */
typedef void ledger_told(void *ctx, const struct ledger *l, struct record *r,
    const struct judgement *j, bool final);
void ledger_tell(struct ledger *l, ledger_told *told, void *ctx);
/* Of a record of this ledger, to be written by the one that follows; holds
 * until the next notice is taken. NULL without memory, or if nobody follows. */
struct telling *ledger_telling(const struct ledger *l, const struct record *r);
size_t ledger_changes(const struct ledger *l);
/* A record that changed since it was asked for; false: no more. */
bool ledger_changed(struct ledger *l, size_t *i) MUST_CHECK;
/* Records moved: ledger_prepare() must come before ledger_judge(). */
bool ledger_is_stale(const struct ledger *l);
/* Ties signalling, media and sessions together as far as they are known;
 * looks at every record. */
bool ledger_prepare(struct ledger *l) MUST_CHECK;
/* Keeps the last judgement in record `i`. */
void ledger_judged_now(struct ledger *l, size_t i, const struct judgement *j);

/* How the role of a host is known, a sentence; while the audit runs, too. */
const char *ledger_how(const struct ledger *l, const struct addr *a);

size_t ledger_count(const struct ledger *l);
/* Flows of the ledger so far, in memory or not. */
uint64_t ledger_arrived(const struct ledger *l);
/* In the order of flow_id after ledger_finish(), of arrival before; then some
 * may be here for others alone (behind). */
const struct record *ledger_record(const struct ledger *l, size_t i);
/* The record of the flow that begins with this packet; NULL: not held. */
const struct record *ledger_find(const struct ledger *l, uint64_t first_packet);
/* The judgement of a record; `out` is overwritten. */
void ledger_judge(const struct ledger *l, const struct record *r,
    struct judgement *out);
/* Number (record.h) of the flow that begins with this packet; 0 if there is
 * none, or it left memory and there will be none before the end. */
uint64_t ledger_id_of(const struct ledger *l, uint64_t first_packet);

const struct policy *ledger_policy(const struct ledger *l);
const struct summary *ledger_summary(const struct ledger *l);
const struct capture_totals *ledger_totals(const struct ledger *l);
size_t ledger_hosts(const struct ledger *l);
const struct host *ledger_host(const struct ledger *l, size_t i);
size_t ledger_certs(const struct ledger *l);
const struct shown_cert *ledger_cert(const struct ledger *l, size_t i);
struct cert_store *ledger_store(const struct ledger *l);

#endif
