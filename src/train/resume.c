// SPDX-License-Identifier: MIT
#include "train/resume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "safetensors/safetensors.h"

#define STATE_JSON   "train_state.json"
#define STATE_SUFFIX "-state"
#define JSON_MAX     (1 << 20)
#define ATTEMPTS_MAX 100 // of one training, that are followed back

// Parts of a zip archive (APPNOTE.TXT of PKWARE, 4.3): its directory stands at the end.
#define ZIP_END_BYTES     22
#define ZIP_LOCATOR_BYTES 20
#define ZIP_END64_BYTES   56

// ---- One file --------------------------------------------------------------------------------------------------------

static uint64_t little(const unsigned char *p, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

static bool has_mark(int fd, uint64_t at, const char *mark)
{
    char bytes[4];
    return pread(fd, bytes, sizeof bytes, (off_t)at) == (ssize_t)sizeof bytes && memcmp(bytes, mark, sizeof bytes) == 0;
}

// Where the directory of an archive begins; false when it has none at its end.
static bool zip_directory(int fd, uint64_t size, uint64_t *ret)
{
    unsigned char end[ZIP_END_BYTES], locator[ZIP_LOCATOR_BYTES], end64[ZIP_END64_BYTES];
    if (size < ZIP_END_BYTES || !has_mark(fd, size - ZIP_END_BYTES, "PK\5\6") ||
        pread(fd, end, sizeof end, (off_t)(size - ZIP_END_BYTES)) != (ssize_t)sizeof end)
        return false;
    *ret = little(end + 16, 4);
    if (size < ZIP_END_BYTES + ZIP_LOCATOR_BYTES || !has_mark(fd, size - ZIP_END_BYTES - ZIP_LOCATOR_BYTES, "PK\6\7"))
        return true;
    if (pread(fd, locator, sizeof locator, (off_t)(size - ZIP_END_BYTES - ZIP_LOCATOR_BYTES)) !=
        (ssize_t)sizeof locator)
        return false;
    const uint64_t at = little(locator + 8, 8);
    if (at > size || !has_mark(fd, at, "PK\6\6") || pread(fd, end64, sizeof end64, (off_t)at) != (ssize_t)sizeof end64)
        return false;
    *ret = little(end64 + 48, 8);
    return true;
}

static bool is_whole_zip(const char *path)
{
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint64_t directory;
    return fd >= 0 && fstat(fd, &st) == 0 && has_mark(fd, 0, "PK\3\4") &&
           zip_directory(fd, (uint64_t)st.st_size, &directory) && has_mark(fd, directory, "PK\1\2");
}

static bool is_whole(const char *path)
{
    if (!lrc_str_ends(path, ".safetensors"))
        return is_whole_zip(path);
    lrc_auto_st_file lrc_st_file *file = NULL;
    return lrc_st_open(path, &file, NULL) == 0;
}

// ---- One state -------------------------------------------------------------------------------------------------------

static void say_why(lrc_train_state *s, const char *name, const char *what)
{
    if (!s->why[0])
        snprintf(s->why, sizeof s->why, "%s %s", name, what);
}

static void look_at_file(const char *folder, const char *name, bool *ret_model, lrc_train_state *s)
{
    lrc_auto_free char *path = NULL;
    struct stat st;
    if (lrc_path_join(&path, folder, name, NULL) < 0 || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    const int64_t changed = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    if (changed > s->saved_ms)
        s->saved_ms = changed;
    const char *suffix = lrc_path_suffix(name);
    if (strcmp(suffix, ".safetensors") != 0 && strcmp(suffix, ".bin") != 0 && strcmp(suffix, ".pkl") != 0)
        return;
    if (!is_whole(path))
        say_why(s, name, "is cut off or damaged");
    if (strcmp(suffix, ".safetensors") == 0 || lrc_str_starts(name, "pytorch_model"))
        *ret_model = true;
}

static void read_numbers(const char *folder, lrc_train_state *s)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_path_join(&path, folder, STATE_JSON, NULL) < 0 || lrc_json_load(path, JSON_MAX, &doc, NULL) < 0 ||
        lrc_json_int(lrc_json_root(doc), "current_epoch", true, &s->epoch, NULL) < 0 ||
        lrc_json_int(lrc_json_root(doc), "current_step", true, &s->step, NULL) < 0)
        say_why(s, STATE_JSON, "is missing or damaged: the trainer would silently begin anew");
}

int lrc_train_state_look(const char *folder, lrc_train_state *ret, lrc_err *err)
{
    static const char *const needed[] = {"optimizer.bin", "scheduler.bin", "random_states_0.pkl"};
    lrc_train_state s = {.epoch = -1, .step = -1};
    lrc_auto_dir DIR *dir = opendir(folder);
    bool model = false;
    if (lrc_str_copy(&s.path, folder, err) < 0)
        return -1;
    if (!dir)
        say_why(&s, "the folder", "cannot be read");
    const struct dirent *e;
    while (dir && (e = readdir(dir)))
        look_at_file(folder, e->d_name, &model, &s);
    read_numbers(folder, &s);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        lrc_auto_free char *path = NULL;
        if (lrc_path_join(&path, folder, needed[i], NULL) < 0 || !lrc_fs_is_file(path))
            say_why(&s, needed[i], "is missing");
    }
    if (!model)
        say_why(&s, "the model", "is missing");
    s.complete = !s.why[0];
    *ret = s;
    return 0;
}

// ---- Those of a training ---------------------------------------------------------------------------------------------

void lrc_train_states_done(lrc_train_states *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->item[i].path);
    free(s->item);
    *s = (lrc_train_states){0};
}

