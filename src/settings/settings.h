// SPDX-License-Identifier: MIT
// settings.h - the one table of settings, and the file they are kept in.
//
// A setting is one row of table.c: key, kind, default, help. The command line, the API, the page and the docs read that
// table. Values lie in W/user_config/user_settings.json: mode 0600, replaced atomically under a lock, foreign keys and
// their order kept, so that KNX and Lorica can share it. A value from the environment (column `env`) wins over the file.
// What the file holds is judged when it is read: a wrong type or number is an error with line and column. Secrets are
// never printed whole.
// One owner thread per lrc_settings. May use: base, json.
#ifndef LRC_SETTINGS_SETTINGS_H
#define LRC_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "settings/workspace.h"
#include "json/json.h"

typedef enum {
    LRC_SETTING_TEXT,
    LRC_SETTING_PATH,    // a file or folder; a relative one lies in the workspace and is given out absolute
    LRC_SETTING_PROGRAM, // as PATH, but a name without '/' stays as it is, to be looked up in $PATH
    LRC_SETTING_PATHS,   // a list of PATHs; as one text: separated by commas, or a JSON array
    LRC_SETTING_INT,
    LRC_SETTING_BOOL,
    LRC_SETTING_SECRET, // a text; shown masked
    LRC_SETTING_MAX_
} lrc_setting_kind;

typedef struct lrc_setting {
    const char *key;      // "tagger.default"
    const char *file_key; // its name in user_settings.json: KNX's where KNX has one, else as `key`
    lrc_setting_kind kind;
    const char *initial; // default as text; "" when none
    int64_t min, max;    // of an INT
    const char *env;     // environment variable that wins; NULL when none
    const char *help;    // one line
} lrc_setting;

typedef enum { LRC_SETTING_FROM_DEFAULT, LRC_SETTING_FROM_FILE, LRC_SETTING_FROM_ENV } lrc_setting_source;

// The table; *ret_count rows. Borrowed for ever.
const lrc_setting *lrc_settings_table(size_t *ret_count);
// Settings of KNX that its page reads and writes and nobody here asks for: in no list, but found and written as the
// others are. They follow the table in memory. A value of a wrong type counts as absent.
const lrc_setting *lrc_settings_kept(size_t *ret_count);
const lrc_setting *lrc_settings_find(const char *key); // by key or file_key; NULL when there is none
// The same; LRC_ERR_NOT_FOUND names the nearest key.
int lrc_settings_find_or_fail(const char *key, const lrc_setting **ret, lrc_err *err);
const char *lrc_setting_kind_name(lrc_setting_kind kind);       // "text", "path", …
const char *lrc_setting_source_name(lrc_setting_source source); // "default", "file", "environment"

typedef struct lrc_settings lrc_settings;

// Read the file; a missing one gives the defaults. LRC_ERR_INVALID with line and column when it is not JSON or a value
// does not fit its row (also one of the environment); the file stays as it is: nothing overwrites what a person may want
// back.
int lrc_settings_load(const lrc_workspace *w, lrc_settings **ret, lrc_err *err);
void lrc_settings_free(lrc_settings *s);
LRC_DEFINE_FREEP(lrc_settings)
#define lrc_auto_settings lrc_cleanup(lrc_settings_freep)

// Values by key. To ask for a key that is not in the table, or of another kind, is our own mistake (assert).
const char *lrc_settings_text(const lrc_settings *s,
                              const char *key); // all but PATHS, INT, BOOL; borrowed; "" if unset
int64_t lrc_settings_int(const lrc_settings *s, const char *key);
bool lrc_settings_bool(const lrc_settings *s, const char *key);
const lrc_strv *lrc_settings_paths(const lrc_settings *s, const char *key); // borrowed, may be empty
lrc_setting_source lrc_settings_source(const lrc_settings *s, const char *key);
static inline bool lrc_settings_is_set(const lrc_settings *s, const char *key)
{
    return lrc_settings_source(s, key) != LRC_SETTING_FROM_DEFAULT;
}

// As shown to people, any kind: a secret as "hf_a...mnop", or "(set)" when shorter than 12 bytes; paths joined by ", ".
// The caller frees.
int lrc_settings_show(const lrc_settings *s, const char *key, char **ret, lrc_err *err);

// The value as JSON: a text as lrc_settings_show() has it (null when it is empty), else a number, true, false or a list.
void lrc_settings_put(lrc_json_out *out, const lrc_settings *s, const lrc_setting *row);

// Check `value` against its row and write the file under its lock; every other key stays as it is on disk. "" removes
// the key. Needs no loaded settings, so that a value of a wrong type can be replaced. LRC_ERR_NOT_FOUND for an unknown
// key, with the nearest one.
int lrc_settings_write(const lrc_workspace *w, const char *key, const char *value, lrc_err *err);

// Several at once: all of them are written, or none. No key may come twice.
typedef struct lrc_setting_change {
    const char *key, *value;
} lrc_setting_change;
int lrc_settings_write_all(const lrc_workspace *w, const lrc_setting_change *given, size_t count, lrc_err *err);

// The same as lrc_settings_write(), and *s is loaded anew. On failure *s holds what it held.
int lrc_settings_set(lrc_settings *s, const char *key, const char *value, lrc_err *err);

#endif
