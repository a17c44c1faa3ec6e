/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spec: PCAP Next Generation Dump File Format (draft-ietf-opsawg-pcapng):
 * Section Header, Interface Description and Enhanced Packet Blocks.
 */
#include "report/evidence_pcap.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/room.h"
#include "report/remedy.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	OPTION_COMMENT = 1,
	OPTION_APPLICATION = 4, /* of a section */
	OPTION_TIME = 9,        /* of an interface: resolution */
	LINKS_MOST = 32,
	NOTES_SHOWN = 40, /* of one packet */
	NOTES_MEMORY = 512 * 1024 * 1024,
};

/* A flow to write; several may have the same ends one after the other. */
struct subject {
	uint64_t id, first, last;
	const char *comment;
	size_t next; /* with the same ends, + 1 */
	uint64_t written;
	bool told;
};

/* What a packet decided. */
struct note {
	uint64_t packet;
	size_t seq; /* to keep their order */
	const char *text;
	bool found;
};

struct fragment_held {
	struct packet p;
	uint8_t *frame;
};

struct exhibit {
	struct evidence_job j;
	const struct policy *policy;
	FILE *out;
	struct fault *f;
	struct evidence_count *count;
	uint64_t left_out, unheld;
	_Atomic bool stop;
	struct subject *subjects;
	size_t subject_count, subject_room;
	struct map *by_ends; /* -> index + 1 of the newest subject */
	struct note *notes;
	size_t note_count, note_room;
	struct arena texts;
	struct buf b; /* block at hand */
	struct decoder *decoder;
	uint16_t links[LINKS_MOST];
	unsigned link_count;
	struct fragment_held held[LIMIT_EVIDENCE_FRAGMENTS];
	unsigned held_at;
	bool bad;
};

/* ---- who and what is written ---- */

/* Both directions of a flow have one key. */
static struct slice
ends_key(const struct five_tuple *t, uint8_t key[48])
{
	bool turn = addr_compare(&t->src.addr, &t->dst.addr) > 0 ||
	    (addr_eq(&t->src.addr, &t->dst.addr) && t->src.port > t->dst.port);
	const struct endpoint *a = turn ? &t->dst : &t->src;
	const struct endpoint *b = turn ? &t->src : &t->dst;

	memset(key, 0, 48);
	memcpy(key, a->addr.b, 16);
	memcpy(key + 16, b->addr.b, 16);
	memcpy(key + 32, &a->port, 2);
	memcpy(key + 34, &b->port, 2);
	key[36] = a->addr.family;
	key[37] = t->proto;
	return slice_of(key, 38);
}

static const char *
keep(struct exhibit *w, const struct buf *b)
{
	struct slice kept;

	if (buf_ok(b) && arena_copy(&w->texts, slice_of(b->p, b->n + 1), &kept))
		return (const char *)kept.p;
	w->bad = true;
	return "";
}

static const char *
flow_comment(struct exhibit *w, uint64_t id, const struct five_tuple *t,
    const struct judgement *j)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	buf_clear(&w->b);
	buf_printf(&w->b,
	    "Spanward flow %llu, %s: %s from %s (%s) to %s (%s): "
	    "%s required, %s observed, %s; rule %s",
	    (unsigned long long)id, verdict_words[j->verdict].word,
	    class_words[j->class].word, endpoint_text(&t->src, src),
	    role_words[j->src_role].word, endpoint_text(&t->dst, dst),
	    role_words[j->dest_role].word, requirement_words[j->required].word,
	    protection_words[j->observed].word, certainty_words[j->certainty],
	    j->rule);
	for (unsigned i = 0; i < j->findings.count; i++)
		buf_printf(&w->b, "%s%s", i == 0 ? "; findings: " : ", ",
		    finding_kinds[j->findings.f[i].id].id);
	return keep(w, &w->b);
}

