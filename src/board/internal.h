/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/internal: what boards share: reading programs, laying out RAM, device trees.
 */
#ifndef BOARD_INTERNAL_H
#define BOARD_INTERNAL_H

#include "board/board.h"
#include "bus/pci.h"

/* ---- programs: kernels and firmware ---- */

#define SEGMENTS_MAX 1024 /* of an ELF file: linkers make four or five */

struct segment {
    paddr at;            /* where it goes; see `placed` */
    const uint8_t *data; /* borrowed from the image or `unpacked` */
    uint64_t data_bytes; /* <= size_bytes; what follows is zeros */
    uint64_t size_bytes; /* not 0; the last byte's address does not wrap */
    bool is_constant;    /* neither written nor executed: may be nothing but headers and notes */
    bool is_code;        /* executed, from its first byte on: it does not begin with the headers */
};

struct program {
    VEC(struct segment) segments; /* at least one */
    paddr entry;
    bool has_entry; /* it lies in a segment; else the lowest address is meant */
    /* False: it is one segment that runs at `modulo` bytes after any multiple of `align`, with `at`
     * and `entry` counted from its first byte. */
    bool placed;
    bool is_elf;
    uint64_t modulo, align;
    uint8_t *unpacked;           /* in `shared`; NULL: the image was not compressed */
    struct shared_bytes *shared; /* held: what the segments' data lies in; NULL: not shared */
};

/* What a guest takes. */
struct program_kind {
    unsigned elf_machine;
    bool is_32;     /* ELF files of class 1, else of class 2 */
    uint64_t align; /* of what is not placed: a page of the next size, by the Linux boot rules */
    const char *image_mark; /* of its Linux Image, 4 bytes; NULL: RISC-V's */
    bool takes_zimage;      /* 32-bit Arm's kernels, and no Image */
    uint64_t raw_offset;    /* what has no header runs so many bytes after a multiple of `align` */
};

/* load.c: an ELF file, a Linux Image, one of these gzipped, or else bytes as they are.
 * `what` is for sentences. No more than `most_bytes` are unpacked. */
int program_read(const struct machine_image *image, const char *what,
                 const struct program_kind *kind, uint64_t most_bytes, struct program *p,
                 struct error *e);
void program_fini(struct program *p);
/* Moves a program that is not placed to the first good address from `from` on. */
void program_place(struct program *p, paddr from);
/* The address after its last byte. */
paddr program_end(const struct program *p);

/* elf.c */
bool elf_is(const uint8_t *data, uint64_t size);
unsigned elf_machine_of(const uint8_t *data, uint64_t size); /* 0: not known */
int elf_read(const uint8_t *data, uint64_t size, const struct program_kind *kind, struct program *p,
             struct error *e);

/* unpack.c */
bool gzip_is(const uint8_t *data, uint64_t size);
/* At most `most` bytes, then an error; `*out` is the caller's to free. */
int gzip_unpack(const uint8_t *data, uint64_t size, uint64_t most, uint8_t **out,
                uint64_t *out_size, struct error *e);
/* The first bytes alone, at most `most`; returns how many there were. */
uint64_t gzip_peek(const uint8_t *data, uint64_t size, uint8_t *out, uint64_t most);

/* ---- laying out RAM: load.c ---- */

struct ram_place {
    paddr at;
    uint64_t size;
    const char *what; /* borrowed */
};

struct ram_layout {
    paddr base;
    uint64_t size;
    VEC(struct ram_place) places; /* the owner frees it with vec_fini() */
};

/* Takes [at, at+size) for `what`: a sentence if it is not RAM or taken already. */
int ram_take(struct ram_layout *r, const char *what, paddr at, uint64_t size, struct error *e);
/* Drops what of a placed program lies outside the RAM: the zeros, and below it constants as well, such
 * as the page with an ELF file's own headers. Bytes of the file that would be missed, or an entry that
 * is lost, are an error. Then the entry is settled, and there is at least one segment. */
int ram_clip_program(const struct ram_layout *r, const char *what, struct program *p,
                     struct error *e);
/* Where a kernel that was clipped is started, as the reference does it: behind firmware at its lowest
 * address, without at the RAM's; and where that is no code, at its entry. */
paddr ram_kernel_start(const struct ram_layout *r, const struct program *p, bool has_firmware);
/* Takes the segments of a program that was clipped and has them loaded. */
int ram_load_program(struct ram_layout *r, struct machine *m, const char *what,
                     const struct program *p, struct error *e);
/* Takes a place for bytes and has them loaded. */
int ram_load_bytes(struct ram_layout *r, struct machine *m, const char *what, paddr at,
                   const void *data, uint64_t size, struct shared_bytes *shared, struct error *e);

