/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/view.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/map.h"
#include "core/room.h"

static_assert(FINDINGS <= 64, "a bit for each finding");

/* How the thread that reads packets shares its time with the screen. */
enum {
	EVERY_MS = 450,      /* judge so often at most */
	LIVE_BUDGET_MS = 20, /* 4 % of a core while packets come */
	FILE_BUDGET_MS = 120,
	SWEEP_MS = 4,      /* of it for flows that others shed new light on */
	LIVE_SPACING = 60, /* signalling is gathered again after so many */
	FILE_SPACING = 5,  /* times what it took */
};

struct view {
	void (*news)(void *);
	void *ctx;

	/* the owner's alone */
	struct ledger *ledger;
	bool live;
	struct view_cert *certs;
	size_t cert_count, cert_room;
	struct map *by_cert; /* SHA-256 -> index + 1 */
	int64_t judged_at, prepare_at;
	size_t sweep_at, sweep_left;
	bool changed; /* since signalling was gathered */
	bool told;    /* something new to take */
	struct view_news whole;
	size_t judged_at_end, bad_at_end; /* records */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work;
	struct view_news pending;
	uint32_t turn;
	struct view_status status;
	struct view_job *jobs, *jobs_done;
	bool quit, give_up;
};

struct view *
view_new(void (*news)(void *ctx), void *ctx)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->by_cert = map_new(0);
	if (v->by_cert == NULL) {
		free(v);
		return NULL;
	}
	v->news = news;
	v->ctx = ctx;
	v->turn = 1;
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->work, NULL);
	return v;
}

static void
drop_jobs(struct view_job *j)
{
	while (j != NULL) {
		struct view_job *next = j->next;

		j->drop(j);
		j = next;
	}
}

void
view_free(struct view *v)
{
	if (v == NULL)
		return;
	view_news_done(&v->pending);
	view_news_done(&v->whole);
	drop_jobs(v->jobs);
	drop_jobs(v->jobs_done);
	map_free(v->by_cert);
	free(v->certs);
	pthread_cond_destroy(&v->work);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

void
view_news_done(struct view_news *n)
{
	for (size_t i = 0; i < (n->count + VIEW_CHUNK - 1) / VIEW_CHUNK; i++)
		free(n->chunks[i]);
	free(n->chunks);
	free(n->certs);
	free(n->hosts);
	*n = (struct view_news){ .chunks = NULL };
}

/* ---- rows ---- */

/* As much as fits of text that is safe already, cut between characters. */
static void
cut_text(char *to, size_t room, const char *from)
{
	size_t n = strlen(from);

	if (n >= room) {
		n = room - 1;
		while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
			n--;
		for (size_t dots = 0; dots < 3 && n > 0; dots++) {
			n--;
			while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
				n--;
		}
	}
	memcpy(to, from, n);
	memset(to + n, 0, room - n);
	if (from[n] != '\0' && n + 3 < room)
		memcpy(to + n, "...", 3);
}

static void
wire_text(char *to, size_t room, struct slice from)
{
	struct buf b;

	buf_init(&b);
	buf_safe(&b, slice_head(from, 4 * room));
	cut_text(to, room, b.n > 0 && buf_ok(&b) ? b.p : "");
	buf_done(&b);
}

static void
name_row(const struct evidence *e, struct view_row *out)
{
	static const enum fact names[] = { FACT_TLS_SNI, FACT_HTTP_HOST,
		FACT_SIP_USER_AGENT, FACT_HTTP_USER_AGENT };

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct learnt *l = evidence_first(e, names[i]);

		if (l == NULL || l->bytes.n == 0)
			continue;
		wire_text(out->name, sizeof(out->name), l->bytes);
		if (i < 2)
			out->flags |= VIEW_NAME_IS_HOST;
		return;
	}
}

static uint32_t
head_of(const uint8_t sha256[SHA256_SIZE])
{
	uint32_t v = (uint32_t)sha256[0] << 24 | (uint32_t)sha256[1] << 16 |
	    (uint32_t)sha256[2] << 8 | sha256[3];

	return v != 0 ? v : 1;
}

