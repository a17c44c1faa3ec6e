/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diff.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/map.h"
#include "core/room.h"

const char *const diff_kind_words[DIFF_KINDS] = { "violation", "finding" };
const char *const diff_change_words[DIFF_CHANGES] = { "new", "fixed",
	"unchanged" };
const char *const diff_proof_words[DIFF_PROOFS] = { "not-seen", "undetermined",
	"in-order" };

struct comparing {
	struct diff *d;
	struct map *by_key;  /* of items -> index + 1 */
	struct map *seen[2]; /* traffic by audit -> enum diff_proof + 1 */
	struct map *by_cert; /* fingerprint -> index + 1 */
	struct buf key;
	enum audit_side side; /* of the audit at hand */
	bool starved;
};

static const char *
keep(struct comparing *c, const char *text)
{
	struct slice kept;

	if (arena_copy(&c->d->texts, slice_of(text, strlen(text) + 1), &kept))
		return (const char *)kept.p;
	c->starved = true;
	return "";
}

static void
add_key(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
}

/* Who shows it: both ends, or one host and what it serves. */
struct parties {
	const char *src, *dest, *src_role, *dest_role;
	char service[DOC_SERVICE];
};

static void
both_ends(const json_t *flow, struct parties *p)
{
	const json_t *audit = json_object_get(flow, "audit");

	*p = (struct parties){
		.src = doc_text(flow, "src_ip"),
		.dest = doc_text(flow, "dest_ip"),
		.src_role = doc_text(audit, "src_role"),
		.dest_role = doc_text(audit, "dest_role"),
	};
	(void)doc_service(flow, p->service);
	/* Who of two opened a media flow is chance. */
	if (doc_is_media(flow) && strcmp(p->src, p->dest) > 0) {
		const char *t = p->src;

		p->src = p->dest;
		p->dest = t;
		t = p->src_role;
		p->src_role = p->dest_role;
		p->dest_role = t;
	}
}

/* A certificate is shown by one side, to whomever. */
static void
one_end(const json_t *flow, bool client, struct parties *p)
{
	both_ends(flow, p);
	if (!client) {
		p->src = p->dest;
		p->src_role = p->dest_role;
	} else {
		(void)snprintf(p->service, sizeof(p->service), "as client");
	}
	p->dest = p->dest_role = "";
}

static void
parties_key(struct comparing *c, const char *what, const struct parties *p)
{
	buf_clear(&c->key);
	add_key(&c->key, what);
	add_key(&c->key, p->src);
	add_key(&c->key, p->dest);
	add_key(&c->key, p->service);
}

/* ---- traffic that was seen, to tell fixed from absent ---- */

static void
note_seen(struct comparing *c, const struct parties *p, enum diff_proof proof)
{
	parties_key(c, "seen", p);
	uint64_t *at = map_put(c->seen[c->side], buf_slice(&c->key));

	if (at == NULL)
		c->starved = true;
	else if (*at < (uint64_t)proof + 1)
		*at = (uint64_t)proof + 1;
}

static void
note_traffic(struct comparing *c, const json_t *flow)
{
	enum verdict v = VERDICT_OUT_OF_SCOPE;
	struct parties p;

	(void)doc_verdict(flow, &v);
	/* What was unprotected before was not in order. */
	if (c->side == AUDIT_OLD && v == VERDICT_VIOLATION)
		return;
	enum diff_proof proof =
	    v == VERDICT_UNDETERMINED ? PROOF_OPEN : PROOF_SEEN;

	both_ends(flow, &p);
	note_seen(c, &p, proof);
	if (!json_is_object(json_object_get(flow, "tls")))
		return;
	one_end(flow, false, &p);
	note_seen(c, &p, proof);
	one_end(flow, true, &p);
	note_seen(c, &p, proof);
}

static enum diff_proof
proof_of(struct comparing *c, const struct diff_item *i, enum audit_side side)
{
	struct parties p = { .src = i->src, .dest = i->dest };

	(void)snprintf(p.service, sizeof(p.service), "%s", i->service);
	parties_key(c, "seen", &p);
	const uint64_t *at = map_get(c->seen[side], buf_slice(&c->key));

	return at != NULL && *at > 0 ? (enum diff_proof)(*at - 1)
				     : PROOF_NOT_SEEN;
}

/* ---- cases ---- */

