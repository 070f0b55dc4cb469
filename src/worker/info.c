// SPDX-License-Identifier: MIT
// lorica-worker image-info|ort-info: what `lorica doctor` asks.
#include <string.h>

#include "cmdline/cmdline.h"
#include "image/info.h"
#include "infer/infer.h"
#include "worker/worker.h"

#define JSON_MAX (256 * 1024)

static void put_list(lrc_json_out *out, const char *key, const lrc_strv *list)
{
    lrc_json_key(out, key);
    lrc_json_array_begin(out);
    for (size_t i = 0; i < list->count; i++)
        lrc_json_put_str(out, list->item[i]);
    lrc_json_array_end(out);
}

static void print_list(const char *what, const lrc_strv *list)
{
    printf("%s:", what);
    for (size_t i = 0; i < list->count; i++)
        printf("%s %s", i ? "," : "", list->item[i]);
    printf("\n");
}

int lrc_worker_image_info(int argc, char **argv)
{
    static const lrc_cmd cmd = {"image-info", "", "Say which image types can be read here.", NULL, 0, 0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0}, reads = {0}, lacks = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_image_init(&err) < 0 || lrc_image_support(&reads, &lacks, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (!common.json) {
        printf("libvips %s\n", lrc_image_library_version());
        print_list("reads", &reads);
        print_list("lacks", &lacks);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "vips", lrc_image_library_version());
    put_list(&out, "reads", &reads);
    put_list(&out, "lacks", &lacks);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

// {"path","version","providers","looked"}, or the error shape with "looked" beside it.
static int ort_as_json(const lrc_infer_info *info, const lrc_strv *looked, const lrc_err *failed)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    if (failed) {
        lrc_json_kbool(&out, "success", false);
        lrc_json_kstr(&out, "error", failed->msg);
        lrc_json_kstr(&out, "code", lrc_err_word(failed->code));
    } else {
        lrc_json_kstr(&out, "path", info->path);
        lrc_json_kstr(&out, "version", info->version);
        put_list(&out, "providers", &info->providers);
    }
    put_list(&out, "looked", looked);
    lrc_json_object_end(&out);
    const int code = lrc_cmdline_json(&buf);
    return code ? code : failed ? lrc_err_exit_code(failed->code) : 0;
}

int lrc_worker_ort_info(int argc, char **argv)
{
    static const lrc_cmd cmd = {"ort-info", "", "Say which ONNX Runtime is used, or where it was looked for.",
                                NULL,       0,  0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0}, looked = {0};
    lrc_auto_infer_info lrc_infer_info info = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    const bool found = lrc_infer_describe(&info, &err) == 0;
    lrc_infer_looked(&looked, NULL);
    if (common.json)
        return ort_as_json(&info, &looked, found ? NULL : &err);
    if (found) {
        printf("ONNX Runtime %s\n%s\n", info.version, info.path);
        print_list("providers", &info.providers);
        return 0;
    }
    for (size_t i = 0; i < looked.count; i++)
        fprintf(stderr, "looked at %s\n", looked.item[i]);
    return lrc_cmdline_fail(&common, &err);
}
