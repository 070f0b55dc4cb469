// SPDX-License-Identifier: MIT
// capture.h - what a piece of a test prints. Tests only.
#ifndef LRC_TESTS_SUPPORT_CAPTURE_H
#define LRC_TESTS_SUPPORT_CAPTURE_H

// Run fn(arg) with stdout and stderr going into files; its result, and what it printed (the caller frees both).
int lrc_test_capture(int (*fn)(void *arg), void *arg, char **ret_out, char **ret_err);

#endif