static uint32_t
leaf_of(const struct ledger *l, const struct evidence *e, enum fact f)
{
	const struct learnt *chain = evidence_first(e, f);
	const struct cert *c;

	if (chain == NULL || chain->bytes.n == 0)
		return 0;
	c = cert_in_chain(ledger_store(l), chain->bytes, 0);
	return c != NULL ? head_of(c->sha256) : 0;
}

static uint32_t
capped(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void
count_row(const struct flow_view *f, uint64_t number, struct view_row *out)
{
	out->first_packet = f->first_packet;
	out->last_packet = f->last_packet;
	out->start = f->start;
	out->end = f->end;
	out->src = f->tuple.src;
	out->dst = f->tuple.dst;
	out->number = number;
	out->proto = f->tuple.proto;
	out->bytes = f->bytes[0] + f->bytes[1];
	out->packets = capped(f->packets[0] + f->packets[1]);
	out->lost = capped(f->lost[0] + f->lost[1]);
	out->flags = (uint8_t)((f->ended ? VIEW_ENDED : 0) |
	    (f->mid_stream ? VIEW_MID_STREAM : 0) |
	    (f->packets[0] == 0 || f->packets[1] == 0 ? VIEW_ONE_WAY : 0));
}

void
view_row_of(const struct ledger *l, const struct record *r,
    const struct judgement *j, struct view_row *out)
{
	struct unpacked room;
	const struct notice *n = record_facts(r, &room);
	char doubt[LOSS_TEXT];
	enum role role;

	memset(out, 0, sizeof(*out));
	count_row(&n->flow, r->id, out);
	out->class = (uint8_t)j->class;
	out->verdict = (uint8_t)j->verdict;
	out->observed = (uint8_t)j->observed;
	out->required = (uint8_t)j->required;
	out->certainty = (uint8_t)j->certainty;
	out->src_role = (uint8_t)j->src_role;
	out->dest_role = (uint8_t)j->dest_role;
	out->signalled_by = j->signalled_by;
	out->resumed_from = j->resumed_from;
	if (loss_doubts(ledger_loss(l), &n->flow, doubt))
		out->flags |= VIEW_DOUBT;
	if (policy_role(ledger_policy(l), &out->src.addr, &role))
		out->flags |= VIEW_SRC_LISTED;
	if (policy_role(ledger_policy(l), &out->dst.addr, &role))
		out->flags |= VIEW_DST_LISTED;
	out->severity = SEVERITIES;
	for (unsigned i = 0; i < j->findings.count; i++) {
		const struct finding *f = &j->findings.f[i];

		out->findings |= UINT64_C(1) << f->id;
		if (f->severity < out->severity)
			out->severity = (uint8_t)f->severity;
	}
	if (j->reason_count > 0) {
		out->proof = j->reasons[0].packet;
		cut_text(out->why, sizeof(out->why), j->reasons[0].text);
	}
	wire_text(out->app, sizeof(out->app), slice_text(j->app_proto));
	name_row(&n->news, out);
	out->server_cert = leaf_of(l, &n->news, FACT_TLS_SERVER_CHAIN);
	out->client_cert = leaf_of(l, &n->news, FACT_TLS_CLIENT_CHAIN);
}

/* A place for one more row; NULL without memory. */
static struct view_row *
more_news(struct view_news *n)
{
	size_t at = n->count / VIEW_CHUNK;

	if (n->count % VIEW_CHUNK == 0) {
		if (!room_zeroed((void **)&n->chunks, at + 1, &n->room,
			sizeof(*n->chunks)))
			return NULL;
		n->chunks[at] = malloc(sizeof(*n->chunks[at]));
		if (n->chunks[at] == NULL)
			return NULL;
	}
	return &n->chunks[at]->rows[n->count++ % VIEW_CHUNK];
}

/* Never 0. */
static uint32_t
hash_of(const struct view_row *r)
{
	const unsigned char *p = (const unsigned char *)r;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i + 8 <= sizeof(*r); i += 8) {
		uint64_t w;

		memcpy(&w, p + i, sizeof(w));
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32 ^ h) | 1;
}

