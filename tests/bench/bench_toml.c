// SPDX-License-Identifier: MIT
// module: train
// Training configurations made per second: request read, both files generated, corrections noted, paths looked at; and
// config.toml read again. tests/bench/bench_toml builds it, and measures Python's tomllib and a plain generator in Python
// (toml_peer.py) on the same request in the same run. Prints "name value" lines for it; the files it made lie in its folder.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "toml/toml.h"
#include "train/generate.h"
#include "json/json.h"

enum { PICTURES = 40, ROUNDS = 5, TIMES = 400 };

struct bench {
    const char *root;
    const char *request;
    char *config;
    size_t config_len;
};

// The files that the request names, empty: only their names matter.
static int make_tree(const char *root, lrc_err *err)
{
    static const char *const folder[] = {"datasets/pics", "output", "vae", "pretrained_model"};
    static const char *const file[] = {"pretrained_model/base.safetensors", "vae/vae.safetensors"};
    lrc_auto_free char *path = NULL;
    for (size_t i = 0; i < sizeof folder / sizeof folder[0]; i++) {
        free(lrc_take(path));
        if (lrc_path_join(&path, root, folder[i], err) < 0 || lrc_fs_mkdirs(path, err) < 0)
            return -1;
    }
    for (int i = 0; i < (int)(sizeof file / sizeof file[0]) + PICTURES; i++) {
        free(lrc_take(path));
        const int n = i - PICTURES;
        if ((n < 0 ? lrc_str_format(&path, err, "%s/datasets/pics/%02d.png", root, i)
                   : lrc_path_join(&path, root, file[n], err)) < 0 ||
            lrc_fs_write(path, "", 0, 0, err) < 0)
            return -1;
    }
    return 0;
}

static int generate(const struct bench *b, lrc_train_profile profile, lrc_train_output *out, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *request = NULL;
    lrc_auto_findings lrc_findings findings = {0};
    const lrc_train_options options = {.profile = profile, .root = b->root, .fixed_enums = true};
    if (lrc_json_parse(b->request, strlen(b->request), &doc, err) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &request, &findings, err) < 0)
        return -1;
    return lrc_train_generate(request, &options, out, &findings, err);
}

static int make_studio(const struct bench *b, lrc_err *err)
{
    lrc_auto_train_output lrc_train_output out = {0};
    return generate(b, LRC_PROFILE_STUDIO, &out, err);
}

static int make_reference(const struct bench *b, lrc_err *err)
{
    lrc_auto_train_output lrc_train_output out = {0};
    return generate(b, LRC_PROFILE_REFERENCE, &out, err);
}

static int read_config(const struct bench *b, lrc_err *err)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    return lrc_toml_parse(b->config, b->config_len, &doc, err);
}

// The best of several rounds: what the machine does without its other work.
static int measure(const char *name, int (*fn)(const struct bench *, lrc_err *), const struct bench *b, lrc_err *err)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = lrc_clock_cpu_ms();
        for (int i = 0; i < TIMES; i++)
            if (fn(b, err) < 0)
                return -1;
        const double rate = TIMES / (lrc_clock_cpu_ms() - start) * 1000;
        best = rate > best ? rate : best;
    }
    printf("%s %.0f\n", name, best);
    return 0;
}

static int run(const char *root, const char *request_path, lrc_err *err)
{
    lrc_auto_free char *request = NULL, *kept = NULL;
    lrc_auto_train_output lrc_train_output out = {0};
    struct bench b = {.root = root};
    if (make_tree(root, err) < 0 || lrc_fs_read(request_path, 1 << 20, &request, NULL, err) < 0)
        return -1;
    b.request = request;
    if (generate(&b, LRC_PROFILE_STUDIO, &out, err) < 0 || lrc_path_join(&kept, root, "config.toml", err) < 0 ||
        lrc_fs_write(kept, out.config_toml, out.config_len, 0, err) < 0)
        return -1;
    b.config = out.config_toml;
    b.config_len = out.config_len;
    if (measure("studio", make_studio, &b, err) < 0 || measure("reference", make_reference, &b, err) < 0)
        return -1;
    return measure("read", read_config, &b, err);
}

int main(int argc, char **argv)
{
    lrc_err err = LRC_ERR_INIT;
    if (argc != 3 || run(argv[1], argv[2], &err) < 0) {
        fprintf(stderr, "bench_toml: %s\n", argc == 3 ? err.msg : "FOLDER REQUEST.json");
        return 1;
    }
    return 0;
}
