// SPDX-License-Identifier: MIT
#include "train/resume.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "job/schedule.h"
#include "support/cmocka.h"
#include "support/job.h"
#include "support/zip.h"

#define PIECE 4096 // states are cut at every multiple of it

// A zip archive as torch.save makes one.
static void put_archive(const char *dir, const char *name, size_t payload)
{
    lrc_auto_free char *bytes = calloc(payload, 1);
    lrc_test_zip zip;
    lrc_test_zip_init(&zip);
    lrc_test_zip_put(&zip, &(lrc_test_zip_entry){.name = "archive/data.pkl", .bytes = bytes, .n = payload});
    free(lrc_test_zip_save(&zip, dir, name));
}

static void put_safetensors(const char *dir, const char *name, size_t floats)
{
    lrc_auto_free char *head = NULL, *path = lrc_test_join(dir, name);
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 64 << 20);
    lrc_str_format(&head, NULL, "{\"w\":{\"dtype\":\"F32\",\"shape\":[%zu],\"data_offsets\":[0,%zu]}}", floats,
                   floats * 4);
    const uint64_t n = strlen(head);
    lrc_buf_add(&b, &n, sizeof n);
    lrc_buf_adds(&b, head);
    for (size_t i = 0; i < floats; i++)
        lrc_buf_add(&b, "\0\0\0\0", 4);
    assert_ok(lrc_fs_write(path, b.data, b.len, 0, &err), err);
}

// A whole state in <dir>/<name>, made at this step.
static char *put_state(const char *dir, const char *name, int epoch, int step)
{
    char *folder = lrc_test_join(dir, name);
    lrc_auto_free char *json = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_fs_mkdirs(folder, &err), err);
    put_safetensors(folder, "model.safetensors", 5000);
    put_archive(folder, "optimizer.bin", 20000);
    put_archive(folder, "scheduler.bin", 300);
    put_archive(folder, "random_states_0.pkl", 9000);
    lrc_str_format(&json, NULL, "{\"current_epoch\": %d, \"current_step\": %d}", epoch, step);
    lrc_test_put(folder, "train_state.json", json);
    return folder;
}

static bool complete(const char *folder, char why[static LRC_TRAIN_WHY_MAX])
{
    lrc_train_state s = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_train_state_look(folder, &s, &err), err);
    snprintf(why, LRC_TRAIN_WHY_MAX, "%s", s.why);
    free(s.path);
    return s.complete;
}

// A writer that dies, or a disk that becomes full, at any place: such a state is never offered.
static void a_state_that_is_cut_off_is_never_offered(void **state)
{
    (void)state;
    static const char *const files[] = {"model.safetensors", "optimizer.bin", "scheduler.bin", "random_states_0.pkl",
                                        "train_state.json"};
    lrc_auto_free char *dir = lrc_test_folder(), *folder = put_state(dir, "x-state", 2, 50);
    char why[LRC_TRAIN_WHY_MAX];
    if (!complete(folder, why))
        fail_msg("a whole state is said not to be: %s", why);
    for (size_t i = 0; i < LENGTH(files); i++) {
        lrc_auto_free char *path = lrc_test_join(folder, files[i]), *whole = NULL;
        size_t n;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(lrc_fs_read(path, 1 << 20, &whole, &n, &err), err);
        for (size_t cut = 0; cut < n; cut += cut + PIECE < n ? PIECE : n - cut == 1 ? 1 : n - cut - 1) {
            assert_int_equal(truncate(path, (off_t)cut), 0);
            if (complete(folder, why))
                fail_msg("a state with %zu of %zu bytes of %s is said to be whole", cut, n, files[i]);
            assert_non_null(strstr(why, files[i]));
            assert_ok(lrc_fs_write(path, whole, n, 0, &err), err);
        }
        assert_int_equal(unlink(path), 0);
        assert_false(complete(folder, why));
        assert_ok(lrc_fs_write(path, whole, n, 0, &err), err);
    }
    assert_true(complete(folder, why));
    lrc_test_temp_done(&dir);
}

static void submit(const lrc_test_studio *s, char id[static LRC_ID_MAX + 1])
{
    lrc_job_request req = {.kind = "training", .grace_s = -1};
    lrc_err err = LRC_ERR_INIT;
    lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
    lrc_strv_push(&req.argv, "code", NULL);
    lrc_strv_push(&req.argv, "3", NULL);
    lrc_strv_pushf(&req.labels, NULL, "result=%s/output/x.safetensors", s->ws.root);
    assert_ok(lrc_job_submit(&s->ws, &req, id, &err), err);
    lrc_strv_done(&req.argv);
    lrc_strv_done(&req.labels);
}

static void the_furthest_whole_state_is_gone_on_from(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_free char *output = lrc_test_join(s.ws.root, "output");
    char id[LRC_ID_MAX + 1], next[LRC_ID_MAX + 1], third[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *old = put_state(output, "x-000009-state", 9, 900); // of an earlier run
    const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    static const char *const files[] = {"model.safetensors", "optimizer.bin", "scheduler.bin", "random_states_0.pkl",
                                        "train_state.json"};
    for (size_t i = 0; i < LENGTH(files); i++) {
        lrc_auto_free char *path = lrc_test_join(old, files[i]);
        utimensat(AT_FDCWD, path, long_ago, 0);
    }
    submit(&s, id);
    lrc_test_finish(&s, id);
    assert_int_equal(lrc_train_resume(&s.ws, id, next, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "save_state"));
    lrc_auto_free char *first = put_state(output, "x-000001-state", 1, 100);
    lrc_auto_free char *second = put_state(output, "x-step00000150-state", 1, 150);
    lrc_auto_free char *broken = put_state(output, "x-000002-state", 2, 200);
    lrc_auto_free char *other = put_state(output, "xy-000005-state", 5, 500); // another project's
    lrc_auto_free char *cut = lrc_test_join(broken, "optimizer.bin");
    assert_int_equal(truncate(cut, 100), 0);
    assert_ok(lrc_train_resume(&s.ws, id, next, &err), err);
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, next, &job);
    assert_string_equal(job.spec.argv.item[3], "--resume");
    assert_string_equal(job.spec.argv.item[4], second);
    assert_int_equal(job.spec.attempt, 2);
    assert_int_equal(lrc_train_resume(&s.ws, next, third, &err), -1); // it has not ended
    lrc_test_finish(&s, next);
    assert_ok(lrc_train_resume(&s.ws, next, third, &err), err); // and an attempt later they count too
    lrc_auto_train_states lrc_train_states states = {0};
    assert_ok(lrc_train_states_of(&s.ws, &job, &states, &err), err);
    assert_int_equal(states.count, 3);
    assert_string_equal(states.item[0].path, broken);
    assert_false(states.item[0].complete);
    assert_true(lrc_train_state_best(&states) == &states.item[1]);
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_that_is_cut_off_is_never_offered),
        cmocka_unit_test(the_furthest_whole_state_is_gone_on_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
