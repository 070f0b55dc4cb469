// SPDX-License-Identifier: MIT
// Step arithmetic of the restarting schedulers, as the reference does it.
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/path.h"
#include "kohya/files.h"
#include "train/digits.h"
#include "train/plan.h"

#define DIGITS_MAX (1 << 20)
#define MAX_DEPTH  200 // of folders; deeper holds no pictures of anybody

static bool is_image_name(const char *name)
{
    static const char *const suffix[] = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tiff", ".tif", ".webp"};
    const char *own = lrc_path_suffix(name);
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++)
        if (lrc_ascii_same(own, suffix[i]))
            return true;
    return false;
}

// Files, links and folders count by their names alone, hidden ones too; linked folders are not entered.
static int64_t count_below(int parent, const char *name, int depth)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
    lrc_auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    int64_t n = 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        n += is_image_name(e->d_name);
        if ((e->d_type == DT_DIR || e->d_type == DT_UNKNOWN) && depth < MAX_DEPTH)
            n += count_below(dirfd(dir), e->d_name, depth + 1);
    }
    return n;
}

int64_t train_count_images(const char *folder)
{
    return count_below(AT_FDCWD, folder, 0);
}

// The trainer's own rule: files of the folder itself with the suffixes that it knows.
int64_t train_count_seen_images(const char *folder)
{
    lrc_auto_dir DIR *dir = opendir(folder);
    int64_t n = 0;
    for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;)
        n += e->d_type != DT_DIR && lrc_kohya_sees(e->d_name, NULL);
    return n;
}

static const lrc_train_value *repeats_of(const train_plan *p, size_t subset)
{
    if (lrc_train_subset_count(p->request) == 0)
        return lrc_train_get(p->request, LRC_FIELD_num_repeats);
    return lrc_train_subset_get(p->request, subset, LRC_SUBSET_num_repeats);
}

static const char *digits_of(const train_plan *p, lrc_field_id id)
{
    return lrc_train_get(p->request, id)->text;
}

// Sum of pictures times repeats.
static int put_seen_pictures(train_plan *p, int64_t (*count)(const char *), lrc_buf *sum, lrc_err *err)
{
    lrc_buf_addc(sum, '0');
    for (size_t i = 0; i < p->subset_count; i++) {
        char images[24];
        lrc_buf product, next;
        lrc_buf_init(&product, DIGITS_MAX);
        lrc_buf_init(&next, DIGITS_MAX);
        snprintf(images, sizeof images, "%" PRId64, count(p->subset_dir[i]));
        lrc_digits_multiply(&product, images, repeats_of(p, i)->text);
        lrc_digits_add(&next, sum->data, product.data);
        lrc_buf_truncate(sum, 0);
        lrc_buf_adds(sum, next.data);
        const int result = lrc_buf_check(&product, "number of steps", err) < 0 ? -1 : lrc_buf_check(&next, "sum", err);
        lrc_buf_done(&product);
        lrc_buf_done(&next);
        if (result < 0)
            return -1;
    }
    return 0;
}

// Steps of the whole training: max_train_steps, or pictures * repeats * epochs / (batch * accumulation).
static int put_total_steps(train_plan *p, int64_t (*count)(const char *), lrc_buf *total, lrc_err *err)
{
    const char *steps = digits_of(p, LRC_FIELD_max_train_steps);
    if (strcmp(steps, "0") != 0) {
        lrc_buf_adds(total, steps);
        return 0;
    }
    lrc_buf seen, all, per_step;
    lrc_buf_init(&seen, DIGITS_MAX);
    lrc_buf_init(&all, DIGITS_MAX);
    lrc_buf_init(&per_step, DIGITS_MAX);
    int result = put_seen_pictures(p, count, &seen, err);
    if (result == 0) {
        lrc_digits_multiply(&all, seen.data, digits_of(p, LRC_FIELD_max_train_epochs));
        lrc_digits_multiply(&per_step, digits_of(p, LRC_FIELD_train_batch_size),
                            digits_of(p, LRC_FIELD_gradient_accumulation_steps));
        result = lrc_buf_check(&all, "number of steps", err) < 0 ? -1 : lrc_buf_check(&per_step, "batch", err);
    }
    if (result == 0)
        lrc_digits_divide(total, all.data, per_step.data);
    lrc_buf_done(&seen);
    lrc_buf_done(&all);
    lrc_buf_done(&per_step);
    return result;
}

int train_cycle_steps(train_plan *p, int64_t (*count)(const char *folder), const char **ret, lrc_err *err)
{
    const char *cycles = digits_of(p, LRC_FIELD_lr_scheduler_number);
    lrc_auto_buf lrc_buf total;
    lrc_auto_buf lrc_buf steps;
    lrc_buf_init(&total, DIGITS_MAX);
    lrc_buf_init(&steps, DIGITS_MAX);
    if (put_total_steps(p, count, &total, err) < 0 || lrc_buf_check(&total, "number of steps", err) < 0)
        return -1;
    lrc_digits_divide(&steps, total.data, strcmp(cycles, "0") == 0 ? "1" : cycles);
    if (lrc_buf_check(&steps, "number of steps", err) < 0)
        return -1;
    return train_path_copy(p, strcmp(steps.data, "0") == 0 ? "1" : steps.data, ret, err);
}
