// SPDX-License-Identifier: GPL-2.0-or-later
// store_mixed: two million stores into a page that also holds code that runs.
#define MIXED 1
#include "store_body.h"