static void
add_note(struct exhibit *w, uint64_t packet, uint64_t flow, const char *id,
    const char *text)
{
	if (packet == 0)
		return;
	if (!room_for_one((void **)&w->notes, w->note_count, &w->note_room,
		sizeof(*w->notes))) {
		w->bad = true;
		return;
	}
	buf_clear(&w->b);
	buf_printf(&w->b, "Spanward flow %llu, decisive: %s%s",
	    (unsigned long long)flow, id, id[0] != '\0' ? ": " : "");
	buf_safe(&w->b, slice_text(text));
	w->notes[w->note_count] = (struct note){
		.packet = packet,
		.seq = w->note_count,
		.text = keep(w, &w->b),
	};
	w->note_count++;
}

static void
add_subject(struct exhibit *w, const struct record *r)
{
	struct unpacked room;
	const struct flow_view *v = &record_head(r, &room)->flow;
	struct judgement j;
	uint8_t key[48];
	uint64_t *at;

	if (w->subject_count == LIMIT_EVIDENCE_FLOWS) {
		w->left_out++;
		return;
	}
	at = map_put(w->by_ends, ends_key(&v->tuple, key));
	if (at == NULL ||
	    !room_for_one((void **)&w->subjects, w->subject_count,
		&w->subject_room, sizeof(*w->subjects))) {
		w->bad = true;
		return;
	}
	ledger_judge(w->j.ledger, r, &j);
	w->subjects[w->subject_count++] = (struct subject){
		.id = r->id,
		.first = v->first_packet,
		.last = v->last_packet,
		.comment = flow_comment(w, r->id, &v->tuple, &j),
		.next = (size_t)*at,
	};
	*at = w->subject_count;
	for (unsigned i = 0; i < j.reason_count; i++)
		add_note(w, j.reasons[i].packet, r->id, "", j.reasons[i].text);
	for (unsigned i = 0; i < j.findings.count; i++)
		add_note(w, j.findings.f[i].packet, r->id,
		    finding_kinds[j.findings.f[i].id].id, j.findings.f[i].text);
}

