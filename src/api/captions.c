// SPDX-License-Identifier: MIT
// captions.c - captions: read and write one, edit all of a dataset, take edits back.
//
// Every edit of a dataset takes dataset_dir and, where given, caption_extension, caption_separator, recursive and dry_run
// (change nothing, show what would change), and answers {success, message, files_modified, errors} and what the preview
// and undo need. The edits themselves are those of `lorica captions`.
#include <string.h>

#include "api/api.h"
#include "base/path.h"
#include "caption/bulk.h"
#include "caption/caption.h"
#include "caption/edit.h"
#include "caption/file.h"
#include "caption/pattern.h"
#include "caption/undo.h"

#define LOCK_WAIT_MS 60000  // others hold a dataset's lock for less than a second each
#define EDIT_MS      600000 // for all captions of a large dataset

// ---- One caption -----------------------------------------------------------------------------------------------------

static int get_read(lrc_http_req *q, lrc_err *err)
{
    const char *given = NULL, *extension = lrc_http_query(q, "caption_extension");
    lrc_auto_api_picture lrc_api_picture p = {0};
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_need(q, "image_path", &given, err) < 0 ||
        lrc_api_picture_find(lrc_api_app(q), given, extension ? extension : LRC_CAPTION_EXTENSION, &p, err) < 0 ||
        lrc_caption_read(p.caption, &file, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "image_path", p.image);
    lrc_json_kstr(&out, "caption_path", p.caption);
    lrc_json_kstr(&out, "caption_text", file.exists ? file.text : NULL);
    lrc_json_kbool(&out, "exists", file.exists);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int write_one(const lrc_app *app, const lrc_json *body, lrc_api_picture *p, lrc_err *err)
{
    const char *given = NULL, *text = NULL, *extension = LRC_CAPTION_EXTENSION;
    lrc_auto_free char *folder = NULL;
    lrc_auto_close int lock = -1;
    if (lrc_json_str(body, "image_path", true, &given, err) < 0 ||
        lrc_json_str(body, "caption_text", true, &text, err) < 0 ||
        lrc_json_str(body, "caption_extension", false, &extension, err) < 0 ||
        lrc_api_picture_find(app, given, extension, p, err) < 0 || lrc_path_parent(&folder, p->image, err) < 0 ||
        lrc_workspace_lock_dataset(lrc_app_workspace(app), folder, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    return lrc_caption_write(p->caption, text, err);
}

static int post_write(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_api_picture lrc_api_picture p = {0};
    lrc_auto_free char *message = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const lrc_findings none = {0};
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || write_one(lrc_api_app(q), lrc_json_root(doc), &p, err) < 0 ||
        lrc_str_format(&message, err, "Caption written to %s", lrc_path_name(p.caption)) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kint(&out, "files_modified", 1);
    lrc_api_put_errors(&out, &none);
    lrc_json_kstr(&out, "caption_path", p.caption);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- All captions of a dataset -----------------------------------------------------------------------------------------

struct edit {
    lrc_app *app;
    lrc_json_doc *doc;
    const lrc_json *body;
    char *dir, *summary;
    const char *separator;
    lrc_caption_bulk bulk;
    lrc_caption_bulk_result result;
};

static void edit_done(struct edit *e)
{
    lrc_json_doc_free(e->doc);
    free(e->dir);
    free(e->summary);
    lrc_caption_bulk_result_done(&e->result);
}
#define auto_edit lrc_cleanup(edit_done)

// A link among the captions may lead anywhere.
static int may_touch(void *app, const char *path, lrc_err *err)
{
    lrc_auto_rooted lrc_rooted found = LRC_ROOTED_INIT;
    return lrc_rooted_find(lrc_app_roots(app), lrc_app_workspace(app)->root, path, LRC_ROOTED_NEW, &found, err);
}

// Reads what all edits take; `dataset` names the field with the dataset.
static int begin_edit(lrc_http_req *q, const char *dataset, struct edit *e, lrc_err *err)
{
    const char *given = NULL;
    *e = (struct edit){.app = lrc_api_app(q), .separator = LRC_CAPTION_SEPARATOR};
    e->bulk = (lrc_caption_bulk){.workspace = lrc_app_workspace(e->app),
                                 .extension = LRC_CAPTION_EXTENSION,
                                 .may = may_touch,
                                 .may_arg = e->app};
    if (lrc_api_body(q, &e->doc, err) < 0)
        return -1;
    e->body = lrc_json_root(e->doc);
    if (lrc_json_str(e->body, dataset, true, &given, err) < 0 ||
        lrc_json_str(e->body, "caption_extension", false, &e->bulk.extension, err) < 0 ||
        lrc_json_str(e->body, "caption_separator", false, &e->separator, err) < 0 ||
        lrc_json_bool(e->body, "recursive", false, &e->bulk.recursive, err) < 0 ||
        lrc_json_bool(e->body, "dry_run", false, &e->bulk.dry_run, err) < 0 ||
        lrc_caption_check_extension(e->bulk.extension, err) < 0 || lrc_caption_check_separator(e->separator, err) < 0 ||
        lrc_api_dataset(e->app, given, &e->dir, err) < 0)
        return -1;
    e->bulk.dir = e->dir;
    return 0;
}

static int run_edit(struct edit *e, const char *operation, lrc_caption_edit how, void *arg, lrc_err *err)
{
    e->bulk.operation = operation;
    e->bulk.summary = e->summary;
    e->bulk.edit = how;
    e->bulk.arg = arg;
    return lrc_caption_bulk_run(&e->bulk, &e->result, err);
}

static void put_examples(lrc_json_out *out, const lrc_caption_bulk_result *r)
{
    lrc_json_key(out, "examples");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < r->examples; i++) {
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "path", r->example[i].path);
        lrc_json_kstr(out, "before", r->example[i].before);
        lrc_json_kstr(out, "after", r->example[i].after);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

// `done` is what was done, "Replaced text in".
static int answer_edit(lrc_http_req *q, const struct edit *e, const char *done, lrc_err *err)
{
    const lrc_caption_bulk_result *r = &e->result;
    lrc_auto_free char *message = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_str_format(&message, err, "%s%s %zu captions", e->bulk.dry_run ? "Preview: " : "", done, r->changed) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kint(&out, "files_modified", (int64_t)r->changed);
    lrc_json_kint(&out, "files_created", (int64_t)r->created);
    lrc_json_kint(&out, "total_files", (int64_t)r->files);
    lrc_api_put_errors(&out, &r->problems);
    lrc_json_kbool(&out, "dry_run", e->bulk.dry_run);
    lrc_json_kint(&out, "operation_id", r->undo);
    lrc_json_kint(&out, "images", (int64_t)r->images);
    lrc_json_kint(&out, "images_below", (int64_t)r->below);
    put_examples(&out, r);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- The trigger word ------------------------------------------------------------------------------------------------

// "start" or "end".
static int read_position(const lrc_json *body, bool need, bool *ret_at_end, lrc_err *err)
{
    const char *position = *ret_at_end ? "end" : "start";
    if (lrc_json_str(body, "position", need, &position, err) < 0)
        return -1;
    if (strcmp(position, "start") != 0 && strcmp(position, "end") != 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "position", "position must be start or end, not '%s'", position);
    *ret_at_end = strcmp(position, "end") == 0;
    return 0;
}

static int add_trigger(void *arg, const char *text, char **ret, lrc_err *err)
{
    return lrc_caption_add_trigger(text, arg, ret, err);
}

static int post_add_trigger(lrc_http_req *q, lrc_err *err)
{
    auto_edit struct edit e = {0};
    lrc_caption_trigger trigger = {0};
    if (begin_edit(q, "dataset_dir", &e, err) < 0 ||
        lrc_json_str(e.body, "trigger_word", true, &trigger.word, err) < 0 ||
        read_position(e.body, true, &trigger.at_end, err) < 0 ||
        lrc_json_bool(e.body, "repeat", false, &trigger.repeat, err) < 0)
        return -1;
    trigger.separator = e.separator;
    if (lrc_caption_check_trigger(&trigger, err) < 0 ||
        lrc_str_format(&e.summary, err, "add trigger word '%s' at the %s", trigger.word,
                       trigger.at_end ? "end" : "start") < 0 ||
        run_edit(&e, "add-trigger", add_trigger, &trigger, err) < 0)
        return -1;
    return answer_edit(q, &e, "Added trigger word to", err);
}

// ---- Tags ------------------------------------------------------------------------------------------------------------

static int edit_tags(void *arg, const char *text, char **ret, lrc_err *err)
{
    return lrc_tags_edit_text(text, arg, ret, err);
}

// The tags of a field, and the summary that names them. None at all is legal: nothing will happen.
static int read_tags(struct edit *e, const char *field, const char *what, lrc_strv *ret, lrc_err *err)
{
    lrc_auto_strv lrc_strv given = {0};
    lrc_auto_free char *shown = NULL;
    if (lrc_api_texts(e->body, field, true, &given, err) < 0)
        return -1;
    if (given.count == 0)
        return lrc_str_copy(&e->summary, what, err);
    lrc_err why = LRC_ERR_INIT;
    if (lrc_tags_parse(&given, e->separator, ret, &why) < 0)
        return lrc_fail_field(err, why.code, field, "%s: %s", field, why.msg);
    return lrc_caption_join(ret, ", ", &shown, err) < 0 ? -1 : lrc_str_format(&e->summary, err, "%s '%s'", what, shown);
}

static int post_add_tags(lrc_http_req *q, lrc_err *err)
{
    auto_edit struct edit e = {0};
    lrc_auto_strv lrc_strv tags = {0};
    lrc_tags_edit edit = {.op = LRC_TAGS_ADD, .tags = &tags};
    bool at_end = true;
    if (begin_edit(q, "dataset_dir", &e, err) < 0 || read_position(e.body, false, &at_end, err) < 0 ||
        read_tags(&e, "tags_to_add", "add tags", &tags, err) < 0)
        return -1;
    edit.at_start = !at_end;
    edit.separator = e.separator;
    if (tags.count && run_edit(&e, "add-tags", edit_tags, &edit, err) < 0)
        return -1;
    return answer_edit(q, &e, "Added tags to", err);
}

static int post_remove_tags(lrc_http_req *q, lrc_err *err)
{
    auto_edit struct edit e = {0};
    lrc_auto_strv lrc_strv tags = {0};
    lrc_tags_edit edit = {.op = LRC_TAGS_REMOVE, .tags = &tags};
    if (begin_edit(q, "dataset_dir", &e, err) < 0 || read_tags(&e, "tags_to_remove", "remove tags", &tags, err) < 0)
        return -1;
    edit.separator = e.separator;
    e.bulk.existing_only = true;
    if (tags.count && run_edit(&e, "remove-tags", edit_tags, &edit, err) < 0)
        return -1;
    return answer_edit(q, &e, "Removed tags from", err);
}

// What tags become: "" removes them.
static int read_replacement(struct edit *e, const char *field, bool need, char **ret, lrc_err *err)
{
    const char *text = "";
    lrc_auto_strv lrc_strv by = {0};
    if (lrc_json_str(e->body, field, need, &text, err) < 0)
        return -1;
    const lrc_strv given = {.item = (char *[]){(char *)(uintptr_t)text}, .count = 1};
    if (text[strspn(text, " ")] && lrc_tags_parse(&given, e->separator, &by, err) < 0)
        return -1;
    return lrc_caption_join(&by, e->separator, ret, err);
}

static int post_replace_tag(lrc_http_req *q, lrc_err *err)
{
    auto_edit struct edit e = {0};
    lrc_auto_strv lrc_strv tags = {0};
    lrc_auto_free char *by = NULL, *old = NULL;
    lrc_tags_edit edit = {.op = LRC_TAGS_REPLACE, .tags = &tags};
    if (begin_edit(q, "dataset_dir", &e, err) < 0 || read_tags(&e, "tags_to_replace", "replace tags", &tags, err) < 0 ||
        read_replacement(&e, "replace_with", true, &by, err) < 0)
        return -1;
    old = lrc_take(e.summary);
    if (lrc_str_format(&e.summary, err, "%s by '%s'", old, by) < 0)
        return -1;
    edit.replacement = by;
    edit.separator = e.separator;
    e.bulk.existing_only = true;
    if (tags.count && run_edit(&e, "replace-tag", edit_tags, &edit, err) < 0)
        return -1;
    return answer_edit(q, &e, "Replaced tags in", err);
}

static int post_normalize(lrc_http_req *q, lrc_err *err)
{
    auto_edit struct edit e = {0};
    lrc_tags_edit edit = {.op = LRC_TAGS_TIDY};
    int64_t keep = 0;
    if (begin_edit(q, "dataset_dir", &e, err) < 0 || lrc_json_bool(e.body, "sort", false, &edit.sort, err) < 0 ||
        lrc_json_bool(e.body, "dedupe", false, &edit.dedupe, err) < 0 ||
        lrc_json_int(e.body, "keep", false, &keep, err) < 0)
        return -1;
    if (keep < 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "keep", "keep must be 0 or more");
    edit.keep = (size_t)keep;
    edit.separator = e.separator;
    e.bulk.existing_only = true;
    if (lrc_str_format(&e.summary, err, "normalize%s%s", edit.sort ? ", sort" : "", edit.dedupe ? ", dedupe" : "") <
            0 ||
        run_edit(&e, "normalize", edit_tags, &edit, err) < 0)
        return -1;
    return answer_edit(q, &e, "Normalized", err);
}

// KNX's: one route for three edits of tags.
static int post_bulk_tags(lrc_http_req *q, lrc_err *err)
{
    static const struct {
        const char *word, *operation, *what, *done;
        lrc_tags_op op;
    } table[] = {
        {"add", "add-tags", "add tags", "Added tags to", LRC_TAGS_ADD},
        {"remove", "remove-tags", "remove tags", "Removed tags from", LRC_TAGS_REMOVE},
        {"replace", "replace-tag", "replace tags", "Replaced tags in", LRC_TAGS_REPLACE},
    };
    auto_edit struct edit e = {0};
    lrc_auto_strv lrc_strv tags = {0};
    lrc_auto_free char *by = NULL;
    const char *word = NULL;
    size_t i = 0;
    if (begin_edit(q, "dataset_path", &e, err) < 0 || lrc_json_str(e.body, "operation", true, &word, err) < 0)
        return -1;
    while (i < sizeof table / sizeof table[0] && strcmp(word, table[i].word) != 0)
        i++;
    if (i == sizeof table / sizeof table[0])
        return lrc_fail_field(err, LRC_ERR_INVALID, "operation", "operation must be add, remove or replace, not '%s'",
                              word);
    if (read_tags(&e, "tags", table[i].what, &tags, err) < 0 ||
        read_replacement(&e, "replace_with", false, &by, err) < 0)
        return -1;
    if (tags.count == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "tags", "tags is empty");
    lrc_tags_edit edit = {.op = table[i].op, .tags = &tags, .replacement = by, .separator = e.separator};
    e.bulk.existing_only = table[i].op != LRC_TAGS_ADD;
    if (run_edit(&e, table[i].operation, edit_tags, &edit, err) < 0)
        return -1;
    return answer_edit(q, &e, table[i].done, err);
}

// ---- Text ------------------------------------------------------------------------------------------------------------

struct replacement {
    lrc_pattern *pattern;
    const char *by;
};

static int replace_text(void *arg, const char *text, char **ret, lrc_err *err)
{
    const struct replacement *r = arg;
    return lrc_pattern_replace(r->pattern, text, r->by, ret, err);
}

static int post_replace(lrc_http_req *q, lrc_err *err)
{
    auto_edit struct edit e = {0};
    lrc_auto_pattern lrc_pattern *pattern = NULL;
    lrc_pattern_options how = {0};
    struct replacement r = {0};
    const char *find = NULL;
    if (begin_edit(q, "dataset_dir", &e, err) < 0 || lrc_json_str(e.body, "find_text", true, &find, err) < 0 ||
        lrc_json_str(e.body, "replace_text", true, &r.by, err) < 0 ||
        lrc_json_bool(e.body, "use_regex", false, &how.regex, err) < 0 ||
        lrc_json_bool(e.body, "ignore_case", false, &how.ignore_case, err) < 0 ||
        lrc_json_bool(e.body, "multiline", false, &how.multiline, err) < 0 ||
        lrc_pattern_compile(find, &how, &pattern, err) < 0 ||
        lrc_str_format(&e.summary, err, "replace %s'%s' by '%s'", how.regex ? "pattern " : "", find, r.by) < 0)
        return -1;
    r.pattern = pattern;
    e.bulk.existing_only = true;
    if (run_edit(&e, "replace", replace_text, &r, err) < 0)
        return -1;
    return answer_edit(q, &e, "Replaced text in", err);
}

// ---- Taking edits back -----------------------------------------------------------------------------------------------

static int answer_undo(lrc_http_req *q, bool redo, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_caption_undo_result lrc_caption_undo_result r = {0};
    lrc_auto_free char *dir = NULL, *message = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_err why = LRC_ERR_INIT;
    const char *given = NULL;
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "dataset_dir", false, &given, err) < 0 ||
        (given && lrc_api_dataset(app, given, &dir, err) < 0))
        return -1;
    if (lrc_caption_undo(lrc_app_workspace(app), dir, redo, &r, &why) < 0) {
        if (why.code == LRC_ERR_CONFLICT)
            return lrc_api_answer_findings(q, &why, &r.problems, err);
        *err = why;
        return -1;
    }
    if (lrc_str_format(&message, err, "%s: %s", redo ? "Done again" : "Taken back", r.undone.summary) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kint(&out, "files_modified", (int64_t)r.files);
    lrc_api_put_errors(&out, &r.problems);
    lrc_json_kint(&out, "operation_id", r.undone.number);
    lrc_json_kstr(&out, "summary", r.undone.summary);
    lrc_json_kstr(&out, "dataset_dir", r.undone.dir);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int post_undo(lrc_http_req *q, lrc_err *err)
{
    return answer_undo(q, false, err);
}

static int post_redo(lrc_http_req *q, lrc_err *err)
{
    return answer_undo(q, true, err);
}

static int get_history(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_journal_list lrc_journal_list list = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_journal_list_read(lrc_app_workspace(lrc_api_app(q)), &list, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "operations");
    lrc_json_array_begin(&out);
    for (size_t i = list.count; i-- > 0;) {
        const lrc_journal_entry *e = &list.item[i];
        lrc_json_object_begin(&out);
        lrc_json_kint(&out, "operation_id", e->head.number);
        lrc_json_kstr(&out, "kind", e->head.operation);
        lrc_json_kstr(&out, "summary", e->head.summary);
        lrc_json_kstr(&out, "dataset_dir", e->head.dir);
        lrc_json_kint(&out, "time", e->head.time_ms);
        lrc_json_kint(&out, "files", (int64_t)e->files);
        lrc_json_kstr(&out, "state", !e->done ? "running" : e->undone ? "taken_back" : "done");
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total", (int64_t)list.count);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

#define EDIT(path, handler, text) {"POST", path, handler, .timeout_ms = EDIT_MS, .summary = text}

const lrc_http_route lrc_api_captions_routes[] = {
    {"GET", "/api/captions/read", get_read, .summary = "The caption of one picture"},
    {"POST", "/api/captions/write", post_write, .body_limit = 8 << 20, .summary = "Write the caption of one picture"},
    EDIT("/api/captions/add-trigger", post_add_trigger, "Put a trigger word into all captions of a dataset"),
    EDIT("/api/captions/add-tags", post_add_tags, "Add tags to all captions that do not have them"),
    EDIT("/api/captions/remove-tags", post_remove_tags, "Remove tags from all captions"),
    EDIT("/api/captions/replace-tag", post_replace_tag, "Replace tags by another in all captions"),
    EDIT("/api/captions/replace", post_replace, "Replace text in all captions, literally or by regular expression"),
    EDIT("/api/captions/normalize", post_normalize, "Write all captions anew, tidy; sort, dedupe"),
    EDIT("/api/captions/undo", post_undo, "Take back the last edit of captions"),
    EDIT("/api/captions/redo", post_redo, "Do again what was taken back"),
    EDIT("/api/dataset/bulk-tag-operation", post_bulk_tags, "Add, remove or replace tags in all captions"),
    {"GET", "/api/captions/history", get_history, .summary = "Edits of captions, newest first"},
    {0},
};
