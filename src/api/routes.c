// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <string.h>

#include "api/api.h"

// A new resource: its file, its table's name in api.h, its row here, its file in openapi/.
static const lrc_http_route *const tables[] = {
    lrc_api_health_routes,      lrc_api_jobs_routes,    lrc_api_joblog_routes,     lrc_api_training_routes,
    lrc_api_tagging_routes,     lrc_api_images_routes,  lrc_api_config_routes,     lrc_api_artifacts_routes,
    lrc_api_docs_routes,        lrc_api_metrics_routes, lrc_api_datasets_routes,   lrc_api_uploads_routes,
    lrc_api_captions_routes,    lrc_api_files_routes,   lrc_api_settings_routes,   lrc_api_queue_routes,
    lrc_api_diagnostics_routes, lrc_api_presets_routes, lrc_api_calculator_routes,
};

#define ROUTES_MAX 400

static lrc_http_route all[ROUTES_MAX];
static size_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void gather(void)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const lrc_http_route *r = tables[i]; r->method && count < ROUTES_MAX; r++)
            all[count++] = *r;
}

int lrc_api_routes(const lrc_http_route **ret, size_t *ret_count, lrc_err *err)
{
    pthread_once(&once, gather);
    if (count == ROUTES_MAX)
        return lrc_fail(err, LRC_ERR_INTERNAL, "more than %d routes", ROUTES_MAX - 1);
    *ret = all;
    *ret_count = count;
    return 0;
}
