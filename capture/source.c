/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/decode.h"
#include "capture/source_private.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/log.h"

enum { CLOCK_PACKETS = 64 }; /* look at the clock so often */

struct input {
	struct source_input shown;
	char *path;
	char *trouble;
	struct buf links; /* names */
	size_t link_count;
	bool regular, packed;
	/* One more than the packets that were read of it, so that no more are
	 * read of it again should it grow. 0: it is not done. */
	_Atomic uint64_t done;
};

/* What a thread counts of an interface. */
struct tally {
	_Atomic uint64_t packets;
	_Atomic int64_t first, last;
};

/* Written by the thread that reads the lane, shown to others. */
struct lane_sums {
	struct tally *tallies; /* by interface */
	_Alignas(64) _Atomic uint64_t packets, bytes;
	bool ended;
};

struct source {
	struct input *inputs;
	size_t count, room;
	size_t at; /* input in hand */
	struct reader *reader;
	struct live *live;
	struct lane_sums *lanes;
	struct input *joint;        /* of several interfaces */
	const struct source *first; /* it is this one again, behind it */
	_Atomic uint64_t numbered;
	atomic_bool told; /* that the capture ended by itself */
	struct filter *filter;
	bool hash; /* what files hold is hashed */
	struct hasher *hasher;
	uint64_t most_packets;
	int64_t duration;
	int64_t started; /* monotonic */
	struct source_stats stats;
	uint64_t bytes_before; /* of files that are done */
	bool begun, ended, held;
	atomic_bool stop;
};

static void
set_trouble(struct input *in, const char *sentence, bool unread)
{
	if (in->trouble != NULL)
		return;
	in->trouble = strdup(sentence);
	in->shown.trouble = in->trouble != NULL ? in->trouble : "memory is out";
	in->shown.unread = unread;
}

static struct input *
add_input(struct source *s, const char *path)
{
	size_t room = s->room > 0 ? 2 * s->room : 8;
	struct input *more;
	struct input *in;

	if (s->count == s->room) {
		more = realloc(s->inputs, room * sizeof(*more));
		if (more == NULL)
			return NULL;
		s->inputs = more;
		s->room = room;
	}
	in = &s->inputs[s->count];
	memset(in, 0, sizeof(*in));
	in->path = strdup(path);
	if (in->path == NULL)
		return NULL;
	buf_init(&in->links);
	in->shown.path = in->path;
	in->shown.format = "unknown";
	in->shown.link_type = "";
	s->count++;
	return in;
}

static void
cannot_open(struct input *in, int error)
{
	struct fault f;

	(void)fail(&f, "cannot open %s: %s", in->path, strerror(error));
	set_trouble(in, f.text, true);
}

static bool
is_packed(int fd)
{
	uint8_t first[2];

	return pread(fd, first, sizeof(first), 0) == sizeof(first) &&
	    first[0] == 0x1f && first[1] == 0x8b;
}

/* Opening tells most; a named pipe would wait for its writer. */
static bool
add_file(struct source *s, const char *path, const struct stat *st)
{
	struct input *in = add_input(s, path);
	int fd;

	if (in == NULL)
		return false;
	in->regular = S_ISREG(st->st_mode);
	if (!in->regular) {
		if (access(path, R_OK) != 0)
			cannot_open(in, errno);
		return true;
	}
	in->shown.size = (uint64_t)st->st_size;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		cannot_open(in, errno);
		return true;
	}
	in->packed = is_packed(fd);
	close(fd);
	return true;
}

