// SPDX-License-Identifier: MIT
#include "train/native.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "proc/capture.h"
#include "train/fields.h"
#include "json/json.h"

#define TIMEOUT_MS 60000
#define MAX_BYTES  (16 << 20)

// A file without a name; the worker opens it through our /proc while it is asked.
static int hand_over(const char *text, size_t n, int *ret_fd, char **ret_path, lrc_err *err)
{
    lrc_auto_close int fd = memfd_create("lorica", MFD_CLOEXEC);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot hand the settings to the embedded trainer");
    for (size_t at = 0; at < n;) {
        const ssize_t written = write(fd, text + at, n - at);
        if (written < 0 && errno != EINTR)
            return lrc_fail_errno(err, "cannot hand the settings to the embedded trainer");
        at += written > 0 ? (size_t)written : 0;
    }
    if (lrc_str_format(ret_path, err, "/proc/%d/fd/%d", (int)getpid(), fd) < 0)
        return -1;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

// A key of the files as the request calls it; of subsets and others the key itself.
static const char *field_of(const char *key)
{
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        for (int k = 0; k < LRC_FIELD_PLACES && f->place[k].in != LRC_IN_NOWHERE; k++)
            if (strcmp(f->place[k].key ? f->place[k].key : f->name, key) == 0)
                return f->name;
    }
    return key;
}

static int add(const lrc_json *said, lrc_findings *findings, lrc_err *err)
{
    static const char *const names[] = {"severity", "code", "field", "message", "remedy"};
    const char *text[] = {"", "", "", "", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (lrc_json_str(said, names[i], false, &text[i], err) < 0)
            return -1;
    if (strcmp(text[0], lrc_finding_severity_name(LRC_FINDING_ERROR)) != 0)
        return 0;
    return lrc_findings_add(findings, LRC_FINDING_ERROR, text[1], field_of(text[2]), NULL, text[4], err, "%s", text[3]);
}

static int read_answer(const lrc_captured *c, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const lrc_json *list = NULL;
    if (!c->timed_out && lrc_json_parse(c->out, c->out_len, &doc, err) == 0)
        list = lrc_json_get(lrc_json_root(doc), "findings");
    if (!list) {
        char how[32];
        lrc_proc_exit_text(&c->how, how);
        return lrc_fail(err, LRC_ERR_INTERNAL, "the embedded trainer could not check the settings (%s): %.300s",
                        c->timed_out ? "no answer" : how, c->err);
    }
    for (const lrc_json *one = list->first; one; one = one->next)
        if (add(one, findings, err) < 0)
            return -1;
    return 0;
}

int train_native_check(const char *worker, const lrc_train_output *made, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_close int config_fd = -1, dataset_fd = -1;
    lrc_auto_free char *config = NULL, *dataset = NULL;
    lrc_auto_strv lrc_strv argv = {0};
    lrc_auto_captured lrc_captured answer = {0};
    if (hand_over(made->config_toml, made->config_len, &config_fd, &config, err) < 0 ||
        hand_over(made->dataset_toml, made->dataset_len, &dataset_fd, &dataset, err) < 0)
        return -1;
    const char *const words[] = {worker,          "train-native", "--check",          "--json",
                                 "--config_file", config,         "--dataset_config", dataset};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (lrc_strv_push(&argv, words[i], err) < 0)
            return -1;
    if (lrc_proc_capture(argv.item, NULL, TIMEOUT_MS, MAX_BYTES, &answer, err) < 0)
        return -1;
    return read_answer(&answer, findings, err);
}
