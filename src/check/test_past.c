// SPDX-License-Identifier: MIT
// What finished jobs measured, read from their folders.
#include <stdlib.h>
#include <string.h>

#include "check/past.h"
#include "job/folder.h"
#include "job/job.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define GIB ((int64_t)1 << 30)

struct setting {
    char *dir;
    lrc_workspace w;
};

static int open_all(void **state)
{
    struct setting *s = calloc(1, sizeof *s);
    lrc_err err = LRC_ERR_INIT;
    assert_non_null(s);
    s->dir = lrc_test_folder();
    assert_ok(lrc_workspace_open(s->dir, true, &s->w, &err), err);
    *state = s;
    return 0;
}

static int close_all(void **state)
{
    struct setting *s = *state;
    lrc_workspace_done(&s->w);
    lrc_test_folder_done(s->dir);
    free(s);
    return 0;
}

// A training as if it had run: submitted, then its end, log and samples written beside its spec.
static void add_run(const struct setting *s, const char *estimate, lrc_job_state state, const char *log,
                    const char *resources)
{
    const lrc_job_input inputs[] = {{"estimate.json", estimate, strlen(estimate)}};
    lrc_job_request job = {.kind = "training", .inputs = inputs, .input_count = 1, .grace_s = -1};
    char id[LRC_ID_MAX + 1];
    lrc_auto_free char *folder = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_strv_push(&job.argv, "true", &err), err);
    assert_ok(lrc_job_submit(&s->w, &job, id, &err), err);
    lrc_strv_done(&job.argv);
    assert_ok(lrc_job_path(&s->w, id, ".", &folder, &err), err);
    const lrc_job_status status = {.state = state,
                                   .started_ms = 1000,
                                   .ended_ms = 90000,
                                   .exited = true,
                                   .runner = {.pid = 1},
                                   .child = {.pid = 1}};
    assert_ok(lrc_job_status_write(folder, &status, &err), err);
    lrc_test_put(folder, "log", log);
    lrc_test_put(folder, "resources", resources);
}

static char *samples(int64_t first_ms, int64_t before, int64_t peak)
{
    char *text = NULL;
    assert_int_equal(
        lrc_str_format(&text, NULL,
                       "%lld 0 0 0 0 0 0 0 1 5 %lld\n20000 0 0 0 0 0 0 0 1 90 %lld\n25000 0 0 0 0 0 0 0 1 90 "
                       "%lld\n",
                       (long long)first_ms, (long long)before, (long long)peak, (long long)(peak - GIB)),
        0);
    return text;
}

#define SDXL "{\"family\":\"SDXL\",\"mode\":0,\"memory\":10737418240,\"work\":2.0}" // 10 GiB
#define BAR  "steps: 100%|##########| 100/100 [01:40<00:00,  1.00it/s, avr_loss=0.1]\n"

static void the_median_of_past_runs_counts(void **state)
{
    const struct setting *s = *state;
    lrc_past past;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_past_read(&s->w, LRC_FAMILY_SDXL, LRC_MODE_LORA, &past, &err), err);
    assert_int_equal(past.memory_runs + past.time_runs, 0);
    assert_true(past.memory_factor == 1);
    static const int peaks[] = {12, 14, 30};
    for (size_t i = 0; i < LENGTH(peaks); i++) {
        lrc_auto_free char *text = samples(2000, 2 * GIB, (peaks[i] + 2) * GIB);
        add_run(s, SDXL, LRC_JOB_COMPLETED, BAR, text);
    }
    lrc_auto_free char *late = samples(60000, 2 * GIB, 40 * GIB), *idle = samples(2000, 2 * GIB, 2 * GIB);
    lrc_auto_free char *good = samples(2000, 0, 50 * GIB);
    add_run(s, SDXL, LRC_JOB_COMPLETED, BAR, late);        // nobody was about at its start
    add_run(s, SDXL, LRC_JOB_COMPLETED, "no bar\n", idle); // no GPU, no speed
    add_run(s, SDXL, LRC_JOB_FAILED, BAR, good);           // did not complete
    add_run(s, "{\"family\":\"Flux\",\"mode\":0,\"memory\":1,\"work\":1}", LRC_JOB_COMPLETED, BAR,
            good); // another family
    add_run(s, "{\"family\":\"SDXL\",\"mode\":1,\"memory\":1,\"work\":1}", LRC_JOB_COMPLETED, BAR,
            good); // another mode
    add_run(s, "no estimate", LRC_JOB_COMPLETED, BAR, good);
    assert_ok(lrc_past_read(&s->w, LRC_FAMILY_SDXL, LRC_MODE_LORA, &past, &err), err);
    assert_int_equal(past.memory_runs, 3);
    assert_true(past.memory_factor > 1.39 && past.memory_factor < 1.41); // 14 of 10
    assert_int_equal(past.time_runs, 4);
    assert_true(past.seconds_per_work > 0.49 && past.seconds_per_work < 0.51); // 1 s a step of 2e12
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_median_of_past_runs_counts, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
