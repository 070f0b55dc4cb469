// SPDX-License-Identifier: MIT
// The writer and the hashes of what it would write.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/fs.h"
#include "safetensors/internal.h"
#include "json/json.h"

#define LEGACY_BEGIN 0x100000 // the web UI's old hash looks at these bytes of a file
#define LEGACY_END   0x110000
#define HASH_CHUNK   ((size_t)1 << 20)
#define LEGACY_HEX   8

// ---- Order and header ------------------------------------------------------------------------------------------------

static int in_order(const void *a, const void *b, void *arg)
{
    const lrc_st_entry *entry = arg, *x = &entry[*(const size_t *)a], *y = &entry[*(const size_t *)b];
    if (x->dtype != y->dtype)
        return x->dtype > y->dtype ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int sort_entries(const lrc_st_entry *entry, size_t count, size_t **ret, lrc_err *err)
{
    lrc_auto_free size_t *order = calloc(count + 1, sizeof *order);
    if (!order)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof *order, in_order, (void *)(uintptr_t)entry);
    *ret = lrc_take(order);
    return 0;
}

// Escapes of the reference's JSON writer (serde_json): \" \\ \b \f \n \r \t, other controls as \u00xx, all else raw.
static void put_string(lrc_buf *b, const char *s)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    lrc_buf_addc(b, '"');
    for (; *s; s++) {
        const char *hit = strchr(from, *s);
        if (hit)
            lrc_buf_addf(b, "\\%c", to[hit - from]);
        else if ((unsigned char)*s < 0x20)
            lrc_buf_addf(b, "\\u%04x", (unsigned)(unsigned char)*s);
        else
            lrc_buf_addc(b, *s);
    }
    lrc_buf_addc(b, '"');
}

static void put_metadata(lrc_buf *b, const lrc_st_pair *meta, size_t count)
{
    lrc_buf_adds(b, "\"__metadata__\":{");
    for (size_t i = 0; i < count; i++) {
        if (i)
            lrc_buf_addc(b, ',');
        put_string(b, meta[i].key);
        lrc_buf_addc(b, ':');
        put_string(b, meta[i].value);
    }
    lrc_buf_addc(b, '}');
}

