// SPDX-License-Identifier: MIT
#include "proc/usage.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define STAT_MAX    4096
#define PROC_MAX    (1 << 20) // of /proc/stat and /proc/meminfo
#define MS_PER_SEC  1000
#define KIB         1024
#define STAT_FIELDS 5
#define CPU_FIELDS  8 // user nice system idle iowait irq softirq steal
#define FIELD_IDLE  3
#define FIELD_WAIT  4

static uint64_t ticks_to_ms(uint64_t ticks)
{
    const long per_second = sysconf(_SC_CLK_TCK);
    return per_second > 0 ? ticks * MS_PER_SEC / (uint64_t)per_second : 0;
}

// Add one process when it is of the group. Processes come and go meanwhile: what cannot be read is passed over.
static void add_process(const char *name, pid_t leader, lrc_proc_usage *sum)
{
    lrc_auto_free char *text = NULL, *path = NULL;
    int group = 0;
    uint64_t user = 0, kernel = 0;
    int64_t pages = 0;
    char state = 0;
    if (lrc_str_format(&path, NULL, "/proc/%s/stat", name) < 0 || lrc_fs_read(path, STAT_MAX, &text, NULL, NULL) < 0)
        return;
    const char *p = strrchr(text, ')');
    // Fields 3, 5, 14, 15 and 24.
    if (!p || sscanf(p + 1,
                     " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                     " %*d %*d %*d %*d %*d %*d %*u %*u %" SCNd64,
                     &state, &group, &user, &kernel, &pages) != STAT_FIELDS)
        return;
    if (group != leader || state == 'Z')
        return;
    sum->processes++;
    sum->cpu_ms += ticks_to_ms(user + kernel);
    sum->rss_bytes += (uint64_t)(pages > 0 ? pages : 0) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int lrc_proc_group_usage(pid_t leader, lrc_proc_usage *ret, lrc_err *err)
{
    lrc_proc_usage sum = {0};
    lrc_auto_dir DIR *dir = opendir("/proc");
    const struct dirent *e;
    if (!dir)
        return lrc_fail_errno(err, "cannot list /proc");
    while ((e = readdir(dir)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
            add_process(e->d_name, leader, &sum);
    *ret = sum;
    return 0;
}

static uint64_t memory_line(const char *text, const char *name)
{
    uint64_t kib = 0;
    const char *at = strstr(text, name);
    return at && sscanf(at + strlen(name), ": %" SCNu64, &kib) == 1 ? kib * KIB : 0;
}

int lrc_machine_usage_read(lrc_machine_usage *ret, lrc_err *err)
{
    lrc_auto_free char *stat = NULL, *memory = NULL;
    uint64_t field[CPU_FIELDS] = {0};
    lrc_machine_usage u = {.processors = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    if (lrc_fs_read("/proc/stat", PROC_MAX, &stat, NULL, err) < 0 ||
        lrc_fs_read("/proc/meminfo", PROC_MAX, &memory, NULL, err) < 0)
        return -1;
    const int read =
        sscanf(stat, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &field[0], &field[1], &field[2], &field[3], &field[4], &field[5], &field[6], &field[7]);
    if (read < CPU_FIELDS / 2)
        return lrc_fail(err, LRC_ERR_INTERNAL, "/proc/stat has an unknown form");
    for (int i = 0; i < CPU_FIELDS; i++) {
        u.cpu_total_ms += ticks_to_ms(field[i]);
        if (i != FIELD_IDLE && i != FIELD_WAIT)
            u.cpu_busy_ms += ticks_to_ms(field[i]);
    }
    u.memory_bytes = memory_line(memory, "MemTotal");
    u.memory_free_bytes = memory_line(memory, "MemAvailable");
    *ret = u;
    return 0;
}
