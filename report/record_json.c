/* SPDX-License-Identifier: Apache-2.0 */
#include "report/record_json.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/text.h"
#include "dissect/tls_ja.h"
#include "dissect/tls_names.h"

static void
put(json_t *to, const char *key, json_t *value)
{
	if (value != NULL)
		(void)json_object_set_new_nocheck(to, key, value);
}

static void
put_text(json_t *to, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		put(to, key, json_string(text));
}

/* Most texts need nothing done to them. */
static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	}
	return true;
}

static json_t *
safe(struct slice s)
{
	struct buf b;
	json_t *j = NULL;

	if (s.n > 0 && is_plain(s))
		return json_stringn_nocheck((const char *)s.p, s.n);
	buf_init(&b);
	buf_safe(&b, s);
	if (buf_ok(&b))
		j = json_stringn(b.n > 0 ? b.p : "", b.n);
	buf_done(&b);
	return j;
}

static void
put_wire(json_t *to, const char *key, const struct learnt *l)
{
	if (l != NULL && l->bytes.n > 0)
		put(to, key, safe(l->bytes));
}

static void
put_number(json_t *to, const char *key, uint64_t n)
{
	put(to, key, json_integer((json_int_t)n));
}

/* What another flow is called; one of an earlier period has no number here. */
static void
put_id(json_t *to, const char *key, const struct audited *r,
    uint64_t first_packet)
{
	uint64_t id = first_packet == 0 || r->by_packet
	    ? first_packet
	    : ledger_id_of(r->ledger, first_packet);

	if (id != 0)
		put_number(to, key, id);
}

static void
put_time(json_t *to, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT_MAX];

	put_text(to, key, clock_text(ns, text));
}

/* ---- envelope ---- */

static void
put_end(json_t *to, const char *ip, const char *port, const struct endpoint *e)
{
	char text[ADDR_TEXT_MAX];

	put_text(to, ip, addr_text(&e->addr, text));
	put_number(to, port, e->port);
}

static const char *
proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_NUM_TCP:
		return "TCP";
	case IPPROTO_NUM_UDP:
		return "UDP";
	case IPPROTO_NUM_SCTP:
		return "SCTP";
	}
	return "IP";
}

static const char *
file_of(const struct audited *r, uint64_t packet)
{
	const struct source_input *in =
	    r->source != NULL ? source_input_of(r->source, packet) : NULL;

	return in != NULL ? in->path : NULL;
}

static void
put_path(json_t *to, const char *key, const char *path)
{
	if (path != NULL)
		put(to, key, safe(slice_text(path)));
}

static json_t *
counters(const struct audited *r, const struct record *rec,
    const struct notice *n)
{
	const struct flow_view *f = &n->flow;
	json_t *o = json_object();

	put_time(o, "start", f->start);
	put_time(o, "end", f->end);
	put_number(o, "pkts_toserver", f->packets[TO_SERVER]);
	put_number(o, "pkts_toclient", f->packets[TO_CLIENT]);
	put_number(o, "bytes_toserver", f->bytes[TO_SERVER]);
	put_number(o, "bytes_toclient", f->bytes[TO_CLIENT]);
	put_number(o, "lost_toserver", f->lost[TO_SERVER]);
	put_number(o, "lost_toclient", f->lost[TO_CLIENT]);
	if (f->duplicates > 0)
		put_number(o, "duplicates", f->duplicates);
	if (f->cut > 0)
		put_number(o, "cut", f->cut);
	if (f->mid_stream)
		put(o, "mid_stream", json_true());
	if (f->evicted)
		put(o, "evicted", json_true());
	if (rec->carried)
		put(o, "began_before", json_true());
	if (r->period != NULL && !n->last && !f->ended)
		put(o, "goes_on", json_true());
	return o;
}

/* ---- TLS ---- */

static void
put_leaf(json_t *to, const struct audited *r, const struct learnt *chain)
{
	const struct cert *c = chain != NULL && chain->bytes.n > 0
	    ? cert_in_chain(ledger_store(r->ledger), chain->bytes, 0)
	    : NULL;
	char hex[SHA256_TEXT];

	if (c == NULL)
		return;
	if (c->parsed) {
		put_text(to, "subject", c->subject);
		put_text(to, "issuerdn", c->issuer);
		put_text(to, "serial", c->serial);
	}
	put_text(to, "fingerprint", sha256_text(c->sha256, hex));
	if (c->parsed) {
		put_time(to, "notbefore", c->not_before);
		put_time(to, "notafter", c->not_after);
	}
}

