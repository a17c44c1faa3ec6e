/* SPDX-License-Identifier: Apache-2.0 */
#include "report/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct half {
	FILE *file;
	uint64_t bytes, packets;
};

/* Never leaves this process. */
struct spooled {
	uint64_t number;
	int64_t time;
	uint32_t wire_len, length;
	uint16_t link;
};

struct spool {
	struct half half[2];
	unsigned writing; /* the other one is older, or empty */
	uint64_t most;    /* bytes of a half */
	uint64_t lost;
	bool full; /* of the disk */
	unsigned reading, to_read;
	uint8_t *frame;
	size_t room;
};

struct spool *
spool_new(uint64_t most_bytes, struct fault *f)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)fail(f, "-w: no memory");
		return NULL;
	}
	s->most = most_bytes / 2;
	for (int i = 0; i < 2; i++) {
		s->half[i].file = tmpfile();
		if (s->half[i].file == NULL) {
			(void)fail(f,
			    "-w: the packets cannot be kept in a temporary "
			    "file: %s",
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
	free(s->frame);
	free(s);
}

static void
turn(struct spool *s)
{
	struct half *h = &s->half[!s->writing];

	s->writing = !s->writing;
	s->lost += h->packets;
	h->bytes = h->packets = 0;
	rewind(h->file);
}

void
spool_add(void *ctx, const struct packet *p)
{
	struct spool *s = ctx;
	struct spooled head = {
		.number = p->number,
		.time = p->time,
		.wire_len = p->wire_len,
		.length = (uint32_t)p->frame.n,
		.link = p->link,
	};

	if (s->full) {
		s->lost++;
		return;
	}
	if (s->half[s->writing].bytes > s->most)
		turn(s);
	struct half *h = &s->half[s->writing];

	if (fwrite(&head, sizeof(head), 1, h->file) != 1 ||
	    fwrite(p->frame.p, 1, p->frame.n, h->file) != p->frame.n) {
		s->full = true;
		s->lost++;
		return;
	}
	h->bytes += sizeof(head) + p->frame.n;
	h->packets++;
}

void
spool_rewind(struct spool *s)
{
	for (int i = 0; i < 2; i++) {
		(void)fflush(s->half[i].file);
		rewind(s->half[i].file);
	}
	s->reading = !s->writing;
	s->to_read = 2;
	s->half[0].bytes = s->half[1].bytes = 0; /* now: packets read */
}

static bool
read_frame(struct spool *s, FILE *in, struct packet *p)
{
	struct spooled head;

	if (fread(&head, sizeof(head), 1, in) != 1 || head.length > LIMIT_FRAME)
		return false;
	if (head.length > s->room) {
		uint8_t *more = realloc(s->frame, head.length);

		if (more == NULL)
			return false;
		s->frame = more;
		s->room = head.length;
	}
	if (fread(s->frame, 1, head.length, in) != head.length)
		return false;
	*p = (struct packet){
		.number = head.number,
		.time = head.time,
		.frame = { s->frame, head.length },
		.wire_len = head.wire_len,
		.link = head.link,
	};
	return true;
}

bool
spool_next(struct spool *s, struct packet *p)
{
	while (s->to_read > 0) {
		struct half *h = &s->half[s->reading];

		if (h->bytes < h->packets && read_frame(s, h->file, p)) {
			h->bytes++;
			return true;
		}
		s->reading = !s->reading;
		s->to_read--;
	}
	return false;
}

uint64_t
spool_lost(const struct spool *s)
{
	return s->lost;
}