static void
fill_evidence(struct comparing *c, struct diff_item *i, const json_t *flow,
    const json_t *at)
{
	const char *file = doc_text(at, "pcap_filename");

	if (file[0] == '\0')
		file = doc_text(flow, "pcap_filename");
	i->evidence = (struct proof){
		.flow = doc_number(flow, "flow_id"),
		.packet = doc_number(at, "packet"),
		.file = keep(c, file),
		.time = keep(c, doc_text(flow, "timestamp")),
		.text = keep(c, doc_text(at, "text")),
	};
}

static void
note_role(struct comparing *c, struct diff_item *i, const struct parties *p)
{
	const char *before = i->dest[0] != '\0' ? i->dest_role : i->src_role;
	const char *now = i->dest[0] != '\0' ? p->dest_role : p->src_role;

	if (strcmp(before, now) != 0)
		i->role_before = before;
	i->src_role = keep(c, p->src_role);
	i->dest_role = keep(c, p->dest_role);
}

/* The item of the key at hand, made from `like` if it is new. */
static struct diff_item *
item_of(struct comparing *c, const struct diff_item *like,
    const struct parties *p)
{
	struct diff *d = c->d;
	uint64_t *at = map_put(c->by_key, buf_slice(&c->key));

	if (at == NULL)
		return NULL;
	if (*at != 0)
		return &d->items[*at - 1];
	if (!room_for_one((void **)&d->items, d->count, &d->room,
		sizeof(*d->items)))
		return NULL;
	struct diff_item *i = &d->items[d->count++];

	*at = d->count;
	*i = *like;
	i->severity = keep(c, like->severity);
	i->src = keep(c, p->src);
	i->dest = keep(c, p->dest);
	i->src_role = keep(c, p->src_role);
	i->dest_role = keep(c, p->dest_role);
	i->role_before = "";
	i->service = keep(c, p->service);
	return i;
}

static void
count_case(struct comparing *c, const struct diff_item *like,
    const struct parties *p, const json_t *flow, const json_t *at)
{
	struct diff_item *i = item_of(c, like, p);

	if (i == NULL) {
		c->starved = true;
		return;
	}
	if (i->flows[c->side]++ > 0)
		return;
	fill_evidence(c, i, flow, at);
	if (c->side == AUDIT_NEW && i->flows[AUDIT_OLD] > 0)
		note_role(c, i, p);
}

static void
take_violation(struct comparing *c, const json_t *flow)
{
	const json_t *reasons =
	    json_object_get(json_object_get(flow, "audit"), "reasons");
	struct cause cause = cause_of(flow);
	struct diff_item like = {
		.kind = DIFF_VIOLATION,
		.class = cause.class,
		.how = cause.how,
		.severity = "high",
	};
	struct parties p;
	char what[48];

	both_ends(flow, &p);
	(void)snprintf(what, sizeof(what), "v %d %d", (int)cause.class,
	    (int)cause.how);
	parties_key(c, what, &p);
	count_case(c, &like, &p, flow, json_array_get(reasons, 0));
}

static void
take_finding(struct comparing *c, const json_t *flow, const json_t *f)
{
	struct diff_item like = {
		.kind = DIFF_FINDING,
		.severity = doc_text(f, "severity"),
	};
	struct parties p;
	char what[48];

	if (!doc_finding(f, &like.finding) ||
	    strcmp(like.severity, severity_words[SEVERITY_INFO]) == 0)
		return;
	if (like.finding <= FINDING_CERT_UNSUPPORTED_ALGORITHM)
		one_end(flow,
		    strcmp(doc_text(f, "side"), finding_sides[SIDE_CLIENT]) ==
			0,
		    &p);
	else
		both_ends(flow, &p);
	(void)snprintf(what, sizeof(what), "f %d", (int)like.finding);
	parties_key(c, what, &p);
	count_case(c, &like, &p, flow, f);
}

static bool
take_flow(struct comparing *c, const json_t *flow)
{
	const json_t *list =
	    json_object_get(json_object_get(flow, "audit"), "findings");
	enum verdict v;

	if (flow == NULL)
		return false;
	note_traffic(c, flow);
	if (doc_verdict(flow, &v) && v == VERDICT_VIOLATION)
		take_violation(c, flow);
	for (size_t i = 0; i < json_array_size(list); i++)
		take_finding(c, flow, json_array_get(list, i));
	return !c->starved && buf_ok(&c->key);
}

/* ---- certificates ---- */

