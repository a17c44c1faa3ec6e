/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/decode.h"

#include <stdlib.h>

#include "capture/decode_private.h"
#include "capture/defrag.h"

struct decoder {
	struct defrag *defrag;
	struct decode_stats stats;
};

struct link {
	uint16_t value; /* LINKTYPE_, ascending */
	enum layer first;
	const char *name;
};

/* tcpdump.org/linktypes.html; 12 and 14 are the BSD values of raw IP, which
 * some writers put into files. */
static const struct link links[] = {
	{ 0, LAYER_NULL, "LINKTYPE_NULL" },
	{ 1, LAYER_ETHERNET, "LINKTYPE_ETHERNET" },
	{ 9, LAYER_PPP, "LINKTYPE_PPP" },
	{ 12, LAYER_IP, "LINKTYPE_RAW" },
	{ 14, LAYER_IP, "LINKTYPE_RAW" },
	{ 50, LAYER_PPP, "LINKTYPE_PPP_HDLC" },
	{ 51, LAYER_PPPOE, "LINKTYPE_PPP_ETHER" },
	{ 101, LAYER_IP, "LINKTYPE_RAW" },
	{ 104, LAYER_CHDLC, "LINKTYPE_C_HDLC" },
	{ 105, LAYER_WLAN, "LINKTYPE_IEEE802_11" },
	{ 108, LAYER_LOOP, "LINKTYPE_LOOP" },
	{ 113, LAYER_SLL, "LINKTYPE_LINUX_SLL" },
	{ 127, LAYER_RADIOTAP, "LINKTYPE_IEEE802_11_RADIOTAP" },
	{ 192, LAYER_PPI, "LINKTYPE_PPI" },
	{ 228, LAYER_IPV4, "LINKTYPE_IPV4" },
	{ 229, LAYER_IPV6, "LINKTYPE_IPV6" },
	{ 239, LAYER_NFLOG, "LINKTYPE_NFLOG" },
	{ 276, LAYER_SLL2, "LINKTYPE_LINUX_SLL2" },
};

static enum decode_result (*const layers[LAYERS])(struct walk *) = {
	[LAYER_ETHERNET] = decode_ethernet,
	[LAYER_VLAN] = decode_vlan,
	[LAYER_VNTAG] = decode_vntag,
	[LAYER_ITAG] = decode_itag,
	[LAYER_METADATA] = decode_metadata,
	[LAYER_LLC] = decode_llc,
	[LAYER_SLL] = decode_sll,
	[LAYER_SLL2] = decode_sll2,
	[LAYER_NULL] = decode_null,
	[LAYER_LOOP] = decode_loop,
	[LAYER_PPP] = decode_ppp,
	[LAYER_PPPOE] = decode_pppoe,
	[LAYER_CHDLC] = decode_chdlc,
	[LAYER_MPLS] = decode_mpls,
	[LAYER_NFLOG] = decode_nflog,
	[LAYER_WLAN] = decode_wlan,
	[LAYER_WLAN_SWAPPED] = decode_wlan_swapped,
	[LAYER_RADIOTAP] = decode_radiotap,
	[LAYER_PPI] = decode_ppi,
	[LAYER_IP] = decode_ip,
	[LAYER_IPV4] = decode_ipv4,
	[LAYER_IPV6] = decode_ipv6,
	[LAYER_GRE] = decode_gre,
	[LAYER_ERSPAN2] = decode_erspan2,
	[LAYER_ERSPAN3] = decode_erspan3,
	[LAYER_ETHERIP] = decode_etherip,
	[LAYER_VXLAN] = decode_vxlan,
	[LAYER_VXLAN_GPE] = decode_vxlan_gpe,
	[LAYER_NSH] = decode_nsh,
	[LAYER_GENEVE] = decode_geneve,
	[LAYER_GTPU] = decode_gtpu,
	[LAYER_TEREDO] = decode_teredo,
	[LAYER_L2TP] = decode_l2tp,
	[LAYER_L2TP3] = decode_l2tp3,
	[LAYER_TZSP] = decode_tzsp,
	[LAYER_LISP] = decode_lisp,
	[LAYER_MPLS_UDP] = decode_mpls_udp,
	[LAYER_CAPWAP] = decode_capwap,
};

static const struct link *
find_link(uint16_t value)
{
	for (size_t i = 0; i < COUNT(links); i++)
		if (links[i].value == value)
			return &links[i];
	return NULL;
}

bool
link_layer(uint16_t link, enum layer *first)
{
	const struct link *l = find_link(link);

	if (l == NULL)
		return false;
	*first = l->first;
	return true;
}

const char *
decode_link_name(uint16_t link)
{
	const struct link *l = find_link(link);

	return l != NULL ? l->name : NULL;
}

enum decode_result
walk_short(const struct walk *w)
{
	return w->missing > 0 ? DECODE_TRUNCATED : DECODE_MALFORMED;
}