static json_t *
all_texts(const struct evidence *e, enum fact f)
{
	json_t *a = json_array();
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL)
		(void)json_array_append_new(a, safe(l->bytes));
	if (json_array_size(a) > 0)
		return a;
	json_decref(a);
	return NULL;
}

static void
put_numbered(json_t *to, const char *key, const char *name, uint16_t n)
{
	char text[12];

	if (name == NULL) {
		(void)snprintf(text, sizeof(text), "0x%04x", n);
		name = text;
	}
	put_text(to, key, name);
}

static json_t *
tls_of(const struct audited *r, const struct evidence *e,
    const struct judgement *j)
{
	json_t *o = json_object();
	json_t *client = json_object();
	json_t *alpn = all_texts(e, FACT_TLS_ALPN);
	struct tls_fingerprints ja;

	if (j->tls_version != 0)
		put_numbered(o, "version", tls_version_name(j->tls_version),
		    j->tls_version);
	if (j->tls_suite != 0)
		put_numbered(o, "cipher", tls_suite_name(j->tls_suite),
		    j->tls_suite);
	const struct learnt *group = evidence_first(e, FACT_TLS_GROUP);

	if (group != NULL)
		put_numbered(o, "group",
		    tls_group_name((uint16_t)group->number),
		    (uint16_t)group->number);
	put_wire(o, "sni", evidence_first(e, FACT_TLS_SNI));
	put(o, "alpn",
	    alpn != NULL ? alpn : all_texts(e, FACT_TLS_OFFERED_ALPN));
	if (tls_fingerprints_of(e, &ja)) {
		put_text(o, "ja3", ja.ja3);
		put_text(o, "ja4", ja.ja4);
	}
	put(o, "session_resumed", json_boolean(j->tls_resumed));
	put_id(o, "resumed_from", r, j->resumed_from);
	put_text(o, "client_certificate",
	    client_certificate_words[j->client_certificate]);
	put_leaf(o, r, evidence_first(e, FACT_TLS_SERVER_CHAIN));
	put_leaf(client, r, evidence_first(e, FACT_TLS_CLIENT_CHAIN));
	if (json_object_size(client) > 0)
		put(o, "client", client);
	else
		json_decref(client);
	return o;
}

/* ---- SIP, HTTP, media ---- */

static json_t *
sip_of(const struct evidence *e)
{
	const struct learnt *method = evidence_first(e, FACT_SIP_METHOD);
	const struct learnt *status = evidence_first(e, FACT_SIP_STATUS);

	if (method == NULL && status == NULL)
		return NULL;
	json_t *o = json_object();

	put_wire(o, "method", method);
	put(o, "methods", all_texts(e, FACT_SIP_METHOD));
	if (status != NULL)
		put_number(o, "status", status->number);
	put_wire(o, "user_agent", evidence_first(e, FACT_SIP_USER_AGENT));
	put(o, "events", all_texts(e, FACT_SIP_EVENT));
	return o;
}

static json_t *
http_of(const struct evidence *e)
{
	const struct learnt *l = evidence_first(e, FACT_HTTP_EXCHANGE);
	struct http_exchange x;
	json_t *o;

	if (l == NULL || l->bytes.n != sizeof(x))
		return NULL;
	memcpy(&x, l->bytes.p, sizeof(x));
	x.text[sizeof(x.text) - 1] = '\0';
	char *host = strchr(x.text, ' ');
	char *path = host != NULL ? strchr(host + 1, ' ') : NULL;

	if (path == NULL)
		return NULL;
	*host++ = '\0';
	*path++ = '\0';
	o = json_object();
	put_path(o, "hostname", host[0] != '\0' ? host : NULL);
	put_path(o, "url", path);
	put_path(o, "http_method", x.text);
	put_wire(o, "http_user_agent", evidence_first(e, FACT_HTTP_USER_AGENT));
	if (x.status != 0)
		put_number(o, "status", x.status);
	return o;
}

