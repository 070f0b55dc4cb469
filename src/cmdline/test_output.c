// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "cmdline/cmdline.h"
#include "support/capture.h"
#include "support/cmocka.h"

static int say_what_failed(void *arg)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_field(&err, LRC_ERR_NOT_FOUND, "name", "there is no dataset 'x'");
    return lrc_cmdline_fail(arg, &err);
}

static void errors_as_text_and_json(void **state)
{
    (void)state;
    lrc_common text = {0}, json = {.json = true};
    lrc_auto_free char *out = NULL, *err = NULL, *json_out = NULL, *json_err = NULL;
    assert_int_equal(lrc_test_capture(say_what_failed, &text, &out, &err), 3);
    assert_string_equal(out, "");
    assert_string_equal(err, "lorica: there is no dataset 'x'\n");
    assert_int_equal(lrc_test_capture(say_what_failed, &json, &json_out, &json_err), 3);
    assert_string_equal(json_err, "");
    assert_string_equal(json_out, "{\"success\":false,\"error\":\"there is no dataset 'x'\",\"detail\":\"there is no "
                                  "dataset 'x'\",\"code\":\"not_found\",\"field\":\"name\"}\n");
}

static int print_findings(void *arg)
{
    lrc_auto_findings lrc_findings f = {0};
    lrc_findings_add(&f, LRC_FINDING_ERROR, "x", "vae", "/m/v", "put it there", NULL, "not found");
    lrc_findings_add(&f, LRC_FINDING_WARNING, "y", NULL, "/m/w", NULL, NULL, "/m/w is old");
    lrc_findings_add(&f, LRC_FINDING_INFO, "z", NULL, NULL, NULL, NULL, "12 images");
    lrc_cmdline_findings(arg, &f);
    return 0;
}

static void findings_as_lines(void **state)
{
    (void)state;
    static const struct {
        lrc_common common;
        const char *lines;
    } row[] = {
        {{0}, "error: vae: not found (/m/v)\n    -> put it there\nwarning: /m/w is old\ninfo: 12 images\n"},
        {{.quiet = true}, "error: vae: not found (/m/v)\n    -> put it there\nwarning: /m/w is old\n"},
        {{.json = true}, ""},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_common common = row[i].common;
        lrc_auto_free char *out = NULL, *err = NULL;
        lrc_test_capture(print_findings, &common, &out, &err);
        assert_string_equal(err, row[i].lines);
        assert_string_equal(out, "");
    }
}

static int show_progress(void *arg)
{
    lrc_progress p;
    lrc_progress_begin(&p, arg, "tagging", 40);
    for (uint64_t i = 1; i <= 40; i++)
        lrc_progress_step(&p, i, "a.png");
    lrc_progress_end(&p);
    lrc_progress_begin(&p, arg, "nothing", 0);
    lrc_progress_step(&p, 0, NULL);
    lrc_progress_end(&p);
    return 0;
}

static void progress_without_a_terminal(void **state)
{
    (void)state;
    lrc_common plain = {0}, quiet = {.quiet = true};
    lrc_auto_free char *out = NULL, *err = NULL, *none = NULL, *none_err = NULL;
    lrc_test_capture(show_progress, &plain, &out, &err);
    assert_string_equal(out, "");
    assert_string_equal(err, "tagging: 40 to do\ntagging: 4/40 (10%)\ntagging: 8/40 (20%)\ntagging: 12/40 (30%)\n"
                             "tagging: 16/40 (40%)\ntagging: 20/40 (50%)\ntagging: 24/40 (60%)\ntagging: 28/40 (70%)\n"
                             "tagging: 32/40 (80%)\ntagging: 36/40 (90%)\ntagging: 40/40 (100%)\nnothing: 0 to do\n"
                             "nothing: 0/0 (100%)\n");
    lrc_test_capture(show_progress, &quiet, &none, &none_err);
    assert_string_equal(none_err, "");
}

static int results_to_a_full_disk(void *arg)
{
    const bool json = *(bool *)arg;
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    if (full < 0 || kept < 0 || dup2(full, STDOUT_FILENO) < 0)
        return -1;
    close(full);
    int code = 0;
    lrc_auto_buf lrc_buf buf;
    lrc_buf_init(&buf, 100);
    lrc_buf_adds(&buf, "{}");
    if (json)
        code = lrc_cmdline_json(&buf);
    else
        printf("a result\n");
    code = lrc_cmdline_finish(code);
    __fpurge(stdout);
    clearerr(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    return code;
}

static void a_result_that_does_not_fit(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        bool as_json = json;
        lrc_auto_free char *out = NULL, *err = NULL;
        assert_int_equal(lrc_test_capture(results_to_a_full_disk, &as_json, &out, &err), 7);
        assert_string_equal(err, "lorica: cannot write the result: No space left on device\n");
    }
    assert_int_equal(lrc_cmdline_finish(0), 0);
    assert_int_equal(lrc_cmdline_finish(3), 3);
}

static int print_too_much(void *arg)
{
    (void)arg;
    lrc_auto_buf lrc_buf buf;
    lrc_buf_init(&buf, 3);
    lrc_buf_adds(&buf, "{ \"a\" }");
    return lrc_cmdline_json(&buf);
}

static void a_result_that_could_not_be_made(void **state)
{
    (void)state;
    lrc_auto_free char *out = NULL, *err = NULL;
    assert_int_equal(lrc_test_capture(print_too_much, NULL, &out, &err), 2);
    assert_string_equal(out, "");
    assert_string_equal(err, "lorica: the result is larger than the limit of 3 bytes\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_as_text_and_json),         cmocka_unit_test(findings_as_lines),
        cmocka_unit_test(progress_without_a_terminal),     cmocka_unit_test(a_result_that_does_not_fit),
        cmocka_unit_test(a_result_that_could_not_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
