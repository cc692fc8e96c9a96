// SPDX-License-Identifier: GPL-2.0-or-later
// store_mixed: stores into a page that also holds code that runs: two million of them.
#define MIXED 1
#include "store_body.h"
