/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_private.h - what the source files share: bytes of a file, a reader of
 * one capture file, the filter, file hashes, an interface. All of it belongs
 * to the reader thread.
 */
#ifndef CAPTURE_SOURCE_PRIVATE_H
#define CAPTURE_SOURCE_PRIVATE_H

#include "capture/source.h"
#include "core/cursor.h"

struct digest;
struct gunzip;

/*
 * source_bytes.c: a file from front to back, unpacked if it is gzip.
 *
 * Read, not mapped: a mapping kills the process when somebody cuts the file
 * short, and is not faster in one pass.
 */
enum { BYTES_ROOM = 1024 * 1024 };

struct bytes {
	int fd;
	bool pipe; /* may have nothing to say for a while */
	uint8_t *buf;
	size_t at, have; /* buf[at..have) is unread */
	uint64_t base;   /* offset of buf[0] in the unpacked file */
	uint64_t taken;  /* bytes of the file, packed */
	uint64_t skip;   /* to be passed over before the next byte */
	bool sniffed;    /* packed or not is known */
	bool ended;      /* nothing comes behind buf[have] */
	bool held;       /* what was lent stays: nothing is read */
	bool waiting;    /* held, or a pipe had nothing for 100 ms: ask again */
	const char *fault; /* why it ended early: damaged, read error */
	int error;         /* errno of a read error */
	struct gunzip *gunzip;
	struct digest *digest; /* of the packed file; NULL: nobody asks */
};

bool bytes_open(struct bytes *b, const char *path, struct fault *f) MUST_CHECK;
void bytes_close(struct bytes *b);
bool bytes_fill(struct bytes *b, size_t n) MUST_CHECK;
uint64_t bytes_offset(const struct bytes *b); /* of the next unread byte */
/* A pipe or file was read to its very end, so its digest is complete. */
bool bytes_digest(struct bytes *b, uint8_t out[SHA256_BYTES]) MUST_CHECK;

/* The next n <= BYTES_ROOM bytes, unmoved; false: waiting, or fewer came. What
 * was lent holds until the next call. */
static inline bool
bytes_peek(struct bytes *b, size_t n, struct slice *out)
{
	if ((b->skip > 0 || b->have - b->at < n) && !bytes_fill(b, n))
		return false;
	*out = slice_of(b->buf + b->at, n);
	return true;
}

/* n bytes that were peeked at are read. */
static inline void
bytes_used(struct bytes *b, size_t n)
{
	b->at += n;
}

static inline void
bytes_skip(struct bytes *b, uint64_t n)
{
	b->skip += n;
}

/* source_file.c: one capture file. */
enum read_result { READ_OK, READ_WAIT, READ_END };
enum { READER_LINKS = 16 };

struct reader;

struct format {
	const char *name;
	bool (*matches)(struct slice first); /* FORMAT_MAGIC bytes or fewer */
	enum read_result (*begin)(struct reader *r);
	enum read_result (*next)(struct reader *r, struct packet *p);
};

enum { FORMAT_MAGIC = 12 };

struct interface {
	uint16_t link;
	uint32_t snaplen; /* 0: none */
	uint8_t resolution;
	int64_t offset; /* seconds */
};

struct reader {
	struct bytes bytes;
	const char *path; /* of the caller */
	const struct format *format;
	bool begun;  /* the file header was read */
	bool little; /* numbers are little endian */
	uint64_t frames;
	int64_t time; /* of the last packet */
	struct fault trouble;
	uint16_t links[READER_LINKS]; /* seen so far, in this order */
	size_t link_count;
	bool has_secrets;
	struct {
		size_t header; /* of a packet */
		bool nano;
		bool swapped; /* versions before 2.3 exchange the lengths */
		uint16_t link;
	} pcap;
	struct {
		struct interface *interfaces; /* of the section */
		size_t count, room;
	} ng;
};

struct reader *reader_open(const char *path, struct fault *f);
void reader_close(struct reader *r);
/* Frame, time, lengths and link type; READ_END with or without trouble. */
enum read_result reader_next(struct reader *r, struct packet *p);
/* Does the file begin like a capture? Pipes are not looked at. */
bool reader_sniff(const char *path);