/* A row that waits to be taken is replaced. */
static void
send(struct view *v, struct record *r, struct view_row *row)
{
	uint32_t hash = hash_of(row);
	struct view_row *to = NULL;
	struct telling none = { .told = 0 }, *t = ledger_telling(v->ledger, r);

	if (t == NULL)
		t = &none;
	if (t->told == hash)
		return;
	row->fresh = t->told == 0;
	pthread_mutex_lock(&v->lock);
	if (t->told != 0 && t->shown.turn == v->turn) {
		to = &v->pending.chunks[t->shown.at / VIEW_CHUNK]
			  ->rows[t->shown.at % VIEW_CHUNK];
		row->fresh = to->fresh;
	} else if (v->pending.count < LIMIT_VIEW_ROWS) {
		size_t at = v->pending.count;

		to = more_news(&v->pending);
		t->shown.turn = v->turn;
		t->shown.at = (uint32_t)at;
	}
	if (to != NULL) {
		*to = *row;
		t->told = hash;
	} else {
		v->status.starving = true;
	}
	pthread_mutex_unlock(&v->lock);
	v->told = true;
}

/* ---- certificates ---- */

static struct view_cert *
cert_row(struct view *v, const struct cert *c)
{
	uint64_t *at =
	    map_put(v->by_cert, slice_of(c->sha256, sizeof(c->sha256)));

	if (at == NULL)
		return NULL;
	if (*at != 0)
		return &v->certs[*at - 1];
	if (!room_zeroed((void **)&v->certs, v->cert_count + 1, &v->cert_room,
		sizeof(*v->certs)))
		return NULL;
	struct view_cert *s = &v->certs[v->cert_count];

	*s = (struct view_cert){ .cert = c, .slot = (uint32_t)v->cert_count };
	*at = ++v->cert_count;
	return s;
}

static void
cert_host(struct view_cert *c, const struct addr *a)
{
	unsigned kept =
	    c->host_count < VIEW_CERT_HOSTS ? c->host_count : VIEW_CERT_HOSTS;

	for (unsigned i = 0; i < kept; i++) {
		if (addr_eq(&c->hosts[i], a))
			return;
	}
	if (kept < VIEW_CERT_HOSTS)
		c->hosts[c->host_count++] = *a;
}

static void
see_chain(struct view *v, const struct five_tuple *t, bool is_new,
    const struct learnt *chain, const struct judgement *j)
{
	bool client = chain->fact == FACT_TLS_CLIENT_CHAIN;
	const struct cert *c;

	for (size_t i = 0; (c = cert_in_chain(ledger_store(v->ledger),
				chain->bytes, i)) != NULL;
	     i++) {
		struct view_cert *s = cert_row(v, c);

		if (s == NULL)
			return;
		if (s->flows == 0)
			s->first_packet = chain->packet;
		s->flows += is_new;
		s->as_issuer |= i > 0;
		s->as_client |= i == 0 && client;
		s->as_server |= i == 0 && !client;
		cert_host(s,
		    chain->side == TO_SERVER ? &t->src.addr : &t->dst.addr);
		for (unsigned k = 0; i == 0 && k < j->findings.count; k++) {
			const struct finding *f = &j->findings.f[k];

			if (f->id <= FINDING_CERT_UNSUPPORTED_ALGORITHM &&
			    f->side == (client ? SIDE_CLIENT : SIDE_SERVER))
				s->findings |= UINT64_C(1) << f->id;
		}
	}
}

static void
see_certs(struct view *v, const struct record *r, const struct judgement *j)
{
	static const enum fact chains[] = { FACT_TLS_SERVER_CHAIN,
		FACT_TLS_CLIENT_CHAIN };
	struct unpacked room;
	const struct notice *n = record_facts(r, &room);
	const struct learnt *l = NULL;
	const struct telling *t = ledger_telling(v->ledger, r);
	bool fresh = t == NULL || t->told == 0;

	for (size_t i = 0; i < COUNT(chains); i++) {
		l = NULL;
		while ((l = evidence_next(&n->news, chains[i], l)) != NULL)
			see_chain(v, &n->flow.tuple, fresh, l, j);
	}
}

/* All certificates there are, with the news: there are few. */
static void
publish_certs(struct view *v)
{
	pthread_mutex_lock(&v->lock);
	if (room_zeroed((void **)&v->pending.certs, v->cert_count,
		&v->pending.cert_room, sizeof(*v->certs))) {
		if (v->cert_count > 0)
			memcpy(v->pending.certs, v->certs,
			    v->cert_count * sizeof(*v->certs));
		v->pending.cert_count = v->cert_count;
	}
	pthread_mutex_unlock(&v->lock);
}

