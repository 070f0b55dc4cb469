// SPDX-License-Identifier: MIT
#include "caption/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "caption/caption.h"
#include "json/json.h"

#define FOLDER      "journal"
#define SUFFIX      ".jsonl"
#define TEMP_PREFIX ".new-"
#define RECORD_MAX  (LRC_CAPTION_MAX * 7) // every byte escaped as \u00XX, and what is around it
#define TAIL_BYTES  256                   // the line "end" is shorter
#define TRIES       1000                  // numbers that others may take before us
#define DIGITS_MAX  9                     // of a journal's number
#define STALE_S     60                    // after so long a new journal without a number is what a crash has left

int lrc_journal_sha(const char *text, char out[static LRC_JOURNAL_SHA_SIZE], lrc_err *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    out[0] = '\0';
    if (!text)
        return 0;
    if (EVP_Digest(text, strlen(text), hash, &n, EVP_sha256(), NULL) != 1)
        return lrc_fail(err, LRC_ERR_INTERNAL, "SHA-256 does not work");
    for (unsigned i = 0; i < n; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * n] = '\0';
    return 0;
}

void lrc_journal_head_done(lrc_journal_head *h)
{
    free(h->operation);
    free(h->summary);
    free(h->dir);
    *h = (lrc_journal_head){0};
}

static int path_of(const lrc_workspace *w, unsigned number, char **ret, lrc_err *err)
{
    return lrc_str_format(ret, err, "%s/" FOLDER "/%u" SUFFIX, w->state, number);
}

// ---- Names and sizes -------------------------------------------------------------------------------------------------

struct file {
    unsigned number;
    uint64_t bytes;
};

struct files {
    struct file *item; // by number
    size_t count, cap;
    uint64_t bytes;
};

static void files_done(struct files *f)
{
    free(f->item);
}

