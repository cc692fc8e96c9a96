/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_reads: what is read of a disk is written down by cluster, and compared by whoever replays; a
 * branch has what its parent had; a follower sees it before the tick that it was read at; a file that
 * makes no sense ends the valid prefix. A packed one has the bytes, and so has a branch of it.
 */
#include <unistd.h>

#include "disk/disk.h"
#include "host/host.h"
#include "journal_fake.h"

enum { PERIOD = 5000, BUSY = 3000, DISK = IMAGE_COUNT };

static char path[256], branch_path[256];
static struct machine_config config;

static int setup(void **state)
{
    struct machine_thing *t;

    (void)state;
    fake_path(path, sizeof(path), "reads");
    fake_path(branch_path, sizeof(branch_path), "reads-branch");
    fake_config(&config);
    t = machine_config_add_thing(&config, "disk", "hd0");
    t->file = (struct machine_image){
        .name = base_strdup("/no/such/disk.qcow2"), .in_part = true, .size = UINT64_C(1) << 45};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < config.things.count; i++) {
        thing_fini(&config.things.data[i]);
    }
    vec_fini(&config.things);
    remove(path);
    remove(branch_path);
    return 0;
}

static int took(struct fake *f, uint64_t cluster, uint64_t hash, struct error *e)
{
    return f->m.inlet.took(f->m.inlet.opaque, DISK, cluster, hash, e);
}

/* Reads a cluster at each multiple of 1000 ticks. */
static struct journal *record(struct fake *f, const char *name, const struct pace *pace,
                              unsigned reads)
{
    struct error e = {{0}};
    struct journal *j = journal_record(name, &config, NULL, pace, NULL, &e);

    assert_string_equal(e.text, "");
    fake_init(f, PERIOD, BUSY);
    journal_attach(j, &f->m);
    for (unsigned i = 0; i < reads; i++) {
        assert_int_equal(journal_drive(j, &f->m, 1000 * (i + 1), false), JOURNAL_TICK);
        assert_int_equal(took(f, i * 7, i + 100, &e), 0);
        assert_int_equal(took(f, i * 7, i + 100, &e), 0); /* known already */
    }
    assert_int_equal(took(f, 0, 5, &e), -1); /* while it is recorded, too */
    assert_non_null(strstr(e.text, "/no/such/disk.qcow2: has changed since it was read first"));
    return j;
}

static void check(const char *name, unsigned reads)
{
    struct error e = {{0}};
    struct recording *r = recording_open(name, &e);
    struct replay p;
    struct fake f;
    struct inlet inlet;

    assert_string_equal(e.text, "");
    assert_null(recording_problem(r));
    fake_init(&f, PERIOD, BUSY);
    replay_init(&p, r, 0, NULL);
    inlet = replay_inlet(&p);
    machine_set_inlet(&f.m, &inlet);
    for (unsigned i = 0; i < reads; i++) {
        assert_int_equal(took(&f, i * 7, i + 100, &e), 0);
        assert_int_equal(took(&f, i * 7, i + 101, &e), -1);
    }
    assert_int_equal(took(&f, 7, 1, &e), -1);
    assert_string_equal(e.text,
                        "/no/such/disk.qcow2: has changed since it was recorded: the 64 KiB "
                        "at byte 458752 of the disk are not what they were");
    assert_int_equal(took(&f, 6, 1, &e), 0); /* nobody knows */
    replay_fini(&p);
    recording_close(r);
}

static void test_written_and_compared(void **state)
{
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal *j;
    struct fake f;

    (void)state;
    j = record(&f, path, &pace, 9);
    assert_int_equal(journal_finish(j, END_QUIT, &e), 0);
    journal_close(j);
    check(path, 9);
}

/* More than one chunk holds. */
static void test_many(void **state)
{
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal *j;
    struct fake f;

    (void)state;
    j = record(&f, path, &pace, 10000);
    journal_close(j);
    (void)e;
    check(path, 10000);
}

static void test_branch_has_them(void **state)
{
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct error e = {{0}};
    struct journal *j, *b;
    struct fake f, *again = base_alloc(1, sizeof(*again));
    struct journal_branch from;
    struct inlet inlet;

    (void)state;
    fake_init(again, PERIOD, BUSY);
    j = record(&f, path, &pace, 5);
    from = (struct journal_branch){
        .parent = journal_recording(j), .parent_name = path, .machine = &f.m, .again = &again->m};
    b = journal_branch(branch_path, &from, NULL, &pace, NULL, &e);
    assert_string_equal(e.text, "");
    inlet = journal_inlet(b);
    machine_set_inlet(&f.m, &inlet);
    assert_int_equal(took(&f, 35, 105, &e), 0);
    assert_int_equal(took(&f, 7, 1, &e), -1);
    journal_close(b);
    journal_close(j);
    check(branch_path, 6);
}

/* Cluster c is full of c + 1, but for zeros at its end. */
static void fill(uint64_t cluster, uint8_t bytes[DISK_READ_CLUSTER])
{
    memset(bytes, 0, DISK_READ_CLUSTER);
    memset(bytes, (int)cluster + 1, (size_t)(DISK_READ_CLUSTER - cluster * 1000));
}

