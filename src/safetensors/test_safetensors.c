// SPDX-License-Identifier: MIT
// Hostile files rule by rule, the reference's bytes, number formats against the reference's tables.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "safetensors/safetensors.h"
#include "support/allocations.h"

#define GOLDEN   LORICA_TEST_DATA "/golden/safetensors/"
#define FILE_MAX 1000000

static char *load(const char *path)
{
    lrc_err err = LRC_ERR_INIT;
    char *text = NULL;
    if (lrc_fs_read(path, 4 * FILE_MAX, &text, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    return text;
}

// The value of row `name` in the tab-separated text, cut out in place.
static char *row(char *text, const char *name)
{
    const size_t n = strlen(name);
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, n) == 0 && line[n] == '\t') {
            line[strcspn(line, "\n")] = '\0';
            return line + n + 1;
        }
    fail_msg("no row %s", name);
    return NULL;
}

// "7b 20*12 7d" -> bytes
static size_t unpack(const char *text, unsigned char *out)
{
    size_t n = 0;
    for (const char *p = text; *p && *p != '\n';) {
        char *end;
        const unsigned long byte = strtoul(p, &end, 16);
        unsigned long times = 1;
        if (*end == '*')
            times = strtoul(end + 1, &end, 10);
        assert_true(n + times <= FILE_MAX && end > p);
        memset(out + n, (int)byte, times);
        n += times;
        for (p = end; *p == ' ';)
            p++;
    }
    return n;
}

static char temp_path[64];

static int temp_begin(void **state)
{
    (void)state;
    snprintf(temp_path, sizeof temp_path, "/tmp/lorica-st-XXXXXX");
    const int fd = mkstemp(temp_path);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int temp_end(void **state)
{
    (void)state;
    unlink(temp_path);
    return 0;
}

static void hostile_files(void **state)
{
    (void)state;
    lrc_auto_free char *text = load(GOLDEN "hostile.tsv");
    lrc_auto_free unsigned char *bytes = malloc(FILE_MAX);
    size_t seen = 0;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (*line == '#')
            continue;
        char *rule = strchr(line, '\t');
        *rule++ = '\0';
        char *hex = strchr(rule, '\t');
        *hex++ = '\0';
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_fs_write(temp_path, bytes, unpack(hex, bytes), 0, &err), 0);
        lrc_auto_st_file lrc_st_file *f = NULL;
        const int result = lrc_st_open(temp_path, &f, &err);
        char word[80];
        snprintf(word, sizeof word, "(%s)", rule);
        if (strcmp(rule, "OK") == 0 ? result != 0 : result == 0 || !strstr(err.msg, word))
            fail_msg("%s: expected %s, got %d '%s'", line, rule, result, err.msg);
        seen++;
    }
    assert_int_equal(seen, 47);
}

static const float b_weight[] = {0, 1, 2, 3, 4, 5};
static const uint16_t a_weight[] = {0x3c00, 0xc000, 0x3800};
static const uint16_t alpha[] = {0x4800};
static const int64_t minus_seven[] = {-7};
static const unsigned char mask[] = {1, 0, 1, 1, 0};
static const lrc_st_entry mixed[] = {
    {"b.weight", LRC_ST_F32, 2, (const uint64_t[]){2, 3}, b_weight},
    {"a.weight", LRC_ST_F16, 1, (const uint64_t[]){3}, a_weight},
    {"z.alpha", LRC_ST_F16, 0, NULL, alpha},
    {"count", LRC_ST_I64, 1, (const uint64_t[]){1}, minus_seven},
    {"mask", LRC_ST_BOOL, 1, (const uint64_t[]){5}, mask},
    {"c\xc3\xa9\"quote", LRC_ST_F32, 2, (const uint64_t[]){0, 4}, ""},
};
#define MIXED_COUNT (sizeof mixed / sizeof mixed[0])
static const lrc_st_pair note = {"note", "tab\t\"q\" \\ \xc3\xbc \x01"};

static void writes_the_references_bytes(void **state)
{
    (void)state;
    lrc_auto_free char *text = load(GOLDEN "mixed.tsv");
    char *hex = row(text, "file");
    lrc_err err = LRC_ERR_INIT;
    if (lrc_st_save(temp_path, mixed, MIXED_COUNT, &note, 1, &err) < 0)
        fail_msg("%s", err.msg);
    lrc_auto_free char *got = NULL;
    size_t n;
    assert_int_equal(lrc_fs_read(temp_path, FILE_MAX, &got, &n, &err), 0);
    assert_int_equal(strlen(hex), 2 * n);
    for (size_t i = 0; i < n; i++) {
        char two[3];
        snprintf(two, sizeof two, "%02x", (unsigned char)got[i]);
        assert_memory_equal(two, hex + 2 * i, 2);
    }
}

