// SPDX-License-Identifier: MIT
// mime.h - content types by suffix, and HTTP dates. Pure functions, any thread. May use: base.
#ifndef LRC_HTTP_MIME_H
#define LRC_HTTP_MIME_H

#include <stdbool.h>
#include <stdint.h>

// Type of a file of our own (an asset): HTML and scripts included. "application/octet-stream" for what is not known.
const char *lrc_mime_of_asset(const char *path);

// Type of a person's file: what a browser could run as a page (HTML, SVG's cousins, scripts) is text/plain.
const char *lrc_mime_of_file(const char *path);

bool lrc_mime_is_text(const char *type); // worth compressing

#define LRC_HTTP_DATE_SIZE 30 // "Sun, 06 Nov 1994 08:49:37 GMT" and the NUL

void lrc_http_date(int64_t seconds, char out[static LRC_HTTP_DATE_SIZE]);
bool lrc_http_date_parse(const char *s, int64_t *ret); // the form above only; others are treated as absent

#endif
