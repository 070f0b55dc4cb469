// SPDX-License-Identifier: MIT
// folder.h - a fresh folder for a test, and short ways to fill it and look into it. Tests only.
//
// Nothing here reports an error: what fails ends the test program, because no test can go on without it.
#ifndef LRC_TESTS_SUPPORT_FOLDER_H
#define LRC_TESTS_SUPPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

// A new empty folder below $TMPDIR (else /tmp), links resolved. lrc_test_folder_done() removes it with all that is in it.
char *lrc_test_folder(void);
void lrc_test_folder_done(char *folder);

// folder + "/" + name, from a ring of 16 strings: borrowed until the 16th next call.
const char *lrc_test_path(const char *folder, const char *name);

void lrc_test_put(const char *folder, const char *name, const char *text); // folders of `name` are made
bool lrc_test_holds(const char *path, const char *text);                   // a file with exactly this text
size_t lrc_test_entries(const char *folder);                               // how many names lie in it, hidden ones too

#endif
