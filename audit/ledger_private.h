/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_private.h - what a ledger is made of; shared by the ledger*.c files
 * only: ledger_take.c fills it, ledger.c judges it, ledger_sums.c adds up,
 * ledger_carry.c hands over from one period to the next, ledger_spill.c sends
 * flows out of memory, ledger_index.c finds them.
 */
#ifndef AUDIT_LEDGER_PRIVATE_H
#define AUDIT_LEDGER_PRIVATE_H

#include "audit/ledger.h"
#include "audit/role.h"
#include "audit/signal.h"
#include "core/arena.h"
#include "core/map.h"

/* A record, to be put in order. */
struct ledger_choice {
	uint32_t at;   /* of the records */
	uint64_t last; /* packet of the flow */
};

struct ledger {
	const struct policy *policy;
	const struct loss *loss; /* or NULL */
	unsigned threads;        /* that judge at the end */
	struct cert_store *certs;
	struct record *records; /* of arrival; sorted by ledger_finish() */
	size_t count, room;
	uint64_t arrived; /* records that ever were */
	size_t bytes;     /* of their notices */
	uint32_t *index;  /* first packet -> place + 1 (ledger_index.c) */
	size_t index_slots;
	struct roles *roles;
	struct roles *before; /* what earlier periods told of hosts, or NULL */
	struct signals *signals;
	struct summary summary;
	struct capture_totals totals;
	struct host *hosts;
	size_t host_count, host_room;
	struct map *by_addr; /* address -> index + 1 in hosts */
	struct shown_cert *shown;
	size_t shown_count, shown_room;
	uint32_t *shown_at; /* order of a certificate -> index + 1 in shown */
	size_t shown_at_room;
	struct arena texts;   /* names of hosts */
	struct map *shared;   /* bytes that many flows have in common: number */
	struct arena common;  /* their copies */
	struct slice *copies; /* by number, from 1; as packer has them */
	size_t copy_count, copy_room;
	uint32_t recent[FACT_COUNT]; /* the last number of each kind */
	struct packer packer;
	uint64_t starved; /* notices there was no memory for */
	bool finished;
	/* flows that left memory (ledger_spill.c) */
	size_t most; /* bytes of flows; 0: no ceiling */
	struct ledger_spool spool;
	void *spooled; /* NULL: none did */
	bool hopeless; /* there is no spool to be had */
	size_t pause;  /* notices until the next turn may begin */
	struct ledger_choice *victims; /* on their way out, by first packet */
	size_t victim_count, victim_at;
	struct sums *early; /* finished: the sums before, for another day */
	size_t behind; /* finished: records at the end that are not reported */
	uint64_t left_behind; /* of the period before, for want of room */
	/* while somebody follows */
	bool following, stale;
	ledger_judged *judged;
	void *judged_ctx;
	ledger_told *told;
	void *told_ctx;
	struct telling *tellings; /* the first is none */
	size_t telling_count, telling_room;
	uint32_t telling_spare;
	uint32_t *changes; /* records that are dirty */
	size_t change_count, change_room;
	struct notice **retired; /* signalling may point into them */
	size_t retired_count, retired_room;
};

/* A record with its places in lists and maps. */
enum { RECORD_BYTES = 64 };

/* What is kept of flows that are gone. */
struct sums {
	struct summary summary;
	struct capture_totals totals;
	struct host *hosts;
	size_t host_count;
	struct shown_cert *shown;
	size_t shown_count;
};

/* ---- ledger_index.c ---- */

/* The record of the flow; NULL: there is none. */
struct record *ledger_at(const struct ledger *l, uint64_t first_packet);
/* There is room for one more. */
bool ledger_index_room(struct ledger *l) MUST_CHECK;
void ledger_index_add(struct ledger *l, size_t i);
/* Records moved; none was added. */
void ledger_index_anew(struct ledger *l);

/* ---- ledger_take.c ---- */

/* Bytes of its facts and of the record itself. */
size_t ledger_size_of(const struct record *r);
/* Whoever follows has not seen the record as it is. */
void ledger_mark(struct ledger *l, size_t i);
/* Of the packer: certificates and the like once. */
uint32_t ledger_keep_common(void *ctx, const struct learnt *f);
/* Frees its facts; it has none then. */
void ledger_drop_facts(struct ledger *l, struct record *r);
/* A place to note what was told of it, if somebody follows. */
void ledger_give_telling(struct ledger *l, struct record *r);
void ledger_drop_telling(struct ledger *l, struct record *r);

/* ---- ledger_sums.c ---- */

void ledger_keep_judgement(struct record *r, const struct judgement *j);
/* Keeps the judgement and adds the flow to the sums. */
void ledger_sum(struct ledger *l, struct record *r, const struct notice *n,
    const struct judgement *j);
/* Where the index of a certificate stands. NULL without memory. */
uint32_t *ledger_shown_at(struct ledger *l, const struct cert *c);
/* At the end: hosts of flows that are gone by what is known of them now, and
 * the order of reports. */
void ledger_name_roles(struct ledger *l);
void ledger_sort_sums(struct ledger *l);

/* ---- ledger.c ---- */

/* Judges a flow and adds it to the sums. False: whoever follows wants no
 * more. */
bool ledger_judge_flow(struct ledger *l, struct record *r, struct judgement *j);
/* Roles and signalling are gathered anew, from what earlier periods told. */
void ledger_begin_anew(struct ledger *l);
void ledger_tie_together(struct ledger *l);
/* A ledger whose certificates may be anybody's. NULL without memory. */
struct ledger *ledger_empty(const struct policy *p, struct cert_store *certs);

/* ---- ledger_carry.c ---- */

/* Other flows may be judged by what this one said. */
bool ledger_is_referred_to(const struct notice *n);

/* ---- ledger_spill.c ---- */

/* If there is more in memory than there should be: a few flows go. */
void ledger_relieve(struct ledger *l);
/* Those that are in the spool leave memory. */
void ledger_settle_victims(struct ledger *l);
/* Around ledger_finish(), and for ledger_reopen(). */
void ledger_seal(struct ledger *l);
void ledger_add_early(struct ledger *l, const struct capture_totals *early);
void ledger_restore(struct ledger *l);
void ledger_spool_done(struct ledger *l);
uint64_t ledger_spooled_id(const struct ledger *l, uint64_t first_packet);

#endif
