// SPDX-License-Identifier: MIT
#include "engine/arch.h"

#include <string.h>

#include "base/str.h"
#include "json/json.h"

#define SIZE_LIMIT 1000000 // no number of an architecture is larger

const eng_arch eng_arch_tiny = {
    .latent = {.channels = 12, .down = 2, .haar = true},
    .unet = {.in = 12,
             .out = 12,
             .ch = 32,
             .levels = 3,
             .mult = {1, 2, 4},
             .res = 1,
             .depth = {0, 1, 1},
             .mid_depth = 1,
             .ctx = 64,
             .heads = 4,
             .ff_mult = 2,
             .groups = 16,
             .linear_proj = true,
             .res_eps = 1e-5F,
             .tr_eps = 1e-5F},
    .text = {.vocab = 64, .tokens = 16, .d = 64, .ff = 256, .layers = 2, .heads = 4, .act = ENG_ACT_QUICK_GELU},
    .objective =
        {.beta_start = 0.00085, .beta_end = 0.012, .steps = 1000, .predict = ENG_PREDICT_V, .zero_terminal_snr = true},
};

// ---- Reading ---------------------------------------------------------------------------------------------------------

// Reads members of one object; the first failure stays.
struct reader {
    const lrc_json *obj;
    lrc_err *err;
    int failed;
};

static size_t number(struct reader *r, const char *key, size_t low)
{
    int64_t v = 0;
    if (r->failed || lrc_json_int(r->obj, key, true, &v, r->err) < 0) {
        r->failed = -1;
        return low;
    }
    if (v < (int64_t)low || v > SIZE_LIMIT)
        r->failed =
            lrc_fail_field(r->err, LRC_ERR_INVALID, key, "lorica_arch: %s is %lld, which cannot be", key, (long long)v);
    return (size_t)v;
}

static double fraction(struct reader *r, const char *key)
{
    double v = 0;
    if (!r->failed && lrc_json_double(r->obj, key, true, &v, r->err) < 0)
        r->failed = -1;
    return v;
}

static bool truth(struct reader *r, const char *key)
{
    bool v = false;
    if (!r->failed && lrc_json_bool(r->obj, key, true, &v, r->err) < 0)
        r->failed = -1;
    return v;
}

// true when the word is the second of the two.
static bool second(struct reader *r, const char *key, const char *a, const char *b)
{
    const char *word = "";
    if (r->failed || lrc_json_str(r->obj, key, true, &word, r->err) < 0) {
        r->failed = -1;
        return false;
    }
    if (strcmp(word, a) != 0 && strcmp(word, b) != 0)
        r->failed = lrc_fail_field(r->err, LRC_ERR_INVALID, key, "lorica_arch: %s must be %s or %s", key, a, b);
    return strcmp(word, b) == 0;
}

static size_t list(struct reader *r, const char *key, size_t *out)
{
    const lrc_json *array = NULL;
    if (r->failed || lrc_json_array(r->obj, key, true, &array, r->err) < 0) {
        r->failed = -1;
        return 0;
    }
    if (array->len < 1 || array->len > ENG_LEVELS_MAX) {
        r->failed = lrc_fail_field(r->err, LRC_ERR_INVALID, key, "lorica_arch: %s has %zu levels, 1 to %d are possible",
                                   key, array->len, ENG_LEVELS_MAX);
        return 0;
    }
    size_t n = 0;
    for (const lrc_json *v = array->first; v; v = v->next) {
        int64_t x = -1;
        if (v->type != LRC_JSON_NUMBER || !lrc_str_to_i64(v->text, &x) || x < 0 || x > SIZE_LIMIT)
            r->failed =
                lrc_fail_field(r->err, LRC_ERR_INVALID, key, "lorica_arch: %s holds something that is no size", key);
        out[n++] = x < 0 ? 0 : (size_t)x;
    }
    return n;
}

static void enter(struct reader *r, const lrc_json *root, const char *key)
{
    if (!r->failed)
        r->failed = lrc_json_object(root, key, true, &r->obj, r->err);
}

