// SPDX-License-Identifier: MIT
#include "train/fields.h"

#include <string.h>

#include "base/num.h"

// The words of field_rows.h.
#define REQUIRED          .required = true
#define NULLABLE          .nullable = true
#define HIDDEN            .hidden = true
#define SECRET            .secret = true
#define MADE              .made = true
#define INITIAL(text)     .initial = text
#define SUGGESTED(text)   .suggested = text
#define BELOW(name)       .folder = name
#define GROUP(name)       .group = LRC_GROUP_##name
#define CHOICES(name)     .choices = LRC_CHOICES_##name
#define HELP(text)        .help = text
#define AT_LEAST(n)       .limits = LRC_LIMIT_MIN, .min = n
#define AT_MOST(n)        .limits = LRC_LIMIT_MAX, .max = n
#define ABOVE(n)          .limits = LRC_LIMIT_MIN | LRC_LIMIT_ABOVE, .min = n
#define BETWEEN(low, top) .limits = LRC_LIMIT_MIN | LRC_LIMIT_MAX, .min = low, .max = top
#define FAMILIES(bits)    .families = bits
#define MODES(bits)       .modes = bits

enum {
    SD15 = 1 << LRC_FAMILY_SD15,
    SDXL = 1 << LRC_FAMILY_SDXL,
    FLUX = 1 << LRC_FAMILY_FLUX,
    SD35 = 1 << LRC_FAMILY_SD35,
    SD3 = 1 << LRC_FAMILY_SD3,
    LUMINA = 1 << LRC_FAMILY_LUMINA,
    CHROMA = 1 << LRC_FAMILY_CHROMA,
    ANIMA = 1 << LRC_FAMILY_ANIMA,
    HUNYUAN = 1 << LRC_FAMILY_HUNYUAN,
    TINY = 1 << LRC_FAMILY_TINY,
    LORA = 1 << LRC_MODE_LORA,
};

#define IN_CONFIG               LRC_IN_CONFIG
#define IN_GENERAL              LRC_IN_GENERAL
#define IN_DATASET              LRC_IN_DATASET
#define IN_SUBSET               LRC_IN_SUBSET
#define IN_ARGV                 LRC_IN_ARGV
#define IN_ENV                  LRC_IN_ENV
#define WHEN_SET                LRC_WHEN_SET
#define WHEN_TRUE               LRC_WHEN_TRUE
#define WHEN_FILLED             LRC_WHEN_FILLED
#define WHEN_POSITIVE           LRC_WHEN_POSITIVE
#define WHEN_NOT_ZERO           LRC_WHEN_NOT_ZERO
#define WHEN_NOT_ONE            LRC_WHEN_NOT_ONE
#define WHEN_CHANGED            LRC_WHEN_CHANGED
#define WHEN_NOT_NONE           LRC_WHEN_NOT_NONE
#define WHEN_NO_STEPS           LRC_WHEN_NO_STEPS
#define WHEN_SAMPLES            LRC_WHEN_SAMPLES
#define WHEN_FLAT               LRC_WHEN_FLAT
#define HOW_FILE_NAME           LRC_HOW_FILE_NAME
#define HOW_FILE_NAME_WITH_DOTS LRC_HOW_FILE_NAME_WITH_DOTS
#define HOW_ONE_OR_ZERO         LRC_HOW_ONE_OR_ZERO
#define HOW_RESOLUTION          LRC_HOW_RESOLUTION
#define HOW_IMAGE_DIR           LRC_HOW_IMAGE_DIR
#define HOW_ATTENTION           LRC_HOW_ATTENTION
#define HOW_ITERATIONS          LRC_HOW_ITERATIONS
#define HOW_WARMUP              LRC_HOW_WARMUP
#define HOW_SCHEDULER           LRC_HOW_SCHEDULER
#define HOW_OPTIMIZER           LRC_HOW_OPTIMIZER
#define HOW_OPTIMIZER_ARGS      LRC_HOW_OPTIMIZER_ARGS
#define HOW_NETWORK             LRC_HOW_NETWORK

static const lrc_train_field field[LRC_FIELD_MAX_] = {
#define FIELD(id, kind_, ...) [LRC_FIELD_##id] = {.name = #id, .kind = LRC_KIND_##kind_, __VA_ARGS__},
#define SUBSET(id, ...)
#include "train/field_rows.h"
#undef FIELD
#undef SUBSET
};

