// SPDX-License-Identifier: MIT
#include "job/queue.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "gpu/gpu.h"
#include "job/folder.h"
#include "settings/settings.h"

#define PAUSE_FILE  "queue.json" // in W/.lorica
#define CHANGE_FILE "queue.json" // in a job's folder
#define SLOT_FILE   "slot.json"
#define FILE_MAX    (64 << 10)

const char *lrc_queue_wait_name(lrc_queue_wait w)
{
    static const char *const names[LRC_WAIT_MAX_] = {
        [LRC_WAIT_NONE] = "",       [LRC_WAIT_PAUSED] = "paused", [LRC_WAIT_TIME] = "time",
        [LRC_WAIT_AFTER] = "after", [LRC_WAIT_SLOT] = "slot",
    };
    return names[w];
}

// ---- Small files -----------------------------------------------------------------------------------------------------

static int write_object(const char *path, lrc_buf *text, lrc_json_out *out, lrc_err *err)
{
    lrc_json_object_end(out);
    lrc_buf_addc(text, '\n');
    return lrc_buf_check(text, path, err) < 0 ? -1 : lrc_fs_write(path, text->data, text->len, 0, err);
}

bool lrc_queue_is_paused(const lrc_workspace *ws)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    bool paused = false;
    if (lrc_workspace_state(ws, PAUSE_FILE, &path, NULL) == 0 && lrc_json_load(path, FILE_MAX, &doc, NULL) == 0)
        lrc_json_bool(lrc_json_root(doc), "paused", false, &paused, NULL);
    return paused;
}

int lrc_queue_pause(const lrc_workspace *ws, bool paused, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, FILE_MAX);
    if (lrc_workspace_state(ws, PAUSE_FILE, &path, err) < 0)
        return -1;
    lrc_json_out_init(&out, &text, 2);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "paused", paused);
    lrc_json_kint(&out, "since", lrc_clock_now_ms());
    return write_object(path, &text, &out, err);
}

void lrc_queue_read_job(const char *folder, const lrc_job_spec *spec, int *ret_priority, int64_t *ret_not_before_ms)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    int64_t priority = spec->priority, not_before = spec->not_before_ms;
    if (lrc_path_join(&path, folder, CHANGE_FILE, NULL) == 0 && lrc_json_load(path, FILE_MAX, &doc, NULL) == 0) {
        lrc_json_int(lrc_json_root(doc), "priority", false, &priority, NULL);
        lrc_json_int(lrc_json_root(doc), "not_before", false, &not_before, NULL);
    }
    *ret_priority = (int)priority;
    *ret_not_before_ms = not_before;
}

int lrc_queue_change_job(const lrc_workspace *ws, const char *id, const lrc_queue_change *change, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_free char *path = NULL;
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    int priority;
    int64_t not_before;
    lrc_buf_init(&text, FILE_MAX);
    if (lrc_job_load(ws, id, &job, err) < 0 || lrc_path_join(&path, job.folder, CHANGE_FILE, err) < 0)
        return -1;
    if (job.status.state != LRC_JOB_PENDING || job.supervised)
        return lrc_fail(err, LRC_ERR_CONFLICT, "the job %s does not wait any more (%s)", id,
                        lrc_job_state_name(job.status.state));
    if (change->set_priority &&
        (change->priority > LRC_QUEUE_PRIORITY_MAX || change->priority < -LRC_QUEUE_PRIORITY_MAX))
        return lrc_fail_field(err, LRC_ERR_INVALID, "priority", "a priority lies between %d and %d",
                              -LRC_QUEUE_PRIORITY_MAX, LRC_QUEUE_PRIORITY_MAX);
    lrc_queue_read_job(job.folder, &job.spec, &priority, &not_before);
    lrc_json_out_init(&out, &text, 2);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "priority", change->set_priority ? change->priority : priority);
    lrc_json_kint(&out, "not_before", change->set_not_before ? change->not_before_ms : not_before);
    return write_object(path, &text, &out, err);
}

