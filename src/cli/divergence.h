/* SPDX-License-Identifier: GPL-2.0-or-later
 * divergence: two machines side by side, to name the first thing that differs.
 */
#ifndef CLI_DIVERGENCE_H
#define CLI_DIVERGENCE_H

#include "options/options.h"
#include "journal/journal.h"

/* The journal's replay did not match: replays it in two fresh machines and says on stderr whether
 * they differ from each other, and where first, or else that all three agree. */
void divergence_explain(const struct journal *j, const struct options *o);

#endif