static int put_entry(lrc_buf *b, const lrc_st_entry *e, uint64_t *offset, lrc_err *err)
{
    uint64_t count, bytes, end;
    const char *rule = lrc_st_size_of(e->dtype, e->rank, e->shape, &count, &bytes);
    if (rule || __builtin_add_overflow(*offset, bytes, &end))
        return lrc_fail(err, LRC_ERR_INVALID, "tensor '%.200s' has an impossible size (%s)", e->name,
                        rule ? rule : "ValidationOverflow");
    put_string(b, e->name);
    lrc_buf_addf(b, ":{\"dtype\":\"%s\",\"shape\":[", lrc_st_dtype_name(e->dtype));
    for (size_t i = 0; i < e->rank; i++)
        lrc_buf_addf(b, "%s%" PRIu64, i ? "," : "", e->shape[i]);
    lrc_buf_addf(b, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", *offset, end);
    *offset = end;
    return 0;
}

static int put_entries(lrc_buf *b, const lrc_st_entry *entry, size_t count, const size_t *order, bool comma,
                       lrc_err *err)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (comma || i)
            lrc_buf_addc(b, ',');
        if (put_entry(b, &entry[order[i]], &offset, err) < 0)
            return -1;
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_names(const lrc_st_entry *entry, size_t count, lrc_err *err)
{
    lrc_auto_free const char **name = calloc(count + 1, sizeof *name);
    if (!name)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        name[i] = entry[i].name;
    qsort(name, count, sizeof *name, compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            return lrc_fail(err, LRC_ERR_INVALID, "two tensors are named '%.200s'", name[i]);
    return 0;
}

int lrc_st_layout(const lrc_st_entry *entry, size_t count, const lrc_st_pair *meta, size_t meta_count, lrc_buf *header,
                  size_t **ret_order, lrc_err *err)
{
    lrc_auto_free size_t *order = NULL;
    if (check_names(entry, count, err) < 0 || sort_entries(entry, count, &order, err) < 0)
        return -1;
    const size_t start = header->len;
    uint64_t n = 0;
    lrc_buf_add(header, &n, sizeof n);
    lrc_buf_addc(header, '{');
    if (meta_count)
        put_metadata(header, meta, meta_count);
    if (put_entries(header, entry, count, order, meta_count > 0, err) < 0)
        return -1;
    lrc_buf_addc(header, '}');
    while ((header->len - start) % 8 != 0 && !header->failed)
        lrc_buf_addc(header, ' ');
    if (lrc_buf_check(header, "safetensors header", err) < 0)
        return -1;
    n = header->len - start - sizeof n;
    if (n > LRC_ST_HEADER_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "a safetensors header may have 100 MB at most");
    memcpy(header->data + start, &n, sizeof n);
    *ret_order = lrc_take(order);
    return 0;
}

static size_t bytes_of(const lrc_st_entry *e)
{
    uint64_t count, bytes = 0;
    (void)lrc_st_size_of(e->dtype, e->rank, e->shape, &count, &bytes); // checked by the layout
    return (size_t)bytes;
}

int lrc_st_save(const char *path, const lrc_st_entry *entry, size_t count, const lrc_st_pair *meta, size_t meta_count,
                lrc_err *err)
{
    lrc_auto_buf lrc_buf header;
    lrc_buf_init(&header, LRC_ST_HEADER_MAX + 16);
    lrc_auto_free size_t *order = NULL;
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    if (lrc_st_layout(entry, count, meta, meta_count, &header, &order, err) < 0 ||
        lrc_fs_out_begin(&out, path, 0, err) < 0 || lrc_fs_out_write(&out, header.data, header.len, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const lrc_st_entry *e = &entry[order[i]];
        if (lrc_fs_out_write(&out, e->data, bytes_of(e), err) < 0)
            return -1;
    }
    return lrc_fs_out_commit(&out, err);
}

// ---- Hashes ----------------------------------------------------------------------------------------------------------

static void to_hex(const unsigned char *digest, size_t n, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = hex[digest[i] >> 4];
        *out++ = hex[digest[i] & 15];
    }
    *out = '\0';
}

// Adds what of file bytes [at, at + n) lies in [LEGACY_BEGIN, LEGACY_END).
static bool add_window(EVP_MD_CTX *ctx, const void *bytes, uint64_t at, size_t n)
{
    const uint64_t from = at > LEGACY_BEGIN ? at : LEGACY_BEGIN, to = at + n < LEGACY_END ? at + n : LEGACY_END;
    return from >= to || EVP_DigestUpdate(ctx, (const char *)bytes + (from - at), (size_t)(to - from)) == 1;
}

static bool digest(const lrc_st_entry *entry, size_t count, const size_t *order, const lrc_buf *header,
                   EVP_MD_CTX *model, EVP_MD_CTX *legacy, unsigned char *ret_model, unsigned char *ret_legacy)
{
    if (EVP_DigestInit_ex(model, EVP_sha256(), NULL) != 1 || EVP_DigestInit_ex(legacy, EVP_sha256(), NULL) != 1 ||
        !add_window(legacy, header->data, 0, header->len))
        return false;
    uint64_t at = header->len;
    for (size_t i = 0; i < count; i++) {
        const lrc_st_entry *e = &entry[order[i]];
        const size_t n = bytes_of(e);
        if (EVP_DigestUpdate(model, e->data, n) != 1 || !add_window(legacy, e->data, at, n))
            return false;
        at += n;
    }
    return EVP_DigestFinal_ex(model, ret_model, NULL) == 1 && EVP_DigestFinal_ex(legacy, ret_legacy, NULL) == 1;
}

int lrc_st_hashes(const lrc_st_entry *entry, size_t count, const lrc_st_pair *meta, size_t meta_count,
                  char ret_model[static LRC_ST_HASH_SIZE], char ret_legacy[static LRC_ST_HASH_SIZE], lrc_err *err)
{
    lrc_auto_buf lrc_buf header;
    lrc_buf_init(&header, LRC_ST_HEADER_MAX + 16);
    lrc_auto_free size_t *order = NULL;
    if (lrc_st_layout(entry, count, meta, meta_count, &header, &order, err) < 0)
        return -1;
    EVP_MD_CTX *model = EVP_MD_CTX_new(), *legacy = EVP_MD_CTX_new();
    unsigned char a[EVP_MAX_MD_SIZE], b[EVP_MAX_MD_SIZE];
    const bool done = model && legacy && digest(entry, count, order, &header, model, legacy, a, b);
    EVP_MD_CTX_free(model);
    EVP_MD_CTX_free(legacy);
    if (!done)
        return lrc_fail(err, LRC_ERR_NO_MEMORY, "cannot compute a sha256");
    to_hex(a, 32, ret_model);
    to_hex(b, 32, ret_legacy);
    ret_legacy[LEGACY_HEX] = '\0';
    return 0;
}

static bool digest_file(int fd, char *chunk, EVP_MD_CTX *whole, EVP_MD_CTX *legacy, unsigned char *ret_whole,
                        unsigned char *ret_legacy)
{
    if (EVP_DigestInit_ex(whole, EVP_sha256(), NULL) != 1 || EVP_DigestInit_ex(legacy, EVP_sha256(), NULL) != 1)
        return false;
    ssize_t n;
    for (uint64_t at = 0; (n = read(fd, chunk, HASH_CHUNK)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || EVP_DigestUpdate(whole, chunk, (size_t)n) != 1 || !add_window(legacy, chunk, at, (size_t)n))
            return false;
        at += (size_t)n;
    }
    return EVP_DigestFinal_ex(whole, ret_whole, NULL) == 1 && EVP_DigestFinal_ex(legacy, ret_legacy, NULL) == 1;
}

int lrc_st_file_hashes(const char *path, char ret_whole[static LRC_ST_HASH_SIZE],
                       char ret_legacy[static LRC_ST_HASH_SIZE], lrc_err *err)
{
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    lrc_auto_free char *chunk = malloc(HASH_CHUNK);
    EVP_MD_CTX *whole = EVP_MD_CTX_new(), *legacy = EVP_MD_CTX_new();
    unsigned char a[EVP_MAX_MD_SIZE], b[EVP_MAX_MD_SIZE];
    const bool done = chunk && whole && legacy && digest_file(fd, chunk, whole, legacy, a, b);
    EVP_MD_CTX_free(whole);
    EVP_MD_CTX_free(legacy);
    if (!done)
        return lrc_fail_errno(err, "cannot compute the sha256 of '%s'", path);
    to_hex(a, 32, ret_whole);
    to_hex(b, 32, ret_legacy);
    ret_legacy[LEGACY_HEX] = '\0';
    return 0;
}
