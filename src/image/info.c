// SPDX-License-Identifier: MIT
#include "image/info.h"

#include "image/open.h"

const char *lrc_image_library_version(void)
{
    return vips_version_string();
}

void lrc_image_thread_end(void)
{
    vips_thread_shutdown();
}

int lrc_image_support(lrc_strv *ret_reads, lrc_strv *ret_lacks, lrc_err *err)
{
    for (int i = 0; i < LRC_IMAGE_MAX_; i++) {
        const lrc_image_type *type = lrc_image_type_of((lrc_image_kind)i);
        const bool can = !type->loader || vips_type_find("VipsForeignLoad", type->loader) != 0;
        if (lrc_strv_push(can ? ret_reads : ret_lacks, type->name, err) < 0)
            return -1;
    }
    return 0;
}
