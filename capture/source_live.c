/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/source_private.h"
#include "core/clock.h"
#include "core/log.h"

enum {
	BUFFER_KIB = 64 * 1024, /* half a second of 1 Gbit/s */
	BUFFER_KIB_MOST = 2 * 1024 * 1024 - 1,
	BUFFER_LEAST = 1024 * 1024, /* some blocks of the kernel's ring */
	GATHER_MS = 100,
	GATHER_PROMPT_MS = 10,
	PAUSE_MS = 10,     /* where there is nothing to wait on */
	LATE_MS = 20,      /* of the kernel's timer */
	TEND_PACKETS = 64, /* look at what else there is so often */
	DRAIN_S = 10,      /* after live_stop() no longer than this */
	DRAIN_PROMPT_S = 1,
	OPEN_TRIES = 3,
};

/* One interface in one lane. */
struct slot {
	struct tap *tap;       /* NULL: broken */
	pthread_mutex_t guard; /* of `tap`, against live_look() */
	struct packet head;    /* the next, where several are merged */
	bool full;             /* head is there */
	int64_t quiet;         /* nothing older than this will come */
	unsigned opened;       /* the call of the face that was answered */
};

struct lane {
	struct slot *slots; /* by interface */
	struct pollfd *fds;
	size_t at;       /* the slot that gave the last packet */
	int wake;        /* eventfd */
	unsigned tend;   /* packets until tend() */
	int64_t stopped; /* monotonic: live_stop() was noticed; 0: not yet */
};

struct face {
	const char *name;
	uint16_t link;
	uint16_t group;
	bool watched; /* has flags we can ask for */
	bool away;
	bool hopeless; /* back, but cannot be opened */
	unsigned tries;
	int missed[2]; /* counters of the device, -1: none */
	uint64_t missed_before;
	uint64_t kernel_drops, interface_drops, outages;
	atomic_uint broken; /* slots without a tap */
	atomic_uint call;   /* counts calls to open them again */
	atomic_bool given_up;
};

struct live {
	struct face *faces;
	struct lane *lanes;
	size_t face_count;
	unsigned lane_count;
	struct tap_settings settings;
	int64_t hold;  /* how late a packet may be given to us */
	int64_t drain; /* after live_stop() no longer than this */
	int64_t since; /* what is older came before all were ready */
	int64_t looked;
	int control;           /* a socket to ask for flags */
	_Atomic int64_t until; /* 0: nobody asked to stop */
};

/* --- opening ------------------------------------------------------------ */

static struct tap *
open_tap(const struct live *l, const struct face *x, struct fault *f)
{
	struct tap_settings s = l->settings;

	s.name = x->name;
	return tap_open(&s, f);
}

static void
close_lanes(struct live *l)
{
	for (unsigned i = 0; i < l->lane_count; i++) {
		struct lane *w = &l->lanes[i];

		for (size_t k = 0; w->slots != NULL && k < l->face_count; k++) {
			tap_close(w->slots[k].tap);
			pthread_mutex_destroy(&w->slots[k].guard);
		}
		free(w->slots);
		free(w->fds);
		if (w->wake >= 0)
			close(w->wake);
	}
	free(l->lanes);
	l->lanes = NULL;
	l->lane_count = 0;
}

