// SPDX-License-Identifier: MIT
#include "infer/infer.h"

#ifdef LORICA_HAVE_ORT_HEADER

#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "infer/runtime.h"

#define CUDA_LIBRARY "libonnxruntime_providers_cuda.so"

struct lrc_session {
    const lrc_ort *ort;
    OrtSession *session;
    OrtMemoryInfo *memory; // "the CPU's"
    char *path;            // of the model, for messages
    lrc_tensor_info *inputs, *outputs;
    size_t input_count, output_count;
    const char *provider;
    char *note;
};

static int check(const lrc_session *s, OrtStatus *status, lrc_err *err)
{
    char what[256];
    if (!status)
        return 0;
    snprintf(what, sizeof what, "model '%s'", s->path);
    return lrc_ort_check(s->ort, status, what, err);
}

// ---- Opening -----------------------------------------------------------------------------------------------------------

static int set_options(const lrc_session *s, const lrc_infer_options *o, OrtSessionOptions *options, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    const int threads = o->threads > 0 ? o->threads : 1;
    if (check(s, api->SetIntraOpNumThreads(options, threads), err) < 0 ||
        check(s, api->SetInterOpNumThreads(options, 1), err) < 0 ||
        check(s, api->SetSessionExecutionMode(options, ORT_SEQUENTIAL), err) < 0 ||
        check(s, api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL), err) < 0)
        return -1;
    // A thread that waits by spinning takes the core of the worker beside it.
    return check(s, api->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"), err);
}

// Ask for CUDA. -1 with the runtime's words when it cannot be had.
static int add_cuda(const lrc_session *s, OrtSessionOptions *options, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    OrtCUDAProviderOptionsV2 *cuda = NULL;
    if (lrc_ort_check(s->ort, api->CreateCUDAProviderOptions(&cuda), "CUDA", err) < 0)
        return -1;
    OrtStatus *status = api->SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda);
    api->ReleaseCUDAProviderOptions(cuda);
    return lrc_ort_check(s->ort, status, "CUDA", err);
}

// The CUDA provider is a library of its own; a runtime may name it and not have it.
static int find_cuda(const lrc_session *s, bool *ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL, *file = NULL;
    if (lrc_path_parent(&folder, s->ort->path, err) < 0 || lrc_path_join(&file, folder, CUDA_LIBRARY, err) < 0)
        return -1;
    *ret = lrc_fs_is_file(file);
    return 0;
}

static int create(lrc_session *s, const lrc_infer_options *o, bool cuda, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    OrtSessionOptions *options = NULL;
    if (check(s, api->CreateSessionOptions(&options), err) < 0)
        return -1;
    int result = set_options(s, o, options, err);
    if (result == 0 && cuda)
        result = add_cuda(s, options, err);
    if (result == 0)
        result = check(s, api->CreateSession(s->ort->env, s->path, options, &s->session), err);
    api->ReleaseSessionOptions(options);
    return result;
}

// CUDA where it is wished and works, else the CPU, with a note where a wish was not met.
static int create_by_wish(lrc_session *s, const lrc_infer_options *o, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    bool there = false;
    if (o->provider != LRC_INFER_CPU && find_cuda(s, &there, err) < 0)
        return -1;
    s->provider = "CUDA";
    if (there && create(s, o, true, &why) == 0)
        return 0;
    if (o->provider == LRC_INFER_CUDA && !there)
        lrc_fail_(&why, LRC_ERR_NOT_BUILT, "%s is not beside '%s'", CUDA_LIBRARY, s->ort->path);
    if (why.code != LRC_OK && lrc_str_format(&s->note, err, "the CPU is used, not the GPU: %s", why.msg) < 0)
        return -1;
    s->provider = "CPU";
    return create(s, o, false, err);
}

// ---- What goes in and comes out ------------------------------------------------------------------------------------------

static int read_shape(const lrc_session *s, const OrtTypeInfo *type, lrc_tensor_info *ret, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    const OrtTensorTypeAndShapeInfo *shape = NULL;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    ret->type = LRC_TENSOR_OTHER;
    if (check(s, api->CastTypeInfoToTensorInfo(type, &shape), err) < 0)
        return -1;
    if (!shape) // a sequence or map: of no use here, but no error
        return 0;
    if (check(s, api->GetTensorElementType(shape, &element), err) < 0 ||
        check(s, api->GetDimensionsCount(shape, &ret->rank), err) < 0)
        return -1;
    if (ret->rank > LRC_TENSOR_MAX_RANK)
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s': '%s' has %zu dimensions", s->path, ret->name, ret->rank);
    if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        ret->type = LRC_TENSOR_F32;
    return check(s, api->GetDimensions(shape, ret->dim, ret->rank), err);
}

static int read_one(const lrc_session *s, bool input, size_t i, lrc_tensor_info *ret, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    OrtAllocator *allocator = NULL;
    OrtTypeInfo *type = NULL;
    char *name = NULL;
    if (check(s, api->GetAllocatorWithDefaultOptions(&allocator), err) < 0 ||
        check(s, (input ? api->SessionGetInputName : api->SessionGetOutputName)(s->session, i, allocator, &name), err) <
            0)
        return -1;
    char *copy = NULL;
    const int copied = lrc_str_copy(&copy, name, err);
    OrtStatus *freed = api->AllocatorFree(allocator, name);
    if (freed)
        api->ReleaseStatus(freed);
    if (copied < 0)
        return -1;
    ret->name = copy; // released by free_infos
    if (check(s, (input ? api->SessionGetInputTypeInfo : api->SessionGetOutputTypeInfo)(s->session, i, &type), err) < 0)
        return -1;
    const int result = read_shape(s, type, ret, err);
    api->ReleaseTypeInfo(type);
    return result;
}

