// SPDX-License-Identifier: MIT
// cmdline.h - what every command of both programs shares: options as a table, --help from that table, errors and
// results as text or JSON, progress on a terminal and plain lines elsewhere.
//
// A command fills an array of lrc_opt that point at its own variables (their values are the defaults), calls
// lrc_cmdline_parse() and works on. Each command has these options besides its own: --help, --json, --workspace DIR,
// --quiet. Results go to stdout, everything else to stderr. One thread. May use: base, json.
#ifndef LRC_CMDLINE_CMDLINE_H
#define LRC_CMDLINE_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/findings.h"
#include "base/str.h"
#include "json/json.h"

typedef enum {
    LRC_OPT_FLAG,   // bool *: set to true
    LRC_OPT_NOFLAG, // bool *: set to false (--no-recursive)
    LRC_OPT_STR,    // const char **: borrowed from argv
    LRC_OPT_INT,    // int64_t *, within [min, max]
    LRC_OPT_DOUBLE, // double *, within [min, max]
    LRC_OPT_LIST,   // lrc_strv *: may be given several times
    LRC_OPT_CHOICE, // const char **: one of `choices`, separated by '|'
} lrc_opt_kind;

typedef struct lrc_opt {
    const char *name; // long name without dashes
    char letter;      // short name, 0 when none
    lrc_opt_kind kind;
    void *ret;
    const char *arg;  // what --help calls the value: "DIR"; NULL for flags
    const char *help; // one line; the default value is added by itself where there is one
    double min, max;  // both 0: no limits
    const char *choices;
} lrc_opt;

typedef struct lrc_cmd {
    const char *name;       // as typed: "dataset import"
    const char *args;       // positional arguments as --help shows them: "NAME DIR|ZIP"
    const char *summary;    // one line
    const char *text;       // more for --help, may be NULL; whole paragraphs
    int min_args, max_args; // positional arguments; max -1: any number
} lrc_cmd;

typedef struct lrc_common {
    bool json;
    bool quiet;
    bool help;             // --help was given and has been printed: the command returns 0 at once
    const char *workspace; // NULL: not given
} lrc_common;

// Parse argv[0..argc) (without the command's own words). Options may stand anywhere; "--" ends them; "--name=value" and
// "--name value" are the same. Positional arguments are copied to ret_args. LRC_ERR_INVALID names the option; then
// ret_common->json is set when --json stands anywhere, so that the error comes out in the form that was asked for.
int lrc_cmdline_parse(const lrc_cmd *cmd, const lrc_opt *opts, size_t opt_count, int argc, char **argv,
                      lrc_common *ret_common, lrc_strv *ret_args, lrc_err *err);

// Print the error (stderr; with --json its JSON shape to stdout instead) and return the exit code of the error table.
int lrc_cmdline_fail(const lrc_common *common, const lrc_err *err);

// The same with all that is wrong: findings first, then the error as their summary; in JSON as its member "findings".
int lrc_cmdline_fail_findings(const lrc_common *common, const lrc_err *err, const lrc_findings *f);

// Print findings as lines "error: field: message (file). remedy" to stderr; nothing with --json or --quiet for infos.
void lrc_cmdline_findings(const lrc_common *common, const lrc_findings *f);

// Text that came from outside (a file's name, a caption) as one line that cannot play with the terminal: line breaks as
// " / ", other control characters and bytes that are not UTF-8 as U+FFFD. At most `max` characters, then "…"; 0: all.
void lrc_cmdline_put(FILE *stream, const char *text, size_t max);

// Write a finished JSON buffer and a newline to stdout. Returns 0, or the exit code when stdout is gone or the buffer
// failed.
int lrc_cmdline_json(const lrc_buf *json);

// The last step of main: what was printed reaches stdout, or a code of 0 becomes that of a failure ("disk full" when a
// redirected result does not fit). Returns the exit code.
int lrc_cmdline_finish(int code);

// ---- Progress ----------------------------------------------------------------------------------------------------------

// On a terminal one line that is rewritten: "tagging  [=====>    ]  12/40  3.1/s  eta 9s  name"; elsewhere a plain line
// at the start, every 10 % and at the end; with --quiet or --json nothing.
typedef struct lrc_progress {
    const char *what; // borrowed, e.g. "tagging"
    uint64_t total;
    bool off, terminal;
    int64_t start_ms, drawn_ms;
    unsigned next_percent;
} lrc_progress;

void lrc_progress_begin(lrc_progress *p, const lrc_common *common, const char *what, uint64_t total);
void lrc_progress_step(lrc_progress *p, uint64_t done, const char *name); // name may be NULL
void lrc_progress_end(lrc_progress *p); // removes the bar, so that the result can be printed

#endif
