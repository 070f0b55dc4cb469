// SPDX-License-Identifier: MIT
// Finding the runtime, loading models, running them from several threads: with the demo tagger.
#include <pthread.h>

#include "infer/infer.h"
#include "infer/library.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define DEMO LORICA_SOURCE "/models/demo/model.onnx"
enum { SIZE = 128, VALUES = SIZE * SIZE * 3, TAGS = 16 };

// Without the runtime (a build on a machine that lacks it) there is nothing to test but its error.
static bool have_runtime(void)
{
    lrc_auto_infer_info lrc_infer_info info = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_infer_describe(&info, &err) == 0)
        return true;
    assert_int_equal(err.code, LRC_ERR_NOT_BUILT);
    assert_non_null(strstr(err.msg, "./dev setup"));
    return false;
}

static void test_describe(void **state)
{
    (void)state;
    if (!have_runtime())
        skip();
    lrc_auto_infer_info lrc_infer_info info = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_infer_describe(&info, &err), err);
    assert_true(lrc_str_starts(info.version, "1."));
    assert_true(lrc_fs_is_file(info.path));
    assert_true(lrc_strv_has(&info.providers, "CPUExecutionProvider"));
}

static void test_session(void **state)
{
    (void)state;
    if (!have_runtime())
        skip();
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_session lrc_session *s = NULL;
    assert_ok(lrc_session_open(DEMO, NULL, &s, &err), err);
    assert_int_equal(lrc_session_input_count(s), 1);
    assert_int_equal(lrc_session_output_count(s), 1);
    const lrc_tensor_info *in = lrc_session_input(s, 0), *out = lrc_session_output(s, 0);
    assert_string_equal(in->name, "input");
    assert_int_equal(in->type, LRC_TENSOR_F32);
    assert_int_equal(in->rank, 4);
    assert_int_equal(in->dim[0], -1);
    assert_int_equal(in->dim[1], SIZE);
    assert_int_equal(in->dim[3], 3);
    assert_int_equal(out->dim[1], TAGS);
    assert_string_equal(lrc_session_provider(s), "CPU");
    assert_null(lrc_session_note(s));

    lrc_auto_free float *black = calloc(VALUES, sizeof *black);
    float scores[TAGS];
    const int64_t shape[4] = {1, SIZE, SIZE, 3}, wrong[4] = {1, SIZE / 2, SIZE * 2, 3};
    assert_ok(lrc_session_run(s, black, shape, 4, 0, scores, TAGS, &err), err);
    assert_true(scores[1] > 0.9f && scores[10] > 0.9f && scores[11] < 0.1f); // greyscale, dark, not bright
    assert_int_equal(lrc_session_run(s, black, shape, 4, 0, scores, TAGS - 1, &err), -1);
    assert_non_null(strstr(err.msg, DEMO));
    assert_int_equal(lrc_session_run(s, black, shape, 4, 1, scores, TAGS, &err), -1);
    assert_int_equal(lrc_session_run(s, black, wrong, 4, 0, scores, TAGS, &err), -1);
    assert_non_null(strstr(err.msg, DEMO));
}

struct one_thread {
    lrc_session *session;
    float level; // of a flat grey picture
    float bright;
    int failures;
};

static void *run_often(void *arg)
{
    struct one_thread *t = arg;
    lrc_auto_free float *in = malloc(VALUES * sizeof *in);
    const int64_t shape[4] = {1, SIZE, SIZE, 3};
    for (int i = 0; i < VALUES; i++)
        in[i] = t->level;
    for (int round = 0; round < 20; round++) {
        float scores[TAGS];
        if (lrc_session_run(t->session, in, shape, 4, 0, scores, TAGS, NULL) < 0 ||
            (round > 0 && scores[11] != t->bright))
            t->failures++;
        t->bright = scores[11];
    }
    return NULL;
}

