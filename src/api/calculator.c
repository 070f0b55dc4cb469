// SPDX-License-Identifier: MIT
// calculator.c - POST /api/utilities/calculator: steps of a training from a folder, without a request. For everything else
// there is the dry run (POST /api/training/validate).
#include <math.h>

#include "api/api.h"
#include "base/path.h"
#include "dataset/scan.h"
#include "kohya/files.h"

#define EPOCHS_MAX    1000000
#define BATCH_MAX     65536
#define SECONDS_LEAST 2.0 // KNX's, of one step
#define SECONDS_MOST  4.0
#define STEPS_LOW     500  // fewer rarely learn anything, says KNX …
#define STEPS_HIGH    5000 // … and more mostly learn the pictures by heart

struct counts {
    uint64_t images, samples; // samples: with the repeats of each folder
    int repeats;              // of the folder's own name, or of the first that has one; else 1
    const char *caption;      // what stands behind it, in `d`
};

// A folder "10_girl" says its repeats; in one without such a name the folders below it do.
static void count(const lrc_dataset *d, struct counts *c)
{
    const char *rest;
    const int own = lrc_kohya_folder_repeats(d->name, &rest);
    *c = (struct counts){.repeats = own ? own : 1, .caption = own ? rest : ""};
    for (size_t i = 0; i < d->folders; i++) {
        const lrc_dataset_folder *f = &d->folder[i];
        const bool top = f->relative[0] == '\0';
        const int repeats = top ? c->repeats : f->repeats ? f->repeats : 0;
        c->images += repeats ? f->seen : 0; // folders without a number are no subsets
        c->samples += f->seen * (uint64_t)repeats;
        if (!top && f->repeats && !c->caption[0]) {
            c->repeats = own ? own : f->repeats;
            lrc_kohya_folder_repeats(lrc_path_name(f->relative), &c->caption);
        }
    }
}

static const char *recommend(uint64_t steps)
{
    if (steps == 0)
        return "the trainer sees no picture in this folder";
    return steps < STEPS_LOW    ? "few steps: raise epochs or repeats"
           : steps > STEPS_HIGH ? "many steps: lower epochs or repeats, or look at the samples early"
                                : "a usual number of steps";
}

static double minutes(uint64_t steps, double seconds)
{
    return round((double)steps * seconds / 60 * 100) / 100;
}

static int post_calculator(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_auto_free char *path = NULL;
    const char *given = NULL;
    int64_t epochs = 10, batch = 1;
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "dataset_path", true, &given, err) < 0 ||
        lrc_json_int(lrc_json_root(doc), "epochs", false, &epochs, err) < 0 ||
        lrc_json_int(lrc_json_root(doc), "batch_size", false, &batch, err) < 0)
        return -1;
    if (epochs < 1 || epochs > EPOCHS_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "epochs", "epochs must lie between 1 and %d", EPOCHS_MAX);
    if (batch < 1 || batch > BATCH_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "batch_size", "batch_size must lie between 1 and %d", BATCH_MAX);
    if (lrc_api_dataset(lrc_api_app(q), given, &path, err) < 0 || lrc_dataset_scan(path, NULL, &d, err) < 0)
        return -1;
    struct counts c;
    count(&d, &c);
    const uint64_t steps = c.samples * (uint64_t)epochs / (uint64_t)batch;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "dataset_path", path);
    lrc_json_kint(&out, "images", (int64_t)c.images);
    lrc_json_kint(&out, "repeats", c.repeats);
    lrc_json_kint(&out, "epochs", epochs);
    lrc_json_kint(&out, "batch_size", batch);
    lrc_json_kint(&out, "total_steps", (int64_t)steps);
    lrc_json_kstr(&out, "caption", c.caption);
    lrc_json_kdouble(&out, "time_estimate_min", minutes(steps, SECONDS_LEAST));
    lrc_json_kdouble(&out, "time_estimate_max", minutes(steps, SECONDS_MOST));
    lrc_json_kstr(&out, "recommendation", recommend(steps));
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_calculator_routes[] = {
    {"POST", "/api/utilities/calculator", post_calculator, .summary = "Steps of a training from a folder's pictures"},
    {0},
};
