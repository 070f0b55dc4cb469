// SPDX-License-Identifier: MIT
// asset.h - files that lie inside the program: the web page.
//
// The table is made at build time (cmake/LoricaAssets.cmake: .incbin, gzip -9, names with a hash are immutable). It is
// answered to GET and HEAD where no route matches; paths that name no asset and want HTML get /index.html, because the
// page routes for itself. Read-only: any thread. May use: libc.
#ifndef LRC_HTTP_ASSET_H
#define LRC_HTTP_ASSET_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lrc_http_asset {
    const char *path; // "/assets/index-3f2a.js"
    const unsigned char *bytes;
    const unsigned char *bytes_end;
    const unsigned char *gzip; // gzip == gzip_end: not worth it
    const unsigned char *gzip_end;
    const char *tag; // hash of the bytes
    bool immutable;  // the name changes with the content
} lrc_http_asset;

// The asset of exactly this path; NULL when there is none.
const lrc_http_asset *lrc_http_asset_find(const lrc_http_asset *table, size_t count, const char *path);

#endif
