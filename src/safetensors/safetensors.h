// SPDX-License-Identifier: MIT
// safetensors.h - the container that weights travel in: 8 bytes of length, a JSON header, the tensors.
//
// Reading is by pread (a file cut short by somebody else is an error, never a SIGBUS; memory use is what was read).
// Opening checks the whole header in the order of the reference implementation (huggingface/safetensors 0.8), so that
// the same rule speaks first on a bad file; its word stands in parentheses at the end of the message. Stricter than the
// reference: a tensor name or metadata key given twice, a name holding NUL, and an entry written as an array are
// refused. Nothing is allocated from a number in the header: the table grows with the header's text, which lies in the
// file and is at most 100 MB; data is read into the caller's memory.
// Writing gives the reference's bytes: tensors by dtype rank falling, then by name; metadata in the caller's order.
// Data is little-endian. An open file may be read by several threads at once. May use: base, json.
#ifndef LRC_SAFETENSORS_SAFETENSORS_H
#define LRC_SAFETENSORS_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

#define LRC_ST_HEADER_MAX 100000000 // bytes of JSON

// From the lowest to the highest rank in the writing order.
typedef enum {
    LRC_ST_BOOL,
    LRC_ST_F4,
    LRC_ST_F6_E2M3,
    LRC_ST_F6_E3M2,
    LRC_ST_U8,
    LRC_ST_I8,
    LRC_ST_F8_E5M2,
    LRC_ST_F8_E4M3,
    LRC_ST_F8_E8M0,
    LRC_ST_F8_E4M3FNUZ,
    LRC_ST_F8_E5M2FNUZ,
    LRC_ST_I16,
    LRC_ST_U16,
    LRC_ST_F16,
    LRC_ST_BF16,
    LRC_ST_I32,
    LRC_ST_U32,
    LRC_ST_F32,
    LRC_ST_C64,
    LRC_ST_F64,
    LRC_ST_I64,
    LRC_ST_U64,
    LRC_ST_DTYPE_MAX_
} lrc_st_dtype;

const char *lrc_st_dtype_name(lrc_st_dtype dtype); // "F16"
unsigned lrc_st_dtype_bits(lrc_st_dtype dtype);

// ---- Reading ---------------------------------------------------------------------------------------------------------

typedef struct lrc_st_file lrc_st_file;

typedef struct lrc_st_tensor {
    const char *name; // UTF-8
    lrc_st_dtype dtype;
    size_t rank; // 0 is a scalar
    const uint64_t *shape;
    uint64_t count; // product of the shape
    uint64_t begin; // of its bytes, from the start of the data
    uint64_t bytes;
} lrc_st_tensor; // borrowed from the file

typedef struct lrc_st_pair {
    const char *key;
    const char *value;
} lrc_st_pair;

// LRC_ERR_INVALID with path and rule for a malformed file; NOT_FOUND, DENIED, IO, NO_MEMORY as usual.
int lrc_st_open(const char *path, lrc_st_file **ret, lrc_err *err);
// The same on a descriptor, which is taken over (also on failure); `path` names it in messages.
int lrc_st_open_fd(int fd, const char *path, lrc_st_file **ret, lrc_err *err);
void lrc_st_file_free(lrc_st_file *f);
LRC_DEFINE_FREEP(lrc_st_file)
#define lrc_auto_st_file lrc_cleanup(lrc_st_file_freep)

size_t lrc_st_count(const lrc_st_file *f);
const lrc_st_tensor *lrc_st_at(const lrc_st_file *f, size_t i); // in the order of the data
const lrc_st_tensor *lrc_st_find(const lrc_st_file *f, const char *name);
uint64_t lrc_st_data_offset(const lrc_st_file *f); // where the data begins in the file
uint64_t lrc_st_data_bytes(const lrc_st_file *f);

size_t lrc_st_meta_count(const lrc_st_file *f);
lrc_st_pair lrc_st_meta_at(const lrc_st_file *f, size_t i);         // in the order of the file
const char *lrc_st_meta_get(const lrc_st_file *f, const char *key); // NULL when absent
// (a value that holds NUL ends there for callers of these)

// `n` raw bytes of the data from `offset`. LRC_ERR_IO when the file has been shortened since.
int lrc_st_read(const lrc_st_file *f, uint64_t offset, void *out, size_t n, lrc_err *err);
// All of a tensor as float (`out` has t->count elements). Exact for what float holds, else rounded to nearest; a bool
// is 0 or 1. LRC_ERR_INVALID for dtypes below one byte and for C64.
int lrc_st_read_f32(const lrc_st_file *f, const lrc_st_tensor *t, float *out, lrc_err *err);

// ---- Writing ---------------------------------------------------------------------------------------------------------

typedef struct lrc_st_entry {
    const char *name;
    lrc_st_dtype dtype;
    size_t rank;
    const uint64_t *shape;
    const void *data; // already in `dtype`; may be NULL when only the layout is wanted
} lrc_st_entry;

// The header with its 8 bytes of length, padded with spaces to a multiple of 8, appended to `header`; *ret_order
// (caller frees) gives the entries in the order of the data, which follows without gaps. LRC_ERR_INVALID for a size
// that overflows or a name that is used twice; LRC_ERR_LIMIT over LRC_ST_HEADER_MAX.
int lrc_st_layout(const lrc_st_entry *entry, size_t count, const lrc_st_pair *meta, size_t meta_count, lrc_buf *header,
                  size_t **ret_order, lrc_err *err);

// Atomic (base/fs.h): the old file or the whole new one.
int lrc_st_save(const char *path, const lrc_st_entry *entry, size_t count, const lrc_st_pair *meta, size_t meta_count,
                lrc_err *err);

// ---- Hashes of the A1111 web UI and kohya ---------------------------------------------------------------------------

#define LRC_ST_HASH_SIZE 65 // 64 hex digits and a NUL

// What saving these entries would hash to: sha256 of the data (sshs_model_hash), and the first 8 hex digits of the
// sha256 of bytes 0x100000…0x10ffff of the file when it is saved with only the given metadata (sshs_legacy_hash, where
// kohya's scripts pass the ss_* keys alone). A file shorter than that hashes what there is, at last nothing.
int lrc_st_hashes(const lrc_st_entry *entry, size_t count, const lrc_st_pair *meta, size_t meta_count,
                  char ret_model[static LRC_ST_HASH_SIZE], char ret_legacy[static LRC_ST_HASH_SIZE], lrc_err *err);

// Of any file: sha256 of all of it, and of the same window, which the A1111 web UI once called a model's hash.
int lrc_st_file_hashes(const char *path, char ret_whole[static LRC_ST_HASH_SIZE],
                       char ret_legacy[static LRC_ST_HASH_SIZE], lrc_err *err);

// ---- Number formats --------------------------------------------------------------------------------------------------

uint16_t lrc_st_f16_of(float v);  // round to nearest even; overflow to infinity, NaN stays NaN
uint16_t lrc_st_bf16_of(float v); // likewise
float lrc_st_f16_to(uint16_t h);
float lrc_st_bf16_to(uint16_t h);

// `count` floats into F32, F16 or BF16 at `out`; the memory may be the same. Any other dtype is LRC_ERR_INVALID.
int lrc_st_convert_f32(const float *in, size_t count, lrc_st_dtype dtype, void *out, lrc_err *err);

#endif
