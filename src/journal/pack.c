/* SPDX-License-Identifier: GPL-2.0-or-later
 * pack: a recording that needs no other file: what it names is in it, and of files that are read in part what
 * was read of them. It is the same history, so that an index of the one goes with the other.
 */
#include "journal/tape.h"

int recording_pack(const struct recording *r, const char *path,
                   const struct journal_options *options, const struct pack_source *from,
                   struct error *e)
{
    struct recording whole = *r; /* all but what is in the file is shared */

    recording_set_by_reference(&whole, false);
    whole.extra.holds_pieces = true;
    return writer_pack(path, &whole, options, from, e);
}