static bool
named_like_capture(const char *name)
{
	static const char *const ends[] = { ".pcap", ".pcapng", ".cap",
		".snoop", ".pcap.gz", ".pcapng.gz", ".cap.gz" };
	size_t n = strlen(name);

	for (size_t i = 0; i < COUNT(ends); i++)
		if (n > strlen(ends[i]) &&
		    strcasecmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static bool
add_of_folder(struct source *s, const char *folder, const char *name)
{
	struct stat st;
	char *path = NULL;
	bool ok = true;

	if (asprintf(&path, "%s%s%s", folder,
		folder[strlen(folder) - 1] == '/' ? "" : "/", name) < 0)
		return false;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		log_debug("source: %s is no file, skipped", path);
	else if (access(path, R_OK) != 0 || reader_sniff(path))
		ok = add_file(s, path, &st);
	else if (named_like_capture(name))
		log_warn("source: %s is named like a capture but is none, "
			 "skipped",
		    path);
	else
		log_info("source: %s is no capture, skipped", path);
	free(path);
	return ok;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
add_folder(struct source *s, const char *folder)
{
	struct dirent **names;
	struct fault f;
	struct input *in;
	size_t before = s->count;
	bool ok = true;
	int n = scandir(folder, &names, NULL, by_bytes);

	for (int i = 0; i < n; i++) {
		ok = ok && add_of_folder(s, folder, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	if (!ok || s->count > before)
		return ok;
	in = add_input(s, folder);
	if (in == NULL)
		return false;
	if (n < 0) {
		cannot_open(in, errno);
	} else {
		(void)fail(&f, "no capture is in the folder %s", folder);
		set_trouble(in, f.text, true);
	}
	return true;
}

static bool
add_path(struct source *s, const char *path)
{
	struct stat st = { 0 };
	struct input *in;

	if (strcmp(path, "-") == 0)
		return add_input(s, path) != NULL;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? add_folder(s, path)
					   : add_file(s, path, &st);
	in = add_input(s, path);
	if (in == NULL)
		return false;
	cannot_open(in, errno);
	return true;
}

/* Standard input can be read once. */
static void
one_standard_input(struct source *s)
{
	bool seen = false;

	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->inputs[i].path, "-") != 0)
			continue;
		if (seen)
			set_trouble(&s->inputs[i],
			    "standard input (-) was named twice and is read "
			    "once",
			    true);
		seen = true;
	}
}

static bool
has_filter(const struct source_options *o)
{
	return o->filter != NULL && o->filter[0] != '\0';
}

static bool
open_files(struct source *s, const struct source_options *o, struct fault *f)
{
	size_t usable = 0;

	for (size_t i = 0; i < o->file_count; i++)
		if (!add_path(s, o->files[i]))
			return fail(f, "cannot open %s: memory is out",
			    o->files[i]);
	one_standard_input(s);
	s->hash = o->hash;
	s->hasher = hasher_new(s->count);
	if (s->hasher == NULL)
		return fail(f, "cannot open the files: memory is out");
	for (size_t i = 0; i < s->count; i++) {
		struct input *in = &s->inputs[i];

		usable += !in->shown.unread;
		s->stats.total_bytes += in->shown.size;
		if (o->hash && in->regular && !in->shown.unread)
			hasher_file(s->hasher, i, in->path);
	}
	for (size_t i = 0; i < s->count; i++)
		if (!s->inputs[i].regular && !s->inputs[i].shown.unread)
			s->stats.total_bytes = 0;
	if (s->count == 0)
		return fail(f, "there is nothing to read");
	if (usable == 0)
		return fail(f, "%s", s->inputs[0].shown.trouble);
	if (!has_filter(o))
		return true;
	s->filter = filter_new(o->filter, f);
	return s->filter != NULL;
}

static void
name_link(struct input *in, uint16_t link)
{
	const char *name = decode_link_name(link);

	if (in->links.n > 0)
		buf_char(&in->links, ',');
	if (name != NULL)
		buf_text(&in->links, name);
	else
		buf_printf(&in->links, "LINKTYPE_%u", link);
	in->link_count++;
	if (buf_ok(&in->links))
		in->shown.link_type = in->links.p;
}

/* All interfaces under one name. */
static bool
join_inputs(struct source *s)
{
	struct input *in;
	struct buf names;

	if (s->count == 1)
		return true;
	buf_init(&names);
	for (size_t i = 0; i < s->count; i++)
		buf_printf(&names, "%s%s", i > 0 ? "," : "", s->inputs[i].path);
	in = calloc(1, sizeof(*in));
	s->joint = in;
	if (in != NULL && buf_ok(&names))
		in->path = strdup(names.p);
	buf_done(&names);
	if (in == NULL || in->path == NULL)
		return false;
	in->shown = (struct source_input){
		.path = in->path,
		.format = "live",
		.link_type = s->inputs[0].shown.link_type,
	};
	return true;
}

static bool
open_interfaces(struct source *s, const struct source_options *o,
    struct fault *f)
{
	unsigned lanes;

	for (size_t i = 0; i < o->interface_count; i++) {
		if (add_input(s, o->interfaces[i]) == NULL)
			return fail(f, "cannot capture: memory is out");
	}
	s->live = live_open(o, f);
	if (s->live == NULL)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		s->inputs[i].shown.format = "live";
		name_link(&s->inputs[i], live_link(s->live, i));
	}
	lanes = live_lanes(s->live);
	/* Not calloc(): each lane has a line of the cache of its own. */
	s->lanes = aligned_alloc(_Alignof(struct lane_sums),
	    lanes * sizeof(*s->lanes));
	if (s->lanes == NULL || !join_inputs(s))
		return fail(f, "cannot capture: memory is out");
	memset(s->lanes, 0, lanes * sizeof(*s->lanes));
	for (unsigned i = 0; i < lanes; i++) {
		s->lanes[i].tallies =
		    calloc(s->count, sizeof(*s->lanes[i].tallies));
		if (s->lanes[i].tallies == NULL)
			return fail(f, "cannot capture: memory is out");
	}
	return true;
}

struct source *
source_open(const struct source_options *o, struct fault *f)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail(f, "cannot open the source: memory is out");
		return NULL;
	}
	s->most_packets = o->most_packets;
	s->duration = o->duration;
	s->started = clock_monotonic();
	if (o->interface_count > 0 ? open_interfaces(s, o, f)
				   : open_files(s, o, f))
		return s;
	source_close(s);
	return NULL;
}

