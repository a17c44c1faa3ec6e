/* SPDX-License-Identifier: Apache-2.0 */
#include "report/events.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/map.h"
#include "report/tally.h"

/* What a flow is called: within its run. */
struct name {
	uint64_t run, id;
};

struct place {
	struct name name;
	size_t at, n; /* its last line */
};

/* A run of the program; an ndjson report is one. */
struct run {
	char *name;
	json_t *stats;   /* since it began, the last, or NULL */
	json_t *capture; /* sum of its periods */
	size_t final_to; /* what stands before this cannot change any more */
	bool closed;
};

struct events {
	struct slice text;
	struct place *flows; /* sorted once all are known */
	size_t count, room;
	struct map *by_name; /* struct name -> index + 1 */
	struct run *runs;
	size_t run_count;
	json_t *lists[DOC_LISTS]; /* but for the flows */
	bool is_journal;
};

struct reading {
	const char *path;
	struct events *e;
	struct audit_doc *d;
	size_t line;
	struct fault *f;
};

static bool
wrong(const struct reading *r, const char *what)
{
	return fail(r->f, "%s:%zu: %s", r->path, r->line, what);
}

static json_t *
value_of(struct slice line)
{
	return json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES,
	    NULL);
}

/* The next line, with its end. */
static bool
next_line(struct slice text, size_t at, struct slice *line)
{
	if (at >= text.n)
		return false;
	const uint8_t *end = memchr(text.p + at, '\n', text.n - at);

	*line = slice_of(text.p + at,
	    end != NULL ? (size_t)(end - text.p) - at + 1 : text.n - at);
	return true;
}

bool
events_begin(struct slice text)
{
	struct slice line;

	if (!next_line(text, 0, &line))
		return false;
	json_t *o = value_of(line);
	bool yes = doc_text(o, "event_type")[0] != '\0';

	json_decref(o);
	return yes;
}

/* ---- lines ---- */

static struct run *
add_run(struct events *e, const char *name)
{
	struct run *more =
	    realloc(e->runs, (e->run_count + 1) * sizeof(*e->runs));

	if (more == NULL)
		return NULL;
	e->runs = more;
	struct run *r = &e->runs[e->run_count];

	*r = (struct run){ .name = strdup(name) };
	if (r->name == NULL)
		return NULL;
	e->run_count++;
	return r;
}

/* Journals put together hold a run in several parts; the one that is named
 * last is at the end. */
static bool
begin_run(struct reading *r, const char *name)
{
	struct events *e = r->e;

	for (size_t i = 0; i < e->run_count; i++) {
		struct run same = e->runs[i];

		if (strcmp(same.name, name) != 0)
			continue;
		if (i + 1 == e->run_count)
			return true;
		return wrong(r, "parts of this run stand before another one");
	}
	return add_run(e, name) != NULL || wrong(r, "no memory");
}

static struct run *
run_at_hand(struct events *e)
{
	return e->run_count > 0 ? &e->runs[e->run_count - 1] : add_run(e, "");
}

static void
take_part(json_t **to, const json_t *from, const char *key)
{
	json_t *part = json_object_get(from, key);

	if (*to == NULL && json_is_object(part))
		*to = json_incref(part);
}

static void
add_inputs(json_t *list, const json_t *inputs)
{
	for (size_t i = 0; i < json_array_size(inputs); i++) {
		json_t *in = json_array_get(inputs, i);
		bool known = false;

		for (size_t k = 0; !known && k < json_array_size(list); k++)
			known =
			    strcmp(doc_text(json_array_get(list, k), "path"),
				doc_text(in, "path")) == 0;
		if (!known)
			(void)json_array_append(list, in);
	}
}

static bool
take_header(struct reading *r, const json_t *o)
{
	struct audit_doc *d = r->d;

	r->e->is_journal = true;
	if (doc_number(o, "version") != 1)
		return wrong(r, "a journal of this version cannot be read");
	take_part(&d->tool, o, "tool");
	take_part(&d->policy, o, "policy");
	take_part(&d->summary, o, "summary");
	if (strcmp(doc_text(d->policy, "sha256"),
		doc_text2(o, "policy", "sha256")) != 0)
		return wrong(r,
		    "from here on another policy was used: split "
		    "the journal before this line");
	add_inputs(r->e->lists[DOC_INPUTS], json_object_get(o, "inputs"));
	return begin_run(r, doc_text(o, "run"));
}

static bool
take_period(struct reading *r, const json_t *o, size_t at)
{
	struct run *run = run_at_hand(r->e);
	json_t *capture = json_object_get(o, "capture");

	if (run == NULL)
		return wrong(r, "no memory");
	run->final_to = at;
	run->closed = true;
	if (run->capture == NULL)
		run->capture = json_object();
	(void)json_object_del(capture, "period");
	tally_numbers(run->capture, capture);
	return true;
}

