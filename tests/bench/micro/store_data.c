// SPDX-License-Identifier: GPL-2.0-or-later
// store_data: the loop of store_mixed.c, with its stores in a page without code.
#define MIXED 0
#include "store_body.h"
