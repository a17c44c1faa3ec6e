/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_json.h - the flow record and its companions as jansson objects: the
 * one place that knows their keys. Envelope and TLS names are those of
 * Suricata's EVE.
 *
 * The caller owns what is returned; NULL without memory. Text from the wire
 * is made safe (core/buf.h) before it goes in.
 */
#ifndef REPORT_RECORD_JSON_H
#define REPORT_RECORD_JSON_H

#include <jansson.h>

#include "audit/period.h"

/* A finished audit in memory; all lent. */
struct audited {
	const struct ledger *ledger;
	const struct source *source; /* inputs; NULL: none */
	const char *tool_version;
	/* One period of a run: whose inputs are those of its end. Or NULL. */
	const struct period *period;
	/* Flows are called by their first packet: until all are known there is
	 * no other number. */
	bool by_packet;
};

json_t *json_of_flow(const struct audited *r, const struct record *rec);
/* The same where the judgement is at hand. */
json_t *json_of_judged(const struct audited *r, const struct record *rec,
    const struct judgement *j);
json_t *json_of_period(const struct period *p);
json_t *json_of_cert(const struct audited *r, const struct shown_cert *s);
json_t *json_of_host(const struct host *h);
json_t *json_of_summary(const struct audited *r);
json_t *json_of_capture(const struct capture_totals *t);
json_t *json_of_losses(const struct ledger *l);
json_t *json_of_input(const struct source_input *in);
json_t *json_of_policy(const struct policy *p);
json_t *json_of_tool(const struct audited *r);

#endif
