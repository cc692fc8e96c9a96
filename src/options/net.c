/* SPDX-License-Identifier: GPL-2.0-or-later
 * net: networks on the command line: -netdev, -nic, -net, and the filters of -object. What is behind a
 * card is the host's affair and not in a configuration; the card itself is a device like others.
 */
#include <stdio.h>
#include <stdlib.h>

#include "options/internal.h"

#define HUB "hub0net" /* what -net user and -net nic have between them */

static struct options_net *find_net(struct options *o, const char *id)
{
    for (uint32_t i = 0; i < o->net_count; i++) {
        if (strcmp(o->nets[i].id, id) == 0) {
            return &o->nets[i];
        }
    }
    return NULL;
}

/* `id` NULL: the text has it. */
static int add_net(struct options *o, const char *text, const char *id, struct error *e)
{
    struct net_spec *spec = base_alloc(1, sizeof(*spec));
    int result = net_spec_parse(spec, text, id, e);

    if (result == 0 && o->net_count == OPTIONS_NETS_MAX) {
        result = error_set(e, "-netdev: more than %d networks are asked for", OPTIONS_NETS_MAX);
    }
    if (result == 0 && find_net(o, spec->id) != NULL) {
        result = error_set(e, "-netdev: two networks are called '%s'", spec->id);
    }
    if (result == 0 && !thing_id_is_good(spec->id)) {
        result =
            error_set(e, "-netdev: an id is up to %d letters, digits, '-', '_' and '.', not '%s'",
                      NET_ID_MAX - 1, spec->id);
    }
    if (result == 0) {
        struct options_net *n = &o->nets[o->net_count++];

        n->text = base_strdup(text);
        snprintf(n->id, sizeof n->id, "%s", spec->id);
    }
    free(spec);
    return result;
}

static int take_netdev(struct options *o, const char *v, struct error *e)
{
    if (strcmp(v, "help") == 0 || strcmp(v, "?") == 0) {
        text_add(&o->list, "Available netdev backend types:\n%s", net_kinds_help);
        return 0;
    }
    return add_net(o, v, NULL, e);
}

/* ---- cards ------------------------------------------------------------------------------------ */

/* What is said of the card, beside which all is said of the network. */
static const char *const card_keys[] = {"model", "mac", "macaddr", "addr", "vectors", "name"};

