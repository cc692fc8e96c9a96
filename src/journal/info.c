/* SPDX-License-Identifier: GPL-2.0-or-later
 * info: a recording's figures, for people and for `reprise info --json`. Nothing is replayed.
 */
#include <stdio.h>

#include "journal/tape.h"

static void add_files(const struct recording *r, struct recording_info *out)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *image = machine_config_get_file(r->config, i);
        if (image != NULL) {
            uint64_t clusters, stored;

            held_count(r, i, &clusters, &stored);
            out->blob_bytes += stored;
            out->files[out->file_count++] = (struct recording_file){
                .role = config_file_role(r->config, i),
                .name = image->name,
                .bytes = image->size,
                .hash = image->hash,
                .embedded = r->notes[i].embedded,
                .in_part = image->in_part,
                .clusters = r->reads[i] != NULL ? r->reads[i]->list.count : 0};
        }
    }
}

/* A recording without changes of the rate has no need to be gone through. */
static uint64_t virtual_time(const struct recording *r)
{
    struct clock clock = {.shift = r->config->shift};
    const struct input *in;
    struct inputs x;

    if (recording_port_inputs(r, POKE_PORT) == 0) {
        return clock_ns(&clock, r->known);
    }
    inputs_init(&x, r);
    for (; (in = inputs_peek(&x)) != NULL; inputs_pass(&x)) {
        uint64_t shift = in->length >= POKE_HEADER ? bytes_get_le(in->data + 8, 8) : UINT64_MAX;

        if (in->port == POKE_PORT && shift <= MACHINE_SHIFT_MAX && in->data[0] == POKE_RATE) {
            clock = (struct clock){
                .base_ns = clock_ns(&clock, in->at), .base_tick = in->at, .shift = shift};
        }
    }
    inputs_fini(&x);
    return clock_ns(&clock, r->known);
}

void recording_get_info(const struct recording *r, struct recording_info *out)
{
    const struct machine_config *c = r->config;

    *out = (struct recording_info){
        .format = r->format,
        .config = c,
        .harts = c->hart_count,
        .ram_bytes = c->ram_bytes,
        .epoch_ns = c->epoch_ns,
        .seed = c->seed,
        .shift = c->shift,
        .ticks = r->known,
        .virtual_ns = virtual_time(r),
        .inputs = r->tape->count,
        .input_bytes = r->tape->bytes,
        .witnesses = r->witnesses.count + r->ended,
        .complete = r->ended,
        .ended = journal_end_name(r->ended ? r->end.why : END_NONE),
        .exit_status = r->ended ? r->end.exit_status : 0,
        .final_hash = r->ended ? r->end.last.hash : 0,
        .recording_bytes = r->file_bytes,
        .blob_bytes = r->blob_bytes,
        .problem = r->problem,
    };
    if (r->ended) {
        out->instructions = r->end.last.instructions;
    } else if (r->witnesses.count > 0) {
        out->instructions = r->witnesses.data[r->witnesses.count - 1].instructions;
    }
    (void)snprintf(out->program, sizeof(out->program), "%s", r->extra.program);
    out->origin = recording_origin(r);
    memcpy(out->arch, c->arch, sizeof(out->arch));
    memcpy(out->board, c->board, sizeof(out->board));
    memcpy(out->cpu, c->cpu, sizeof(out->cpu));
    memcpy(out->append, c->append, sizeof(out->append));
    add_files(r, out);
}