bool
source_can_again(const struct source *s)
{
	if (s->live != NULL)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		const struct input *in = &s->inputs[i];

		if (!in->shown.unread && (!in->regular || in->packed))
			return false;
	}
	return true;
}

static bool
add_again(struct source *s, const struct input *in)
{
	if (add_input(s, in->path) == NULL)
		return false;
	s->inputs[s->count - 1].shown.unread = in->shown.unread;
	return true;
}

struct source *
source_again(const struct source *s, const struct source_options *o,
    struct fault *f)
{
	struct source *again = calloc(1, sizeof(*again));
	bool ok = again != NULL;

	for (size_t i = 0; ok && i < s->count; i++)
		ok = add_again(again, &s->inputs[i]);
	if (!ok) {
		source_close(again);
		(void)fail(f, "cannot open the files: memory is out");
		return NULL;
	}
	again->most_packets = s->most_packets;
	again->first = s;
	if (!has_filter(o))
		return again;
	again->filter = filter_new(o->filter, f);
	if (again->filter != NULL)
		return again;
	source_close(again);
	return NULL;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	hasher_free(s->hasher);
	reader_close(s->reader);
	for (unsigned i = 0; s->lanes != NULL && i < live_lanes(s->live); i++)
		free(s->lanes[i].tallies);
	free(s->lanes);
	live_close(s->live);
	if (s->joint != NULL)
		free(s->joint->path);
	free(s->joint);
	filter_free(s->filter);
	for (size_t i = 0; i < s->count; i++) {
		buf_done(&s->inputs[i].links);
		free(s->inputs[i].trouble);
		free(s->inputs[i].path);
	}
	free(s->inputs);
	free(s);
}

