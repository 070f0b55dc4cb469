// SPDX-License-Identifier: MIT
#include "dataset/intake.h"

#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/utf8.h"
#include "caption/caption.h"
#include "caption/file.h"
#include "kohya/files.h"

#define CHUNK 256 // pictures that are judged together

// What ends the whole import; everything else concerns one file.
static bool is_fatal(lrc_err_code code)
{
    return code == LRC_ERR_DISK_FULL || code == LRC_ERR_NO_MEMORY || code == LRC_ERR_LIMIT ||
           code == LRC_ERR_CONFLICT || code == LRC_ERR_NOT_BUILT;
}

int lrc_intake_begin(lrc_intake *in, lrc_err *err)
{
    size_t count;
    lrc_source_entries(in->source, &count);
    lrc_auto_free size_t *image_of = calloc(count + 1, sizeof *image_of); // per source: index of the image's output
    in->state = calloc(in->plan.count + 1, sizeof *in->state);
    if (!in->state || !image_of)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < in->plan.count; i++)
        if (in->plan.output[i].is_image)
            image_of[in->plan.output[i].source] = i;
    for (size_t i = in->plan.count; i-- > 0;) {
        if (in->plan.output[i].is_image)
            continue;
        lrc_intake_state *image = &in->state[image_of[in->plan.output[i].image]];
        in->state[i].caption = image->caption;
        image->caption = i + 1;
    }
    return 0;
}

static const char *source_name(const lrc_intake *in, const lrc_import_output *o)
{
    size_t count;
    return lrc_source_entries(in->source, &count)[o->source].name;
}

static int staged_path(const lrc_intake *in, const lrc_import_output *o, char **ret, lrc_err *err)
{
    lrc_auto_free char *target = NULL;
    return lrc_import_target(o, &target, err) < 0 ? -1 : lrc_path_join(ret, in->stage.new, target, err);
}

static int make_parent(const char *path, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    return lrc_path_parent(&folder, path, err) < 0 ? -1 : lrc_fs_mkdirs(folder, err);
}

static int discard(lrc_intake *in, size_t i, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (!in->state[i].present)
        return 0;
    in->state[i].present = false;
    return staged_path(in, &in->plan.output[i], &path, err) < 0 ? -1 : lrc_fs_remove(path, err);
}

