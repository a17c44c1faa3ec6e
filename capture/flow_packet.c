/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/flow_private.h"

#include "core/clock.h"

/* Ports from here on a system chooses itself, IANA and Linux. */
enum { EPHEMERAL = 32768 };

const int64_t flow_idle_s[LINES] = {
	[LINE_TCP] = LIMIT_FLOW_IDLE_TCP_S,
	[LINE_OTHER] = LIMIT_FLOW_IDLE_UDP_S,
	[LINE_ENDED] = LIMIT_FLOW_ENDED_S,
};

/* Ports from 1024 on that a service listens on, lowest and highest. */
static const uint16_t service_ports[][2] = {
	{ 1433, 1434 },   /* SQL Server */
	{ 1801, 1801 },   /* MSMQ */
	{ 3389, 3389 },   /* RDP */
	{ 3478, 3479 },   /* STUN, TURN */
	{ 4443, 4443 },   /* published web services */
	{ 5022, 5022 },   /* SQL mirroring */
	{ 5041, 5041 },   /* Persistent Chat */
	{ 5060, 5091 },   /* SIP and the services of a pool */
	{ 5222, 5223 },   /* XMPP clients, push */
	{ 5269, 5269 },   /* XMPP servers */
	{ 5349, 5349 },   /* TURN over TLS */
	{ 8011, 8011 },   /* Persistent Chat */
	{ 8057, 8061 },   /* PSOM */
	{ 8080, 8080 },   /* HTTP */
	{ 8404, 8404 },   /* response group match making */
	{ 8443, 8443 },   /* HTTPS */
	{ 23456, 23456 }, /* XMPP gateway */
};

/* Serial number arithmetic, RFC 9293 section 3.4. */
static int32_t
serial(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static bool
is_tcp(const struct packet *p)
{
	return p->has_transport && p->tuple.proto == IPPROTO_NUM_TCP;
}

/* Square roots of the first primes, the bits behind the point. */
static const uint32_t copy_key[] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
	0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19, 0xcbbb9d5d,
	0x629a292a, 0x9159015a, 0x152fecd8, 0x67332667, 0x8eb44a87, 0xdb0c2e0d,
	0x47b5481d, 0xae5f9156, 0xcf6c85d3, 0x2f73477d, 0x6d1826ca };

/*
 * What a copy has in common with its original: the way it goes and all that
 * neither routers nor taps change; of the payload its first 64 and last 16
 * bytes. Sums of products of half words and constants, as in NH of RFC 4418
 * section 5.2, which do not wait for each other.
 */
uint32_t
flow_copy_hash(const struct packet *p)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t w[10] = { 0 };
	struct slice head = slice_head(p->payload, 64);
	struct slice tail =
	    slice_from(p->payload, p->payload.n > 64 ? p->payload.n - 16 : 64);
	bool tcp = is_tcp(p);
	uint64_t h;

	/* Of known size most are, and need no call. */
	if (head.n == 64)
		memcpy(w, head.p, 64);
	else if (head.n > 0)
		memcpy(w, head.p, head.n);
	if (tail.n == 16)
		memcpy(w + 8, tail.p, 16);
	else if (tail.n > 0)
		memcpy(w + 8, tail.p, tail.n);
	h = (uint64_t)p->ip_id << 48 | (uint64_t)p->payload_wire << 1 |
	    is_below(&p->tuple.src, &p->tuple.dst);
	h = (h ^ h >> 29) * k;
	if (tcp) {
		h ^= ((uint64_t)p->seq << 32 | p->ack) * (k ^ 0x5bd1e994);
		h += ((uint64_t)p->window << 8 | p->tcp_flags) * (k + 0x7f4a);
	}
	for (size_t i = 0; i < COUNT(w); i++)
		h += (uint64_t)((uint32_t)w[i] + copy_key[2 * i]) *
		    ((uint32_t)(w[i] >> 32) + copy_key[2 * i + 1]);
	h ^= h >> 32;
	h *= k;
	return (uint32_t)(h >> 32) | 1; /* 0: nothing remembered yet */
}

/* TCP says nothing twice but a pure ACK, and IPv6 has no number that would
 * tell two of them apart: only copies that come at once. */
static int32_t
copy_window(const struct packet *p)
{
	if (is_tcp(p) && p->ip_id == 0 && p->payload_wire == 0)
		return 1;
	return LIMIT_DUP_MS;
}

