// SPDX-License-Identifier: MIT
#include "job/readings.h"

#include <math.h>
#include <pthread.h>

#include "base/fs.h"
#include "job/resources.h"
#include "job/show_metrics.h"
#include "job/tfevents.h"
#include "support/cmocka.h"
#include "support/job.h"

#define EVENTS LORICA_TEST_DATA "/golden/job/events.tfevents"

static const char training_log[] =
    "running training\n  total optimization steps / x: 100\n"
    "steps:   1%|1| 1/100 [00:01<01:39,  1.00it/s, avr_loss=0.5]\rsteps:   2%|1| 2/100 [00:02<01:38,  1.00it/s, "
    "avr_loss=0.4]\nsaving checkpoint: x\nmodel saved.\nsteps:   3%|1| 3/100 [00:03<01:37,  1.00it/s, avr_loss=nan]\n";

static void append(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "ab");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

// A training that has not begun, in whose folder a log can be put.
static char *new_job(const lrc_test_studio *s, char id[static LRC_ID_MAX + 1], lrc_job *ret)
{
    lrc_auto_free char *path = NULL;
    lrc_test_submit_words(s, "w", id, "quick");
    lrc_test_load(s, id, ret);
    assert_int_equal(lrc_job_path(&s->ws, id, "log", &path, NULL), 0);
    return lrc_take(path);
}

static void a_log_is_read_once(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_readings lrc_readings *r = NULL;
    lrc_auto_job lrc_job job = {0};
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_job_progress p, alone;
    assert_ok(lrc_readings_new(&r, &err), err);
    lrc_auto_free char *log = new_job(&s, id, &job);
    assert_ok(lrc_readings_progress(r, &job, &p, &err), err); // no log yet
    assert_int_equal(p.step, -1);
    for (size_t i = 0; i < sizeof training_log - 1; i++) { // byte by byte, as it could come
        append(log, training_log + i, 1);
        if (i % 20 == 0)
            assert_ok(lrc_readings_progress(r, &job, &p, &err), err);
    }
    for (int i = 0; i < 5; i++)
        assert_ok(lrc_readings_progress(r, &job, &p, &err), err);
    assert_int_equal(lrc_readings_bytes(r), sizeof training_log - 1);
    assert_ok(lrc_readings_progress(NULL, &job, &alone, &err), err);
    assert_int_equal(p.step, 3);
    assert_int_equal(alone.step, p.step);
    assert_true(p.percent == alone.percent && p.offset == alone.offset && p.loss_is_nan);
    assert_ok(lrc_fs_write(log, "new\n", 4, 0, &err), err); // became shorter
    assert_ok(lrc_readings_progress(r, &job, &p, &err), err);
    assert_int_equal(p.step, -1);
}

static void curves_hold_every_step(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_job lrc_job job = {0};
    lrc_auto_series lrc_series series = {0};
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *log = new_job(&s, id, &job);
    append(log, training_log, sizeof training_log - 1);
    assert_ok(lrc_readings_series(NULL, &job, &series, &err), err);
    assert_int_equal(series.count, 3);
    assert_int_equal(series.point[1].step, 2);
    assert_true(series.point[0].loss == 0.5 && series.point[1].loss == 0.4 && isnan(series.point[2].loss));
    assert_int_equal(series.phase_count, 3); // training, saving, training
    assert_int_equal(series.phase[1].phase, LRC_PHASE_SAVING);
    assert_int_equal(series.phase[0].total, 100);
    lrc_auto_buf lrc_buf csv;
    lrc_buf_init(&csv, 1 << 16);
    assert_ok(lrc_job_metrics_csv(&job, NULL, &csv, &err), err);
    assert_true(lrc_str_starts(csv.data, "step,epoch,loss,lr,steps_per_second,time\n1,,0.5,,1,"));
    assert_non_null(strstr(csv.data, "\n3,,,,1,"));
}

