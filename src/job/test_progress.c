// SPDX-License-Identifier: MIT
#include <math.h>

#include "job/kinds.h"
#include "job/progress.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define BLOCK "\xe2\x96\x88" // tqdm draws with these

static void bars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lrc_tqdm bar;
    } rows[] = {
        {"steps:  41%|####      | 812/2000 [05:12<07:36,  2.60it/s, avr_loss=0.084]",
         {5, 41, 812, 2000, 312, 456, 2.6}},
        {"steps:   0%|          | 0/2000 [00:00<?, ?it/s]", {5, 0, 0, 2000, 0, -1, NAN}},
        {" 17%|" BLOCK BLOCK "        | 2/12 [00:00<01:02:03,  4.00s/it]", {0, 17, 2, 12, 0, 3723, 0.25}},
        {"read caption: 100%|" BLOCK BLOCK "| 40/40 [00:00<00:00, 4000it/s]", {12, 100, 40, 40, 0, 0, 4000}},
        {"x: 50%|#| 1.2G/2.4G [00:09<00:09, 123MB/s]", {1, 50, -1, -1, 9, 9, NAN}},
        {"12it [00:03,  3.90it/s]", {0, -1, 12, -1, 3, -1, 3.9}},
        {"a: 5%|", {1, 5, -1, -1, -1, -1, NAN}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_tqdm b;
        const lrc_tqdm *e = &rows[i].bar;
        if (!lrc_tqdm_parse(rows[i].text, strlen(rows[i].text), &b))
            fail_msg("no bar: %s", rows[i].text);
        if (b.label != e->label || b.percent != e->percent || b.done != e->done || b.total != e->total ||
            b.elapsed != e->elapsed || b.left != e->left || (isnan(e->rate) ? !isnan(b.rate) : b.rate != e->rate))
            fail_msg("%s: label %zu, %d%%, %lld/%lld, %lld<%lld, %g", rows[i].text, b.label, b.percent,
                     (long long)b.done, (long long)b.total, (long long)b.elapsed, (long long)b.left, b.rate);
    }
    lrc_tqdm b;
    static const char *const none[] = {"", "50% done", "a|b", "%|", "1234%|", "it [", "step 5/10"};
    for (size_t i = 0; i < LENGTH(none); i++)
        assert_false(lrc_tqdm_parse(none[i], strlen(none[i]), &b));
}

// As train_network.py prints it, tqdm's on stderr and the rest on stdout in one stream.
static const char training_log[] =
    "2026-02-16 12:00:00 INFO     loading image sizes.                     train_util.py:992\n"
    "\r  0%|          | 0/40 [00:00<?, ?it/s]\r100%|" BLOCK "| 40/40 [00:00<00:00, 4000.00it/s]\n"
    "                    INFO     loading model for process 0/1            train_util.py:5574\n"
    "                    INFO     caching latents...                      train_util.py:1293\n"
    "\r  0%|          | 0/40 [00:00<?, ?it/s]\r 50%|" BLOCK "     | 20/40 [00:02<00:02,  9.00it/s]"
    "\r100%|" BLOCK "| 40/40 [00:04<00:00,  9.00it/s]\n"
    "running training / \xe5\xad\xa6\xe7\xbf\x92\xe9\x96\x8b\xe5\xa7\x8b\n"
    "  num batches per epoch / 1epoch: 40\n"
    "  num epochs / epoch: 10\n"
    "  gradient accumulation steps / x = 1\n"
    "  total optimization steps / x: 2000\n"
    "\rsteps:   0%|          | 0/2000 [00:00<?, ?it/s]\nepoch 1/10\n\n"
    "                    INFO     epoch is incremented. current_epoch: 0, epoch: 1   train_util.py:784\n"
    "\rsteps:  41%|" BLOCK "      | 812/2000 [05:12<07:36,  2.60it/s]"
    "\rsteps:  41%|" BLOCK "      | 812/2000 [05:12<07:36,  2.60it/s, avr_loss=0.084]";

static const char training_rest[] =
    "\nsaving checkpoint: /w/output/mine-step00000812.safetensors\n"
    "\nepoch 5/10\n\n"
    "\rvalidation steps:  50%|" BLOCK "     | 1/2 [00:00<00:00,  2.00it/s]"
    "\rsteps:  50%|" BLOCK "     | 1000/2000 [06:00<06:00,  2.70it/s, avr_loss=nan]"
    "\rsteps: 100%|" BLOCK BLOCK "| 2000/2000 [12:00<00:00,  2.80it/s, avr_loss=0.07]\n"
    "saving checkpoint: /w/output/mine.safetensors\n"
    "                    INFO     model saved.                           train_network.py:1729\n";

static const lrc_job_progress *feed(lrc_job_meter *m, const char *text)
{
    assert_int_equal(lrc_job_meter_feed(m, text, strlen(text), NULL), 0);
    return lrc_job_meter_look(m);
}