/* ---- device trees: fdt.c ---- */

#define FDT_BYTES_MAX MACHINE_TREE_MAX

/* What goes into /chosen, beside what is there. */
struct fdt_chosen {
    const char *bootargs; /* empty: leave it as it is */
    bool has_initrd;      /* make room for fdt_set_initrd() */
};

/* A tree of the user's, checked: a copy with room in it; NULL and a sentence if it is broken. */
void *fdt_from_image(const struct machine_image *image, struct error *e);
/* Adds `chosen` to a tree with room, then shuts it to its least size. -1: no room. */
int fdt_add_chosen(void *tree, const struct fdt_chosen *chosen, struct error *e);
uint64_t fdt_bytes(const void *tree);
/* After fdt_add_chosen() with has_initrd; the size stays. */
void fdt_set_initrd(void *tree, paddr start, paddr end);
/* 32 bytes for /chosen/rng-seed from the machine's seed. */
void fdt_seed_bytes(uint64_t seed, uint8_t out[32]);

/* ---- writing a device tree: fdt_write.c ---- */

/* What is being written; `result` is libfdt's first complaint. */
struct fdt_writer {
    void *blob;
    int result;
};
/* Its root is open then. */
void fdt_write_begin(struct fdt_writer *t);
/* Shuts the root; a tree with room in it, which the caller frees. */
void *fdt_write_end(struct fdt_writer *t);
void fdt_node(struct fdt_writer *t, const char *name);
void fdt_node_at(struct fdt_writer *t, const char *name, uint64_t address); /* NAME@ADDRESS */
void fdt_node_end(struct fdt_writer *t);
void fdt_prop_bytes(struct fdt_writer *t, const char *name, const void *bytes, size_t count);
void fdt_prop_text(struct fdt_writer *t, const char *name, const char *text);
/* A list of strings, each with its NUL: pass a literal; its last NUL comes by itself. */
#define FDT_PROP_TEXTS(t, name, literal) fdt_prop_bytes(t, name, literal, sizeof(literal))
void fdt_prop_cell(struct fdt_writer *t, const char *name, uint32_t value);
void fdt_prop_empty(struct fdt_writer *t, const char *name);
void fdt_prop_cells(struct fdt_writer *t, const char *name, const uint32_t *cells, size_t count);
#define FDT_PROP_CELLS(t, name, ...)                                                               \
    fdt_prop_cells(t, name, (const uint32_t[]){__VA_ARGS__},                                       \
                   ARRAY_LEN(((const uint32_t[]){__VA_ARGS__})))
/* "reg", with two cells for an address and two for a size. */
void fdt_prop_reg(struct fdt_writer *t, uint64_t at, uint64_t size);
void fdt_prop_cell_counts(struct fdt_writer *t, uint32_t address, uint32_t size);
/* 32 bytes that follow from the machine's seed. */
void fdt_prop_seed(struct fdt_writer *t, const char *name, uint64_t seed);

/* ---- what is plugged in: plug.c, fdt_pci.c ---- */

/* Where a board has its host of PCI, if it gets one, and where its four lines lead. */
struct board_pci {
    struct pci_host_config host;
    struct device *interrupts;
    uint32_t first_input;
};
/* The configuration puts something on PCI. */
bool board_has_pci(const struct machine_config *c);
/* A board's places for virtio over MMIO, side by side. */
#define BOARD_SLOTS_MAX 32
struct board_slots {
    paddr base;
    uint64_t step; /* bytes from one to the next */
    unsigned count;
    struct device *interrupts;
    uint32_t first_input; /* of the interrupt controller: the first slot's */
};
/* The configuration puts something there. */
bool board_has_virtio(const struct machine_config *c);
/* After the board's own devices. */
int board_plug(struct machine *m, const struct machine_config *c, const struct board_pci *pci,
               const struct board_slots *slots, struct error *e);
/* The host's node. An interrupt is, behind the controller's phandle and as many zeros as its addresses have
 * cells: `before` if there is one, the number, `after` if there is one. */
struct fdt_pci {
    const struct pci_host_config *host;
    const char *name; /* "pci" */
    uint64_t unit;    /* behind the @ */
    uint32_t interrupts;
    uint32_t first_interrupt;
    uint8_t parent_cells, before_count, after_count;
    uint32_t before, after;
    uint32_t messages; /* phandle of who takes messages; 0: nobody */
};
void fdt_add_pci(struct fdt_writer *t, const struct fdt_pci *p);

/* ---- riscv_virt ---- */