int lrc_job_turn_read(const lrc_json *request, lrc_job_turn *ret, lrc_err *err)
{
    int64_t priority = 0, not_before = 0;
    const lrc_json *after = NULL;
    lrc_auto_strv lrc_strv ids = {0};
    if (lrc_json_int(request, "priority", false, &priority, err) < 0 ||
        lrc_json_int(request, "not_before", false, &not_before, err) < 0 ||
        lrc_json_array(request, "after", false, &after, err) < 0)
        return -1;
    if (priority > LRC_QUEUE_PRIORITY_MAX || priority < -LRC_QUEUE_PRIORITY_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "priority", "a priority lies between %d and %d",
                              -LRC_QUEUE_PRIORITY_MAX, LRC_QUEUE_PRIORITY_MAX);
    for (const lrc_json *v = after ? after->first : NULL; v; v = v->next) {
        if (v->type != LRC_JSON_STRING || !lrc_id_valid(v->text))
            return lrc_fail_field(err, LRC_ERR_INVALID, "after", "'after' must hold ids of jobs");
        if (lrc_strv_push(&ids, v->text, err) < 0)
            return -1;
    }
    ret->priority = (int)priority;
    ret->not_before_ms = not_before;
    ret->after = ids;
    ids = (lrc_strv){0};
    return 0;
}

int lrc_queue_slot_write(const char *folder, const char *gpu_names, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, FILE_MAX);
    if (lrc_path_join(&path, folder, SLOT_FILE, err) < 0)
        return -1;
    if (!gpu_names[0])
        return lrc_fs_remove(path, err);
    lrc_json_out_init(&out, &text, 2);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "gpus", gpu_names);
    return write_object(path, &text, &out, err);
}

void lrc_queue_slot_read(const char *folder, char ret[static LRC_QUEUE_GPU_NAMES])
{
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const char *names = "";
    ret[0] = '\0';
    if (lrc_path_join(&path, folder, SLOT_FILE, NULL) < 0 || !lrc_fs_exists(path) ||
        lrc_json_load(path, FILE_MAX, &doc, NULL) < 0 ||
        lrc_json_str(lrc_json_root(doc), "gpus", false, &names, NULL) < 0)
        return;
    snprintf(ret, LRC_QUEUE_GPU_NAMES, "%s", names);
}

// ---- Loading ---------------------------------------------------------------------------------------------------------

static void entry_done(lrc_queue_entry *e)
{
    free(e->title);
    lrc_strv_done(&e->after);
}

void lrc_queue_done(lrc_queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        entry_done(&q->item[i]);
    free(q->item);
    lrc_strv_done(&q->gpus);
    *q = (lrc_queue){0};
}

// 1: *ret is filled; 0: it has ended (*ret_final), or is damaged: loading it tells.
static int load_entry(const char *root, const char *id, bool settles, bool *ret_final, lrc_queue_entry *ret)
{
    lrc_auto_free char *folder = NULL, *lock = NULL;
    lrc_auto_job_spec lrc_job_spec spec = {0};
    lrc_auto_job_status lrc_job_status status = {0};
    bool held = false;
    if (lrc_path_join(&folder, root, id, NULL) < 0 || lrc_path_join(&lock, folder, LRC_JOB_LOCK, NULL) < 0)
        return 0;
    *ret_final = lrc_job_peek_final(folder);
    if (*ret_final || (settles && lrc_job_recover_one(folder, &held, NULL) < 0) ||
        lrc_job_status_read(folder, &status, NULL) < 0 || lrc_job_state_final(status.state) ||
        lrc_job_spec_read(folder, &spec, NULL) < 0)
        return 0;
    const lrc_job_kind *kind = lrc_job_kind_find(spec.kind);
    if (!kind)
        return 0;
    if (!settles)
        held = lrc_lock_is_held(lock, NULL) == 1;
    *ret = (lrc_queue_entry){.kind = kind,
                             .title = lrc_take(spec.title),
                             .created_ms = spec.created_ms,
                             .gpus = spec.gpus >= 0 ? spec.gpus : kind->gpus,
                             .after = spec.after,
                             .busy = held || status.child.pid};
    spec.after = (lrc_strv){0};
    snprintf(ret->id, sizeof ret->id, "%s", id);
    lrc_queue_read_job(folder, &spec, &ret->priority, &ret->not_before_ms);
    if (ret->busy)
        lrc_queue_slot_read(folder, ret->gpu_names);
    return 1;
}