/* Of the time 24 bits are kept, which come back after five hours: no packet of
 * a flow that goes on is remembered so long. */
bool
flow_is_copy(struct flow *f, const struct packet *p)
{
	uint32_t hash = p->copy != 0 ? p->copy : flow_copy_hash(p);
	int32_t window = copy_window(p);
	uint32_t ms = (uint32_t)((uint64_t)p->time >> 20); /* 1.05 ms */

	for (unsigned i = 0; i < FLOW_DUP_MEMORY; i++) {
		if (f->dup_hash[i] != hash)
			continue;
		uint32_t then =
		    (uint32_t)f->dup_ms_high[i] << 16 | f->dup_ms[i];
		int32_t apart = serial(ms << 8, then << 8);

		if (apart <= window * 256 && apart >= -window * 256)
			return true;
	}
	f->dup_hash[f->dup_at] = hash;
	f->dup_ms[f->dup_at] = (uint16_t)ms;
	f->dup_ms_high[f->dup_at] = (uint8_t)(ms >> 16);
	f->dup_at = (f->dup_at + 1) % FLOW_DUP_MEMORY;
	return false;
}

static bool
is_service(uint16_t port)
{
	if (port < 1024)
		return port != 0;
	for (size_t i = 0; i < COUNT(service_ports); i++) {
		if (port >= service_ports[i][0] && port <= service_ports[i][1])
			return true;
	}
	return false;
}

void
flow_open(struct flow *f, const struct packet *p)
{
	uint16_t from = p->tuple.src.port;
	uint16_t to = p->tuple.dst.port;
	bool answer = false;

	if (is_tcp(p) && (p->tcp_flags & TCP_SYN)) {
		answer = (p->tcp_flags & TCP_ACK) != 0;
	} else if (is_tcp(p)) {
		f->mid_stream = true;
		f->opened_by_guess = true;
		answer = is_service(from) && !is_service(to);
	} else if (is_service(from) && to >= EPHEMERAL) {
		f->opened_by_guess = true;
		answer = true;
	}
	f->tuple = p->tuple;
	if (answer) {
		f->tuple.src = p->tuple.dst;
		f->tuple.dst = p->tuple.src;
	}
}

void
flow_turn(struct flow *f)
{
	struct endpoint e = f->tuple.src;
	struct flow_half h = f->half[TO_SERVER];
	uint32_t hole = f->hole[TO_SERVER];

	f->tuple.src = f->tuple.dst;
	f->tuple.dst = e;
	f->half[TO_SERVER] = f->half[TO_CLIENT];
	f->half[TO_CLIENT] = h;
	f->hole[TO_SERVER] = f->hole[TO_CLIENT];
	f->hole[TO_CLIENT] = hole;
}

/* Data of this side was captured just before the SYN that precedes it. */
static bool
is_late_syn(const struct flow *f, const struct packet *p, enum side side)
{
	const struct flow_half *h = &f->half[side];

	return !h->has_isn && h->has_seq && h->bytes > 0 &&
	    since(p->time, f->start) <= LIMIT_DUP_MS * NS_PER_MS &&
	    h->next_seq - (p->seq + 1) <= h->bytes;
}

static bool
is_other_syn(const struct flow *f, const struct packet *p, enum side side)
{
	const struct flow_half *h = &f->half[side];

	if (h->has_isn)
		return p->seq != h->isn;
	/* simultaneous open, RFC 9293 section 3.5, as ICE does it */
	if (h->packets == 0 && f->half[!side].tcp_flags == TCP_SYN)
		return false;
	return !is_late_syn(f, p, side);
}

/* A middlebox may answer a SYN with numbers of its own, so an answer begins
 * another connection only after the end of this one. */
static bool
is_other_answer(const struct flow *f, const struct packet *p, enum side side)
{
	const struct flow_half *asked = &f->half[!side];

	if (!f->ended || (asked->has_isn && p->ack == asked->isn + 1))
		return false;
	return !f->half[side].has_isn || p->seq != f->half[side].isn;
}

bool
flow_is_reuse(const struct flow *f, const struct packet *p, enum side side)
{
	if (since(p->time, f->end) > flow_idle_s[f->line] * NS_PER_S)
		return true;
	if (!is_tcp(p) || !(p->tcp_flags & TCP_SYN))
		return false;
	if (p->tcp_flags & TCP_ACK)
		return is_other_answer(f, p, side);
	return is_other_syn(f, p, side);
}

