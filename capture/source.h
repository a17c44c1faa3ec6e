/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - where packets come from: files one after the other, or an
 * interface. Belongs to the reader thread, but for source_stop().
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "capture/packet.h"
#include "core/fault.h"

enum { SHA256_BYTES = 32 };

/* What an audit read; one per -r file (folders opened) or interface. */
struct source_input {
	const char *path; /* file, "-" or interface name */
	uint64_t size;    /* bytes of the file; 0 if not known */
	uint8_t sha256[SHA256_BYTES];
	bool has_sha256;       /* files only, valid after source_next() ended */
	const char *format;    /* "pcap", "pcapng", "snoop", "live" */
	const char *link_type; /* LINKTYPE_ names, comma separated if several */
	uint64_t packets;
	int64_t first, last; /* time of the packets; 0, 0 without any */
	bool has_secrets;    /* a pcapng decryption secrets block was there */
	/* Not NULL: this file was not read, or not to its end, and why; one
	 * sentence with the offset. `unread`: nothing could be used at all. */
	const char *trouble;
	bool unread;
};

struct source_options {
	const char *const *files; /* -r, in order; folders are opened */
	size_t file_count;
	const char *interface; /* -i; files and interface exclude each other */
	const char *filter;    /* BPF expression or NULL */
	uint32_t snaplen;      /* 0: default 262144 */
	uint64_t most_packets; /* -c, 0: no limit */
	int64_t duration;      /* -d in ns, 0: no limit (live) */
};

enum source_result {
	SOURCE_PACKET, /* *p is filled but for the decoded part */
	SOURCE_WAIT,   /* live: nothing came within 100 ms */
	SOURCE_END,    /* all read, limit reached, or source_stop() */
};

struct source_stats {
	uint64_t packets; /* given out */
	uint64_t bytes;   /* of their wire length */
	uint64_t kernel_drops, interface_drops;
	uint64_t read_bytes,
	    total_bytes; /* of files, for progress; 0 if unknown */
};

struct source;

/*
 * Opens nothing but checks that files exist and are readable, expands folders
 * (name order, pcap/pcapng/cap/snoop/gz by their first bytes, others skipped
 * with a log line), compiles the filter, opens the interface. False with a
 * sentence that says what to do.
 */
struct source *source_open(const struct source_options *o, struct fault *f);
void source_close(struct source *s);

enum source_result source_next(struct source *s, struct packet *p);
void source_stop(struct source *s); /* any thread, signal handler */
void source_stats(const struct source *s, struct source_stats *out);
size_t source_inputs(const struct source *s);
const struct source_input *source_input(const struct source *s, size_t i);

/*
 * TLS key log text inside the pcapng files of the source (Decryption Secrets
 * Blocks), wherever in the file they stand; called before the first
 * source_next(). The bytes are lent for the call; standard input and live
 * sources have none. Returns false only on a read error.
 */
bool source_secrets(struct source *s,
    void (*taker)(void *ctx, struct slice keylog), void *ctx);

/* The interfaces of this machine, one call each; false with a sentence. */
struct source_interface {
	const char *name;
	const char *description; /* or NULL */
	bool up, running, loopback;
	const char *addresses; /* comma separated, may be empty */
};
bool source_list(void (*taker)(void *ctx, const struct source_interface *),
    void *ctx, struct fault *f);

#endif