static bool
take_cert(struct comparing *c, json_t *cert)
{
	struct diff *d = c->d;
	uint64_t *at = cert != NULL
	    ? map_put(c->by_cert, slice_text(doc_text(cert, "fingerprint")))
	    : NULL;

	if (at == NULL ||
	    !room_for_one((void **)&d->certs, d->cert_count, &d->cert_room,
		sizeof(*d->certs))) {
		json_decref(cert);
		return false;
	}
	if (*at != 0) {
		struct diff_cert *x = &d->certs[*at - 1];

		if (c->side == AUDIT_NEW)
			x->change = DIFF_UNCHANGED;
		json_decref(x->cert);
		x->cert = cert;
		return true;
	}
	d->certs[d->cert_count++] = (struct diff_cert){
		.change = c->side == AUDIT_NEW ? DIFF_NEW : DIFF_FIXED,
		.cert = cert,
	};
	*at = d->cert_count;
	return true;
}

/* ---- together ---- */

static bool
take_audit(struct comparing *c, enum audit_side side)
{
	const struct audit_doc *doc = c->d->audits[side];
	bool good = true;

	c->side = side;
	for (size_t i = 0; good && i < doc->count[DOC_FLOWS]; i++) {
		json_t *flow = doc_item(doc, DOC_FLOWS, i);

		good = take_flow(c, flow);
		json_decref(flow);
	}
	for (size_t i = 0; good && i < doc->count[DOC_CERTIFICATES]; i++)
		good = take_cert(c, doc_item(doc, DOC_CERTIFICATES, i));
	return good;
}

/*
 * A weakness counts where it is a serious one, or where the same traffic had
 * been in order without it. TLS that is not perfect on a service that used to
 * be clear is no step back.
 */
static bool
is_worse(struct comparing *c, const struct diff_item *i)
{
	if (i->change != DIFF_NEW)
		return false;
	return i->kind == DIFF_VIOLATION ||
	    strcmp(i->severity, severity_words[SEVERITY_LOW]) != 0 ||
	    proof_of(c, i, AUDIT_OLD) == PROOF_SEEN;
}

static void
sum_up(struct comparing *c)
{
	struct diff *d = c->d;

	for (size_t n = 0; n < d->count; n++) {
		struct diff_item *i = &d->items[n];

		i->change = i->flows[AUDIT_OLD] == 0 ? DIFF_NEW
		    : i->flows[AUDIT_NEW] == 0       ? DIFF_FIXED
						     : DIFF_UNCHANGED;
		if (i->change == DIFF_FIXED)
			i->proof = proof_of(c, i, AUDIT_NEW);
		d->sums[i->kind][i->change]++;
		i->worse = is_worse(c, i);
		d->worse |= i->worse;
	}
	for (size_t n = 0; n < d->cert_count; n++)
		d->cert_sums[d->certs[n].change]++;
	d->same_policy =
	    strcmp(doc_text(d->audits[AUDIT_OLD]->policy, "sha256"),
		doc_text(d->audits[AUDIT_NEW]->policy, "sha256")) == 0;
}

struct diff *
diff_new(const struct audit_doc *before, const struct audit_doc *now,
    const char *version)
{
	struct comparing c = { .d = calloc(1, sizeof(*c.d)) };
	bool good;

	if (c.d == NULL)
		return NULL;
	arena_init(&c.d->texts, LIMIT_GATHERED);
	c.d->audits[AUDIT_OLD] = before;
	c.d->audits[AUDIT_NEW] = now;
	c.d->version = version;
	buf_init(&c.key);
	c.by_key = map_new(0);
	c.seen[AUDIT_OLD] = map_new(0);
	c.seen[AUDIT_NEW] = map_new(0);
	c.by_cert = map_new(0);
	good = c.by_key != NULL && c.seen[AUDIT_OLD] != NULL &&
	    c.seen[AUDIT_NEW] != NULL && c.by_cert != NULL &&
	    take_audit(&c, AUDIT_OLD) && take_audit(&c, AUDIT_NEW);
	if (good)
		sum_up(&c);
	map_free(c.by_key);
	map_free(c.seen[AUDIT_OLD]);
	map_free(c.seen[AUDIT_NEW]);
	map_free(c.by_cert);
	buf_done(&c.key);
	if (good)
		return c.d;
	diff_free(c.d);
	return NULL;
}

void
diff_free(struct diff *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->cert_count; i++)
		json_decref(d->certs[i].cert);
	free(d->items);
	free(d->certs);
	arena_done(&d->texts);
	free(d);
}

const char *
diff_title(const struct diff_item *i)
{
	if (i->kind == DIFF_FINDING)
		return finding_kinds[i->finding].meaning;
	return remedy_of_cause((struct cause){ i->class, i->how })->title;
}
