// SPDX-License-Identifier: MIT
// preset.h - settings with a name: shipped ones, and a person's own in W/presets.
//
// A preset is a JSON file: {"name","description","source","model_type","training_type","created_at","config":{fields of a
// training request}}. KNX's flat form (the fields beside the name) is read too. Shipped ones lie with the program and cannot
// be changed; one of a person's own has the id of its file's stem. Numbers keep their text; keys that are no field of ours
// are kept, secrets (wandb_key) never. One owner thread per value. May use: base, json, toml, settings, train.
#ifndef LRC_PRESET_PRESET_H
#define LRC_PRESET_PRESET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/findings.h"
#include "settings/workspace.h"
#include "json/json.h"

#define LRC_PRESET_MAX    (4 << 20) // bytes of a file
#define LRC_PRESET_ID_MAX 120       // bytes

typedef struct lrc_preset {
    char *id, *name, *description, *source, *model_type, *training_type;
    int64_t created_ms; // 0: unknown
    bool built_in;
    char *path;
    char *config; // one JSON object
    lrc_json_doc *doc;
    const lrc_json *fields; // `config` as a tree, of `doc`
} lrc_preset;

void lrc_preset_done(lrc_preset *p);
#define lrc_auto_preset lrc_cleanup(lrc_preset_done)

// LRC_ERR_NOT_FOUND names the nearest; LRC_ERR_DENIED for an id that leads elsewhere ('/', '\', ".."); LRC_ERR_INVALID for a
// damaged file.
int lrc_preset_load(const lrc_workspace *w, const char *id, lrc_preset *ret, lrc_err *err);

typedef struct lrc_preset_list {
    lrc_preset *item; // shipped ones first, each by id
    size_t count, cap;
    lrc_findings problems; // files that could not be read; what is no preset is passed over
} lrc_preset_list;

int lrc_preset_list_read(const lrc_workspace *w, lrc_preset_list *ret, lrc_err *err);
void lrc_preset_list_done(lrc_preset_list *l);
#define lrc_auto_preset_list lrc_cleanup(lrc_preset_list_done)

typedef struct lrc_preset_new {
    const char *name;
    const char *description, *source, *model_type, *training_type; // NULL: none; model_type: else that of `config`
    const lrc_json *config;                                        // an object
    const lrc_json *unmapped; // of an import: what has no field here, kept beside the fields; NULL: nothing
    bool keep_existing;       // LRC_ERR_CONFLICT when there is one of this id
} lrc_preset_new;

// The id that a name gives: small letters, everything but a-z 0-9 _ - as '_'. LRC_ERR_INVALID for an empty name.
int lrc_preset_id_of(const char *name, char ret[static LRC_PRESET_ID_MAX + 1], lrc_err *err);
// Write W/presets/<id>.json. LRC_ERR_CONFLICT when a shipped one has this id.
int lrc_preset_save(const lrc_workspace *w, const lrc_preset_new *p, char ret_id[static LRC_PRESET_ID_MAX + 1],
                    lrc_err *err);
int lrc_preset_delete(const lrc_workspace *w, const char *id, lrc_err *err); // LRC_ERR_DENIED for a shipped one

// {"id","name","description","model_type","training_type","created_at","is_builtin","source"}: into an open object.
void lrc_preset_put_head(const lrc_preset *p, lrc_json_out *out);
// The same with "config", as one value; `flat`: the fields also beside it, as KNX has them, but for names of the head.
void lrc_preset_put(const lrc_preset *p, bool flat, lrc_json_out *out);

// Where a request differs from a preset, as [{"field","preset","request"}]: fields that the preset names, compared as the
// trainer would read them (1 and 1.0 are equal); null: the request does not name it. LRC_ERR_INVALID when either holds a
// value that its field cannot have.
int lrc_preset_compare(const lrc_preset *p, const lrc_json *request, lrc_json_out *out, size_t *ret_count,
                       lrc_err *err);

#endif
