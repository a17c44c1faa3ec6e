/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several audits as one: other sensors, other days, the same policy.
 */
#include <stdlib.h>

#include "core/map.h"
#include "report/audit_read.h"

struct merged {
	struct audit_doc **parts;
	size_t n;
	json_t *lists[DOC_LISTS]; /* of what is put together; not the flows */
};

/* ---- sums ---- */

static void
set_number(json_t *o, const char *key, uint64_t n)
{
	(void)json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* Adds the numbers of `from` to those of `to`, member by member; truths become
 * true where any was. Members it lacks are copied. */
static void
add_numbers(json_t *to, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach(from, key, value)
	{
		json_t *have = json_object_get(to, key);

		if (have == NULL)
			(void)json_object_set_new(to, key,
			    json_deep_copy(value));
		else if (json_is_integer(have) && json_is_integer(value))
			(void)json_integer_set(have,
			    json_integer_value(have) +
				json_integer_value(value));
		else if (json_is_false(have) && json_is_true(value))
			(void)json_object_set_new(to, key, json_true());
	}
}

static void
add_verdicts(json_t *to, const json_t *from)
{
	json_t *have = json_object_get(to, "verdicts");

	if (have != NULL)
		add_numbers(have, json_object_get(from, "verdicts"));
}

/* RFC 3339 texts of one form sort as times do. */
static void
widen(json_t *to, const json_t *from, const char *first, const char *last)
{
	const char *a = doc_text(from, first);
	const char *b = doc_text(from, last);

	if (a[0] != '\0' &&
	    (doc_text(to, first)[0] == '\0' ||
		strcmp(a, doc_text(to, first)) < 0))
		(void)json_object_set_new(to, first, json_string(a));
	if (b[0] != '\0' && strcmp(b, doc_text(to, last)) > 0)
		(void)json_object_set_new(to, last, json_string(b));
}

static void
add_classes(json_t *to, const json_t *from)
{
	for (size_t i = 0; i < json_array_size(from); i++) {
		const json_t *row = json_array_get(from, i);
		json_t *have = NULL;

		for (size_t k = 0; k < json_array_size(to); k++) {
			json_t *x = json_array_get(to, k);

			if (strcmp(doc_text(x, "class"),
				doc_text(row, "class")) == 0)
				have = x;
		}
		if (have == NULL) {
			(void)json_array_append_new(to, json_deep_copy(row));
			continue;
		}
		add_verdicts(have, row);
		set_number(have, "bytes",
		    doc_number(have, "bytes") + doc_number(row, "bytes"));
	}
}

static void
add_summary(json_t *to, const json_t *from)
{
	json_t *found = json_object_get(to, "findings");

	add_verdicts(to, from);
	add_classes(json_object_get(to, "classes"),
	    json_object_get(from, "classes"));
	if (found != NULL)
		add_numbers(found, json_object_get(from, "findings"));
	set_number(to, "flows",
	    doc_number(to, "flows") + doc_number(from, "flows"));
	set_number(to, "inferred",
	    doc_number(to, "inferred") + doc_number(from, "inferred"));
	widen(to, from, "start", "end");
}

/* ---- certificates and hosts ---- */

static void
add_texts(json_t *to, const json_t *from)
{
	for (size_t i = 0; i < json_array_size(from); i++) {
		json_t *x = json_array_get(from, i);
		bool known = false;

		for (size_t k = 0; !known && k < json_array_size(to); k++)
			known = json_equal(json_array_get(to, k), x);
		if (!known)
			(void)json_array_append(to, x);
	}
}

static void
add_findings(json_t *to, const json_t *from)
{
	for (size_t i = 0; i < json_array_size(from); i++) {
		json_t *x = json_array_get(from, i);
		bool known = false;

		for (size_t k = 0; !known && k < json_array_size(to); k++) {
			const json_t *y = json_array_get(to, k);

			known =
			    strcmp(doc_text(x, "id"), doc_text(y, "id")) == 0 &&
			    strcmp(doc_text(x, "side"), doc_text(y, "side")) ==
				0;
		}
		if (!known)
			(void)json_array_append(to, x);
	}
}

static void
add_flows(json_t *to, const json_t *from)
{
	set_number(to, "flows",
	    doc_number(to, "flows") + doc_number(from, "flows"));
}

static const char *
use_of_both(const char *a, const char *b)
{
	if (strcmp(a, b) == 0 || strcmp(b, "issuer") == 0)
		return a;
	return strcmp(a, "issuer") == 0 ? b : "both";
}

static void
join_certs(json_t *to, const json_t *from)
{
	const char *use =
	    use_of_both(doc_text(to, "used_as"), doc_text(from, "used_as"));
	json_t *left = json_object_get(from, "days_left");

	(void)json_object_set_new(to, "used_as", json_string(use));
	/* What is left counts from when it was last shown. */
	if (left != NULL &&
	    strcmp(doc_text(from, "last_seen"), doc_text(to, "last_seen")) > 0)
		(void)json_object_set(to, "days_left", left);
	add_texts(json_object_get(to, "hosts"), json_object_get(from, "hosts"));
	add_findings(json_object_get(to, "findings"),
	    json_object_get(from, "findings"));
	add_flows(to, from);
	widen(to, from, "first_seen", "last_seen");
}

/* What the policy says of a host outweighs what was inferred. */
static void
join_hosts(json_t *to, const json_t *from)
{
	static const char *const role[] = { "role", "role_source", "how" };

	if (strcmp(doc_text(to, "role_source"), "policy") != 0 &&
	    (strcmp(doc_text(from, "role_source"), "policy") == 0 ||
		strcmp(doc_text(to, "role"), "unknown") == 0)) {
		for (size_t i = 0; i < COUNT(role); i++)
			(void)json_object_set(to, role[i],
			    json_object_get(from, role[i]));
	}
	add_texts(json_object_get(to, "names"), json_object_get(from, "names"));
	add_flows(to, from);
	add_verdicts(to, from);
}

struct joining {
	struct map *known; /* key -> place in `all` + 1 */
	json_t *all;
	const char *key;
	void (*join)(json_t *to, const json_t *from);
};

/* Takes `o` over. */
static bool
join_one(struct joining *j, json_t *o)
{
	uint64_t *at = o != NULL
	    ? map_put(j->known, slice_text(doc_text(o, j->key)))
	    : NULL;

	if (at == NULL) {
		json_decref(o);
		return false;
	}
	if (*at != 0) {
		j->join(json_array_get(j->all, *at - 1), o);
		json_decref(o);
		return true;
	}
	if (json_array_append_new(j->all, o) != 0)
		return false;
	*at = json_array_size(j->all);
	return true;
}

/* All elements of a list of all parts, equal keys joined. */
static bool
join_lists(struct merged *m, enum doc_list list, const char *key,
    void (*join)(json_t *to, const json_t *from))
{
	struct joining j = { map_new(0), json_array(), key, join };
	bool good = j.known != NULL && j.all != NULL;

	for (size_t p = 0; good && p < m->n; p++) {
		for (size_t i = 0; good && i < m->parts[p]->count[list]; i++)
			good = join_one(&j, doc_item(m->parts[p], list, i));
	}
	map_free(j.known);
	m->lists[list] = j.all;
	return good;
}

static int
by_address(const void *a, const void *b)
{
	struct addr x, y;
	const char *s = doc_text(*(json_t *const *)a, "ip");
	const char *t = doc_text(*(json_t *const *)b, "ip");

	if (addr_parse(slice_text(s), &x) && addr_parse(slice_text(t), &y))
		return addr_compare(&x, &y);
	return strcmp(s, t);
}

static bool
sort_hosts(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **all = calloc(n + 1, sizeof(void *));

	if (all == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		all[i] = json_incref(json_array_get(list, i));
	qsort(all, n, sizeof(void *), by_address);
	(void)json_array_clear(list);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, all[i]);
	free(all);
	return true;
}

/* ---- inputs ---- */

static bool
check_policy(const struct merged *m, struct fault *f)
{
	const json_t *first = m->parts[0]->policy;

	for (size_t i = 1; i < m->n; i++) {
		const json_t *other = m->parts[i]->policy;

		if (strcmp(doc_text(first, "sha256"),
			doc_text(other, "sha256")) != 0)
			return fail(f,
			    "the audits were made by different policies "
			    "(%.60s, SHA-256 %.12s..., and %.60s, %.12s...): "
			    "audit the captures again by one",
			    doc_text(first, "name"), doc_text(first, "sha256"),
			    doc_text(other, "name"), doc_text(other, "sha256"));
	}
	return true;
}

/* The same capture twice would count twice. */
static bool
join_inputs(struct merged *m, struct fault *f)
{
	json_t *all = json_array();
	struct map *known = map_new(0);
	const char *twice = NULL;
	bool good = known != NULL && all != NULL;

	for (size_t p = 0; good && p < m->n; p++) {
		for (size_t i = 0; good && twice == NULL &&
		     i < m->parts[p]->count[DOC_INPUTS];
		     i++) {
			json_t *o = doc_item(m->parts[p], DOC_INPUTS, i);
			const char *hash = doc_text(o, "sha256");
			uint64_t *at = hash[0] != '\0'
			    ? map_put(known, slice_text(hash))
			    : NULL;

			if (at != NULL && *at != 0 && *at != p + 1)
				twice = doc_text(o, "path");
			if (at != NULL)
				*at = p + 1;
			good = o != NULL && json_array_append_new(all, o) == 0;
		}
	}
	m->lists[DOC_INPUTS] = all;
	map_free(known);
	if (twice != NULL)
		return fail(f,
		    "%.200s was audited in two of these audits: its flows "
		    "would count twice",
		    twice);
	return good || fail(f, "the audits cannot be merged: no memory");
}

/* ---- the document ---- */

static void
shift(json_t *o, const char *key, uint64_t by)
{
	if (doc_number(o, key) > 0)
		set_number(o, key, doc_number(o, key) + by);
}

static json_t *
merged_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	const struct merged *m = d->inside;
	uint64_t before = 0;
	size_t p = 0;

	if (list != DOC_FLOWS)
		return json_incref(json_array_get(m->lists[list], i));
	while (p < m->n && i >= m->parts[p]->count[list]) {
		i -= m->parts[p]->count[list];
		before += m->parts[p]->count[list];
		p++;
	}
	json_t *flow = p < m->n ? doc_item(m->parts[p], list, i) : NULL;

	shift(flow, "flow_id", before);
	shift(json_object_get(flow, "tls"), "resumed_from", before);
	shift(json_object_get(flow, "media"), "signalled_by", before);
	return flow;
}

