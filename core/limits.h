/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - every ceiling and the reason for it.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

enum {
	/* Layers of one frame: Ethernet, two tags, three tunnels of three. */
	LIMIT_LAYERS = 24,
	/* VLAN tags kept for the record; more are walked but not kept. */
	LIMIT_VLANS = 4,
	/* Payload inside payload: TCP > TLS > WebSocket > SIP, TURN > RTP. */
	LIMIT_INNER_DEPTH = 4,
	/* Largest frame we accept from a file; above it the file is broken. */
	LIMIT_FRAME = 256 * 1024 + 64,
	/* Bytes a dissector may leave unread in one direction. A TLS record is
	 * 16 KiB + 2 KiB; a SIP message with a big body stays below 64 KiB. */
	LIMIT_PENDING = 80 * 1024,
	/* Head of an HTTP message, SIP message with its body, WebSocket text:
	 * the most that fits a UDP datagram. Below LIMIT_PENDING; what is
	 * longer is passed over. */
	LIMIT_MESSAGE = 64 * 1024,
	/* First bytes of a direction kept while no protocol is certain. */
	LIMIT_PROBE = 4096,
	/* Memory of one flow while it is being dissected: two pending buffers,
	 * two certificate chains, the state of the dissectors, the facts. */
	LIMIT_FLOW_ARENA = 640 * 1024,
	/* The same for its facts alone: descriptions of 48 calls and two
	 * chains of certificates. */
	LIMIT_FLOW_FACTS = 512 * 1024,
	/* Blocks that ended flows leave to new ones, of one worker: those of
	 * the thousands of handshakes that a busy second sees. */
	LIMIT_SPARE_BYTES = 64 * 1024 * 1024,
	/* Facts a worker holds back before it tells them: below the ceiling
	 * of one kind, so that none is lost on a busy trunk. */
	LIMIT_FACTS_UNTOLD = 40,
	/* Facts kept of one flow; a call has some dozens. */
	LIMIT_FACTS = 512,
	/* Facts of one kind (SDP media of re-INVITEs, media streams). */
	LIMIT_FACTS_OF_KIND = 64,
	/* Longest text kept of anything a peer calls itself. */
	LIMIT_TEXT = 512,
	/* A copy from a span port comes within this time; a TCP
	 * retransmission takes at least 200 ms (RFC 6298: 1 s). */
	LIMIT_DUP_MS = 100,
	/* Silence after which a five-tuple used again is a new flow: TCP keeps
	 * alive for hours; UDP bindings die after minutes (RFC 4787). */
	LIMIT_FLOW_IDLE_TCP_S = 3600,
	LIMIT_FLOW_IDLE_UDP_S = 300,
	/* Flows held by all workers together; some 280 bytes each. */
	LIMIT_FLOWS = 1000000,
	/* Flows dissected at the same time by all workers together; settled
	 * ones are not. Up to some 10 KiB each. */
	LIMIT_SESSIONS = 40000,
	/* How far ahead of a hole segments are kept, bytes and segments. */
	LIMIT_STREAM_AHEAD = 256 * 1024,
	LIMIT_STREAM_SEGMENTS = 128,
	/* Pieces nobody recognised before a flow is left alone; handshakes of
	 * proxies and STARTTLS protocols take fewer. */
	LIMIT_UNKNOWN = 32,
	/* IP datagrams put together at a time, and the bytes they may hold;
	 * a burst of 256 datagrams of the largest size. */
	LIMIT_DEFRAG_DATAGRAMS = 4096,
	LIMIT_DEFRAG_BYTES = 16 * 1024 * 1024,
	/* Pieces of one datagram: 120 at the IPv4 minimum MTU of 576; the rest
	 * is for those who hide behind tiny fragments. */
	LIMIT_DEFRAG_PIECES = 1024,
	/* RFC 791 section 3.2 and RFC 8200 section 4.5 wait 15 to 60 s. */
	LIMIT_DEFRAG_S = 30,
	/* Fragments leave a host one behind the other. After so long what there
	 * is of a datagram counts as a cut packet, before the sender repeats
	 * itself (RFC 3261 section 17.1.1.1: 500 ms). */
	LIMIT_DEFRAG_MS = 200,
	/* Interfaces of one pcapng section; merged files have hundreds. */
	LIMIT_PCAPNG_INTERFACES = 65536,
	/* Segments kept ahead of a hole where no ACK was ever captured that
	 * could prove a loss. */
	LIMIT_STREAM_ONE_WAY = 32,
	/* How long a hole that was acknowledged may still fill, because two
	 * taps of one capture ran apart: segments, bytes, time. */
	LIMIT_STREAM_WAIT_SEGMENTS = 3,
	LIMIT_STREAM_WAIT_BYTES = 128 * 1024,
	LIMIT_STREAM_WAIT_MS = 200,
	/* Segments kept back when a stream is met in the middle: an earlier
	 * one may still come. Reordering by one or two is common. */
	LIMIT_STREAM_BEGIN = 3,
	/* Segments that must follow each other before a jump is believed. */
	LIMIT_STREAM_JUMPS = 3,
	/* Sequence numbers further apart than a window can be (RFC 7323
	 * section 2.3: 2^30) are not of the same stream ... */
	LIMIT_TCP_WINDOW = 1 << 30,
	/* ... and windows in use are smaller: a hole or an ACK further away
	 * is not believed at once. */
	LIMIT_TCP_NEAR = 16 * 1024 * 1024,
	/* An ended connection is kept for strays: 2 MSL (RFC 9293 3.4.2). */
	LIMIT_FLOW_ENDED_S = 240,
	/* Idle flows let go per packet, so that no packet waits for many. */
	LIMIT_FLOW_SWEEP = 4,
	/* A clock that leaps ahead is believed after so many packets in a
	 * row, so that one odd time stamp does not end every flow. */
	LIMIT_CLOCK_JUMP_S = 60,
	LIMIT_CLOCK_JUMPS = 4,
	/* Secrets of all key logs together, some 150 bytes each: 200000
	 * connections of TLS 1.3. */
	LIMIT_KEYLOG_SECRETS = 1000000,
	/* Longest line of a key log: label, 32 and 48 bytes in hexadecimal. */
	LIMIT_KEYLOG_LINE = 512,
	/* Key log files followed at once. */
	LIMIT_KEYLOG_FILES = 16,
	/* Record numbers tried after a gap; each try deciphers a record. */
	LIMIT_DECRYPT_RESYNC = 32,
	/* Certificates kept, some 4 KiB each; a deployment shows hundreds, a
	 * gateway to the world some ten thousand. */
	LIMIT_CERTS = 65536,
	/* ... together with chains whose judgement is remembered. */
	LIMIT_CERT_CHAINS = 65536,
	LIMIT_CERT_MEMORY = 512 * 1024 * 1024,
	/* Certificates of one chain that are looked at; ten are many. */
	LIMIT_CHAIN = 16,
	/* Largest certificate we read; with 1000 names it is 40 KiB. */
	LIMIT_CERT = 256 * 1024,
	/* Names of one certificate that are compared. */
	LIMIT_CERT_NAMES = 1024,
	/* Certificates and revocation lists of the policy. */
	LIMIT_TRUST = 4096,
	/* RTP streams of one five-tuple that are followed at once; a bundled
	 * call with simulcast has ten. */
	LIMIT_RTP_STREAMS = 16,
	/* Peers behind one relay allocation: candidates of a call. Each that
	 * sends payload takes a scope. */
	LIMIT_RELAY_PEERS = 16,
	/* Longest frame of media on a stream that is believed while we look
	 * for the next frame after a hole. */
	LIMIT_MEDIA_FRAME = 4096,
	/* Largest TLS handshake message; a hello with hybrid key shares is 2
	 * KiB, an authority list of a Windows server 16 KiB. */
	LIMIT_TLS_MESSAGE = 64 * 1024,
	/* Certificate message: a chain of ten large certificates. */
	LIMIT_TLS_CERTIFICATE = 128 * 1024,
	/* Records per direction after the handshake in which renegotiation is
	 * looked for; of a capture with one direction so many more. */
	LIMIT_TLS_RECORDS = 64,
	LIMIT_TLS_RECORDS_ONE_WAY = 256,
	/* Tries to find the secrets of a connection while it runs. */
	LIMIT_TLS_KEY_TRIES = 16,
	/* Acknowledgements of the client's flight that are told apart. */
	LIMIT_TLS_ACKS = 16,
	/* Handshake messages of DTLS held until those before them came; a
	 * flight has at most eight. */
	LIMIT_DTLS_HELD = 10,
	/* Pieces with a hole before them of one DTLS message. */
	LIMIT_DTLS_HOLES = 16,
	/* Worker threads; each has flows and rings of its own. */
	LIMIT_WORKERS = 256,
	/* A policy file: fifty thousand hosts in one megabyte. */
	LIMIT_POLICY_TEXT = 1024 * 1024,
	/* Policies that extend each other; sites, departments, a product. */
	LIMIT_POLICY_DEPTH = 8,
	/* Rules, rows of the port table, host entries of one file. */
	LIMIT_POLICY_RULES = 4096,
	LIMIT_POLICY_SERVICES = 4096,
	LIMIT_POLICY_HOSTS = 65536,
	/* Names, trust files, paths or drops in one list of a policy. */
	LIMIT_POLICY_LIST = 1024,
	/* Lists in mappings in lists; the language has four levels. */
	LIMIT_POLICY_NESTING = 32,
	/* Memory of one policy: each of the above, with their base. */
	LIMIT_POLICY_ARENA = 128 * 1024 * 1024,
	/* Handshakes looked at to find where a resumed session began: tickets
	 * live a week at most (RFC 8446 4.6.1), clients renew them hourly. */
	LIMIT_RESUMED_FROM = 256,
	/* Descriptions that promise one address, looked at for one flow; a port
	 * is used again after a minute, and a call is refreshed now and then.
	 */
	LIMIT_PROMISED = 256,
	/* Cases of a report (same hosts, service and cause); a site of twenty
	 * thousand clients with one fault each. */
	LIMIT_GROUPS = 20000,
	/* Memory of what a report gathers: so many cases with their texts. */
	LIMIT_GATHERED = 128 * 1024 * 1024,
	/* Packets of one violating flow that -w writes, besides those that
	 * decided: a handshake and the first seconds of a call. */
	LIMIT_EVIDENCE_PACKETS = 200,
	/* Violating flows that -w writes, some 400 bytes of notes each. */
	LIMIT_EVIDENCE_FLOWS = 100000,
	/* What -w keeps of a live capture, as no file can be read again. */
	LIMIT_SPOOL_BYTES = 1024 * 1024 * 1024,
	/* What watch keeps of one, for those who export packets: minutes of a
	 * busy link, and /tmp may be memory. */
	LIMIT_WATCH_SPOOL_BYTES = 256 * 1024 * 1024,
	/* Flows the screens of watch show, some 450 bytes each; the oldest that
	 * ended are let go, but stay in the sums. */
	LIMIT_VIEW_ROWS = 500000,
	/* Fragments held until it is known whose they are. */
	LIMIT_EVIDENCE_FRAGMENTS = 64,
	/* Hosts of one report, some 300 bytes each, and hosts whose role is
	 * inferred: a large site twice over. Addresses of the world beyond
	 * them have flows in the report, but no row of their own. */
	LIMIT_HOSTS = 200000,
	/* What a new period of a run keeps of the one before. Flows that go
	 * on: a million with some facts each. Flows that ended, newest first,
	 * because media, relays and resumed sessions may refer to them: some
	 * hundred thousand handshakes and calls. */
	LIMIT_CARRIED_BYTES = 512 * 1024 * 1024,
	LIMIT_REFERRED_BYTES = 64 * 1024 * 1024,
	/* Flows of a ledger in memory, with all that was learnt of them; some
	 * two million. Beyond it those that ended go to a temporary file. */
	LIMIT_LEDGER_BYTES = 2000 * 1024 * 1024,
	/* The same for watch: about as many as its screens can show, at two
	 * kilobytes each. */
	LIMIT_WATCH_BYTES = 1000 * 1024 * 1024,
	/* Lines of a journal that wait for a disk that is full or slow; some
	 * twenty thousand. */
	LIMIT_JOURNAL_BYTES = 32 * 1024 * 1024,
	/* Different combinations of words counted in one table of a report. */
	LIMIT_TALLIES = 512,
	/* Seconds in which a live capture lost packets; more than an hour of
	 * them, and later ones are told together. */
	LIMIT_LOSS_SPANS = 4096,
};

#endif
