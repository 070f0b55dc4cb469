// SPDX-License-Identifier: MIT
// module: train
// A training request of any bytes: parsed, and if it is valid made into files under both profiles. What studio makes must
// be TOML that our own reader takes.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "toml/toml.h"
#include "train/generate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_toml(const char *text, size_t n)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    const int result = lrc_toml_parse(text, n, &doc, NULL);
    assert(result == 0);
}

static void generate(const lrc_train_request *request, lrc_train_profile profile)
{
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    const lrc_train_options options = {.profile = profile, .root = "/nonexistent"};
    if (lrc_train_generate(request, &options, &out, &findings, NULL) == 0 && profile == LRC_PROFILE_STUDIO) {
        check_toml(out.dataset_toml, out.dataset_len);
        check_toml(out.config_toml, out.config_len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *request = NULL;
    lrc_auto_findings lrc_findings findings = {0};
    if (lrc_json_parse((const char *)data, n, &doc, NULL) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &request, &findings, NULL) < 0)
        return 0;
    generate(request, LRC_PROFILE_REFERENCE);
    generate(request, LRC_PROFILE_STUDIO);
    return 0;
}