static void
count_packet(struct input *in, const struct packet *p)
{
	struct source_input *shown = &in->shown;

	if (shown->packets == 0 || p->time < shown->first)
		shown->first = p->time;
	if (shown->packets == 0 || p->time > shown->last)
		shown->last = p->time;
	shown->packets++;
}

static void
show_reader(struct input *in, const struct reader *r)
{
	if (r->format != NULL)
		in->shown.format = r->format->name;
	while (in->link_count < r->link_count)
		name_link(in, r->links[in->link_count]);
	in->shown.has_secrets = in->shown.has_secrets || r->has_secrets;
}

static void
close_input(struct source *s)
{
	struct input *in = &s->inputs[s->at];
	struct reader *r = s->reader;

	show_reader(in, r);
	if (r->trouble.text[0] != '\0')
		set_trouble(in, r->trouble.text, in->shown.packets == 0);
	if (r->bytes.pipe) {
		in->shown.size = r->bytes.taken;
		in->shown.has_sha256 =
		    bytes_digest(&r->bytes, in->shown.sha256);
	}
	s->bytes_before += r->bytes.taken;
	reader_close(r);
	s->reader = NULL;
	s->at++;
	atomic_store(&in->done, in->shown.packets + 1);
}

/* The next input that can be opened. */
static bool
open_input(struct source *s)
{
	struct fault f;

	for (; s->at < s->count; s->at++) {
		struct input *in = &s->inputs[s->at];

		if (in->shown.unread)
			continue;
		s->reader = reader_open(in->path, &f);
		if (s->reader == NULL) {
			set_trouble(in, f.text, true);
			atomic_store(&in->done, 1);
			continue;
		}
		if (s->hash && s->reader->bytes.pipe)
			s->reader->bytes.digest = digest_new();
		return true;
	}
	return false;
}

static bool
wanted(struct source *s, struct input *in, const struct packet *p)
{
	const char *sentence;
	struct fault f;

	if (filter_accepts(s->filter, p, &sentence))
		return true;
	if (sentence != NULL && in->trouble == NULL) {
		(void)fail(&f,
		    "%s: the capture filter means nothing for link type %u of "
		    "packet %" PRIu64 " (%s), such packets were left out",
		    in->path, p->link, PACKET_FRAME(p->number), sentence);
		set_trouble(in, f.text, false);
	}
	return false;
}

/* Whoever was first found the end here: what came since is of nobody. */
static bool
is_done(const struct source *s, const struct input *in)
{
	return s->first != NULL &&
	    atomic_load_explicit(&s->first->inputs[s->at].done,
		memory_order_acquire) == in->shown.packets + 1;
}

static enum read_result
next_of_file(struct source *s, struct packet *p)
{
	struct reader *r = s->reader;
	struct input *in = &s->inputs[s->at];
	enum read_result result = is_done(s, in) ? READ_END : reader_next(r, p);

	if (result == READ_OK) {
		p->number = PACKET_NUMBER(s->at, r->frames);
		count_packet(in, p);
		if (in->link_count < r->link_count || in->shown.packets == 1)
			show_reader(in, r);
	}
	return result;
}

static enum source_result
next_of_files(struct source *s, struct packet *p)
{
	for (;;) {
		struct input *in;

		if (atomic_load_explicit(&s->stop, memory_order_relaxed) ||
		    (s->reader == NULL && !open_input(s)))
			return SOURCE_END;
		in = &s->inputs[s->at];
		switch (next_of_file(s, p)) {
		case READ_OK:
			if (s->filter != NULL && !wanted(s, in, p))
				break;
			return SOURCE_PACKET;
		case READ_WAIT:
			return SOURCE_WAIT;
		case READ_END:
			if (s->held)
				return SOURCE_WAIT;
			close_input(s);
			break;
		}
	}
}

/* ---- lanes ---- */

