// SPDX-License-Identifier: MIT
#include "base/id.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"

void lrc_id_make(const char *kind, char out[static LRC_ID_MAX + 1])
{
    static atomic_uint counter; // names only have to differ; no other state hangs from it
    snprintf(out, LRC_ID_MAX + 1, "%.24s_%lld_%u", kind, (long long)lrc_clock_now_ms(),
             atomic_fetch_add(&counter, 1) + 1);
}

bool lrc_id_valid(const char *id)
{
    const size_t n = strlen(id);
    if (n == 0 || n > LRC_ID_MAX)
        return false;
    for (const char *p = id; *p; p++)
        if (!lrc_ascii_alnum(*p) && *p != '_' && *p != '-')
            return false;
    return true;
}
