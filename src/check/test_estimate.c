// SPDX-License-Identifier: MIT
// Estimates against what is published: sizes of real LoRA files, and sd-scripts' own table of cards for FLUX.1.
#include <string.h>

#include "check/estimate.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define GB 1e9

// The estimate for one picture of the resolution, 100 steps; `fields` are those of a request beside the needed ones.
static lrc_estimate make(const char *family, int resolution, const char *fields)
{
    lrc_auto_free char *text = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *request = NULL;
    lrc_auto_findings lrc_findings findings = {0};
    lrc_auto_kohya_tally lrc_kohya_tally tally = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_estimate e;
    assert_ok(lrc_str_format(&text, &err,
                             "{\"project_name\":\"x\",\"model_type\":\"%s\",\"pretrained_model_name_or_path\":\"m\","
                             "\"train_data_dir\":\"d\",\"output_dir\":\"o\",\"resolution\":%d%s%s}",
                             family, resolution, fields[0] ? "," : "", fields),
              err);
    assert_ok(lrc_json_parse(text, strlen(text), &doc, &err), err);
    assert_ok(lrc_train_request_parse(lrc_json_root(doc), &request, &findings, &err), err);
    assert_ok(lrc_kohya_tally_add(&tally, (lrc_kohya_size){resolution, resolution}, 10, &err), err);
    const int64_t batch = lrc_value_to_i64(lrc_train_get(request, LRC_FIELD_train_batch_size));
    lrc_kohya_tally_batches(&tally, (uint64_t)batch);
    const lrc_kohya_length length = lrc_kohya_length_of(&tally, (uint64_t)batch, 1, 10, 0);
    const lrc_estimate_input in = {request, NULL, &tally, &length};
    lrc_estimate_make(&in, &e);
    return e;
}

#define assert_near(value, expected, part)                                                                             \
    do {                                                                                                               \
        if ((double)(value) < (expected) * (1 - (part)) || (double)(value) > (expected) * (1 + (part)))                \
            fail_msg("%s is %g, not %g", #value, (double)(value), (double)(expected));                                 \
    } while (0)

static void sizes_of_lora_files(void **state)
{
    (void)state;
    static const struct {
        const char *family, *fields;
        double bytes;
    } row[] = {
        {"SD1.5", "\"network_dim\":32", 37.75e6},
        {"SD1.5", "\"network_dim\":32,\"network_train_unet_only\":true", 27.1e6},
        {"SDXL", "\"network_dim\":32", 228.0e6},
        {"SDXL", "\"network_dim\":32,\"save_precision\":\"float\"", 456.1e6},
        {"Flux", "\"network_dim\":16,\"network_train_unet_only\":true", 153.2e6},
    };
    for (size_t i = 0; i < LENGTH(row); i++)
        assert_near(make(row[i].family, 1024, row[i].fields).checkpoint, row[i].bytes, 0.005);
}

// docs/flux_train_network.md of sd-scripts, 6.1: fp8, 8-bit AdamW, one picture. Each must fit the card of its row, and need
// more than half of it.
static void flux_fits_the_cards_that_it_is_said_to_fit(void **state)
{
    (void)state;
    static const struct {
        int blocks;
        double card;
    } row[] = {{0, 24}, {16, 12}, {22, 10}, {28, 8}};
    for (size_t i = 0; i < LENGTH(row); i++) {
        char fields[300];
        snprintf(fields, sizeof fields,
                 "\"network_dim\":16,\"fp8_base\":true,\"mixed_precision\":\"bf16\",\"optimizer_type\":\"AdamW8bit\","
                 "\"cache_text_encoder_outputs\":true,\"network_train_unet_only\":true,\"blocks_to_swap\":%d",
                 row[i].blocks);
        const lrc_estimate e = make("Flux", 1024, fields);
        assert_true(e.has_memory);
        if ((double)e.memory > row[i].card * GB * 1.07 || (double)e.memory < row[i].card * GB / 2)
            fail_msg("%d blocks swapped: %.2f GB, a card of %g", row[i].blocks, (double)e.memory / GB, row[i].card);
    }
}

static void what_makes_memory_grow_and_shrink(void **state)
{
    (void)state;
    const lrc_estimate plain = make("SDXL", 1024, "\"mixed_precision\":\"bf16\"");
    assert_true(make("SDXL", 1024, "\"mixed_precision\":\"bf16\",\"train_batch_size\":4").memory > plain.memory);
    assert_true(make("SDXL", 768, "\"mixed_precision\":\"bf16\"").memory < plain.memory);
    assert_true(make("SDXL", 1024, "\"mixed_precision\":\"bf16\",\"gradient_checkpointing\":false").memory >
                plain.memory);
    assert_true(make("SDXL", 1024, "\"mixed_precision\":\"bf16\",\"optimizer_type\":\"Prodigy\"").memory >
                plain.memory);
    assert_true(make("SDXL", 1024, "\"mixed_precision\":\"no\"").memory > plain.memory);
    assert_true(make("SDXL", 1024, "\"mixed_precision\":\"bf16\",\"training_mode\":\"checkpoint\"").memory >
                2 * plain.memory);
    const uint64_t sum = plain.weights + plain.encoders + plain.autoencoder + plain.adapter + plain.optimizer +
                         plain.activations + plain.overhead;
    assert_int_equal(plain.memory, sum);
    assert_false(make("Tiny", 32, "").has_memory);
}

static void files_on_disk(void **state)
{
    (void)state;
    const lrc_estimate every = make("SD1.5", 512, "\"cache_latents_to_disk\":true,\"save_every_n_epochs\":2");
    assert_int_equal(every.checkpoints, 5 + 1);
    assert_int_equal(every.latent_cache, 4 * 64 * 64 * 4 + 1500);
    assert_int_equal(every.states, 0);
    assert_int_equal(every.output, every.checkpoints * every.checkpoint);
    assert_int_equal(make("SD1.5", 512, "\"save_every_n_epochs\":1,\"save_last_n_epochs\":3").checkpoints, 4);
    assert_int_equal(make("SD1.5", 512, "\"save_every_n_epochs\":0").checkpoints, 1);
    const lrc_estimate states =
        make("SD1.5", 512, "\"save_every_n_epochs\":1,\"save_state\":true,\"save_last_n_epochs_state\":2");
    assert_int_equal(states.states, 3);
    assert_true(states.state > states.checkpoint);
}

static void past_runs_correct_it(void **state)
{
    (void)state;
    lrc_estimate e = make("SDXL", 1024, "\"mixed_precision\":\"bf16\"");
    const uint64_t before = e.memory;
    const lrc_kohya_length length = {.steps = 100};
    assert_true(e.has_time && e.seconds_least < e.seconds_most && e.step_seconds == 0);
    lrc_estimate_correct(&e, &length, 1.25, 3, 0.5, 2);
    assert_near(e.memory, (double)before * 1.25, 1e-6);
    assert_int_equal(e.past_runs, 3);
    assert_near(e.step_seconds, e.work * 0.5, 1e-9);
    assert_near(e.seconds_least + e.seconds_most, 2 * e.step_seconds * 100, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_lora_files),
        cmocka_unit_test(flux_fits_the_cards_that_it_is_said_to_fit),
        cmocka_unit_test(what_makes_memory_grow_and_shrink),
        cmocka_unit_test(files_on_disk),
        cmocka_unit_test(past_runs_correct_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
