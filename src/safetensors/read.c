// SPDX-License-Identifier: MIT
// The reader. Rules and their order: the reference's SafeTensors::read_metadata and Metadata::validate, see the header.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/utf8.h"
#include "safetensors/internal.h"
#include "json/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor data is little-endian and used as it is");

#define READ_CHUNK      65536 // bytes of a tensor converted at once
#define TEXT_MAX        (2 * (size_t)LRC_ST_HEADER_MAX)
#define FIRST_TABLE_CAP 64

struct lrc_st_file {
    int fd;
    char *path;
    uint64_t data_offset, data_bytes;
    lrc_st_tensor *tensor; // in the order of the data
    size_t count, cap;
    uint64_t *dims; // shapes, one behind the other
    size_t dims_count, dims_cap;
    lrc_st_tensor **by_name;
    lrc_buf text;      // names, keys and values; while parsing the tables below hold offsets into it
    lrc_st_pair *meta; // in the order of the file
    size_t meta_count, meta_cap;
};

void lrc_st_file_free(lrc_st_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->tensor);
    free(f->dims);
    free(f->by_name);
    free(f->meta);
    lrc_buf_done(&f->text);
    free(f);
}

// ---- Growing tables --------------------------------------------------------------------------------------------------

static int grow(void **items, size_t *cap, size_t count, size_t item_size, lrc_err *err)
{
    if (count < *cap)
        return 0;
    const size_t wanted = *cap ? *cap * 2 : FIRST_TABLE_CAP;
    void *grown = reallocarray(*items, wanted, item_size);
    if (!grown)
        return lrc_fail_memory(err);
    *items = grown;
    *cap = wanted;
    return 0;
}

// While the text grows a pointer into it may move, so the parser keeps offsets in the place of pointers.
static const char *text_at(size_t offset)
{
    return (const char *)(uintptr_t)offset; // NOLINT: an offset in disguise until settle()
}

static void settle(const lrc_st_file *f, const char **p)
{
    *p = f->text.data + (uintptr_t)*p;
}

static int keep_text(lrc_st_file *f, const char *s, size_t n, const char **ret, lrc_err *err)
{
    const size_t offset = f->text.len;
    lrc_buf_add(&f->text, s, n);
    lrc_buf_addc(&f->text, '\0');
    if (lrc_buf_check(&f->text, "safetensors header", err) < 0)
        return -1;
    *ret = text_at(offset);
    return 0;
}

// ---- Header text -> tables (rule 5) ----------------------------------------------------------------------------------

static int bad_json(const lrc_st_file *f, lrc_err *err, const char *why)
{
    return lrc_fail(err, LRC_ERR_INVALID, "'%s' has a broken safetensors header: %s (InvalidHeaderDeserialization)",
                    f->path, why);
}

static int next(const lrc_st_file *f, lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    lrc_err inner = LRC_ERR_INIT;
    if (lrc_json_next(r, ret, &inner) == 0)
        return 0;
    if (inner.code != LRC_ERR_INVALID) {
        if (err)
            *err = inner;
        return -1;
    }
    return bad_json(f, err, inner.msg);
}

static int read_string(const lrc_st_file *f, lrc_json_reader *r, const char *what, lrc_err *err)
{
    lrc_json_type type;
    if (next(f, r, &type, err) < 0)
        return -1;
    return type == LRC_JSON_STRING ? 0 : bad_json(f, err, what);
}

// The number at hand: digits only, at most 2^64 - 1.
static int to_u64(const lrc_st_file *f, const lrc_json_reader *r, lrc_json_type type, uint64_t *ret, lrc_err *err)
{
    if (type != LRC_JSON_NUMBER)
        return bad_json(f, err, "a size or offset is not a number");
    uint64_t v = 0;
    for (const char *p = lrc_json_text(r, NULL); *p; p++)
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v))
            return bad_json(f, err, "a size or offset is not a whole number from 0 to 2^64-1");
    *ret = v;
    return 0;
}