static json_t *
media_of(const struct audited *r, const struct evidence *e,
    const struct judgement *j)
{
	json_t *o = json_object();
	json_t *pts = json_array(), *ssrcs = json_array();
	const struct learnt *l = NULL;
	struct media_stream s;
	uint64_t tested = 0;
	double z = 0;
	bool seen[256] = { false };

	while ((l = evidence_next(e, FACT_MEDIA_STREAM, l)) != NULL) {
		char text[16];

		if (l->bytes.n != sizeof(s))
			continue;
		memcpy(&s, l->bytes.p, sizeof(s));
		(void)snprintf(text, sizeof(text), "0x%08x", s.ssrc);
		bool known = false;

		for (size_t i = 0; i < json_array_size(ssrcs); i++)
			known |=
			    strcmp(json_string_value(json_array_get(ssrcs, i)),
				text) == 0;
		if (!known)
			(void)json_array_append_new(ssrcs, json_string(text));
		if (!seen[s.pt])
			(void)json_array_append_new(pts, json_integer(s.pt));
		seen[s.pt] = true;
		if (s.tested > tested) {
			tested = s.tested;
			z = (double)s.z;
		}
	}
	put_text(o, "kind", media_kind_names[j->media_kind]);
	put(o, "payload_types", pts);
	put(o, "ssrc", ssrcs);
	put_text(o, "keying", j->media_keying);
	put_text(o, "carrier", j->media_carrier);
	put_number(o, "tested_octets", tested);
	/* Rounded, so that every machine prints the same digits. */
	put(o, "z",
	    json_real((double)(int64_t)(z * 100 + (z < 0 ? -0.5 : 0.5)) / 100));
	put_id(o, "signalled_by", r, j->signalled_by);
	return o;
}

/* ---- audit ---- */

static json_t *
reasons_of(const struct audited *r, const struct record *rec,
    const struct judgement *j)
{
	json_t *a = json_array();
	unsigned file = PACKET_FILE(rec->first_packet);

	for (unsigned i = 0; i < j->reason_count; i++) {
		const struct reason *x = &j->reasons[i];
		json_t *o = json_object();

		put(o, "text", safe(slice_text(x->text)));
		if (x->packet != 0) {
			put_number(o, "packet", PACKET_FRAME(x->packet));
			if (PACKET_FILE(x->packet) != file)
				put_path(o, "pcap_filename",
				    file_of(r, x->packet));
		}
		(void)json_array_append_new(a, o);
	}
	if (rec->carried) {
		json_t *o = json_object();

		put_text(o, "text",
		    "began before the period of this report; its counters are "
		    "since its begin");
		(void)json_array_append_new(a, o);
	}
	return a;
}

static json_t *
findings_of(const struct findings *fs)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < fs->count; i++) {
		const struct finding *f = &fs->f[i];
		json_t *o = json_object();

		put_text(o, "id", finding_kinds[f->id].id);
		put_text(o, "severity", severity_words[f->severity]);
		put(o, "side", json_string(finding_sides[f->side]));
		put(o, "text", safe(slice_text(f->text)));
		put_text(o, "source", finding_kinds[f->id].source);
		if (f->packet != 0)
			put_number(o, "packet", PACKET_FRAME(f->packet));
		(void)json_array_append_new(a, o);
	}
	return a;
}

static json_t *
audit_of(const struct audited *r, const struct record *rec,
    const struct judgement *j)
{
	json_t *o = json_object();
	json_t *also = json_array();

	put_text(o, "class", class_words[j->class].word);
	for (unsigned i = 0; i < j->also_count; i++)
		(void)json_array_append_new(also,
		    json_string(class_words[j->also[i]].word));
	if (j->also_count > 0)
		put(o, "also", json_incref(also));
	json_decref(also);
	put_text(o, "src_role", role_words[j->src_role].word);
	put_text(o, "dest_role", role_words[j->dest_role].word);
	put_text(o, "role_source",
	    j->roles_from_policy ? "policy" : "inferred");
	put_text(o, "required", requirement_words[j->required].word);
	put_text(o, "observed", protection_words[j->observed].word);
	put_text(o, "certainty", certainty_words[j->certainty]);
	put_text(o, "verdict", verdict_words[j->verdict].word);
	put_text(o, "rule", j->rule);
	put(o, "reasons", reasons_of(r, rec, j));
	put_text(o, "wanting", j->wanting);
	put(o, "findings", findings_of(&j->findings));
	return o;
}

