// SPDX-License-Identifier: MIT
// train_fixture.h - for tests: the file tree of tests/golden/toml/fixture.txt in a temporary folder, which takes the place
// of /srv in requests and expectations. Every function fails the running test instead of returning an error.
#ifndef LRC_TESTS_SUPPORT_TRAIN_FIXTURE_H
#define LRC_TESTS_SUPPORT_TRAIN_FIXTURE_H

#include "base/buf.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define FIXTURE_PREFIX "/srv"
#define FIXTURE_MAX    (4 << 20)

struct fixture {
    char *base; // stands for /srv
    char *root; // the workspace: base/studio
};

static inline char *fixture_data_path(const char *name)
{
    char *path = NULL;
    assert_int_equal(lrc_str_format(&path, NULL, "%s/%s", LORICA_TEST_DATA, name), 0);
    return path;
}

static inline void fixture_unescape(const char *s, size_t n, lrc_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '\\') {
            lrc_buf_addc(out, s[i]);
        } else if (s[++i] == 'x') {
            const char hex[] = {s[i + 1], s[i + 2], '\0'};
            lrc_buf_addc(out, (char)strtol(hex, NULL, 16));
            i += 2;
        } else {
            lrc_buf_addc(out, s[i] == 't' ? '\t' : s[i]);
        }
    }
}

// One line: "f path", "d path", "l path<TAB>target".
static inline void fixture_make(const struct fixture *f, const char *line, size_t n)
{
    const char *tab = memchr(line, '\t', n);
    lrc_auto_buf lrc_buf path;
    lrc_auto_buf lrc_buf target;
    lrc_auto_free char *parent = NULL;
    lrc_buf_init(&path, LRC_PATH_MAX);
    lrc_buf_init(&target, LRC_PATH_MAX);
    lrc_buf_addf(&path, "%s/", f->base);
    fixture_unescape(line + 2, (tab ? (size_t)(tab - line) : n) - 2, &path);
    assert_int_equal(lrc_path_parent(&parent, path.data, NULL), 0);
    assert_int_equal(lrc_fs_mkdirs(line[0] == 'd' ? path.data : parent, NULL), 0);
    if (line[0] == 'f') {
        FILE *file = fopen(path.data, "we");
        assert_non_null(file);
        fclose(file);
    }
    if (line[0] == 'l') {
        fixture_unescape(tab + 1, n - (size_t)(tab + 1 - line), &target);
        assert_int_equal(symlink(target.data, path.data), 0);
    }
}

static inline void fixture_open(struct fixture *f)
{
    lrc_auto_free char *temp = lrc_test_folder();
    lrc_auto_free char *list = fixture_data_path("golden/toml/fixture.txt"), *text = NULL;
    assert_int_equal(lrc_path_real(&f->base, NULL, temp, NULL), 0);
    assert_int_equal(lrc_path_join(&f->root, f->base, "studio", NULL), 0);
    assert_int_equal(lrc_fs_read(list, FIXTURE_MAX, &text, NULL, NULL), 0);
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        if (n > 0 && line[0] != '#')
            fixture_make(f, line, n);
        line += n + (line[n] == '\n');
    }
}

static inline void fixture_close(struct fixture *f)
{
    lrc_test_temp_done(&f->base);
    free(f->root);
    *f = (struct fixture){0};
}

// A copy of `text` with /srv replaced by the fixture's folder; the caller frees.
static inline char *fixture_place(const struct fixture *f, const char *text)
{
    lrc_buf out;
    char *placed = NULL;
    lrc_buf_init(&out, FIXTURE_MAX);
    for (const char *hit; (hit = strstr(text, FIXTURE_PREFIX)) != NULL; text = hit + strlen(FIXTURE_PREFIX)) {
        lrc_buf_add(&out, text, (size_t)(hit - text));
        lrc_buf_adds(&out, f->base);
    }
    lrc_buf_adds(&out, text);
    assert_int_equal(lrc_buf_take(&out, "text", &placed, NULL, NULL), 0);
    return placed;
}

#endif
