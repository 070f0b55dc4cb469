// SPDX-License-Identifier: MIT
#include "dataset/import.h"

#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "dataset/intake.h"
#include "dataset/name.h"
#include "kohya/files.h"

#define LOCK_WAIT_MS 60000 // others hold a dataset's lock for less than a second each

// ---- Before ----------------------------------------------------------------------------------------------------------

static lrc_walk_next found_something(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    (void)e;
    (void)err;
    *(bool *)arg = true;
    return LRC_WALK_SKIP;
}

// Where the dataset is or will be, and whether files are added to it.
static int find_place(lrc_intake *in, lrc_err *err)
{
    lrc_auto_free char *place = NULL, *found = NULL;
    bool has_files = false;
    const lrc_fs_walk_options options = {0};
    if (lrc_dataset_place(in->o->workspace, in->o->name, &place, err) < 0)
        return -1;
    if (lrc_dataset_find(in->o->workspace, in->o->name, &found, NULL) < 0) {
        in->place = lrc_take(place);
        return 0;
    }
    if (lrc_fs_walk(found, &options, found_something, &has_files, err) < 0)
        return -1;
    if (has_files && !in->o->add)
        return lrc_fail_field(err, LRC_ERR_CONFLICT, "dataset_name",
                              "the dataset '%s' exists already; --add adds the files that it does not have yet, or "
                              "choose another name",
                              lrc_path_name(found));
    in->adding = true;
    return lrc_path_real(&in->place, NULL, found, err);
}

static lrc_walk_next take_stem(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_auto_free char *stem = NULL;
    if (!S_ISREG(e->st->st_mode) || !lrc_kohya_type_of(e->name))
        return LRC_WALK_ON;
    if (lrc_path_with_suffix(&stem, e->relative, "", err) < 0 || !lrc_map_put(arg, stem, err))
        return LRC_WALK_FAIL;
    return LRC_WALK_ON;
}

static int know_what_is_there(lrc_intake *in, lrc_map *taken, lrc_err *err)
{
    const lrc_fs_walk_options options = {.recursive = true};
    if (!in->adding)
        return 0;
    return lrc_fs_walk(in->place, &options, take_stem, taken, err) < 0 ? -1
                                                                       : lrc_twins_read(in->place, &in->twins, err);
}

static int fail_without_images(const lrc_intake *in, lrc_err *err)
{
    const size_t left_out = in->report->below;
    const char *more = left_out ? "; sub-folders were left out, --recursive takes them too" : "";
    const char *what = lrc_source_is_archive(in->source) ? "archive" : "folder";
    return lrc_fail_field(err, LRC_ERR_INVALID, "source", "the %s '%s' holds no image%s", what, in->o->source, more);
}

static int fail_unreadable(const lrc_intake *in, lrc_err *err)
{
    const lrc_import_note *note = in->report->note;
    while (note->kind != LRC_IMPORT_UNREADABLE) // there is one, or a picture would have come in
        note++;
    return lrc_fail_field(err, LRC_ERR_INVALID, "source", "none of the %zu images of '%s' can be read; '%s': %s",
                          in->plan.images, in->o->source, note->source, note->reason);
}

static int check_room(const lrc_intake *in, const char *parent, lrc_err *err)
{
    size_t count;
    const lrc_source_entry *entries = lrc_source_entries(in->source, &count);
    uint64_t need = 0;
    for (size_t i = 0; i < in->plan.count; i++)
        need += entries[in->plan.output[i].source].size;
    const uint64_t room = lrc_fs_free_bytes(parent);
    if (room == 0 || need <= room)
        return 0;
    char needs[16], has[16];
    lrc_str_bytes(need, needs);
    lrc_str_bytes(room, has);
    return lrc_fail(err, LRC_ERR_DISK_FULL, "the import needs %s on the disk of '%s', which has %s left", needs, parent,
                    has);
}

// ---- After -----------------------------------------------------------------------------------------------------------

static int install_new(lrc_intake *in, lrc_err *err)
{
    lrc_auto_close int lock = -1;
    if (lrc_workspace_lock_dataset(in->o->workspace, in->place, LOCK_WAIT_MS, &lock, err) < 0 ||
        lrc_fs_rename_new(in->stage.new, in->place, err) < 0)
        return lrc_wrap(err, "the dataset '%s' cannot be put in place", lrc_path_name(in->place));
    lrc_auto_free char *parent = NULL;
    return lrc_path_parent(&parent, in->place, err) < 0 ? -1 : lrc_fs_sync_dir(parent, err);
}

// 1: moved, 0: something of that name has come to be there, -1.
static int move_in(const lrc_intake *in, const char *relative, lrc_err *err)
{
    lrc_auto_free char *from = NULL, *to = NULL, *folder = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_path_join(&from, in->stage.new, relative, err) < 0 || lrc_path_join(&to, in->place, relative, err) < 0 ||
        lrc_path_parent(&folder, to, err) < 0 || lrc_fs_mkdirs(folder, err) < 0)
        return -1;
    if (lrc_fs_rename_new(from, to, &why) == 0)
        return 1;
    if (why.code == LRC_ERR_CONFLICT)
        return 0;
    if (err)
        *err = why;
    return -1;
}

