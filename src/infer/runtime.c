// SPDX-License-Identifier: MIT
#include "infer/infer.h"

#include <pthread.h>
#include <string.h>

#include "infer/library.h"

static lrc_strv looked;
static pthread_mutex_t looked_lock = PTHREAD_MUTEX_INITIALIZER; // guards `looked`

int lrc_infer_looked(lrc_strv *ret, lrc_err *err)
{
    pthread_mutex_lock(&looked_lock);
    int result = 0;
    for (size_t i = 0; result == 0 && i < looked.count; i++)
        result = lrc_strv_push(ret, looked.item[i], err);
    pthread_mutex_unlock(&looked_lock);
    return result;
}

void lrc_infer_info_done(lrc_infer_info *info)
{
    free(info->path);
    free(info->version);
    lrc_strv_done(&info->providers);
    *info = (lrc_infer_info){0};
}

#ifdef LORICA_HAVE_ORT_HEADER

#include "base/log.h"
#include "infer/runtime.h"

// What we are written against. Never ask for more than the library has: it would say so on stderr. Structures only grow,
// so a newer library serves this version.
#define API_VERSION 21

static pthread_once_t once = PTHREAD_ONCE_INIT;
static lrc_ort runtime;
static lrc_err failure;

static void log_message(void *arg, OrtLoggingLevel severity, const char *category, const char *id, const char *where,
                        const char *message)
{
    (void)arg;
    (void)category;
    (void)id;
    (void)where;
    if (severity >= ORT_LOGGING_LEVEL_ERROR) // failures come back as a status, with the same words
        lrc_log(LRC_LOG_DEBUG, "ONNX Runtime: %s", message);
}

// "1.21.0" -> 21; 0 when it is not of major version 1.
static int64_t minor_of(const char *version)
{
    char digits[8];
    int64_t minor = 0;
    if (strncmp(version, "1.", 2) != 0)
        return 0;
    snprintf(digits, sizeof digits, "%.*s", (int)strcspn(version + 2, "."), version + 2);
    return lrc_str_to_i64(digits, &minor) ? minor : 0;
}

static int start(lrc_err *err)
{
    void *entry = NULL;
    pthread_mutex_lock(&looked_lock);
    const int found = lrc_ort_library_load(&entry, &runtime.path, &looked, err);
    pthread_mutex_unlock(&looked_lock);
    if (found < 0)
        return -1;
    const OrtApiBase *(*get_base)(void) = NULL;
    memcpy(&get_base, &entry, sizeof get_base); // ISO C has no cast from object to function pointer
    const OrtApiBase *base = get_base();
    runtime.version = base->GetVersionString();
    if (minor_of(runtime.version) < API_VERSION)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "'%s' is ONNX Runtime %s, and 1.%d or newer is needed", runtime.path,
                        runtime.version, API_VERSION);
    runtime.api = base->GetApi(API_VERSION);
    if (!runtime.api)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "'%s' (ONNX Runtime %s) does not offer API version %d", runtime.path,
                        runtime.version, API_VERSION);
    if (lrc_ort_check(
            &runtime,
            runtime.api->CreateEnvWithCustomLogger(log_message, NULL, ORT_LOGGING_LEVEL_ERROR, "lorica", &runtime.env),
            "ONNX Runtime cannot start", err) < 0)
        return -1;
    return lrc_ort_check(&runtime, runtime.api->DisableTelemetryEvents(runtime.env), "ONNX Runtime", err);
}

static void start_once(void)
{
    if (start(&failure) < 0 && failure.code == LRC_OK)
        failure.code = LRC_ERR_INTERNAL;
}

int lrc_ort_get(const lrc_ort **ret, lrc_err *err)
{
    pthread_once(&once, start_once);
    if (failure.code != LRC_OK) {
        if (err)
            *err = failure;
        return -1;
    }
    *ret = &runtime;
    return 0;
}

int lrc_ort_check(const lrc_ort *ort, OrtStatus *status, const char *what, lrc_err *err)
{
    if (!status)
        return 0;
    lrc_fail_(err, LRC_ERR_INVALID, "%s: %s", what, ort->api->GetErrorMessage(status));
    ort->api->ReleaseStatus(status);
    return -1;
}

int lrc_infer_describe(lrc_infer_info *ret, lrc_err *err)
{
    const lrc_ort *ort;
    char **names = NULL;
    int count = 0;
    if (lrc_ort_get(&ort, err) < 0 ||
        lrc_ort_check(ort, ort->api->GetAvailableProviders(&names, &count), "ONNX Runtime", err) < 0)
        return -1;
    lrc_infer_info info = {0};
    int result = lrc_str_copy(&info.path, ort->path, err);
    if (result == 0)
        result = lrc_str_copy(&info.version, ort->version, err);
    for (int i = 0; result == 0 && i < count; i++)
        result = lrc_strv_push(&info.providers, names[i], err);
    OrtStatus *status = ort->api->ReleaseAvailableProviders(names, count);
    if (status)
        ort->api->ReleaseStatus(status);
    if (result < 0) {
        lrc_infer_info_done(&info);
        return -1;
    }
    *ret = info;
    return 0;
}

#else // built without the header

static int absent(lrc_err *err)
{
    return lrc_fail(
        err, LRC_ERR_NOT_BUILT,
        "this build has no ONNX Runtime: onnxruntime_c_api.h was missing when it was made; run './dev setup' "
        "and build again");
}

int lrc_infer_describe(lrc_infer_info *ret, lrc_err *err)
{
    (void)ret;
    return absent(err);
}

int lrc_session_open(const char *model_path, const lrc_infer_options *options, lrc_session **ret, lrc_err *err)
{
    (void)model_path;
    (void)options;
    (void)ret;
    return absent(err);
}

// No session can exist.
void lrc_session_free(lrc_session *s)
{
    (void)s;
}

size_t lrc_session_input_count(const lrc_session *s)
{
    (void)s;
    return 0;
}

size_t lrc_session_output_count(const lrc_session *s)
{
    (void)s;
    return 0;
}

const lrc_tensor_info *lrc_session_input(const lrc_session *s, size_t i)
{
    (void)s;
    (void)i;
    return NULL;
}

const lrc_tensor_info *lrc_session_output(const lrc_session *s, size_t i)
{
    (void)s;
    (void)i;
    return NULL;
}

const char *lrc_session_provider(const lrc_session *s)
{
    (void)s;
    return "none";
}

const char *lrc_session_note(const lrc_session *s)
{
    (void)s;
    return NULL;
}

int lrc_session_run(lrc_session *s, const float *in, const int64_t *shape, size_t rank, size_t output, float *out,
                    size_t out_len, lrc_err *err)
{
    (void)s;
    (void)in;
    (void)shape;
    (void)rank;
    (void)output;
    (void)out;
    (void)out_len;
    return absent(err);
}

#endif
