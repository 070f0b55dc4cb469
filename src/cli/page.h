// SPDX-License-Identifier: MIT
// page.h - the web page as it lies inside `lorica`. The table is made by the build (cmake/LoricaPage.cmake) out of web/.
//
// Constant: any thread. May use: http.
#ifndef LRC_CLI_PAGE_H
#define LRC_CLI_PAGE_H

#include "http/asset.h"

extern const lrc_http_asset lorica_page[];
extern const size_t lorica_page_count;

#endif
