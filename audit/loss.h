/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss.h - when a live capture lost packets, and of which flows some may have
 * been among them, so that nothing is concluded from what is missing.
 *
 * One thread adds; any thread asks at the same time.
 */
#ifndef AUDIT_LOSS_H
#define AUDIT_LOSS_H

#include "audit/notice.h"
#include "capture/source.h"

/* About a second; more where there were more than LIMIT_LOSS_SPANS. */
struct loss_span {
	int64_t start, end; /* packet time */
	uint64_t kernel_drops, interface_drops;
	bool down; /* an interface was */
};

struct loss;

struct loss *loss_new(void);
void loss_free(struct loss *l);
void loss_add(struct loss *l, const struct source_loss *x);

/* NULL stands for a source that tells no losses, as files. */
size_t loss_spans(const struct loss *l);
struct loss_span loss_span(const struct loss *l, size_t i);
/* What was lost from the first span that touches this time to the last. */
bool loss_between(const struct loss *l, int64_t start, int64_t end,
    struct loss_span *sum);

enum { LOSS_TEXT = 200 };
/*
 * Packets of this flow were lost, or may have been; `text` says what. Drops of
 * the kernel do not count where the sequence numbers of a TCP connection that
 * was seen from its start, in both directions, have no gap.
 */
bool loss_doubts(const struct loss *l, const struct flow_view *f,
    char text[LOSS_TEXT]);

#endif
