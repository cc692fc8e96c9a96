/* SPDX-License-Identifier: GPL-2.0-or-later
 * options: the command line in QEMU's grammar, as values, and the files that it names, as a machine's
 * complete configuration. Tables name every option of every subcommand: parsing, --help and the
 * manual's check come out of them.
 */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "base/base.h"
#include "index/index.h"
#include "machine/config.h"
#include "world/net.h"
#include "world/world.h"

enum command {
    COMMAND_RUN = 1,
    COMMAND_RECORD = 2,
    COMMAND_REPLAY = 4,
    COMMAND_DEBUG = 8,
    COMMAND_INFO = 16,
    COMMAND_DIFF = 32,
    COMMAND_INDEX = 64,
    COMMAND_QUERY = 128,
    COMMAND_PACK = 256,
};
#define COMMANDS_MACHINE (COMMAND_RUN | COMMAND_RECORD)
#define COMMANDS_ALL     511

#define OPTIONS_CHARDEVS_MAX 16
/* The port of a device on the character device of this id, and how much room its name takes. */
#define OPTIONS_CHARDEV_PORT      "chr-%s"
#define OPTIONS_CHARDEV_PORT_ROOM (MACHINE_NAME_MAX + 4)
#define OPTIONS_NETS_MAX          8
#define OPTIONS_DUMPS_MAX         8
#define OPTIONS_MONITORS_MAX      8
/* The port of a card on the network of this id, and how much room its name takes. */
#define OPTIONS_NET_PORT      "net-%s"
#define OPTIONS_NET_PORT_ROOM (NET_ID_MAX + 4)
/* The card of -nic and -net nic that says no model. */
#define OPTIONS_USUAL_CARD "virtio-net-pci"

struct options_net {
    char *text; /* as net_spec_parse() takes it, with `id` where it has none */
    char id[NET_ID_MAX];
    bool has_card;
};
struct options_chardev {
    char id[MACHINE_NAME_MAX];
    const char *text; /* as serial_spec_parse_chardev() takes it */
    bool is_used;     /* by a serial port or a device */
};
struct options_monitor {
    char id[MACHINE_NAME_MAX]; /* of a character device; empty: */
    const char *text;          /* as -serial has it; NULL if there is an id */
    bool is_qmp, is_pretty;
};
struct options_dump {
    char netdev[NET_ID_MAX];
    char *file;
    uint32_t frame_max; /* bytes; 0: not said */
};

/* What -icount rr= says. */
enum options_rr { OPTIONS_RR_NONE, OPTIONS_RR_RECORD, OPTIONS_RR_REPLAY };

struct options {
    enum command command;
    struct machine_config machine; /* images are named, not yet read */
    bool arch_given;
    bool bios_given;

    const char *serials[MACHINE_SERIALS_MAX]; /* -serial arguments in order */
    uint32_t serial_count;
    struct options_chardev chardevs[OPTIONS_CHARDEVS_MAX];
    uint32_t chardev_count;
    struct options_monitor monitors[OPTIONS_MONITORS_MAX]; /* -monitor, -qmp, -mon */
    uint32_t monitor_count;
    const char *name;                          /* -name; NULL: it has none */
    struct options_net nets[OPTIONS_NETS_MAX]; /* -netdev, -nic, -net */
    struct options_dump dumps[OPTIONS_DUMPS_MAX];
    char filtered[OPTIONS_NETS_MAX][NET_ID_MAX]; /* networks that other objects name */
    uint32_t net_count, dump_count, filtered_count, nic_count;
    bool hub_has_card; /* -net nic */
    bool nographic;
    bool snapshot;   /* no disk's file is written to */
    bool sleep;      /* idle time passes in real time while recording */
    bool align;      /* virtual time is never far before real time: -icount align=on */
    bool shift_auto; /* the virtual clock's rate follows real time */
    bool start_paused;
    const char *gdb; /* -gdb, -s, --listen: where to serve GDB */
    const char *accel;
    bool softfloat;
    const char *debug_items; /* -d */
    const char *debug_file;  /* -D */

    const char *output; /* record -o, pack -o */
    bool force;
    bool by_reference;
    bool index; /* record --index */
    const char *stats;

    const char *at;    /* debug --at, query --before */
    const char *until; /* replay --until */
    bool no_verify;
    bool no_index;
    uint64_t index_bytes; /* --index-size; 0: it does not say */
    bool trust_index;     /* one that another user made */
    struct index_key index_key;
    struct host_scratch *scratch; /* for what memory has no room for; NULL: there is none */
    /* host_file_open_nameless()'s, for what may be made; 0: none. */
    int index_file, recording_file;
    const char *serial_out, *shown_port;
    bool safe_console;
    const char *gdb_path;
    const char *symbols;
    bool json;
    bool physical;    /* query --phys */
    const char *disk; /* query --disk */
    bool no_sandbox;
    bool allow_paths; /* files that a recording names outside its folder */
    /* ---- of reprise-system-ARCH alone ---- */
    const char *system; /* the program's name; NULL: this is `reprise` */
    enum options_rr rr;
    const char *rr_file, *rr_snapshot; /* NULL: not given */
    bool epoch_given, seed_given;
    bool no_defaults, no_shutdown, no_display; /* no_display: -display none */
    bool nets_said, monitors_said;             /* some option was about networks, about monitors */
    bool daemonize;
    const char *pid_file, *uuid;
    const char *folders[8]; /* -L */
    uint32_t folder_count;
    VEC(char *) owned; /* texts that options were made of, beside those of argv */

    bool help;
    struct text list; /* that -device help and the like ask for: printed instead of running */

    const char *files[4]; /* FILE arguments; of query then the question */
    int file_count;
    char **rest; /* after -- */
    int rest_count;
};

/* argv[0] is the subcommand. -1 and a sentence for the user. */
int options_parse(struct options *o, enum command command, int argc, char **argv, struct error *e);
/* system.c: the same for the reference's own command line; `program` is what the program is called by, and
 * `arch` what it emulates. The command is run or record, also if rr= says replay. */
int options_parse_system(struct options *o, const char *program, const char *arch, int argc,
                         char **argv, struct error *e);
void options_system_help(const char *program, struct text *out);
/* system_same.c: the options name the machine that was recorded; their images are read. -1 and the first
 * difference. */
int options_compare_machine(const struct options *o, const struct machine_config *recorded,
                            struct error *e);
void options_fini(struct options *o);
/* The help text of a subcommand. */
void options_help(enum command command, struct text *out);

/* What -serial number i says, "stdio" for the first if nothing was said, and nobody else has the terminal. */
int options_serial_spec(const struct options *o, unsigned i, struct serial_spec *spec,
                        struct error *e);
/* What is behind monitor i. */
int options_monitor_spec(const struct options *o, unsigned i, struct serial_spec *spec,
                         struct error *e);
/* Reads the files that the options name, finds the firmware, the architecture, epoch and seed: what is
 * missing for a complete configuration. After this nothing of the host matters any more. */
int options_read_images(struct options *o, struct error *e);

/* "512M", "1G", "65536K", plain MiB; "4096B" bytes. */
int options_parse_size(const char *s, uint64_t *bytes, struct error *e);
int options_parse_number(const char *what, const char *s, uint64_t most, uint64_t *out,
                         struct error *e);

/* "TICK", "PCT%" or "end" of a history that ends at tick `end`; `what` is the option's name. */
int options_parse_place(const char *text, const char *what, tick end, tick *at, struct error *e);

#endif
