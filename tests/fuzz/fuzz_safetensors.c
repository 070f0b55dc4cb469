// SPDX-License-Identifier: MIT
// module: safetensors
// Any bytes as a file: opening and reading every tensor must end without harm.
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "safetensors/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    lrc_auto_st_file lrc_st_file *f = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lrc_st_open_fd(fd, "fuzz", &f, &err) < 0)
        return 0;
    for (size_t i = 0; i < lrc_st_count(f); i++) {
        const lrc_st_tensor *t = lrc_st_at(f, i);
        lrc_auto_free float *out = malloc((t->count + 1) * sizeof *out);
        if (out && lrc_st_find(f, t->name) == t)
            (void)lrc_st_read_f32(f, t, out, &err);
    }
    for (size_t i = 0; i < lrc_st_meta_count(f); i++)
        if (!lrc_st_meta_get(f, lrc_st_meta_at(f, i).key))
            __builtin_trap();
    return 0;
}