static bool is_of_card(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(card_keys); i++) {
        if (strcmp(card_keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* `NAME,key=value` as -device wants it, of the items that follow `rest`; all others go to `network`. */
static void split(const char *rest, struct text *card, struct text *network, char *model,
                  size_t room)
{
    while (rest != NULL) {
        char *key, *value;
        struct text *to;

        options_take_item(&rest, &key, &value);
        if (strcmp(key, "model") == 0 && value != NULL) {
            snprintf(model, room, "%s", value);
        } else if (strcmp(key, "name") != 0) {
            to = is_of_card(key) ? card : network;
            text_add(to, ",%s", strcmp(key, "macaddr") == 0 ? "mac" : key);
            if (value != NULL) {
                text_add(to, "=");
                options_add_doubled(to, value);
            }
        }
        free(key);
        free(value);
    }
}

/* A card of this model (or the board's usual one) on the network `id`. */
static int add_card(struct options *o, const char *model, const char *id, const char *rest,
                    struct error *e)
{
    struct text device = {0};
    int result;

    if (strcmp(model, "virtio") == 0 || model[0] == '\0') {
        model = OPTIONS_USUAL_CARD;
    }
    text_add(&device, "%s,netdev=%s%s", model, id, rest != NULL ? rest : "");
    result = options_take_device(o, device.data, e);
    text_fini(&device);
    return result;
}

static int take_nic(struct options *o, const char *v, struct error *e)
{
    struct text card = {0}, network = {0};
    char model[MACHINE_NAME_MAX] = "", id[NET_ID_MAX];
    const char *rest = strchr(v, ',');
    int kind_bytes = (int)(rest != NULL ? rest - v : (ptrdiff_t)strlen(v));
    int result;

    if (strcmp(v, "none") == 0) {
        return 0; /* there are none but those that are asked for */
    }
    if (strncmp(v, "model=", 6) == 0 && strcmp(v + 6, "help") == 0) {
        return options_take_device(o, "help", e);
    }
    text_add(&network, "%.*s", kind_bytes, v);
    split(rest != NULL ? rest + 1 : NULL, &card, &network, model, sizeof model);
    snprintf(id, sizeof id, "nic%u", o->nic_count++);
    result = add_net(o, network.data, id, e);
    if (result == 0) {
        result = add_card(o, model, o->nets[o->net_count - 1].id, card.data, e);
    }
    text_fini(&card);
    text_fini(&network);
    return result < 0 ? error_prefix(e, "-nic %s", v) : 0;
}

/* One card and one network that belong together, in either order. */
static int take_net(struct options *o, const char *v, struct error *e)
{
    const char *rest = strchr(v, ',');
    struct text card = {0}, network = {0};
    char model[MACHINE_NAME_MAX] = "";
    int result;

    if (strcmp(v, "none") == 0) {
        return 0;
    }
    if (strcmp(v, "nic") != 0 && strncmp(v, "nic,", 4) != 0) {
        return add_net(o, v, HUB, e) < 0 ? error_prefix(e, "-net %s", v) : 0;
    }
    split(rest != NULL ? rest + 1 : NULL, &card, &network, model, sizeof model);
    if (network.length != 0) {
        result = error_set(e, "a card has no `%s`", network.data + 1);
    } else if (o->hub_has_card) {
        result = error_set(e, "there is one card already; -nic or -netdev and -device take more");
    } else {
        o->hub_has_card = true;
        result = add_card(o, model, HUB, card.data, e);
    }
    text_fini(&card);
    text_fini(&network);
    return result < 0 ? error_prefix(e, "-net %s", v) : 0;
}

/* ---- -object ---------------------------------------------------------------------------------- */

/* What there is no need of here, as everything is replayable, or virtual, anyway. */
static const char *const harmless[] = {"filter-replay", "rng-random", "rng-builtin", "iothread"};

struct object {
    char *id, *netdev, *file, *maxlen;
};

static void keep(char **to, char **value)
{
    free(*to);
    *to = *value;
    *value = NULL;
}

static int read_object(const char *rest, struct object *x, const char *what, struct error *e)
{
    static const char *const ignored[] = {"queue", "status", "position", "insert", "filename"};
    int result = 0;

    while (rest != NULL && result == 0) {
        char *key, *value;
        bool known = false;

        options_take_item(&rest, &key, &value);
        for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
            known = known || strcmp(key, ignored[i]) == 0;
        }
        if (value == NULL || value[0] == '\0') {
            result = error_set(e, "%s= wants a value", key);
        } else if (strcmp(key, "id") == 0) {
            keep(&x->id, &value);
        } else if (strcmp(key, "netdev") == 0) {
            keep(&x->netdev, &value);
        } else if (strcmp(key, "file") == 0 && strcmp(what, "filter-dump") == 0) {
            keep(&x->file, &value);
        } else if (strcmp(key, "maxlen") == 0 && strcmp(what, "filter-dump") == 0) {
            keep(&x->maxlen, &value);
        } else if (!known) {
            result = error_set(e, "%s has no `%s`", what, key);
        }
        free(key);
        free(value);
    }
    return result;
}

static int add_dump(struct options *o, const struct object *x, struct error *e)
{
    struct options_dump *d = &o->dumps[o->dump_count];
    uint64_t most = 0;

    if (x->file == NULL || x->netdev == NULL) {
        return error_set(e, "filter-dump wants netdev= and file=");
    }
    if (x->maxlen != NULL && options_parse_range("maxlen", x->maxlen, 1, 1 << 20, &most, e) < 0) {
        return -1;
    }
    if (o->dump_count == OPTIONS_DUMPS_MAX) {
        return error_set(e, "more than %d of them are asked for", OPTIONS_DUMPS_MAX);
    }
    *d = (struct options_dump){.file = base_strdup(x->file), .frame_max = (uint32_t)most};
    snprintf(d->netdev, sizeof d->netdev, "%s", x->netdev);
    o->dump_count++;
    return 0;
}

static int take_known_object(struct options *o, const char *what, const struct object *x,
                             struct error *e)
{
    if (x->id == NULL) {
        return error_set(e, "%s lacks id=", what);
    }
    if (x->netdev != NULL && strlen(x->netdev) >= NET_ID_MAX) {
        return error_set(e, "no network is called '%s'", x->netdev);
    }
    if (strcmp(what, "filter-dump") == 0) {
        return add_dump(o, x, e);
    }
    if (strncmp(what, "filter-", 7) == 0 && x->netdev == NULL) {
        return error_set(e, "%s lacks netdev=", what);
    }
    if (x->netdev != NULL && o->filtered_count < OPTIONS_NETS_MAX) {
        snprintf(o->filtered[o->filtered_count++], NET_ID_MAX, "%s", x->netdev);
    }
    return 0;
}

static int take_object(struct options *o, const char *v, struct error *e)
{
    struct object x = {0};
    const char *rest = v;
    char *what, *none;
    bool known;
    int result;

    options_take_item(&rest, &what, &none);
    known = strcmp(what, "filter-dump") == 0;
    for (size_t i = 0; i < ARRAY_LEN(harmless) && o->command != COMMAND_REPLAY; i++) {
        known = known || strcmp(what, harmless[i]) == 0;
    }
    result = known && none == NULL
                 ? read_object(rest, &x, what, e)
                 : error_set(e, "there is no such object here: %s",
                             o->command == COMMAND_REPLAY
                                 ? "filter-dump"
                                 : "filter-dump, filter-replay, iothread, rng-builtin, rng-random");
    if (result == 0) {
        result = take_known_object(o, what, &x, e);
    }
    free(what);
    free(none);
    free(x.id);
    free(x.netdev);
    free(x.file);
    free(x.maxlen);
    return result < 0 ? error_prefix(e, "-object %s", v) : 0;
}

/* ---- as a whole ------------------------------------------------------------------------------- */

/* Each card's network is there, and has one card. */
static int check_cards(struct options *o, struct error *e)
{
    for (size_t i = 0; i < o->machine.things.count; i++) {
        const struct machine_thing *t = &o->machine.things.data[i];
        const char *id = strcmp(t->class, "device") == 0 ? thing_text(t, "netdev", NULL) : NULL;
        struct options_net *n = id != NULL ? find_net(o, id) : NULL;

        if (id != NULL && n == NULL) {
            return error_set(e, "-device %s: no -netdev is called '%s'",
                             thing_text(t, "driver", ""), id);
        }
        if (n != NULL && n->has_card) {
            return error_set(e, "-device %s: the network '%s' has a card already",
                             thing_text(t, "driver", ""), id);
        }
        if (n != NULL) {
            n->has_card = true;
        }
    }
    return 0;
}

int options_check_nets(struct options *o, struct error *e)
{
    if ((o->command & COMMANDS_MACHINE) == 0 || o->help || o->list.length != 0) {
        return 0;
    }
    if (o->hub_has_card && find_net(o, HUB) == NULL && add_net(o, "none", HUB, e) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < o->filtered_count; i++) {
        if (find_net(o, o->filtered[i]) == NULL) {
            return error_set(e, "-object: no -netdev is called '%s'", o->filtered[i]);
        }
    }
    for (uint32_t i = 0; i < o->dump_count; i++) {
        if (find_net(o, o->dumps[i].netdev) == NULL) {
            return error_set(e, "-object filter-dump: no -netdev is called '%s'",
                             o->dumps[i].netdev);
        }
    }
    return check_cards(o, e);
}

void options_fini_nets(struct options *o)
{
    for (uint32_t i = 0; i < o->net_count; i++) {
        free(o->nets[i].text);
    }
    for (uint32_t i = 0; i < o->dump_count; i++) {
        free(o->dumps[i].file);
    }
}

#define M COMMANDS_MACHINE
static const struct option_entry entries[] = {
    {"-netdev", M, "user|socket|stream|dgram|tap|none,id=ID[,...]",
     "a network for a card to be on; help lists the kinds", take_netdev},
    {"-nic", M, "KIND|none[,model=MODEL][,mac=MAC][,...]", "a network and a card on it", take_nic},
    {"-net", M, "none|nic|KIND[,...]", "the older way to say so", take_net},
    {"-object", M | COMMAND_REPLAY, "filter-dump,id=ID,netdev=ID,file=FILE",
     "write what passes a network card to a file for packet analysers", take_object},
};
const struct option_group options_of_nets = {entries, ARRAY_LEN(entries)};
