// SPDX-License-Identifier: MIT
#include "train/results.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"

#define RESULT_LABEL  "result="
#define MODEL_SUFFIX  ".safetensors"
#define SAMPLE_FOLDER "sample"
#define CLOCK_SLACK   2000 // ms that a file system's clock may differ
#define RESULTS_MAX   100000
#define TEXT_MAX      4096 // bytes of a picture's parameters that are read

void lrc_results_done(lrc_results *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->item[i].name);
        free(r->item[i].text);
    }
    free(r->item);
    free(r->folder);
    *r = (lrc_results){0};
}

// ---- Names -----------------------------------------------------------------------------------------------------------

// Up to `most` digits at *at, which moves behind them; -1 when there is none.
static int64_t digits(const char **at, size_t most)
{
    int64_t n = -1;
    for (size_t i = 0; i < most && **at >= '0' && **at <= '9'; i++, (*at)++)
        n = (n < 0 ? 0 : n) * 10 + (**at - '0');
    return n;
}

enum { NUMBER_DIGITS = 15 }; // more than any step has, less than overflows

static bool model_name(const char *rest, lrc_result *r)
{
    if (lrc_str_starts(rest, "-step")) {
        rest += strlen("-step");
        if ((r->step = digits(&rest, NUMBER_DIGITS)) < 0)
            return false;
    } else if (*rest == '-') {
        rest++;
        if ((r->epoch = digits(&rest, NUMBER_DIGITS)) < 0)
            return false;
    }
    return strcmp(rest, MODEL_SUFFIX) == 0;
}

static bool sample_name(const char *rest, lrc_result *r)
{
    if (*rest++ != '_')
        return false;
    const bool by_epoch = *rest == 'e';
    rest += by_epoch;
    const int64_t number = digits(&rest, NUMBER_DIGITS);
    if (number < 0 || *rest++ != '_' || (r->prompt = digits(&rest, NUMBER_DIGITS)) < 0 || *rest++ != '_')
        return false;
    *(by_epoch ? &r->epoch : &r->step) = number;
    const int64_t time = digits(&rest, NUMBER_DIGITS);
    if (*rest == '_') { // the seed
        rest++;
        for (; *rest >= '0' && *rest <= '9'; rest++)
            continue;
    }
    return time >= 0 && strcmp(rest, ".png") == 0;
}

// ---- A job's folder --------------------------------------------------------------------------------------------------

struct place {
    char *folder; // with "/sample" for samples
    char *stem;
};

static void place_done(struct place *p)
{
    free(p->folder);
    free(p->stem);
}

// 1: *ret is filled; 0: this job makes no such files.
static int find_place(const lrc_job *job, lrc_result_kind kind, struct place *ret, lrc_err *err)
{
    const char *result = NULL;
    for (size_t i = 0; i < job->spec.labels.count; i++)
        if (lrc_str_starts(job->spec.labels.item[i], RESULT_LABEL))
            result = job->spec.labels.item[i] + strlen(RESULT_LABEL);
    if (!result || *result != '/' || !lrc_str_ends(result, MODEL_SUFFIX))
        return 0;
    lrc_auto_free char *folder = NULL, *stem = NULL, *whole = NULL;
    if (lrc_path_parent(&folder, result, err) < 0 || lrc_str_copy(&stem, lrc_path_name(result), err) < 0)
        return -1;
    stem[strlen(stem) - strlen(MODEL_SUFFIX)] = '\0';
    if (kind == LRC_RESULT_SAMPLE && lrc_path_join(&whole, folder, SAMPLE_FOLDER, err) < 0)
        return -1;
    ret->folder = whole ? lrc_take(whole) : lrc_take(folder);
    ret->stem = lrc_take(stem);
    return 1;
}

static int64_t ms_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