static void
merged_release(struct audit_doc *d)
{
	struct merged *m = d->inside;

	for (size_t i = 0; i < m->n; i++)
		doc_free(m->parts[i]);
	for (int i = 0; i < DOC_LISTS; i++)
		json_decref(m->lists[i]);
	free(m->parts);
	free(m);
}

static json_t *
merged_tool(const struct merged *m, const char *version)
{
	json_t *o = json_object();
	json_t *from = json_array();

	(void)json_object_set_new(o, "name", json_string("spanward"));
	(void)json_object_set_new(o, "version", json_string(version));
	for (size_t i = 0; i < m->n; i++)
		(void)json_array_append(from,
		    json_object_get(m->parts[i]->tool, "version"));
	(void)json_object_set_new(o, "merged_from", from);
	return o;
}

/* What a part does not tell is not known of the whole. */
static void
add_capture(json_t *to, json_t *from)
{
	bool told = json_object_get(to, "whole_flows") != NULL &&
	    json_object_get(from, "whole_flows") != NULL;
	json_t *losses = json_object_get(to, "losses");

	if (losses != NULL)
		(void)json_array_extend(losses,
		    json_object_get(from, "losses"));
	add_numbers(to, from);
	if (!told)
		(void)json_object_del(to, "whole_flows");
}

