// SPDX-License-Identifier: GPL-2.0-or-later
// smp: see smp_arm_body.h
#include "arm.h"

#include "../smp_arm_body.h"
