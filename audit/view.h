/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - what a screen sees of an audit while it runs.
 *
 * The thread that owns the ledger judges what changed, at most twice a second
 * and within a budget, and leaves compact rows. The screen's thread takes all
 * rows that changed since it last asked: the lock is held to swap a pointer.
 * Questions that need the ledger itself are posted as jobs; the owner runs
 * them between packets, and when the audit is over while it sleeps.
 *
 * The owner never waits for the screen. Of a flow that the ledger lets go
 * (ledger_bound()) the last row is left at once, and nothing is kept here.
 * Above LIMIT_VIEW_ROWS rows that nobody takes no more are left.
 */
#ifndef AUDIT_VIEW_H
#define AUDIT_VIEW_H

#include "audit/ledger.h"

enum { VIEW_APP = 12, VIEW_NAME = 52, VIEW_WHY = 92, VIEW_CERT_HOSTS = 8 };

enum view_flag {
	VIEW_ENDED = 1,
	VIEW_ONE_WAY = 2,
	VIEW_MID_STREAM = 4,
	VIEW_SRC_LISTED = 8, /* the role stands in the policy */
	VIEW_DST_LISTED = 16,
	VIEW_NAME_IS_HOST = 32, /* `name` is of the called side */
	VIEW_DOUBT = 64,        /* packets were lost, or may have been */
	VIEW_GONE = 128,        /* the ledger let it go: its last row */
};

/* One flow. Fixed size, no pointers, zeroed where unused. */
struct view_row {
	uint64_t first_packet, last_packet;
	uint64_t proof; /* packet of the decisive reason; 0: none */
	uint64_t signalled_by, resumed_from; /* first packets; 0: none */
	int64_t start, end;
	uint64_t bytes;
	uint64_t findings; /* a bit for each enum finding_id */
	struct endpoint src, dst;
	/* Of the record; 0: the flow was let go, and no report has it. */
	uint64_t number;
	uint32_t packets, lost;
	uint32_t server_cert, client_cert; /* head of the SHA-256; 0: none */
	uint8_t class, verdict, observed, required, certainty;
	uint8_t src_role, dest_role, proto;
	uint8_t severity; /* worst finding; SEVERITIES: none */
	uint8_t flags;    /* enum view_flag */
	bool fresh;       /* news: of a flow of which there was none before */
	char app[VIEW_APP];
	char name[VIEW_NAME]; /* server name, host, as asked for; safe */
	char why[VIEW_WHY];   /* the decisive reason, cut; safe */
};

/* A certificate that was shown. */
struct view_cert {
	const struct cert *cert; /* constant, lives as long as the ledger */
	uint64_t flows, first_packet;
	uint64_t findings;
	struct addr hosts[VIEW_CERT_HOSTS];
	uint32_t slot, host_count;
	bool as_server, as_client, as_issuer;
};

/* What a host adds up to. */
struct view_host {
	struct addr addr;
	uint64_t flows, bytes;
	uint64_t by_verdict[VERDICTS];
	uint64_t findings;
	uint8_t role;
	bool listed;
	char name[VIEW_NAME];
};

enum { VIEW_CHUNK = 512 };
struct view_chunk {
	struct view_row rows[VIEW_CHUNK];
};

/* What changed; belongs to whoever took it. */
struct view_news {
	struct view_chunk **chunks;
	size_t count, room; /* rows; pointers in chunks */
	struct view_cert *certs;
	size_t cert_count, cert_room;
	bool whole; /* what was before is judged anew: forget it */
	/* If whole: of all flows, of those that have no row here, too. */
	struct summary sums;
	struct capture_totals totals;
	struct view_host *hosts; /* if there are such flows */
	size_t host_count;
};

enum view_phase { VIEW_READING, VIEW_JUDGING, VIEW_DONE };

struct view_status {
	enum view_phase phase;
	struct source_stats source;
	uint64_t duplicates, evicted, starved, held;
	uint64_t waiting;          /* flows whose news is not judged yet */
	uint64_t judged, to_judge; /* while JUDGING */
	uint64_t flows;
	uint64_t let_go;  /* of them by the ledger, to save memory */
	uint64_t untaken; /* rows that wait for the screen */
	bool starving;    /* rows there was no memory for */
};

/* A question to the owner of the ledger; embed it. */
struct view_job {
	void (*run)(struct view_job *j, const struct ledger *l, bool finished);
	void (*done)(struct view_job *j, void *ctx); /* asker's thread */
	void (*drop)(struct view_job *j); /* nobody will ask any more */
	struct view_job *next;
};

struct view;

/* `news` is called on the owner's thread when there is something to take. */
struct view *view_new(void (*news)(void *ctx), void *ctx);
void view_free(struct view *v);

/* --- the owner of the ledger --- */

void view_attach(struct view *v, struct ledger *l, bool live);
/* Judges within the budget and runs jobs; cheap when called too often. */
void view_refresh(struct view *v);
void view_progress(struct view *v, const struct view_status *s);
/* ledger_finish() has ended: hands over all rows. */
void view_finished(struct view *v);
/* Waits for a job and runs it; false after view_quit(). */
bool view_serve(struct view *v);

/* --- the screen --- */

/* False: nothing changed. */
bool view_take(struct view *v, struct view_news *out) MUST_CHECK;
void view_news_done(struct view_news *n);
void view_status(struct view *v, struct view_status *out);
void view_post(struct view *v, struct view_job *j);
/* Calls done() of every job that was run. */
void view_collect(struct view *v, void *ctx);
/* This job was done on a thread of its own: it is collected once more. */
void view_answer(struct view *v, struct view_job *j);
/* Nobody looks any more: judging and serving stop. */
void view_quit(struct view *v);
/* The same, but the last judgement is completed. */
void view_quit_when_done(struct view *v);

/* The row of a record as it is judged; `r` lends. */
void view_row_of(const struct ledger *l, const struct record *r,
    const struct judgement *j, struct view_row *out);

#endif