/* ---- the owner ---- */

static void
publish(struct view *v, struct record *r, const struct judgement *j)
{
	struct view_row row;

	view_row_of(v->ledger, r, j, &row);
	if (r->spilled)
		row.flags |= VIEW_GONE;
	see_certs(v, r, j);
	send(v, r, &row);
}

/* Of more than the screens can show the newest, and violations: the sums of
 * all are told apart. */
static bool
is_shown_at_end(struct view *v, const struct judgement *j)
{
	size_t left = ledger_count(v->ledger) - v->judged_at_end;

	if (left <= LIMIT_VIEW_ROWS)
		return true;
	return j->verdict == VERDICT_VIOLATION &&
	    v->bad_at_end++ < LIMIT_VIEW_ROWS / 2;
}

static void
add_to_whole(struct view *v, const struct record *r, const struct judgement *j)
{
	struct view_row *to;

	if (!is_shown_at_end(v, j))
		return;
	to = more_news(&v->whole);
	if (to != NULL) {
		view_row_of(v->ledger, r, j, to);
		to->fresh = true;
		return;
	}
	pthread_mutex_lock(&v->lock);
	v->status.starving = true;
	pthread_mutex_unlock(&v->lock);
}

/* ledger_finish() judges everything once more. */
static void
judged(void *ctx, const struct ledger *l, struct record *r,
    const struct judgement *j, bool final)
{
	(void)l;
	if (final)
		add_to_whole(ctx, r, j);
	else
		publish(ctx, r, j);
}

static bool
goes_on(void *ctx, const struct record *r, const struct judgement *j)
{
	struct view *v = ctx;
	bool go_on;

	(void)j;
	if (r->spilled || v->judged_at_end++ % 1024 != 0)
		return true;
	pthread_mutex_lock(&v->lock);
	v->status.phase = VIEW_JUDGING;
	v->status.judged = v->judged_at_end;
	v->status.to_judge = ledger_count(v->ledger);
	v->status.flows = ledger_arrived(v->ledger);
	go_on = !v->give_up;
	pthread_mutex_unlock(&v->lock);
	v->news(v->ctx);
	return go_on;
}

void
view_attach(struct view *v, struct ledger *l, bool live)
{
	v->ledger = l;
	v->live = live;
	ledger_follow(l, goes_on, v);
	ledger_tell(l, judged, v);
}

static struct view_job *
next_job(struct view *v)
{
	struct view_job *j;

	pthread_mutex_lock(&v->lock);
	j = v->jobs;
	if (j != NULL)
		v->jobs = j->next;
	pthread_mutex_unlock(&v->lock);
	return j;
}

static void
put_done(struct view *v, struct view_job *j)
{
	pthread_mutex_lock(&v->lock);
	j->next = v->jobs_done;
	v->jobs_done = j;
	pthread_mutex_unlock(&v->lock);
}

static void
run_jobs(struct view *v, bool finished)
{
	struct view_job *j;

	while ((j = next_job(v)) != NULL) {
		/* Jobs judge. */
		if (!finished && ledger_is_stale(v->ledger) &&
		    !ledger_prepare(v->ledger))
			log_warn("view: memory is short");
		j->run(j, v->ledger, finished);
		put_done(v, j);
		v->told = true;
	}
}

/* What flows tell of each other, gathered anew, but not too often. */
static void
prepare(struct view *v, int64_t now)
{
	if (!ledger_is_stale(v->ledger) && (!v->changed || now < v->prepare_at))
		return;
	if (!ledger_prepare(v->ledger))
		return;
	int64_t took = clock_monotonic() - now;

	v->prepare_at =
	    now + took * (v->live ? LIVE_SPACING : FILE_SPACING) + NS_PER_S;
	v->changed = false;
	v->sweep_left = ledger_count(v->ledger);
}

static void
judge(struct view *v, size_t i)
{
	const struct record *r = ledger_record(v->ledger, i);
	struct judgement j;

	/* The verdict on what left memory is the last. */
	if (r->behind || r->spilled)
		return;
	ledger_judge(v->ledger, r, &j);
	ledger_judged_now(v->ledger, i, &j);
}