/* One thread writes, any reads. */
static void
add_to(_Atomic uint64_t *sum, uint64_t n)
{
	atomic_store_explicit(sum,
	    atomic_load_explicit(sum, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

static void
tally(struct tally *t, int64_t time)
{
	uint64_t had = atomic_load_explicit(&t->packets, memory_order_relaxed);

	if (had == 0 ||
	    time < atomic_load_explicit(&t->first, memory_order_relaxed))
		atomic_store_explicit(&t->first, time, memory_order_relaxed);
	if (had == 0 ||
	    time > atomic_load_explicit(&t->last, memory_order_relaxed))
		atomic_store_explicit(&t->last, time, memory_order_relaxed);
	add_to(&t->packets, 1);
}

static void
stop_when_over(struct source *s)
{
	if (clock_monotonic() - s->started >= s->duration)
		live_stop(s->live);
}

/* Packets are numbered as they come, over all lanes and interfaces. */
static bool
number(struct source *s, struct packet *p)
{
	uint64_t n = 1 +
	    atomic_fetch_add_explicit(&s->numbered, 1, memory_order_relaxed);

	p->number = PACKET_NUMBER(0, n);
	return s->most_packets == 0 || n <= s->most_packets;
}

static bool
is_enough(const struct source *s)
{
	return s->most_packets > 0 &&
	    atomic_load_explicit(&s->numbered, memory_order_relaxed) >=
	    s->most_packets;
}

static enum source_result
end_of_lane(struct source *s, struct lane_sums *w, const struct fault *f)
{
	w->ended = true;
	if (f->text[0] != '\0' && !atomic_exchange(&s->told, true))
		log_warn("source: %s", f->text);
	return SOURCE_END;
}

unsigned
source_lanes(const struct source *s)
{
	return s->live != NULL ? live_lanes(s->live) : 1;
}

enum source_result
source_lane_next(struct source *s, unsigned lane, struct packet *p)
{
	struct lane_sums *w;
	struct fault f = { "" };
	size_t interface;
	uint64_t had;

	if (s->live == NULL)
		return source_next(s, p);
	w = &s->lanes[lane];
	had = atomic_load_explicit(&w->packets, memory_order_relaxed);
	if (w->ended || is_enough(s))
		return SOURCE_END;
	if (s->duration > 0 && had % CLOCK_PACKETS == 0)
		stop_when_over(s);
	switch (live_next(s->live, lane, p, &interface, &f)) {
	case READ_OK:
		break;
	case READ_WAIT:
		if (s->duration > 0)
			stop_when_over(s);
		return SOURCE_WAIT;
	case READ_END:
		return end_of_lane(s, w, &f);
	}
	if (!number(s, p)) {
		live_stop(s->live);
		return end_of_lane(s, w, &f);
	}
	tally(&w->tallies[interface], p->time);
	add_to(&w->packets, 1);
	add_to(&w->bytes, p->wire_len);
	return SOURCE_PACKET;
}

void
source_wake(struct source *s, unsigned lane)
{
	if (s->live != NULL)
		live_wake(s->live, lane);
}

void
source_look(struct source *s, source_loss_taker *taker, void *ctx)
{
	if (s->live == NULL)
		return;
	live_look(s->live, taker, ctx);
	for (size_t i = 0; i < s->count; i++)
		live_drops(s->live, i, &s->inputs[i].shown);
}

/* What the lanes counted of an interface. */
static void
sum_lanes(struct source *s, size_t i)
{
	struct source_input *in = &s->inputs[i].shown;

	in->packets = 0;
	for (unsigned k = 0; k < live_lanes(s->live); k++) {
		const struct tally *t = &s->lanes[k].tallies[i];
		uint64_t packets = atomic_load(&t->packets);
		int64_t first = atomic_load(&t->first);
		int64_t last = atomic_load(&t->last);

		if (packets == 0)
			continue;
		if (in->packets == 0 || first < in->first)
			in->first = first;
		if (in->packets == 0 || last > in->last)
			in->last = last;
		in->packets += packets;
	}
}

void
source_sum(struct source *s)
{
	if (s->live == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		struct input *in = &s->inputs[i];
		struct fault f;

		sum_lanes(s, i);
		if (!live_is_lost(s->live, i))
			continue;
		(void)fail(&f,
		    "%s went away during the capture and could not be opened "
		    "again",
		    in->path);
		set_trouble(in, f.text, false);
	}
}

static void
begin(struct source *s)
{
	s->begun = true;
	if (s->hasher != NULL)
		hasher_start(s->hasher);
}

static enum source_result
end(struct source *s)
{
	if (s->ended)
		return SOURCE_END;
	s->ended = true;
	if (s->reader != NULL)
		close_input(s);
	if (s->hasher == NULL)
		return SOURCE_END;
	hasher_finish(s->hasher, atomic_load(&s->stop));
	for (size_t i = 0; i < s->count; i++) {
		struct source_input *in = &s->inputs[i].shown;

		if (s->inputs[i].regular)
			in->has_sha256 =
			    hasher_result(s->hasher, i, in->sha256);
	}
	return SOURCE_END;
}

enum source_result
source_next(struct source *s, struct packet *p)
{
	enum source_result result;

	if (s->live != NULL)
		return source_lane_next(s, 0, p);
	if (!s->begun)
		begin(s);
	if (s->ended ||
	    (s->most_packets > 0 && s->stats.packets >= s->most_packets))
		result = SOURCE_END;
	else
		result = next_of_files(s, p);
	if (result == SOURCE_END)
		return s->held ? SOURCE_WAIT : end(s);
	if (result == SOURCE_PACKET) {
		s->stats.packets++;
		s->stats.bytes += p->wire_len;
	}
	return result;
}

void
source_hold(struct source *s, bool hold)
{
	s->held = hold;
	if (s->reader != NULL)
		s->reader->bytes.held = hold;
}

void
source_stop(struct source *s)
{
	atomic_store(&s->stop, true);
	if (s->live != NULL)
		live_stop(s->live);
}

static void
stats_of_lanes(const struct source *s, struct source_stats *out)
{
	for (unsigned i = 0; i < live_lanes(s->live); i++) {
		out->packets += atomic_load_explicit(&s->lanes[i].packets,
		    memory_order_relaxed);
		out->bytes += atomic_load_explicit(&s->lanes[i].bytes,
		    memory_order_relaxed);
	}
	for (size_t i = 0; i < s->count; i++) {
		out->kernel_drops += s->inputs[i].shown.kernel_drops;
		out->interface_drops += s->inputs[i].shown.interface_drops;
	}
}

void
source_stats(const struct source *s, struct source_stats *out)
{
	*out = s->stats;
	if (s->live != NULL) {
		stats_of_lanes(s, out);
		return;
	}
	out->read_bytes = s->bytes_before;
	if (s->reader != NULL)
		out->read_bytes += s->reader->bytes.taken;
}

size_t
source_inputs(const struct source *s)
{
	return s->count;
}

const struct source_input *
source_input(const struct source *s, size_t i)
{
	return i < s->count ? &s->inputs[i].shown : NULL;
}

const struct source_input *
source_input_of(const struct source *s, uint64_t number)
{
	return s->joint != NULL ? &s->joint->shown
				: source_input(s, PACKET_FILE(number));
}

bool
source_secrets(struct source *s, void (*taker)(void *ctx, struct slice keylog),
    void *ctx)
{
	struct fault ignored;
	bool ok = true;

	for (size_t i = 0; i < s->count; i++) {
		struct input *in = &s->inputs[i];
		struct reader *r;

		if (!in->regular || in->shown.unread)
			continue;
		/* What cannot be opened or read on says so when read. */
		r = reader_open(in->path, &ignored);
		if (r == NULL)
			continue;
		ok = pcapng_secrets(r, taker, ctx) && ok;
		in->shown.has_secrets = in->shown.has_secrets || r->has_secrets;
		reader_close(r);
	}
	return ok;
}