// Is this file one of the job's? Fills all but name and text.
static bool belongs(const lrc_job *job, lrc_result_kind kind, const char *stem, const char *name, const struct stat *st,
                    lrc_result *r)
{
    *r = (lrc_result){.epoch = -1, .step = -1, .prompt = -1, .size = st->st_size, .modified_ms = ms_of(st)};
    if (!S_ISREG(st->st_mode) || !lrc_str_starts(name, stem) || job->status.started_ms == 0)
        return false;
    const char *rest = name + strlen(stem);
    if (!(kind == LRC_RESULT_MODEL ? model_name(rest, r) : sample_name(rest, r)))
        return false;
    return r->modified_ms >= job->status.started_ms - CLOCK_SLACK &&
           (job->status.ended_ms == 0 || r->modified_ms <= job->status.ended_ms + CLOCK_SLACK);
}

// ---- The text in a picture -------------------------------------------------------------------------------------------

// Latin-1 as UTF-8.
static int text_of_latin1(char **ret, const unsigned char *s, size_t n, lrc_err *err)
{
    char *out = malloc(2 * n + 1), *at = out;
    if (!out)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (s[i] >= 0x80)
            *at++ = (char)(0xc0 | s[i] >> 6);
        *at++ = (char)(s[i] >= 0x80 ? 0x80 | (s[i] & 0x3f) : s[i]);
    }
    *at = '\0';
    *ret = out;
    return 0;
}

// The text of a chunk with the key "parameters": tEXt is the key, NUL, Latin-1; iTXt the key, NUL, two bytes about
// compression, language, NUL, translated key, NUL, UTF-8. 0 when it is another chunk.
static int text_chunk(const unsigned char *type, const unsigned char *body, size_t len, char **ret, lrc_err *err)
{
    static const char key[] = "parameters"; // with its NUL
    if (len < sizeof key || memcmp(body, key, sizeof key) != 0)
        return 0;
    const unsigned char *at = body + sizeof key, *end = body + len;
    if (memcmp(type, "tEXt", 4) == 0)
        return text_of_latin1(ret, at, (size_t)(end - at), err) < 0 ? -1 : 1;
    if (memcmp(type, "iTXt", 4) != 0 || end - at < 2 || at[0] != 0)
        return 0;
    at += 2;
    for (int skipped = 0; skipped < 2; skipped++) {
        at = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!at)
            return 0;
        at++;
    }
    return lrc_str_copy_n(ret, (const char *)at, (size_t)(end - at), err) < 0 ? -1 : 1;
}

// PNG (ISO/IEC 15948): a signature of 8 bytes, then chunks: length, type, data, checksum. Text stands before the pixels.
static int read_parameters(lrc_roots *roots, const char *folder, const char *name, char **ret, lrc_err *err)
{
    enum { SIGNATURE = 8, HEAD = 8, CHECKSUM = 4 };
    unsigned char bytes[TEXT_MAX];
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_close int fd = -1;
    if (lrc_rooted_find(roots, folder, name, 0, &file, NULL) < 0 || lrc_rooted_open(&file, &fd, NULL) < 0)
        return lrc_str_copy(ret, "", err); // gone since it was listed
    const ssize_t got = read(fd, bytes, sizeof bytes);
    const size_t n = got > 0 ? (size_t)got : 0;
    for (size_t at = SIGNATURE; at + HEAD <= n;) {
        const unsigned char *c = bytes + at;
        const size_t len = (size_t)c[0] << 24 | (size_t)c[1] << 16 | (size_t)c[2] << 8 | c[3];
        if (len > n - at - HEAD || memcmp(c + 4, "IDAT", 4) == 0)
            break;
        const int found = text_chunk(c + 4, c + HEAD, len, ret, err);
        if (found)
            return found < 0 ? -1 : 0;
        at += HEAD + len + CHECKSUM;
    }
    return lrc_str_copy(ret, "", err);
}

// The embedded trainer notes the step in the text, also when the name has the epoch.
static int64_t step_in(const char *text)
{
    static const char words[] = ", Training step: ";
    const char *at = strstr(text, words);
    if (!at)
        return -1;
    at += sizeof words - 1;
    return digits(&at, NUMBER_DIGITS);
}