static void test_threads_share_a_session(void **state)
{
    (void)state;
    if (!have_runtime())
        skip();
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_session lrc_session *s = NULL;
    assert_ok(lrc_session_open(DEMO, NULL, &s, &err), err);
    struct one_thread t[4];
    pthread_t id[4];
    for (int i = 0; i < 4; i++) {
        t[i] = (struct one_thread){.session = s, .level = 60.0f * (float)i};
        assert_int_equal(pthread_create(&id[i], NULL, run_often, &t[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(id[i], NULL);
        assert_int_equal(t[i].failures, 0);
    }
    assert_true(t[0].bright < 0.01f && t[3].bright < 0.5f && t[3].bright > t[0].bright);
}

static void test_bad_models(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "model.onnx");
    lrc_auto_session lrc_session *s = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (!have_runtime())
        skip();
    assert_int_equal(lrc_session_open(path, NULL, &s, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, path));
    lrc_test_put(dir, "model.onnx", "this is no model");
    assert_int_equal(lrc_session_open(path, NULL, &s, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_non_null(strstr(err.msg, path));
    lrc_auto_free char *whole = lrc_test_get(LORICA_SOURCE "/models/demo", "model.onnx");
    lrc_test_put_bytes(dir, "model.onnx", whole, 2000);
    assert_int_equal(lrc_session_open(path, NULL, &s, &err), -1);
    assert_non_null(strstr(err.msg, path));
    assert_null(s);
}

static void test_wish_for_cuda_is_answered(void **state)
{
    (void)state;
    if (!have_runtime())
        skip();
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_session lrc_session *s = NULL;
    assert_ok(lrc_session_open(DEMO, &(lrc_infer_options){.provider = LRC_INFER_CUDA}, &s, &err), err);
    // Either it runs there, or it says in words why not.
    if (strcmp(lrc_session_provider(s), "CUDA") != 0)
        assert_non_null(strstr(lrc_session_note(s), "cuda"));
}

static void test_library_search(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *file = lrc_test_join(dir, "libonnxruntime.so.1"), *path = NULL, *kept = NULL;
    const char *before = getenv("LORICA_ORT");
    if (before)
        kept = strdup(before);
    void *entry = NULL;
    static const struct {
        const char *content; // of the file; NULL: no file
        bool name_folder;
        const char *says;
    } cases[] = {
        {NULL, true, "holds no libonnxruntime.so"},
        {NULL, false, "not there"},
        {"no library at all", true, "file too short"},
        {"no library at all", false, "file too short"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lrc_auto_strv lrc_strv looked = {0};
        lrc_err err = LRC_ERR_INIT;
        lrc_fs_remove(file, NULL);
        if (cases[i].content)
            lrc_test_put(dir, "libonnxruntime.so.1", cases[i].content);
        setenv("LORICA_ORT", cases[i].name_folder ? dir : file, 1);
        assert_int_equal(lrc_ort_library_load(&entry, &path, &looked, &err), -1);
        assert_int_equal(err.code, LRC_ERR_NOT_BUILT);
        assert_non_null(strstr(err.msg, "LORICA_ORT"));
        assert_non_null(strstr(err.msg, dir));
        assert_true(looked.count > 0);
        if (!strstr(looked.item[0], cases[i].says))
            fail_msg("'%s' is not in '%s'", cases[i].says, looked.item[0]);
    }
    // A library, but another one.
    lrc_auto_strv lrc_strv looked = {0};
    lrc_err err = LRC_ERR_INIT;
    setenv("LORICA_ORT", "libm.so.6", 1);
    assert_int_equal(lrc_ort_library_load(&entry, &path, &looked, &err), -1);
    assert_non_null(strstr(looked.item[0], "is not ONNX Runtime"));
    if (kept)
        setenv("LORICA_ORT", kept, 1);
    else
        unsetenv("LORICA_ORT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_bad_models),
        cmocka_unit_test(test_threads_share_a_session),
        cmocka_unit_test(test_wish_for_cuda_is_answered),
        cmocka_unit_test(test_library_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
