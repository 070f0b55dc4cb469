// SPDX-License-Identifier: MIT
// tagging.c - POST /api/jobs/tagging: `lorica tag` as a job, with the field names of KNX.
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "job/queue.h"

typedef enum { TEXT, NUMBER, FLAG, NOT_FLAG } field_kind;

// Field of the request -> option of `lorica tag`. A value is always joined to its option ("--x=value"), so that one that
// begins with '-' stays a value. Fields of KNX that mean nothing here (batch_size, max_workers, use_onnx, force_download,
// debug) are taken and ignored: one session, one worker per core, is how the tagger always runs.
static const struct {
    const char *field, *option;
    field_kind kind;
} fields[] = {
    {"threshold", "threshold", NUMBER},
    {"general_threshold", "general-threshold", NUMBER},
    {"character_threshold", "character-threshold", NUMBER},
    {"caption_extension", "caption-extension", TEXT},
    {"caption_separator", "caption-separator", TEXT},
    {"undesired_tags", "undesired-tags", TEXT},
    {"tag_replacement", "tag-replacement", TEXT},
    {"always_first_tags", "always-first-tags", TEXT},
    {"overwrite_mode", "overwrite-mode", TEXT},
    {"character_tags_first", "character-tags-first", FLAG},
    {"use_rating_tags", "use-rating-tags", FLAG},
    {"use_rating_tags_as_last_tag", "use-rating-tags-as-last-tag", FLAG},
    {"character_tag_expand", "character-tag-expand", FLAG},
    {"recursive", "recursive", FLAG},
    {"frequency_tags", "frequency-tags", FLAG},
    {"remove_underscore", "keep-underscore", NOT_FLAG},
};

static int add_field(const lrc_json *body, size_t i, lrc_strv *argv, lrc_err *err)
{
    const char *text = NULL;
    double number = NAN;
    bool flag = fields[i].kind == NOT_FLAG;
    char shown[LRC_NUM_TEXT];
    switch (fields[i].kind) {
    case TEXT:
        if (lrc_json_str(body, fields[i].field, false, &text, err) < 0)
            return -1;
        return text && text[0] ? lrc_strv_pushf(argv, err, "--%s=%s", fields[i].option, text) : 0;
    case NUMBER:
        if (lrc_json_double(body, fields[i].field, false, &number, err) < 0)
            return -1;
        if (isnan(number))
            return 0;
        if (number < 0 || number > 1)
            return lrc_fail_field(err, LRC_ERR_INVALID, fields[i].field, "%s must be between 0 and 1", fields[i].field);
        lrc_num_short(number, shown);
        return lrc_strv_pushf(argv, err, "--%s=%s", fields[i].option, shown);
    case FLAG:
    case NOT_FLAG:
        if (lrc_json_bool(body, fields[i].field, false, &flag, err) < 0)
            return -1;
        return flag == (fields[i].kind == FLAG) ? lrc_strv_pushf(argv, err, "--%s", fields[i].option) : 0;
    }
    return 0;
}

static int check_choices(const lrc_json *body, lrc_err *err)
{
    const char *mode = "overwrite";
    if (lrc_json_str(body, "overwrite_mode", false, &mode, err) < 0)
        return -1;
    if (strcmp(mode, "overwrite") != 0 && strcmp(mode, "append") != 0 && strcmp(mode, "ignore") != 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "overwrite_mode",
                              "overwrite_mode must be overwrite, append or ignore, not '%s'", mode);
    return 0;
}

// The model that the tagger will look for: the request's, else the setting. Found or not is the tagger's to say.
static int add_model(const lrc_app *app, const lrc_json *body, lrc_strv *argv, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    const char *model = NULL;
    if (lrc_json_str(body, "model", false, &model, err) < 0 || lrc_app_settings(app, &s, err) < 0)
        return -1;
    if (model && model[0])
        return lrc_strv_pushf(argv, err, "--model=%s", model);
    if (lrc_settings_text(s, "tagger.default")[0])
        return 0;
    return lrc_fail_field(
        err, LRC_ERR_MODEL_MISSING, "model",
        "no tagger is chosen: name one in `model`, or set tagger.default; models lie below tagger_models/ "
        "(model.onnx and selected_tags.csv), and 'demo' is built in");
}

static int submit(const lrc_app *app, const lrc_json *body, char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    const char *given = NULL;
    lrc_auto_free char *dir = NULL, *title = NULL;
    lrc_job_request job = {.kind = "tagging", .grace_s = -1};
    lrc_auto_strv lrc_strv argv = {0};
    if (lrc_json_str(body, "dataset_dir", true, &given, err) < 0 || check_choices(body, err) < 0 ||
        lrc_api_dataset(app, given, &dir, err) < 0 || lrc_str_format(&title, err, "tag %s", lrc_path_name(dir)) < 0 ||
        lrc_strv_push(&argv, "lorica", err) < 0 || lrc_strv_push(&argv, "tag", err) < 0 ||
        lrc_strv_pushf(&argv, err, "--workspace=%s", lrc_app_workspace(app)->root) < 0 ||
        add_model(app, body, &argv, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (add_field(body, i, &argv, err) < 0)
            return -1;
    if (lrc_strv_push(&argv, "--", err) < 0 || lrc_strv_push(&argv, dir, err) < 0)
        return -1;
    job.title = title;
    job.argv = argv; // borrowed for the call
    int result = lrc_job_turn_read(body, &job.turn, err);
    if (result == 0)
        result = lrc_strv_pushf(&job.labels, err, "dataset=%s", dir);
    if (result == 0)
        result = lrc_job_submit(lrc_app_workspace(app), &job, ret_id, err);
    lrc_strv_done(&job.labels);
    lrc_strv_done(&job.turn.after);
    return result;
}

static int post_tagging(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    char id[LRC_ID_MAX + 1];
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || submit(app, lrc_json_root(doc), id, err) < 0)
        return -1;
    lrc_app_wake(app);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", id);
    lrc_json_kstr(&out, "backend", "onnx");
    lrc_json_kstr(&out, "message", "Tagging job started");
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_tagging_routes[] = {
    {"POST", "/api/jobs/tagging", post_tagging, .summary = "Tag a dataset, as a job"},
    {"POST", "/ml/tag", post_tagging, .summary = "Tag a dataset, as a job"},
    {0},
};
