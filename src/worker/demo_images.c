// SPDX-License-Identifier: MIT
// demo_images.c - `lorica-worker demo-images DIR`: the dozen pictures of `lorica demo`, drawn here so that a fresh machine
// has something real to import. They differ in what the demo tagger measures: colour, lightness, contrast, shape of the
// frame. Each is a row of one table; a picture with a caption gets a .txt beside it, as people's folders have them.
#include <errno.h>
#include <math.h>
#include <string.h>
#include <vips/vips.h>

#include "base/fs.h"
#include "base/path.h"
#include "cmdline/cmdline.h"
#include "image/open.h"
#include "worker/worker.h"

enum shape { DISC, RING, BOX, TRIANGLE, FLOWER };

struct picture {
    const char *name;
    int width, height; // pixels
    unsigned char back_top[3], back_bottom[3], ink[3];
    enum shape shape;
    double x, y, size;   // centre and radius as fractions of the shorter side
    const char *caption; // NULL: none beside it
};

static const struct picture pictures[] = {
    {"01_red_disc", 320, 320, {250, 235, 230}, {240, 215, 205}, {200, 30, 30}, DISC, .5, .5, .33, "a red disc"},
    {"02_blue_ring", 384, 256, {225, 235, 250}, {200, 215, 245}, {30, 60, 200}, RING, .7, .5, .36, NULL},
    {"03_green_box", 256, 384, {20, 90, 40}, {10, 60, 30}, {120, 220, 130}, BOX, .5, .7, .3, "a green box, standing"},
    {"04_night_flower", 384, 256, {8, 8, 20}, {14, 14, 34}, {235, 230, 190}, FLOWER, .9, .4, .24, NULL},
    {"05_grey_triangle", 300, 300, {150, 150, 150}, {120, 120, 120}, {60, 60, 60}, TRIANGLE, .5, .52, .36, NULL},
    {"06_ink_drawing",
     256,
     320,
     {252, 252, 252},
     {252, 252, 252},
     {5, 5, 5},
     FLOWER,
     .5,
     .6,
     .42,
     "ink drawing of a flower"},
    {"07_yellow_sun", 400, 240, {255, 244, 200}, {255, 228, 150}, {250, 190, 0}, DISC, .8, .5, .3, NULL},
    {"08_purple_ring", 300, 300, {60, 20, 90}, {90, 40, 130}, {190, 130, 240}, RING, .5, .5, .38, NULL},
    {"09_orange_box", 360, 240, {255, 225, 195}, {250, 205, 160}, {240, 120, 20}, BOX, .75, .5, .3, "an orange box"},
    {"10_teal_triangle", 240, 360, {210, 245, 240}, {180, 230, 225}, {0, 130, 130}, TRIANGLE, .5, .8, .34, NULL},
    {"11_dark_red", 320, 320, {60, 0, 0}, {25, 0, 0}, {140, 10, 10}, BOX, .5, .5, .28, NULL},
    {"12_snow", 320, 240, {246, 248, 250}, {236, 240, 246}, {205, 215, 230}, TRIANGLE, .66, .55, .36, "snow"},
};

// Five petals: a radius that falls from the tips to the gaps between them.
static double flower_distance(double dx, double dy, double r)
{
    const double angle = atan2(dx, -dy);
    const double wave = acos(cos(5 * angle)) / M_PI; // 0 at the tips, 1 between them
    return hypot(dx, dy) - r * (1 - 0.55 * wave);
}

// Negative inside, in pixels.
static double distance(enum shape shape, double dx, double dy, double r)
{
    switch (shape) {
    case DISC: return hypot(dx, dy) - r;
    case RING: return fabs(hypot(dx, dy) - r * 0.8) - r * 0.2;
    case BOX: return fmax(fabs(dx), fabs(dy)) - r;
    case TRIANGLE: return fmax(dy - r * 0.5, fabs(dx) * sqrt(3) / 2 - (dy + r) / 2);
    case FLOWER: return flower_distance(dx, dy, r);
    }
    return 1;
}

static void draw(const struct picture *p, unsigned char *rgb)
{
    const double side = p->width < p->height ? p->width : p->height;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const double d = distance(p->shape, x + 0.5 - p->x * side, y + 0.5 - p->y * side, p->size * side);
            const double ink = fmin(fmax(0.5 - d, 0), 1); // one pixel of soft edge
            const double t = p->height > 1 ? (double)y / (p->height - 1) : 0;
            for (int c = 0; c < 3; c++) {
                const double back = p->back_top[c] + (p->back_bottom[c] - p->back_top[c]) * t;
                rgb[(y * p->width + x) * 3 + c] = (unsigned char)lrint(back + (p->ink[c] - back) * ink);
            }
        }
}

static int save_png(const struct picture *p, const unsigned char *rgb, const char *path, lrc_err *err)
{
    const size_t size = (size_t)p->width * (size_t)p->height * 3;
    VipsImage *image = vips_image_new_from_memory(rgb, size, p->width, p->height, 3, VIPS_FORMAT_UCHAR);
    void *png = NULL;
    size_t png_size = 0;
    const int failed = !image || vips_pngsave_buffer(image, &png, &png_size, "compression", 9, NULL);
    if (image)
        g_object_unref(image);
    if (failed)
        return lrc_fail(err, LRC_ERR_INTERNAL, "cannot encode %s: %s", p->name, vips_error_buffer());
    const int result = lrc_fs_write(path, png, png_size, 0, err);
    g_free(png);
    return result;
}

static int make(const struct picture *p, const char *dir, lrc_err *err)
{
    lrc_auto_free unsigned char *rgb = malloc((size_t)p->width * (size_t)p->height * 3);
    lrc_auto_free char *png = NULL, *txt = NULL;
    if (!rgb)
        return lrc_fail_memory(err);
    draw(p, rgb);
    if (lrc_str_format(&png, err, "%s/%s.png", dir, p->name) < 0 || save_png(p, rgb, png, err) < 0)
        return -1;
    if (!p->caption)
        return 0;
    if (lrc_str_format(&txt, err, "%s/%s.txt", dir, p->name) < 0)
        return -1;
    return lrc_fs_write(txt, p->caption, strlen(p->caption), 0, err);
}

int lrc_worker_demo_images(int argc, char **argv)
{
    static const lrc_cmd cmd = {"demo-images", "DIR", "Draw the pictures of the demo into a folder.", NULL, 1, 1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_image_init(&err) < 0 || lrc_fs_mkdirs(args.item[0], &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        if (make(&pictures[i], args.item[0], &err) < 0)
            return lrc_cmdline_fail(&common, &err);
    return 0;
}
