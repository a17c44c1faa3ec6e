/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/source_private.h"
#include "core/digest.h"

enum {
	PIPE_WAIT_MS = 100,
	GZIP_WINDOW = 15 + 16,
	/* What was read is still in the cache when it is looked at. */
	READ_STEP = 128 * 1024,
};

struct gunzip {
	z_stream z;
	bool between; /* one member has ended, another one may follow */
	uint8_t in[BYTES_ROOM];
};

bool
bytes_open(struct bytes *b, const char *path, struct fault *f)
{
	struct stat st;

	memset(b, 0, sizeof(*b));
	b->fd = strcmp(path, "-") == 0 ? STDIN_FILENO
				       : open(path, O_RDONLY | O_CLOEXEC);
	if (b->fd < 0)
		return fail(f, "cannot open %s: %s", path, strerror(errno));
	b->pipe = fstat(b->fd, &st) != 0 || !S_ISREG(st.st_mode);
	b->buf = malloc(BYTES_ROOM);
	if (b->buf == NULL) {
		bytes_close(b);
		return fail(f, "cannot open %s: out of memory", path);
	}
	if (!b->pipe)
		(void)posix_fadvise(b->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return true;
}

static void
gunzip_free(struct gunzip *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->z);
	free(g);
}

void
bytes_close(struct bytes *b)
{
	if (b->fd > STDIN_FILENO)
		close(b->fd);
	b->fd = -1;
	gunzip_free(b->gunzip);
	digest_free(b->digest);
	free(b->buf);
	b->gunzip = NULL;
	b->digest = NULL;
	b->buf = NULL;
}

uint64_t
bytes_offset(const struct bytes *b)
{
	return b->base + b->at;
}

static void
end_with(struct bytes *b, const char *fault)
{
	b->ended = true;
	if (b->fault == NULL)
		b->fault = fault;
}

/* A pipe is not waited for longer than PIPE_WAIT_MS. */
static bool
pipe_has_some(struct bytes *b)
{
	struct pollfd p = { .fd = b->fd, .events = POLLIN };

	if (!b->pipe || poll(&p, 1, PIPE_WAIT_MS) > 0)
		return true;
	b->waiting = true;
	return false;
}

/* Bytes of the file as it is; 0: waiting, or the end. */
static size_t
read_some(struct bytes *b, uint8_t *to, size_t room)
{
	ssize_t n;

	if (!pipe_has_some(b))
		return 0;
	do
		n = read(b->fd, to, room);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN) {
		b->waiting = true;
		return 0;
	}
	if (n < 0)
		b->error = errno;
	if (n <= 0) {
		end_with(b, n < 0 ? "it cannot be read" : NULL);
		return 0;
	}
	b->taken += (uint64_t)n;
	if (b->digest != NULL)
		digest_add(b->digest, to, (size_t)n);
	return (size_t)n;
}

static bool
begin_gunzip(struct bytes *b)
{
	struct gunzip *g = malloc(sizeof(*g));

	if (g == NULL)
		return false;
	memset(&g->z, 0, sizeof(g->z));
	g->between = false;
	if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
		free(g);
		return false;
	}
	memcpy(g->in, b->buf, b->have);
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)b->have;
	b->have = 0;
	b->gunzip = g;
	return true;
}

/* RFC 1952 section 2.2: members follow each other; other bytes are no member
 * and, as gzip does, left alone. */
static bool
next_member(struct bytes *b, struct gunzip *g)
{
	if (g->z.next_in[0] != 0x1f) {
		b->ended = true;
		return false;
	}
	g->between = false;
	return inflateReset(&g->z) == Z_OK;
}

static void
gunzip_some(struct bytes *b)
{
	struct gunzip *g = b->gunzip;
	int rc;

	if (g->z.avail_in == 0) {
		g->z.next_in = g->in;
		g->z.avail_in = (uInt)read_some(b, g->in, sizeof(g->in));
		if (g->z.avail_in == 0) {
			if (b->ended && !g->between)
				end_with(b, "the gzip data ends too early");
			return;
		}
	}
	if (g->between && !next_member(b, g))
		return;
	g->z.next_out = b->buf + b->have;
	g->z.avail_out = (uInt)(BYTES_ROOM - b->have);
	rc = inflate(&g->z, Z_NO_FLUSH);
	b->have = BYTES_ROOM - g->z.avail_out;
	if (rc == Z_STREAM_END)
		g->between = true;
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		end_with(b, "the gzip data is damaged");
}

static void
read_more(struct bytes *b)
{
	enum { GZIP_MAGIC = 3 };

	if (b->gunzip != NULL) {
		gunzip_some(b);
		return;
	}
	size_t room = BYTES_ROOM - b->have;

	b->have +=
	    read_some(b, b->buf + b->have, room < READ_STEP ? room : READ_STEP);
	if (b->sniffed || (b->have < GZIP_MAGIC && !b->ended))
		return;
	b->sniffed = true;
	if (b->have >= GZIP_MAGIC &&
	    memcmp(b->buf, "\x1f\x8b\x08", GZIP_MAGIC) == 0 && !begin_gunzip(b))
		end_with(b, "memory is out");
}

static void
pass_over(struct bytes *b)
{
	size_t left = b->have - b->at;
	size_t n = b->skip < left ? (size_t)b->skip : left;

	b->at += n;
	b->skip -= n;
}

static void
to_front(struct bytes *b)
{
	size_t left = b->have - b->at;

	if (b->at == 0)
		return;
	memmove(b->buf, b->buf + b->at, left);
	b->base += b->at;
	b->at = 0;
	b->have = left;
}

bool
bytes_fill(struct bytes *b, size_t n)
{
	b->waiting = false;
	for (;;) {
		pass_over(b);
		if (b->skip == 0 && b->have - b->at >= n)
			return true;
		if (b->held) {
			b->waiting = true;
			return false;
		}
		if (b->ended || n > BYTES_ROOM)
			return false;
		to_front(b);
		read_more(b);
		if (b->waiting)
			return false;
	}
}

bool
bytes_digest(struct bytes *b, uint8_t out[SHA256_BYTES])
{
	uint8_t rest[512];

	if (b->digest == NULL || !b->ended || b->fault != NULL)
		return false;
	/* Behind the last gzip member more may follow. */
	while (!b->waiting && read_some(b, rest, sizeof(rest)) > 0)
		continue;
	if (b->waiting || b->fault != NULL)
		return false;
	digest_finish(b->digest, out);
	return true;
}