/* --- counting --------------------------------------------------------------
 */

/* The SYN names the first number; its answer names the other side's too. */
static void
count_syn(struct flow *f, const struct packet *p, enum side side)
{
	struct flow_half *h = &f->half[side];
	struct flow_half *other = &f->half[!side];

	if (!h->has_isn || h->bytes == 0) {
		h->isn = p->seq;
		h->has_isn = true;
	}
	if (h->bytes == 0) {
		h->next_seq = p->seq;
		h->has_seq = true;
	}
	if ((p->tcp_flags & TCP_ACK) && !other->has_isn) {
		other->isn = p->ack - 1;
		other->has_isn = true;
	}
}

/*
 * Bytes between the highest seen and this segment are lost until a late one
 * brings them: within reach of the oldest open hole it gives back what it
 * carries, at most what was lost. A jump further than any window in use is
 * another numbering, not a loss, and before the first data there is none.
 */
static void
count_sequence(struct flow *f, const struct packet *p, enum side side)
{
	struct flow_half *h = &f->half[side];
	uint32_t *hole = &f->hole[side];
	bool syn = (p->tcp_flags & TCP_SYN) != 0;
	bool fin = (p->tcp_flags & TCP_FIN) != 0;
	uint32_t end = p->seq + syn + p->payload_wire + fin;
	int32_t off = serial(p->seq, h->next_seq);
	int32_t beyond = serial(end, h->next_seq);
	uint64_t late;

	if (!h->has_seq || off > LIMIT_TCP_NEAR || off < -LIMIT_TCP_NEAR ||
	    (off > 0 && h->bytes == 0 && !h->has_isn)) {
		h->has_seq = true;
		h->next_seq = end;
		return;
	}
	/* keep-alive, RFC 9293 section 3.8.4 */
	if (off == -1 && p->payload_wire <= 1 && !syn)
		return;
	if (off > 0) {
		if (h->lost == 0 ||
		    serial(h->next_seq, *hole) > LIMIT_STREAM_AHEAD * 4)
			*hole = h->next_seq;
		h->lost += (uint32_t)off;
	} else if (off < 0 && h->lost > 0 && serial(p->seq, *hole) >= 0) {
		late = beyond > 0 ? (uint32_t)-off : p->payload_wire;
		h->lost -= late < h->lost ? late : h->lost;
	}
	if (beyond > 0)
		h->next_seq = end;
}

static void
count_tcp(struct flow *f, const struct packet *p, enum side side)
{
	struct flow_half *h = &f->half[side];

	h->tcp_flags |= p->tcp_flags;
	if (p->tcp_flags & TCP_RST) {
		f->ended = true; /* its sequence number may be anything */
		return;
	}
	if (p->tcp_flags & TCP_SYN)
		count_syn(f, p, side);
	count_sequence(f, p, side);
	if (h->tcp_flags & f->half[!side].tcp_flags & TCP_FIN)
		f->ended = true;
}

/* The SYN came after data of its side: now the begin is known. */
static enum side
late_syn(struct flow *f, enum side side)
{
	f->mid_stream = false;
	if (side == TO_SERVER)
		f->opened_by_guess = false;
	if (side == TO_SERVER || f->stream != NULL || f->session != NULL)
		return side;
	flow_turn(f);
	f->opened_by_guess = false;
	return TO_SERVER;
}

void
flow_count(struct flow *f, const struct packet *p, enum side *side)
{
	struct flow_half *h;

	if (f->mid_stream && is_tcp(p) &&
	    (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		*side = late_syn(f, *side);
	if (is_tcp(p))
		count_tcp(f, p, *side);
	h = &f->half[*side];
	h->packets++;
	h->bytes += p->payload_wire;
	if (p->number > f->last_packet) { /* decode_late() gives earlier ones */
		f->last_packet = p->number;
		f->news = true;
	}
	if (p->time > f->end)
		f->end = p->time;
	f->cut += p->cut;
	if (f->vlans == 0 && p->vlans > 0) {
		f->vlans = p->vlans < COUNT(f->vlan) ? p->vlans : 2;
		memcpy(f->vlan, p->vlan, f->vlans * sizeof(f->vlan[0]));
	}
}
