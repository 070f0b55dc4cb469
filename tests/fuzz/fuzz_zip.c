// SPDX-License-Identifier: MIT
// module: dataset
// Any bytes as a zip archive: listed, planned, read. Whatever its names are, each output lies inside the dataset, under a
// name that can stand, and no two pictures share a stem.
#include <fcntl.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fs.h"
#include "base/path.h"
#include "dataset/plan.h"
#include "dataset/source.h"

#define OUT_MAX (4 << 20) // bytes that one input may unpack to

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int out = -1;

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_CTYPE, "C.UTF-8");
    out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return 0;
}

static void check_target(const lrc_import_output *o)
{
    lrc_auto_free char *target = NULL;
    must(lrc_import_target(o, &target, NULL) == 0 && target[0] != '/');
    for (char *part = target, *next; part; part = next) {
        next = strchr(part, '/');
        if (next)
            *next++ = '\0';
        must(lrc_path_check_name(part, "part", NULL) == 0 && part[0] != '.');
    }
}

static void check_plan(const lrc_import_plan *plan)
{
    lrc_auto_map lrc_map targets = {0}, stems = {0};
    for (size_t i = 0; i < plan->count; i++) {
        const lrc_import_output *o = &plan->output[i];
        lrc_auto_free char *target = NULL, *stem = NULL;
        check_target(o);
        must(lrc_import_target(o, &target, NULL) == 0 && (*lrc_map_put(&targets, target, NULL))++ == 0);
        must(lrc_str_format(&stem, NULL, "%s/%s", o->folder, o->stem) == 0);
        must(!o->is_image || (*lrc_map_put(&stems, stem, NULL))++ == 0);
    }
}

static void read_all(lrc_source *s)
{
    size_t index, count;
    const lrc_source_entry *entries = lrc_source_entries(s, &count);
    while (lrc_source_next(s, &index, NULL) > 0)
        if (entries[index].kind == LRC_SOURCE_FILE)
            lrc_source_copy(s, out, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    lrc_auto_close int fd = memfd_create("zip", MFD_CLOEXEC);
    must(fd >= 0 && lrc_fs_write_fd(fd, data, size, "zip", NULL) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const lrc_source_limits limits = {.max_entries = 1000, .max_bytes = OUT_MAX, .max_ratio = 1000};
    lrc_auto_source lrc_source *s = NULL;
    if (lrc_source_open(path, true, &limits, &s, NULL) < 0)
        return 0;
    size_t count;
    const lrc_source_entry *entries = lrc_source_entries(s, &count);
    for (int recursive = 0; recursive <= 1; recursive++) {
        lrc_auto_import_plan lrc_import_plan plan = {0};
        lrc_auto_import_report lrc_import_report report = {0};
        const lrc_import_plan_options options = {.recursive = recursive == 1, .archive = true};
        must(lrc_import_plan_make(entries, count, &options, &plan, &report, NULL) == 0);
        check_plan(&plan);
    }
    read_all(s);
    return 0;
}
