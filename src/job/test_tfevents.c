// SPDX-License-Identifier: MIT
#include "job/tfevents.h"

#include <math.h>

#include "support/cmocka.h"
#include "support/temp.h"

// Written by torch.utils.tensorboard 2.15: loss/current 1/i and lr/unet for steps 1 to 20, one scalar as a tensor, a text, a
// histogram, and a loss that is no number at step 21.
#define FILE_OF_TORCH LORICA_TEST_DATA "/golden/job/events.tfevents"
#define STEPS         20
#define FIRST_SECOND  1700000000

struct seen {
    int losses, rates, others;
    double last_loss, tensor, wall_s;
    int64_t last_step;
};

static bool is(const lrc_tfevents_scalar *s, const char *tag)
{
    return s->tag_len == strlen(tag) && memcmp(s->tag, tag, s->tag_len) == 0;
}

static int note(void *arg, const lrc_tfevents_scalar *s, lrc_err *err)
{
    (void)err;
    struct seen *seen = arg;
    if (is(s, "loss/current")) {
        seen->losses++;
        seen->last_loss = s->value;
        seen->last_step = s->step;
        seen->wall_s = s->wall_s;
        if (s->step <= STEPS)
            assert_true(fabs(s->value - 1.0 / (double)s->step) < 1e-6);
    } else if (is(s, "lr/unet")) {
        seen->rates++;
    } else {
        seen->others++;
        if (is(s, "new/style"))
            seen->tensor = s->value;
    }
    return 0;
}

static char *read_file(size_t *ret_n)
{
    char *bytes = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_fs_read(FILE_OF_TORCH, 1 << 20, &bytes, ret_n, &err), err);
    return bytes;
}

static void a_real_file_is_read(void **state)
{
    (void)state;
    size_t n, used;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *bytes = read_file(&n);
    struct seen seen = {0};
    assert_ok(lrc_tfevents_read(bytes, n, note, &seen, &used, &err), err);
    assert_int_equal(used, n);
    assert_int_equal(seen.losses, STEPS + 1);
    assert_int_equal(seen.rates, STEPS);
    assert_int_equal(seen.last_step, STEPS + 1);
    assert_true(isnan(seen.last_loss));
    assert_true(seen.tensor == 2.5);
    assert_true(seen.wall_s == FIRST_SECOND + STEPS + 1);
}

// Its writer may be at it: every beginning of the file gives whole records, and going on from there gives the rest.
static void any_beginning_can_be_read(void **state)
{
    (void)state;
    size_t n;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *bytes = read_file(&n);
    for (size_t cut = 0; cut <= n; cut += 7) {
        struct seen seen = {0};
        size_t used = 0, rest = 0;
        assert_ok(lrc_tfevents_read(bytes, cut, note, &seen, &used, &err), err);
        assert_true(used <= cut);
        assert_ok(lrc_tfevents_read(bytes + used, n - used, note, &seen, &rest, &err), err);
        assert_int_equal(used + rest, n);
        assert_int_equal(seen.losses, STEPS + 1);
    }
}

// One wrong bit is seen, wherever it is; nothing is read past the end.
static void damage_is_seen(void **state)
{
    (void)state;
    size_t n;
    lrc_auto_free char *bytes = read_file(&n);
    for (size_t i = 0; i < n; i++) {
        struct seen seen = {0};
        size_t used = 0;
        lrc_err err = LRC_ERR_INIT;
        bytes[i] = (char)(bytes[i] ^ 0x10);
        assert_int_equal(lrc_tfevents_read(bytes, n, note, &seen, &used, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        bytes[i] = (char)(bytes[i] ^ 0x10);
    }
}

static void checksums(void **state)
{
    (void)state;
    // CRC-32C of "123456789" is e3069283 (RFC 3720, B.4 has the polynomial); masked as in record_writer.h.
    const uint32_t crc = 0xe3069283U;
    assert_int_equal(lrc_tfevents_crc("123456789", 9), ((crc >> 15) | (crc << 17)) + 0xa282ead8U);
}

static void files_are_found(void **state)
{
    (void)state;
    lrc_auto_free char *dir = lrc_test_folder(), *none = lrc_test_join(dir, "none");
    lrc_auto_strv lrc_strv found = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_tfevents_find(none, 0, &found, &err), err);
    assert_int_equal(found.count, 0);
    lrc_test_put(dir, "2026/network_train/events.out.tfevents.1.host.2.0", "x");
    lrc_test_put(dir, "2026/network_train/other", "x");
    assert_ok(lrc_tfevents_find(dir, 0, &found, &err), err);
    assert_int_equal(found.count, 1);
    lrc_strv_done(&found);
    assert_ok(lrc_tfevents_find(dir, INT64_MAX, &found, &err), err);
    assert_int_equal(found.count, 0);
    lrc_test_temp_done(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums),
        cmocka_unit_test(a_real_file_is_read),
        cmocka_unit_test(any_beginning_can_be_read),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(files_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
