/* SPDX-License-Identifier: Apache-2.0 */
#include "report/gather.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/map.h"
#include "core/room.h"

struct kept {
	const char *text;
};

struct gathering {
	struct gathered *g;
	struct map *by_key; /* of groups -> index + 1 */
	struct map *known;  /* text -> index + 1 of its copy */
	struct kept *kept;
	size_t kept_count, kept_room;
	size_t room;
	size_t at; /* of the flow at hand */
	struct buf key;
	bool starved;
};

/* A copy that lives as long as what is gathered; equal texts share one. */
static const char *
keep(struct gathering *s, const char *text)
{
	struct slice whole = slice_of(text, strlen(text) + 1);
	uint64_t *at = map_put(s->known, whole);

	if (at != NULL && *at != 0)
		return s->kept[*at - 1].text;
	struct kept k;
	struct slice copy;

	if (at == NULL ||
	    !room_for_one((void **)&s->kept, s->kept_count, &s->kept_room,
		sizeof(k)) ||
	    !arena_copy(&s->g->texts, whole, &copy)) {
		s->starved = true;
		return "";
	}
	k.text = (const char *)copy.p;
	s->kept[s->kept_count++] = k;
	*at = s->kept_count;
	return k.text;
}

/* ---- tallies ---- */

static struct tally *
tally(struct gathering *s, struct tallies *t, const char *const words[4])
{
	for (size_t i = 0; i < t->count; i++) {
		bool same = true;

		for (int k = 0; k < 4; k++)
			same =
			    same && strcmp(t->list[i].words[k], words[k]) == 0;
		if (same)
			return &t->list[i];
	}
	if (t->count == LIMIT_TALLIES ||
	    !room_for_one((void **)&t->list, t->count, &t->room,
		sizeof(*t->list)))
		return NULL;
	struct tally *x = &t->list[t->count++];

	*x = (struct tally){ .flows = 0 };
	for (int k = 0; k < 4; k++)
		x->words[k] = keep(s, words[k]);
	return x;
}

static uint64_t
findings_of(const json_t *audit)
{
	const json_t *list = json_object_get(audit, "findings");
	uint64_t bits = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		enum finding_id id;

		if (doc_finding(json_array_get(list, i), &id))
			bits |= UINT64_C(1) << id;
	}
	return bits;
}

static bool
has(uint64_t findings, enum finding_id id)
{
	return (findings >> id & 1) != 0;
}

static void
tally_tls(struct gathering *s, const json_t *flow, uint64_t findings)
{
	const json_t *tls = json_object_get(flow, "tls");
	const char *const words[4] = { doc_text(tls, "version"),
		doc_text(tls, "cipher"), doc_text(tls, "group"), "" };

	if (words[0][0] == '\0' || words[1][0] == '\0' ||
	    has(findings, FINDING_TLS_PSEUDO))
		return;
	bool bad = has(findings, FINDING_TLS_NOT_FIPS);
	struct tally *t = tally(s, &s->g->tls, words);

	s->g->handshakes++;
	s->g->approved += !bad;
	if (t == NULL)
		return;
	t->flows++;
	t->bad += bad;
	t->weak += has(findings, FINDING_TLS_OLD_VERSION) ||
	    has(findings, FINDING_TLS_WEAK_CIPHER) ||
	    has(findings, FINDING_TLS_WEAK_GROUP) ||
	    has(findings, FINDING_TLS_NULL_CIPHER) ||
	    has(findings, FINDING_TLS_ANONYMOUS);
}

static void
tally_media(struct gathering *s, const json_t *flow, enum verdict v)
{
	const json_t *media = json_object_get(flow, "media");
	const char *const words[4] = { doc_text(media, "kind"),
		doc_text2(flow, "audit", "observed"), doc_text(media, "keying"),
		doc_text(media, "carrier") };
	struct tally *t;

	if (!json_is_object(media))
		return;
	t = tally(s, &s->g->media, words);
	if (t == NULL)
		return;
	t->flows++;
	t->by_verdict[v]++;
}

static void
tally_talk(struct gathering *s, const json_t *flow, enum verdict v)
{
	const json_t *audit = json_object_get(flow, "audit");
	const char *const words[4] = { doc_text(audit, "src_role"),
		doc_text(audit, "dest_role"), doc_text(audit, "class"),
		doc_text(audit, "observed") };
	struct tally *t;

	if (v != VERDICT_VIOLATION)
		return;
	t = tally(s, &s->g->talk, words);
	if (t != NULL)
		t->flows++;
}

/* ---- groups ---- */

static void
add_key(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
}

static void
make_key(struct gathering *s, const json_t *flow, const struct group *g)
{
	const char *a = doc_text(flow, "src_ip");
	const char *b = doc_text(flow, "dest_ip");
	/* Who of two opened a media flow is chance. */
	bool turn = doc_is_media(flow) && strcmp(a, b) > 0;

	buf_clear(&s->key);
	buf_printf(&s->key, "%d %d %d ", (int)g->verdict, (int)g->class,
	    (int)g->how);
	add_key(&s->key, turn ? b : a);
	add_key(&s->key, turn ? a : b);
	add_key(&s->key, g->service);
	add_key(&s->key, g->observed);
	add_key(&s->key, g->wanting);
	add_key(&s->key, g->rule);
}

static void
add_proof(struct gathering *s, struct proof *p, const json_t *flow,
    const json_t *at)
{
	const char *file = doc_text(at, "pcap_filename");

	if (file[0] == '\0')
		file = doc_text(flow, "pcap_filename");
	*p = (struct proof){
		.flow = doc_number(flow, "flow_id"),
		.packet = doc_number(at, "packet"),
		.file = keep(s, file),
		.time = keep(s, doc_text(flow, "timestamp")),
		.text = keep(s, doc_text(at, "text")),
	};
}

