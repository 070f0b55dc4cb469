// SPDX-License-Identifier: MIT
// The few NVML calls we need, declared here: their C interface is stable since driver 450 and NVML has no header in
// Debian's main section. Source of names and layouts: NVIDIA's NVML API reference.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "gpu/gpu.h"

#define LIBRARY "libnvidia-ml.so.1"

typedef struct device *device; // opaque

struct memory {
    unsigned long long total, free, used;
};

struct utilization {
    unsigned gpu, memory;
};

struct nvml {
    void *library;
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error_string)(int);
    int (*driver_version)(char *, unsigned);
    int (*device_count)(unsigned *);
    int (*device_by_index)(unsigned, device *);
    int (*device_name)(device, char *, unsigned);
    int (*device_uuid)(device, char *, unsigned);
    int (*device_memory)(device, struct memory *);
    int (*device_utilization)(device, struct utilization *);
};

static int load(struct nvml *n)
{
    n->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!n->library)
        return -1;
    const struct {
        const char *name;
        void **function;
    } symbols[] = {
        {"nvmlInit_v2", (void **)&n->init},
        {"nvmlShutdown", (void **)&n->shutdown},
        {"nvmlErrorString", (void **)&n->error_string},
        {"nvmlSystemGetDriverVersion", (void **)&n->driver_version},
        {"nvmlDeviceGetCount_v2", (void **)&n->device_count},
        {"nvmlDeviceGetHandleByIndex_v2", (void **)&n->device_by_index},
        {"nvmlDeviceGetName", (void **)&n->device_name},
        {"nvmlDeviceGetUUID", (void **)&n->device_uuid},
        {"nvmlDeviceGetMemoryInfo", (void **)&n->device_memory},
        {"nvmlDeviceGetUtilizationRates", (void **)&n->device_utilization},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        *symbols[i].function = dlsym(n->library, symbols[i].name);
        if (!*symbols[i].function)
            return -1;
    }
    return 0;
}

static void read_device(const struct nvml *n, unsigned index, lrc_gpu_list *ret)
{
    device d;
    struct memory memory;
    struct utilization use;
    lrc_gpu *g = &ret->gpu[ret->count];
    if (n->device_by_index(index, &d) || n->device_memory(d, &memory))
        return; // e.g. a card that fell off the bus: the others are still there
    *g = (lrc_gpu){.total_bytes = memory.total, .used_bytes = memory.used, .utilization = -1};
    if (n->device_name(d, g->name, sizeof g->name))
        snprintf(g->name, sizeof g->name, "GPU %u", index);
    if (n->device_uuid(d, g->uuid, sizeof g->uuid))
        g->uuid[0] = '\0';
    if (n->device_utilization(d, &use) == 0)
        g->utilization = (int)use.gpu;
    ret->count++;
}

static int read_all(const struct nvml *n, lrc_gpu_list *ret, lrc_err *err)
{
    unsigned count;
    int code = n->device_count(&count);
    if (code)
        return lrc_fail(err, LRC_ERR_IO, "the NVIDIA driver does not answer: %s", n->error_string(code));
    if (n->driver_version(ret->driver, sizeof ret->driver))
        ret->driver[0] = '\0';
    for (unsigned i = 0; i < count && ret->count < LRC_GPU_MAX; i++)
        read_device(n, i, ret);
    if (ret->count == 0)
        snprintf(ret->why, sizeof ret->why, "the NVIDIA driver %s sees no GPU", ret->driver);
    return 0;
}

int lrc_gpu_list_read(lrc_gpu_list *ret, lrc_err *err)
{
    struct nvml n = {0};
    memset(ret, 0, sizeof *ret);
    int result = 0;
    if (load(&n) < 0) {
        snprintf(ret->why, sizeof ret->why, "no NVIDIA driver (%s was not found)", LIBRARY);
    } else {
        const int code = n.init();
        if (code)
            snprintf(ret->why, sizeof ret->why, "the NVIDIA driver does not start: %.100s", n.error_string(code));
        else
            result = read_all(&n, ret, err);
        if (!code)
            n.shutdown();
    }
    if (n.library)
        dlclose(n.library);
    return result;
}
