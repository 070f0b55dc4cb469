// SPDX-License-Identifier: MIT
// Entries as TOML text: dataset.toml in tomlkit's form, config.toml in that of toml 0.10.2.
#include <string.h>

#include "toml/emit.h"
#include "train/plan.h"

// false when the text cannot be written.
static bool put_value(lrc_buf *out, lrc_toml_form form, const lrc_train_value *v)
{
    bool written = true;
    switch (v->type) {
    case LRC_VALUE_NULL: break;
    case LRC_VALUE_BOOL: lrc_toml_put_bool(out, v->flag); break;
    case LRC_VALUE_INT: lrc_buf_add(out, v->text, v->len); break;
    case LRC_VALUE_FLOAT: lrc_toml_put_float(out, form, v->number); break;
    case LRC_VALUE_TEXT: return lrc_toml_put_str(out, form, v->text, v->len);
    case LRC_VALUE_LIST:
        lrc_toml_list_begin(out);
        for (size_t i = 0; i < v->count; i++) {
            lrc_toml_list_item(out, form, i == 0);
            written = put_value(out, form, &v->item[i]) && written;
        }
        lrc_toml_list_end(out, form, v->count == 0);
        break;
    }
    return written;
}

static int put_entry(train_plan *p, lrc_buf *out, lrc_toml_form form, const train_entry *e, lrc_err *err)
{
    lrc_buf_addf(out, "%s = ", e->key);
    if (!put_value(out, form, &e->value)) {
        if (lrc_findings_add(p->findings, LRC_FINDING_ERROR, "unwritable", e->field, NULL,
                             "use the studio profile, which writes it correctly", err,
                             "begins with a control character, which the reference's TOML library cannot write") < 0)
            return -1;
        return lrc_fail_field(err, LRC_ERR_INVALID, e->field,
                              "%s begins with a control character, which the reference's TOML library cannot write",
                              e->field);
    }
    lrc_buf_addc(out, '\n');
    return 0;
}

int train_render_config(train_plan *p, lrc_buf *out, lrc_err *err)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->entry[i].in == LRC_IN_CONFIG && put_entry(p, out, LRC_TOML_PY, &p->entry[i], err) < 0)
            return -1;
    return lrc_buf_check(out, "config.toml", err);
}

int train_render_dataset(train_plan *p, lrc_buf *out, lrc_err *err)
{
    static const char *const header[] = {
        [LRC_IN_GENERAL] = "[general]\n",
        [LRC_IN_DATASET] = "\n[[datasets]]\n",
        [LRC_IN_SUBSET] = "\n[[datasets.subsets]]\n",
    };
    const train_entry *before = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const train_entry *e = &p->entry[i];
        if (e->in < LRC_IN_GENERAL || e->in > LRC_IN_SUBSET)
            continue;
        if (!before || before->in != e->in || before->subset != e->subset)
            lrc_buf_adds(out, header[e->in]);
        if (put_entry(p, out, LRC_TOML_KIT, e, err) < 0)
            return -1;
        before = e;
    }
    return lrc_buf_check(out, "dataset.toml", err);
}
