// SPDX-License-Identifier: MIT
#include "kohya/buckets.h"

#include <math.h>

#define SIDE_MAX 65536 // of a bucket; the trainer's own limit is what a request may say (4096), rounded up to steps

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Python's a // b of two floats, b > 0, a >= 0 (CPython, float_divmod).
static double floor_divide(double a, double b)
{
    const double quotient = (a - fmod(a, b)) / b, below = floor(quotient);
    return quotient - below > 0.5 ? below + 1 : below;
}

static int by_size(const void *a, const void *b)
{
    const lrc_kohya_size *x = a, *y = b;
    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    return (x->height > y->height) - (x->height < y->height);
}

static void sort_and_drop_twins(lrc_kohya_buckets *b)
{
    size_t kept = 0;
    qsort(b->size, b->count, sizeof *b->size, by_size);
    for (size_t i = 0; i < b->count; i++)
        if (kept == 0 || by_size(&b->size[kept - 1], &b->size[i]) != 0)
            b->size[kept++] = b->size[i];
    b->count = kept;
}

// make_bucket_resolutions(): all sizes of whole steps within the limits whose area is not above the resolution's.
static int list_sizes(lrc_kohya_buckets *b, lrc_err *err)
{
    const int64_t area = b->how.resolution.width * b->how.resolution.height, step = b->how.bucket_reso_steps;
    const int64_t low = b->how.min_bucket_reso, high = b->how.max_bucket_reso;
    const int64_t side = (int64_t)floor_divide(sqrt((double)area), (double)step) * step;
    const size_t most = 1 + 2 * (size_t)((high - low) / step + 1);
    b->size = calloc(most, sizeof *b->size);
    if (!b->size)
        return lrc_fail_memory(err);
    b->size[b->count++] = (lrc_kohya_size){side, side};
    for (int64_t width = low; width <= high; width += step) {
        const int64_t height = least(high, area / width / step * step);
        if (height < low)
            continue;
        b->size[b->count++] = (lrc_kohya_size){width, height};
        b->size[b->count++] = (lrc_kohya_size){height, width};
    }
    sort_and_drop_twins(b);
    return 0;
}

// The limits as whole steps: the lower one down, the upper one up.
static int adjust_limits(lrc_kohya_bucketing *how, lrc_err *err)
{
    const int64_t step = how->bucket_reso_steps;
    const int64_t shorter = least(how->resolution.width, how->resolution.height);
    const int64_t longer = how->resolution.width + how->resolution.height - shorter;
    if (step < 1)
        return lrc_fail_field(err, LRC_ERR_INVALID, "bucket_reso_steps", "bucket_reso_steps must be at least 1");
    how->min_bucket_reso -= how->min_bucket_reso % step;
    if (how->max_bucket_reso % step != 0)
        how->max_bucket_reso += step - how->max_bucket_reso % step;
    if (shorter < how->min_bucket_reso)
        return lrc_fail_field(err, LRC_ERR_INVALID, "min_bucket_reso",
                              "min_bucket_reso %lld is above the resolution %lld", (long long)how->min_bucket_reso,
                              (long long)shorter);
    if (longer > how->max_bucket_reso)
        return lrc_fail_field(err, LRC_ERR_INVALID, "max_bucket_reso",
                              "max_bucket_reso %lld is below the resolution %lld", (long long)how->max_bucket_reso,
                              (long long)longer);
    if (how->max_bucket_reso > SIDE_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "max_bucket_reso", "max_bucket_reso may be %d at most", SIDE_MAX);
    if (how->bucket_no_upscale)
        return 0; // the limits are not used
    if (how->min_bucket_reso < 1 || shorter < step)
        return lrc_fail_field(err, LRC_ERR_INVALID, "bucket_reso_steps",
                              "bucket_reso_steps %lld leaves nothing of min_bucket_reso or the resolution",
                              (long long)step);
    return 0;
}

int lrc_kohya_buckets_make(const lrc_kohya_bucketing *how, lrc_kohya_buckets *ret, lrc_err *err)
{
    lrc_kohya_buckets b = {.how = *how};
    const lrc_kohya_size r = how->resolution;
    if (r.width < 1 || r.height < 1 || r.width > SIDE_MAX || r.height > SIDE_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "resolution", "the resolution must lie between 1 and %d", SIDE_MAX);
    if (!how->enable_bucket) {
        b.how.bucket_no_upscale = false;
        b.size = malloc(sizeof *b.size);
        if (!b.size)
            return lrc_fail_memory(err);
        b.size[b.count++] = r;
    } else if (adjust_limits(&b.how, err) < 0 || (!how->bucket_no_upscale && list_sizes(&b, err) < 0)) {
        return -1;
    }
    *ret = b;
    return 0;
}