static bool
take_stats(struct reading *r, const json_t *o)
{
	struct run *run = run_at_hand(r->e);

	if (run == NULL)
		return wrong(r, "no memory");
	json_decref(run->stats);
	run->stats = json_incref(json_object_get(o, "capture"));
	run->closed = false;
	return true;
}

static bool
take_summary(struct reading *r, json_t *o)
{
	struct audit_doc *d = r->d;

	if (d->summary != NULL)
		return wrong(r,
		    "a second report begins before this line: "
		    "give each in a file of its own");
	take_part(&d->tool, o, "tool");
	take_part(&d->policy, o, "policy");
	take_part(&d->capture, o, "capture");
	(void)json_object_del(o, "tool");
	(void)json_object_del(o, "policy");
	(void)json_object_del(o, "capture");
	(void)json_object_del(o, "event_type");
	d->summary = json_incref(o);
	return true;
}

static bool
take_flow(struct reading *r, const json_t *o, const struct place *here)
{
	struct events *e = r->e;
	enum verdict v;
	enum traffic_class c;
	struct run *run = run_at_hand(e);

	if (doc_text(o, "src_ip")[0] == '\0' ||
	    doc_text(o, "dest_ip")[0] == '\0')
		return wrong(r, "a flow needs src_ip and dest_ip");
	if (!doc_verdict(o, &v))
		return wrong(r, "the verdict of this flow is none we know");
	if (!doc_class(o, &c))
		return wrong(r, "the class of this flow is none we know");
	struct place p = *here;

	if (run != NULL)
		run->closed = false; /* unless its end comes yet */
	p.name = (struct name){ e->run_count, doc_number(o, "flow_id") };
	uint64_t *at = run != NULL
	    ? map_put(e->by_name, slice_of(&p.name, sizeof(p.name)))
	    : NULL;

	if (at == NULL)
		return wrong(r, "no memory");
	if (*at != 0) {
		e->flows[*at - 1] = p;
		return true;
	}
	if (e->count == e->room) {
		size_t more = e->room > 0 ? e->room * 2 : 256;
		struct place *q = realloc(e->flows, more * sizeof(*q));

		if (q == NULL)
			return wrong(r, "no memory");
		e->flows = q;
		e->room = more;
	}
	e->flows[e->count++] = p;
	*at = e->count;
	return true;
}

static bool
take_element(struct reading *r, json_t *o, enum doc_list list)
{
	(void)json_object_del(o, "event_type");
	(void)json_array_append(r->e->lists[list], o);
	return true;
}

static bool
take_event(struct reading *r, json_t *o, const struct place *here)
{
	const char *type = doc_text(o, "event_type");

	if (strcmp(type, "audit") == 0)
		return take_flow(r, o, here);
	if (strcmp(type, "journal") == 0)
		return take_header(r, o);
	if (strcmp(type, "period") == 0)
		return take_period(r, o, here->at);
	if (strcmp(type, "stats") == 0)
		return take_stats(r, o);
	if (strcmp(type, "summary") == 0)
		return take_summary(r, o);
	if (strcmp(type, "certificate") == 0)
		return take_element(r, o, DOC_CERTIFICATES);
	if (strcmp(type, "host") == 0)
		return take_element(r, o, DOC_HOSTS);
	if (strcmp(type, "input") == 0)
		return take_element(r, o, DOC_INPUTS);
	return type[0] != '\0' ||
	    wrong(r, "a line needs an event_type"); /* of others: passed over */
}

static bool
take_lines(struct reading *r)
{
	struct place here = { .at = 0 };
	struct slice line;

	for (; next_line(r->e->text, here.at, &line); here.at += line.n) {
		r->line++;
		here.n = line.n;
		json_t *o = value_of(line);

		if (o == NULL && line.p[line.n - 1] != '\n') {
			log_warn("report: %s:%zu: the last line is torn and "
				 "is left out",
			    r->path, r->line);
			return true;
		}
		if (o == NULL)
			return wrong(r, "this is no JSON");
		bool good = take_event(r, o, &here);

		json_decref(o);
		if (!good)
			return false;
	}
	return true;
}

/* ---- the document ---- */