// The log of a real training by sd-scripts (48d368fa, on random weights and a processor; only paths were changed): 12
// steps in 2 epochs, latents cached, a checkpoint and a state after each.
static void a_real_run_is_understood(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_job lrc_job job = {0};
    lrc_auto_series lrc_series series = {0};
    lrc_job_progress p;
    lrc_failures f;
    char id[LRC_ID_MAX + 1];
    size_t n;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *text = NULL, *log = new_job(&s, id, &job);
    assert_ok(lrc_fs_read(LORICA_TEST_DATA "/golden/job/sd_scripts.log", 1 << 20, &text, &n, &err), err);
    append(log, text, n);
    assert_ok(lrc_readings_progress(NULL, &job, &p, &err), err);
    assert_int_equal(p.step, 12);
    assert_int_equal(p.total_steps, 12);
    assert_int_equal(p.epoch, 2);
    assert_int_equal(p.total_epochs, 2);
    assert_true(p.percent == 100 && p.loss == 1);
    assert_string_equal(p.error, "");
    assert_ok(lrc_readings_series(NULL, &job, &series, &err), err);
    assert_int_equal(series.count, 12);
    assert_true(series.point[0].loss == 1.05 && series.point[11].loss == 1.0);
    static const lrc_job_phase phases[] = {LRC_PHASE_STARTING, LRC_PHASE_LOADING, LRC_PHASE_CACHING_LATENTS,
                                           LRC_PHASE_WORKING,  LRC_PHASE_SAVING,  LRC_PHASE_WORKING,
                                           LRC_PHASE_SAVING,   LRC_PHASE_WORKING};
    assert_int_equal(series.phase_count, LENGTH(phases));
    for (size_t i = 0; i < LENGTH(phases); i++)
        assert_int_equal(series.phase[i].phase, phases[i]);
    job.status.state = LRC_JOB_FAILED; // its warnings are no causes
    assert_ok(lrc_job_diagnose(&job, &f, &err), err);
    assert_int_equal(f.count, 0);
}

// A million steps: bounded memory, first and last kept, order kept, nothing invented.
static void long_curves_are_thinned(void **state)
{
    (void)state;
    enum { STEPS = 1000000, BUCKETS = 500 };
    lrc_auto_series lrc_series s = {0};
    lrc_err err = LRC_ERR_INIT;
    for (int64_t i = 1; i <= STEPS; i++) {
        const lrc_job_progress now = {
            .step = i, .epoch = 1, .loss = 1.0 / (double)i, .lr = (double)NAN, .phase = LRC_PHASE_WORKING};
        assert_ok(lrc_series_note(&s, &now, &err), err);
        assert_int_equal(s.point[s.count - 1].step, i);
        assert_true(s.count <= LRC_SERIES_POINTS);
    }
    assert_true(s.count > LRC_SERIES_POINTS / 4);
    int64_t last = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        const lrc_bucket b = lrc_series_bucket(&s, i, BUCKETS);
        assert_true(b.last.step > last && b.loss_min <= b.loss && b.loss <= b.loss_max);
        last = b.last.step;
    }
    assert_int_equal(last, STEPS);
}

static void json_of(const lrc_job *job, lrc_json_doc **ret)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_err err = LRC_ERR_INIT;
    lrc_buf_init(&buf, 1 << 20);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    assert_ok(lrc_job_put_metrics(job, NULL, 10, &out, &err), err);
    lrc_json_object_end(&out);
    assert_ok(lrc_json_parse(buf.data, buf.len, ret, &err), err);
}

static void exact_scalars_come_from_tensorboard(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_job lrc_job job = {0};
    char id[LRC_ID_MAX + 1];
    size_t n;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *events = NULL, *log = new_job(&s, id, &job), *dir = lrc_test_join(s.dir, "tb");
    append(log, training_log, sizeof training_log - 1);
    assert_ok(lrc_fs_read(EVENTS, 1 << 20, &events, &n, &err), err);
    lrc_auto_free char *file = lrc_test_join(dir, "events.out.tfevents.1");
    assert_ok(lrc_fs_mkdirs(dir, &err), err);
    assert_ok(lrc_fs_write(file, events, n, 0, &err), err);
    assert_ok(lrc_strv_pushf(&job.spec.labels, &err, "events=%s", dir), err);
    job.status.started_ms = 1;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    json_of(&job, &doc);
    const lrc_json *root = lrc_json_root(doc), *loss = lrc_json_get(lrc_json_get(root, "scalars"), "loss/current");
    assert_non_null(loss);
    assert_int_equal(loss->len, 10);
    assert_string_equal(loss->first->first->text, "2"); // step of the first bucket's last point
    assert_int_equal(lrc_json_get(root, "points")->len, 3);
    assert_int_equal(lrc_json_get(root, "phases")->len, 3);
}

