/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One socket on one interface. All that is known of libpcap's live capture
 * stands here.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/source_private.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/names.h"

enum { SNAPLEN = 262144, LINK_RAW = 101, NAMES_MOST = 256 };

struct tap {
	pcap_t *pcap;
	uint16_t link;
	bool nano;
	int fd;         /* to wait on, or -1 */
	uint32_t drops; /* as libpcap counts, where the kernel does not */
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
unknown_name(const char *name, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE];
	const char *names[NAMES_MOST];
	const char *near = NULL;
	size_t n = 0;
	pcap_if_t *all;

	if (pcap_findalldevs(&all, error) != 0)
		all = NULL;
	for (const pcap_if_t *i = all; i != NULL && n < COUNT(names);
	     i = i->next)
		names[n++] = i->name;
	near = name_nearest(names, n, slice_text(name));
	if (strchr(name, ',') != NULL)
		(void)fail(f,
		    "no interface is called %s; give -i once for each", name);
	else if (near != NULL)
		(void)fail(f,
		    "no interface is called %s, did you mean %s; spanward "
		    "interfaces lists them",
		    name, near);
	else
		(void)fail(f,
		    "no interface is called %s; spanward interfaces lists "
		    "them",
		    name);
	if (all != NULL)
		pcap_freealldevs(all);
	return false;
}

static bool
bad_status(pcap_t *p, const char *name, int status, struct fault *f)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return no_rights(name, f);
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return unknown_name(name, f);
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
activate(struct tap *t, const struct tap_settings *s, struct fault *f)
{
	pcap_t *p = t->pcap;
	int status;

	(void)pcap_set_snaplen(p, s->snaplen > 0 ? (int)s->snaplen : SNAPLEN);
	(void)pcap_set_promisc(p, 1);
	(void)pcap_set_timeout(p, s->timeout_ms);
	(void)pcap_set_buffer_size(p, (int)s->buffer);
	(void)pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(p);
	if (status < 0)
		return bad_status(p, s->name, status, f);
	if (status > 0)
		log_warn("source: %s: %s", s->name,
		    status == PCAP_WARNING ? pcap_geterr(p)
					   : pcap_statustostr(status));
	t->nano = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO;
	t->link = link_of(pcap_datalink(p));
	return true;
}

static bool
set_filter(pcap_t *p, const struct tap_settings *s, struct fault *f)
{
	char ignored[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	bpf_u_int32 net;
	bpf_u_int32 mask;
	int rc;

	if (s->filter == NULL || s->filter[0] == '\0')
		return true;
	if (pcap_lookupnet(s->name, &net, &mask, ignored) != 0)
		mask = PCAP_NETMASK_UNKNOWN;
	if (pcap_compile(p, &program, s->filter, 1, mask) != 0)
		return fail(f, "bad capture filter '%s': %s", s->filter,
		    pcap_geterr(p));
	rc = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	if (rc != 0)
		return fail(f, "cannot set the capture filter on %s: %s",
		    s->name, pcap_geterr(p));
	return true;
}

/*
 * On Linux libpcap waits for ever while no packet comes, whatever the timeout
 * says (it only bounds how long packets are held back); so we wait.
 */
static bool
never_block(struct tap *t, const char *name, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE];

	if (pcap_setnonblock(t->pcap, 1, error) != 0)
		return fail(f, "cannot capture on %s: %s", name, error);
	t->fd = pcap_get_selectable_fd(t->pcap);
	return true;
}

struct tap *
tap_open(const struct tap_settings *s, struct fault *f)
{
	char error[PCAP_ERRBUF_SIZE] = "memory is out";
	struct tap *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->pcap = pcap_create(s->name, error)) == NULL) {
		(void)fail(f, "cannot capture on %s: %s", s->name, error);
		free(t);
		return NULL;
	}
	if (!activate(t, s, f) || !set_filter(t->pcap, s, f) ||
	    !never_block(t, s->name, f)) {
		tap_close(t);
		return NULL;
	}
	return t;
}

void
tap_close(struct tap *t)
{
	if (t == NULL)
		return;
	pcap_close(t->pcap);
	free(t);
}

int
tap_fd(const struct tap *t)
{
	return t->fd;
}

uint16_t
tap_link(const struct tap *t)
{
	return t->link;
}

enum tap_result
tap_next(struct tap *t, struct packet *p, struct fault *f)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;

	switch (pcap_next_ex(t->pcap, &h, &bytes)) {
	case 1:
		break;
	case 0:
		return TAP_EMPTY;
	default:
		(void)fail(f, "%s", pcap_geterr(t->pcap));
		return TAP_BROKEN;
	}
	p->frame = slice_of(bytes, h->caplen);
	p->wire_len = h->len < h->caplen ? h->caplen : h->len;
	p->link = t->link;
	p->time = h->ts.tv_sec * NS_PER_S +
	    (t->nano ? h->ts.tv_usec : h->ts.tv_usec * NS_PER_US);
	return TAP_PACKET;
}

/*
 * Of the socket, not by pcap_stats(): that opens files of /sys each time,
 * which it may not while we are confined, and then counts nonsense. Asking
 * resets the kernel's counter.
 */
uint64_t
tap_drops(struct tap *t)
{
	struct tpacket_stats_v3 st = { 0 };
	socklen_t size = sizeof(st);
	struct pcap_stat ps = { 0 };
	uint32_t before = t->drops;

	if (t->fd >= 0 &&
	    getsockopt(t->fd, SOL_PACKET, PACKET_STATISTICS, &st, &size) == 0)
		return st.tp_drops;
	if (t->fd >= 0 && errno != ENOPROTOOPT && errno != EOPNOTSUPP)
		return 0;
	if (pcap_stats(t->pcap, &ps) != 0)
		return 0;
	t->drops = ps.ps_drop;
	return (uint32_t)(ps.ps_drop - before);
}
