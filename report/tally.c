/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/map.h"
#include "report/audit_doc.h"

struct tally {
	json_t *summary; /* lent */
	json_t *hosts, *certs;
	struct map *host_at, *cert_at; /* address, fingerprint -> index + 1 */
};

struct tally *
tally_new(json_t *summary)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->summary = summary;
	t->hosts = json_array();
	t->certs = json_array();
	t->host_at = map_new(LIMIT_HOSTS);
	t->cert_at = map_new(LIMIT_CERTS);
	if (t->host_at != NULL && t->cert_at != NULL)
		return t;
	tally_done(t, NULL, NULL);
	return NULL;
}

void
tally_done(struct tally *t, json_t **hosts, json_t **certs)
{
	if (hosts != NULL)
		*hosts = t->hosts;
	else
		json_decref(t->hosts);
	if (certs != NULL)
		*certs = t->certs;
	else
		json_decref(t->certs);
	map_free(t->host_at);
	map_free(t->cert_at);
	free(t);
}

static void
count(json_t *o, const char *key, uint64_t more)
{
	(void)json_object_set_new(o, key,
	    json_integer((json_int_t)(doc_number(o, key) + more)));
}

void
tally_numbers(json_t *to, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach(from, key, value)
	{
		if (json_is_integer(value))
			count(to, key, (uint64_t)json_integer_value(value));
		else if (json_object_get(to, key) == NULL)
			(void)json_object_set(to, key, value);
	}
}

static void
put_text(json_t *o, const char *key, const char *text)
{
	if (text[0] != '\0')
		(void)json_object_set_new(o, key, json_string(text));
}

/* The element of this name; *is_new: it is yet to be filled. */
static json_t *
element(json_t *list, struct map *at, const char *name, bool *is_new)
{
	uint64_t *i = map_put(at, slice_text(name));

	if (i == NULL)
		return NULL;
	*is_new = *i == 0;
	if (*i == 0) {
		(void)json_array_append_new(list, json_object());
		*i = json_array_size(list);
	}
	return json_array_get(list, (size_t)*i - 1);
}

static void
add_text_once(json_t *o, const char *key, const char *text, size_t most)
{
	json_t *list = json_object_get(o, key);

	if (text[0] == '\0')
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(json_string_value(json_array_get(list, i)), text) ==
		    0)
			return;
	}
	if (json_array_size(list) < most)
		(void)json_array_append_new(list, json_string(text));
}

/* ---- sums ---- */

static void
add_summary(struct tally *t, const json_t *flow)
{
	json_t *s = t->summary, *row;
	const json_t *counters = json_object_get(flow, "flow");
	const char *verdict = doc_text2(flow, "audit", "verdict");
	const char *start = doc_text(counters, "start");
	const char *end = doc_text(counters, "end");
	json_t *found =
	    json_object_get(json_object_get(flow, "audit"), "findings");
	size_t i;

	count(s, "flows", 1);
	count(json_object_get(s, "verdicts"), verdict, 1);
	if (strcmp(doc_text2(flow, "audit", "certainty"), "inferred") == 0 &&
	    strcmp(verdict, "undetermined") != 0 &&
	    strcmp(verdict, "out-of-scope") != 0)
		count(s, "inferred", 1);
	json_array_foreach(json_object_get(s, "classes"), i, row)
	{
		if (strcmp(doc_text(row, "class"),
			doc_text2(flow, "audit", "class")) != 0)
			continue;
		count(json_object_get(row, "verdicts"), verdict, 1);
		count(row, "bytes",
		    doc_number(counters, "bytes_toserver") +
			doc_number(counters, "bytes_toclient"));
	}
	json_array_foreach(found, i, row)
	    count(json_object_get(s, "findings"), doc_text(row, "id"), 1);
	/* RFC 3339 texts of one form sort as times do. */
	if (doc_text(s, "start")[0] == '\0' ||
	    strcmp(start, doc_text(s, "start")) < 0)
		put_text(s, "start", start);
	if (strcmp(end, doc_text(s, "end")) > 0)
		put_text(s, "end", end);
}

/* ---- hosts ---- */

