// SPDX-License-Identifier: MIT
#include "http/asset.h"

#include <string.h>

const lrc_http_asset *lrc_http_asset_find(const lrc_http_asset *table, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) // some dozens, asked for once per page
        if (strcmp(table[i].path, path) == 0)
            return &table[i];
    return NULL;
}
