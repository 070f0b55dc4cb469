// SPDX-License-Identifier: MIT
// Settings read as a request, and two of them compared.
#include <string.h>

#include "preset/internal.h"
#include "preset/preset.h"

#define REQUEST_MAX (8 << 20)

// What every request must have; a preset mostly leaves it to the request.
static const struct {
    const char *key, *value;
} needed[] = {{"project_name", "\"preset\""}, {"model_type", "\"SDXL\""}, {"pretrained_model_name_or_path", "\"x\""},
              {"train_data_dir", "\"x\""},    {"output_dir", "\"x\""},    {"resolution", "1024"}};

int preset_as_request(const lrc_json *fields, lrc_train_request **ret, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_json_out out;
    lrc_buf_init(&buf, REQUEST_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    for (const lrc_json *m = fields->first; m; m = m->next) {
        lrc_json_key(&out, m->key);
        lrc_json_put_value(&out, m);
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!lrc_json_get(fields, needed[i].key)) {
            lrc_json_key(&out, needed[i].key);
            lrc_json_put_raw(&out, needed[i].value);
        }
    lrc_json_object_end(&out);
    if (lrc_buf_check(&buf, "the settings", err) < 0 || lrc_json_parse(buf.data, buf.len, &doc, err) < 0)
        return -1;
    return lrc_train_request_parse(lrc_json_root(doc), ret, findings, err);
}

static int read_side(const char *what, const lrc_json *fields, lrc_train_request **ret, lrc_err *err)
{
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err why = LRC_ERR_INIT;
    if (preset_as_request(fields, ret, &findings, &why) == 0)
        return 0;
    if (why.code == LRC_ERR_SCHEMA && findings.count)
        return lrc_fail_field(err, LRC_ERR_INVALID, findings.item[0].field, "%s: %s: %s", what, findings.item[0].field,
                              findings.item[0].message);
    *err = why;
    return -1;
}

static void put_side(const lrc_json *fields, const char *key, const char *name, lrc_json_out *out)
{
    const lrc_json *v = lrc_json_get(fields, name);
    lrc_json_key(out, key);
    if (v)
        lrc_json_put_value(out, v);
    else
        lrc_json_put_null(out);
}

int lrc_preset_compare(const lrc_preset *p, const lrc_json *request, lrc_json_out *out, size_t *ret_count, lrc_err *err)
{
    lrc_auto_train_request lrc_train_request *ours = NULL, *theirs = NULL;
    size_t count = 0;
    if (request->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "a request is a JSON object, not %s", lrc_json_type_name(request));
    if (read_side("the preset", p->fields, &ours, err) < 0 || read_side("the request", request, &theirs, err) < 0)
        return -1;
    lrc_json_array_begin(out);
    for (const lrc_json *m = p->fields->first; m; m = m->next) {
        const lrc_field_id id = lrc_train_field_find(m->key);
        if (id == LRC_FIELD_NONE || id == LRC_FIELD_subsets ||
            lrc_value_same(lrc_train_get(ours, id), lrc_train_get(theirs, id)))
            continue;
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "field", m->key);
        put_side(p->fields, "preset", m->key, out);
        put_side(request, "request", m->key, out);
        lrc_json_object_end(out);
        count++;
    }
    lrc_json_array_end(out);
    *ret_count = count;
    return 0;
}