json_t *
json_of_flow(const struct audited *r, const struct record *rec)
{
	struct judgement j;

	ledger_judge(r->ledger, rec, &j);
	return json_of_judged(r, rec, &j);
}

json_t *
json_of_judged(const struct audited *r, const struct record *rec,
    const struct judgement *j)
{
	struct unpacked room;
	const struct notice *n = record_facts(rec, &room);
	const struct flow_view *f = &n->flow;
	const struct evidence *e = &n->news;
	json_t *o = json_object();
	char community[COMMUNITY_TEXT];

	put_time(o, "timestamp", f->start);
	put_text(o, "event_type", "audit");
	put_number(o, "flow_id", r->by_packet ? f->first_packet : rec->id);
	put_end(o, "src_ip", "src_port", &f->tuple.src);
	put_end(o, "dest_ip", "dest_port", &f->tuple.dst);
	put_text(o, "proto", proto_name(f->tuple.proto));
	put_path(o, "app_proto", j->app_proto[0] != '\0' ? j->app_proto : NULL);
	put_text(o, "community_id", community_id(&f->tuple, community));
	if (f->vlans > 0) {
		json_t *vlan = json_array();

		for (unsigned i = 0; i < f->vlans && i < COUNT(f->vlan); i++)
			(void)json_array_append_new(vlan,
			    json_integer(f->vlan[i]));
		put(o, "vlan", vlan);
	}
	put_path(o, "pcap_filename", file_of(r, f->first_packet));
	put(o, "flow", counters(r, rec, n));
	if (j->has_tls)
		put(o, "tls", tls_of(r, e, j));
	put(o, "sip", sip_of(e));
	put(o, "http", http_of(e));
	if (j->has_media)
		put(o, "media", media_of(r, e, j));
	put(o, "audit", audit_of(r, rec, j));
	return o;
}

/* ---- companions ---- */

static json_t *
addresses_of(const struct shown_cert *c)
{
	json_t *a = json_array();
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < c->host_count; i++)
		(void)json_array_append_new(a,
		    json_string(addr_text(&c->hosts[i], text)));
	return a;
}

json_t *
json_of_cert(const struct audited *r, const struct shown_cert *s)
{
	const struct cert *c = s->cert;
	json_t *o = json_object();
	json_t *names = json_array();
	char hex[SHA256_TEXT];
	int64_t left = (c->not_after - s->last) / (86400 * NS_PER_S);

	put_text(o, "fingerprint", sha256_text(c->sha256, hex));
	put_text(o, "used_as",
	    s->as_server && s->as_client ? "both"
		: s->as_server           ? "server"
		: s->as_client           ? "client"
					 : "issuer");
	if (c->parsed) {
		put_text(o, "subject", c->subject);
		put_text(o, "issuerdn", c->issuer);
		put_text(o, "serial", c->serial);
		put_time(o, "notbefore", c->not_before);
		put_time(o, "notafter", c->not_after);
		put(o, "days_left", json_integer(left));
		put_text(o, "key", c->key_name);
		put_text(o, "signature", c->signature);
		for (unsigned i = 0; i < c->name_count; i++)
			(void)json_array_append_new(names,
			    json_string(c->names[i]));
	}
	put(o, "names", names);
	put(o, "hosts", addresses_of(s));
	put_number(o, "flows", s->flows);
	put_time(o, "first_seen", s->first);
	put_time(o, "last_seen", s->last);
	put_number(o, "packet", PACKET_FRAME(s->first_packet));
	put_path(o, "pcap_filename", file_of(r, s->first_packet));
	put(o, "findings", findings_of(&s->findings));
	return o;
}

static json_t *
verdicts_of(const uint64_t by_verdict[VERDICTS])
{
	json_t *o = json_object();

	for (int v = 0; v < VERDICTS; v++)
		put_number(o, verdict_words[v].word, by_verdict[v]);
	return o;
}

json_t *
json_of_host(const struct host *h)
{
	json_t *o = json_object();
	json_t *names = json_array();
	char text[ADDR_TEXT_MAX];

	put_text(o, "ip", addr_text(&h->addr, text));
	put_text(o, "role", role_words[h->role].word);
	put_text(o, "role_source", h->from_policy ? "policy" : "inferred");
	put_text(o, "how", h->how);
	for (unsigned i = 0; i < h->name_count; i++)
		(void)json_array_append_new(names, json_string(h->names[i]));
	put(o, "names", names);
	put_number(o, "flows", h->flows);
	put(o, "verdicts", verdicts_of(h->by_verdict));
	return o;
}

