/* SPDX-License-Identifier: Apache-2.0 */
#include <pcap/pcap.h>
#include <stdlib.h>

#include "capture/source_private.h"

enum { FILTER_LINKS = 32, FILTER_SNAPLEN = 262144 };

struct compiled {
	uint16_t link;
	bool usable;
	struct bpf_program program;
	char sentence[256];
};

struct filter {
	char *text;
	size_t count, last; /* last: used for the packet before */
	struct compiled compiled[FILTER_LINKS];
};

/* The values differ for a few types, tcpdump.org/linktypes.html. */
static int
dlt_of(uint16_t link)
{
	switch (link) {
	case 12:
	case 14:
	case 101:
		return DLT_RAW;
	case 100:
		return DLT_ATM_RFC1483;
	case 102:
		return DLT_SLIP_BSDOS;
	case 103:
		return DLT_PPP_BSDOS;
	case 106:
		return DLT_ATM_CLIP;
	default:
		return link;
	}
}

static bool
compile(struct compiled *c, const char *text, uint16_t link)
{
	pcap_t *dead = pcap_open_dead(dlt_of(link), FILTER_SNAPLEN);

	c->link = link;
	c->usable = false;
	c->sentence[0] = '\0';
	if (dead == NULL) {
		snprintf(c->sentence, sizeof(c->sentence), "memory is out");
		return false;
	}
	c->usable =
	    pcap_compile(dead, &c->program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!c->usable)
		snprintf(c->sentence, sizeof(c->sentence), "%s",
		    pcap_geterr(dead));
	pcap_close(dead);
	return c->usable;
}

/* Good for one link type is good: which one comes only the files know. */
struct filter *
filter_new(const char *text, struct fault *f)
{
	static const uint16_t tried[] = { 1, 113, 276, 101, 105, 127, 9, 0,
		104 };
	struct filter *filter = calloc(1, sizeof(*filter));

	if (filter == NULL || (filter->text = strdup(text)) == NULL) {
		free(filter);
		(void)fail(f, "cannot compile the filter: memory is out");
		return NULL;
	}
	for (size_t i = 0; i < COUNT(tried); i++) {
		struct compiled *c = &filter->compiled[filter->count++];

		if (compile(c, text, tried[i]))
			return filter;
	}
	(void)fail(f, "bad capture filter '%s': %s", text,
	    filter->compiled[0].sentence);
	filter_free(filter);
	return NULL;
}

void
filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->count; i++)
		if (filter->compiled[i].usable)
			pcap_freecode(&filter->compiled[i].program);
	free(filter->text);
	free(filter);
}

static struct compiled *
compiled_for(struct filter *filter, uint16_t link)
{
	struct compiled *c;

	if (filter->compiled[filter->last].link == link)
		return &filter->compiled[filter->last];
	for (size_t i = 0; i < filter->count; i++) {
		if (filter->compiled[i].link != link)
			continue;
		filter->last = i;
		return &filter->compiled[i];
	}
	if (filter->count == FILTER_LINKS) {
		c = &filter->compiled[--filter->count];
		if (c->usable)
			pcap_freecode(&c->program);
	}
	filter->last = filter->count++;
	c = &filter->compiled[filter->last];
	(void)compile(c, filter->text, link);
	return c;
}

bool
filter_accepts(struct filter *filter, const struct packet *p,
    const char **sentence)
{
	struct compiled *c = compiled_for(filter, p->link);
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)p->frame.n,
		.len = p->wire_len };

	*sentence = c->usable ? NULL : c->sentence;
	return c->usable &&
	    pcap_offline_filter(&c->program, &h, p->frame.p) != 0;
}
