// SPDX-License-Identifier: MIT
// The caption of one picture: the file that the trainer reads, and how many tokens it has.
#include <string.h>

#include "base/fs.h"
#include "caption/caption.h"
#include "check/internal.h"
#include "kohya/captions.h"

// What the trainer's text encoders read of a caption, in tokens: request fields, else the scripts' own defaults.
size_t check_token_limit(const check_run *c)
{
    static const struct {
        lrc_field_id field;
        size_t usual;
    } row[LRC_FAMILY_MAX_] = {
        [LRC_FAMILY_SD15] = {LRC_FIELD_max_token_length, 75},
        [LRC_FAMILY_SDXL] = {LRC_FIELD_max_token_length, 75},
        [LRC_FAMILY_FLUX] = {LRC_FIELD_t5xxl_max_token_length, 512},
        [LRC_FAMILY_SD35] = {LRC_FIELD_t5xxl_max_token_length, 256},
        [LRC_FAMILY_SD3] = {LRC_FIELD_t5xxl_max_token_length, 256},
        [LRC_FAMILY_LUMINA] = {LRC_FIELD_gemma2_max_token_length, 256},
        [LRC_FAMILY_CHROMA] = {LRC_FIELD_t5xxl_max_token_length, 512},
        [LRC_FAMILY_ANIMA] = {LRC_FIELD_qwen3_max_token_length, 512},
        [LRC_FAMILY_HUNYUAN] = {LRC_FIELD_NONE, 1000},
        [LRC_FAMILY_TINY] = {LRC_FIELD_NONE, 0}, // its words are a list of its own
    };
    const lrc_field_id id = row[c->family].field;
    const int64_t given = id ? check_int(c, id) : 0;
    return given > 0 ? (size_t)given : row[c->family].usual;
}

// The text of the first file of the two names that is there; *ret NULL when there is none.
static int read_first(char *const names[2], char **ret, size_t *ret_len, const char **ret_path, lrc_err *err)
{
    for (int i = 0; i < 2 && names[i]; i++) {
        if (!lrc_fs_is_file(names[i]))
            continue;
        *ret_path = names[i];
        return lrc_fs_read(names[i], LRC_CAPTION_MAX, ret, ret_len, err);
    }
    return 0;
}

static int judge(check_run *c, const char *path, const lrc_kohya_caption *caption, lrc_err *err)
{
    char message[80];
    switch (caption->state) {
    case LRC_CAPTION_NO_TEXT:
        return check_say_file(c, LRC_FINDING_ERROR, "empty_caption", path, "write a caption, or remove the file", err,
                              "the caption file is empty, and the trainer stops at it");
    case LRC_CAPTION_NOT_UTF8:
        snprintf(message, sizeof message, "it is not UTF-8 (byte %zu), and the trainer stops at it", caption->bad + 1);
        return check_say_file(c, LRC_FINDING_ERROR, "caption_encoding", path, "save it as UTF-8", err, message);
    case LRC_CAPTION_BLANK:
        return check_say_file(c, LRC_FINDING_WARNING, "blank_caption", path, "write the caption into the first line",
                              err, "what the trainer reads of it is blank");
    case LRC_CAPTION_MARK:
        return check_say_file(c, LRC_FINDING_WARNING, "caption_mark", path, "any edit of the caption takes it off", err,
                              "it begins with a byte order mark, which becomes part of the first tag");
    case LRC_CAPTION_LEFT_OUT:
        return check_say_file(c, LRC_FINDING_INFO, "caption_lines", path, "enable_wildcard takes one of them at random",
                              err, "the trainer reads its first line only");
    case LRC_CAPTION_FINE: break;
    }
    return 0;
}

int check_caption(check_run *c, const lrc_tokenizer *t, const char *image, bool blank_is_meant, bool *ret_has,
                  size_t *ret_tokens, lrc_err *err)
{
    lrc_auto_free char *first = NULL, *second = NULL, *text = NULL;
    const char *path = NULL;
    size_t n = 0;
    lrc_err why = LRC_ERR_INIT;
    *ret_has = false;
    *ret_tokens = 0;
    if (lrc_kohya_caption_names(image, check_get(c, LRC_FIELD_caption_extension)->text, &first, &second, err) < 0)
        return -1;
    if (read_first((char *const[2]){first, second}, &text, &n, &path, &why) < 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err)
                                             : check_say_file(c, LRC_FINDING_ERROR, "caption_unreadable", path, NULL,
                                                              err, "the caption file cannot be read");
    if (!path)
        return blank_is_meant ? 0
                              : check_say_file(c, LRC_FINDING_WARNING, "no_caption", image,
                                               "write one, or tag the dataset; class_tokens stand in for missing ones",
                                               err, "there is no caption: it is trained with an empty one");
    *ret_has = true;
    const lrc_kohya_caption caption = lrc_kohya_caption_read(text, n, check_get(c, LRC_FIELD_enable_wildcard)->flag);
    if (judge(c, path, &caption, err) < 0)
        return -1;
    if (caption.state == LRC_CAPTION_NOT_UTF8)
        return 0;
    return lrc_tokens_count(t, caption.line, caption.len, ret_tokens, err);
}