static int
by_name(const void *a, const void *b)
{
	const struct name *x = &((const struct place *)a)->name;
	const struct name *y = &((const struct place *)b)->name;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void
number_flows(struct events *e)
{
	if (e->count > 0)
		qsort(e->flows, e->count, sizeof(*e->flows), by_name);
	for (size_t i = 0; i < e->count; i++) {
		struct name *n = &e->flows[i].name;
		uint64_t *at = map_get(e->by_name, slice_of(n, sizeof(*n)));

		if (at != NULL)
			*at = i + 1;
	}
}

/* The number of the flow that this member calls by its first packet. */
static void
put_number_of(const struct events *e, uint64_t run, json_t *o, const char *key)
{
	struct name n = { run, doc_number(o, key) };
	const uint64_t *at =
	    n.id != 0 ? map_get(e->by_name, slice_of(&n, sizeof(n))) : NULL;

	if (at != NULL)
		(void)json_object_set_new(o, key,
		    json_integer((json_int_t)*at));
	else if (o != NULL)
		(void)json_object_del(o, key);
}

static json_t *
flow_item(const struct events *e, size_t i)
{
	const struct place *p = &e->flows[i];
	const struct run *run = &e->runs[p->name.run - 1];
	json_t *o = value_of(slice_of(e->text.p + p->at, p->n));

	if (o == NULL || !e->is_journal)
		return o;
	(void)json_object_set_new(o, "flow_id",
	    json_integer((json_int_t)i + 1));
	put_number_of(e, p->name.run, json_object_get(o, "tls"),
	    "resumed_from");
	put_number_of(e, p->name.run, json_object_get(o, "media"),
	    "signalled_by");
	if (p->at < run->final_to)
		(void)json_object_del(json_object_get(o, "audit"),
		    "provisional");
	return o;
}

static json_t *
event_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	const struct events *e = d->inside;

	return list == DOC_FLOWS
	    ? flow_item(e, i)
	    : json_incref(json_array_get(e->lists[list], i));
}

static void
event_release(struct audit_doc *d)
{
	struct events *e = d->inside;

	for (size_t i = 0; i < e->run_count; i++) {
		free(e->runs[i].name);
		json_decref(e->runs[i].stats);
		json_decref(e->runs[i].capture);
	}
	for (int i = 0; i < DOC_LISTS; i++)
		json_decref(e->lists[i]);
	free(e->runs);
	free(e->flows);
	map_free(e->by_name);
	free(e);
}

/* A run that did not come to its end told at least what was captured. */
static void
add_captures(const struct events *e, json_t *capture)
{
	bool whole = true;

	for (size_t i = 0; i < e->run_count; i++) {
		struct run *r = &e->runs[i];

		if (r->capture == NULL)
			r->capture = json_object();
		if (!r->closed && r->stats != NULL)
			(void)json_object_update(r->capture, r->stats);
		whole &= r->closed;
		tally_numbers(capture, r->capture);
	}
	if (!whole)
		(void)json_object_del(capture, "whole_flows");
}

/* A run that did not end in order: its inputs say so. */
static void
tell_end(struct events *e)
{
	json_t *inputs = e->lists[DOC_INPUTS];
	bool whole = true;

	for (size_t i = 0; i < e->run_count; i++)
		whole &= e->runs[i].closed;
	for (size_t i = 0; !whole && i < json_array_size(inputs); i++)
		(void)json_object_set_new(json_array_get(inputs, i), "trouble",
		    json_string("the run did not come to its end: this is what "
				"its journal held"));
}

static bool
complete_journal(struct reading *r)
{
	struct audit_doc *d = r->d;
	struct events *e = r->e;
	struct tally *t = tally_new(d->summary);

	if (t == NULL)
		return fail(r->f, "%s: no memory", r->path);
	for (size_t i = 0; i < e->count; i++) {
		json_t *flow = flow_item(e, i);

		tally_flow(t, flow);
		json_decref(flow);
	}
	json_decref(e->lists[DOC_HOSTS]);
	json_decref(e->lists[DOC_CERTIFICATES]);
	tally_done(t, &e->lists[DOC_HOSTS], &e->lists[DOC_CERTIFICATES]);
	if (d->capture == NULL)
		d->capture = json_object();
	add_captures(e, d->capture);
	tell_end(e);
	return true;
}

static bool
take_all(struct reading *r)
{
	struct audit_doc *d = r->d;

	if (!take_lines(r))
		return false;
	number_flows(r->e);
	if (d->summary == NULL || d->policy == NULL || d->tool == NULL)
		return fail(r->f,
		    "%s: holds neither the summary that ends a report nor the "
		    "first line of a journal",
		    r->path);
	if (r->e->is_journal && !complete_journal(r))
		return false;
	if (d->capture == NULL)
		d->capture = json_object();
	for (int i = 0; i < DOC_LISTS; i++)
		d->count[i] = i == DOC_FLOWS ? r->e->count
					     : json_array_size(r->e->lists[i]);
	return true;
}

struct audit_doc *
doc_of_events(const char *path, struct slice text, struct fault *f)
{
	struct audit_doc *d = calloc(1, sizeof(*d));
	struct events *e = calloc(1, sizeof(*e));

	if (d == NULL || e == NULL) {
		free(d);
		free(e);
		(void)fail(f, "%s: no memory", path);
		return NULL;
	}
	e->text = text;
	e->by_name = map_new(0);
	for (int i = 0; i < DOC_LISTS; i++)
		e->lists[i] = json_array();
	d->item = event_item;
	d->release = event_release;
	d->inside = e;
	struct reading r = { .path = path, .e = e, .d = d, .f = f };

	if (e->by_name != NULL ? take_all(&r) : fail(f, "%s: no memory", path))
		return d;
	doc_free(d);
	return NULL;
}