static void reads_what_it_wrote(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_st_save(temp_path, mixed, MIXED_COUNT, &note, 1, &err), 0);
    lrc_auto_st_file lrc_st_file *f = NULL;
    if (lrc_st_open(temp_path, &f, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(lrc_st_count(f), MIXED_COUNT);
    assert_string_equal(lrc_st_meta_get(f, "note"), note.value);
    assert_null(lrc_st_meta_get(f, "nothing"));
    assert_null(lrc_st_find(f, "b.weigh"));
    float v[8];
    const lrc_st_tensor *t = lrc_st_find(f, "a.weight");
    assert_non_null(t);
    assert_int_equal(lrc_st_read_f32(f, t, v, &err), 0);
    assert_true(v[0] == 1 && v[1] == -2 && v[2] == 0.5F);
    t = lrc_st_find(f, "count");
    assert_int_equal(lrc_st_read_f32(f, t, v, &err), 0);
    assert_true(v[0] == -7);
    t = lrc_st_find(f, "b.weight");
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->shape[1], 3);
    assert_int_equal(lrc_st_read_f32(f, t, v, &err), 0);
    assert_memory_equal(v, b_weight, sizeof b_weight);
}

static void a_file_cut_after_opening_is_an_error(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_st_save(temp_path, mixed, MIXED_COUNT, &note, 1, &err), 0);
    lrc_auto_st_file lrc_st_file *f = NULL;
    assert_int_equal(lrc_st_open(temp_path, &f, &err), 0);
    assert_int_equal(truncate(temp_path, (off_t)lrc_st_data_offset(f)), 0);
    float v[8];
    assert_int_equal(lrc_st_read_f32(f, lrc_st_find(f, "b.weight"), v, &err), -1);
    assert_int_equal(err.code, LRC_ERR_IO);
}

static void refuses_to_write_nonsense(void **state)
{
    (void)state;
    static const uint64_t huge[] = {1ULL << 63, 4};
    const lrc_st_entry twins[] = {{"x", LRC_ST_F16, 0, NULL, alpha}, {"x", LRC_ST_I64, 0, NULL, minus_seven}};
    const lrc_st_entry big = {"big", LRC_ST_F32, 2, huge, NULL};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_buf lrc_buf header;
    lrc_buf_init(&header, FILE_MAX);
    lrc_auto_free size_t *order = NULL;
    assert_int_equal(lrc_st_layout(twins, 2, NULL, 0, &header, &order, &err), -1);
    assert_non_null(strstr(err.msg, "two tensors"));
    assert_int_equal(lrc_st_layout(&big, 1, NULL, 0, &header, &order, &err), -1);
    assert_non_null(strstr(err.msg, "ValidationOverflow"));
}

static void halves(const char *name, uint16_t (*of)(float), float (*to)(uint16_t))
{
    lrc_auto_free char *text = load(GOLDEN "mixed.tsv");
    size_t seen = 0;
    for (char *p = row(text, name); *p; seen++) {
        const uint32_t bits = (uint32_t)strtoul(p, &p, 16);
        const uint16_t expected = (uint16_t)strtoul(p + 1, &p, 16);
        float v, back;
        memcpy(&v, &bits, sizeof v);
        const uint16_t got = of(v);
        if (isnan(v))
            assert_true(isnan(to(got)));
        else if (got != expected)
            fail_msg("%s of %08x: %04x, expected %04x", name, bits, got, expected);
        back = to(got);
        if (!isnan(back))
            assert_int_equal(of(back), got); // every half is a float
        while (*p == ' ')
            p++;
    }
    assert_true(seen > 800);
}

static void half_formats(void **state)
{
    (void)state;
    halves("f16", lrc_st_f16_of, lrc_st_f16_to);
    halves("bf16", lrc_st_bf16_of, lrc_st_bf16_to);
}