static bool
fill(struct audit_doc *d, struct merged *m, const char *version,
    struct fault *f)
{
	d->tool = merged_tool(m, version);
	d->policy = json_incref(m->parts[0]->policy);
	d->capture = json_deep_copy(m->parts[0]->capture);
	d->summary = json_deep_copy(m->parts[0]->summary);
	for (size_t i = 1; i < m->n; i++) {
		add_capture(d->capture, m->parts[i]->capture);
		add_summary(d->summary, m->parts[i]->summary);
	}
	if (!check_policy(m, f) || !join_inputs(m, f))
		return false;
	if (!join_lists(m, DOC_CERTIFICATES, "fingerprint", join_certs) ||
	    !join_lists(m, DOC_HOSTS, "ip", join_hosts) ||
	    !sort_hosts(m->lists[DOC_HOSTS]))
		return fail(f, "the audits cannot be merged: no memory");
	for (int i = 0; i < DOC_LISTS; i++)
		d->count[i] = json_array_size(m->lists[i]);
	for (size_t i = 0; i < m->n; i++)
		d->count[DOC_FLOWS] += m->parts[i]->count[DOC_FLOWS];
	return true;
}

struct audit_doc *
doc_merge(struct audit_doc **parts, size_t n, const char *version,
    struct fault *f)
{
	struct audit_doc *d = calloc(1, sizeof(*d));
	struct merged *m = calloc(1, sizeof(*m));
	struct audit_doc **own = calloc(n, sizeof(void *));

	if (d == NULL || m == NULL || own == NULL) {
		for (size_t i = 0; i < n; i++)
			doc_free(parts[i]);
		free(d);
		free(m);
		free(own);
		(void)fail(f, "the audits cannot be merged: no memory");
		return NULL;
	}
	memcpy(own, parts, n * sizeof(void *));
	m->parts = own;
	m->n = n;
	d->item = merged_item;
	d->release = merged_release;
	d->inside = m;
	if (fill(d, m, version, f))
		return d;
	doc_free(d);
	return NULL;
}