static void read_unet(struct reader *r, eng_arch *a)
{
    size_t depth[ENG_LEVELS_MAX] = {0};
    a->unet.in = number(r, "in", 1);
    a->unet.out = number(r, "out", 1);
    a->unet.ch = number(r, "ch", 2);
    a->unet.levels = list(r, "mult", a->unet.mult);
    if (list(r, "depth", depth) != a->unet.levels && !r->failed)
        r->failed = lrc_fail_field(r->err, LRC_ERR_INVALID, "depth", "lorica_arch: depth and mult differ in length");
    memcpy(a->unet.depth, depth, sizeof depth);
    a->unet.res = number(r, "res", 1);
    a->unet.mid_depth = number(r, "mid_depth", 0);
    a->unet.ctx = number(r, "ctx", 1);
    a->unet.heads = number(r, "heads", 0);
    a->unet.head_dim = number(r, "head_dim", 0);
    a->unet.ff_mult = number(r, "ff_mult", 1);
    a->unet.groups = number(r, "groups", 1);
    a->unet.linear_proj = truth(r, "linear_proj");
    a->unet.res_eps = (float)fraction(r, "res_eps");
    a->unet.tr_eps = (float)fraction(r, "tr_eps");
}

static int check_widths(const eng_arch *a, lrc_err *err)
{
    for (size_t i = 0; i < a->unet.levels; i++) {
        const size_t c = a->unet.ch * a->unet.mult[i];
        if (c == 0 || c % a->unet.groups != 0 || (a->unet.heads == 0 && a->unet.head_dim == 0) ||
            c % (a->unet.heads ? a->unet.heads : a->unet.head_dim) != 0)
            return lrc_fail(err, LRC_ERR_INVALID, "lorica_arch: %zu channels do not divide into its groups and heads",
                            c);
    }
    if (a->text.d != a->unet.ctx || a->text.d % a->text.heads != 0 || a->latent.channels != a->unet.in ||
        a->unet.in != a->unet.out)
        return lrc_fail(err, LRC_ERR_INVALID, "lorica_arch: the widths of latent, text and UNet do not fit together");
    return 0;
}

int eng_arch_parse(const char *json, eng_arch *ret, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_parse(json, strlen(json), &doc, err) < 0)
        return -1;
    const lrc_json *root = lrc_json_root(doc);
    eng_arch a = {0};
    struct reader r = {.err = err};
    enter(&r, root, "latent");
    a.latent.channels = number(&r, "channels", 1);
    a.latent.down = number(&r, "down", 1);
    a.latent.haar = !second(&r, "kind", "haar", "vae");
    enter(&r, root, "unet");
    read_unet(&r, &a);
    enter(&r, root, "te");
    a.text.vocab = number(&r, "vocab", 4);
    a.text.tokens = number(&r, "pos", 3);
    a.text.d = number(&r, "d", 1);
    a.text.ff = number(&r, "ff", 1);
    a.text.layers = number(&r, "layers", 1);
    a.text.heads = number(&r, "heads", 1);
    a.text.act = second(&r, "act", "gelu", "quick_gelu") ? ENG_ACT_QUICK_GELU : ENG_ACT_GELU;
    enter(&r, root, "objective");
    a.objective.beta_start = fraction(&r, "beta_start");
    a.objective.beta_end = fraction(&r, "beta_end");
    a.objective.steps = number(&r, "steps", 2);
    a.objective.predict = second(&r, "pred", "eps", "v") ? ENG_PREDICT_V : ENG_PREDICT_EPS;
    a.objective.zero_terminal_snr = truth(&r, "zero_terminal_snr");
    if (r.failed || check_widths(&a, err) < 0)
        return -1;
    *ret = a;
    return 0;
}

// ---- Writing ---------------------------------------------------------------------------------------------------------

static void put_list(lrc_json_out *o, const char *key, const size_t *v, size_t n)
{
    lrc_json_key(o, key);
    lrc_json_array_begin(o);
    for (size_t i = 0; i < n; i++)
        lrc_json_put_int(o, (int64_t)v[i]);
    lrc_json_array_end(o);
}