static void eight_bit_formats(void **state)
{
    (void)state;
    static const lrc_st_dtype dtype[] = {LRC_ST_F8_E5M2, LRC_ST_F8_E4M3, LRC_ST_F8_E8M0, LRC_ST_F8_E4M3FNUZ,
                                         LRC_ST_F8_E5M2FNUZ};
    unsigned char code[256];
    for (int i = 0; i < 256; i++)
        code[i] = (unsigned char)i;
    for (size_t k = 0; k < sizeof dtype / sizeof dtype[0]; k++) {
        const lrc_st_entry entry = {"t", dtype[k], 1, (const uint64_t[]){256}, code};
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_st_save(temp_path, &entry, 1, NULL, 0, &err), 0);
        lrc_auto_st_file lrc_st_file *f = NULL;
        assert_int_equal(lrc_st_open(temp_path, &f, &err), 0);
        float got[256];
        assert_int_equal(lrc_st_read_f32(f, lrc_st_at(f, 0), got, &err), 0);
        lrc_auto_free char *text = load(GOLDEN "mixed.tsv");
        char *p = row(text, lrc_st_dtype_name(dtype[k]));
        for (int i = 0; i < 256; i++) {
            const uint32_t bits = (uint32_t)strtoul(p, &p, 16);
            float expected;
            memcpy(&expected, &bits, sizeof expected);
            if (isnan(expected) ? !isnan(got[i]) : got[i] != expected)
                fail_msg("%s code %d: %g, expected %g", lrc_st_dtype_name(dtype[k]), i, got[i], expected);
        }
    }
}

// sha256 of the data "abc" and of nothing are well known (FIPS 180-2).
static void hashes(void **state)
{
    (void)state;
    const lrc_st_entry abc = {"abc", LRC_ST_U8, 1, (const uint64_t[]){3}, "abc"};
    char model[LRC_ST_HASH_SIZE], legacy[LRC_ST_HASH_SIZE];
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_st_hashes(&abc, 1, NULL, 0, model, legacy, &err), 0);
    assert_string_equal(model, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(legacy, "e3b0c442");
    // A file over 1 MiB: the window [0x100000, 0x110000) is all zeros here.
    lrc_auto_free unsigned char *zeros = calloc(1, 0x120000);
    const lrc_st_entry big = {"z", LRC_ST_U8, 1, (const uint64_t[]){0x120000}, zeros};
    assert_int_equal(lrc_st_hashes(&big, 1, NULL, 0, model, legacy, &err), 0);
    assert_string_equal(legacy, "de2f2560"); // sha256 of 65536 zero bytes
}

// The same numbers by Python's hashlib.
static void hashes_of_files(void **state)
{
    (void)state;
    enum { SIZE = 0x120000 };
    lrc_auto_free char *bytes = malloc(SIZE);
    char whole[LRC_ST_HASH_SIZE], legacy[LRC_ST_HASH_SIZE];
    lrc_err err = LRC_ERR_INIT;
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    assert_int_equal(lrc_fs_write(temp_path, "abc", 3, 0, &err), 0);
    assert_int_equal(lrc_st_file_hashes(temp_path, whole, legacy, &err), 0);
    assert_string_equal(whole, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(legacy, "e3b0c442");
    assert_int_equal(lrc_fs_write(temp_path, bytes, SIZE, 0, &err), 0);
    assert_int_equal(lrc_st_file_hashes(temp_path, whole, legacy, &err), 0);
    assert_string_equal(whole, "42c373f1a45f01115c726d829cefa2b55258ceada76bf521e0725a4e42d0374d");
    assert_string_equal(legacy, "0b256315");
    assert_int_equal(lrc_st_file_hashes("/nowhere/file", whole, legacy, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
}

static int save_and_open(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_auto_st_file lrc_st_file *f = NULL;
    return lrc_st_save(temp_path, mixed, MIXED_COUNT, &note, 1, err) < 0 ? -1 : lrc_st_open(temp_path, &f, err);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(save_and_open, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hostile_files, temp_begin, temp_end),
        cmocka_unit_test_setup_teardown(writes_the_references_bytes, temp_begin, temp_end),
        cmocka_unit_test_setup_teardown(reads_what_it_wrote, temp_begin, temp_end),
        cmocka_unit_test_setup_teardown(a_file_cut_after_opening_is_an_error, temp_begin, temp_end),
        cmocka_unit_test(refuses_to_write_nonsense),
        cmocka_unit_test(half_formats),
        cmocka_unit_test_setup_teardown(eight_bit_formats, temp_begin, temp_end),
        cmocka_unit_test_setup_teardown(every_failing_allocation_is_an_error, temp_begin, temp_end),
        cmocka_unit_test(hashes),
        cmocka_unit_test_setup_teardown(hashes_of_files, temp_begin, temp_end),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
