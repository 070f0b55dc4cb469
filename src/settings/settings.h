// SPDX-License-Identifier: MIT
// settings.h - the one table of settings, and the file they are kept in.
//
// A setting is one row: key, kind, default, help. The command line, the API, the page and the docs read that table. Values
// lie in W/user_config/user_settings.json: mode 0600, written atomically, KNX's own keys kept as they are. A value from
// the environment (column `env`) wins over the file. Secrets are never printed whole.
// One owner thread per lrc_settings. May use: base, json.
#ifndef LRC_SETTINGS_SETTINGS_H
#define LRC_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "settings/workspace.h"

typedef enum {
    LRC_SETTING_TEXT,
    LRC_SETTING_PATH,
    LRC_SETTING_INT,
    LRC_SETTING_BOOL,
    LRC_SETTING_LIST,   // of texts; given as one text with commas on the command line
    LRC_SETTING_SECRET, // a text; shown masked
} lrc_setting_kind;

typedef struct lrc_setting {
    const char *key;      // "tagger.default"
    const char *file_key; // its name in user_settings.json ("huggingface_token" for KNX's), usually as `key`
    lrc_setting_kind kind;
    const char *initial; // default as text; "" when none
    double min, max;     // LRC_SETTING_INT
    const char *env;     // environment variable that wins; NULL when none
    const char *help;    // one line
} lrc_setting;

// The table; *ret_count rows. Borrowed for ever.
const lrc_setting *lrc_settings_table(size_t *ret_count);
const lrc_setting *lrc_settings_find(const char *key); // NULL when there is none

typedef struct lrc_settings lrc_settings;

// Read the file; a missing one gives the defaults; a corrupt one is LRC_ERR_INVALID with line and column and stays as it
// is: nothing overwrites what a person may want back.
int lrc_settings_load(const lrc_workspace *w, lrc_settings **ret, lrc_err *err);
void lrc_settings_free(lrc_settings *s);
LRC_DEFINE_FREEP(lrc_settings)
#define lrc_auto_settings lrc_cleanup(lrc_settings_freep)

// Values by key; asking for a key that is not in the table, or of another kind, is our own mistake (assert).
const char *lrc_settings_text(const lrc_settings *s, const char *key); // TEXT, PATH, SECRET; borrowed; "" when unset
int64_t lrc_settings_int(const lrc_settings *s, const char *key);
bool lrc_settings_bool(const lrc_settings *s, const char *key);
int lrc_settings_list(const lrc_settings *s, const char *key, struct lrc_strv *ret, lrc_err *err);
bool lrc_settings_is_set(const lrc_settings *s, const char *key); // by file or environment

// As shown to people: secrets as "hf_a...mnop", or "(set)" when shorter than 12. Caller frees.
int lrc_settings_show(const lrc_settings *s, const char *key, char **ret, lrc_err *err);

// Check `value` against its row and write the file, under its lock, keeping every other key as it is on disk. "" removes
// the key. LRC_ERR_NOT_FOUND for an unknown key, with the nearest one. The object itself is reloaded.
int lrc_settings_set(lrc_settings *s, const char *key, const char *value, lrc_err *err);

#endif