static int read_shape(lrc_st_file *f, lrc_json_reader *r, lrc_st_tensor *t, lrc_err *err)
{
    lrc_json_type type;
    if (next(f, r, &type, err) < 0)
        return -1;
    if (type != LRC_JSON_ARRAY)
        return bad_json(f, err, "'shape' is not a list");
    const size_t first = f->dims_count;
    for (;;) {
        if (next(f, r, &type, err) < 0)
            return -1;
        if (type == LRC_JSON_ARRAY_END)
            break;
        if (grow((void **)&f->dims, &f->dims_cap, f->dims_count, sizeof *f->dims, err) < 0 ||
            to_u64(f, r, type, &f->dims[f->dims_count], err) < 0)
            return -1;
        f->dims_count++;
    }
    t->rank = f->dims_count - first;
    t->shape = (const uint64_t *)(uintptr_t)first; // an offset until settle_tables()
    return 0;
}

static int read_offsets(const lrc_st_file *f, lrc_json_reader *r, lrc_st_tensor *t, uint64_t *ret_end, lrc_err *err)
{
    static const char why[] = "'data_offsets' is not a list of two numbers";
    lrc_json_type type;
    if (next(f, r, &type, err) < 0)
        return -1;
    if (type != LRC_JSON_ARRAY)
        return bad_json(f, err, why);
    uint64_t *const out[2] = {&t->begin, ret_end};
    for (int i = 0; i < 2; i++) {
        if (next(f, r, &type, err) < 0)
            return -1;
        if (type == LRC_JSON_ARRAY_END)
            return bad_json(f, err, why);
        if (to_u64(f, r, type, out[i], err) < 0)
            return -1;
    }
    if (next(f, r, &type, err) < 0)
        return -1;
    return type == LRC_JSON_ARRAY_END ? 0 : bad_json(f, err, why);
}

enum { FIELD_DTYPE = 1, FIELD_SHAPE = 2, FIELD_OFFSETS = 4, FIELD_ALL = 7 };

static unsigned field_of(const char *key)
{
    return strcmp(key, "dtype") == 0          ? FIELD_DTYPE
           : strcmp(key, "shape") == 0        ? FIELD_SHAPE
           : strcmp(key, "data_offsets") == 0 ? FIELD_OFFSETS
                                              : 0;
}

static int read_field(lrc_st_file *f, lrc_json_reader *r, unsigned field, lrc_st_tensor *t, lrc_err *err)
{
    switch (field) {
    case FIELD_DTYPE:
        if (read_string(f, r, "'dtype' is not a string", err) < 0)
            return -1;
        return lrc_st_dtype_of(lrc_json_text(r, NULL), &t->dtype) ? 0 : bad_json(f, err, "unknown dtype");
    case FIELD_SHAPE: return read_shape(f, r, t, err);
    case FIELD_OFFSETS: return read_offsets(f, r, t, &t->bytes, err); // `bytes` holds the end until check_layout()
    default: {
        lrc_err inner = LRC_ERR_INIT;
        return lrc_json_skip(r, &inner) == 0 ? 0 : bad_json(f, err, inner.msg);
    }
    }
}

// After the key of an entry, whose name is the reader's text.
static int read_tensor(lrc_st_file *f, lrc_json_reader *r, lrc_err *err)
{
    lrc_st_tensor t = {0};
    size_t n;
    const char *name = lrc_json_text(r, &n);
    if (memchr(name, '\0', n))
        return bad_json(f, err, "a tensor name holds NUL");
    if (keep_text(f, name, n, &t.name, err) < 0)
        return -1;
    lrc_json_type type;
    if (next(f, r, &type, err) < 0)
        return -1;
    if (type != LRC_JSON_OBJECT)
        return bad_json(f, err, "an entry is not an object");
    unsigned seen = 0;
    for (;;) {
        if (next(f, r, &type, err) < 0)
            return -1;
        if (type == LRC_JSON_OBJECT_END)
            break;
        const unsigned field = field_of(lrc_json_text(r, NULL));
        if (field & seen)
            return bad_json(f, err, "an entry names a field twice");
        seen |= field;
        if (read_field(f, r, field, &t, err) < 0)
            return -1;
    }
    if (seen != FIELD_ALL)
        return bad_json(f, err, "an entry lacks dtype, shape or data_offsets");
    if (grow((void **)&f->tensor, &f->cap, f->count, sizeof *f->tensor, err) < 0)
        return -1;
    f->tensor[f->count++] = t;
    return 0;
}