static bool
lane_init(const struct live *l, struct lane *w)
{
	*w = (struct lane){ .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	w->slots = calloc(l->face_count, sizeof(*w->slots));
	w->fds = calloc(l->face_count + 1, sizeof(*w->fds));
	for (size_t i = 0; w->slots != NULL && i < l->face_count; i++)
		pthread_mutex_init(&w->slots[i].guard, NULL);
	return w->wake >= 0 && w->slots != NULL && w->fds != NULL;
}

static bool
open_taps(struct live *l, struct lane *w, struct fault *f)
{
	for (size_t i = 0; i < l->face_count; i++) {
		w->slots[i].tap = open_tap(l, &l->faces[i], f);
		if (w->slots[i].tap == NULL)
			return false;
		l->faces[i].link = tap_link(w->slots[i].tap);
	}
	return true;
}

static bool
open_lanes(struct live *l, unsigned lanes, uint64_t kib, struct fault *f)
{
	uint64_t buffer = kib * 1024 / lanes;

	l->settings.buffer =
	    (uint32_t)(buffer > BUFFER_LEAST ? buffer : BUFFER_LEAST);
	l->lanes = calloc(lanes, sizeof(*l->lanes));
	if (l->lanes == NULL)
		return fail(f, "cannot capture: memory is out");
	for (; l->lane_count < lanes; l->lane_count++) {
		if (!lane_init(l, &l->lanes[l->lane_count])) {
			l->lane_count++;
			return fail(f, "cannot capture: memory is out");
		}
	}
	for (unsigned i = 0; i < lanes; i++) {
		if (!open_taps(l, &l->lanes[i], f))
			return false;
	}
	return true;
}

/* The name of an interface the kernel cannot spread; NULL: it does. */
static const char *
spread_all(struct live *l)
{
	for (size_t i = 0; i < l->face_count; i++) {
		for (unsigned k = 0; k < l->lane_count; k++) {
			if (!fanout_join(tap_fd(l->lanes[k].slots[i].tap),
				&l->faces[i].group, k == 0))
				return l->faces[i].name;
		}
	}
	return NULL;
}

static bool
open_all(struct live *l, const struct source_options *o, struct fault *f)
{
	uint64_t kib = o->buffer_kib > 0 ? o->buffer_kib : BUFFER_KIB;
	unsigned lanes = o->lanes > 1 ? o->lanes : 1;
	const char *cannot;

	if (!open_lanes(l, lanes, kib, f))
		return false;
	if (lanes == 1)
		return true;
	cannot = spread_all(l);
	/* Until the last one had joined each got all packets. */
	l->since = clock_now();
	if (cannot == NULL)
		return true;
	log_warn("source: the kernel does not spread the packets of %s, one "
		 "thread reads them all",
	    cannot);
	close_lanes(l);
	l->since = 0;
	return open_lanes(l, 1, kib, f);
}

/* The counters of the device that libpcap shows as well; open for good, as no
 * file can be opened later. */
static void
open_missed(struct face *x)
{
	static const char *const names[] = { "rx_missed_errors",
		"rx_fifo_errors" };
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		int n = snprintf(path, sizeof(path),
		    "/sys/class/net/%s/statistics/%s", x->name, names[i]);

		x->missed[i] = n > 0 && (size_t)n < sizeof(path)
		    ? open(path, O_RDONLY | O_CLOEXEC)
		    : -1;
	}
}

static uint64_t
read_missed(const struct face *x)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < COUNT(x->missed); i++) {
		char text[32];
		ssize_t n = x->missed[i] >= 0
		    ? pread(x->missed[i], text, sizeof(text) - 1, 0)
		    : -1;

		if (n <= 0)
			continue;
		text[n] = '\0';
		sum += strtoull(text, NULL, 10);
	}
	return sum;
}

enum state { STATE_UP, STATE_DOWN, STATE_GONE };

static enum state
state_of(const struct live *l, const struct face *x)
{
	struct ifreq r = { .ifr_flags = 0 };

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", x->name);
	if (l->control < 0 || ioctl(l->control, SIOCGIFFLAGS, &r) != 0)
		return STATE_GONE;
	return (r.ifr_flags & IFF_UP) != 0 ? STATE_UP : STATE_DOWN;
}

