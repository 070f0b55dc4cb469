// SPDX-License-Identifier: MIT
#include "doctor/scrub.h"

#include <string.h>

#include "base/ascii.h"

#define SECRET_MIN     6 // shorter values would remove words of the text
#define HF_PREFIX      "hf_"
#define HF_MIN         20
#define BEARER         "bearer "
#define NAME_MAX_BYTES 64
#define VALUE_MAX      4096

static const char *const environment[] = {"HF_TOKEN",      "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN",
                                          "WANDB_API_KEY", "CIVITAI_API_KEY",        "AWS_SECRET_ACCESS_KEY",
                                          "LORICA_TOKEN"};
static const char *const name_parts[] = {"token",   "password", "passwd",    "secret",
                                         "api_key", "apikey",   "wandb_key", "access_key"};

static int by_length(const void *a, const void *b)
{
    const size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);
    return x > y ? -1 : x < y;
}

static int add_secret(lrc_scrub *s, const char *value, lrc_err *err)
{
    return value && strlen(value) >= SECRET_MIN ? lrc_strv_push(&s->secrets, value, err) : 0;
}

int lrc_scrub_init(lrc_scrub *s, const lrc_settings *settings, lrc_err *err)
{
    size_t count;
    const lrc_setting *table = lrc_settings_table(&count);
    *s = (lrc_scrub){0};
    for (size_t i = 0; i < count; i++)
        if (table[i].kind == LRC_SETTING_SECRET && add_secret(s, lrc_settings_text(settings, table[i].key), err) < 0)
            return -1;
    for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++)
        if (add_secret(s, getenv(environment[i]), err) < 0)
            return -1;
    if (s->secrets.count > 1)
        qsort(s->secrets.item, s->secrets.count, sizeof *s->secrets.item, by_length);
    return 0;
}

void lrc_scrub_done(lrc_scrub *s)
{
    lrc_strv_done(&s->secrets);
}

// ---- What stands at one place ----------------------------------------------------------------------------------------

static bool name_char(char c)
{
    return lrc_ascii_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool begins(const char *at, const char *end, const char *lower)
{
    size_t i = 0;
    while (lower[i] && at + i < end && lrc_ascii_lower(at[i]) == lower[i])
        i++;
    return !lower[i];
}

// Length of a value that begins here: up to its quote, or to what cannot be in one.
static size_t value_length(const char *at, const char *end, char quote)
{
    size_t n = 0;
    while (at + n < end && n < VALUE_MAX &&
           (quote ? at[n] != quote && at[n] != '\n'
                  : !lrc_ascii_space(at[n]) && at[n] != '&' && at[n] != ',' && at[n] != '"' && at[n] != '\'' &&
                        at[n] != '}' && at[n] != ')'))
        n++;
    return n;
}

static size_t known_secret(const lrc_scrub *s, const char *at, const char *end)
{
    for (size_t i = 0; i < s->secrets.count; i++) {
        const size_t n = strlen(s->secrets.item[i]);
        if ((size_t)(end - at) >= n && memcmp(at, s->secrets.item[i], n) == 0)
            return n;
    }
    return 0;
}

static size_t hugging_face_token(const char *at, const char *end)
{
    size_t n = strlen(HF_PREFIX);
    if (!begins(at, end, HF_PREFIX))
        return 0;
    while (at + n < end && lrc_ascii_alnum(at[n]))
        n++;
    return n >= HF_MIN ? n : 0;
}

// "user:password@" of a URL whose "://" ends here.
static size_t user_part(const char *begin, const char *at, const char *end)
{
    size_t n = 0;
    if (at - begin < 3 || memcmp(at - 3, "://", 3) != 0)
        return 0;
    while (at + n < end && !lrc_ascii_space(at[n]) && at[n] != '/' && at[n] != '@' && at[n] != '"')
        n++;
    return at + n < end && at[n] == '@' ? n : 0;
}

static bool is_secret_name(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof name_parts / sizeof name_parts[0]; i++)
        for (size_t at = 0; at + strlen(name_parts[i]) <= n; at++)
            if (begins(name + at, name + n, name_parts[i]))
                return true;
    return false;
}

// A name that tells of a secret begins here, with a value: *ret_keep bytes up to the value, then the value's length.
static size_t named_secret(const char *begin, const char *at, const char *end, size_t *ret_keep)
{
    size_t n = 0;
    if (at > begin && name_char(at[-1]))
        return 0;
    while (at + n < end && n < NAME_MAX_BYTES && name_char(at[n]))
        n++;
    if (n == 0 || !is_secret_name(at, n))
        return 0;
    const char *p = at + n;
    if (p < end && (*p == '"' || *p == '\''))
        p++;
    while (p < end && *p == ' ')
        p++;
    if (p == end || (*p != '=' && *p != ':'))
        return 0;
    p++;
    while (p < end && *p == ' ')
        p++;
    char quote = 0;
    if (p < end && (*p == '"' || *p == '\''))
        quote = *p++;
    *ret_keep = (size_t)(p - at);
    const size_t length = value_length(p, end, quote);
    // "tokens: 75" and "max_token_length = 225" tell nothing.
    return (!quote && strspn(p, "0123456789.") >= length) || length == 0 || begins(p, end, "null") ||
                   begins(p, end, "none") || begins(p, end, "true") || begins(p, end, "false")
               ? 0
               : length;
}

void lrc_scrub_text(lrc_scrub *s, const char *text, size_t n, lrc_buf *out)
{
    const char *at = text, *end = text + n;
    while (at < end) {
        size_t keep = 0, secret = known_secret(s, at, end);
        if (!secret)
            secret = hugging_face_token(at, end);
        if (!secret)
            secret = user_part(text, at, end);
        if (!secret)
            secret = named_secret(text, at, end, &keep);
        if (!secret && begins(at, end, BEARER)) {
            keep = strlen(BEARER);
            secret = value_length(at + keep, end, 0);
        }
        if (!secret) {
            lrc_buf_addc(out, *at++);
            continue;
        }
        lrc_buf_add(out, at, keep);
        lrc_buf_adds(out, LRC_SCRUBBED);
        s->removed++;
        at += keep + secret;
    }
}