static int read_metadata(lrc_st_file *f, lrc_json_reader *r, lrc_err *err)
{
    lrc_json_type type;
    if (next(f, r, &type, err) < 0)
        return -1;
    if (type == LRC_JSON_NULL)
        return 0;
    if (type != LRC_JSON_OBJECT)
        return bad_json(f, err, "__metadata__ is not an object");
    for (;;) {
        if (next(f, r, &type, err) < 0)
            return -1;
        if (type == LRC_JSON_OBJECT_END)
            return 0;
        if (grow((void **)&f->meta, &f->meta_cap, f->meta_count, sizeof *f->meta, err) < 0)
            return -1;
        lrc_st_pair *pair = &f->meta[f->meta_count];
        size_t n;
        const char *text = lrc_json_text(r, &n);
        if (memchr(text, '\0', n))
            return bad_json(f, err, "a metadata key holds NUL");
        if (keep_text(f, text, n, &pair->key, err) < 0 ||
            read_string(f, r, "a value in __metadata__ is not a string", err) < 0)
            return -1;
        text = lrc_json_text(r, &n);
        if (keep_text(f, text, n, &pair->value, err) < 0)
            return -1;
        f->meta_count++;
    }
}

static int read_entries(lrc_st_file *f, lrc_json_reader *r, lrc_err *err)
{
    lrc_json_type type;
    bool metadata_seen = false;
    if (next(f, r, &type, err) < 0)
        return -1;
    if (type != LRC_JSON_OBJECT)
        return bad_json(f, err, "the header is not an object");
    for (;;) {
        if (next(f, r, &type, err) < 0)
            return -1;
        if (type == LRC_JSON_OBJECT_END)
            break;
        const bool metadata = strcmp(lrc_json_text(r, NULL), "__metadata__") == 0;
        if (metadata && metadata_seen)
            return bad_json(f, err, "__metadata__ is there twice");
        metadata_seen |= metadata;
        if ((metadata ? read_metadata(f, r, err) : read_tensor(f, r, err)) < 0)
            return -1;
    }
    return next(f, r, &type, err); // END, or what follows is an error
}

// ---- Offsets become pointers, names an index -------------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    return strcmp((*(lrc_st_tensor *const *)a)->name, (*(lrc_st_tensor *const *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_data(const void *a, const void *b)
{
    const lrc_st_tensor *x = a, *y = b; // `bytes` is still the end
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int twice(const lrc_st_file *f, const char *what, const char *name, lrc_err *err)
{
    return lrc_fail(err, LRC_ERR_INVALID, "'%s' names the %s '%.200s' twice (DuplicateKey)", f->path, what, name);
}

static int check_metadata_keys(const lrc_st_file *f, lrc_err *err)
{
    if (f->meta_count < 2)
        return 0;
    lrc_auto_free const char **key = calloc(f->meta_count, sizeof *key);
    if (!key)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < f->meta_count; i++)
        key[i] = f->meta[i].key;
    qsort(key, f->meta_count, sizeof *key, by_key);
    for (size_t i = 1; i < f->meta_count; i++)
        if (strcmp(key[i - 1], key[i]) == 0)
            return twice(f, "metadata key", key[i], err);
    return 0;
}