static bool
check_options(const struct source_options *o, struct fault *f)
{
	if (o->snaplen > INT32_MAX)
		return fail(f, "a snap length of %" PRIu32 " is too large",
		    o->snaplen);
	if (o->buffer_kib > BUFFER_KIB_MOST)
		return fail(f, "a buffer of %" PRIu32 " KiB is too large",
		    o->buffer_kib);
	for (size_t i = 0; i < o->interface_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(o->interfaces[i], o->interfaces[k]) == 0)
				return fail(f, "interface %s is named twice",
				    o->interfaces[i]);
		}
	}
	return true;
}

static void
watch_faces(struct live *l)
{
	for (size_t i = 0; i < l->face_count; i++) {
		struct face *x = &l->faces[i];
		enum state state = state_of(l, x);

		open_missed(x);
		x->missed_before = read_missed(x);
		x->watched = state != STATE_GONE;
	}
	l->looked = clock_now();
}

struct live *
live_open(const struct source_options *o, struct fault *f)
{
	struct live *l;

	if (!check_options(o, f))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (l == NULL ||
	    (l->faces = calloc(o->interface_count, sizeof(*l->faces))) ==
		NULL) {
		(void)fail(f, "cannot capture: memory is out");
		free(l);
		return NULL;
	}
	for (; l->face_count < o->interface_count; l->face_count++)
		l->faces[l->face_count] = (struct face){
			.name = o->interfaces[l->face_count],
			.missed = { -1, -1 },
		};
	l->settings = (struct tap_settings){
		.filter = o->filter,
		.snaplen = o->snaplen,
		.timeout_ms = o->prompt ? GATHER_PROMPT_MS : GATHER_MS,
	};
	/* A block is given to us when its timer has run out for the second
	 * time at the latest. */
	l->hold = (2 * l->settings.timeout_ms + LATE_MS) * NS_PER_MS;
	l->drain = (o->prompt ? DRAIN_PROMPT_S : DRAIN_S) * NS_PER_S;
	l->control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!open_all(l, o, f)) {
		live_close(l);
		return NULL;
	}
	watch_faces(l);
	return l;
}

void
live_close(struct live *l)
{
	if (l == NULL)
		return;
	close_lanes(l);
	for (size_t i = 0; i < l->face_count; i++) {
		for (size_t k = 0; k < COUNT(l->faces[i].missed); k++) {
			if (l->faces[i].missed[k] >= 0)
				close(l->faces[i].missed[k]);
		}
	}
	if (l->control >= 0)
		close(l->control);
	free(l->faces);
	free(l);
}

unsigned
live_lanes(const struct live *l)
{
	return l->lane_count;
}

uint16_t
live_link(const struct live *l, size_t interface)
{
	return l->faces[interface].link;
}

/* --- a lane ------------------------------------------------------------- */

static void
change_tap(struct slot *s, struct tap *tap)
{
	struct tap *old = s->tap;

	pthread_mutex_lock(&s->guard);
	s->tap = tap;
	pthread_mutex_unlock(&s->guard);
	tap_close(old);
}

static void
fill(struct live *l, struct lane *w, size_t i)
{
	struct slot *s = &w->slots[i];
	enum tap_result r;
	struct fault f;

	if (s->tap == NULL || s->full)
		return;
	do
		r = tap_next(s->tap, &s->head, &f);
	while (r == TAP_PACKET && s->head.time < l->since);
	switch (r) {
	case TAP_PACKET:
		s->full = true;
		return;
	case TAP_EMPTY:
		s->quiet = l->face_count > 1 ? clock_now() - l->hold : 0;
		return;
	case TAP_BROKEN:
		log_info("source: %s: %s", l->faces[i].name, f.text);
		change_tap(s, NULL);
		atomic_fetch_add(&l->faces[i].broken, 1);
		return;
	}
}

