// SPDX-License-Identifier: MIT
#include "job/resources.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "job/folder.h"
#include "proc/usage.h"

#define REMEMBERED   64 // running jobs whose last look is remembered
#define FILE_MAX     (64 << 20)
#define PERMILLE     1000
#define LINE_MAX_LEN 4096
#define EARLY_MS     1000 // a line this much younger than the interval was somebody else's

struct last_look {
    char id[LRC_ID_MAX + 1];
    int64_t mono_ms;
    uint64_t cpu_ms;
};

struct lrc_sampler {
    int64_t at; // of the last look, monotonic
    struct last_look job[REMEMBERED];
    size_t next; // place to be used next
    lrc_machine_usage machine;
    bool machine_known;
};

int lrc_sampler_new(lrc_sampler **ret, lrc_err *err)
{
    lrc_sampler *s = calloc(1, sizeof *s);
    if (!s)
        return lrc_fail_memory(err);
    s->at = -LRC_RESOURCES_EVERY_MS;
    *ret = s;
    return 0;
}

void lrc_sampler_free(lrc_sampler *s)
{
    free(s);
}

// ---- Looking ---------------------------------------------------------------------------------------------------------

static struct last_look *last_look_of(lrc_sampler *s, const char *id)
{
    for (size_t i = 0; i < REMEMBERED; i++)
        if (strcmp(s->job[i].id, id) == 0)
            return &s->job[i];
    struct last_look *fresh = &s->job[s->next];
    s->next = (s->next + 1) % REMEMBERED;
    *fresh = (struct last_look){0};
    snprintf(fresh->id, sizeof fresh->id, "%s", id);
    return fresh;
}

static void look_at_machine(lrc_sampler *s, lrc_resources *r)
{
    lrc_machine_usage now;
    r->memory_used = r->memory_total = r->machine_permille = -1;
    if (lrc_machine_usage_read(&now, NULL) < 0)
        return;
    r->memory_total = (int64_t)now.memory_bytes;
    r->memory_used = (int64_t)(now.memory_bytes - now.memory_free_bytes);
    if (s->machine_known && now.cpu_total_ms > s->machine.cpu_total_ms)
        r->machine_permille = (int64_t)((now.cpu_busy_ms - s->machine.cpu_busy_ms) * PERMILLE /
                                        (now.cpu_total_ms - s->machine.cpu_total_ms));
    s->machine = now;
    s->machine_known = true;
}

static void look_at_gpus(lrc_resources *r)
{
    lrc_gpu_list list;
    r->gpu_count = 0;
    if (lrc_gpu_list_read(&list, NULL) < 0)
        return;
    r->gpu_count = list.count;
    for (int i = 0; i < list.count; i++) {
        r->gpu[i].percent = list.gpu[i].utilization;
        r->gpu[i].used_bytes = (int64_t)list.gpu[i].used_bytes;
    }
}

// Where its result goes, else where it runs: the disk that can become full.
static void look_at_disk(const lrc_job_spec *spec, lrc_resources *r)
{
    static const char label[] = "result=";
    struct statvfs v;
    lrc_auto_free char *parent = NULL;
    const char *place = spec->cwd;
    for (size_t i = 0; i < spec->labels.count; i++)
        if (lrc_str_starts(spec->labels.item[i], label) &&
            lrc_path_parent(&parent, spec->labels.item[i] + strlen(label), NULL) == 0)
            place = parent;
    r->disk_free = r->disk_total = -1;
    if (statvfs(place, &v) < 0)
        return;
    r->disk_free = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    r->disk_total = (int64_t)v.f_blocks * (int64_t)v.f_frsize;
}

static void look_at_job(lrc_sampler *s, const char *id, const lrc_job_status *status, lrc_resources *r)
{
    lrc_proc_usage use;
    struct last_look *last = last_look_of(s, id);
    const int64_t now = lrc_clock_mono_ms();
    r->cpu_permille = r->rss_bytes = -1;
    if (lrc_proc_group_usage(status->child.pid, &use, NULL) < 0)
        return;
    r->rss_bytes = (int64_t)use.rss_bytes;
    if (last->mono_ms && now > last->mono_ms && use.cpu_ms >= last->cpu_ms)
        r->cpu_permille = (int64_t)((use.cpu_ms - last->cpu_ms) * PERMILLE / (uint64_t)(now - last->mono_ms));
    last->mono_ms = now;
    last->cpu_ms = use.cpu_ms;
}

// ---- Writing ---------------------------------------------------------------------------------------------------------

static int append(const char *path, const lrc_resources *r, lrc_err *err)
{
    char line[LINE_MAX_LEN];
    int n = snprintf(line, sizeof line, "%lld %lld %lld %lld %lld %lld %lld %lld %d", (long long)r->ms,
                     (long long)r->cpu_permille, (long long)r->rss_bytes, (long long)r->memory_used,
                     (long long)r->memory_total, (long long)r->machine_permille, (long long)r->disk_free,
                     (long long)r->disk_total, r->gpu_count);
    for (int i = 0; i < r->gpu_count; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, " %lld %lld", (long long)r->gpu[i].percent,
                      (long long)r->gpu[i].used_bytes);
    line[n++] = '\n';
    lrc_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot write '%s'", path);
    return lrc_fs_write_fd(fd, line, (size_t)n, path, err);
}

