// SPDX-License-Identifier: MIT
// The base model and the files beside it, by their headers.
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "check/internal.h"

static bool is_safetensors(const char *path)
{
    return lrc_str_ends(path, ".safetensors") && lrc_fs_is_file(path);
}

// The path as the generator resolved it, from config.toml's entry; NULL when the field is empty.
static int path_of(const check_run *c, lrc_field_id id, char **ret, lrc_err *err)
{
    const lrc_train_value *v = check_get(c, id);
    *ret = NULL;
    if (!lrc_value_filled(v) || strlen(v->text) != v->len)
        return 0;
    return lrc_path_real(ret, c->w->root, v->text, err);
}

static int bad_file(check_run *c, const char *field, const char *path, const lrc_err *why, lrc_err *err)
{
    if (why->code == LRC_ERR_NO_MEMORY)
        return lrc_fail_memory(err);
    return lrc_findings_add(c->findings, LRC_FINDING_ERROR, "bad_model", field, path, "fetch the file again", err,
                            "its header cannot be read: %s", why->msg);
}

static int judge_base(check_run *c, const char *path, lrc_err *err)
{
    static const char field[] = "pretrained_model_name_or_path";
    const lrc_model_facts *m = &c->report->model;
    const lrc_family *wanted = lrc_family_get(c->family);
    if (lrc_model_fits(m, c->family)) {
        if (m->part == LRC_PART_UNKNOWN)
            return lrc_findings_add(c->findings, LRC_FINDING_INFO, "unknown_model", field, path, NULL, err,
                                    "its header does not tell which family it is");
        const bool v = check_get(c, LRC_FIELD_v_parameterization)->flag;
        if (m->v_prediction && !v && (c->family == LRC_FAMILY_SD15 || c->family == LRC_FAMILY_SDXL))
            return lrc_findings_add(c->findings, LRC_FINDING_WARNING, "v_prediction", "v_parameterization", path,
                                    "switch on v_parameterization", err, "this model says that it predicts v");
        if (c->family == LRC_FAMILY_SD15 &&
            (strcmp(m->title, "Stable Diffusion 2") == 0) != check_get(c, LRC_FIELD_v2)->flag)
            return lrc_findings_add(c->findings, LRC_FINDING_ERROR, "wrong_family", "v2", path,
                                    "switch v2 on for Stable Diffusion 2, off for 1", err, "this is %s", m->title);
        return 0;
    }
    if (m->part != LRC_PART_BASE)
        return lrc_findings_add(c->findings, LRC_FINDING_ERROR, "wrong_part", field, path, "name the base model's file",
                                err, "this is %s %s, not a base model", strchr("aeiou", m->title[0]) ? "an" : "a",
                                m->title);
    return lrc_findings_add(c->findings, LRC_FINDING_ERROR, "wrong_family", field, path,
                            "choose the family of the model, or another model", err,
                            "this is %s, and the request says %s", m->title, wanted->title);
}

static int check_base(check_run *c, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (path_of(c, LRC_FIELD_pretrained_model_name_or_path, &path, err) < 0)
        return -1;
    if (!path || !is_safetensors(path))
        return 0;
    if (lrc_model_read(path, &c->report->model, &why) < 0)
        return bad_file(c, "pretrained_model_name_or_path", path, &why, err);
    c->report->has_model = true;
    return judge_base(c, path, err);
}

// A VAE where a text encoder should be, and the like. What is not recognised is not judged.
static int check_part(check_run *c, lrc_field_id id, lrc_model_part wanted, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_model_facts m;
    lrc_err why = LRC_ERR_INIT;
    const lrc_train_field *f = lrc_train_field_get(id);
    if (path_of(c, id, &path, err) < 0)
        return -1;
    if (!path || !is_safetensors(path) || !lrc_train_field_applies(f, c->family, lrc_train_mode_of(c->request)))
        return 0;
    if (lrc_model_read(path, &m, &why) < 0)
        return bad_file(c, f->name, path, &why, err);
    if (m.part == LRC_PART_UNKNOWN || m.part == wanted || (m.part == LRC_PART_BASE && wanted != LRC_PART_LORA))
        return 0; // a whole checkpoint may hold the part
    return lrc_findings_add(c->findings, LRC_FINDING_ERROR, "wrong_part", f->name, path, "name another file", err,
                            "this is %s %s, where %s %s is asked for", strchr("aeiou", m.title[0]) ? "an" : "a",
                            m.title, strchr("aeiou", lrc_model_part_name(wanted)[0]) ? "an" : "a",
                            lrc_model_part_name(wanted));
}

int check_models(check_run *c, lrc_err *err)
{
    static const struct {
        lrc_field_id field;
        lrc_model_part part;
    } row[] = {
        {LRC_FIELD_vae_path, LRC_PART_VAE},
        {LRC_FIELD_ae_path, LRC_PART_VAE},
        {LRC_FIELD_clip_l_path, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_clip_g_path, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_t5xxl_path, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_gemma2, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_qwen3, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_text_encoder_path, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_byt5_path, LRC_PART_TEXT_ENCODER},
        {LRC_FIELD_continue_from_lora, LRC_PART_LORA},
    };
    if (check_base(c, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        if (check_part(c, row[i].field, row[i].part, err) < 0)
            return -1;
    return 0;
}