json_t *
json_of_summary(const struct audited *r)
{
	const struct summary *s = ledger_summary(r->ledger);
	json_t *o = json_object();
	json_t *classes = json_array(), *found = json_object();

	put_number(o, "flows", s->flows);
	put(o, "verdicts", verdicts_of(s->by_verdict));
	put_number(o, "inferred", s->inferred);
	for (int c = 0; c < CLASSES; c++) {
		json_t *row = json_object();

		put_text(row, "class", class_words[c].word);
		put_text(row, "required",
		    requirement_words[ledger_policy(r->ledger)->require[c]]
			.word);
		put(row, "verdicts", verdicts_of(s->by_class[c]));
		put_number(row, "bytes", s->bytes_by_class[c]);
		(void)json_array_append_new(classes, row);
	}
	put(o, "classes", classes);
	for (int f = 0; f < FINDINGS; f++) {
		if (s->findings[f] > 0)
			put_number(found, finding_kinds[f].id, s->findings[f]);
	}
	put(o, "findings", found);
	if (s->flows > 0) {
		put_time(o, "start", s->first);
		put_time(o, "end", s->last);
	}
	return o;
}

json_t *
json_of_capture(const struct capture_totals *t)
{
	json_t *o = json_object();

	put_number(o, "packets", t->packets);
	put_number(o, "bytes", t->bytes);
	put_number(o, "kernel_drops", t->kernel_drops);
	put_number(o, "interface_drops", t->interface_drops);
	put_number(o, "cut_packets", t->cut);
	put_number(o, "duplicates", t->duplicates);
	put_number(o, "undecodable_packets", t->undecodable);
	put_number(o, "not_ip", t->not_ip);
	put_number(o, "no_transport", t->no_transport);
	put_number(o, "fragments", t->fragments);
	put_number(o, "fragments_lost", t->fragments_lost);
	put_number(o, "lost_tcp_bytes", t->lost_bytes);
	put_number(o, "conflicting_overlaps", t->conflicts);
	put_number(o, "one_way_flows", t->one_way);
	put_number(o, "whole_flows", t->whole);
	put_number(o, "mid_stream_flows", t->mid_stream);
	put_number(o, "evicted_flows", t->evicted);
	put_number(o, "starved", t->starved);
	put_number(o, "clock_steps", t->clock_steps);
	if (t->judged_early > 0)
		put_number(o, "judged_early", t->judged_early);
	if (t->left_out > 0)
		put_number(o, "left_out", t->left_out);
	put(o, "holds_keys", json_boolean(t->has_secrets));
	put_number(o, "keys_given", t->secrets);
	return o;
}

json_t *
json_of_period(const struct period *p)
{
	json_t *o = json_object();

	put_number(o, "number", p->number);
	if (p->when.start != 0) {
		put_time(o, "start", p->when.start);
		put_time(o, "end", p->when.end);
	}
	if (p->goes_on)
		put(o, "goes_on", json_true());
	if (p->lost > 0)
		put_number(o, "reports_lost", p->lost);
	if (ledger_left_behind(p->ledger) > 0)
		put_number(o, "left_behind", ledger_left_behind(p->ledger));
	return o;
}

/* Seconds in which a live capture lost packets; NULL: none did. */
json_t *
json_of_losses(const struct ledger *l)
{
	const struct loss *loss = ledger_loss(l);
	const struct summary *s = ledger_summary(l);
	json_t *list = json_array();

	for (size_t i = 0; i < loss_spans(loss); i++) {
		struct loss_span x = loss_span(loss, i);
		json_t *o;

		/* Of another period of the run. */
		if (s->flows > 0 &&
		    (x.end < s->first - NS_PER_S ||
			x.start > s->last + NS_PER_S))
			continue;
		o = json_object();
		put_time(o, "start", x.start);
		put_time(o, "end", x.end);
		put_number(o, "kernel_drops", x.kernel_drops);
		put_number(o, "interface_drops", x.interface_drops);
		if (x.down)
			put(o, "interface_down", json_true());
		(void)json_array_append_new(list, o);
	}
	if (json_array_size(list) > 0)
		return list;
	json_decref(list);
	return NULL;
}