// ---- What is used ----------------------------------------------------------------------------------------------------

static void running_jobs_are_sampled(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_sampler lrc_sampler *sampler = NULL;
    lrc_auto_job lrc_job job = {0};
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_sampler_new(&sampler, &err), err);
    lrc_test_submit_words(&s, "w", id, "endless");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    lrc_test_await_lines(&s, "w/starts", 1);
    assert_ok(lrc_sampler_tick(sampler, &s.ws, &err), err);
    assert_ok(lrc_sampler_tick(sampler, &s.ws, &err), err); // too soon: nothing
    lrc_test_load(&s, id, &job);
    lrc_auto_free char *text = lrc_test_get(job.folder, LRC_RESOURCES_FILE);
    lrc_resources r;
    assert_non_null(text);
    assert_true(lrc_resources_parse(text, &r));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_true(r.rss_bytes > 0 && r.memory_total > r.memory_used && r.disk_free > 0 && r.disk_total >= r.disk_free);
    assert_int_equal(r.cpu_permille, -1); // one look is no speed
    assert_ok(lrc_job_stop(&s.ws, id, 0, "enough", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
}

static void resource_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool good;
        int gpus;
    } rows[] = {
        {"1 2 3 4 5 6 7 8 0", true, 0},
        {"1 -1 3 4 5 -1 7 8 2 50 100 -1 7", true, 2},
        {"", false, 0},
        {"1 2 3 4 5 6 7 8", false, 0},
        {"1 2 3 4 5 6 7 8 2 50 100 7", false, 0},
        {"1 2 3 4 5 6 7 8 -1", false, 0},
        {"1 2 3 4 5 6 7 8 99", false, 0},
        {"x", false, 0},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_resources r;
        if (lrc_resources_parse(rows[i].line, &r) != rows[i].good || (rows[i].good && r.gpu_count != rows[i].gpus))
            fail_msg("'%s'", rows[i].line);
    }
}

// ---- Many threads ----------------------------------------------------------------------------------------------------

struct asker {
    lrc_readings *r;
    const lrc_job *jobs;
    size_t count;
};

static void *ask(void *arg)
{
    const struct asker *a = arg;
    for (size_t i = 0; i < a->count * 40; i++) {
        lrc_job_progress p;
        lrc_failures f;
        lrc_readings_progress(a->r, &a->jobs[i % a->count], &p, NULL);
        lrc_readings_failures(a->r, &a->jobs[i % a->count], &f, NULL);
    }
    return NULL;
}

static void many_may_ask_at_once(void **state)
{
    (void)state;
    enum { JOBS = 6, THREADS = 4 };
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_readings lrc_readings *r = NULL;
    lrc_err err = LRC_ERR_INIT;
    lrc_job jobs[JOBS] = {0};
    pthread_t thread[THREADS];
    assert_ok(lrc_readings_new(&r, &err), err);
    for (size_t i = 0; i < JOBS; i++) {
        char id[LRC_ID_MAX + 1];
        lrc_auto_free char *log = new_job(&s, id, &jobs[i]);
        append(log, training_log, sizeof training_log - 1);
    }
    struct asker asker = {r, jobs, JOBS};
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask, &asker), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(lrc_readings_bytes(r), JOBS * (sizeof training_log - 1));
    for (size_t i = 0; i < JOBS; i++)
        lrc_job_done(&jobs[i]);
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_read_once),
        cmocka_unit_test(curves_hold_every_step),
        cmocka_unit_test(a_real_run_is_understood),
        cmocka_unit_test(long_curves_are_thinned),
        cmocka_unit_test(exact_scalars_come_from_tensorboard),
        cmocka_unit_test(resource_lines),
        cmocka_unit_test(running_jobs_are_sampled),
        cmocka_unit_test(many_may_ask_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
