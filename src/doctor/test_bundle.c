// SPDX-License-Identifier: MIT
#include "doctor/bundle.h"

#include <archive.h>
#include <archive_entry.h>

#include "doctor/scrub.h"
#include "support/cmocka.h"
#include "support/job.h"

// ---- Secrets ---------------------------------------------------------------------------------------------------------

static void secrets_are_removed(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"nothing to hide", "nothing to hide"},
        {"key wandb-secret-0123 here", "key [removed] here"}, // the setting's value, wherever it stands
        {"hf_abcdefghijklmnopqrst is a token", "[removed] is a token"},
        {"hf_short", "hf_short"},
        {"Authorization: Bearer abc.def-ghi", "Authorization: Bearer [removed]"},
        {"https://me:pw123@host/x", "https://[removed]@host/x"},
        {"https://host/x@y", "https://host/x@y"},
        {"GET /dl?token=abcdef&x=1", "GET /dl?token=[removed]&x=1"},
        {"HF_TOKEN=abcdef", "HF_TOKEN=[removed]"},
        {"wandb_key = \"a b c\"", "wandb_key = \"[removed]\""},
        {"{\"api_key\": \"abc\", \"x\": 1}", "{\"api_key\": \"[removed]\", \"x\": 1}"},
        {"max_token_length = 225", "max_token_length = 225"},
        {"keep_tokens: 1", "keep_tokens: 1"},
        {"\"password\": null", "\"password\": null"},
        {"tokenizer: openai/clip", "tokenizer: [removed]"}, // one word too many rather than one too few
        {"token = ", "token = "},
    };
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_settings lrc_settings *settings = NULL;
    lrc_auto_scrub lrc_scrub scrub = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_settings_write(&s.ws, "wandb.key", "wandb-secret-0123", &err), err);
    assert_ok(lrc_settings_load(&s.ws, &settings, &err), err);
    assert_ok(lrc_scrub_init(&scrub, settings, &err), err);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_auto_buf lrc_buf out;
        lrc_buf_init(&out, 1 << 16);
        lrc_scrub_text(&scrub, rows[i].in, strlen(rows[i].in), &out);
        assert_string_equal(out.data, rows[i].out);
    }
    static const char bytes[] = "\0\xff token=\xfe\xfe\xfe x\0";
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, 1 << 16);
    lrc_scrub_text(&scrub, bytes, sizeof bytes - 1, &out); // bytes that are no text
    assert_memory_equal(out.data, "\0\xff token=[removed] x\0", 21);
}

// ---- The zip ---------------------------------------------------------------------------------------------------------

static int take_piece(void *arg, const void *bytes, size_t n, lrc_err *err)
{
    (void)err;
    lrc_buf_add(arg, bytes, n);
    return 0;
}

static int refuse_piece(void *arg, const void *bytes, size_t n, lrc_err *err)
{
    (void)arg;
    (void)bytes;
    (void)n;
    return lrc_fail(err, LRC_ERR_CANCELLED, "nobody wants it");
}

// Text of a member, "" when there is none; the caller frees.
static char *member(const lrc_buf *zip, const char *id, const char *name)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    lrc_auto_free char *path = NULL;
    char *text = calloc(1, 1);
    lrc_str_format(&path, NULL, "%s/%s", id, name);
    archive_read_support_format_zip(a);
    assert_int_equal(archive_read_open_memory(a, zip->data, zip->len), ARCHIVE_OK);
    while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
        if (strcmp(archive_entry_pathname(e), path) != 0)
            continue;
        const size_t n = (size_t)archive_entry_size(e);
        free(text);
        text = calloc(n + 1, 1);
        assert_int_equal(archive_read_data(a, text, n), n);
    }
    archive_read_free(a);
    return text;
}

static void all_about_a_job_without_secrets(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_settings lrc_settings *settings = NULL;
    lrc_auto_buf lrc_buf zip;
    lrc_err err = LRC_ERR_INIT;
    char id[LRC_ID_MAX + 1];
    lrc_buf_init(&zip, 64 << 20);
    assert_ok(lrc_settings_write(&s.ws, "huggingface.token", "secret-of-the-house", &err), err);
    assert_ok(lrc_settings_load(&s.ws, &settings, &err), err);
    static const char config[] = "wandb_key = \"0123456789\"\nepochs = 2\n";
    const lrc_job_input input = {"config.toml", config, sizeof config - 1};
    lrc_job_request req = {.kind = "training", .inputs = &input, .input_count = 1, .grace_s = -1};
    lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
    lrc_strv_push(&req.argv, "says", NULL);
    lrc_strv_push(&req.argv, "downloading with secret-of-the-house", NULL);
    lrc_strv_push(&req.argv, "OSError: [Errno 28] No space left on device", NULL);
    lrc_strv_pushf(&req.labels, NULL, "result=%s/none", s.ws.root);
    assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
    lrc_strv_done(&req.argv);
    lrc_strv_done(&req.labels);
    lrc_test_finish(&s, id);
    assert_ok(lrc_bundle_write(&s.ws, settings, id, take_piece, &zip, &err), err);
    lrc_auto_free char *log = member(&zip, id, "log.txt"), *toml = member(&zip, id, "inputs/config.toml");
    lrc_auto_free char *job = member(&zip, id, "job.json"), *doctor = member(&zip, id, "doctor.json");
    lrc_auto_free char *status = member(&zip, id, "status.json"), *note = member(&zip, id, "README.txt");
    lrc_auto_free char *versions = member(&zip, id, "versions.txt");
    assert_string_equal(log, "downloading with [removed]\nOSError: [Errno 28] No space left on device\n");
    assert_string_equal(toml, "wandb_key = \"[removed]\"\nepochs = 2\n");
    assert_non_null(strstr(job, "\"cause\": \"disk_full\""));
    assert_non_null(strstr(doctor, "\"checks\""));
    assert_non_null(strstr(status, "\"state\": \"failed\""));
    assert_non_null(strstr(versions, "lorica "));
    assert_non_null(strstr(note, "Secrets were removed in "));
    for (size_t i = 0; i + 19 < zip.len; i++) // nowhere, not even in what is stored as it is
        assert_memory_not_equal(zip.data + i, "secret-of-the-house", 19);
    lrc_err why = LRC_ERR_INIT;
    assert_int_equal(lrc_bundle_write(&s.ws, settings, id, refuse_piece, NULL, &why), -1);
    assert_int_equal(why.code, LRC_ERR_CANCELLED);
    assert_int_equal(lrc_bundle_write(&s.ws, settings, "none", take_piece, &zip, &why), -1);
    assert_int_equal(why.code, LRC_ERR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_removed),
        cmocka_unit_test(all_about_a_job_without_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