// "NAME-state", "NAME-000002-state" or "NAME-step00000500-state".
static bool is_state_name(const char *folder, const char *name)
{
    const size_t n = strlen(name);
    if (strncmp(folder, name, n) != 0 || !lrc_str_ends(folder, STATE_SUFFIX))
        return false;
    const char *p = folder + n;
    if (strcmp(p, STATE_SUFFIX) == 0)
        return true;
    if (*p++ != '-')
        return false;
    if (lrc_str_starts(p, "step"))
        p += strlen("step");
    const size_t digits = strspn(p, "0123456789");
    return digits > 0 && strcmp(p + digits, STATE_SUFFIX) == 0;
}

static int furthest_first(const void *a, const void *b)
{
    const lrc_train_state *x = a, *y = b;
    if (x->step != y->step)
        return x->step > y->step ? -1 : 1;
    return x->saved_ms > y->saved_ms ? -1 : x->saved_ms < y->saved_ms;
}

// When the first attempt of this training began: what is older is another run's.
static int64_t first_start(const lrc_workspace *ws, const lrc_job *job)
{
    int64_t first = job->spec.created_ms;
    lrc_auto_free char *id = NULL;
    if (lrc_str_copy(&id, job->spec.retry_of ? job->spec.retry_of : "", NULL) < 0)
        return first;
    for (int i = 0; i < ATTEMPTS_MAX && id[0]; i++) {
        lrc_auto_job lrc_job before = {0};
        if (lrc_job_load(ws, id, &before, NULL) < 0)
            break;
        first = before.spec.created_ms;
        free(lrc_take(id));
        id = lrc_take(before.spec.retry_of);
        if (!id)
            break;
    }
    return first;
}

static int add_state(lrc_train_states *all, const char *path, int64_t since_ms, lrc_err *err)
{
    lrc_train_state s = {0};
    lrc_train_state *grown = realloc(all->item, (all->count + 1) * sizeof *grown);
    if (!grown)
        return lrc_fail_memory(err);
    all->item = grown;
    if (lrc_train_state_look(path, &s, err) < 0)
        return -1;
    if (s.saved_ms < since_ms / 1000 * 1000) { // file systems may keep whole seconds only
        free(s.path);
        return 0;
    }
    all->item[all->count++] = s;
    return 0;
}

static int find_states(const char *result, int64_t since_ms, lrc_train_states *all, lrc_err *err)
{
    lrc_auto_free char *folder = NULL, *name = NULL;
    const char *file = lrc_path_name(result);
    if (lrc_path_parent(&folder, result, err) < 0 ||
        lrc_str_copy_n(&name, file, strlen(file) - strlen(lrc_path_suffix(file)), err) < 0)
        return -1;
    lrc_auto_dir DIR *dir = opendir(folder);
    const struct dirent *e;
    while (dir && (e = readdir(dir))) {
        lrc_auto_free char *path = NULL;
        if (!is_state_name(e->d_name, name))
            continue;
        if (lrc_path_join(&path, folder, e->d_name, err) < 0 || add_state(all, path, since_ms, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_train_states_of(const lrc_workspace *ws, const lrc_job *job, lrc_train_states *ret, lrc_err *err)
{
    static const char label[] = "result=";
    lrc_auto_train_states lrc_train_states all = {0};
    const int64_t since = first_start(ws, job);
    for (size_t i = 0; i < job->spec.labels.count; i++)
        if (lrc_str_starts(job->spec.labels.item[i], label) &&
            find_states(job->spec.labels.item[i] + strlen(label), since, &all, err) < 0)
            return -1;
    if (all.count > 1)
        qsort(all.item, all.count, sizeof *all.item, furthest_first);
    *ret = all;
    all = (lrc_train_states){0};
    return 0;
}

const lrc_train_state *lrc_train_state_best(const lrc_train_states *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->item[i].complete)
            return &s->item[i];
    return NULL;
}

void lrc_train_put_states(const lrc_train_states *s, lrc_json_out *out)
{
    lrc_json_array_begin(out);
    for (size_t i = 0; i < s->count; i++) {
        const lrc_train_state *one = &s->item[i];
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "path", one->path);
        lrc_json_kint(out, "epoch", one->epoch);
        lrc_json_kint(out, "step", one->step);
        lrc_json_kint(out, "saved_at", one->saved_ms);
        lrc_json_kbool(out, "complete", one->complete);
        lrc_json_kstr(out, "why", one->complete ? NULL : one->why);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

// ---- Going on --------------------------------------------------------------------------------------------------------

int lrc_train_resume(const lrc_workspace *ws, const char *id, char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_train_states lrc_train_states states = {0};
    lrc_auto_strv lrc_strv more = {0};
    if (lrc_job_load(ws, id, &job, err) < 0)
        return -1;
    if (strcmp(job.spec.kind, "training") != 0)
        return lrc_fail(err, LRC_ERR_CONFLICT, "only a training has states to go on from; do '%s' again with retry",
                        id);
    if (lrc_train_states_of(ws, &job, &states, err) < 0)
        return -1;
    const lrc_train_state *best = lrc_train_state_best(&states);
    if (!best && states.count > 0)
        return lrc_fail(err, LRC_ERR_CONFLICT, "no state of %s is complete; the furthest, '%s': %s", id,
                        states.item[0].path, states.item[0].why);
    if (!best)
        return lrc_fail(err, LRC_ERR_CONFLICT,
                        "%s saved no state: turn save_state on, and what is saved can be gone on from", id);
    // What is said later wins: a state that an earlier attempt went on from.
    if (lrc_strv_push(&more, "--resume", err) < 0 || lrc_strv_push(&more, best->path, err) < 0)
        return -1;
    return lrc_job_retry(ws, id, &more, ret_id, err);
}