static void a_training_is_understood(void **state)
{
    (void)state;
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
    const lrc_job_progress *p = feed(&m, training_log);
    assert_int_equal(p->step, 812);
    assert_int_equal(p->total_steps, 2000);
    assert_int_equal(p->epoch, 1);
    assert_int_equal(p->total_epochs, 10);
    assert_true(fabs(p->percent - 40.6) < 1e-9);
    assert_true(p->loss == 0.084);
    assert_true(p->rate == 2.6);
    assert_int_equal(p->eta_s, 456);
    assert_int_equal(p->phase, LRC_PHASE_WORKING);
    assert_int_equal(p->offset, sizeof training_log - 1);
    feed(&m, "\nsaving checkpoint: /w/a-step00000812.safetensors\n");
    assert_int_equal(p->phase, LRC_PHASE_SAVING);
    assert_int_equal(p->step, 812);
    feed(&m, "\rvalidation steps:  50%|" BLOCK "     | 1/2 [00:00<00:00,  2.00it/s]\r");
    assert_int_equal(p->phase, LRC_PHASE_VALIDATING);
    assert_int_equal(p->phase_done, 1);
    assert_int_equal(p->phase_total, 2);
    assert_int_equal(p->total_steps, 2000);
    feed(&m, "\rsteps:  50%|" BLOCK "     | 1000/2000 [06:00<06:00,  2.70it/s, avr_loss=nan]");
    assert_true(p->loss_is_nan);
    assert_int_equal(p->phase, LRC_PHASE_WORKING);
    assert_true(p->percent == 50);
}

static void phases_have_their_own_bars(void **state)
{
    (void)state;
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
    const lrc_job_progress *p = feed(&m, "INFO caching latents...\n\r 50%|#     | 20/40 [00:02<00:02,  9.00it/s]");
    assert_int_equal(p->phase, LRC_PHASE_CACHING_LATENTS);
    assert_string_equal(lrc_job_phase_name(p->phase), "caching latents");
    assert_int_equal(p->phase_done, 20);
    assert_int_equal(p->step, -1); // no step of the training
    assert_true(p->percent == -1);
    feed(&m, "\r 25%|#     | 10/40 [00:02<00:02,  9.00it/s]\r");
    assert_int_equal(p->phase_done, 20); // never back within a phase
    feed(&m, "INFO caching Text Encoder outputs...\n");
    assert_int_equal(p->phase, LRC_PHASE_CACHING_TEXT);
    assert_int_equal(p->phase_done, -1);
    feed(&m, "\r  5%|#     | 1/20 [00:02<00:02,  9.00it/s]\r");
    assert_int_equal(p->phase_done, 1);
    feed(&m, "INFO generating sample images at step / x: 100\n\r  5%|#     | 1/28 [00:02<00:02,  9.00it/s]\r");
    assert_int_equal(p->phase, LRC_PHASE_SAMPLING);
    assert_int_equal(p->phase_total, 28);
    assert_int_equal(p->step, -1);
}

// Weakness W23 of KNX: a line with a loss only set the progress to 0.
static void progress_never_falls_back(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "step 4/4\n",   "loss: 0.5\n",    "lr: 1e-4\n",     "eta <00:10, \n", "step 2/4\n",
        "epoch 1/10\n", "steps: 0%\n",    "[INFO] hello\n", "epoch: 1\n",     "avr_loss=0.25 lr=2e-5\n",
        "Traceback\n",  "  File \"x\"\n", "step nothing\n", "epoch\n",        "step: 99999999999999999999\n",
    };
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
    const lrc_job_progress *p = feed(&m, "step 4/4\n");
    for (size_t i = 0; i < LENGTH(lines); i++) {
        feed(&m, lines[i]);
        if (p->percent != 100 || p->step != 4)
            fail_msg("after '%s': %g %%, step %lld", lines[i], p->percent, (long long)p->step);
    }
    assert_true(p->loss == 0.25);
    assert_true(p->lr == 2e-5);
    assert_int_equal(p->epoch, 1);
}

static void epochs_count_when_there_are_no_steps(void **state)
{
    (void)state;
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
    const lrc_job_progress *p = feed(&m, "epoch 3/10\nval_loss: 9 my_lr=7\n");
    assert_true(p->percent == 20); // two are done
    assert_true(isnan(p->loss));
    assert_true(isnan(p->lr));
}