static int by_number(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

// "12.jsonl" -> 12; 0 for other names.
static unsigned number_of(const char *name)
{
    unsigned number = 0;
    const size_t n = strspn(name, "0123456789");
    if (n == 0 || n > DIGITS_MAX || strcmp(name + n, SUFFIX) != 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        number = number * 10 + (unsigned)(name[i] - '0');
    return number;
}

static lrc_walk_next take_file(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct files *f = arg;
    if (lrc_str_starts(e->name, TEMP_PREFIX) && lrc_clock_now_ms() / 1000 - e->st->st_mtim.tv_sec > STALE_S)
        lrc_fs_remove(e->path, NULL);
    const unsigned number = number_of(e->name);
    if (!number || !S_ISREG(e->st->st_mode))
        return LRC_WALK_ON;
    if (f->count == f->cap) {
        const size_t cap = f->cap ? f->cap * 2 : 32;
        struct file *grown = realloc(f->item, cap * sizeof *grown);
        if (!grown) {
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        f->item = grown;
        f->cap = cap;
    }
    f->item[f->count++] = (struct file){number, (uint64_t)e->st->st_size};
    f->bytes += (uint64_t)e->st->st_size;
    return LRC_WALK_ON;
}

static int list_files(const lrc_workspace *w, struct files *ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    const lrc_fs_walk_options options = {.hidden = true};
    if (lrc_workspace_state(w, FOLDER, &folder, err) < 0 || lrc_fs_mkdirs(folder, err) < 0 ||
        lrc_fs_walk(folder, &options, take_file, ret, err) < 0)
        return -1;
    if (ret->count > 1)
        qsort(ret->item, ret->count, sizeof *ret->item, by_number);
    return 0;
}

// ---- Writing ---------------------------------------------------------------------------------------------------------

struct lrc_journal {
    char *path;
    int fd; // locked
    lrc_buf pending;
    unsigned number;
    size_t records;
    bool ended;
};

void lrc_journal_free(lrc_journal *j)
{
    if (!j)
        return;
    if (j->records == 0 && j->path)
        lrc_fs_remove(j->path, NULL);
    if (j->fd >= 0)
        close(j->fd);
    lrc_buf_done(&j->pending);
    free(j->path);
    free(j);
}

void lrc_journal_drop(lrc_journal *j)
{
    if (j)
        j->records = 0;
    lrc_journal_free(j);
}

unsigned lrc_journal_number(const lrc_journal *j)
{
    return j->number;
}

// Journals that are over, the oldest first, until there is room for one more.
static int prune(const lrc_workspace *w, struct files *f, lrc_err *err)
{
    size_t left = f->count;
    uint64_t bytes = f->bytes;
    for (size_t i = 0; i < f->count && (left >= LRC_JOURNAL_KEPT || bytes > LRC_JOURNAL_KEPT_BYTES); i++) {
        lrc_auto_free char *path = NULL;
        if (path_of(w, f->item[i].number, &path, err) < 0)
            return -1;
        if (lrc_lock_is_held(path, NULL) == 0 && lrc_fs_remove(path, NULL) == 0) {
            left--;
            bytes -= f->item[i].bytes;
        }
    }
    return 0;
}

static void put_head(lrc_buf *line, const lrc_journal_head *h)
{
    lrc_json_out out;
    lrc_json_out_init(&out, line, 0);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "journal", 1);
    lrc_json_kstr(&out, "operation", h->operation);
    lrc_json_kstr(&out, "summary", h->summary);
    lrc_json_kstr(&out, "dir", h->dir);
    lrc_json_kint(&out, "time", lrc_clock_now_ms());
    lrc_json_kint(&out, "undoes", h->undoes);
    lrc_json_object_end(&out);
    lrc_buf_addc(line, '\n');
}

static int flush(lrc_journal *j, lrc_err *err)
{
    if (lrc_buf_check(&j->pending, "the journal", err) < 0 ||
        lrc_fs_write_fd(j->fd, j->pending.data, j->pending.len, j->path, err) < 0)
        return -1;
    lrc_buf_truncate(&j->pending, 0);
    return 0;
}

// The file under a name that nobody looks for, locked, with its head; then it gets the next free number.
static int make_file(const lrc_workspace *w, lrc_journal *j, unsigned last, lrc_err *err)
{
    lrc_auto_free char *temp = NULL;
    if (lrc_str_format(&temp, err, "%s/" FOLDER "/" TEMP_PREFIX "%ld-%u", w->state, (long)getpid(), last) < 0)
        return -1;
    if (lrc_lock_take(temp, 0, &j->fd, err) < 0)
        return -1;
    if (ftruncate(j->fd, 0) < 0 || flush(j, err) < 0) {
        lrc_fs_remove(temp, NULL);
        return lrc_wrap(err, "the journal cannot be written");
    }
    for (unsigned i = 1; i <= TRIES; i++) {
        lrc_auto_free char *path = NULL;
        lrc_err why = LRC_ERR_INIT;
        if (path_of(w, last + i, &path, err) < 0)
            return -1;
        if (lrc_fs_rename_new(temp, path, &why) == 0) {
            j->path = lrc_take(path);
            j->number = last + i;
            return 0;
        }
        if (why.code != LRC_ERR_CONFLICT) {
            lrc_fs_remove(temp, NULL);
            if (err)
                *err = why;
            return -1;
        }
    }
    lrc_fs_remove(temp, NULL);
    return lrc_fail(err, LRC_ERR_BUSY, "too many others write journals");
}

int lrc_journal_begin(const lrc_workspace *w, const lrc_journal_head *head, lrc_journal **ret, lrc_err *err)
{
    lrc_cleanup(files_done) struct files files = {0};
    lrc_auto_journal lrc_journal *j = calloc(1, sizeof *j);
    if (!j)
        return lrc_fail_memory(err);
    j->fd = -1;
    lrc_buf_init(&j->pending, (size_t)LRC_JOURNAL_KEPT_BYTES);
    put_head(&j->pending, head);
    if (list_files(w, &files, err) < 0 || prune(w, &files, err) < 0 ||
        make_file(w, j, files.count ? files.item[files.count - 1].number : 0, err) < 0)
        return -1;
    *ret = lrc_take(j);
    return 0;
}

static void put_hash(lrc_json_out *out, const char *key, const char *sha)
{
    lrc_json_kstr(out, key, sha[0] ? sha : NULL);
}

int lrc_journal_add(lrc_journal *j, const char *path, const char *before, const char *after, lrc_err *err)
{
    char before_sha[LRC_JOURNAL_SHA_SIZE], after_sha[LRC_JOURNAL_SHA_SIZE];
    lrc_json_out out;
    if (lrc_journal_sha(before, before_sha, err) < 0 || lrc_journal_sha(after, after_sha, err) < 0)
        return -1;
    lrc_json_out_init(&out, &j->pending, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "path", path);
    lrc_json_kstr(&out, "before", before);
    put_hash(&out, "before_sha256", before_sha);
    put_hash(&out, "after_sha256", after_sha);
    lrc_json_object_end(&out);
    lrc_buf_addc(&j->pending, '\n');
    j->records++;
    return lrc_buf_check(&j->pending, "the journal", err);
}

int lrc_journal_sync(lrc_journal *j, lrc_err *err)
{
    if (flush(j, err) < 0)
        return -1;
    return fdatasync(j->fd) < 0 ? lrc_fail_errno(err, "cannot sync the journal '%s'", j->path) : 0;
}

int lrc_journal_finish(lrc_journal *j, lrc_err *err)
{
    if (j->records == 0)
        return 0;
    lrc_json_out out;
    lrc_json_out_init(&out, &j->pending, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "end", "done");
    lrc_json_kint(&out, "files", (int64_t)j->records);
    lrc_json_object_end(&out);
    lrc_buf_addc(&j->pending, '\n');
    return lrc_journal_sync(j, err);
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

struct reader {
    char *path;
    FILE *file;
    char *line;
    size_t size;
};

static void reader_done(struct reader *r)
{
    if (r->file)
        fclose(r->file);
    free(r->line);
    free(r->path);
}

static int reader_open(struct reader *r, const lrc_workspace *w, unsigned number, lrc_err *err)
{
    if (path_of(w, number, &r->path, err) < 0)
        return -1;
    r->file = fopen(r->path, "re");
    return r->file ? 0 : lrc_fail_errno(err, "cannot read the journal '%s'", r->path);
}

// The next whole line: 1 and *ret, 0 at the end, which a line that was cut off is too, -1; LRC_ERR_INVALID when it is
// no JSON.
static int reader_next(struct reader *r, lrc_json_doc **ret, lrc_err *err)
{
    errno = 0;
    const ssize_t n = getline(&r->line, &r->size, r->file);
    if (n < 0)
        return ferror(r->file) ? lrc_fail_errno(err, "cannot read the journal '%s'", r->path) : 0;
    if (r->line[n - 1] != '\n' || n > RECORD_MAX)
        return 0;
    return lrc_json_parse(r->line, (size_t)n, ret, err) < 0 ? lrc_wrap(err, "the journal '%s' is damaged", r->path) : 1;
}

static int parse_head(const lrc_json *o, lrc_journal_head *ret, lrc_err *err)
{
    const char *operation = "", *summary = "", *dir = "";
    int64_t version = 0, undoes = 0, time_ms = 0;
    if (lrc_json_int(o, "journal", true, &version, err) < 0 ||
        lrc_json_str(o, "operation", true, &operation, err) < 0 ||
        lrc_json_str(o, "summary", true, &summary, err) < 0 || lrc_json_str(o, "dir", true, &dir, err) < 0 ||
        lrc_json_int(o, "time", true, &time_ms, err) < 0 || lrc_json_int(o, "undoes", true, &undoes, err) < 0)
        return -1;
    if (version != 1)
        return lrc_fail(err, LRC_ERR_INVALID, "a journal of another version of this program");
    lrc_auto_journal_head lrc_journal_head h = {.time_ms = time_ms, .undoes = (unsigned)undoes};
    if (lrc_str_copy(&h.operation, operation, err) < 0 || lrc_str_copy(&h.summary, summary, err) < 0 ||
        lrc_str_copy(&h.dir, dir, err) < 0)
        return -1;
    *ret = h;
    h = (lrc_journal_head){0};
    return 0;
}

// Is there the line "end"? It is the last one; those before it are not read. 1, 0, or -1 for want of memory.
static int read_end(FILE *file, size_t *ret_files, lrc_err *err)
{
    char tail[TAIL_BYTES + 1];
    if (fseeko(file, 0, SEEK_END) < 0)
        return 0;
    const off_t size = ftello(file);
    if (fseeko(file, size > TAIL_BYTES ? size - TAIL_BYTES : 0, SEEK_SET) < 0)
        return 0;
    const size_t n = fread(tail, 1, TAIL_BYTES, file);
    if (n < 2 || tail[n - 1] != '\n')
        return 0;
    tail[n - 1] = '\0';
    const char *line = strrchr(tail, '\n');
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const char *how = NULL;
    int64_t files = 0;
    lrc_err why = LRC_ERR_INIT;
    if (!line)
        return 0;
    if (lrc_json_parse(line + 1, strlen(line + 1), &doc, &why) < 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : 0;
    if (lrc_json_str(lrc_json_root(doc), "end", true, &how, NULL) < 0 ||
        lrc_json_int(lrc_json_root(doc), "files", true, &files, NULL) < 0)
        return 0;
    *ret_files = (size_t)files;
    return 1;
}

// 1: filled, 0: no journal that we understand, -1.
static int read_entry(const lrc_workspace *w, unsigned number, lrc_journal_entry *ret, lrc_err *err)
{
    lrc_cleanup(reader_done) struct reader r = {0};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_journal_entry e = {.head.number = number};
    lrc_err why = LRC_ERR_INIT;
    int got = reader_open(&r, w, number, &why); // may be pruned meanwhile
    if (got == 0)
        got = reader_next(&r, &doc, &why);
    if (got == 1 && parse_head(lrc_json_root(doc), &e.head, &why) < 0)
        got = -1;
    if (got <= 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : 0;
    e.head.number = number;
    const int end = read_end(r.file, &e.files, err);
    if (end < 0) {
        lrc_journal_head_done(&e.head);
        return -1;
    }
    e.done = end == 1;
    *ret = e;
    return 1;
}

// An undo takes its operation's effect back; an undo of an undo gives it back.
static void mark_undone(lrc_journal_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const lrc_journal_entry *undo = &l->item[i];
        unsigned wanted = undo->done ? undo->head.undoes : 0;
        bool undone = true;
        for (size_t k = i; wanted && k-- > 0;) {
            if (l->item[k].head.number != wanted)
                continue;
            l->item[k].undone = undone;
            undone = !undone;
            wanted = l->item[k].head.undoes; // that one was an undo itself
        }
    }
}

int lrc_journal_list_read(const lrc_workspace *w, lrc_journal_list *ret, lrc_err *err)
{
    lrc_cleanup(files_done) struct files files = {0};
    lrc_auto_journal_list lrc_journal_list l = {0};
    if (list_files(w, &files, err) < 0)
        return -1;
    l.item = calloc(files.count + 1, sizeof *l.item);
    if (!l.item)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < files.count; i++) {
        const int got = read_entry(w, files.item[i].number, &l.item[l.count], err);
        if (got < 0)
            return -1;
        l.count += got == 1;
    }
    mark_undone(&l);
    *ret = l;
    l = (lrc_journal_list){0};
    return 0;
}

void lrc_journal_list_done(lrc_journal_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        lrc_journal_head_done(&l->item[i].head);
    free(l->item);
    *l = (lrc_journal_list){0};
}

static int parse_record(const lrc_json *o, lrc_journal_record *ret, lrc_err *err)
{
    const char *before_sha = "", *after_sha = "";
    *ret = (lrc_journal_record){0};
    if (lrc_json_str(o, "path", true, &ret->path, err) < 0 || lrc_json_str(o, "before", false, &ret->before, err) < 0 ||
        lrc_json_str(o, "before_sha256", false, &before_sha, err) < 0 ||
        lrc_json_str(o, "after_sha256", false, &after_sha, err) < 0)
        return -1;
    snprintf(ret->before_sha, sizeof ret->before_sha, "%s", before_sha);
    snprintf(ret->after_sha, sizeof ret->after_sha, "%s", after_sha);
    return 0;
}

int lrc_journal_read(const lrc_workspace *w, unsigned number, int (*fn)(void *, const lrc_journal_record *, lrc_err *),
                     void *arg, lrc_err *err)
{
    lrc_cleanup(reader_done) struct reader r = {0};
    if (reader_open(&r, w, number, err) < 0)
        return -1;
    for (size_t line = 0;; line++) {
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        lrc_journal_record record;
        const int got = reader_next(&r, &doc, err);
        if (got <= 0)
            return got;
        if (line == 0 || lrc_json_get(lrc_json_root(doc), "end"))
            continue;
        if (parse_record(lrc_json_root(doc), &record, err) < 0)
            return lrc_wrap(err, "the journal '%s', line %zu", r.path, line + 1);
        if (fn(arg, &record, err) < 0)
            return -1;
    }
}

// ---- After a crash ---------------------------------------------------------------------------------------------------

int lrc_journal_claim(const lrc_workspace *w, unsigned number, int *ret_lock, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_close int lock = -1;
    lrc_cleanup(reader_done) struct reader r = {0};
    lrc_err why = LRC_ERR_INIT;
    size_t files;
    if (path_of(w, number, &path, err) < 0)
        return -1;
    if (lrc_lock_take(path, 0, &lock, &why) < 0) {
        if (why.code == LRC_ERR_BUSY)
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    if (reader_open(&r, w, number, err) < 0)
        return -1;
    const int end = read_end(r.file, &files, err);
    if (end != 0)
        return end < 0 ? -1 : 0;
    *ret_lock = lrc_take_fd(lock);
    return 1;
}

int lrc_journal_forget(const lrc_workspace *w, unsigned number, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    return path_of(w, number, &path, err) < 0 ? -1 : lrc_fs_remove(path, err);
}

int lrc_journal_set_aside(const lrc_workspace *w, unsigned number, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *aside = NULL;
    if (path_of(w, number, &path, err) < 0 || lrc_str_format(&aside, err, "%s.damaged", path) < 0)
        return -1;
    return rename(path, aside) < 0 ? lrc_fail_errno(err, "cannot put the journal '%s' aside", path) : 0;
}