bool
walk_trim(struct walk *w, size_t n)
{
	size_t left = cur_left(&w->c);

	if (n > left && w->strict && n - left > w->missing)
		return false;
	w->missing = n > left ? n - left : 0;
	w->c = cur_of(slice_head(cur_rest(&w->c), n));
	return true;
}

bool
walk_limit(struct walk *w, size_t n)
{
	size_t left = cur_left(&w->c);

	if (n > left && n - left > w->missing)
		return !w->strict;
	return walk_trim(w, n);
}

bool
walk_skip(struct walk *w, size_t n)
{
	size_t left = cur_left(&w->c);

	if (n <= left)
		return cur_skip(&w->c, n);
	if (n - left > w->missing)
		return false;
	w->missing -= n - left;
	return cur_skip(&w->c, left);
}

enum decode_result
walk_to(struct walk *w, enum layer next)
{
	w->layer = next;
	return WALK_ON;
}

enum decode_result
walk_other(struct walk *w)
{
	w->known = true;
	return DECODE_NOT_IP;
}

enum decode_result
walk_tunnel(struct walk *w, enum layer next, bool sure)
{
	w->has_refuge = true;
	w->sure = sure;
	w->refuge = *w->p;
	w->strict = w->strict || !sure;
	w->tunnels++;
	w->open = false; /* the header of what is inside says its length */
	return walk_to(w, next);
}

/*
 * An IP protocol number says for certain that a tunnel follows; then only
 * content that is no packet at all (PPP control, keep-alives) leaves the outer
 * IP packet as the answer. A UDP port says nothing: everything that does not
 * come out as a packet, or as a frame of a kind that exists, was UDP payload.
 */
static bool
takes_refuge(const struct walk *w, enum decode_result r)
{
	if (!w->has_refuge)
		return false;
	if (r == DECODE_NOT_IP)
		return w->sure || !w->known;
	return !w->sure && (r == DECODE_MALFORMED || r == DECODE_TRUNCATED);
}

static enum decode_result
walk(struct walk *w)
{
	for (unsigned depth = 0; depth < LIMIT_LAYERS; depth++) {
		enum decode_result r = layers[w->layer](w);

		if (r == WALK_ON)
			continue;
		if (!takes_refuge(w, r))
			return r;
		*w->p = w->refuge;
		w->tunnels--;
		return DECODE_OK;
	}
	return DECODE_TOO_DEEP;
}

static void
forget(struct packet *p)
{
	size_t from = offsetof(struct packet, tuple);

	memset((char *)p + from, 0, sizeof(*p) - from);
}

enum decode_result
decode(struct decoder *d, struct packet *p)
{
	enum decode_result r = DECODE_UNKNOWN_LINK;
	struct walk w;

	defrag_release(d->defrag);
	if (decode_plain(p)) {
		d->stats.results[DECODE_OK]++;
		return DECODE_OK;
	}
	forget(p);
	w.defrag = d->defrag;
	w.p = p;
	w.c = cur_of(p->frame);
	w.missing = p->wire_len > p->frame.n ? p->wire_len - p->frame.n : 0;
	w.tunnels = 0;
	w.id = 0;
	w.strict = w.known = w.has_refuge = w.open = false;
	if (link_layer(p->link, &w.layer))
		r = walk(&w);
	d->stats.results[r]++;
	if (r == DECODE_OK) {
		d->stats.cut += p->cut;
		d->stats.tunnels += w.tunnels > 0;
	}
	return r;
}

static void
begin_late(struct packet *p, const struct remnant *r)
{
	*p = (struct packet){
		.number = r->number,
		.time = r->time,
		.wire_len = (uint32_t)(r->bytes.n + r->missing),
		.vlans = r->vlans,
		.reassembled = r->several,
	};
	memcpy(p->vlan, r->vlan, sizeof(p->vlan));
}

bool
decode_has_late(const struct decoder *d, int64_t now)
{
	return defrag_has_remnant(d->defrag, now);
}

bool
decode_late(struct decoder *d, int64_t now, struct packet *p)
{
	struct remnant r;

	while (defrag_remnant(d->defrag, now, &r)) {
		struct walk w = {
			.defrag = d->defrag,
			.p = p,
			.c = cur_of(r.bytes),
			.missing = r.missing,
			.layer = LAYER_IP,
			.open = r.open,
			.id = r.id & 0xffff,
		};

		begin_late(p, &r);
		if (walk(&w) != DECODE_OK)
			continue;
		p->fragment = true;
		d->stats.tunnels += w.tunnels > 0;
		return true;
	}
	return false;
}

struct decoder *
decoder_new(void)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->defrag = defrag_new();
	if (d->defrag == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	defrag_free(d->defrag);
	free(d);
}

void
decode_stats(const struct decoder *d, struct decode_stats *out)
{
	struct defrag_stats f;

	defrag_stats(d->defrag, &f);
	*out = d->stats;
	out->fragments = f.pieces;
	out->reassembled = f.whole;
	out->fragments_lost = f.lost + f.waiting + f.overlaps;
}