// ---- Listing ---------------------------------------------------------------------------------------------------------

struct listing {
    const lrc_job *job;
    lrc_result_kind kind;
    const char *stem;
    lrc_roots *roots;
    const lrc_rooted *folder;
    lrc_results *out;
    size_t cap;
};

static int add(void *arg, const lrc_rooted_entry *e, lrc_err *err)
{
    struct listing *l = arg;
    lrc_result r;
    if (e->outside || !belongs(l->job, l->kind, l->stem, e->name, &e->st, &r))
        return 0;
    if (l->out->count == l->cap) {
        const size_t cap = l->cap ? l->cap * 2 : 64;
        lrc_result *grown = cap > RESULTS_MAX ? NULL : reallocarray(l->out->item, cap, sizeof *grown);
        if (!grown)
            return lrc_fail(err, LRC_ERR_LIMIT, "more than %d files of one training", RESULTS_MAX);
        l->out->item = grown;
        l->cap = cap;
    }
    lrc_auto_free char *name = NULL, *text = NULL;
    if (lrc_str_copy(&name, e->name, err) < 0 ||
        (l->kind == LRC_RESULT_SAMPLE ? read_parameters(l->roots, l->folder->path, e->name, &text, err)
                                      : lrc_str_copy(&text, "", err)) < 0)
        return -1;
    r.name = lrc_take(name);
    r.text = lrc_take(text);
    r.step = r.step < 0 ? step_in(r.text) : r.step;
    l->out->item[l->out->count++] = r;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const lrc_result *x = a, *y = b;
    if (x->modified_ms != y->modified_ms)
        return x->modified_ms < y->modified_ms ? -1 : 1;
    return strcmp(x->name, y->name);
}

// The folder's real one; 0 when it is not there (yet).
static int open_folder(lrc_roots *roots, const char *path, lrc_rooted *ret, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    if (lrc_rooted_find(roots, NULL, path, 0, ret, &why) == 0)
        return 1;
    if (why.code == LRC_ERR_NOT_FOUND)
        return 0;
    *err = why;
    return lrc_wrap(err, "this training wrote to '%s'", path);
}

int lrc_results_list(lrc_roots *roots, const lrc_job *job, lrc_result_kind kind, lrc_results *ret, lrc_err *err)
{
    lrc_cleanup(place_done) struct place place = {0};
    lrc_auto_rooted lrc_rooted folder = LRC_ROOTED_INIT;
    lrc_auto_results lrc_results found = {0};
    const int known = find_place(job, kind, &place, err);
    if (known < 0)
        return -1;
    const int there = known ? open_folder(roots, place.folder, &folder, err) : 0;
    if (there < 0)
        return -1;
    struct listing l = {job, kind, place.stem, roots, &folder, &found, 0};
    if (there && lrc_rooted_list(roots, &folder, add, &l, err) < 0)
        return -1;
    if (found.count)
        qsort(found.item, found.count, sizeof *found.item, by_time);
    found.folder = lrc_take(place.folder);
    *ret = found;
    found = (lrc_results){0};
    return 0;
}

int lrc_results_open(lrc_roots *roots, const lrc_job *job, lrc_result_kind kind, const char *name, int *ret_fd,
                     lrc_err *err)
{
    lrc_cleanup(place_done) struct place place = {0};
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_result unused;
    const int known = find_place(job, kind, &place, err);
    if (known < 0)
        return -1;
    if (!known || strchr(name, '/'))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "job %s has no such file", job->id);
    if (lrc_rooted_find(roots, place.folder, name, 0, &file, err) < 0)
        return -1;
    if (!belongs(job, kind, place.stem, name, &file.st, &unused))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "job %s has no such file", job->id);
    return lrc_rooted_open(&file, ret_fd, err);
}