static void
sweep(struct view *v, int64_t until)
{
	size_t count = ledger_count(v->ledger);

	for (unsigned n = 0; v->sweep_left > 0 && count > 0; n++) {
		if (n % 16 == 0 && clock_monotonic() >= until)
			return;
		if (v->sweep_at >= count)
			v->sweep_at = 0;
		if (ledger_record(v->ledger, v->sweep_at)->judged)
			judge(v, v->sweep_at);
		v->sweep_at++;
		v->sweep_left--;
	}
}

static void
judge_news(struct view *v, int64_t now)
{
	int64_t until =
	    now + (v->live ? LIVE_BUDGET_MS : FILE_BUDGET_MS) * NS_PER_MS;
	size_t certs = v->cert_count;
	size_t i;

	if (ledger_changes(v->ledger) > 0)
		v->changed = true;
	prepare(v, now);
	for (unsigned n = 1; ledger_changed(v->ledger, &i); n++) {
		judge(v, i);
		if (n % 16 == 0 && clock_monotonic() >= until)
			break;
	}
	now = clock_monotonic();
	if (now < until)
		sweep(v, v->live ? now + SWEEP_MS * NS_PER_MS : until);
	if (v->told || v->cert_count != certs)
		publish_certs(v);
}

void
view_refresh(struct view *v)
{
	int64_t now = clock_monotonic();
	size_t waiting;
	uint64_t count, let_go;

	run_jobs(v, false);
	if (now - v->judged_at >= EVERY_MS * NS_PER_MS) {
		judge_news(v, now);
		v->judged_at = clock_monotonic();
	}
	waiting = ledger_changes(v->ledger);
	count = ledger_arrived(v->ledger);
	let_go = ledger_totals(v->ledger)->judged_early;
	pthread_mutex_lock(&v->lock);
	v->status.waiting = waiting;
	v->status.flows = count;
	v->status.let_go = let_go;
	pthread_mutex_unlock(&v->lock);
	if (v->told)
		v->news(v->ctx);
	v->told = false;
}

void
view_progress(struct view *v, const struct view_status *s)
{
	bool differs;

	pthread_mutex_lock(&v->lock);
	differs = s->source.packets != v->status.source.packets ||
	    s->source.kernel_drops != v->status.source.kernel_drops;
	v->status.source = s->source;
	v->status.duplicates = s->duplicates;
	v->status.evicted = s->evicted;
	v->status.starved = s->starved;
	v->status.held = s->held;
	pthread_mutex_unlock(&v->lock);
	if (differs)
		v->news(v->ctx);
}

static void
take_final_certs(struct view *v)
{
	struct ledger *l = v->ledger;

	v->cert_count = 0;
	for (size_t i = 0; i < ledger_certs(l); i++) {
		const struct shown_cert *s = ledger_cert(l, i);

		if (!room_zeroed((void **)&v->certs, v->cert_count + 1,
			&v->cert_room, sizeof(*v->certs)))
			return;
		struct view_cert *c = &v->certs[v->cert_count];

		*c = (struct view_cert){
			.cert = s->cert,
			.flows = s->flows,
			.first_packet = s->first_packet,
			.slot = (uint32_t)v->cert_count++,
			.as_server = s->as_server,
			.as_client = s->as_client,
			.as_issuer = s->as_issuer,
			.host_count = s->host_count,
		};
		for (unsigned k = 0; k < s->findings.count; k++)
			c->findings |= UINT64_C(1) << s->findings.f[k].id;
		for (unsigned k = 0; k < s->host_count && k < VIEW_CERT_HOSTS;
		     k++)
			c->hosts[k] = s->hosts[k];
	}
}

static void
take_final_host(const struct host *h, struct view_host *to)
{
	*to = (struct view_host){
		.addr = h->addr,
		.flows = h->flows,
		.bytes = h->bytes,
		.findings = h->findings,
		.role = (uint8_t)h->role,
		.listed = h->from_policy,
	};
	memcpy(to->by_verdict, h->by_verdict, sizeof(to->by_verdict));
	if (h->name_count > 0)
		cut_text(to->name, sizeof(to->name), h->names[0]);
}

