/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/source_private.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"

enum {
	SNAPLEN = 262144,
	TIMEOUT_MS = 100,
	PAUSE_MS = 10,
	BUFFER = 64 * 1024 * 1024, /* half a second of 1 Gbit/s */
	LINK_RAW = 101,
};

struct live {
	pcap_t *pcap;
	uint16_t link;
	bool nano;
	int fd; /* to wait on, or -1 */
};

static uint16_t
link_of(int dlt)
{
	return dlt == DLT_RAW ? LINK_RAW : (uint16_t)dlt;
}

static bool
no_rights(const char *name, struct fault *f)
{
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	return fail(f,
	    "no right to capture on %s: it takes CAP_NET_RAW; run with sudo, "
	    "or once: sudo setcap cap_net_raw+ep %s",
	    name, n > 0 ? self : "PATH");
}

static bool
bad_status(pcap_t *p, const char *name, int status, struct fault *f)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return no_rights(name, f);
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return fail(f,
		    "no interface is called %s; spanward interfaces lists "
		    "them",
		    name);
	case PCAP_ERROR_IFACE_NOT_UP:
		return fail(f,
		    "interface %s is down; bring it up with ip link set %s up",
		    name, name);
	default:
		return fail(f, "cannot capture on %s: %s", name,
		    status == PCAP_ERROR ? pcap_geterr(p)
					 : pcap_statustostr(status));
	}
}

/* Settings that a device does not know are left as they are. */
static bool
activate(struct live *l, const struct source_options *o, struct fault *f)
{
	pcap_t *p = l->pcap;
	int status;

	(void)pcap_set_snaplen(p, o->snaplen > 0 ? (int)o->snaplen : SNAPLEN);
	(void)pcap_set_promisc(p, 1);
	(void)pcap_set_timeout(p, TIMEOUT_MS);
	(void)pcap_set_buffer_size(p, BUFFER);
	(void)pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(p);
	if (status < 0)
		return bad_status(p, o->interface, status, f);
	if (status > 0)
		log_warn("source: %s: %s", o->interface,
		    status == PCAP_WARNING ? pcap_geterr(p)
					   : pcap_statustostr(status));
	l->nano = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO;
	l->link = link_of(pcap_datalink(p));
	return true;
}

static bool
set_filter(pcap_t *p, const struct source_options *o, struct fault *f)
{
	char ignored[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	bpf_u_int32 net;
	bpf_u_int32 mask;
	int rc;

	if (o->filter == NULL || o->filter[0] == '\0')
		return true;
	if (pcap_lookupnet(o->interface, &net, &mask, ignored) != 0)
		mask = PCAP_NETMASK_UNKNOWN;
	if (pcap_compile(p, &program, o->filter, 1, mask) != 0)
		return fail(f, "bad capture filter '%s': %s", o->filter,
		    pcap_geterr(p));
	rc = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	if (rc != 0)
		return fail(f, "cannot set the capture filter on %s: %s",
		    o->interface, pcap_geterr(p));
	return true;
}

/*
 * On Linux libpcap waits for ever while no packet comes, whatever the timeout
 * says (it only bounds how long packets are held back); so we wait.
 */
static bool
never_block(struct live *l, const char *name, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE];

	if (pcap_setnonblock(l->pcap, 1, error) != 0)
		return fail(f, "cannot capture on %s: %s", name, error);
	l->fd = pcap_get_selectable_fd(l->pcap);
	return true;
}

/* Some devices have no descriptor; then this is a pause. */
static enum read_result
wait_for_some(const struct live *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };

	(void)poll(&p, 1, l->fd >= 0 ? TIMEOUT_MS : PAUSE_MS);
	return READ_WAIT;
}

struct live *
live_open(const struct source_options *o, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE] = "memory is out";
	struct live *l;

	if (o->snaplen > INT32_MAX) {
		(void)fail(f, "a snap length of %" PRIu32 " is too large",
		    o->snaplen);
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL || (l->pcap = pcap_create(o->interface, error)) == NULL) {
		(void)fail(f, "cannot capture on %s: %s", o->interface, error);
		free(l);
		return NULL;
	}
	if (!activate(l, o, f) || !set_filter(l->pcap, o, f) ||
	    !never_block(l, o->interface, f)) {
		live_close(l);
		return NULL;
	}
	return l;
}

void
live_close(struct live *l)
{
	if (l == NULL)
		return;
	pcap_close(l->pcap);
	free(l);
}

uint16_t
live_link(const struct live *l)
{
	return l->link;
}

enum read_result
live_next(struct live *l, struct packet *p, struct fault *f)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;

	switch (pcap_next_ex(l->pcap, &h, &bytes)) {
	case 1:
		break;
	case 0:
		return wait_for_some(l);
	case PCAP_ERROR_BREAK:
		return READ_END;
	default:
		(void)fail(f, "the capture ended: %s", pcap_geterr(l->pcap));
		return READ_END;
	}
	p->frame = slice_of(bytes, h->caplen);
	p->wire_len = h->len < h->caplen ? h->caplen : h->len;
	p->link = l->link;
	p->time = h->ts.tv_sec * NS_PER_S +
	    (l->nano ? h->ts.tv_usec : h->ts.tv_usec * NS_PER_US);
	return READ_OK;
}

void
live_stop(struct live *l)
{
	pcap_breakloop(l->pcap);
}

void
live_drops(const struct live *l, struct source_stats *out)
{
	struct pcap_stat st = { 0 };

	if (pcap_stats(l->pcap, &st) != 0)
		return;
	out->kernel_drops = st.ps_drop;
	out->interface_drops = st.ps_ifdrop;
}

static bool
socket_addr(const struct sockaddr *from, struct addr *to)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from == NULL)
		return false;
	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		*to = addr_v4((const uint8_t *)&v4.sin_addr);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		*to = addr_v6(v6.sin6_addr.s6_addr);
		return true;
	}
	return false;
}

static void
add_addresses(const pcap_addr_t *a, struct buf *to)
{
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	for (; a != NULL; a = a->next) {
		if (!socket_addr(a->addr, &addr))
			continue;
		buf_text(to, to->n > 0 ? "," : "");
		buf_text(to, addr_text(&addr, text));
	}
}

bool
source_list(void (*taker)(void *ctx, const struct source_interface *),
    void *ctx, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE];
	struct buf addresses;
	pcap_if_t *all;

	if (pcap_findalldevs(&all, error) != 0)
		return fail(f, "cannot list the interfaces: %s", error);
	buf_init(&addresses);
	for (const pcap_if_t *i = all; i != NULL; i = i->next) {
		struct source_interface out = {
			.name = i->name,
			.description = i->description,
			.up = (i->flags & PCAP_IF_UP) != 0,
			.running = (i->flags & PCAP_IF_RUNNING) != 0,
			.loopback = (i->flags & PCAP_IF_LOOPBACK) != 0,
		};

		buf_clear(&addresses);
		add_addresses(i->addresses, &addresses);
		out.addresses =
		    addresses.n > 0 && buf_ok(&addresses) ? addresses.p : "";
		taker(ctx, &out);
	}
	buf_done(&addresses);
	pcap_freealldevs(all);
	return true;
}
