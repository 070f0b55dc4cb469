// SPDX-License-Identifier: MIT
#include "support/allocations.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TOO_MANY 100000 // a test that allocates more often than this is not a unit test

static _Thread_local unsigned asked, failing; // of the test's own thread: others' allocations never fail

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
int __real_vasprintf(char **ret, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
int __wrap_vasprintf(char **ret, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static bool fails(void)
{
    return ++asked == failing;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list ap)
{
    if (!fails())
        return __real_vasprintf(ret, fmt, ap);
    *ret = (char *)&asked; // its content is undefined after a failure: using or freeing it must show
    return -1;
}

void lrc_test_fail_allocation(unsigned nth)
{
    asked = 0;
    failing = nth;
}

unsigned lrc_test_allocations(void)
{
    return asked;
}

int lrc_test_each_allocation(int (*fn)(void *arg, lrc_err *err), void *arg)
{
    for (unsigned nth = 1; nth <= TOO_MANY; nth++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_test_fail_allocation(nth);
        const int result = fn(arg, &err);
        const unsigned made = asked;
        lrc_test_fail_allocation(0);
        if (result < 0 && err.code != LRC_ERR_NO_MEMORY) {
            fprintf(stderr, "allocation %u failed: the error is '%s: %s'\n", nth, lrc_err_word(err.code), err.msg);
            return -1;
        }
        if (made < nth && result < 0) {
            fprintf(stderr, "no allocation failed and yet: %s\n", err.msg);
            return -1;
        }
        if (made < nth)
            return 0;
    }
    fprintf(stderr, "more than %d allocations\n", TOO_MANY);
    return -1;
}