static void put_unet(lrc_json_out *o, const eng_arch *a)
{
    lrc_json_kint(o, "in", (int64_t)a->unet.in);
    lrc_json_kint(o, "out", (int64_t)a->unet.out);
    lrc_json_kint(o, "ch", (int64_t)a->unet.ch);
    put_list(o, "mult", a->unet.mult, a->unet.levels);
    put_list(o, "depth", a->unet.depth, a->unet.levels);
    lrc_json_kint(o, "res", (int64_t)a->unet.res);
    lrc_json_kint(o, "mid_depth", (int64_t)a->unet.mid_depth);
    lrc_json_kint(o, "ctx", (int64_t)a->unet.ctx);
    lrc_json_kint(o, "heads", (int64_t)a->unet.heads);
    lrc_json_kint(o, "head_dim", (int64_t)a->unet.head_dim);
    lrc_json_kint(o, "ff_mult", (int64_t)a->unet.ff_mult);
    lrc_json_kint(o, "groups", (int64_t)a->unet.groups);
    lrc_json_kbool(o, "linear_proj", a->unet.linear_proj);
    lrc_json_kdouble(o, "res_eps", (double)a->unet.res_eps);
    lrc_json_kdouble(o, "tr_eps", (double)a->unet.tr_eps);
}

static void put_text(lrc_json_out *o, const eng_arch *a)
{
    lrc_json_kint(o, "vocab", (int64_t)a->text.vocab);
    lrc_json_kint(o, "pos", (int64_t)a->text.tokens);
    lrc_json_kint(o, "d", (int64_t)a->text.d);
    lrc_json_kint(o, "ff", (int64_t)a->text.ff);
    lrc_json_kint(o, "layers", (int64_t)a->text.layers);
    lrc_json_kint(o, "heads", (int64_t)a->text.heads);
    lrc_json_kstr(o, "act", a->text.act == ENG_ACT_QUICK_GELU ? "quick_gelu" : "gelu");
}

static void put_objective(lrc_json_out *o, const eng_arch *a)
{
    lrc_json_kdouble(o, "beta_start", a->objective.beta_start);
    lrc_json_kdouble(o, "beta_end", a->objective.beta_end);
    lrc_json_kint(o, "steps", (int64_t)a->objective.steps);
    lrc_json_kstr(o, "pred", a->objective.predict == ENG_PREDICT_V ? "v" : "eps");
    lrc_json_kbool(o, "zero_terminal_snr", a->objective.zero_terminal_snr);
}

static void put_latent(lrc_json_out *o, const eng_arch *a)
{
    lrc_json_kint(o, "channels", (int64_t)a->latent.channels);
    lrc_json_kint(o, "down", (int64_t)a->latent.down);
    lrc_json_kstr(o, "kind", a->latent.haar ? "haar" : "vae");
}

void eng_arch_write(const eng_arch *a, lrc_buf *out)
{
    static const struct {
        const char *key;
        void (*put)(lrc_json_out *o, const eng_arch *a);
    } part[] = {{"latent", put_latent}, {"unet", put_unet}, {"te", put_text}, {"objective", put_objective}};
    lrc_json_out o;
    lrc_json_out_init(&o, out, 0);
    lrc_json_object_begin(&o);
    lrc_json_kstr(&o, "family", "ldm-unet");
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        lrc_json_key(&o, part[i].key);
        lrc_json_object_begin(&o);
        part[i].put(&o, a);
        lrc_json_object_end(&o);
    }
    lrc_json_object_end(&o);
}

// ---- Building --------------------------------------------------------------------------------------------------------

int eng_arch_build(const eng_arch *a, eng_net **ret, lrc_err *err)
{
    eng_auto_net eng_net *n = NULL;
    if (eng_net_new(&n, err) < 0)
        return -1;
    n->tokens = eng_net_value(n, ENG_TOKEN_IDS, 1, 0);
    n->latent = eng_net_value(n, ENG_PICTURE, a->unet.in, 0);
    n->timestep = eng_net_value(n, ENG_ROW, a->unet.ch, 0);
    n->output = eng_unet_build(n, a, n->latent, n->timestep, eng_clip_build(n, a, n->tokens));
    if (eng_net_check(n, err) < 0)
        return -1;
    *ret = lrc_take(n);
    return 0;
}
