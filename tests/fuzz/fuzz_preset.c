// SPDX-License-Identifier: MIT
// module: preset
// Settings of other programs: whatever the text, every key ends as mapped or as unmapped with a reason, no secret comes
// through, and what comes out can be imported again and is the same.
#include <stdlib.h>
#include <string.h>

#include "preset/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const lrc_preset_import *i)
{
    for (size_t k = 0; k < i->count; k++)
        if (!i->key[k].from || !i->key[k].value || (!i->key[k].to && !i->key[k].reason))
            abort();
    if (lrc_json_get(i->fields, "wandb_key"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lrc_auto_preset_import lrc_preset_import first = {0}, again = {0};
    lrc_auto_free char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (lrc_preset_import_read(text, size, &first, NULL) < 0)
        return 0;
    check(&first);
    if (lrc_preset_import_read(first.config, strlen(first.config), &again, NULL) < 0)
        abort();
    check(&again);
    return 0;
}