static bool is_fresh(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return false;
    const int64_t age = lrc_clock_now_ms() - ((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
    return age >= 0 && age < LRC_RESOURCES_EVERY_MS - EARLY_MS;
}

// `common`: what is the same for all jobs; read when the first running one is met.
static int sample_one(lrc_sampler *s, const char *root, const char *id, lrc_resources *common, bool *asked,
                      lrc_err *err)
{
    lrc_auto_free char *folder = NULL, *path = NULL;
    lrc_auto_job_spec lrc_job_spec spec = {0};
    lrc_auto_job_status lrc_job_status status = {0};
    if (lrc_path_join(&folder, root, id, err) < 0 || lrc_path_join(&path, folder, LRC_RESOURCES_FILE, err) < 0)
        return -1;
    if (lrc_job_peek_final(folder) || lrc_job_status_read(folder, &status, NULL) < 0 || status.child.pid <= 0 ||
        is_fresh(path) || !lrc_proc_id_alive(&status.child) || lrc_job_spec_read(folder, &spec, NULL) < 0)
        return 0;
    if (!*asked) {
        look_at_machine(s, common);
        look_at_gpus(common);
        *asked = true;
    }
    common->ms = lrc_clock_now_ms();
    look_at_job(s, id, &status, common);
    look_at_disk(&spec, common);
    append(path, common, NULL); // a full disk must not keep the others from being looked at
    return 0;
}

int lrc_sampler_tick(lrc_sampler *s, const lrc_workspace *ws, lrc_err *err)
{
    lrc_auto_free char *root = NULL;
    lrc_auto_strv lrc_strv ids = {0};
    lrc_resources common = {0};
    bool asked = false;
    const int64_t now = lrc_clock_mono_ms();
    if (now - s->at < LRC_RESOURCES_EVERY_MS)
        return 0;
    s->at = now;
    if (lrc_job_root(ws, &root, err) < 0 || lrc_job_ids(ws, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++)
        if (sample_one(s, root, ids.item[i], &common, &asked, err) < 0)
            return -1;
    return 0;
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

bool lrc_resources_parse(const char *line, lrc_resources *ret)
{
    long long v[8];
    int count = 0, used = 0;
    if (sscanf(line, "%lld %lld %lld %lld %lld %lld %lld %lld %d%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6],
               &v[7], &count, &used) != 9 ||
        count < 0 || count > LRC_GPU_MAX)
        return false;
    lrc_resources r = {.ms = v[0],
                       .cpu_permille = v[1],
                       .rss_bytes = v[2],
                       .memory_used = v[3],
                       .memory_total = v[4],
                       .machine_permille = v[5],
                       .disk_free = v[6],
                       .disk_total = v[7],
                       .gpu_count = count};
    for (int i = 0; i < count; i++) {
        int n = 0;
        long long percent, bytes;
        if (sscanf(line + used, " %lld %lld%n", &percent, &bytes, &n) != 2)
            return false;
        r.gpu[i].percent = percent;
        r.gpu[i].used_bytes = bytes;
        used += n;
    }
    *ret = r;
    return true;
}

static void put_known(lrc_json_out *out, const char *key, int64_t n)
{
    lrc_json_key(out, key);
    if (n >= 0)
        lrc_json_put_int(out, n);
    else
        lrc_json_put_null(out);
}

static void put_percent(lrc_json_out *out, const char *key, int64_t permille)
{
    lrc_json_key(out, key);
    if (permille >= 0)
        lrc_json_put_double(out, (double)permille / 10);
    else
        lrc_json_put_null(out);
}

static void put_sample(const lrc_resources *r, lrc_json_out *out)
{
    lrc_json_object_begin(out);
    lrc_json_kint(out, "time", r->ms);
    put_percent(out, "cpu_percent", r->cpu_permille);
    put_known(out, "rss_bytes", r->rss_bytes);
    put_percent(out, "machine_cpu_percent", r->machine_permille);
    put_known(out, "memory_used_bytes", r->memory_used);
    put_known(out, "memory_total_bytes", r->memory_total);
    put_known(out, "disk_free_bytes", r->disk_free);
    put_known(out, "disk_total_bytes", r->disk_total);
    lrc_json_key(out, "gpus");
    lrc_json_array_begin(out);
    for (int i = 0; i < r->gpu_count; i++) {
        lrc_json_object_begin(out);
        put_known(out, "percent", r->gpu[i].percent);
        put_known(out, "used_bytes", r->gpu[i].used_bytes);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
    lrc_json_object_end(out);
}

int lrc_resources_put(const lrc_job *job, size_t limit, lrc_json_out *out, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *text = NULL;
    lrc_auto_strv lrc_strv lines = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_path_join(&path, job->folder, LRC_RESOURCES_FILE, err) < 0)
        return -1;
    if (lrc_fs_read(path, FILE_MAX, &text, NULL, &why) == 0 && lrc_strv_split(&lines, text, '\n', err) < 0)
        return -1;
    lrc_json_array_begin(out);
    const size_t shown = lines.count < limit ? lines.count : limit;
    for (size_t i = 0; i < shown; i++) {
        lrc_resources r;
        if (lrc_resources_parse(lines.item[(i + 1) * lines.count / shown - 1], &r)) // a torn last line is none
            put_sample(&r, out);
    }
    lrc_json_array_end(out);
    return 0;
}