static struct group *
new_group(struct gathering *s, const struct group *like, const json_t *flow)
{
	const json_t *audit = json_object_get(flow, "audit");
	struct gathered *g = s->g;

	if (!room_for_one((void **)&g->groups, g->group_count, &s->room,
		sizeof(*g->groups)))
		return NULL;
	struct group *x = &g->groups[g->group_count++];

	*x = (struct group){
		.verdict = like->verdict,
		.class = like->class,
		.how = like->how,
		.src = keep(s, doc_text(flow, "src_ip")),
		.dest = keep(s, doc_text(flow, "dest_ip")),
		.src_role = keep(s, doc_text(audit, "src_role")),
		.dest_role = keep(s, doc_text(audit, "dest_role")),
		.service = keep(s, like->service),
		.app = keep(s, doc_text(flow, "app_proto")),
		.required = keep(s, doc_text(audit, "required")),
		.observed = keep(s, like->observed),
		.certainty = keep(s, doc_text(audit, "certainty")),
		.rule = keep(s, like->rule),
		.wanting = keep(s, like->wanting),
		.first = s->at,
	};
	return x;
}

static struct group *
group_of(struct gathering *s, const json_t *flow, enum verdict v)
{
	const json_t *audit = json_object_get(flow, "audit");
	char service[DOC_SERVICE];
	struct group like = {
		.verdict = v,
		.how = HOW_OTHER,
		.service = doc_service(flow, service),
		.observed = doc_text(audit, "observed"),
		.rule = doc_text(audit, "rule"),
		.wanting = doc_text(audit, "wanting"),
	};

	if (!doc_class(flow, &like.class))
		like.class = CLASS_OTHER;
	if (v == VERDICT_VIOLATION)
		like.how = cause_of(flow).how;
	make_key(s, flow, &like);
	uint64_t *at = map_put(s->by_key, buf_slice(&s->key));

	if (at == NULL)
		return NULL;
	if (*at != 0)
		return &s->g->groups[*at - 1];
	struct group *x = new_group(s, &like, flow);

	if (x != NULL)
		*at = s->g->group_count;
	return x;
}

static void
add_to_group(struct gathering *s, const json_t *flow, enum verdict v,
    uint64_t findings)
{
	const json_t *reasons =
	    json_object_get(json_object_get(flow, "audit"), "reasons");
	struct group *x;

	if (v == VERDICT_COMPLIANT || v == VERDICT_OUT_OF_SCOPE)
		return;
	x = group_of(s, flow, v);
	if (x == NULL) {
		s->g->left_out++;
		return;
	}
	x->flows++;
	x->findings |= findings;
	if (x->proof_count < GROUP_PROOFS)
		add_proof(s, &x->proofs[x->proof_count++], flow,
		    json_array_get(reasons, 0));
}

/* ---- findings ---- */

static void
add_findings(struct gathering *s, const json_t *flow)
{
	const json_t *list =
	    json_object_get(json_object_get(flow, "audit"), "findings");
	char ends[160];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *f = json_array_get(list, i);
		enum finding_id id;

		if (!doc_finding(f, &id))
			continue;
		s->g->severity_high[id] +=
		    strcmp(doc_text(f, "severity"), "high") == 0;
		if (s->g->example_ends[id] != NULL)
			continue;
		add_proof(s, &s->g->example[id], flow, f);
		(void)snprintf(ends, sizeof(ends), "%.64s to %.64s port %u",
		    doc_text(flow, "src_ip"), doc_text(flow, "dest_ip"),
		    (unsigned)(doc_number(flow, "dest_port") & 0xffff));
		s->g->example_ends[id] = keep(s, ends);
	}
}

static bool
add_flow(struct gathering *s, const json_t *flow)
{
	enum verdict v = VERDICT_OUT_OF_SCOPE;
	uint64_t findings;

	if (flow == NULL)
		return false;
	(void)doc_verdict(flow, &v);
	findings = findings_of(json_object_get(flow, "audit"));
	tally_tls(s, flow, findings);
	tally_media(s, flow, v);
	tally_talk(s, flow, v);
	add_to_group(s, flow, v, findings);
	add_findings(s, flow);
	return !s->starved && buf_ok(&s->key);
}

struct gathered *
gather(const struct audit_doc *d, unsigned verdicts)
{
	struct gathering s = { .g = calloc(1, sizeof(*s.g)) };
	bool good;

	if (s.g == NULL)
		return NULL;
	arena_init(&s.g->texts, LIMIT_GATHERED);
	buf_init(&s.key);
	s.by_key = map_new(LIMIT_GROUPS);
	s.known = map_new(0);
	good = s.by_key != NULL && s.known != NULL;
	for (size_t i = 0; good && i < d->count[DOC_FLOWS]; i++) {
		if (!doc_may_be(d, i, verdicts))
			continue;
		json_t *flow = doc_item(d, DOC_FLOWS, i);
		enum verdict v = VERDICT_OUT_OF_SCOPE;

		s.at = i;
		(void)doc_verdict(flow, &v);
		if (flow == NULL || (verdicts >> v & 1) != 0)
			good = add_flow(&s, flow);
		json_decref(flow);
	}
	map_free(s.by_key);
	map_free(s.known);
	free(s.kept);
	buf_done(&s.key);
	if (good)
		return s.g;
	gathered_free(s.g);
	return NULL;
}

void
gathered_free(struct gathered *g)
{
	if (g == NULL)
		return;
	free(g->groups);
	free(g->tls.list);
	free(g->media.list);
	free(g->talk.list);
	arena_done(&g->texts);
	free(g);
}
