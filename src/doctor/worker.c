// SPDX-License-Identifier: MIT
// What only lorica-worker can tell: it is asked, as a program, for one JSON object.
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "doctor/checks.h"
#include "proc/capture.h"

#define ASK_TIMEOUT_MS 20000
#define ASK_MAX_BYTES  (256 * 1024)

// *ret is the worker's answer: its result, or the one error shape (member "error"). -1 when there is no answer at all.
static int ask_worker(const char *command, lrc_json_doc **ret, lrc_err *err)
{
    lrc_auto_free char *worker = NULL;
    if (lrc_proc_sibling("lorica-worker", &worker, err) < 0)
        return -1;
    char name[32];
    snprintf(name, sizeof name, "%s", command);
    char *argv[] = {worker, name, (char[]){"--json"}, NULL};
    lrc_auto_captured lrc_captured c = {0};
    if (lrc_proc_capture(argv, NULL, ASK_TIMEOUT_MS, ASK_MAX_BYTES, &c, err) < 0)
        return -1;
    if (c.timed_out)
        return lrc_fail(err, LRC_ERR_IO, "lorica-worker does not answer");
    if (lrc_json_parse(c.out, c.out_len, ret, err) < 0) {
        char ended[32];
        lrc_proc_exit_text(&c.how, ended);
        return lrc_fail(err, LRC_ERR_IO, "lorica-worker %s ended with %s: %.200s", command, ended, lrc_str_trim(c.err));
    }
    return 0;
}

static void join(const lrc_json *list, lrc_buf *out)
{
    for (const lrc_json *v = list ? list->first : NULL; v; v = v->next)
        if (v->type == LRC_JSON_STRING)
            lrc_buf_addf(out, "%s%s", out->len ? ", " : "", v->text);
}

int lrc_doctor_images(lrc_doctor *d, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (ask_worker("image-info", &doc, &why) < 0)
        return lrc_doctor_add(d, "images", "libvips", LRC_DOCTOR_MISSING, "install Lorica again, or run ./dev setup",
                              err, "%s", why.msg);
    const lrc_json *root = lrc_json_root(doc);
    const char *version = "?";
    lrc_json_str(root, "vips", false, &version, NULL);
    lrc_auto_buf lrc_buf can, cannot;
    lrc_buf_init(&can, 4096);
    lrc_buf_init(&cannot, 4096);
    join(lrc_json_get(root, "reads"), &can);
    join(lrc_json_get(root, "lacks"), &cannot);
    if (lrc_doctor_add(d, "images", "libvips", LRC_DOCTOR_OK, NULL, err, "version %s reads %s", version, can.data) < 0)
        return -1;
    if (cannot.len == 0)
        return 0;
    return lrc_doctor_add(d, "images", "other types", LRC_DOCTOR_OFF,
                          "install the plugins of libvips, or convert the files", err, "cannot read %s", cannot.data);
}

static int count_models(const lrc_workspace *w, size_t *ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    lrc_auto_dir DIR *dir = NULL;
    *ret = 0;
    if (lrc_workspace_path(w, "tagger_models", &folder, err) < 0)
        return -1;
    dir = opendir(folder);
    const struct dirent *e;
    while (dir && (e = readdir(dir))) {
        lrc_auto_free char *model = NULL;
        if (e->d_name[0] == '.')
            continue;
        if (lrc_str_format(&model, err, "%s/%s/model.onnx", folder, e->d_name) < 0)
            return -1;
        *ret += lrc_fs_is_file(model);
    }
    return 0;
}

int lrc_doctor_tagging(const lrc_workspace *w, const lrc_settings *s, lrc_doctor *d, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_err why = LRC_ERR_INIT;
    const char *failed = NULL;
    if (ask_worker("ort-info", &doc, &why) < 0)
        failed = why.msg;
    const lrc_json *root = doc ? lrc_json_root(doc) : NULL;
    if (!failed)
        lrc_json_str(root, "error", false, &failed, NULL);
    if (failed)
        return lrc_doctor_add(d, "tagging", "ONNX Runtime", LRC_DOCTOR_MISSING,
                              "run ./dev setup, or set LORICA_ORT to a folder with libonnxruntime.so", err, "%s",
                              failed);
    const char *path = "?", *version = "?";
    lrc_json_str(root, "path", false, &path, NULL);
    lrc_json_str(root, "version", false, &version, NULL);
    lrc_auto_buf lrc_buf providers;
    lrc_buf_init(&providers, 4096);
    join(lrc_json_get(root, "providers"), &providers);
    if (lrc_doctor_add(d, "tagging", "ONNX Runtime", LRC_DOCTOR_OK, NULL, err, "version %s (%s) from %s", version,
                       providers.data, path) < 0)
        return -1;
    size_t models;
    if (count_models(w, &models, err) < 0)
        return -1;
    const char *chosen = lrc_settings_text(s, "tagger.default");
    return lrc_doctor_add(
        d, "tagging", "models", chosen[0] ? LRC_DOCTOR_OK : LRC_DOCTOR_OFF,
        chosen[0] ? NULL
                  : "put a WD14 model (model.onnx and selected_tags.csv) into a folder below tagger_models/ "
                    "and choose it with 'lorica settings set tagger.default NAME'; 'demo' is built in",
        err, "%zu below tagger_models/; default: %s", models, chosen[0] ? chosen : "none chosen");
}
