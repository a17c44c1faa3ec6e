/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blast.c - packets of a capture onto an interface, at a fixed rate, over and
 * over: blast INTERFACE PACKETS_PER_SECOND SECONDS FILE. Rate 0: as fast as it
 * goes. Prints how many were sent a second, and how many were sent.
 *
 * Straight to the driver, past the queueing discipline, many in one call.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

enum { BATCH = 64, PACKETS_MOST = 1 << 18 };

static void
die(const char *what)
{
	fprintf(stderr, "blast: %s\n", what);
	exit(2);
}

static size_t
load(const char *path, struct iovec *v)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(path, why);
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	size_t n = 0;

	if (in == NULL)
		die(why);
	while (n < PACKETS_MOST && pcap_next_ex(in, &h, &bytes) == 1) {
		void *copy = malloc(h->caplen);

		if (copy == NULL)
			die("no memory");
		memcpy(copy, bytes, h->caplen);
		v[n++] = (struct iovec){ copy, h->caplen };
	}
	pcap_close(in);
	if (n == 0)
		die("no packets");
	return n;
}

static int
open_socket(const char *name)
{
	int s = socket(AF_PACKET, SOCK_RAW, 0); /* receives nothing */
	int one = 1;
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(name) };

	if (s < 0 || to.sll_ifindex == 0 ||
	    bind(s, (struct sockaddr *)&to, sizeof(to)) != 0)
		die(strerror(errno));
	(void)setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return s;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How many are due; waits until there are some. */
static unsigned
due(double begun, double rate, uint64_t sent)
{
	if (rate <= 0)
		return BATCH;
	for (;;) {
		double behind = (now() - begun) * rate - (double)sent;

		if (behind >= BATCH)
			return BATCH;
		if (behind >= 1)
			return (unsigned)behind;
	}
}

int
main(int argc, char **argv)
{
	static struct iovec packets[PACKETS_MOST];
	static struct mmsghdr batch[BATCH];
	uint64_t sent = 0;
	size_t at = 0;

	if (argc != 5)
		die("usage: blast INTERFACE PACKETS_PER_SECOND SECONDS FILE");
	double rate = atof(argv[2]), seconds = atof(argv[3]);
	size_t n = load(argv[4], packets);
	int s = open_socket(argv[1]);
	double begun = now(), took;

	while ((took = now() - begun) < seconds) {
		unsigned want = due(begun, rate, sent);

		for (unsigned i = 0; i < want; i++) {
			batch[i].msg_hdr.msg_iov = &packets[(at + i) % n];
			batch[i].msg_hdr.msg_iovlen = 1;
		}
		int done = sendmmsg(s, batch, want, 0);

		if (done < 0 && errno != EAGAIN && errno != ENOBUFS)
			die(strerror(errno));
		if (done > 0) {
			sent += (unsigned)done;
			at = (at + (unsigned)done) % n;
		}
	}
	printf("%.0f %ju\n", (double)sent / took, (uintmax_t)sent);
	return 0;
}
