/* SPDX-License-Identifier: Apache-2.0 */
#include "report/journal_json.h"

#include <stdlib.h>

#include "core/clock.h"

enum { JOURNAL_VERSION = 1 };

static json_t *
event(const char *type)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "event_type", json_string(type));
	return o;
}

static void
put_number(json_t *to, const char *key, uint64_t n)
{
	(void)json_object_set_new(to, key, json_integer((json_int_t)n));
}

/* Lets the object go. */
static char *
line_of(json_t *o)
{
	char *line = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	return line;
}

char *
journal_header(const struct audited *a, const char *run)
{
	json_t *o = event("journal");
	json_t *inputs = json_array();
	char now[CLOCK_TEXT_MAX];

	(void)json_object_set_new(o, "timestamp",
	    json_string(clock_text(clock_now(), now)));
	(void)json_object_set_new(o, "format", json_string("spanward-journal"));
	put_number(o, "version", JOURNAL_VERSION);
	(void)json_object_set_new(o, "run", json_string(run));
	(void)json_object_set_new(o, "tool", json_of_tool(a));
	(void)json_object_set_new(o, "policy",
	    json_of_policy(ledger_policy(a->ledger)));
	(void)json_object_set_new(o, "summary", json_of_summary(a));
	for (size_t i = 0; i < source_inputs(a->source); i++)
		(void)json_array_append_new(inputs,
		    json_of_input(source_input(a->source, i)));
	(void)json_object_set_new(o, "inputs", inputs);
	return line_of(o);
}

char *
journal_flow(const struct audited *a, const struct record *r,
    const struct judgement *j, bool final)
{
	json_t *o = json_of_judged(a, r, j);

	if (!final)
		(void)json_object_set_new(json_object_get(o, "audit"),
		    "provisional", json_true());
	return line_of(o);
}

char *
journal_stats(const struct source_stats *s)
{
	json_t *o = event("stats");
	json_t *capture = json_object();
	char now[CLOCK_TEXT_MAX];

	(void)json_object_set_new(o, "timestamp",
	    json_string(clock_text(clock_now(), now)));
	put_number(capture, "packets", s->packets);
	put_number(capture, "bytes", s->bytes);
	put_number(capture, "kernel_drops", s->kernel_drops);
	put_number(capture, "interface_drops", s->interface_drops);
	(void)json_object_set_new(o, "capture", capture);
	return line_of(o);
}

char *
journal_period(const struct period *p)
{
	json_t *o = event("period");

	(void)json_object_set_new(o, "period", json_of_period(p));
	(void)json_object_set_new(o, "capture",
	    json_of_capture(ledger_totals(p->ledger)));
	put_number(o, "flows", ledger_count(p->ledger));
	return line_of(o);
}