static int
by_packet(const void *a, const void *b)
{
	const struct note *x = a, *y = b;

	if (x->packet != y->packet)
		return x->packet < y->packet ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
add_chosen(struct exhibit *w)
{
	const struct ledger *l = w->j.ledger;

	for (size_t i = 0; i < w->j.chosen_count && !w->bad; i++) {
		const struct record *r = ledger_find(l, w->j.chosen[i]);

		if (r != NULL)
			add_subject(w, r);
		else
			w->unheld++;
	}
}

static void
add_violations(struct exhibit *w)
{
	const struct ledger *l = w->j.ledger;

	for (size_t i = 0; i < ledger_count(l) && !w->bad; i++) {
		const struct record *r = ledger_record(l, i);

		if (r->verdict == VERDICT_VIOLATION)
			add_subject(w, r);
	}
}

static bool
choose(struct exhibit *w)
{
	w->by_ends = map_new(0);
	if (w->by_ends == NULL)
		return false;
	if (w->j.chosen != NULL)
		add_chosen(w);
	else
		add_violations(w);
	if (w->note_count > 0)
		qsort(w->notes, w->note_count, sizeof(*w->notes), by_packet);
	return !w->bad;
}

/* ---- blocks, little-endian ---- */

static void
u16(struct buf *b, unsigned v)
{
	buf_char(b, (char)(v & 0xff));
	buf_char(b, (char)(v >> 8 & 0xff));
}

static void
u32(struct buf *b, uint32_t v)
{
	u16(b, v & 0xffff);
	u16(b, v >> 16);
}

static void
pad(struct buf *b)
{
	while (b->n % 4 != 0)
		buf_char(b, '\0');
}

static void
option(struct buf *b, unsigned code, const void *p, size_t n)
{
	/* Its length has 16 bits. */
	if (n > UINT16_MAX)
		n = UINT16_MAX;
	u16(b, code);
	u16(b, (unsigned)n);
	buf_add(b, p, n);
	pad(b);
}

static void
begin_block(struct buf *b, uint32_t type)
{
	buf_clear(b);
	u32(b, type);
	u32(b, 0); /* length, when it is known */
}

static void
end_block(struct exhibit *w)
{
	struct buf *b = &w->b;

	u32(b, 0); /* end of options: code 0, length 0 */
	u32(b, (uint32_t)b->n + 4);
	if (!buf_ok(b)) {
		w->bad = true;
		return;
	}
	memcpy(b->p + 4, b->p + b->n - 4, 4);
	if (fwrite(b->p, 1, b->n, w->out) != b->n)
		w->bad = true;
}

static void
section(struct exhibit *w)
{
	char text[160];

	begin_block(&w->b, BLOCK_SECTION);
	u32(&w->b, 0x1a2b3c4d);
	u16(&w->b, 1);
	u16(&w->b, 0);
	u32(&w->b, UINT32_MAX); /* length of the section: not given */
	u32(&w->b, UINT32_MAX);
	(void)snprintf(text, sizeof(text),
	    "Packets of %llu flows %s the policy %.60s",
	    (unsigned long long)w->subject_count,
	    w->j.chosen != NULL ? "chosen by hand, judged by" : "that violate",
	    w->policy->name);
	option(&w->b, OPTION_COMMENT, text, strlen(text));
	(void)snprintf(text, sizeof(text), "Spanward %.80s", w->j.version);
	option(&w->b, OPTION_APPLICATION, text, strlen(text));
	end_block(w);
}

/* The interface of this link type, described before its first packet. */
static unsigned
interface_of(struct exhibit *w, uint16_t link)
{
	unsigned i = 0;

	while (i < w->link_count && w->links[i] != link)
		i++;
	if (i < w->link_count || w->link_count == LINKS_MOST)
		return i;
	w->links[w->link_count++] = link;
	begin_block(&w->b, BLOCK_INTERFACE);
	u16(&w->b, link);
	u16(&w->b, 0);
	u32(&w->b, 0); /* snap length: none */
	option(&w->b, OPTION_TIME, "\x09", 1);
	end_block(w);
	return i;
}

static struct note *
first_note(const struct exhibit *w, uint64_t packet)
{
	size_t lo = 0, hi = w->note_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->notes[mid].packet < packet)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->note_count && w->notes[lo].packet == packet
	    ? &w->notes[lo]
	    : NULL;
}

static void
packet_origin(struct exhibit *w, const struct packet *p)
{
	const struct source_input *in =
	    source_input_of(w->j.audited, p->number);
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "packet %llu of ",
	    (unsigned long long)PACKET_FRAME(p->number));
	buf_safe(&text, slice_text(in != NULL ? in->path : "-"));
	if (buf_ok(&text))
		option(&w->b, OPTION_COMMENT, text.p, text.n);
	buf_done(&text);
}

/* One INVITE may decide on a hundred media flows. */
static void
write_notes(struct exhibit *w, uint64_t number, struct note *n)
{
	unsigned told = 0;
	char more[64];

	for (; n != NULL && n < w->notes + w->note_count && n->packet == number;
	     n++) {
		n->found = true;
		if (told++ < NOTES_SHOWN)
			option(&w->b, OPTION_COMMENT, n->text, strlen(n->text));
	}
	if (told <= NOTES_SHOWN)
		return;
	(void)snprintf(more, sizeof(more), "and %u remarks more",
	    told - NOTES_SHOWN);
	option(&w->b, OPTION_COMMENT, more, strlen(more));
}

