/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_control: clients of both dialects that say anything, in pieces of any size, at rest and under way.
 * The first byte of the data says how it is cut; a line that begins with '!' is for people, all others are
 * QMP's. Whatever is said, the machine only ever is where its recording has been.
 */
#include "../unit/control_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(struct control_monitor *m, const uint8_t *bytes, size_t count, size_t piece)
{
    for (size_t at = 0; at < count;) {
        size_t n = count - at < piece ? count - at : piece;
        size_t used = control_input(m, bytes + at, n, false);

        must(used <= n);
        if (control_is_held(m)) {
            must(control_input(m, NULL, 0, true) == 0 && !control_is_held(m));
        } else if (used == 0) {
            return; /* it is over */
        }
        (void)control_act(m->control);
        at += used;
    }
}

static uint64_t hash_at(struct travel *t, tick at)
{
    must(travel_seek(t, at).why == TRAVEL_ARRIVED);
    return machine_hash(travel_machine(t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t end_hash;
    struct bench b;
    size_t piece = size > 0 ? 1 + data[0] % 32u : 1;

    bench_open(&b);
    if (end_hash == 0) {
        end_hash = hash_at(b.travel, QUIET_END - 1);
        (void)travel_seek(b.travel, 0);
    }
    control_connect(b.qmp);
    control_connect(b.human);
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end != NULL ? (size_t)(end + 1 - (data + at)) : size - at;
        bool is_human = data[at] == '!';

        say(is_human ? b.human : b.qmp, data + at + is_human, n - is_human, piece);
        must(travel_now(b.travel) <= QUIET_END);
        at += n;
    }
    must(b.said.length < 64 * MIB && b.said_human.length < 64 * MIB);
    control_disconnect(b.qmp);
    control_disconnect(b.human);
    must(hash_at(b.travel, QUIET_END - 1) == end_hash);
    bench_close(&b);
    return 0;
}
