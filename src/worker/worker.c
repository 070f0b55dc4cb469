// SPDX-License-Identifier: MIT
#include "worker/worker.h"

#include <string.h>

#include "cmdline/cmdline.h"

static const lrc_worker_command table[] = {
    {"tag", "look at images with an ONNX tagger and write captions", lrc_worker_tag},
    {"image", "probe, check, convert and shrink images, asked line by line", lrc_worker_image},
    {"demo-images", "draw the pictures of the demo into a folder", lrc_worker_demo_images},
    {"train-native", "train a LoRA on a Tiny base with the embedded trainer", lrc_worker_train_native},
    {"train-native-base", "train the Tiny base model from nothing", lrc_worker_train_native_base},
    {"native-images", "draw pictures for a training on the Tiny base", lrc_worker_native_images},
    {"native-judge", "judge what a LoRA on the Tiny base has learned", lrc_worker_native_judge},
    {"image-info", "version of libvips and the image types that it reads", lrc_worker_image_info},
    {"ort-info", "path, version and providers of ONNX Runtime", lrc_worker_ort_info},
};
#define COUNT (sizeof table / sizeof table[0])

static int help(void)
{
    printf("The part of Lorica that works on pixels and models; 'lorica' starts it.\n\n"
           "Usage: lorica-worker COMMAND [options] [arguments]\n\n");
    for (size_t i = 0; i < COUNT; i++)
        printf("  %-24s %s\n", table[i].name, table[i].summary);
    return 0;
}

int lrc_worker_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help();
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(table[i].name, argv[1]) == 0)
            return table[i].run(argc - 2, argv + 2);
    const lrc_common common = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_(&err, LRC_ERR_INVALID, "lorica-worker has no command '%s'", argv[1]);
    return lrc_cmdline_fail(&common, &err);
}
