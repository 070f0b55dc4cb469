// SPDX-License-Identifier: MIT
// cleanup.h - release on scope exit, and the one way to hand ownership on.
//
//     lrc_auto_free char *text = NULL;               // always initialised
//     if (lrc_fs_read(path, max, &text, NULL, err))  // freed on this return
//         return -1;
//     *ret_text = lrc_take(text);                    // not freed: the caller owns it now
#ifndef LRC_BASE_CLEANUP_H
#define LRC_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// "unused": clang takes a variable that is only released for one that nobody uses; gcc does not.
#define lrc_cleanup(fn) __attribute__((cleanup(fn), unused))

// Declare `void T_freep(T **p)` for a type with `void T_free(T *)`.
#define LRC_DEFINE_FREEP(type)                                                                                         \
    static inline void type##_freep(type **p)                                                                          \
    {                                                                                                                  \
        type##_free(*p);                                                                                               \
    }

static inline void lrc_freep_(void *p)
{
    free(*(void **)p);
}

static inline void lrc_fclosep_(FILE **f)
{
    if (*f)
        fclose(*f);
}

static inline void lrc_closep_(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void lrc_closedirp_(DIR **d)
{
    if (*d)
        closedir(*d);
}

#define lrc_auto_free  lrc_cleanup(lrc_freep_)
#define lrc_auto_file  lrc_cleanup(lrc_fclosep_)
#define lrc_auto_close lrc_cleanup(lrc_closep_)
#define lrc_auto_dir   lrc_cleanup(lrc_closedirp_)

// Value of the pointer, which is NULL afterwards.
#define lrc_take(ptr)                                                                                                  \
    __extension__({                                                                                                    \
        __typeof__(ptr) taken_ = (ptr);                                                                                \
        (ptr) = NULL;                                                                                                  \
        taken_;                                                                                                        \
    })

// Value of the file descriptor, which is -1 afterwards.
#define lrc_take_fd(fd)                                                                                                \
    __extension__({                                                                                                    \
        int taken_ = (fd);                                                                                             \
        (fd) = -1;                                                                                                     \
        taken_;                                                                                                        \
    })

#endif
