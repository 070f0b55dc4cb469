// SPDX-License-Identifier: MIT
#include "dataset/check.h"

#include <string.h>

#include "base/path.h"
#include "caption/file.h"
#include "kohya/files.h"

#define CHUNK        256
#define FINDINGS_MAX 50000 // kept

struct checker {
    const lrc_dataset_check_options *o;
    lrc_dataset *d;
    size_t done, total;
};

static int add(struct checker *c, lrc_finding_severity severity, const char *code, const char *path, const char *remedy,
               const char *message, lrc_err *err)
{
    if (c->d->findings.count >= FINDINGS_MAX)
        return 0;
    return lrc_findings_add(&c->d->findings, severity, code, NULL, path + strlen(c->d->path) + 1, remedy, err, "%s",
                            message);
}

static int judge_image(struct checker *c, const lrc_decode_task *t, lrc_err *err)
{
    char message[LRC_ERR_MSG_SIZE];
    if (!t->ok)
        return add(c, LRC_FINDING_ERROR, "unreadable", t->path, "replace or remove the file", t->why.msg, err);
    const lrc_kohya_type *content = lrc_kohya_type_of_format(t->facts.format);
    if ((content && content->sees == LRC_KOHYA_ALWAYS) || !lrc_kohya_sees(t->path, NULL))
        return 0; // what the trainer does not see is in the findings of the scan
    snprintf(message, sizeof message, "its content is %s, which the trainer cannot read whatever the suffix says",
             t->facts.format);
    return add(c, LRC_FINDING_ERROR, "content", t->path, "import it again: it is converted then", message, err);
}

static int judge_caption(struct checker *c, const char *image, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_caption_path(image, c->o->extension ? c->o->extension : LRC_CAPTION_EXTENSION, &path, err) < 0)
        return -1;
    if (lrc_caption_read(path, &file, &why) < 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err)
                                             : add(c, LRC_FINDING_ERROR, "caption", path, NULL, why.msg, err);
    if (file.bom)
        return add(c, LRC_FINDING_WARNING, "caption", path, "any edit of the caption takes it off",
                   "it begins with a byte order mark, which the trainer takes for part of the first tag", err);
    return 0;
}

static void step(void *arg, size_t done, const lrc_decode_task *last)
{
    const struct checker *c = arg;
    if (c->o->progress)
        c->o->progress(c->o->arg, c->done + done, c->total, lrc_path_name(last->path));
}

static int check_images(struct checker *c, char *const *images, size_t count, lrc_err *err)
{
    lrc_decode_task tasks[CHUNK];
    for (size_t i = 0; i < count; i++)
        tasks[i] = (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = images[i]};
    if (lrc_decoder_run(c->o->decoder, tasks, count, step, c, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (judge_image(c, &tasks[i], err) < 0 || judge_caption(c, images[i], err) < 0)
            return -1;
    c->done += count;
    return 0;
}

int lrc_dataset_check(const char *path, const lrc_dataset_check_options *o, lrc_dataset *ret, lrc_err *err)
{
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_auto_strv lrc_strv images = {0};
    if (lrc_dataset_scan(path, o->extension, &d, err) < 0 || lrc_caption_images(path, true, &images, NULL, err) < 0)
        return -1;
    struct checker c = {o, &d, 0, images.count};
    for (size_t i = 0; i < images.count; i += CHUNK)
        if (check_images(&c, images.item + i, images.count - i < CHUNK ? images.count - i : CHUNK, err) < 0)
            return -1;
    *ret = d;
    d = (lrc_dataset){0};
    return 0;
}