static void
add_host(struct tally *t, const json_t *flow, const char *ip, const char *role,
    const char *name)
{
	bool is_new;
	const char *known = doc_text2(flow, "audit", role);
	json_t *h = element(t->hosts, t->host_at, doc_text(flow, ip), &is_new);

	if (h == NULL)
		return;
	if (is_new) {
		put_text(h, "ip", doc_text(flow, ip));
		put_text(h, "role", known);
		put_text(h, "role_source",
		    doc_text2(flow, "audit", "role_source"));
		put_text(h, "how", "its flows in the journal say so");
		(void)json_object_set_new(h, "names", json_array());
		(void)json_object_set_new(h, "verdicts", json_object());
		for (int v = 0; v < VERDICTS; v++)
			count(json_object_get(h, "verdicts"),
			    verdict_words[v].word, 0);
	}
	if (strcmp(doc_text(h, "role"), "unknown") == 0)
		put_text(h, "role", known);
	add_text_once(h, "names", name, LIMIT_HOST_NAMES);
	count(h, "flows", 1);
	count(json_object_get(h, "verdicts"),
	    doc_text2(flow, "audit", "verdict"), 1);
}

/* ---- certificates ---- */

static void
add_findings(json_t *cert, const json_t *flow, const char *side)
{
	json_t *found =
	    json_object_get(json_object_get(flow, "audit"), "findings");
	json_t *have = json_object_get(cert, "findings");
	json_t *f, *g;
	size_t i, k;

	json_array_foreach(found, i, f)
	{
		bool known = false;

		if (strncmp(doc_text(f, "id"), "certificate.", 12) != 0 ||
		    strcmp(doc_text(f, "side"), side) != 0)
			continue;
		json_array_foreach(have, k, g) known |=
		    strcmp(doc_text(g, "id"), doc_text(f, "id")) == 0;
		if (!known)
			(void)json_array_append(have, f);
	}
}

static void
describe_cert(json_t *c, const json_t *leaf, const json_t *flow,
    const char *side)
{
	static const char *const keys[] = { "subject", "issuerdn", "serial",
		"notbefore", "notafter" };
	int64_t until;

	put_text(c, "fingerprint", doc_text(leaf, "fingerprint"));
	put_text(c, "used_as", side);
	for (size_t i = 0; i < COUNT(keys); i++)
		put_text(c, keys[i], doc_text(leaf, keys[i]));
	struct slice day =
	    slice_head(slice_text(doc_text(leaf, "notafter")), 10);
	struct slice today =
	    slice_head(slice_text(doc_text(flow, "timestamp")), 10);
	int64_t now;

	if (clock_parse_date(day, &until) && clock_parse_date(today, &now))
		(void)json_object_set_new(c, "days_left",
		    json_integer((until - now) / (86400 * NS_PER_S)));
	(void)json_object_set_new(c, "names", json_array());
	(void)json_object_set_new(c, "hosts", json_array());
	put_text(c, "first_seen", doc_text(flow, "timestamp"));
	(void)json_object_set_new(c, "findings", json_array());
}

static void
add_cert(struct tally *t, const json_t *flow, const json_t *leaf,
    const char *side)
{
	bool server = strcmp(side, "server") == 0;
	const char *print = doc_text(leaf, "fingerprint");
	bool is_new;
	json_t *c;

	if (print[0] == '\0')
		return;
	c = element(t->certs, t->cert_at, print, &is_new);
	if (c == NULL)
		return;
	if (is_new)
		describe_cert(c, leaf, flow, side);
	else if (strcmp(doc_text(c, "used_as"), side) != 0)
		put_text(c, "used_as", "both");
	add_text_once(c, "hosts", doc_text(flow, server ? "dest_ip" : "src_ip"),
	    LIMIT_SHOWN_HOSTS);
	count(c, "flows", 1);
	if (strcmp(doc_text(flow, "timestamp"), doc_text(c, "last_seen")) > 0)
		put_text(c, "last_seen", doc_text(flow, "timestamp"));
	add_findings(c, flow, side);
}

void
tally_flow(struct tally *t, const json_t *flow)
{
	const json_t *tls = json_object_get(flow, "tls");

	if (flow == NULL)
		return;
	add_summary(t, flow);
	add_host(t, flow, "src_ip", "src_role", "");
	add_host(t, flow, "dest_ip", "dest_role", doc_text(tls, "sni"));
	add_cert(t, flow, tls, "server");
	add_cert(t, flow, json_object_get(tls, "client"), "client");
}
