// SPDX-License-Identifier: MIT
// The judge on drawn pictures that it was not made with, plain and with the grain of generated ones; Haar and captions.
#include "engine/testing.h"

#include "engine/judge.h"
#include "engine/tiny.h"

#define PICTURES 500
#define SEED     20261

enum { BYTES = ENG_TINY_SIZE * ENG_TINY_SIZE * 3 };

static void grain(eng_rng *rng, uint8_t *rgb, float deviation)
{
    float n[BYTES];
    eng_rng_normal(rng, n, BYTES);
    for (int i = 0; i < BYTES; i++) {
        const float v = (float)rgb[i] + deviation * n[i];
        rgb[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

static int right_of(float deviation)
{
    lrc_err err = LRC_ERR_INIT;
    eng_auto_judge eng_judge *j = NULL;
    assert_int_equal(eng_judge_new(&j, &err), 0);
    eng_rng draw, noise;
    eng_rng_py_seed(&draw, SEED);
    eng_rng_seed(&noise, SEED);
    int right = 0;
    for (int i = 0; i < PICTURES; i++) {
        uint8_t rgb[BYTES];
        const eng_tiny_picture p = eng_tiny_random(&draw, i % ENG_TINY_SHAPES);
        eng_tiny_draw(&p, ENG_TINY_SIZE, rgb);
        if (deviation > 0)
            grain(&noise, rgb, deviation);
        right += eng_judge_shape(j, rgb, NULL) == p.shape;
    }
    return right;
}

static void judges_drawn_pictures(void **state)
{
    (void)state;
    const int plain = right_of(0), grainy = right_of(20);
    print_message("of %d held-out pictures the judge names %d right (%.1f %%), with grain %d (%.1f %%)\n", PICTURES,
                  plain, 100.0 * plain / PICTURES, grainy, 100.0 * grainy / PICTURES);
    assert_true(plain * 100 >= 98 * PICTURES);
    assert_true(grainy * 100 >= 90 * PICTURES);
}

static void sees_nothing_where_nothing_is(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    eng_auto_judge eng_judge *j = NULL;
    assert_int_equal(eng_judge_new(&j, &err), 0);
    uint8_t rgb[BYTES];
    memset(rgb, 110, sizeof rgb);
    assert_int_equal(eng_judge_shape(j, rgb, NULL), ENG_JUDGE_NOTHING);
    eng_rng noise;
    eng_rng_seed(&noise, 1);
    int found = 0;
    for (int i = 0; i < 50; i++) {
        memset(rgb, 110, sizeof rgb);
        grain(&noise, rgb, 40);
        found += eng_judge_shape(j, rgb, NULL) != ENG_JUDGE_NOTHING;
    }
    assert_true(found <= 2);
}

static void haar_is_lossless(void **state)
{
    (void)state;
    enum { H = 6, W = 10 };
    uint8_t rgb[H * W * 3], back[H * W * 3];
    float latent[H / 2 * (W / 2) * ENG_HAAR_CHANNELS];
    for (int i = 0; i < H * W * 3; i++)
        rgb[i] = (uint8_t)(128 + 127 * made_number(3, (uint32_t)i));
    eng_haar_encode(rgb, H, W, latent);
    eng_haar_decode(latent, H, W, back);
    assert_memory_equal(rgb, back, sizeof rgb);
}

static void captions_name_what_is_drawn(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 200);
    const eng_tiny_picture p = {.shape = eng_tiny_shape_of("star"), .colour = 3, .ground = 2, .big = true};
    eng_tiny_caption(&p, NULL, &b);
    assert_string_equal(b.data, "star, yellow, big, navy background");
    lrc_buf_truncate(&b, 0);
    eng_tiny_caption(&p, "sks", &b);
    assert_string_equal(b.data, "sks, yellow, big, navy background");
    assert_int_equal(eng_tiny_shape_of("dodecahedron"), -1);
    assert_true(eng_tiny_shape_of("star") >= ENG_TINY_KNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_drawn_pictures),
        cmocka_unit_test(sees_nothing_where_nothing_is),
        cmocka_unit_test(haar_is_lossless),
        cmocka_unit_test(captions_name_what_is_drawn),
    };
    return cmocka_run_group_tests_name("engine/judge", tests, NULL, NULL);
}
