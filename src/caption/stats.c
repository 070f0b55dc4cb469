// SPDX-License-Identifier: MIT
#include "caption/stats.h"

#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "caption/caption.h"
#include "caption/file.h"

void lrc_caption_stats_done(lrc_caption_stats *s)
{
    lrc_map_done(&s->tag);
    lrc_findings_done(&s->problems);
    *s = (lrc_caption_stats){0};
}

// Each tag once per caption; *ret_repeated when one of them came twice.
static int count_tags(lrc_caption_stats *s, const lrc_strv *tags, bool *ret_repeated, lrc_err *err)
{
    lrc_auto_map lrc_map seen = {0};
    for (size_t i = 0; i < tags->count; i++) {
        uint64_t *times = lrc_map_put(&seen, tags->item[i], err);
        if (!times)
            return -1;
        if ((*times)++ > 0) {
            *ret_repeated = true;
            continue;
        }
        uint64_t *total = lrc_map_put(&s->tag, tags->item[i], err);
        if (!total)
            return -1;
        (*total)++;
    }
    return 0;
}

static int count_caption(lrc_caption_stats *s, const lrc_caption_file *file, const char *separator, lrc_err *err)
{
    lrc_auto_free char *copy = NULL;
    lrc_auto_strv lrc_strv tags = {0};
    size_t lines = 0;
    bool repeated = false;
    if (lrc_str_copy(&copy, file->text, err) < 0)
        return -1;
    for (char *line = copy, *next = NULL; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        lines += *lrc_str_trim(line) != '\0';
        if (lrc_caption_split(line, separator, &tags, err) < 0)
            return -1;
    }
    if (count_tags(s, &tags, &repeated, err) < 0)
        return -1;
    s->with_mark += file->bom;
    s->many_lines += lines > 1;
    s->repeated += repeated && lines <= 1; // lines may share tags
    s->tags += tags.count;
    if (tags.count == 0) {
        s->empty++;
        return 0;
    }
    s->captioned++;
    s->most_tags = tags.count > s->most_tags ? tags.count : s->most_tags;
    s->fewest_tags = s->captioned == 1 || tags.count < s->fewest_tags ? tags.count : s->fewest_tags;
    return 0;
}

struct collector {
    const lrc_caption_stats_options *options;
    int (*each)(void *arg, const char *image, const char *text, lrc_err *err);
    void *arg;
};

static int look_at(const struct collector *c, const char *image, lrc_caption_stats *s, lrc_err *err)
{
    const lrc_caption_stats_options *o = c->options;
    lrc_auto_free char *path = NULL;
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_err problem = LRC_ERR_INIT;
    if (lrc_caption_path(image, o->extension ? o->extension : LRC_CAPTION_EXTENSION, &path, err) < 0)
        return -1;
    if (lrc_caption_read(path, &file, &problem) < 0) {
        if (problem.code == LRC_ERR_NO_MEMORY)
            return lrc_fail_memory(err);
        if (lrc_findings_add(&s->problems, LRC_FINDING_ERROR, lrc_err_word(problem.code), NULL, path, NULL, err, "%s",
                             problem.msg) < 0)
            return -1;
    } else if (!file.exists) {
        s->missing++;
    } else if (count_caption(s, &file, o->separator ? o->separator : LRC_CAPTION_SEPARATOR, err) < 0) {
        return -1;
    }
    return c->each ? c->each(c->arg, image, file.exists ? file.text : NULL, err) : 0;
}

int lrc_caption_stats_collect(const char *dir, const lrc_caption_stats_options *options,
                              int (*each)(void *, const char *, const char *, lrc_err *), void *arg,
                              lrc_caption_stats *ret, lrc_err *err)
{
    const struct collector c = {options, each, arg};
    lrc_auto_strv lrc_strv images = {0};
    lrc_auto_caption_stats lrc_caption_stats s = {0};
    if (options->separator && lrc_caption_check_separator(options->separator, err) < 0)
        return -1;
    if (!lrc_fs_is_dir(dir))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no dataset '%s'; 'lorica dataset list' shows all",
                        lrc_path_name(dir));
    if (lrc_caption_images(dir, options->recursive, &images, &s.below, err) < 0)
        return -1;
    s.images = images.count;
    for (size_t i = 0; i < images.count; i++)
        if (look_at(&c, images.item[i], &s, err) < 0)
            return -1;
    lrc_map_rank(&s.tag);
    *ret = s;
    s = (lrc_caption_stats){0};
    return 0;
}
