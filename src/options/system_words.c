/* SPDX-License-Identifier: GPL-2.0-or-later
 * system_words: options of the reference that need nothing done here: what cannot matter is accepted, what is not
 * there is refused by its name, in a sentence that says what is nearest.
 */
#include "options/internal.h"

#define NO_SCREEN                                                                                  \
    "there are no screens yet: say -display none, or -nographic for the console on the terminal"
#define NO_SOUND "there is no sound yet: leave it out, or say none"
#define NO_USB                                                                                     \
    "there is no USB yet: disks, networks and consoles are virtio-blk-pci, "                       \
    "virtio-net-pci and virtconsole of -device"
#define NO_KVM "what is recorded has to be emulated: say -accel tcg, or leave it out"

/* In alphabetical order. */
static const struct system_word words[] = {
    {"-acpitable", true, "", "there are no ACPI tables here; the guest has a device tree (-dtb)"},
    {"-add-fd", true, "", "name a file by its path, or a socket by -chardev socket,fd=N"},
    {"-alt-grab", false, NULL, NULL},
    {"-async-teardown", false, NULL, NULL},
    {"-audio", true, "none,driver=none", NO_SOUND},
    {"-audiodev", true, "none", NO_SOUND},
    {"-boot", true, NULL, NULL}, /* a kernel is loaded, or firmware looks at the disks itself */
    {"-chroot", true, "", "the process confines itself (Landlock, seccomp)"},
    {"-compat", true, NULL, NULL},
    {"-ctrl-grab", false, NULL, NULL},
    {"-debugcon", true, "none,null",
     "the boards of this architecture have no such port: -serial is nearest"},
    {"-dfilter", true, NULL, NULL},
    {"-dump-vmstate", true, "", "reprise info --json says what a machine's state is made of"},
    {"-echr", true, "0x1,1", "the key is Ctrl-A here"},
    {"-enable-kvm", false, "", NO_KVM},
    {"-enable-sync-profile", false, NULL, NULL},
    {"-fda", true, "", "the board has no floppy drive: -drive file=FILE is nearest"},
    {"-fdb", true, "", "the board has no floppy drive: -drive file=FILE is nearest"},
    {"-fsdev", true, "", "folders of the host are not shared: put the files on a disk (-drive)"},
    {"-full-screen", false, NULL, NULL},
    {"-fw_cfg", true, "", "the firmware gets no items of yours: -append and -dtb are nearest"},
    {"-g", true, NULL, NULL},
    {"-incoming", true, "", "nothing migrates here: a recording (-icount rr=record) goes anywhere"},
    {"-iscsi", true, "", "disks are files: -drive file=FILE"},
    {"-jitdump", false, "", "-d code shows what is compiled"},
    {"-k", true, NULL, NULL},
    {"-loadvm", true, "",
     "snapshots are not there yet: 'reprise debug --at' enters a recording anywhere"},
    {"-mem-path", true, NULL, NULL},
    {"-mem-prealloc", false, NULL, NULL},
    {"-msg", true, NULL, NULL},
    {"-mtdblock", true, "", "-drive if=pflash,file=FILE is nearest"},
    {"-no-acpi", false, NULL, NULL},
    {"-no-fd-bootchk", false, NULL, NULL},
    {"-no-hpet", false, NULL, NULL},
    {"-no-user-config", false, NULL, NULL},
    {"-nodefconfig", false, NULL, NULL},
    {"-numa", true, "", "all memory is in one node: leave it out"},
    {"-old-param", false, NULL, NULL},
    {"-one-insn-per-tb", false, NULL, NULL},
    {"-only-migratable", false, NULL, NULL},
    {"-option-rom", true, "", "-device MODEL,romfile=FILE is nearest"},
    {"-overcommit", true, NULL, NULL},
    {"-parallel", true, "none,null", "the board has no parallel port: -serial is nearest"},
    {"-perfmap", false, "", "-d code shows what is compiled"},
    {"-plugin", true, "", "there are no plugins: 'reprise query' and gdb ask about a recording"},
    {"-preconfig", false, "",
     "everything is said on the command line; -S waits before the first instruction"},
    {"-prom-env", true, "", "the board has no OpenBIOS"},
    {"-qtest", true, "", "there is no such protocol: a monitor (-qmp) is nearest"},
    {"-qtest-log", true, NULL, NULL},
    {"-rotate", true, NULL, NULL},
    {"-run-with", true, NULL, NULL},
    {"-runas", true, "", "the process confines itself (Landlock, seccomp)"},
    {"-sandbox", true, NULL, NULL}, /* it always is, more strictly */
    {"-sd", true, "", "-drive file=FILE,if=virtio is nearest"},
    {"-set", true, "", "say it with the -device or -drive itself"},
    {"-shim", true, "", "-kernel takes the kernel without it"},
    {"-singlestep", false, NULL, NULL},
    {"-smbios", true, NULL, NULL}, /* only firmware with ACPI would show it */
    {"-spice", true, "", NO_SCREEN},
    {"-tb-size", true, NULL, NULL},
    {"-tpmdev", true, "", "there is no TPM"},
    {"-trace", true, NULL, NULL},
    {"-usb", false, "", NO_USB},
    {"-usbdevice", true, "", NO_USB},
    {"-vga", true, "none", NO_SCREEN},
    {"-virtfs", true, "", "folders of the host are not shared: put the files on a disk (-drive)"},
    {"-vnc", true, "none", NO_SCREEN},
    {"-watchdog-action", true, NULL, NULL},
    {"-win2k-hack", false, NULL, NULL},
    {"-xen-attach", false, "", NO_KVM},
    {"-xen-domid", true, "", NO_KVM},
};

const struct system_word *options_find_word(const char *name)
{
    name += name[0] == '-' && name[1] == '-';
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i].name, name) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

/* The value, or what of it is before the first comma, is one of the list. */
static bool is_accepted(const char *list, const char *value)
{
    size_t length = strcspn(value, ",");

    for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
        if (strcspn(list, ",") == length && memcmp(list, value, length) == 0) {
            return true;
        }
    }
    return false;
}

int options_take_word(const struct system_word *word, const char *value, struct error *e)
{
    if (word->accepted == NULL || (value != NULL && is_accepted(word->accepted, value))) {
        return 0;
    }
    return value != NULL ? error_set(e, "%s %.200s: %s", word->name, value, word->refusal)
                         : error_set(e, "%s: %s", word->name, word->refusal);
}

/* Names in lines of bounded length. */
static void list(struct text *out, bool accepted, const char *title)
{
    size_t column = 100;

    text_add(out, "\n%s", title);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if ((words[i].accepted == NULL) != accepted) {
            continue;
        }
        if (column + strlen(words[i].name) + 1 > 90) {
            text_add(out, "\n ");
            column = 1;
        }
        text_add(out, " %s", words[i].name);
        column += strlen(words[i].name) + 1;
    }
    text_add(out, "\n");
}

void options_help_words(struct text *out)
{
    list(out, true, "Accepted, as nothing depends on them:");
    list(out, false, "Known and not there, but for values that ask for nothing:");
}
