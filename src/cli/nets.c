/* SPDX-License-Identifier: GPL-2.0-or-later
 * nets: see nets.h.
 */
#include "cli/nets.h"

#include <stdio.h>

#include "cli/say.h"

#define DUMP_FRAME_MAX 65536 /* bytes, where maxlen= does not say */

int nets_open(struct nets *n, const struct options *o, struct error *e)
{
    memset(n, 0, sizeof(*n));
    n->options = o;
    for (uint32_t i = 0; i < o->net_count; i++) {
        struct net_spec *spec = base_alloc(1, sizeof(*spec));
        struct net_tie *t = &n->ties[i];

        *t = (struct net_tie){.owner = n, .port = -1};
        if (net_spec_parse(spec, o->nets[i].text, o->nets[i].id, e) == 0 &&
            (t->net = net_open(spec, !o->no_sandbox, e)) == NULL) {
            error_prefix(e, "-netdev %s", o->nets[i].text);
        }
        free(spec);
        if (t->net == NULL) {
            return -1;
        }
        n->tie_count++;
    }
    return 0;
}

int nets_open_dumps(struct nets *n, const struct options *o, struct error *e)
{
    n->options = o;
    for (uint32_t i = 0; i < o->dump_count; i++) {
        const struct options_dump *d = &o->dumps[i];
        struct net_dump *to = &n->dumps[i];

        *to = (struct net_dump){.name = d->file, .port = -1};
        to->file = pcap_open(d->file, d->frame_max != 0 ? d->frame_max : DUMP_FRAME_MAX, e);
        if (to->file == NULL) {
            return error_prefix(e, "-object filter-dump");
        }
        n->dump_count++;
    }
    return 0;
}

/* -1: no card is at the end of it. */
static int port_of(const struct machine *m, const char *netdev)
{
    char name[OPTIONS_NET_PORT_ROOM];

    snprintf(name, sizeof name, OPTIONS_NET_PORT, netdev);
    return machine_port_by_name(m, name);
}

int nets_watch(struct nets *n, const struct machine *m, uint64_t epoch_ns, struct error *e)
{
    n->machine = m;
    n->epoch_ns = epoch_ns;
    for (uint32_t i = 0; i < n->dump_count; i++) {
        n->dumps[i].port = port_of(m, n->options->dumps[i].netdev);
        if (n->dumps[i].port < 0) {
            return error_set(e, "-object filter-dump: no network card has netdev=%s",
                             n->options->dumps[i].netdev);
        }
    }
    return 0;
}

static enum net_posted post(void *opaque, const uint8_t *frame, size_t count)
{
    const struct net_tie *t = opaque;

    switch (journal_post_message(*t->owner->journal, (uint16_t)t->port, frame, count)) {
    case POSTED: return NET_TAKEN;
    case POST_LATER: return NET_LATER;
    case POST_NEVER: break;
    }
    return NET_NEVER;
}

int nets_start(struct nets *n, struct journal *_Atomic *journal, struct error *e)
{
    n->journal = journal;
    for (uint32_t i = 0; i < n->tie_count; i++) {
        struct net_tie *t = &n->ties[i];

        t->port = port_of(n->machine, n->options->nets[i].id);
        if (t->port < 0) {
            say("-netdev %s: no network card has netdev=%s: nobody will hear it",
                n->options->nets[i].text, n->options->nets[i].id);
            continue;
        }
        if (net_start(t->net, &(struct net_events){.opaque = t, .post = post}, e) < 0) {
            return -1;
        }
    }
    return 0;
}

static void dump(struct nets *n, uint16_t port, const uint8_t *frame, size_t count)
{
    for (uint32_t i = 0; i < n->dump_count; i++) {
        if (n->dumps[i].port == port && n->dumps[i].file != NULL) {
            pcap_frame(n->dumps[i].file, n->epoch_ns + machine_now_ns(n->machine), frame, count);
        }
    }
}

void nets_output(struct nets *n, uint16_t port, const uint8_t *frame, size_t count)
{
    dump(n, port, frame, count);
    for (uint32_t i = 0; i < n->tie_count; i++) {
        if (n->ties[i].port == port && n->ties[i].net != NULL) {
            net_output(n->ties[i].net, frame, count);
        }
    }
}

void nets_input(struct nets *n, uint16_t port, const uint8_t *frame, size_t count)
{
    dump(n, port, frame, count);
}

static void close_tie(struct net_tie *t, const char *id)
{
    struct net_counts c;

    net_get_counts(t->net, &c);
    net_close(t->net);
    t->net = NULL;
    if (c.is_gone) {
        say("%s: the process that served this network died; its cable was cut from then on", id);
    }
    if (c.hung_up != 0) {
        say("%s: the other side hung up", id);
    }
    if (c.dropped_in != 0) {
        say("%s: %llu frames for the guest were dropped, and never entered", id,
            (unsigned long long)c.dropped_in);
    }
    if (c.dropped_out != 0) {
        say("%s: %llu frames of the guest's were dropped: the other side did not take them", id,
            (unsigned long long)c.dropped_out);
    }
}

void nets_close(struct nets *n)
{
    for (uint32_t i = 0; i < n->tie_count; i++) {
        if (n->ties[i].net != NULL) {
            close_tie(&n->ties[i], n->options->nets[i].id);
        }
    }
    for (uint32_t i = 0; i < n->dump_count; i++) {
        int problem = pcap_close(n->dumps[i].file);

        n->dumps[i].file = NULL;
        if (problem != 0) {
            say_lost(n->dumps[i].name, problem);
        }
    }
}