/* The reference's memory map. A chip's place may be longer than its registers. */
enum {
    RISCV_VIRT_TEST_SIZE = 0x1000,
    RISCV_VIRT_RTC_SIZE = 0x1000,
    RISCV_VIRT_CLINT_SIZE = 0x10000,
    RISCV_VIRT_PLIC_SIZE = 0x600000,
    RISCV_VIRT_UART_SIZE = 0x100,
    RISCV_VIRT_ROM = 0x1000,
    RISCV_VIRT_ROM_SIZE = 0xf000,
    RISCV_VIRT_TEST = 0x100000,
    RISCV_VIRT_RTC = 0x101000,
    RISCV_VIRT_CLINT = 0x2000000,
    RISCV_VIRT_PLIC = 0xc000000,
    RISCV_VIRT_UART = 0x10000000,
    RISCV_VIRT_VIRTIO = 0x10001000,
    RISCV_VIRT_VIRTIO_SIZE = 0x1000, /* of each */
    RISCV_VIRT_VIRTIO_COUNT = 8,
    RISCV_VIRT_PCI_IO = 0x3000000,
    RISCV_VIRT_PCI_ECAM = 0x30000000,
    RISCV_VIRT_PCI_MEMORY = 0x40000000,
};
#define RISCV_VIRT_RAM UINT64_C(0x80000000)
enum {
    RISCV_VIRT_VIRTIO_IRQ = 1,
    RISCV_VIRT_UART_IRQ = 10,
    RISCV_VIRT_RTC_IRQ = 11,
    RISCV_VIRT_PCI_IRQ = 32
};
#define RISCV_VIRT_UART_HZ 3686400

/* riscv_firmware.c */
extern const char *const riscv64_firmware[], *const riscv32_firmware[];
extern const char riscv64_firmware_missing[], riscv32_firmware_missing[];

struct machine *riscv_virt_build(const struct machine_config *c, const struct isa *isa,
                                 struct error *e);
struct pci_host_config riscv_virt_pci(const struct machine_config *c, bool is_32);
/* riscv_virt_fdt.c: the tree without what the loader adds to /chosen; the caller frees it. */
void *riscv_virt_fdt(const struct machine_config *c, bool is_32);

/* ---- arm_virt ---- */

/* The reference's memory map. */
enum {
    ARM_VIRT_FLASH = 0x00000000, /* two banks */
    ARM_VIRT_FLASH_SIZE = 0x04000000,
    ARM_VIRT_GIC = 0x08000000, /* the distributor; a place may be longer than its registers */
    ARM_VIRT_GIC_SIZE = 0x10000,
    ARM_VIRT_GICC = 0x08010000,
    ARM_VIRT_V2M = 0x08020000,
    ARM_VIRT_ITS = 0x08080000,
    ARM_VIRT_ITS_SIZE = 0x20000,
    ARM_VIRT_GICR = 0x080a0000,
    ARM_VIRT_GICR_SIZE = 0xf60000,
    ARM_VIRT_UART = 0x09000000,
    ARM_VIRT_RTC = 0x09010000,
    ARM_VIRT_FW_CFG = 0x09020000,
    ARM_VIRT_FW_CFG_SIZE = 0x18,
    ARM_VIRT_GPIO = 0x09030000,
    ARM_VIRT_UART1 = 0x09040000, /* with a second -serial */
    ARM_VIRT_CHIP_SIZE = 0x1000,
    ARM_VIRT_VIRTIO = 0x0a000000,
    ARM_VIRT_PCI_MEMORY = 0x10000000,
    ARM_VIRT_PCI_MEMORY_SIZE = 0x2eff0000,
    ARM_VIRT_PCI_IO = 0x3eff0000,
    ARM_VIRT_PCI_IO_SIZE = 0x10000,
    ARM_VIRT_PCI_ECAM_LOW = 0x3f000000, /* with highmem=off */
    ARM_VIRT_PCI_ECAM_LOW_SIZE = 0x1000000
};
#define ARM_VIRT_PCI_ECAM UINT64_C(0x4010000000)
#define ARM_VIRT_PCI_HIGH UINT64_C(0x8000000000) /* so many bytes as well */
#define ARM_VIRT_RAM      UINT64_C(0x40000000)
/* Shared interrupts, by their numbers from the first of them on. */
enum {
    ARM_VIRT_UART_SPI = 1,
    ARM_VIRT_RTC_SPI = 2,
    ARM_VIRT_PCI_SPI = 3,
    ARM_VIRT_GPIO_SPI = 7,
    ARM_VIRT_UART1_SPI = 8,
    ARM_VIRT_VIRTIO_SPI = 16,
    ARM_VIRT_V2M_SPI = 48
};
/* Private ones, by their INTIDs. */
enum {
    ARM_VIRT_PMU_PPI = 23,
    ARM_VIRT_MAINTENANCE_PPI = 25, /* of a hypervisor: dev/arm/gicv3_virtual.c raises it itself */
    ARM_VIRT_HYPER_TIMER_PPI = 26,
    ARM_VIRT_VIRTUAL_TIMER_PPI = 27,
    ARM_VIRT_HYPER_VIRTUAL_PPI = 28,
    ARM_VIRT_SECURE_TIMER_PPI = 29,
    ARM_VIRT_PHYSICAL_TIMER_PPI = 30
};
enum { ARM_VIRT_POWER_PIN = 3 }; /* of the GPIO: the power button's */
#define ARM_VIRT_CLOCK_HZ 24000000