/* Called by live_look(): the interface is back. */
static void
open_again(struct live *l, struct lane *w, size_t i)
{
	struct face *x = &l->faces[i];
	struct slot *s = &w->slots[i];
	unsigned call = atomic_load_explicit(&x->call, memory_order_relaxed);
	struct tap *tap;
	struct fault f;

	if (s->tap != NULL || s->opened == call)
		return;
	s->opened = call;
	tap = open_tap(l, x, &f);
	if (tap != NULL && l->lane_count > 1 &&
	    !fanout_join(tap_fd(tap), &x->group, false)) {
		/* The sockets of other lanes may still be the old ones. */
		(void)fail(&f, "its packets are not spread");
		tap_close(tap);
		tap = NULL;
	}
	if (tap == NULL) {
		log_info("source: %s: %s", x->name, f.text);
		return;
	}
	change_tap(s, tap);
	atomic_fetch_sub(&x->broken, 1);
}

static bool
is_hopeless(const struct live *l)
{
	for (size_t i = 0; i < l->face_count; i++) {
		if (!atomic_load_explicit(&l->faces[i].given_up,
			memory_order_relaxed))
			return false;
	}
	return true;
}

/* Now and then; false: the lane ends. */
static bool
tend(struct live *l, struct lane *w, struct fault *f)
{
	int64_t until = atomic_load_explicit(&l->until, memory_order_relaxed);

	w->tend = TEND_PACKETS;
	for (size_t i = 0; i < l->face_count; i++)
		open_again(l, w, i);
	if (is_hopeless(l))
		return fail(f, "the capture ended: no interface is left");
	if (until == 0)
		return true;
	if (w->stopped == 0)
		w->stopped = clock_monotonic();
	return clock_monotonic() - w->stopped < l->drain;
}

/* The earliest packet that is there. */
static struct slot *
earliest(struct live *l, struct lane *w)
{
	struct slot *best = NULL;

	for (size_t i = 0; i < l->face_count; i++) {
		struct slot *s = &w->slots[i];

		if (!s->full ||
		    (best != NULL && best->head.time <= s->head.time))
			continue;
		best = s;
		w->at = i;
	}
	return best;
}

/*
 * No other interface can still come with an earlier one. Where all have just
 * been looked at (`fresh`), a time that is still to come shows that the clock
 * was set back.
 */
static bool
may_go(const struct live *l, const struct lane *w, const struct slot *s,
    bool fresh)
{
	for (size_t i = 0; i < l->face_count; i++) {
		const struct slot *o = &w->slots[i];
		int64_t ahead = s->head.time - o->quiet;

		if (o->full || o->tap == NULL)
			continue;
		if (ahead >= 0 && (!fresh || ahead < l->hold + NS_PER_S))
			return false;
	}
	return true;
}

