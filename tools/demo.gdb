# SPDX-License-Identifier: GPL-2.0-or-later
# The scripted session of ./demo: gdb is attached at the end of the boot.
set pagination off
set confirm off
echo \n-- at the end of the boot\n
monitor when
info registers pc sp tick
echo \n-- five instructions back, one at a time\n
reverse-stepi
reverse-stepi
reverse-stepi
reverse-stepi
reverse-stepi
monitor when
echo \n-- and forward again\n
stepi 5
monitor when
echo \n-- to the middle of history\n
monitor goto 50%
stepi
x/3i $pc
echo \n-- who is to write the word below the stack pointer next, and who was it before?\n
monitor goto 60%
stepi
set $slot = $sp
watch *(long *)$slot
reverse-continue
x/2i $pc
monitor when
continue
monitor when
delete
echo \n-- back to the very beginning\n
reverse-continue
monitor when
info registers pc
detach
