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
        .virtual_ns = r->known << c->shift,
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
