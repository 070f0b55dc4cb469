// SPDX-License-Identifier: MIT
// allocations.h - let the nth allocation fail. Tests only.
//
// Every test program is linked so that malloc, calloc, realloc, strdup and vasprintf, called from our own code, come
// through here (the linker's --wrap). Allocations inside of other libraries are not touched. One thread.
//
//     static int parse(void *arg, lrc_err *err) { …; return lrc_json_parse(arg, …, err); }
//     assert_int_equal(lrc_test_each_allocation(parse, text), 0);
#ifndef LRC_TESTS_SUPPORT_ALLOCATIONS_H
#define LRC_TESTS_SUPPORT_ALLOCATIONS_H

#include "base/err.h"

// From now on, let allocation number `nth` (from 1) fail, and only that one; 0 lets all succeed.
void lrc_test_fail_allocation(unsigned nth);
unsigned lrc_test_allocations(void); // how many were asked for since then

// Run `fn` with its first allocation failing, then its second, and so on until a run makes fewer allocations. `fn`
// releases what it made and returns 0 or -1. Each run must either fail with LRC_ERR_NO_MEMORY or do without what it did
// not get; leaks show under the asan preset. Returns 0; else -1 after a line on stderr that says which allocation.
int lrc_test_each_allocation(int (*fn)(void *arg, lrc_err *err), void *arg);

#endif