json_t *
json_of_input(const struct source_input *in)
{
	json_t *o = json_object();
	char hex[SHA256_TEXT];

	put_path(o, "path", in->path);
	put_text(o, "format", in->format);
	put_number(o, "size", in->size);
	if (in->has_sha256)
		put_text(o, "sha256", sha256_text(in->sha256, hex));
	put_text(o, "link_type", in->link_type);
	put_number(o, "packets", in->packets);
	if (strcmp(in->format, "live") == 0) {
		put_number(o, "kernel_drops", in->kernel_drops);
		put_number(o, "interface_drops", in->interface_drops);
		put_number(o, "outages", in->outages);
	}
	if (in->packets > 0) {
		put_time(o, "first", in->first);
		put_time(o, "last", in->last);
	}
	if (in->has_secrets)
		put(o, "holds_keys", json_true());
	put_path(o, "trouble", in->trouble);
	if (in->unread)
		put(o, "unread", json_true());
	return o;
}

/* ---- policy ---- */

/* Lines stay lines; what is in them is made safe. */
static json_t *
safe_lines(const char *text)
{
	struct slice rest = slice_text(text), line;
	struct buf b;
	json_t *j = NULL;

	buf_init(&b);
	while (text_line(&rest, &line)) {
		buf_safe(&b, line);
		buf_char(&b, '\n');
	}
	buf_safe(&b, rest);
	if (buf_ok(&b))
		j = json_stringn(b.n > 0 ? b.p : "", b.n);
	buf_done(&b);
	return j;
}

/* The built-in policies underneath, nearest first, so that the report holds
 * every rule it was made by. */
static json_t *
bases_of(const struct policy *p)
{
	json_t *a = json_array();
	const char *name = p->base;
	char next[64];

	for (int depth = 0; name != NULL && depth < LIMIT_POLICY_DEPTH;
	     depth++) {
		const char *text = policy_builtin_text(name);
		const char *extends;

		if (text == NULL)
			break;
		if (text != p->text && strcmp(text, p->text) != 0) {
			json_t *o = json_object();

			put_text(o, "name", name);
			put(o, "text", safe_lines(text));
			(void)json_array_append_new(a, o);
		}
		extends = strstr(text, "\nextends: ");
		name = extends != NULL &&
			sscanf(extends, "\nextends: %63s", next) == 1
		    ? next
		    : NULL;
	}
	if (json_array_size(a) > 0)
		return a;
	json_decref(a);
	return NULL;
}

/* Rules that allow what would otherwise be a violation. */
static json_t *
exceptions_of(const struct policy *p)
{
	json_t *a = json_array();
	char day[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < p->rule_count; i++) {
		const struct policy_rule *r = &p->rules[i];
		json_t *o;

		/* A rule of several paths stands there once for each. */
		if (!r->exempt ||
		    (i > 0 && strcmp(r->id, r[-1].id) == 0 &&
			strcmp(r->policy, r[-1].policy) == 0))
			continue;
		char rule[RULE_TEXT];

		(void)snprintf(rule, sizeof(rule), "%s/%s", r->policy, r->id);
		o = json_object();
		put_path(o, "rule", rule);
		put_path(o, "because", r->because);
		put_path(o, "source", r->source);
		if (r->expires != 0)
			put_text(o, "expires", clock_date(r->expires - 1, day));
		(void)json_array_append_new(a, o);
	}
	return a;
}

json_t *
json_of_policy(const struct policy *p)
{
	json_t *o = json_object();
	char hex[SHA256_TEXT];

	put_path(o, "name", p->name);
	put_text(o, "base", p->base);
	put_path(o, "path", p->path);
	put_text(o, "sha256", sha256_text(p->sha256, hex));
	put_number(o, "hosts", p->host_count);
	put_number(o, "rules", p->rule_count);
	put(o, "exceptions", exceptions_of(p));
	put(o, "text", safe_lines(p->text));
	put(o, "bases", bases_of(p));
	return o;
}

json_t *
json_of_tool(const struct audited *r)
{
	json_t *o = json_object();

	put_text(o, "name", "spanward");
	put_text(o, "version", r->tool_version);
	return o;
}