static enum read_result
wait_for_some(struct live *l, struct lane *w)
{
	int ms = GATHER_MS;
	nfds_t n = 0;
	uint64_t ignored;

	w->fds[n++] = (struct pollfd){ .fd = w->wake, .events = POLLIN };
	for (size_t i = 0; i < l->face_count; i++) {
		const struct slot *s = &w->slots[i];
		int fd = s->tap != NULL ? tap_fd(s->tap) : -1;

		if (s->full || (s->tap != NULL && fd < 0))
			ms = PAUSE_MS;
		else if (fd >= 0)
			w->fds[n++] =
			    (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	(void)poll(w->fds, n, ms);
	if ((w->fds[0].revents & POLLIN) != 0 &&
	    read(w->wake, &ignored, sizeof(ignored)) < 0)
		log_debug("source: woken for nothing");
	w->tend = 0;
	return READ_WAIT;
}

enum read_result
live_next(struct live *l, unsigned lane, struct packet *p, size_t *interface,
    struct fault *f)
{
	struct lane *w = &l->lanes[lane];
	int64_t until = atomic_load_explicit(&l->until, memory_order_relaxed);
	struct slot *s;

	if (--w->tend > TEND_PACKETS && !tend(l, w, f))
		return READ_END;
	fill(l, w, w->at);
	s = earliest(l, w);
	if (s == NULL || !may_go(l, w, s, false)) {
		bool late = until != 0 && clock_now() > until + l->hold;

		for (size_t i = 0; i < l->face_count; i++)
			fill(l, w, i);
		s = earliest(l, w);
		if (s == NULL && late)
			return READ_END;
		if (s == NULL || !may_go(l, w, s, true))
			return wait_for_some(l, w);
	}
	if (until != 0 && s->head.time > until)
		return READ_END;
	s->full = false;
	p->frame = s->head.frame;
	p->wire_len = s->head.wire_len;
	p->link = s->head.link;
	p->time = s->head.time;
	*interface = w->at;
	return READ_OK;
}

void
live_wake(struct live *l, unsigned lane)
{
	uint64_t one = 1;
	ssize_t n = write(l->lanes[lane].wake, &one, sizeof(one));

	(void)n;
}

void
live_stop(struct live *l)
{
	int64_t none = 0;

	if (!atomic_compare_exchange_strong(&l->until, &none, clock_now()))
		return;
	for (unsigned i = 0; i < l->lane_count; i++)
		live_wake(l, i);
}

/* --- what was lost ------------------------------------------------------ */

static void
notice_away(struct face *x, bool away)
{
	if (away == x->away)
		return;
	x->away = away;
	x->tries = 0;
	x->outages += away;
	if (away)
		log_warn("source: %s is down or gone; the capture waits for it",
		    x->name);
	else
		log_warn("source: %s is back", x->name);
}

/* True: the interface was away since the last look, or still is. */
static bool
look_at_state(const struct live *l, struct face *x)
{
	bool broken = atomic_load(&x->broken) > 0;
	bool was = x->away;

	if (x->hopeless)
		return true;
	if (!x->watched && !broken)
		return false;
	if (x->watched && state_of(l, x) != STATE_UP) {
		notice_away(x, true);
		return true;
	}
	if (!broken) {
		notice_away(x, false);
		return was;
	}
	notice_away(x, true);
	if (x->tries++ < OPEN_TRIES) {
		atomic_fetch_add(&x->call, 1);
		return true;
	}
	x->hopeless = true;
	atomic_store(&x->given_up, true);
	log_warn("source: %s is back, but no right is left to open it again: "
		 "start anew to capture it",
	    x->name);
	return true;
}

static uint64_t
look_at_drops(const struct live *l, size_t i)
{
	uint64_t drops = 0;

	for (unsigned k = 0; k < l->lane_count; k++) {
		struct slot *s = &l->lanes[k].slots[i];

		pthread_mutex_lock(&s->guard);
		if (s->tap != NULL)
			drops += tap_drops(s->tap);
		pthread_mutex_unlock(&s->guard);
	}
	return drops;
}

void
live_look(struct live *l, source_loss_taker *taker, void *ctx)
{
	int64_t now = clock_now();
	/* The clock may have been set back. */
	int64_t from = l->looked < now ? l->looked : now - NS_PER_S;

	for (size_t i = 0; i < l->face_count; i++) {
		struct face *x = &l->faces[i];
		uint64_t missed = read_missed(x);
		struct source_loss loss = {
			.interface = x->name,
			.from = from,
			.to = now,
			.kernel_drops = look_at_drops(l, i),
			.interface_drops = missed > x->missed_before
			    ? missed - x->missed_before
			    : 0,
			.down = look_at_state(l, x),
		};

		x->missed_before = missed;
		x->kernel_drops += loss.kernel_drops;
		x->interface_drops += loss.interface_drops;
		if (loss.kernel_drops + loss.interface_drops > 0 || loss.down)
			taker(ctx, &loss);
	}
	l->looked = now;
}

void
live_drops(const struct live *l, size_t interface, struct source_input *out)
{
	const struct face *x = &l->faces[interface];

	out->kernel_drops = x->kernel_drops;
	out->interface_drops = x->interface_drops;
	out->outages = x->outages;
}

bool
live_is_lost(const struct live *l, size_t interface)
{
	return atomic_load(&l->faces[interface].given_up);
}