static int in_order(const void *a, const void *b)
{
    const lrc_queue_entry *x = a, *y = b;
    if (x->busy != y->busy)
        return x->busy ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    if (x->created_ms != y->created_ms)
        return x->created_ms < y->created_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static int find_gpus(const lrc_settings *s, lrc_strv *ret, lrc_err *err)
{
    const char *setting = lrc_settings_text(s, "job.gpus");
    if (strcmp(setting, "none") == 0)
        return 0;
    if (strcmp(setting, "auto") != 0)
        return lrc_strv_split(ret, setting, ',', err);
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    if (visible)
        return lrc_strv_split(ret, visible, ',', err);
    lrc_gpu_list list;
    if (lrc_gpu_list_read(&list, NULL) < 0)
        return 0; // a driver that fails has no GPUs
    for (int i = 0; i < list.count; i++)
        if (lrc_strv_push(ret, list.gpu[i].uuid, err) < 0) // CUDA may number them otherwise than NVML
            return -1;
    return 0;
}

// The pool is only asked for when somebody waits for a part of it: NVML takes its time.
static int find_slots(const lrc_workspace *ws, lrc_queue *q, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    bool wanted = false;
    int64_t cpu = 1;
    for (size_t i = 0; i < q->count; i++)
        wanted = wanted || (!q->item[i].busy && q->item[i].gpus > 0);
    if (lrc_settings_load(ws, &s, NULL) == 0) // a damaged settings file must not keep jobs from starting
        cpu = lrc_settings_int(s, "job.cpu_parallel");
    q->cpu_slots = (int)cpu;
    return s && wanted ? find_gpus(s, &q->gpus, err) : 0;
}

// ---- Planning --------------------------------------------------------------------------------------------------------

// What became of a job that another comes after.
static bool has_completed(const char *root, const char *id, bool *ret_doomed)
{
    lrc_auto_free char *folder = NULL;
    lrc_auto_job_status lrc_job_status status = {0};
    *ret_doomed = false;
    if (lrc_path_join(&folder, root, id, NULL) < 0)
        return false;
    *ret_doomed = !lrc_fs_is_dir(folder);
    if (*ret_doomed || lrc_job_status_read(folder, &status, NULL) < 0)
        return false;
    *ret_doomed = lrc_job_state_final(status.state) && status.state != LRC_JOB_COMPLETED;
    return status.state == LRC_JOB_COMPLETED;
}

static bool waits_for_another(const char *root, lrc_queue_entry *e)
{
    for (size_t i = 0; i < e->after.count; i++)
        if (!has_completed(root, e->after.item[i], &e->doomed)) {
            snprintf(e->waits_for, sizeof e->waits_for, "%s", e->after.item[i]);
            return true;
        }
    return false;
}

struct slots {
    bool *gpu_taken; // per GPU of the pool
    size_t gpu_free;
    bool gpu_held, cpu_held; // one that came first waits for such a slot
    int gpu_jobs, cpu_jobs;  // that run or will
};

static bool named_in(const char *list, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at++)
        if ((at == list || at[-1] == ',') && (at[n] == ',' || !at[n]))
            return true;
    return false;
}

static void count_busy(const lrc_queue *q, struct slots *s)
{
    s->gpu_free = q->gpus.count;
    for (size_t i = 0; i < q->count; i++) {
        const lrc_queue_entry *e = &q->item[i];
        if (!e->busy)
            continue;
        s->gpu_jobs += e->gpus > 0;
        s->cpu_jobs += e->gpus == 0;
        int unnamed = e->gpu_names[0] ? 0 : e->gpus; // started when no GPU was known: any that are free count as its
        for (size_t g = 0; g < q->gpus.count; g++) {
            if (s->gpu_taken[g] || !(unnamed > 0 || named_in(e->gpu_names, q->gpus.item[g])))
                continue;
            unnamed -= unnamed > 0;
            s->gpu_taken[g] = true;
            s->gpu_free--;
        }
    }
}

static bool give_gpus(const lrc_queue *q, struct slots *s, lrc_queue_entry *e)
{
    size_t wanted = (size_t)e->gpus < q->gpus.count ? (size_t)e->gpus : q->gpus.count;
    size_t n = 0;
    if (s->gpu_held || (q->gpus.count == 0 ? s->gpu_jobs > 0 : s->gpu_free < wanted))
        return !(s->gpu_held = true);
    for (size_t g = 0; g < q->gpus.count && wanted > 0; g++) {
        const char *name = q->gpus.item[g];
        if (s->gpu_taken[g] || n + strlen(name) + 2 > sizeof e->gpu_names)
            continue;
        n += (size_t)snprintf(e->gpu_names + n, sizeof e->gpu_names - n, "%s%s", n ? "," : "", name);
        s->gpu_taken[g] = true;
        s->gpu_free--;
        wanted--;
    }
    s->gpu_jobs++;
    return true;
}

static bool give_processor(const lrc_queue *q, struct slots *s)
{
    if (s->cpu_held || s->cpu_jobs >= q->cpu_slots)
        return !(s->cpu_held = true);
    s->cpu_jobs++;
    return true;
}

