// SPDX-License-Identifier: MIT
// module: toml
// The TOML reader must take any bytes; and any text that the tomlkit form writes must read back as it was.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "toml/emit.h"
#include "toml/toml.h"

#define MAX_OUT (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_back(const char *text, size_t n)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, MAX_OUT);
    lrc_buf_adds(&out, "k = ");
    lrc_toml_put_str(&out, LRC_TOML_KIT, text, n);
    const int result = lrc_toml_parse(out.data, out.len, &doc, NULL);
    assert(result == 0);
    const lrc_toml *k = lrc_toml_root(doc)->first;
    assert(k->len == n && memcmp(k->text, text, n) == 0);
    lrc_buf_truncate(&out, 0);
    lrc_toml_put_str(&out, LRC_TOML_PY, text, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_toml_parse(text, n, &doc, NULL);
    if (n < 4096 && lrc_utf8_valid(text, n))
        read_back(text, n);
    return 0;
}
