// SPDX-License-Identifier: MIT
#include "train/snapshot.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/fs.h"
#include "train/fields.h"

#define HEX_BYTES (2 * EVP_MAX_MD_SIZE + 1)

struct folder {
    lrc_json_out *out;
    EVP_MD_CTX *hash;
    int64_t files, bytes;
};

static lrc_walk_next add_file(void *arg, const lrc_fs_entry *entry, lrc_err *err)
{
    struct folder *f = arg;
    if (!S_ISREG(entry->st->st_mode))
        return LRC_WALK_ON;
    lrc_auto_free char *line = NULL;
    if (lrc_str_format(&line, err, "%s\t%lld\t%lld%09ld", entry->relative, (long long)entry->st->st_size,
                       (long long)entry->st->st_mtim.tv_sec, entry->st->st_mtim.tv_nsec) < 0)
        return LRC_WALK_FAIL;
    if (!EVP_DigestUpdate(f->hash, line, strlen(line)) || !EVP_DigestUpdate(f->hash, "\n", 1)) {
        lrc_fail_(err, LRC_ERR_INTERNAL, "SHA-256 failed");
        return LRC_WALK_FAIL;
    }
    lrc_json_put_str(f->out, line);
    f->files++;
    f->bytes += entry->st->st_size;
    return LRC_WALK_ON;
}

static void to_hex(const unsigned char *bytes, unsigned n, char out[static HEX_BYTES])
{
    for (unsigned i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static int put_folder(const char *path, EVP_MD_CTX *hash, lrc_json_out *out, lrc_err *err)
{
    static const lrc_fs_walk_options options = {.recursive = true};
    struct folder f = {.out = out, .hash = hash};
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "folder", path);
    lrc_json_key(out, "lines");
    lrc_json_array_begin(out);
    if (!EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        return lrc_fail(err, LRC_ERR_INTERNAL, "SHA-256 failed");
    if (lrc_fs_walk(path, &options, add_file, &f, err) < 0)
        return -1;
    lrc_json_array_end(out);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char hex[HEX_BYTES] = "";
    if (!EVP_DigestFinal_ex(hash, digest, &n))
        return lrc_fail(err, LRC_ERR_INTERNAL, "SHA-256 failed");
    to_hex(digest, n, hex);
    lrc_json_kint(out, "files", f.files);
    lrc_json_kint(out, "bytes", f.bytes);
    lrc_json_kstr(out, "sha256", hex);
    lrc_json_object_end(out);
    return 0;
}

int lrc_train_fingerprint(const lrc_strv *folders, lrc_buf *out, lrc_err *err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!hash)
        return lrc_fail_memory(err);
    lrc_json_out json;
    lrc_json_out_init(&json, out, 0);
    lrc_json_array_begin(&json);
    int result = 0;
    for (size_t i = 0; i < folders->count && result == 0; i++)
        result = put_folder(folders->item[i], hash, &json, err);
    lrc_json_array_end(&json);
    EVP_MD_CTX_free(hash);
    return result < 0 ? -1 : lrc_buf_check(out, "the fingerprint of the images", err);
}

static bool is_secret(const char *key)
{
    const lrc_field_id id = lrc_train_field_find(key);
    return id != LRC_FIELD_NONE && lrc_train_field_get(id)->place[0].in == LRC_IN_ENV;
}

int lrc_train_without_secrets(const lrc_json *request, lrc_buf *out, char **ret_key, lrc_err *err)
{
    lrc_json_out json;
    lrc_auto_free char *secret = NULL;
    lrc_json_out_init(&json, out, 2);
    lrc_json_object_begin(&json);
    for (const lrc_json *m = request->first; m; m = m->next) {
        if (is_secret(m->key)) {
            free(lrc_take(secret)); // as in the request itself, the last of several counts
            if (m->type == LRC_JSON_STRING && m->len > 0 && lrc_str_copy(&secret, m->text, err) < 0)
                return -1;
            continue;
        }
        lrc_json_key(&json, m->key);
        lrc_json_put_value(&json, m);
    }
    lrc_json_object_end(&json);
    if (lrc_buf_check(out, "the request", err) < 0)
        return -1;
    *ret_key = lrc_take(secret);
    return 0;
}