int lrc_queue_plan(const lrc_workspace *ws, lrc_queue *q, lrc_err *err)
{
    const int64_t now = lrc_clock_now_ms();
    lrc_auto_free char *root = NULL;
    lrc_auto_free bool *taken = calloc(q->gpus.count + 1, sizeof *taken);
    struct slots s = {.gpu_taken = taken};
    if (!taken)
        return lrc_fail_memory(err);
    if (lrc_job_root(ws, &root, err) < 0)
        return -1;
    count_busy(q, &s);
    for (size_t i = 0; i < q->count; i++) {
        lrc_queue_entry *e = &q->item[i];
        if (e->busy)
            continue;
        e->waits = LRC_WAIT_NONE;
        e->gpu_names[0] = '\0';
        if (waits_for_another(root, e))
            e->waits = LRC_WAIT_AFTER;
        else if (q->paused)
            e->waits = LRC_WAIT_PAUSED;
        else if (e->not_before_ms > now)
            e->waits = LRC_WAIT_TIME;
        else if (e->held_back || !(e->gpus > 0 ? give_gpus(q, &s, e) : give_processor(q, &s)))
            e->waits = LRC_WAIT_SLOT;
    }
    return 0;
}

int lrc_queue_load(const lrc_workspace *ws, bool settles, lrc_map *done, lrc_queue *ret, lrc_err *err)
{
    lrc_auto_free char *root = NULL;
    lrc_auto_strv lrc_strv ids = {0};
    lrc_auto_queue lrc_queue q = {.paused = lrc_queue_is_paused(ws)};
    if (lrc_job_root(ws, &root, err) < 0 || lrc_job_ids(ws, &ids, err) < 0)
        return -1;
    q.item = calloc(ids.count + 1, sizeof *q.item);
    if (!q.item)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < ids.count; i++) {
        bool final = false;
        if (done && lrc_map_get(done, ids.item[i]))
            continue;
        q.count += (size_t)load_entry(root, ids.item[i], settles, &final, &q.item[q.count]);
        if (final && done)
            lrc_map_put(done, ids.item[i], NULL); // not remembered: looked at again
    }
    qsort(q.item, q.count, sizeof *q.item, in_order);
    if (find_slots(ws, &q, err) < 0 || lrc_queue_plan(ws, &q, err) < 0)
        return -1;
    *ret = q;
    q = (lrc_queue){0};
    return 0;
}

// ---- Showing ---------------------------------------------------------------------------------------------------------

static void put_texts(lrc_json_out *out, const char *key, const lrc_strv *list)
{
    lrc_json_key(out, key);
    lrc_json_array_begin(out);
    for (size_t i = 0; i < list->count; i++)
        lrc_json_put_str(out, list->item[i]);
    lrc_json_array_end(out);
}

static void put_entry(const lrc_queue_entry *e, int64_t position, lrc_json_out *out)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "id", e->id);
    lrc_json_kstr(out, "title", e->title);
    lrc_json_kstr(out, "type", e->kind->name);
    lrc_json_kstr(out, "status", lrc_job_state_name(e->busy ? LRC_JOB_RUNNING : LRC_JOB_PENDING));
    lrc_json_kint(out, "position", position);
    lrc_json_kint(out, "priority", e->priority);
    lrc_json_kint(out, "created_at", e->created_ms);
    lrc_json_key(out, "not_before");
    if (e->not_before_ms)
        lrc_json_put_int(out, e->not_before_ms);
    else
        lrc_json_put_null(out);
    put_texts(out, "after", &e->after);
    lrc_json_kstr(out, "waits", e->waits == LRC_WAIT_NONE ? NULL : lrc_queue_wait_name(e->waits));
    lrc_json_kstr(out, "waits_for", e->waits_for[0] ? e->waits_for : NULL);
    lrc_json_kint(out, "gpus_wanted", e->gpus);
    lrc_json_kstr(out, "gpus", e->busy && e->gpu_names[0] ? e->gpu_names : NULL);
    lrc_json_object_end(out);
}

void lrc_queue_put(const lrc_queue *q, lrc_json_out *out)
{
    int64_t running = 0;
    for (size_t i = 0; i < q->count; i++)
        running += q->item[i].busy;
    lrc_json_object_begin(out);
    lrc_json_kbool(out, "paused", q->paused);
    put_texts(out, "gpus", &q->gpus);
    lrc_json_kint(out, "cpu_slots", q->cpu_slots);
    lrc_json_kint(out, "running", running);
    lrc_json_kint(out, "waiting", (int64_t)q->count - running);
    lrc_json_key(out, "jobs");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < q->count; i++)
        put_entry(&q->item[i], q->item[i].busy ? 0 : (int64_t)i - running + 1, out);
    lrc_json_array_end(out);
    lrc_json_object_end(out);
}