static int read_all(const lrc_session *s, bool input, size_t count, lrc_tensor_info **ret, lrc_err *err)
{
    *ret = calloc(count ? count : 1, sizeof **ret);
    if (!*ret)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        if (read_one(s, input, i, &(*ret)[i], err) < 0)
            return -1;
    return 0;
}

static int read_ends(lrc_session *s, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    if (check(s, api->SessionGetInputCount(s->session, &s->input_count), err) < 0 ||
        check(s, api->SessionGetOutputCount(s->session, &s->output_count), err) < 0 ||
        read_all(s, true, s->input_count, &s->inputs, err) < 0 ||
        read_all(s, false, s->output_count, &s->outputs, err) < 0)
        return -1;
    if (s->input_count == 0 || s->output_count == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s' has no input or no output", s->path);
    return check(s, api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &s->memory), err);
}

int lrc_session_open(const char *model_path, const lrc_infer_options *options, lrc_session **ret, lrc_err *err)
{
    const lrc_infer_options o = options ? *options : (lrc_infer_options){0};
    const lrc_ort *ort;
    if (!lrc_fs_is_file(model_path))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no model file '%s'", model_path);
    if (lrc_ort_get(&ort, err) < 0)
        return -1;
    lrc_auto_session lrc_session *s = calloc(1, sizeof *s);
    if (!s)
        return lrc_fail_memory(err);
    s->ort = ort;
    if (lrc_str_copy(&s->path, model_path, err) < 0 || create_by_wish(s, &o, err) < 0 || read_ends(s, err) < 0)
        return -1;
    *ret = lrc_take(s);
    return 0;
}

static void free_infos(lrc_tensor_info *infos, size_t count)
{
    for (size_t i = 0; infos && i < count; i++)
        free((char *)(uintptr_t)infos[i].name);
    free(infos);
}

void lrc_session_free(lrc_session *s)
{
    if (!s)
        return;
    if (s->memory)
        s->ort->api->ReleaseMemoryInfo(s->memory);
    if (s->session)
        s->ort->api->ReleaseSession(s->session);
    free_infos(s->inputs, s->input_count);
    free_infos(s->outputs, s->output_count);
    free(s->path);
    free(s->note);
    free(s);
}

size_t lrc_session_input_count(const lrc_session *s)
{
    return s->input_count;
}

size_t lrc_session_output_count(const lrc_session *s)
{
    return s->output_count;
}

const lrc_tensor_info *lrc_session_input(const lrc_session *s, size_t i)
{
    return &s->inputs[i];
}

const lrc_tensor_info *lrc_session_output(const lrc_session *s, size_t i)
{
    return &s->outputs[i];
}

const char *lrc_session_provider(const lrc_session *s)
{
    return s->provider;
}

const char *lrc_session_note(const lrc_session *s)
{
    return s->note;
}

// ---- Running -----------------------------------------------------------------------------------------------------------

static int copy_out(const lrc_session *s, size_t output, OrtValue *value, float *out, size_t out_len, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    OrtTensorTypeAndShapeInfo *shape = NULL;
    size_t n = 0;
    void *data = NULL;
    if (check(s, api->GetTensorTypeAndShape(value, &shape), err) < 0)
        return -1;
    OrtStatus *status = api->GetTensorShapeElementCount(shape, &n);
    api->ReleaseTensorTypeAndShapeInfo(shape);
    if (check(s, status, err) < 0 || check(s, api->GetTensorMutableData(value, &data), err) < 0)
        return -1;
    if (n != out_len)
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s': output '%s' has %zu values, not %zu", s->path,
                        s->outputs[output].name, n, out_len);
    memcpy(out, data, n * sizeof *out);
    return 0;
}

int lrc_session_run(lrc_session *s, const float *in, const int64_t *shape, size_t rank, size_t output, float *out,
                    size_t out_len, lrc_err *err)
{
    const OrtApi *api = s->ort->api;
    if (output >= s->output_count || s->outputs[output].type != LRC_TENSOR_F32 || s->inputs[0].type != LRC_TENSOR_F32)
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s' does not take and give float32", s->path);
    size_t bytes = sizeof *in;
    for (size_t i = 0; i < rank; i++)
        bytes *= (size_t)shape[i];
    OrtValue *input = NULL, *result = NULL;
    // The runtime only reads an input, though its type says otherwise.
    if (check(s,
              api->CreateTensorWithDataAsOrtValue(s->memory, (void *)(uintptr_t)in, bytes, shape, rank,
                                                  ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input),
              err) < 0)
        return -1;
    OrtStatus *status = api->Run(s->session, NULL, &s->inputs[0].name, (const OrtValue *const *)&input, 1,
                                 &s->outputs[output].name, 1, &result);
    api->ReleaseValue(input);
    if (check(s, status, err) < 0)
        return -1;
    const int copied = copy_out(s, output, result, out, out_len, err);
    api->ReleaseValue(result);
    return copied;
}

#endif
