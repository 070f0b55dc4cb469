// SPDX-License-Identifier: MIT
// Entries as TOML text: dataset.toml in tomlkit's form, config.toml in that of toml 0.10.2.
#include <string.h>

#include "toml/emit.h"
#include "toml/toml.h"
#include "train/plan.h"

#define LINE_MAX_BYTES (16 << 20)

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

void train_render_value(const lrc_train_value *v, lrc_toml_form form, lrc_buf *out)
{
    put_value(out, form, v);
}

static int refuse(train_plan *p, const train_entry *e, lrc_err *err)
{
    static const char words[] = "begins with a control character, which the reference's TOML library cannot write";
    if (lrc_findings_add(p->findings, LRC_FINDING_ERROR, "unwritable", e->field, NULL, "the studio profile writes it",
                         err, "%s", words) < 0)
        return -1;
    return lrc_fail_field(err, LRC_ERR_INVALID, e->field, "%s %s", e->field, words);
}

static bool same_text(const lrc_toml *read, const lrc_train_value *v)
{
    return read && read->type == LRC_TOML_STRING && read->len == v->len && memcmp(read->text, v->text, v->len) == 0;
}

// Does the reference's form of these texts read back as what they are?
static bool reads_back(const lrc_train_value *v)
{
    lrc_auto_buf lrc_buf line;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_buf_init(&line, LINE_MAX_BYTES);
    lrc_buf_adds(&line, "k = ");
    if (!put_value(&line, LRC_TOML_PY, v) || line.failed || lrc_toml_parse(line.data, line.len, &doc, NULL) < 0)
        return false;
    const lrc_toml *k = lrc_toml_get(lrc_toml_root(doc), "k");
    if (v->type == LRC_VALUE_TEXT)
        return same_text(k, v);
    const lrc_toml *item = k->first;
    for (size_t i = 0; i < v->count; i++, item = item ? item->next : NULL)
        if (v->item[i].type == LRC_VALUE_TEXT && !same_text(item, &v->item[i]))
            return false;
    return true;
}

// toml 0.10.2, which the trainer reads with, takes "\"… for the beginning of a multi-line text.
static bool is_misread(const lrc_train_value *v)
{
    return v->type == LRC_VALUE_TEXT && v->text[0] == '"';
}

// 'text' without escapes; false when it holds what that form cannot.
static bool put_literal(lrc_buf *out, const lrc_train_value *v)
{
    for (size_t i = 0; i < v->len; i++)
        if (v->text[i] == '\'' || (unsigned char)v->text[i] < 0x20 || v->text[i] == 0x7f)
            return false;
    lrc_buf_addf(out, "'%s'", v->text);
    return true;
}

// Studio writes as the reference does wherever the trainer reads that rightly.
static int put_safely(train_plan *p, lrc_buf *out, const train_entry *e, lrc_err *err)
{
    const bool text = e->value.type == LRC_VALUE_TEXT || e->value.type == LRC_VALUE_LIST;
    if (!text || (reads_back(&e->value) && !is_misread(&e->value))) {
        put_value(out, LRC_TOML_PY, &e->value);
        return 0;
    }
    if (!is_misread(&e->value) || !put_literal(out, &e->value))
        put_value(out, LRC_TOML_KIT, &e->value);
    return train_report_text(p, e, err);
}

static int put_entry(train_plan *p, lrc_buf *out, lrc_toml_form form, const train_entry *e, lrc_err *err)
{
    lrc_buf_addf(out, "%s = ", e->key);
    if (p->studio && form == LRC_TOML_PY) {
        if (put_safely(p, out, e, err) < 0)
            return -1;
    } else if (!put_value(out, form, &e->value)) {
        return refuse(p, e, err);
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