static int move_output(lrc_intake *in, size_t i, lrc_err *err)
{
    lrc_import_output *o = &in->plan.output[i];
    lrc_auto_free char *target = NULL;
    if (!in->state[i].present)
        return 0;
    if (lrc_import_target(o, &target, err) < 0)
        return -1;
    const int moved = move_in(in, target, err);
    if (moved != 0)
        return moved < 0 ? -1 : 0;
    in->state[i].present = false;
    return lrc_import_note_add(in->report, LRC_IMPORT_SKIPPED, target, NULL, err,
                               o->is_image ? "a file of that name has come to be there meanwhile"
                                           : "the image has a caption already");
}

static lrc_walk_next move_original(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_intake *in = arg;
    lrc_auto_free char *relative = NULL;
    if (!S_ISREG(e->st->st_mode))
        return LRC_WALK_ON;
    if (lrc_path_join(&relative, LRC_IMPORT_ORIGINALS, e->relative, err) < 0)
        return LRC_WALK_FAIL;
    return move_in(in, relative, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON; // an older original of that name stays
}

// Captions first: a picture never lies there without its own.
static int install_added(lrc_intake *in, lrc_err *err)
{
    lrc_auto_close int lock = -1;
    lrc_auto_free char *originals = NULL;
    const lrc_fs_walk_options options = {.recursive = true};
    if (lrc_workspace_lock_dataset(in->o->workspace, in->place, LOCK_WAIT_MS, &lock, err) < 0 ||
        lrc_path_join(&originals, in->stage.new, LRC_IMPORT_ORIGINALS, err) < 0)
        return -1;
    for (int images = 0; images <= 1; images++)
        for (size_t i = 0; i < in->plan.count; i++)
            if (in->plan.output[i].is_image == (images == 1) && move_output(in, i, err) < 0)
                return -1;
    if (lrc_fs_is_dir(originals) && lrc_fs_walk(originals, &options, move_original, in, err) < 0)
        return -1;
    return lrc_fs_sync_all(in->place, err);
}

static void count_outputs(lrc_intake *in)
{
    in->report->images = in->report->captions = 0;
    in->report->bytes = 0;
    for (size_t i = 0; i < in->plan.count; i++) {
        if (!in->state[i].present)
            continue;
        in->report->images += in->plan.output[i].is_image;
        in->report->captions += !in->plan.output[i].is_image;
        in->report->bytes += in->state[i].bytes;
    }
}

static int note_new_names(lrc_intake *in, lrc_err *err)
{
    size_t count;
    const lrc_source_entry *entries = lrc_source_entries(in->source, &count);
    for (size_t i = 0; i < in->plan.count; i++) {
        const lrc_import_output *o = &in->plan.output[i];
        lrc_auto_free char *target = NULL;
        if (!o->is_image || !o->renamed || !in->state[i].present)
            continue;
        if (lrc_import_target(o, &target, err) < 0 ||
            lrc_import_note_add(in->report, LRC_IMPORT_RENAMED, entries[o->source].name, target, err, "%s",
                                o->renamed) < 0)
            return -1;
    }
    return 0;
}

// ---- The whole way -----------------------------------------------------------------------------------------------------

static int prepare(lrc_intake *in, lrc_err *err)
{
    lrc_auto_map lrc_map taken = {0};
    lrc_auto_free char *parent = NULL;
    if (find_place(in, err) < 0 || know_what_is_there(in, &taken, err) < 0 ||
        lrc_source_open(in->o->source, in->o->recursive, in->o->limits, &in->source, err) < 0)
        return -1;
    size_t count;
    const lrc_source_entry *entries = lrc_source_entries(in->source, &count);
    const lrc_import_plan_options options = {in->o->recursive, lrc_source_is_archive(in->source), &taken};
    in->report->below = lrc_source_folders_left_out(in->source);
    if (lrc_import_plan_make(entries, count, &options, &in->plan, in->report, err) < 0)
        return -1;
    if (in->plan.images == 0)
        return fail_without_images(in, err);
    if (lrc_intake_begin(in, err) < 0 ||
        (in->adding ? lrc_str_copy(&parent, in->place, err) : lrc_path_parent(&parent, in->place, err)) < 0 ||
        check_room(in, parent, err) < 0)
        return -1;
    return lrc_stage_open(in->o->workspace, parent, &in->stage, err);
}

static int run(lrc_intake *in, lrc_err *err)
{
    if (prepare(in, err) < 0 || lrc_intake_read(in, err) < 0 || lrc_intake_check(in, err) < 0)
        return -1;
    count_outputs(in);
    if (in->report->images == 0 && in->report->kinds[LRC_IMPORT_IDENTICAL] == 0)
        return fail_unreadable(in, err);
    if (lrc_fs_sync_all(in->stage.new, err) < 0 || (in->adding ? install_added(in, err) : install_new(in, err)) < 0)
        return -1;
    count_outputs(in);
    return note_new_names(in, err);
}

int lrc_dataset_import(const lrc_import_options *o, char **ret_path, lrc_import_report *report, lrc_err *err)
{
    lrc_intake in = {.o = o, .report = report, .stage = LRC_STAGE_INIT};
    const int result = run(&in, err);
    if (result == 0)
        *ret_path = lrc_take(in.place);
    else
        report->images = report->captions = 0;
    if (result < 0 && err && err->code == LRC_ERR_DISK_FULL)
        lrc_wrap(err, "the import was given up and nothing of it was kept");
    lrc_stage_done(&in.stage);
    lrc_import_plan_done(&in.plan);
    lrc_twins_done(&in.twins);
    lrc_source_free(in.source);
    free(in.state);
    free(in.place);
    return result;
}
