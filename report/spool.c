/* SPDX-License-Identifier: Apache-2.0 */
#include "report/spool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

enum { READ_AHEAD = 4096 };

struct half {
	FILE *file;
	uint64_t bytes, packets;
	uint64_t turns; /* so often it began anew */
};

/* Never leaves this process. */
struct spooled {
	uint64_t number;
	int64_t time;
	uint32_t wire_len, length;
	uint16_t link;
};

struct spool {
	pthread_mutex_t lock; /* of all but the files' contents */
	struct half half[2];
	unsigned writing; /* the other one is older, or empty */
	uint64_t most;    /* bytes of a half */
	uint64_t lost;
	bool full; /* of the disk */
};

struct spool *
spool_new(uint64_t most_bytes, struct fault *f)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail(f, "packets cannot be kept: no memory");
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->most = most_bytes / 2;
	for (int i = 0; i < 2; i++) {
		s->half[i].file = tmpfile();
		if (s->half[i].file == NULL) {
			(void)fail(f,
			    "packets cannot be kept in a temporary file: %s",
			    strerror(errno));
			spool_free(s);
			return NULL;
		}
	}
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		if (s->half[i].file != NULL)
			(void)fclose(s->half[i].file);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void
turn(struct spool *s)
{
	struct half *h = &s->half[!s->writing];

	s->writing = !s->writing;
	s->lost += h->packets;
	h->bytes = h->packets = 0;
	h->turns++;
	rewind(h->file);
}

static bool
add(struct spool *s, const struct packet *p)
{
	struct spooled head = {
		.number = p->number,
		.time = p->time,
		.wire_len = p->wire_len,
		.length = (uint32_t)p->frame.n,
		.link = p->link,
	};

	if (s->full)
		return false;
	if (s->half[s->writing].bytes > s->most)
		turn(s);
	struct half *h = &s->half[s->writing];

	if (fwrite(&head, sizeof(head), 1, h->file) != 1 ||
	    fwrite(p->frame.p, 1, p->frame.n, h->file) != p->frame.n) {
		s->full = true;
		return false;
	}
	h->bytes += sizeof(head) + p->frame.n;
	h->packets++;
	return true;
}

void
spool_add(void *ctx, const struct packet *p)
{
	struct spool *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (!add(s, p))
		s->lost++;
	pthread_mutex_unlock(&s->lock);
}

/* ---- reading ---- */

/* A half as it was when the reading began. */
struct stretch {
	int fd;
	unsigned half;
	uint64_t end, turns, left; /* packets */
};

struct spool_reader {
	struct spool *spool;
	struct stretch parts[2]; /* the older one first */
	unsigned part;
	uint64_t at;
	uint64_t lost;
	uint8_t *frame; /* with its head before it */
	size_t room, got;
};

struct spool_reader *
spool_read(struct spool *s)
{
	struct spool_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->spool = s;
	r->room = READ_AHEAD;
	r->frame = malloc(r->room);
	if (r->frame == NULL) {
		free(r);
		return NULL;
	}
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < 2; i++) {
		unsigned which = i == 0 ? !s->writing : s->writing;
		const struct half *h = &s->half[which];

		(void)fflush(h->file);
		r->parts[i] = (struct stretch){ fileno(h->file), which,
			h->bytes, h->turns, h->packets };
	}
	r->lost = s->lost;
	pthread_mutex_unlock(&s->lock);
	return r;
}

/* What was read is what was written, unless the half began anew meanwhile. */
static bool
holds(const struct spool_reader *r, const struct stretch *part)
{
	struct spool *s = r->spool;

	pthread_mutex_lock(&s->lock);
	bool good = s->half[part->half].turns == part->turns;

	pthread_mutex_unlock(&s->lock);
	return good;
}

/* At least `least` octets, and as many as a short packet has. */
static bool
read_at(struct spool_reader *r, const struct stretch *part, size_t least)
{
	size_t n = least > READ_AHEAD ? least : READ_AHEAD;

	if (n > r->room) {
		uint8_t *more = realloc(r->frame, n);

		if (more == NULL)
			return false;
		r->frame = more;
		r->room = n;
	}
	ssize_t got = pread(part->fd, r->frame, n, (off_t)r->at);

	r->got = got > 0 ? (size_t)got : 0;
	return r->got >= least;
}

static bool
read_packet(struct spool_reader *r, const struct stretch *part,
    struct packet *p)
{
	struct spooled head;

	if (!read_at(r, part, sizeof(head)))
		return false;
	memcpy(&head, r->frame, sizeof(head));
	/* Before its length is believed. */
	if (!holds(r, part) || head.length > LIMIT_FRAME)
		return false;
	size_t n = sizeof(head) + head.length;

	if (n > r->got && (!read_at(r, part, n) || !holds(r, part)))
		return false;
	r->at += n;
	*p = (struct packet){
		.number = head.number,
		.time = head.time,
		.frame = { r->frame + sizeof(head), head.length },
		.wire_len = head.wire_len,
		.link = head.link,
	};
	return true;
}

bool
spool_next(struct spool_reader *r, struct packet *p)
{
	while (r->part < COUNT(r->parts)) {
		struct stretch *part = &r->parts[r->part];

		if (r->at < part->end && read_packet(r, part, p)) {
			part->left--;
			return true;
		}
		r->part++;
		r->at = 0;
	}
	return false;
}

uint64_t
spool_done(struct spool_reader *r)
{
	uint64_t lost = r->lost;

	for (unsigned i = 0; i < COUNT(r->parts); i++)
		lost += r->parts[i].left;
	free(r->frame);
	free(r);
	return lost;
}