static const lrc_train_field subset_field[LRC_SUBSET_MAX_] = {
#define FIELD(id, ...)
#define SUBSET(id, kind_, ...) [LRC_SUBSET_##id] = {.name = #id, .kind = LRC_KIND_##kind_, __VA_ARGS__},
#include "train/field_rows.h"
#undef FIELD
#undef SUBSET
};

const lrc_train_field *lrc_train_field_get(lrc_field_id id)
{
    return &field[id];
}

const lrc_train_field *lrc_train_subset_field_get(lrc_subset_field_id id)
{
    return &subset_field[id];
}

lrc_field_id lrc_train_field_find(const char *name)
{
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++)
        if (strcmp(field[i].name, name) == 0)
            return (lrc_field_id)i;
    return LRC_FIELD_NONE;
}

const char *lrc_field_kind_name(lrc_field_kind kind)
{
    static const char *const name[] = {
        [LRC_KIND_TEXT] = "text",       [LRC_KIND_PATH] = "path", [LRC_KIND_INT] = "int",
        [LRC_KIND_FLOAT] = "float",     [LRC_KIND_BOOL] = "bool", [LRC_KIND_CHOICE] = "choice",
        [LRC_KIND_SUBSETS] = "subsets",
    };
    return name[kind];
}

const char *lrc_field_group_title(lrc_field_group group)
{
    static const char *const title[LRC_GROUP_MAX_] = {
        [LRC_GROUP_PROJECT] = "Project",
        [LRC_GROUP_MODEL] = "Base model",
        [LRC_GROUP_DATASET] = "Pictures",
        [LRC_GROUP_CAPTIONS] = "Captions",
        [LRC_GROUP_BUCKETS] = "Buckets",
        [LRC_GROUP_STEPS] = "Length",
        [LRC_GROUP_LEARNING] = "Learning rate",
        [LRC_GROUP_NETWORK] = "Adapter",
        [LRC_GROUP_BLOCKS] = "Adapter, block by block",
        [LRC_GROUP_OPTIMIZER] = "Optimizer",
        [LRC_GROUP_NOISE] = "Loss, noise and time steps",
        [LRC_GROUP_MEMORY] = "Memory and speed",
        [LRC_GROUP_SAVING] = "Saving",
        [LRC_GROUP_SAMPLES] = "Sample pictures",
        [LRC_GROUP_LOGGING] = "Logging",
    };
    return title[group];
}

// A field whose one effect is one key of config.toml, written as it is, means nothing to a script without that option.
static bool script_takes(const lrc_train_field *f, lrc_family_id family, lrc_train_mode mode)
{
    const lrc_field_place *p = &f->place[0];
    if (p->in != LRC_IN_CONFIG || p->how != LRC_HOW_AS_IS)
        return true;
    const char *key = p->key ? p->key : f->name;
    for (int s = 0; s < LRC_SCRIPT_MAX_; s++)
        if (lrc_script_knows((lrc_script_id)s, key))
            return lrc_script_knows(lrc_family_script(family, mode), key);
    return true; // no script has it as an option: it goes elsewhere (network_args)
}

bool lrc_train_field_applies(const lrc_train_field *f, lrc_family_id family, lrc_train_mode mode)
{
    if (lrc_family_script(family, mode) == LRC_SCRIPT_NONE || f->hidden)
        return false;
    if ((f->families && !(f->families & 1u << family)) || (f->modes && !(f->modes & 1u << mode)))
        return false;
    return script_takes(f, family, mode);
}

void lrc_train_field_put_range(const lrc_train_field *f, lrc_buf *b)
{
    char number[LRC_NUM_TEXT];
    if (f->limits & LRC_LIMIT_MIN) {
        lrc_num_short(f->min, number);
        lrc_buf_addf(b, "%s %s", f->limits & LRC_LIMIT_ABOVE ? ">" : ">=", number);
    }
    if (f->limits & LRC_LIMIT_MAX) {
        lrc_num_short(f->max, number);
        lrc_buf_addf(b, "%s<= %s", f->limits & LRC_LIMIT_MIN ? ", " : "", number);
    }
}

void lrc_train_field_put_scope(const lrc_train_field *f, lrc_buf *b)
{
    const char *comma = "";
    for (int i = 0; f->families && i < LRC_FAMILY_MAX_; i++)
        if (f->families & 1u << i) {
            lrc_buf_addf(b, "%s%s", comma, lrc_family_get((lrc_family_id)i)->name);
            comma = ", ";
        }
    if (!f->families)
        lrc_buf_adds(b, "all families");
    if (f->modes)
        lrc_buf_addf(b, ", mode %s", lrc_choices_name(LRC_CHOICES_MODES, f->modes == LORA ? 0 : 1));
}