static int give(void *opaque, unsigned file, uint64_t cluster, void *bytes, struct error *e)
{
    (void)e;
    assert_int_equal(file, DISK);
    fill(cluster, bytes);
    *((uint8_t *)bytes + 5) ^= cluster == *(uint64_t *)opaque;
    return 0;
}

static void check_pieces(const char *name, uint64_t clusters)
{
    uint8_t *bytes = base_alloc(DISK_READ_CLUSTER, 1), *want = base_alloc(DISK_READ_CLUSTER, 1);
    struct error e = {{0}};
    struct recording *r = recording_open(name, &e);
    const struct machine_pieces *pieces;

    assert_string_equal(e.text, "");
    assert_null(recording_problem(r));
    pieces = machine_config_get_file(recording_config(r), DISK)->pieces;
    for (uint64_t c = 0; c < clusters; c++) {
        fill(c, want);
        assert_int_equal(pieces->read(pieces->opaque, c, bytes, &e), 0);
        assert_memory_equal(bytes, want, DISK_READ_CLUSTER);
    }
    assert_int_equal(pieces->read(pieces->opaque, clusters, bytes, &e), -1);
    assert_non_null(strstr(e.text, "/no/such/disk.qcow2: the recording holds what was read of it"));
    recording_close(r);
    free(bytes);
    free(want);
}

static void pack(uint64_t bad, struct error *e)
{
    const struct journal_options options = {.force = true};
    struct recording *r = recording_open(path, e);

    assert_non_null(r);
    (void)recording_pack(r, branch_path, &options, &(struct pack_source){give, &bad}, e);
    recording_close(r);
}

/* Goes on from the end of the packed one, and reads what it has. */
static void branch_of_packed(const struct pace *pace)
{
    struct error e = {{0}};
    struct recording *r = recording_open(branch_path, &e);
    struct fake f, *again = base_alloc(1, sizeof(*again));
    struct journal_branch from = {.parent = r, .machine = &f.m, .again = &again->m};
    uint8_t *bytes = base_alloc(DISK_READ_CLUSTER, 1);
    struct replay p;
    struct inlet inlet;
    struct journal *b;

    fake_init(&f, PERIOD, BUSY);
    fake_init(again, PERIOD, BUSY);
    replay_init(&p, r, 0, NULL);
    inlet = replay_inlet(&p);
    machine_set_inlet(&f.m, &inlet);
    assert_int_equal(machine_run(&f.m, 1500, false), STOP_TICK);
    remove(path);
    b = journal_branch(path, &from, NULL, pace, NULL, &e);
    assert_string_equal(e.text, "");
    inlet = journal_inlet(b);
    machine_set_inlet(&f.m, &inlet);
    fill(4, bytes);
    assert_int_equal(took(&f, 4, disk_read_hash(4, bytes), &e), 0);
    assert_int_equal(journal_drive(b, &f.m, 3000, false), JOURNAL_TICK);
    journal_close(b);
    replay_fini(&p);
    recording_close(r);
    free(bytes);
}

static void test_packed(void **state)
{
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct error e = {{0}};
    uint8_t *bytes = base_alloc(DISK_READ_CLUSTER, 1);
    struct journal *j;
    struct fake f;

    (void)state;
    j = journal_record(path, &config, NULL, &pace, NULL, &e);
    fake_init(&f, PERIOD, BUSY);
    journal_attach(j, &f.m);
    for (uint64_t c = 9; c-- > 0;) {
        fill(c, bytes);
        assert_int_equal(took(&f, c, disk_read_hash(c, bytes), &e), 0);
    }
    free(bytes);
    assert_int_equal(journal_drive(j, &f.m, 2000, false), JOURNAL_TICK);
    journal_close(j);
    pack(3, &e);
    assert_string_equal(e.text,
                        "/no/such/disk.qcow2: has changed since it was recorded: the 64 KiB "
                        "at byte 196608 of the disk are not what they were");
    assert_int_equal(access(branch_path, F_OK), -1);
    e.text[0] = '\0';
    pack(UINT64_MAX, &e);
    assert_string_equal(e.text, "");
    check_pieces(branch_path, 9);
    branch_of_packed(&pace);
    remove(branch_path);
    check_pieces(path, 9);
}

/* Whatever its bytes are after the config, a READ chunk is taken whole or not at all. */
static void test_damage(void **state)
{
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct error e = {{0}};
    struct journal *j;
    struct fake f;
    uint8_t *bytes;
    size_t size;

    (void)state;
    j = record(&f, path, &pace, 3);
    journal_close(j);
    assert_int_equal(host_file_read_all(path, 1 * MIB, &bytes, &size, &e), 0);
    for (size_t cut = 128; cut < size; cut++) {
        struct recording *r = recording_parse(bytes, cut, "cut", true, &e);

        recording_close(r);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_written_and_compared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_branch_has_them, setup, teardown),
        cmocka_unit_test_setup_teardown(test_packed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
