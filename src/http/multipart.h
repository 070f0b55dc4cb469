// SPDX-License-Identifier: MIT
// multipart.h - multipart/form-data (RFC 7578) read as it arrives: files of any size pass through one small buffer.
//
//     lrc_auto_multipart lrc_multipart *m = NULL;
//     lrc_multipart_part part;
//     if (lrc_http_multipart(q, &m, err) < 0)
//         return -1;
//     int more;
//     while ((more = lrc_multipart_next(m, &part, err)) > 0)
//         if (part.has_filename ? save(&part, m, err) : lrc_multipart_text(m, 4096, &value, err))
//             return -1;
//     if (more < 0) …
//
// Names are the client's: check a file name before it becomes one. One owner thread. May use: base.
#ifndef LRC_HTTP_MULTIPART_H
#define LRC_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

#define LRC_MULTIPART_PARTS_MAX  100000
#define LRC_MULTIPART_HEADER_MAX 8192 // bytes of one part's headers

typedef struct lrc_multipart lrc_multipart;

typedef struct lrc_multipart_part {
    char name[256];      // of the form field; valid UTF-8
    bool has_filename;   // it is a file
    char filename[1024]; // as sent, valid UTF-8, may hold slashes; "" when there is none
    char type[128];      // Content-Type; "" when there is none
} lrc_multipart_part;

// Where the bytes come from: up to n into `out`, *ret 0 at the end.
typedef int lrc_multipart_source(void *arg, void *out, size_t n, size_t *ret, lrc_err *err);

// `content_type` is the request's header: multipart/form-data with a boundary, else LRC_ERR_MEDIA_TYPE.
int lrc_multipart_new(const char *content_type, lrc_multipart_source *source, void *arg, lrc_multipart **ret,
                      lrc_err *err);
void lrc_multipart_free(lrc_multipart *m);
LRC_DEFINE_FREEP(lrc_multipart)
#define lrc_auto_multipart lrc_cleanup(lrc_multipart_freep)

// 1 and the next part (what was left of the last one is skipped), 0 at the end, -1: LRC_ERR_INVALID for a malformed or cut
// body, LRC_ERR_LIMIT, or what the source reports.
int lrc_multipart_next(lrc_multipart *m, lrc_multipart_part *ret, lrc_err *err);

// Up to n bytes of the current part; *ret 0 at its end.
int lrc_multipart_read(lrc_multipart *m, void *out, size_t n, size_t *ret, lrc_err *err);

// The whole part as text, which the caller frees. LRC_ERR_LIMIT above max bytes, LRC_ERR_INVALID for a NUL or bad UTF-8.
int lrc_multipart_text(lrc_multipart *m, size_t max, char **ret, lrc_err *err);

// For a request's body (http.h).
struct lrc_http_req;
int lrc_http_multipart(struct lrc_http_req *q, lrc_multipart **ret, lrc_err *err);

#endif
