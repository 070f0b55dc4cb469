// SPDX-License-Identifier: MIT
// golden.h - for tests: files of lines with escaped fields. '#' begins a comment line; fields are parted by tabs; a byte
// outside printable ASCII is written \xhh and a backslash twice.
#ifndef LRC_TESTS_SUPPORT_GOLDEN_H
#define LRC_TESTS_SUPPORT_GOLDEN_H

#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/str.h"
#include "support/cmocka.h"

#define GOLDEN_FIELDS 3
#define GOLDEN_MAX    (1 << 20)

struct golden {
    lrc_buf field[GOLDEN_FIELDS];
};

static inline void golden_load(const char *name, lrc_strv *lines)
{
    lrc_auto_free char *path = NULL, *text = NULL;
    assert_int_equal(lrc_str_format(&path, NULL, "%s/golden/%s", LORICA_TEST_DATA, name), 0);
    assert_int_equal(lrc_fs_read(path, GOLDEN_MAX, &text, NULL, NULL), 0);
    for (char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        if (line[0] != '#')
            assert_int_equal(lrc_strv_push_n(lines, line, n, NULL), 0);
        line += n + (line[n] == '\n');
    }
}

static inline void golden_split(const char *line, struct golden *g)
{
    size_t f = 0;
    for (size_t i = 0; i < GOLDEN_FIELDS; i++)
        lrc_buf_init(&g->field[i], GOLDEN_MAX);
    for (const char *p = line; *p; p++) {
        if (*p == '\t') {
            assert_true(++f < GOLDEN_FIELDS);
        } else if (p[0] == '\\' && p[1] == 'x') {
            const char hex[] = {p[2], p[3], '\0'};
            lrc_buf_addc(&g->field[f], (char)strtol(hex, NULL, 16));
            p += 3;
        } else {
            p += *p == '\\';
            lrc_buf_addc(&g->field[f], *p);
        }
    }
}

static inline void golden_done(struct golden *g)
{
    for (size_t i = 0; i < GOLDEN_FIELDS; i++)
        lrc_buf_done(&g->field[i]);
}

#endif