static void
write_packet(struct exhibit *w, const struct packet *p, struct subject *s)
{
	unsigned at = interface_of(w, p->link);
	struct note *n = first_note(w, p->number);
	uint64_t time = (uint64_t)p->time;

	if (at == LINKS_MOST)
		return;
	begin_block(&w->b, BLOCK_PACKET);
	u32(&w->b, at);
	u32(&w->b, (uint32_t)(time >> 32));
	u32(&w->b, (uint32_t)time);
	u32(&w->b, (uint32_t)p->frame.n);
	u32(&w->b, p->wire_len);
	buf_add(&w->b, p->frame.p, p->frame.n);
	pad(&w->b);
	if (s != NULL && !s->told)
		option(&w->b, OPTION_COMMENT, s->comment, strlen(s->comment));
	bool remarkable = n != NULL || (s != NULL && !s->told);

	if (s != NULL)
		s->told = true;
	write_notes(w, p->number, n);
	if (remarkable)
		packet_origin(w, p);
	end_block(w);
	w->count->packets++;
}

/* ---- packets ---- */

static struct subject *
subject_of(struct exhibit *w, const struct packet *p)
{
	uint8_t key[48];
	const uint64_t *at = map_get(w->by_ends, ends_key(&p->tuple, key));
	size_t i = at != NULL ? (size_t)*at : 0;

	while (i != 0) {
		struct subject *s = &w->subjects[i - 1];

		if (p->number >= s->first && p->number <= s->last)
			return s;
		i = s->next;
	}
	return NULL;
}

/* Earlier pieces of a datagram: whose they are is known with the last. */
static void
hold_fragment(struct exhibit *w, const struct packet *p)
{
	struct fragment_held *h = &w->held[w->held_at];
	uint8_t *copy = malloc(p->frame.n > 0 ? p->frame.n : 1);

	if (copy == NULL)
		return;
	if (p->frame.n > 0)
		memcpy(copy, p->frame.p, p->frame.n);
	free(h->frame);
	h->p = *p;
	h->p.frame = slice_of(copy, p->frame.n);
	h->frame = copy;
	w->held_at = (w->held_at + 1) % LIMIT_EVIDENCE_FRAGMENTS;
}

static void
write_fragments(struct exhibit *w, const struct packet *p, struct subject *s)
{
	for (unsigned i = 0; i < LIMIT_EVIDENCE_FRAGMENTS; i++) {
		struct fragment_held *h =
		    &w->held[(w->held_at + i) % LIMIT_EVIDENCE_FRAGMENTS];

		if (h->frame == NULL || h->p.ip_id != p->ip_id ||
		    !addr_eq(&h->p.tuple.src.addr, &p->tuple.src.addr) ||
		    !addr_eq(&h->p.tuple.dst.addr, &p->tuple.dst.addr))
			continue;
		write_packet(w, &h->p, s);
		free(h->frame);
		h->frame = NULL;
	}
}

/* Of what the rest never came the fragments are all there is. */
static void
take_late(struct exhibit *w, int64_t now)
{
	struct packet p;

	while (decode_late(w->decoder, now, &p)) {
		struct subject *s = p.has_transport ? subject_of(w, &p) : NULL;

		if (s == NULL || s->written >= w->j.most_packets)
			continue;
		s->written++;
		write_fragments(w, &p, s);
	}
}

static void
take_packet(struct exhibit *w, struct packet *p)
{
	take_late(w, p->time);
	enum decode_result r = decode(w->decoder, p);
	struct subject *s =
	    r == DECODE_OK && p->has_transport ? subject_of(w, p) : NULL;
	bool decides = first_note(w, p->number) != NULL;

	if (r == DECODE_FRAGMENT && !decides) {
		hold_fragment(w, p);
		return;
	}
	if (!decides && (s == NULL || s->written >= w->j.most_packets))
		return;
	if (s != NULL)
		s->written++;
	if (p->reassembled)
		write_fragments(w, p, s);
	write_packet(w, p, s);
}