/* Hosts of flows that have no row. */
static void
take_final_hosts(struct view *v)
{
	struct ledger *l = v->ledger;
	size_t n = ledger_hosts(l);

	if (v->whole.count == ledger_summary(l)->flows || n == 0)
		return;
	v->whole.hosts = malloc(n * sizeof(*v->whole.hosts));
	for (size_t i = 0; v->whole.hosts != NULL && i < n; i++)
		take_final_host(ledger_host(l, i), &v->whole.hosts[i]);
	v->whole.host_count = v->whole.hosts != NULL ? n : 0;
}

/* Last rows that nobody has taken yet. */
static void
add_gone(struct view *v, const struct view_news *old)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct view_row *r =
		    &old->chunks[i / VIEW_CHUNK]->rows[i % VIEW_CHUNK];
		struct view_row *to;

		if ((r->flags & VIEW_GONE) == 0)
			continue;
		to = more_news(&v->whole);
		if (to == NULL)
			return;
		*to = *r;
		to->fresh = true;
		to->number = ledger_id_of(v->ledger, r->first_packet);
	}
}

void
view_finished(struct view *v)
{
	struct view_news old;

	pthread_mutex_lock(&v->lock);
	old = v->pending;
	v->pending = (struct view_news){ .chunks = NULL };
	pthread_mutex_unlock(&v->lock);
	add_gone(v, &old);
	view_news_done(&old);
	take_final_certs(v);
	take_final_hosts(v);
	v->whole.whole = true;
	v->whole.sums = *ledger_summary(v->ledger);
	v->whole.totals = *ledger_totals(v->ledger);
	pthread_mutex_lock(&v->lock);
	v->pending = v->whole;
	v->status.phase = VIEW_DONE;
	v->status.waiting = 0;
	v->status.flows = v->whole.sums.flows;
	v->status.let_go = v->whole.totals.judged_early;
	v->status.duplicates = v->whole.totals.duplicates;
	v->status.evicted = v->whole.totals.evicted;
	v->status.starved = v->whole.totals.starved;
	pthread_mutex_unlock(&v->lock);
	v->whole = (struct view_news){ .chunks = NULL };
	publish_certs(v);
	v->news(v->ctx);
}

bool
view_serve(struct view *v)
{
	bool quit;

	pthread_mutex_lock(&v->lock);
	while (v->jobs == NULL && !v->quit)
		pthread_cond_wait(&v->work, &v->lock);
	quit = v->quit;
	pthread_mutex_unlock(&v->lock);
	if (quit)
		return false;
	run_jobs(v, true);
	v->news(v->ctx);
	return true;
}

/* ---- the screen ---- */

bool
view_take(struct view *v, struct view_news *out)
{
	pthread_mutex_lock(&v->lock);
	bool any = v->pending.count > 0 || v->pending.whole ||
	    v->pending.cert_count > 0;

	*out = v->pending;
	v->pending = (struct view_news){ .chunks = NULL };
	v->turn++;
	pthread_mutex_unlock(&v->lock);
	return any;
}

void
view_status(struct view *v, struct view_status *out)
{
	pthread_mutex_lock(&v->lock);
	*out = v->status;
	out->untaken = v->pending.count;
	pthread_mutex_unlock(&v->lock);
}

void
view_post(struct view *v, struct view_job *j)
{
	j->next = NULL;
	pthread_mutex_lock(&v->lock);
	struct view_job **at = &v->jobs;

	while (*at != NULL)
		at = &(*at)->next;
	*at = j;
	pthread_cond_signal(&v->work);
	pthread_mutex_unlock(&v->lock);
}

void
view_collect(struct view *v, void *ctx)
{
	struct view_job *j;

	pthread_mutex_lock(&v->lock);
	j = v->jobs_done;
	v->jobs_done = NULL;
	pthread_mutex_unlock(&v->lock);
	while (j != NULL) {
		struct view_job *next = j->next;

		j->done(j, ctx);
		j = next;
	}
}

void
view_answer(struct view *v, struct view_job *j)
{
	put_done(v, j);
	v->news(v->ctx);
}

static void
quit(struct view *v, bool give_up)
{
	pthread_mutex_lock(&v->lock);
	v->quit = true;
	v->give_up = give_up;
	pthread_cond_signal(&v->work);
	pthread_mutex_unlock(&v->lock);
}

void
view_quit(struct view *v)
{
	quit(v, true);
}

void
view_quit_when_done(struct view *v)
{
	quit(v, false);
}
