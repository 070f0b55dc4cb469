// SPDX-License-Identifier: MIT
#include "image/open.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "image/bmp.h"

static void no_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer arg)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)arg;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = -1;

static void start(void)
{
    // A person's G_DEBUG=fatal-warnings would turn a decoder's grumble into an abort.
    unsetenv("G_DEBUG");
    g_log_set_default_handler(no_log, NULL);
    if (VIPS_INIT("lorica-worker") != 0)
        return;
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR); // GLib itself insists on this one
    vips_concurrency_set(1);                   // one worker per core is ours to arrange
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoadJxl", FALSE);
    started = 0;
}

int lrc_image_init(lrc_err *err)
{
    pthread_once(&once, start);
    return started == 0 ? 0 : lrc_image_fail_vips(err, "libvips");
}

int lrc_image_fail_vips(lrc_err *err, const char *name)
{
    char *text = vips_error_buffer_copy();
    char *last = text ? lrc_str_trim(text) : NULL;
    for (char *newline; last && (newline = strchr(last, '\n'));)
        last = newline + 1;
    lrc_fail_(err, LRC_ERR_INVALID, "cannot decode '%s': %s", name, last && *last ? last : "unknown reason");
    g_free(text);
    return -1;
}

// ---- BMP -------------------------------------------------------------------------------------------------------------

static void free_pixels(VipsImage *image, gpointer data)
{
    (void)image;
    free(data);
}

static int read_all(int fd, size_t n, uint8_t **ret, lrc_err *err)
{
    lrc_auto_free uint8_t *bytes = malloc(n ? n : 1);
    if (!bytes)
        return lrc_fail_memory(err);
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(fd, bytes + done, n - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return lrc_fail_errno(err, "cannot read the file");
        done += (size_t)got;
    }
    *ret = lrc_take(bytes);
    return 0;
}

static int open_bmp(int fd, size_t bytes, const lrc_image_open_options *o, VipsImage **ret, lrc_err *err)
{
    lrc_auto_free uint8_t *file = NULL;
    lrc_auto_pixels lrc_pixels px = {0};
    if (read_all(fd, bytes, &file, err) < 0 ||
        lrc_bmp_decode(file, bytes, o->max_pixels, o->take_damaged, &px, err) < 0)
        return -1;
    VipsImage *image = vips_image_new_from_memory(px.data, lrc_pixels_row(&px) * px.height, (int)px.width,
                                                  (int)px.height, (int)px.bands, VIPS_FORMAT_UCHAR);
    if (!image)
        return lrc_fail_memory(err);
    image->Type = VIPS_INTERPRETATION_sRGB;
    g_signal_connect(image, "close", G_CALLBACK(free_pixels), lrc_take(px.data));
    *ret = image;
    return 0;
}

// ---- All others --------------------------------------------------------------------------------------------------------

static int open_vips(int fd, const char *name, const lrc_image_type *type, const lrc_image_open_options *o,
                     VipsImage **ret, lrc_err *err)
{
    VipsSource *source = vips_source_new_from_descriptor(fd);
    if (!source)
        return lrc_image_fail_vips(err, name);
    lrc_auto_vips VipsImage *image = NULL;
    const int result =
        vips_call(type->loader, source, &image, "access", o->any_order ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL,
                  "fail_on", o->take_damaged ? VIPS_FAIL_ON_NONE : VIPS_FAIL_ON_TRUNCATED, NULL);
    g_object_unref(source);
    if (result != 0)
        return lrc_image_fail_vips(err, name);
    if ((uint64_t)image->Xsize * (uint64_t)image->Ysize > o->max_pixels)
        return lrc_fail(err, LRC_ERR_LIMIT, "'%s': %d x %d pixels are more than the limit of %llu", name, image->Xsize,
                        image->Ysize, (unsigned long long)o->max_pixels);
    *ret = lrc_take(image);
    return 0;
}

int lrc_image_open_fd(int fd, const char *name, const lrc_image_open_options *options, VipsImage **ret,
                      const lrc_image_type **ret_type, lrc_err *err)
{
    lrc_image_open_options o = options ? *options : (lrc_image_open_options){0};
    if (o.max_pixels == 0)
        o.max_pixels = LRC_IMAGE_MAX_PIXELS;
    struct stat st;
    char head[LRC_IMAGE_SNIFF_BYTES];
    if (fstat(fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", name);
    if (!S_ISREG(st.st_mode))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is not a file", name);
    if ((uint64_t)st.st_size > LRC_IMAGE_MAX_BYTES)
        return lrc_fail(err, LRC_ERR_LIMIT, "'%s' is larger than the limit of %llu bytes", name,
                        (unsigned long long)LRC_IMAGE_MAX_BYTES);
    const ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 0)
        return lrc_fail_errno(err, "cannot read '%s'", name);
    if (n == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is empty", name);
    const lrc_image_type *type = lrc_image_sniff(head, (size_t)n);
    if (!type)
        return lrc_fail(err, LRC_ERR_MEDIA_TYPE, "'%s' is not an image of a known format", name);
    if (type->loader ? open_vips(fd, name, type, &o, ret, err) < 0 : open_bmp(fd, (size_t)st.st_size, &o, ret, err) < 0)
        return type->loader ? -1 : lrc_wrap(err, "cannot decode '%s'", name);
    if (ret_type)
        *ret_type = type;
    return 0;
}

int lrc_image_open(const char *path, const lrc_image_open_options *options, VipsImage **ret,
                   const lrc_image_type **ret_type, lrc_err *err)
{
    // O_NONBLOCK: a FIFO that lies in a dataset must not hang us; it has no effect on files.
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    return lrc_image_open_fd(fd, path, options, ret, ret_type, err);
}