static void replaying_gives_the_same(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "log"), *text = NULL;
    lrc_job_progress whole;
    lrc_str_format(&text, NULL, "%s%s", training_log, training_rest);
    lrc_test_put(dir, "log", text);
    assert_int_equal(lrc_job_progress_of(path, LRC_JOB_PROGRESS_TRAINING, &whole, NULL), 0);
    assert_int_equal(whole.step, 2000);
    assert_int_equal(whole.epoch, 5);
    assert_true(whole.percent == 100);
    assert_true(whole.loss == 0.07);
    assert_false(whole.loss_is_nan);
    for (size_t step = 1; step < 200; step += 7) {
        lrc_auto_job_meter lrc_job_meter m;
        lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
        const size_t n = strlen(text);
        double last = -1;
        for (size_t i = 0; i < n; i += step) {
            lrc_job_meter_feed(&m, text + i, n - i < step ? n - i : step, NULL);
            assert_true(lrc_job_meter_look(&m)->percent >= last); // looking changes nothing, and it never falls
            last = m.now.percent;
        }
        assert_int_equal(m.now.step, whole.step);
        assert_int_equal(m.now.epoch, whole.epoch);
        assert_int_equal(m.now.phase, whole.phase);
        assert_int_equal(m.now.phase_done, whole.phase_done);
        assert_int_equal(m.now.eta_s, whole.eta_s);
        assert_true(m.now.loss == whole.loss && m.now.rate == whole.rate);
        assert_int_equal(m.now.offset, whole.offset);
    }
    lrc_auto_free char *missing = lrc_test_join(dir, "none");
    assert_int_equal(lrc_job_progress_of(missing, LRC_JOB_PROGRESS_TRAINING, &whole, NULL), 0);
    assert_true(whole.percent == -1);
}

static void counters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t done, total;
        const char *item;
    } rows[] = {
        {"tagging: 40 to do\n", -1, 40, ""},
        {"tagging: 12/40 a b/c \xc3\xa4.png\n", 12, 40, "a b/c \xc3\xa4.png"},
        {"tagging: 16/40 (40%)\n", 16, 40, "a b/c \xc3\xa4.png"},
        {"tagging: 3/40 old.png\n", 16, 40, "old.png"},
        {"path/1/2/x.png: 1/2\n", 16, 40, "old.png"},
        {"note: 7\n", 16, 40, "old.png"},
        {"\r 50%|#    | 20/40 [00:01<00:01, 20.0it/s]", 20, 40, "old.png"},
    };
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_COUNTER);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const lrc_job_progress *p = feed(&m, rows[i].text);
        if (p->step != rows[i].done || p->total_steps != rows[i].total || strcmp(p->item, rows[i].item) != 0)
            fail_msg("after '%s': %lld/%lld '%s'", rows[i].text, (long long)p->step, (long long)p->total_steps,
                     p->item);
    }
    assert_true(m.now.percent == 50);
    assert_int_equal(m.now.phase, LRC_PHASE_WORKING);
}

static void what_went_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *log, *error;
    } rows[] = {
        {"all is well\nno error here\n", ""},
        {"train_network.py: error: unrecognized arguments: --foo\nError: later\n",
         "train_network.py: error: unrecognized arguments: --foo"},
        {"Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    x()\n"
         "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n",
         "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"},
        {"Traceback (most recent call last):\n  File\nKeyError: 'a'\n\nDuring handling of the above exception, another "
         "exception occurred:\n\nTraceback (most recent call last):\n  File\nValueError: b\n"
         "Traceback (most recent call last):\n  File\nsubprocess.CalledProcessError: Command failed\n",
         "ValueError: b"},
        {"Traceback (most recent call last):\n  File\nsubprocess.CalledProcessError: Command failed\n",
         "subprocess.CalledProcessError: Command failed"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_auto_job_meter lrc_job_meter m;
        lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
        assert_string_equal(feed(&m, rows[i].log)->error, rows[i].error);
    }
}

static void kinds(void **state)
{
    (void)state;
    size_t count;
    const lrc_job_kind *table = lrc_job_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(lrc_job_kind_find(table[i].name), &table[i]);
        assert_true(table[i].gpus >= 0 && table[i].title && table[i].env);
        for (const lrc_proc_env_rule *r = table[i].env; r->name; r++)
            assert_non_null(r->why);
    }
    assert_null(lrc_job_kind_find("shell"));
    assert_string_equal(lrc_job_resume_name(lrc_job_kind_find("training")->resume), "state");
}

// The embedded trainer's summary has the number right behind the word.
static void batches_are_no_epoch(void **state)
{
    (void)state;
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
    const lrc_job_progress *p = feed(&m, "  num batches per epoch: 60\n  num epochs: 5\n");
    assert_int_equal(p->epoch, -1);
    assert_int_equal(p->total_epochs, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars),
        cmocka_unit_test(a_training_is_understood),
        cmocka_unit_test(phases_have_their_own_bars),
        cmocka_unit_test(progress_never_falls_back),
        cmocka_unit_test(epochs_count_when_there_are_no_steps),
        cmocka_unit_test(replaying_gives_the_same),
        cmocka_unit_test(counters),
        cmocka_unit_test(what_went_wrong),
        cmocka_unit_test(kinds),
        cmocka_unit_test(batches_are_no_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