/* The file must be what it was when it was audited. */
static bool
same_inputs(const struct exhibit *w, const struct source *again)
{
	size_t n = source_inputs(w->j.audited);

	if (source_inputs(again) != n)
		return fail(w->f,
		    "there are other captures now than when the audit began: "
		    "their packets were not written");
	for (size_t i = 0; i < n; i++) {
		const struct source_input *a = source_input(w->j.audited, i);
		const struct source_input *b = source_input(again, i);

		if (a->has_sha256 && b->has_sha256 &&
		    memcmp(a->sha256, b->sha256, SHA256_BYTES) != 0)
			return fail(w->f,
			    "%.300s has changed since it was audited: its "
			    "packets were not written",
			    a->path);
	}
	return true;
}

static bool
is_over(const struct exhibit *w)
{
	return w->bad || atomic_load_explicit(&w->stop, memory_order_relaxed);
}

static bool
read_again(struct exhibit *w)
{
	struct source *s = source_open(&w->j.again, w->f);
	enum source_result r;
	struct packet p;
	bool good;

	if (s == NULL)
		return false;
	while (!is_over(w) && (r = source_next(s, &p)) != SOURCE_END) {
		if (r == SOURCE_PACKET)
			take_packet(w, &p);
	}
	take_late(w, INT64_MAX);
	good = is_over(w) || !w->j.whole || same_inputs(w, s);
	source_close(s);
	return good;
}

static bool
read_spool(struct exhibit *w)
{
	struct spool_reader *r = spool_read(w->j.spool);
	struct packet p;

	if (r == NULL)
		return fail(w->f, "the packets could not be read: no memory");
	while (!is_over(w) && spool_next(r, &p))
		take_packet(w, &p);
	take_late(w, INT64_MAX);
	w->count->spool_lost = spool_done(r);
	return true;
}

static void
count_all(struct exhibit *w)
{
	w->count->flows = w->subject_count;
	w->count->left_out = w->left_out;
	w->count->gone = w->unheld;
	for (size_t i = 0; i < w->note_count; i++)
		w->count->missing += !w->notes[i].found &&
		    (i == 0 || w->notes[i].packet != w->notes[i - 1].packet);
	for (size_t i = 0; i < w->subject_count; i++)
		w->count->gone += !w->subjects[i].told;
}

struct exhibit *
exhibit_new(const struct evidence_job *j, struct fault *f)
{
	struct exhibit *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		(void)fail(f, "the packets could not be written: no memory");
		return NULL;
	}
	w->j = *j;
	w->policy = ledger_policy(j->ledger);
	arena_init(&w->texts, NOTES_MEMORY);
	buf_init(&w->b);
	w->decoder = decoder_new();
	if (w->decoder != NULL && choose(w)) {
		w->j.ledger = NULL;
		return w;
	}
	(void)fail(f, "the packets could not be written: no memory");
	exhibit_free(w);
	return NULL;
}

void
exhibit_free(struct exhibit *w)
{
	if (w == NULL)
		return;
	if (w->decoder != NULL)
		decoder_free(w->decoder);
	map_free(w->by_ends);
	free(w->subjects);
	free(w->notes);
	for (unsigned i = 0; i < LIMIT_EVIDENCE_FRAGMENTS; i++)
		free(w->held[i].frame);
	arena_done(&w->texts);
	buf_done(&w->b);
	free(w);
}

bool
exhibit_write(struct exhibit *w, FILE *out, struct evidence_count *count,
    struct fault *f)
{
	bool good;

	*count = (struct evidence_count){ 0 };
	f->text[0] = '\0';
	w->out = out;
	w->f = f;
	w->count = count;
	section(w);
	good = (w->j.spool != NULL ? read_spool(w) : read_again(w)) && !w->bad;
	count_all(w);
	if (good && is_over(w))
		return fail(f, "the packets were not written: interrupted");
	return good;
}

void
exhibit_stop(struct exhibit *w)
{
	atomic_store_explicit(&w->stop, true, memory_order_relaxed);
}
