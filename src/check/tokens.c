// SPDX-License-Identifier: MIT
#include "check/tokens.h"

#include <dirent.h>
#include <string.h>
#include <utf8proc.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/str.h"
#include "base/utf8.h"

#define MERGES_MAX  (8 << 20) // bytes; CLIP's has half a megabyte
#define LINES_MIN   100       // a shorter list is something else
#define WORD_MAX    4096      // bytes of one part; longer ones are counted in pieces
#define ESTIMATE    6         // letters of a token, for text without a tokenizer
#define END_OF_WORD "</w>"
#define TEXT_MAX    (8 << 20)
#define HUB_MODEL   "models--openai--clip-vit-large-patch14"

struct lrc_tokenizer {
    lrc_map rank; // "first second" as in the file -> 1 + its line
};

void lrc_tokenizer_free(lrc_tokenizer *t)
{
    if (!t)
        return;
    lrc_map_done(&t->rank);
    free(t);
}

int lrc_tokenizer_load(const char *merges_txt, lrc_tokenizer **ret, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    lrc_auto_tokenizer lrc_tokenizer *t = calloc(1, sizeof *t);
    if (!t)
        return lrc_fail_memory(err);
    if (lrc_fs_read(merges_txt, MERGES_MAX, &text, NULL, err) < 0)
        return -1;
    for (char *line = text, *next; *line; line = next) {
        const size_t n = strcspn(line, "\n");
        next = line + n + (line[n] == '\n');
        line[n] = '\0';
        line[strcspn(line, "\r")] = '\0';
        const char *blank = strchr(line, ' ');
        if (line[0] == '\0' || lrc_str_starts(line, "#version"))
            continue;
        if (!blank || blank == line || strchr(blank + 1, ' '))
            return lrc_fail(err, LRC_ERR_INVALID, "'%s' is no list of merges: '%.40s'", merges_txt, line);
        uint64_t *rank = lrc_map_put(&t->rank, line, err);
        if (!rank)
            return -1;
        if (*rank == 0)
            *rank = t->rank.count;
    }
    if (t->rank.count < LINES_MIN)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is no tokenizer's list of merges", merges_txt);
    *ret = lrc_take(t);
    return 0;
}

// ---- Finding one -----------------------------------------------------------------------------------------------------

static int try_file(const char *folder, const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, folder, name, err) < 0)
        return -1;
    if (lrc_fs_is_file(path))
        *ret = lrc_take(path);
    return 0;
}

// hub/models--…/snapshots/<revision>/merges.txt of any revision.
static int try_hub(const char *hub, char **ret, lrc_err *err)
{
    lrc_auto_free char *snapshots = NULL;
    if (lrc_str_format(&snapshots, err, "%s/" HUB_MODEL "/snapshots", hub) < 0)
        return -1;
    lrc_auto_dir DIR *dir = opendir(snapshots);
    for (const struct dirent *e; dir && !*ret && (e = readdir(dir)) != NULL;) {
        lrc_auto_free char *name = NULL;
        if (e->d_name[0] == '.')
            continue;
        if (lrc_str_format(&name, err, "%s/merges.txt", e->d_name) < 0 || try_file(snapshots, name, ret, err) < 0)
            return -1;
    }
    return 0;
}

static int try_hubs(char **ret, lrc_err *err)
{
    const char *home = getenv("HOME"), *hub = getenv("HF_HUB_CACHE"), *hf = getenv("HF_HOME");
    lrc_auto_free char *path = NULL;
    if (hub && hub[0])
        return try_hub(hub, ret, err);
    if (hf && hf[0])
        return lrc_str_format(&path, err, "%s/hub", hf) < 0 ? -1 : try_hub(path, ret, err);
    if (!home || !home[0])
        return 0;
    return lrc_str_format(&path, err, "%s/.cache/huggingface/hub", home) < 0 ? -1 : try_hub(path, ret, err);
}

int lrc_tokenizer_find(const char *setting, const char *base_model, char **ret, lrc_err *err)
{
    lrc_auto_free char *found = NULL;
    if ((setting[0] && try_file(setting, "merges.txt", &found, err) < 0) ||
        (!found && base_model && try_file(base_model, "tokenizer/merges.txt", &found, err) < 0) ||
        (!found && try_hubs(&found, err) < 0))
        return -1;
    *ret = lrc_take(found);
    return 0;
}

// ---- Parts of a text -------------------------------------------------------------------------------------------------

typedef enum { BLANK, LETTER, DIGIT, SIGN } kind;

static kind kind_of(uint32_t cp)
{
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return DIGIT;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC: return BLANK;
    default: return SIGN;
    }
}