static int settle_tables(lrc_st_file *f, lrc_err *err)
{
    for (size_t i = 0; i < f->meta_count; i++) {
        settle(f, &f->meta[i].key);
        settle(f, &f->meta[i].value);
    }
    if (check_metadata_keys(f, err) < 0)
        return -1;
    f->by_name = calloc(f->count + 1, sizeof *f->by_name);
    if (!f->by_name)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < f->count; i++) {
        settle(f, &f->tensor[i].name);
        f->tensor[i].shape = f->dims ? f->dims + (uintptr_t)f->tensor[i].shape : NULL;
    }
    if (f->count)
        qsort(f->tensor, f->count, sizeof *f->tensor, by_data);
    for (size_t i = 0; i < f->count; i++)
        f->by_name[i] = &f->tensor[i];
    qsort(f->by_name, f->count, sizeof(lrc_st_tensor *), by_name);
    for (size_t i = 1; i < f->count; i++)
        if (strcmp(f->by_name[i - 1]->name, f->by_name[i]->name) == 0)
            return twice(f, "tensor", f->by_name[i]->name, err);
    return 0;
}

// ---- Rules 6 to 10 ---------------------------------------------------------------------------------------------------

const char *lrc_st_size_of(lrc_st_dtype dtype, size_t rank, const uint64_t *shape, uint64_t *ret_count,
                           uint64_t *ret_bytes)
{
    uint64_t count = 1, bits;
    for (size_t i = 0; i < rank; i++)
        if (__builtin_mul_overflow(count, shape[i], &count))
            return "ValidationOverflow";
    if (__builtin_mul_overflow(count, lrc_st_dtype_bits(dtype), &bits))
        return "ValidationOverflow";
    if (bits % 8 != 0)
        return "MisalignedSlice";
    *ret_count = count;
    *ret_bytes = bits / 8;
    return NULL;
}

static int bad_tensor(const lrc_st_file *f, const lrc_st_tensor *t, const char *rule, lrc_err *err)
{
    return lrc_fail(err, LRC_ERR_INVALID, "'%s': tensor '%.200s' does not fit its place in the file (%s)", f->path,
                    t->name, rule);
}

static int check_layout(lrc_st_file *f, lrc_err *err)
{
    uint64_t at = 0;
    for (size_t i = 0; i < f->count; i++) {
        lrc_st_tensor *t = &f->tensor[i];
        const uint64_t end = t->bytes;
        if (t->begin != at || end < t->begin)
            return bad_tensor(f, t, "InvalidOffset", err);
        const char *rule = lrc_st_size_of(t->dtype, t->rank, t->shape, &t->count, &t->bytes);
        if (rule)
            return bad_tensor(f, t, rule, err);
        if (end - t->begin != t->bytes)
            return bad_tensor(f, t, "TensorInvalidInfo", err);
        at = end;
    }
    if (at != f->data_bytes)
        return lrc_fail(err, LRC_ERR_INVALID,
                        "'%s' should hold %" PRIu64 " bytes of tensors and holds %" PRIu64
                        ": it was cut off or something was added (MetadataIncompleteBuffer)",
                        f->path, at, f->data_bytes);
    return 0;
}

// ---- Opening ---------------------------------------------------------------------------------------------------------

