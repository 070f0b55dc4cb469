// SPDX-License-Identifier: MIT
// cmocka.h - the test framework with what it needs in front of it. Tests only.
#ifndef LRC_TESTS_SUPPORT_CMOCKA_H
#define LRC_TESTS_SUPPORT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

#endif
