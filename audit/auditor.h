/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor.h - on which thread the periods of a run (audit/period.h) take what
 * workers tell.
 */
#ifndef AUDIT_AUDITOR_H
#define AUDIT_AUDITOR_H

#include "audit/period.h"

enum auditor_way {
	AUDITOR_ALONE, /* the only worker's */
	/* One of its own: who captures does not wait for it, unless very much
	 * is on its way. */
	AUDITOR_APART,
	/* That of whichever worker has a few notices when no other is at it:
	 * all have the same share, and no thread is woken. */
	AUDITOR_IN_TURN,
};

struct auditor_options {
	enum auditor_way way;
	unsigned workers;
	bool patient;            /* apart: waking it may wait for a few */
	struct periods *periods; /* lent */
	void (*look)(void *ctx); /* time to look around; its thread */
	void *ctx;
};

struct auditor;

/* NULL: no memory. */
struct auditor *auditor_new(const struct auditor_options *o);
void auditor_free(struct auditor *a); /* NULL is allowed */
/*
 * What a worker has for auditor_tell(); workers are numbered from 0. Marks of
 * the run (period.h) may come by any line that nobody else is at.
 */
void *auditor_line(struct auditor *a, unsigned worker);
/* Workers may lend their notices. */
bool auditor_borrows(const struct auditor *a);
/* A worker_tell: takes the notice over. A mark does not wait for others. */
void auditor_tell(void *line, struct notice *n);
/* It is time to look around; any thread. */
void auditor_look(struct auditor *a);
/* Flows that were told to have gone; any thread. */
uint64_t auditor_records(const struct auditor *a);
/* No thread tells any more: takes what is on its way. */
void auditor_end(struct auditor *a);

#endif