static size_t clitic(const char *s, size_t n)
{
    static const char *const list[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (n >= strlen(list[i]) && memcmp(s, list[i], strlen(list[i])) == 0)
            return strlen(list[i]);
    return 0;
}

static kind next_kind(const char *s, size_t n, size_t *ret_width)
{
    uint32_t cp = 0;
    *ret_width = lrc_utf8_decode(s, n, &cp);
    if (*ret_width)
        return kind_of(cp);
    *ret_width = 1;
    return SIGN;
}

// Length of the part at `s`, which is not blank.
static size_t part_of(const char *s, size_t n)
{
    size_t width, length = clitic(s, n);
    if (length)
        return length;
    const kind first = next_kind(s, n, &length);
    while (first != DIGIT && length < n && length < WORD_MAX && next_kind(s + length, n - length, &width) == first &&
           (first != SIGN || !clitic(s + length, n - length)))
        length += width;
    return length;
}

static int lower_case(const char *text, size_t n, lrc_buf *out)
{
    for (size_t i = 0, width; i < n; i += width) {
        uint32_t cp;
        char bytes[LRC_UTF8_MAX];
        width = lrc_utf8_decode(text + i, n - i, &cp);
        if (width)
            lrc_buf_add(out, bytes, lrc_utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)cp), bytes));
        else
            width = 1;
    }
    return out->failed ? -1 : 0;
}

// ---- Byte pair encoding ----------------------------------------------------------------------------------------------

// GPT-2's and CLIP's alphabet: a byte that prints stands for itself, every other one for the next sign from U+0100 on.
static void put_byte(lrc_buf *out, uint8_t byte)
{
    char sign[LRC_UTF8_MAX];
    uint32_t cp = byte;
    const bool prints = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    if (!prints)
        cp = 0x100 + (byte <= 0x20 ? byte : byte <= 0xa0 ? byte - 0x7f + 0x21u : 0x43u);
    lrc_buf_add(out, sign, lrc_utf8_encode(cp, sign));
}

// The word's pieces, each ended by a NUL.
static size_t split_word(const char *word, size_t n, lrc_buf *pieces)
{
    for (size_t i = 0; i < n; i++) {
        put_byte(pieces, (uint8_t)word[i]);
        if (i + 1 == n)
            lrc_buf_adds(pieces, END_OF_WORD);
        lrc_buf_addc(pieces, '\0');
    }
    return n;
}

static uint64_t rank_of(const lrc_tokenizer *t, const char *first, const char *second)
{
    char pair[256];
    const int n = snprintf(pair, sizeof pair, "%s %s", first, second);
    const uint64_t *rank = n > 0 && (size_t)n < sizeof pair ? lrc_map_get(&t->rank, pair) : NULL;
    return rank ? *rank : UINT64_MAX;
}

// Join the pair of the lowest rank until no pair has one; the number of pieces left.
static int encode_word(const lrc_tokenizer *t, const char *word, size_t n, size_t *ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf pieces;
    lrc_buf_init(&pieces, 8 * WORD_MAX);
    size_t count = split_word(word, n, &pieces);
    if (lrc_buf_check(&pieces, "a word", err) < 0)
        return -1;
    while (count > 1) {
        uint64_t best = UINT64_MAX;
        char *where = NULL, *p = pieces.data;
        for (size_t i = 0; i + 1 < count; i++) {
            char *second = p + strlen(p) + 1;
            const uint64_t rank = rank_of(t, p, second);
            if (rank < best) {
                best = rank;
                where = second;
            }
            p = second;
        }
        if (!where)
            break;
        memmove(where - 1, where, (size_t)(pieces.data + pieces.len - where)); // over the NUL between them
        lrc_buf_truncate(&pieces, pieces.len - 1);
        count--;
    }
    *ret += count;
    return 0;
}

int lrc_tokens_count(const lrc_tokenizer *t, const char *text, size_t n, size_t *ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf lower;
    size_t count = 0, length;
    lrc_buf_init(&lower, TEXT_MAX);
    if (lower_case(text, n, &lower) < 0)
        return lrc_buf_check(&lower, "a caption", err);
    for (size_t i = 0; i < lower.len; i += length) {
        if (next_kind(lower.data + i, lower.len - i, &length) == BLANK)
            continue;
        length = part_of(lower.data + i, lower.len - i);
        if (t && encode_word(t, lower.data + i, length, &count, err) < 0)
            return -1;
        if (!t)
            count += (lrc_utf8_count(lower.data + i, length) + ESTIMATE - 1) / ESTIMATE;
    }
    *ret = count;
    return 0;
}