/* What -M says of it. */
struct arm_virt {
    unsigned gic; /* version, 2 or 3 */
    bool has_its;
    bool has_semihosting;
    bool has_highmem;
    bool has_el2; /* virtualization=on: PSCI is called by SMC then */
};
#define ARM_VIRT_THINGS 2
extern const struct thing_class *const arm_virt_things[ARM_VIRT_THINGS];

bool arm_has_firmware(const struct machine_config *c);
struct machine *arm_virt_build(const struct machine_config *c, const struct isa *isa,
                               struct error *e);
struct pci_host_config arm_virt_pci(const struct arm_virt *v);
/* arm_virt_fdt.c: the tree without what the loader adds to /chosen; the caller frees it. */
void *arm_virt_fdt(const struct machine_config *c, const struct arm_virt *v);
/* arm_firmware.c: two banks of flash, with what is given for them, the first of which is at address 0 as well where
 * `is_low`; what firmware asks of the board. */
int arm_add_flash(struct machine *m, const struct machine_config *c, const paddr at[2], bool is_low,
                  struct error *e);
int arm_add_fw_cfg(struct machine *m, const struct machine_config *c, bool has_firmware,
                   struct error *e);

/* What loading depends on, for arm_load(). */
struct arm_boot {
    paddr ram;
    paddr firmware; /* where the first hart starts with -bios */
    /* The board describes itself, and tells firmware of the kernel. Else a tree is the user's, of which only ELF files and
     * firmware have no need, and a kernel is started instead of the firmware. */
    bool has_tree;
    uint32_t
        set_machine; /* the instruction that tells a 32-bit kernel its machine by r1; 0: there is none */
    /* The tree without what goes into /chosen, with room for that; NULL and a sentence. */
    void *(*make_tree)(const struct machine_config *c, const void *board, struct error *e);
    const void *board; /* for make_tree() */
};
struct arm_start {
    paddr at; /* of the first hart */
    bool is_kernel;
};
/* arm_load.c: puts programs, tree and RAM disk into memory. */
int arm_load(struct machine *m, const struct machine_config *c, const struct arm_boot *boot,
             struct arm_start *start, struct error *e);

/* ---- vexpress: vexpress.c, vexpress_load.c ---- */

/* What the reference's boards vexpress-a9 and vexpress-a15 differ in. */
struct vexpress {
    const char *name;
    const char *cpu; /* the default, and the only one but for cortex-a7 on vexpress-a15 */
    paddr flash[2], sram, video, ram;
    paddr sysreg, io, io_step; /* chip n of the motherboard is at io + n * io_step */
    paddr private;             /* of the processors: interrupt controller, timers */
    uint64_t ram_most;
    uint32_t id;
    uint32_t clocks[9], voltages[6]; /* oscillators, Hz; supplies, microvolts; up to a 0 */
    bool is_a9;
};
struct machine *vexpress_a9_build(const struct machine_config *c, const struct isa *isa,
                                  struct error *e);
struct machine *vexpress_a15_build(const struct machine_config *c, const struct isa *isa,
                                   struct error *e);
#define VEXPRESS_THINGS 2
extern const struct thing_class *const vexpress_things[VEXPRESS_THINGS];
enum {
    VEXPRESS_VIRTIO_COUNT = 4,
    VEXPRESS_VIRTIO_BYTES = 0x200, /* of each */
    VEXPRESS_VIRTIO_CHIP = 0x13,
    VEXPRESS_VIRTIO_SPI = 40
};
/* The address of a motherboard's chip by its number. */
static inline paddr vexpress_chip(const struct vexpress *v, unsigned n)
{
    return v->io + n * v->io_step;
}
/* vexpress_load.c: kernel, tree and RAM disk, and where harts but the first wait in the SRAM, `sram`, to be told where to go. start[0] and
 * start[1] become where the first hart and the others start. */
int vexpress_load(struct machine *m, const struct machine_config *c, const struct vexpress *v,
                  uint64_t start[2], struct error *e);

#endif