static int pread_all(const lrc_st_file *f, uint64_t offset, void *out, size_t n, lrc_err *err)
{
    char *p = out;
    while (n > 0) {
        const ssize_t got = pread(f->fd, p, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lrc_fail_errno(err, "cannot read '%s'", f->path);
        if (got == 0)
            return lrc_fail(err, LRC_ERR_IO, "'%s' became shorter while it was read", f->path);
        p += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

// Rules 1 to 4; the header's text in *ret.
static int read_header(lrc_st_file *f, char **ret, size_t *ret_len, lrc_err *err)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", f->path);
    if (!S_ISREG(st.st_mode))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is not a regular file", f->path);
    const uint64_t size = (uint64_t)st.st_size;
    uint64_t n;
    if (size < sizeof n)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is too short for a safetensors file (HeaderTooSmall)", f->path);
    if (pread_all(f, 0, &n, sizeof n, err) < 0)
        return -1;
    if (n > LRC_ST_HEADER_MAX)
        return lrc_fail(err, LRC_ERR_INVALID,
                        "'%s' is not a safetensors file: its header would be over 100 MB (HeaderTooLarge)", f->path);
    if (sizeof n + n > size)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' ends inside its safetensors header (InvalidHeaderLength)", f->path);
    f->data_offset = sizeof n + n;
    f->data_bytes = size - f->data_offset;
    lrc_auto_free char *text = malloc(n + 1);
    if (!text)
        return lrc_fail_memory(err);
    if (pread_all(f, sizeof n, text, n, err) < 0)
        return -1;
    text[n] = '\0';
    if (!lrc_utf8_valid(text, n))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' has a safetensors header that is not UTF-8 (InvalidHeader)",
                        f->path);
    *ret = lrc_take(text);
    *ret_len = n;
    return 0;
}

int lrc_st_open_fd(int fd, const char *path, lrc_st_file **ret, lrc_err *err)
{
    lrc_auto_close int owned = fd;
    lrc_auto_st_file lrc_st_file *f = calloc(1, sizeof *f);
    if (!f)
        return lrc_fail_memory(err);
    f->fd = lrc_take_fd(owned);
    lrc_buf_init(&f->text, TEXT_MAX);
    lrc_auto_free char *text = NULL;
    size_t n;
    lrc_auto_json_reader lrc_json_reader *r = NULL;
    if (lrc_str_copy(&f->path, path, err) < 0 || read_header(f, &text, &n, err) < 0 ||
        lrc_json_reader_new(text, n, &r, err) < 0 || read_entries(f, r, err) < 0 || settle_tables(f, err) < 0 ||
        check_layout(f, err) < 0)
        return -1;
    *ret = lrc_take(f);
    return 0;
}

int lrc_st_open(const char *path, lrc_st_file **ret, lrc_err *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    return lrc_st_open_fd(fd, path, ret, err);
}

// ---- Queries ---------------------------------------------------------------------------------------------------------

size_t lrc_st_count(const lrc_st_file *f)
{
    return f->count;
}

const lrc_st_tensor *lrc_st_at(const lrc_st_file *f, size_t i)
{
    return &f->tensor[i];
}

const lrc_st_tensor *lrc_st_find(const lrc_st_file *f, const char *name)
{
    const lrc_st_tensor key = {.name = name}, *p = &key;
    lrc_st_tensor **hit = bsearch(&p, f->by_name, f->count, sizeof(lrc_st_tensor *), by_name);
    return hit ? *hit : NULL;
}

uint64_t lrc_st_data_offset(const lrc_st_file *f)
{
    return f->data_offset;
}

uint64_t lrc_st_data_bytes(const lrc_st_file *f)
{
    return f->data_bytes;
}

size_t lrc_st_meta_count(const lrc_st_file *f)
{
    return f->meta_count;
}

lrc_st_pair lrc_st_meta_at(const lrc_st_file *f, size_t i)
{
    return f->meta[i];
}

const char *lrc_st_meta_get(const lrc_st_file *f, const char *key)
{
    for (size_t i = 0; i < f->meta_count; i++)
        if (strcmp(f->meta[i].key, key) == 0)
            return f->meta[i].value;
    return NULL;
}

int lrc_st_read(const lrc_st_file *f, uint64_t offset, void *out, size_t n, lrc_err *err)
{
    if (offset > f->data_bytes || n > f->data_bytes - offset)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' has no bytes there", f->path);
    return pread_all(f, f->data_offset + offset, out, n, err);
}

int lrc_st_read_f32(const lrc_st_file *f, const lrc_st_tensor *t, float *out, lrc_err *err)
{
    if (!lrc_st_has_float(t->dtype))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s': tensor '%.200s' is %s, which is not read here", f->path, t->name,
                        lrc_st_dtype_name(t->dtype));
    if (t->dtype == LRC_ST_F32)
        return lrc_st_read(f, t->begin, out, t->bytes, err);
    unsigned char chunk[READ_CHUNK];
    const size_t size = lrc_st_dtype_bits(t->dtype) / 8, per_chunk = READ_CHUNK / size;
    for (uint64_t i = 0; i < t->count; i += per_chunk) {
        const size_t n = t->count - i < per_chunk ? (size_t)(t->count - i) : per_chunk;
        if (lrc_st_read(f, t->begin + i * size, chunk, n * size, err) < 0)
            return -1;
        lrc_st_to_f32(t->dtype, chunk, n, out + i);
    }
    return 0;
}