void lrc_kohya_buckets_done(lrc_kohya_buckets *b)
{
    free(b->size);
    *b = (lrc_kohya_buckets){0};
}

// ---- One picture -----------------------------------------------------------------------------------------------------

static double ratio_of(lrc_kohya_size s)
{
    return (double)s.width / (double)s.height;
}

static int64_t rounded(double x)
{
    return (int64_t)(x + 0.5);
}

static int64_t rounded_to_steps(double x, int64_t step)
{
    const int64_t whole = rounded(x);
    return whole - whole % step;
}

// The size itself when it is one of them, else the first of those whose aspect ratio is nearest.
static lrc_kohya_size choose_size(const lrc_kohya_buckets *b, lrc_kohya_size image)
{
    const double ratio = ratio_of(image);
    size_t best = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (by_size(&b->size[i], &image) == 0)
            return image;
        if (fabs(ratio_of(b->size[i]) - ratio) < fabs(ratio_of(b->size[best]) - ratio))
            best = i;
    }
    return b->size[best];
}

// Scaled so that it just covers `bucket`.
static lrc_kohya_size cover(lrc_kohya_size image, lrc_kohya_size bucket)
{
    const bool wider = ratio_of(image) > ratio_of(bucket);
    const double scale =
        wider ? (double)bucket.height / (double)image.height : (double)bucket.width / (double)image.width;
    return (lrc_kohya_size){rounded((double)image.width * scale), rounded((double)image.height * scale)};
}

static int too_thin(lrc_kohya_size image, int64_t step, lrc_err *err)
{
    return lrc_fail(err, LRC_ERR_INVALID,
                    "a picture of %lld x %lld pixels is too thin: in steps of %lld nothing of a side is left",
                    (long long)image.width, (long long)image.height, (long long)step);
}

// Made smaller to the area of the resolution, with one side a whole number of steps: the side that keeps the aspect
// ratio better.
static int shrink(const lrc_kohya_buckets *b, lrc_kohya_size image, lrc_kohya_size *ret, lrc_err *err)
{
    const int64_t step = b->how.bucket_reso_steps;
    const double area = (double)(b->how.resolution.width * b->how.resolution.height), ratio = ratio_of(image);
    const double width = sqrt(area * ratio), height = area / width;
    const int64_t by_width = rounded_to_steps(width, step);
    const int64_t height_then = rounded_to_steps((double)by_width / ratio, step);
    const int64_t by_height = rounded_to_steps(height, step);
    const int64_t width_then = rounded_to_steps((double)by_height * ratio, step);
    if (height_then == 0 || by_height == 0)
        return too_thin(image, step, err);
    const double width_off = fabs((double)by_width / (double)height_then - ratio);
    const double height_off = fabs((double)width_then / (double)by_height - ratio);
    *ret = width_off < height_off ? (lrc_kohya_size){by_width, rounded((double)by_width / ratio)}
                                  : (lrc_kohya_size){rounded((double)by_height * ratio), by_height};
    return 0;
}

int lrc_kohya_fit_image(const lrc_kohya_buckets *b, lrc_kohya_size image, lrc_kohya_fit *ret, lrc_err *err)
{
    const int64_t step = b->how.bucket_reso_steps;
    if (image.width < 1 || image.height < 1 || image.width > INT32_MAX || image.height > INT32_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "a picture of %lld x %lld pixels cannot be trained",
                        (long long)image.width, (long long)image.height);
    if (!b->how.bucket_no_upscale) {
        const lrc_kohya_size bucket = choose_size(b, image);
        *ret = (lrc_kohya_fit){bucket, cover(image, bucket)};
        return 0;
    }
    lrc_kohya_size resized = image;
    if (image.width * image.height > b->how.resolution.width * b->how.resolution.height &&
        shrink(b, image, &resized, err) < 0)
        return -1;
    const lrc_kohya_size bucket = {resized.width - resized.width % step, resized.height - resized.height % step};
    if (bucket.width < 1 || bucket.height < 1)
        return too_thin(image, step, err);
    *ret = (lrc_kohya_fit){bucket, resized};
    return 0;
}

double lrc_kohya_cropped(const lrc_kohya_fit *fit)
{
    const double whole = (double)fit->resized.width * (double)fit->resized.height;
    return 1 - (double)fit->bucket.width * (double)fit->bucket.height / whole;
}