static int set_suffix(lrc_import_output *o, const char *suffix, lrc_err *err)
{
    char *copy = NULL;
    if (lrc_str_copy(&copy, suffix, err) < 0)
        return -1;
    free(o->suffix);
    o->suffix = copy;
    return 0;
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

// The entry stepped to, into a new file of the stage.
static int copy_to(lrc_intake *in, const char *path, uint64_t *ret_bytes, lrc_err *err)
{
    lrc_auto_close int fd = -1;
    struct stat st;
    if (make_parent(path, err) < 0 || lrc_fs_create_new(path, &fd, err) < 0)
        return -1;
    if (lrc_source_copy(in->source, fd, err) < 0 || fstat(fd, &st) < 0) {
        lrc_fs_remove(path, NULL);
        return -1;
    }
    *ret_bytes = (uint64_t)st.st_size;
    return 0;
}

static int take_image(lrc_intake *in, size_t i, lrc_err *err)
{
    const lrc_import_output *o = &in->plan.output[i];
    lrc_auto_free char *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (staged_path(in, o, &path, err) < 0)
        return -1;
    if (copy_to(in, path, &in->state[i].bytes, &why) == 0) {
        in->state[i].present = true;
        return 0;
    }
    if (is_fatal(why.code)) {
        if (err)
            *err = why;
        return -1;
    }
    return lrc_import_note_add(in->report, LRC_IMPORT_UNREADABLE, source_name(in, o), NULL, err, "%s", why.msg);
}

// UTF-16 with its byte order mark, as UTF-8; false when it is something else or not well formed.
static bool from_utf16(const char *bytes, size_t n, lrc_buf *out)
{
    const unsigned char *b = (const unsigned char *)bytes;
    if (n < 2 || n % 2 || !((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
        return false;
    const int high = b[0] == 0xfe ? 0 : 1; // where the high byte of a unit is
    uint32_t lead = 0;
    for (size_t i = 2; i < n; i += 2) {
        uint32_t unit = (uint32_t)b[i + (size_t)high] << 8 | b[i + (size_t)!high];
        if (unit >= 0xdc00 && unit <= 0xdfff && lead)
            unit = 0x10000 + ((lead - 0xd800) << 10) + (unit - 0xdc00);
        else if (lead)
            return false;
        lead = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
        char text[LRC_UTF8_MAX];
        const size_t length = lead ? 0 : lrc_utf8_encode(unit, text);
        if (!lead && length == 0)
            return false;
        lrc_buf_add(out, text, length);
    }
    return lead == 0;
}

// The text as the trainer can read it. What is neither UTF-8 nor UTF-16 stays as it is, with a warning.
static int mend_caption(lrc_intake *in, const char *name, lrc_buf *text, lrc_err *err)
{
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_auto_buf lrc_buf recoded;
    lrc_err why = LRC_ERR_INIT;
    lrc_buf_init(&recoded, LRC_CAPTION_MAX);
    const bool utf16 = from_utf16(text->data, text->len, &recoded) && !recoded.failed;
    if (!utf16 && lrc_caption_decode(text->data, text->len, name, &file, &why) < 0)
        return lrc_import_note_add(in->report, LRC_IMPORT_WARNING, name, NULL, err, "%s", why.msg);
    if (!utf16 && !file.bom)
        return 0;
    const char *mended = utf16 ? recoded.data : file.text;
    lrc_buf_truncate(text, 0);
    lrc_buf_adds(text, mended);
    return lrc_import_note_add(in->report, LRC_IMPORT_MENDED, name, NULL, err, "%s",
                               utf16 ? "it was UTF-16" : "its byte order mark was taken off");
}

static int write_caption(lrc_intake *in, size_t i, const lrc_buf *text, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_close int fd = -1;
    if (staged_path(in, &in->plan.output[i], &path, err) < 0 || make_parent(path, err) < 0 ||
        lrc_fs_create_new(path, &fd, err) < 0 || lrc_fs_write_fd(fd, text->data, text->len, path, err) < 0)
        return -1;
    in->state[i].present = true;
    in->state[i].bytes = text->len;
    return 0;
}

static int load_caption(lrc_intake *in, uint64_t claimed, const char *scratch, lrc_buf *ret, lrc_err *err)
{
    lrc_auto_free char *bytes = NULL;
    size_t n;
    uint64_t length;
    if (claimed > LRC_CAPTION_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "it is too long for a caption");
    if (copy_to(in, scratch, &length, err) < 0)
        return -1;
    const int result = lrc_fs_read(scratch, LRC_CAPTION_MAX, &bytes, &n, err);
    lrc_fs_remove(scratch, NULL);
    if (result < 0)
        return err && err->code == LRC_ERR_LIMIT ? lrc_fail(err, LRC_ERR_INVALID, "it is too long for a caption") : -1;
    lrc_buf_add(ret, bytes, n);
    return lrc_buf_check(ret, "the caption", err);
}

// Outputs first … end - 1 are the captions that one file becomes.
static int take_caption(lrc_intake *in, size_t first, size_t end, lrc_err *err)
{
    size_t count;
    const lrc_source_entry *entry = &lrc_source_entries(in->source, &count)[in->plan.output[first].source];
    const char *name = entry->name;
    lrc_auto_free char *scratch = NULL;
    lrc_auto_buf lrc_buf text;
    lrc_err why = LRC_ERR_INIT;
    lrc_buf_init(&text, LRC_CAPTION_MAX * 2);
    if (lrc_path_join(&scratch, in->stage.dir, "caption", err) < 0)
        return -1;
    if (load_caption(in, entry->size, scratch, &text, &why) < 0) {
        if (is_fatal(why.code)) {
            if (err)
                *err = why;
            return -1;
        }
        return lrc_import_note_add(in->report, LRC_IMPORT_SKIPPED, name, NULL, err, "%s", why.msg);
    }
    if (mend_caption(in, name, &text, err) < 0)
        return -1;
    for (size_t i = first; i < end; i++)
        if (write_caption(in, i, &text, err) < 0)
            return -1;
    return 0;
}

static int read_all(lrc_intake *in, lrc_err *err)
{
    size_t total, index, at = 0;
    const lrc_source_entry *entries = lrc_source_entries(in->source, &total);
    int step;
    while ((step = lrc_source_next(in->source, &index, err)) > 0) {
        size_t end = at;
        while (end < in->plan.count && in->plan.output[end].source == index)
            end++;
        if (end > at && (in->plan.output[at].is_image ? take_image(in, at, err) : take_caption(in, at, end, err)) < 0)
            return -1;
        at = end;
        if (in->o->progress)
            in->o->progress(in->o->arg, LRC_IMPORT_READING, index + 1, total, entries[index].name);
    }
    return step;
}

// ---- What the dataset has already ------------------------------------------------------------------------------------

// Give a caption the picture folder/stem of the dataset; it does not come in where that has one.
static int move_caption(lrc_intake *in, size_t i, const char *folder, const char *stem, lrc_err *err)
{
    lrc_import_output *o = &in->plan.output[i];
    lrc_auto_free char *from = NULL, *to = NULL, *there = NULL, *target = NULL, *f = NULL, *s = NULL;
    if (staged_path(in, o, &from, err) < 0 || lrc_str_copy(&f, folder, err) < 0 || lrc_str_copy(&s, stem, err) < 0)
        return -1;
    free(o->folder);
    free(o->stem);
    o->folder = lrc_take(f);
    o->stem = lrc_take(s);
    if (lrc_import_target(o, &target, err) < 0 || lrc_path_join(&there, in->place, target, err) < 0 ||
        lrc_path_join(&to, in->stage.new, target, err) < 0 || make_parent(to, err) < 0)
        return -1;
    if (lrc_fs_exists(there) || (strcmp(from, to) != 0 && lrc_fs_rename_new(from, to, NULL) < 0))
        in->state[i].present = false;
    return 0;
}

// Captions of a picture that is not needed go to its twin, "10_x/a.png" or ".originals/10_x/a.gif".
static int move_captions(lrc_intake *in, size_t image, const char *twin, lrc_err *err)
{
    lrc_auto_free char *folder = NULL, *stem = NULL;
    if (lrc_str_starts(twin, LRC_IMPORT_ORIGINALS "/"))
        twin += strlen(LRC_IMPORT_ORIGINALS "/");
    const char *name = lrc_path_name(twin);
    if (lrc_str_copy_n(&folder, twin, name == twin ? 0 : (size_t)(name - twin) - 1, err) < 0 ||
        lrc_str_copy_n(&stem, name, strlen(name) - strlen(lrc_path_suffix(name)), err) < 0)
        return -1;
    for (size_t k = in->state[image].caption; k; k = in->state[k - 1].caption)
        if (in->state[k - 1].present && move_caption(in, k - 1, folder, stem, err) < 0)
            return -1;
    return 0;
}

static int drop_twins(lrc_intake *in, lrc_err *err)
{
    for (size_t i = 0; i < in->plan.count && in->twins.count; i++) {
        const lrc_import_output *o = &in->plan.output[i];
        lrc_auto_free char *path = NULL;
        const char *twin = NULL;
        if (!o->is_image || !in->state[i].present)
            continue;
        if (staged_path(in, o, &path, err) < 0 || lrc_twins_find(&in->twins, path, &twin, err) < 0)
            return -1;
        if (!twin)
            continue;
        in->state[i].present = false;
        if (lrc_fs_remove(path, err) < 0 || move_captions(in, i, twin, err) < 0 ||
            lrc_import_note_add(in->report, LRC_IMPORT_IDENTICAL, source_name(in, o), twin, err,
                                "the dataset has this picture") < 0)
            return -1;
    }
    return 0;
}

// A caption whose picture could not be copied is the caption of nothing.
static int drop_widowed(lrc_intake *in, lrc_err *err)
{
    for (size_t i = 0; i < in->plan.count; i++)
        for (size_t k = in->plan.output[i].is_image && !in->state[i].present ? in->state[i].caption : 0; k;
             k = in->state[k - 1].caption)
            if (discard(in, k - 1, err) < 0)
                return -1;
    return 0;
}

int lrc_intake_read(lrc_intake *in, lrc_err *err)
{
    return read_all(in, err) < 0 || drop_widowed(in, err) < 0 ? -1 : drop_twins(in, err);
}

// ---- Judging ---------------------------------------------------------------------------------------------------------

// The picture and its captions do not come in.
static int reject(lrc_intake *in, size_t i, const char *reason, lrc_err *err)
{
    for (size_t k = in->state[i].caption; k; k = in->state[k - 1].caption)
        if (discard(in, k - 1, err) < 0)
            return -1;
    if (discard(in, i, err) < 0)
        return -1;
    return lrc_import_note_add(in->report, LRC_IMPORT_UNREADABLE, source_name(in, &in->plan.output[i]), NULL, err, "%s",
                               reason);
}

// The reason of the decoder without the path of the staged file, which nobody knows.
static void clean_reason(const lrc_err *why, const char *path, char out[static LRC_ERR_MSG_SIZE])
{
    const char *at = strstr(why->msg, path);
    snprintf(out, LRC_ERR_MSG_SIZE, "%s", why->msg);
    if (!at)
        return;
    const char *rest = at + strlen(path);
    snprintf(out, LRC_ERR_MSG_SIZE, "%.*sit%s", (int)(at - why->msg) - (at > why->msg && at[-1] == '\''), why->msg,
             rest + (*rest == '\''));
}

// Move the picture as it came to .originals, under the name that it has in the dataset.
static int keep_original(lrc_intake *in, const lrc_import_output *o, const char *path, lrc_err *err)
{
    lrc_auto_free char *target = NULL, *relative = NULL, *to = NULL;
    if (lrc_import_target(o, &target, err) < 0 || lrc_path_join(&relative, LRC_IMPORT_ORIGINALS, target, err) < 0 ||
        lrc_path_join(&to, in->stage.new, relative, err) < 0 || make_parent(to, err) < 0)
        return -1;
    return lrc_fs_rename_new(path, to, err);
}

// `t` is the answer to the conversion of output i from `path`.
static int converted(lrc_intake *in, size_t i, const char *path, const lrc_decode_task *t, lrc_err *err)
{
    lrc_import_output *o = &in->plan.output[i];
    char reason[LRC_ERR_MSG_SIZE];
    struct stat st;
    lrc_auto_free char *target = NULL;
    if (!t->ok && is_fatal(t->why.code) && t->why.code != LRC_ERR_LIMIT) {
        if (err)
            *err = t->why;
        return -1;
    }
    clean_reason(&t->why, path, reason);
    if (!t->ok)
        return reject(in, i, reason, err);
    o->renamed = NULL; // the note below says it
    if (keep_original(in, o, path, err) < 0 || set_suffix(o, lrc_path_suffix(t->out), err) < 0 ||
        lrc_import_target(o, &target, err) < 0)
        return -1;
    if (stat(t->out, &st) == 0)
        in->state[i].bytes += (uint64_t)st.st_size;
    if (t->facts.pages > 1)
        return lrc_import_note_add(in->report, LRC_IMPORT_CONVERTED, source_name(in, o), target, err,
                                   "from %s, the first of %u frames; the original lies in " LRC_IMPORT_ORIGINALS,
                                   t->facts.format, t->facts.pages);
    return lrc_import_note_add(in->report, LRC_IMPORT_CONVERTED, source_name(in, o), target, err,
                               "from %s; the original lies in " LRC_IMPORT_ORIGINALS, t->facts.format);
}

// The pictures that are looked at together.
struct chunk {
    lrc_intake *in;
    size_t count;
    size_t output[CHUNK];
    char *path[CHUNK];
    char *out[CHUNK]; // of a conversion
    lrc_decode_task task[CHUNK];
    size_t *done; // pictures so far
};

static void chunk_done(struct chunk *c)
{
    for (size_t i = 0; i < CHUNK; i++) {
        free(lrc_take(c->path[i]));
        free(lrc_take(c->out[i]));
    }
    c->count = 0;
}

static void step(void *arg, size_t done, const lrc_decode_task *last)
{
    struct chunk *c = arg;
    const lrc_import_options *o = c->in->o;
    if (o->progress)
        o->progress(o->arg, LRC_IMPORT_CHECKING, *c->done + done, c->in->plan.images, lrc_path_name(last->path));
}

// A sound picture whose suffix asks for a conversion that its content does not need, e.g. a PNG called .gif.
static int fit_suffix(lrc_intake *in, size_t i, const char *path, const lrc_kohya_type *content, lrc_err *err)
{
    lrc_import_output *o = &in->plan.output[i];
    if (!o->convert)
        return 0; // a suffix that the trainer sees, a content that it can read
    lrc_auto_free char *to = NULL;
    o->renamed = "its content is not what its suffix says";
    if (set_suffix(o, content->import_as, err) < 0 || staged_path(in, o, &to, err) < 0)
        return -1;
    return lrc_fs_rename_new(path, to, err);
}

// Judge the checked pictures; those to be converted are collected in `todo`.
static int judge(struct chunk *c, struct chunk *todo, lrc_err *err)
{
    const char *suffix = c->in->o->convert_to && strcmp(c->in->o->convert_to, "webp") == 0 ? ".webp" : ".png";
    for (size_t i = 0; i < c->count; i++) {
        const lrc_decode_task *t = &c->task[i];
        char reason[LRC_ERR_MSG_SIZE];
        if (!t->ok) {
            clean_reason(&t->why, c->path[i], reason);
            if (reject(c->in, c->output[i], reason, err) < 0)
                return -1;
            continue;
        }
        const lrc_kohya_type *content = lrc_kohya_type_of_format(t->facts.format);
        if (content && content->sees == LRC_KOHYA_ALWAYS) {
            if (fit_suffix(c->in, c->output[i], c->path[i], content, err) < 0)
                return -1;
            continue;
        }
        // A file that is called .png and holds a HEIC: its original must not stand in the way of the new one.
        const size_t k = todo->count++;
        todo->output[k] = c->output[i];
        todo->path[k] = lrc_take(c->path[i]);
        if (lrc_str_format(&todo->out[k], err, "%s/converted-%zu%s", c->in->stage.dir, k, suffix) < 0)
            return -1;
        todo->task[k] = (lrc_decode_task){
            .op = LRC_DECODE_CONVERT, .path = todo->path[k], .out = todo->out[k], .format = suffix + 1};
    }
    return 0;
}

static int convert(struct chunk *todo, lrc_err *err)
{
    lrc_intake *in = todo->in;
    if (lrc_decoder_run(in->o->decoder, todo->task, todo->count, NULL, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < todo->count; i++) {
        if (converted(in, todo->output[i], todo->path[i], &todo->task[i], err) < 0)
            return -1;
        if (!in->state[todo->output[i]].present)
            continue;
        lrc_auto_free char *to = NULL;
        if (staged_path(in, &in->plan.output[todo->output[i]], &to, err) < 0 ||
            lrc_fs_rename_new(todo->out[i], to, err) < 0)
            return -1;
    }
    return 0;
}

static int check_chunk(struct chunk *c, struct chunk *todo, lrc_err *err)
{
    int result = lrc_decoder_run(c->in->o->decoder, c->task, c->count, step, c, err);
    if (result == 0)
        result = judge(c, todo, err);
    if (result == 0)
        result = convert(todo, err);
    *c->done += c->count;
    chunk_done(c);
    chunk_done(todo);
    return result;
}

static int check_all(lrc_intake *in, struct chunk *c, struct chunk *todo, lrc_err *err)
{
    size_t done = 0;
    c->in = todo->in = in;
    c->done = todo->done = &done;
    for (size_t i = 0; i < in->plan.count; i++) {
        if (!in->plan.output[i].is_image || !in->state[i].present)
            continue;
        const size_t k = c->count;
        if (staged_path(in, &in->plan.output[i], &c->path[k], err) < 0)
            return -1;
        c->output[k] = i;
        c->task[k] = (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = c->path[k]};
        c->count++;
        if (c->count == CHUNK && check_chunk(c, todo, err) < 0)
            return -1;
    }
    return c->count ? check_chunk(c, todo, err) : 0;
}

int lrc_intake_check(lrc_intake *in, lrc_err *err)
{
    lrc_auto_free struct chunk *chunks = calloc(2, sizeof *chunks);
    if (!chunks)
        return lrc_fail_memory(err);
    const int result = check_all(in, &chunks[0], &chunks[1], err);
    chunk_done(&chunks[0]);
    chunk_done(&chunks[1]);
    return result;
}