/* For the formats. */
enum read_result reader_short(struct reader *r, const char *what);
bool reader_u16(const struct reader *r, struct cursor *c,
    uint16_t *v) MUST_CHECK;
bool reader_u32(const struct reader *r, struct cursor *c,
    uint32_t *v) MUST_CHECK;
void reader_link(struct reader *r, uint16_t link);
enum read_result reader_too_long(struct reader *r, uint32_t length);

/* source_pcapng.c */
extern const struct format format_pcapng;
void pcapng_done(struct reader *r);
/* Every secrets block of the file to the taker; false on a read error. */
bool pcapng_secrets(struct reader *r,
    void (*taker)(void *ctx, struct slice keylog), void *ctx) MUST_CHECK;

/* source_filter.c: a BPF expression, compiled once per link type. */
struct filter;

struct filter *filter_new(const char *text, struct fault *f);
void filter_free(struct filter *filter);
/* *sentence, if the filter has no meaning for the link type; then false. */
bool filter_accepts(struct filter *filter, const struct packet *p,
    const char **sentence);

/* source_hash.c: SHA-256 of files, one after the other, in its own thread. */
struct hasher;

struct hasher *hasher_new(size_t files);
void hasher_file(struct hasher *h, size_t i, const char *path);
void hasher_start(struct hasher *h);
/* Waits until all are done; `abandon`: until the present one is dropped. */
void hasher_finish(struct hasher *h, bool abandon);
bool hasher_result(const struct hasher *h, size_t i,
    uint8_t out[SHA256_BYTES]) MUST_CHECK;
void hasher_free(struct hasher *h);

/* source_tap.c: one socket on one interface. */
struct tap_settings {
	const char *name;
	const char *filter; /* or NULL */
	uint32_t snaplen;   /* 0: default */
	uint32_t buffer;    /* bytes the kernel may hold for us */
	int timeout_ms;     /* how long it may gather packets */
};

struct tap;

enum tap_result {
	TAP_PACKET, /* holds until the next call for this tap */
	TAP_EMPTY,  /* nothing came so far */
	TAP_BROKEN  /* the interface is gone: close it */
};

struct tap *tap_open(const struct tap_settings *s, struct fault *f);
void tap_close(struct tap *t);
enum tap_result tap_next(struct tap *t, struct packet *p, struct fault *f);
int tap_fd(const struct tap *t); /* to wait on, or -1 */
uint16_t tap_link(const struct tap *t);
/* Packets the kernel had no room for since this was asked last; may be asked
 * while another thread is in tap_next(). */
uint64_t tap_drops(struct tap *t);

/* source_fanout.c: joins the sockets of one interface to a group in which each
 * gets a part of the packets. The first is told the name of the group. */
bool fanout_join(int fd, uint16_t *group, bool first) MUST_CHECK;

/*
 * source_live.c: interfaces, each read in as many lanes. A lane belongs to one
 * thread; live_look() to the one that opened.
 */
struct live;

struct live *live_open(const struct source_options *o, struct fault *f);
void live_close(struct live *l);
unsigned live_lanes(const struct live *l);
uint16_t live_link(const struct live *l, size_t interface);
/* The next packet of all interfaces in the order of time, as far as that is
 * known, and of which it is. READ_END: live_stop(), or nothing is left to
 * read, with a sentence. */
enum read_result live_next(struct live *l, unsigned lane, struct packet *p,
    size_t *interface, struct fault *f);
void live_wake(struct live *l, unsigned lane); /* ends its waiting */
/* What arrived until now is still given out. Signal handler, any thread. */
void live_stop(struct live *l);
void live_look(struct live *l, source_loss_taker *taker, void *ctx);
/* It went away and could not be opened again. */
bool live_is_lost(const struct live *l, size_t interface);
void live_drops(const struct live *l, size_t interface,
    struct source_input *out);

#endif
