/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - where packets come from: files one after the other, or
 * interfaces, all at once. Belongs to the reader thread, but for source_stop()
 * and for lanes.
 *
 * Packets of several interfaces come merged by their time: two taps that see
 * one direction each give one set of flows. They are numbered as they are
 * given out, over all interfaces (a file's packets by their place in it).
 *
 * Where the kernel can spread the packets of an interface by flow (Linux), a
 * live source may be read in several lanes, each by a thread of its own. The
 * lanes take their numbers from one counter: unique, in the order in which the
 * packets were read, which between lanes is roughly that of time. A flow stays
 * in its lane, but for its fragments and what is inside tunnels.
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
	bool has_sha256; /* valid after source_next() ended; of files, and only
			  * where it was asked for */
	const char *format;    /* "pcap", "pcapng", "snoop", "live" */
	const char *link_type; /* LINKTYPE_ names, comma separated if several */
	uint64_t packets;
	int64_t first, last; /* time of the packets; 0, 0 without any */
	/* live: packets that were lost, times the interface went away */
	uint64_t kernel_drops, interface_drops, outages;
	bool has_secrets; /* a pcapng decryption secrets block was there */
	/* Not NULL: this file was not read, or not to its end, and why; one
	 * sentence with the offset. `unread`: nothing could be used at all. */
	const char *trouble;
	bool unread;
};

struct source_options {
	const char *const *files; /* -r, in order; folders are opened */
	size_t file_count;
	const char *const *interfaces; /* -i; instead of files */
	size_t interface_count;
	bool hash;             /* the SHA-256 of files is wanted */
	const char *filter;    /* BPF expression or NULL */
	uint32_t snaplen;      /* 0: default 262144 */
	uint64_t most_packets; /* -c, 0: no limit */
	int64_t duration;      /* -d in ns, 0: no limit (live) */
	/* live */
	uint32_t buffer_kib; /* the kernel's, of each interface; 0: default */
	bool prompt;         /* who waits for packets wants each at once */
	unsigned lanes;      /* so many threads could read; 0 is 1 */
};

enum source_result {
	SOURCE_PACKET, /* *p is filled but for the decoded part */
	SOURCE_WAIT,   /* live: nothing came within 100 ms; source_wake() */
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
/*
 * The same files once more, for another thread, which is given the same packets
 * under the same numbers; of trouble only the first tells. What is added to a
 * file meanwhile is in neither, as long as the other is not ahead of the first,
 * which is closed last. By the options that it was opened with. Only where
 * source_can_again(): pipes can be read once, and to unpack a file twice is
 * dear.
 */
bool source_can_again(const struct source *s);
struct source *source_again(const struct source *s,
    const struct source_options *o, struct fault *f);

enum source_result source_next(struct source *s, struct packet *p);
/*
 * While it is held the bytes of packets that were given out stay: what would
 * take their place is SOURCE_WAIT. Of files; packets of interfaces hold until
 * the next call.
 */
void source_hold(struct source *s, bool hold);
void source_stop(struct source *s); /* any thread, signal handler */
void source_stats(const struct source *s, struct source_stats *out);
size_t source_inputs(const struct source *s);
const struct source_input *source_input(const struct source *s, size_t i);
/* Where a packet of this number came from; of several interfaces all, under
 * one name. NULL: nothing has this number. */
const struct source_input *source_input_of(const struct source *s,
    uint64_t number);

/*
 * Lanes: source_next() reads the first. The rest may be read by other threads,
 * as many as source_lanes() says; each ends by itself.
 */
unsigned source_lanes(const struct source *s); /* 1 for files */
enum source_result source_lane_next(struct source *s, unsigned lane,
    struct packet *p);
void source_wake(struct source *s, unsigned lane); /* any thread */
/* What source_input() counts of a live source is as of now; the thread that
 * opened it. */
void source_sum(struct source *s);

/* Packets of an interface that never came to us. */
struct source_loss {
	const char *interface;
	int64_t from, to; /* when, in packet time */
	uint64_t kernel_drops, interface_drops;
	bool down; /* the interface was, for all or a part of this time */
};
typedef void source_loss_taker(void *ctx, const struct source_loss *loss);
/*
 * Live: asks the kernel what was lost since this was called last, about once a
 * second, by the thread that opened the source; sees to interfaces that went
 * away.
 */
void source_look(struct source *s, source_loss_taker *taker, void *ctx);

/*
 * How packets are spread over lanes: spread() modulo the number of lanes is
 * where the kernel puts a packet that is neither a fragment nor in a tunnel.
 */
struct spread {
	uint32_t addresses, ports, all;
};
void spread_init(struct spread *k);
uint32_t spread(const struct spread *k, const struct five_tuple *t);

/*
 * TLS key log text inside the pcapng files of the source (Decryption Secrets
 * Blocks), wherever in the file they stand; called before the first
 * source_next(). The bytes are lent for the call; standard input and live
 * sources have none. Returns false only on a read error.
 */
bool source_secrets(struct source *s,
    void (*taker)(void *ctx, struct slice keylog), void *ctx);

/* Whether an interface could be captured at this moment. */
enum source_can {
	SOURCE_CAN,
	SOURCE_NO_RIGHT, /* CAP_NET_RAW is missing */
	SOURCE_DOWN,     /* it is not up */
	SOURCE_FOREIGN,  /* of a link type that we do not read */
	SOURCE_CANNOT,   /* for another reason */
};

/* The interfaces of this machine, one call each; opens every one for a moment.
 * False with a sentence. */
struct source_interface {
	const char *name;
	const char *description; /* or NULL */
	bool up, running, loopback;
	const char *addresses; /* comma separated, may be empty */
	const char *link_type; /* for people; NULL: not known */
	enum source_can can;
};
bool source_list(void (*taker)(void *ctx, const struct source_interface *),
    void *ctx, struct fault *f);

#endif
