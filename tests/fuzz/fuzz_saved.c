// SPDX-License-Identifier: MIT
// module: train
// What of a JSON object can be saved as TOML comes back as the same TOML, whatever the object is.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "train/saved.h"

#define MAX_OUT (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int save(const char *json, size_t n, lrc_buf *toml)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_buf_init(toml, MAX_OUT);
    return lrc_json_parse(json, n, &doc, NULL) < 0 ? -1 : lrc_train_save_toml(lrc_json_root(doc), toml, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    lrc_auto_buf lrc_buf first;
    lrc_auto_buf lrc_buf second;
    lrc_auto_buf lrc_buf json;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_json_out out;
    lrc_buf_init(&second, MAX_OUT);
    lrc_buf_init(&json, MAX_OUT);
    if (save((const char *)data, n, &first) < 0)
        return 0;
    const int read = lrc_toml_parse(first.data, first.len, &doc, NULL);
    assert(read == 0);
    lrc_json_out_init(&out, &json, 0);
    lrc_train_put_toml(lrc_toml_root(doc), &out);
    const int again = save(json.data, json.len, &second);
    assert(again == 0 && first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    return 0;
}
