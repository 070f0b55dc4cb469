// SPDX-License-Identifier: MIT
// api.h - the HTTP API: what its resources share. One file per resource; each parses, calls one service and renders.
//
// A resource exports its rows as lrc_api_<resource>_routes, ended by a row without a method; routes.c puts all tables
// together, and from that one list come the server's router, GET /api/endpoints and the comparison with openapi/.
// Handlers run on several threads: the app has no state that a handler changes but what its functions guard.
// May use: base, json, http and all services.
#ifndef LRC_API_API_H
#define LRC_API_API_H

#include "base/root.h"
#include "http/feed.h"
#include "http/http.h"
#include "job/readings.h"
#include "settings/settings.h"
#include "thumb/thumb.h"
#include "json/json.h"

typedef struct lrc_app lrc_app;

// Opens (makes, when need be) the workspace, declares the folders that requests may reach, and starts the thread that
// settles and schedules jobs. `given` as in lrc_workspace_open().
int lrc_app_new(const char *given, lrc_app **ret, lrc_err *err);
void lrc_app_free(lrc_app *app); // running jobs go on; only their scheduling ends here
LRC_DEFINE_FREEP(lrc_app)
#define lrc_auto_app lrc_cleanup(lrc_app_freep)

// Any thread.
lrc_app *lrc_api_app(const lrc_http_req *q);
const lrc_workspace *lrc_app_workspace(const lrc_app *app);
lrc_roots *lrc_app_roots(const lrc_app *app); // the workspace's data folders and the setting `roots`
lrc_thumbs *lrc_app_thumbs(lrc_app *app);     // small pictures, kept in .lorica/thumbs
// As they are on disk now; the caller frees.
int lrc_app_settings(const lrc_app *app, lrc_settings **ret, lrc_err *err);
// Declare the roots anew, after the settings changed.
int lrc_app_reload_roots(lrc_app *app, lrc_err *err);
// What was read of the jobs' logs so far; shared by all handlers.
lrc_readings *lrc_app_readings(lrc_app *app);
// Let the scheduler look at once: after a submit.
void lrc_app_wake(lrc_app *app);

// Sessions of logged-in pages, kept in user_config/ (mode 0600). The text is borrowed until the app is freed.
const char *lrc_app_sessions(const lrc_app *app);
void lrc_app_sessions_changed(void *app, const char *text);

// lrc_http_options.render_error.
void lrc_api_render_error(void *app, const lrc_err *e, lrc_buf *out);

// ---- For handlers ----------------------------------------------------------------------------------------------------

#define LRC_API_JSON_MAX (64 << 20) // bytes of an answer

// The body as a JSON object. LRC_ERR_INVALID says where it is not one.
int lrc_api_body(const lrc_http_req *q, lrc_json_doc **ret, lrc_err *err);
// Begin a JSON answer in `buf`; the caller fills it and calls lrc_http_answer_json().
void lrc_api_begin(lrc_buf *buf, lrc_json_out *out);
// A refusal with findings, status 400 or 422, in the one shape and a list "findings".
int lrc_api_answer_findings(lrc_http_req *q, const lrc_err *why, const lrc_findings *findings, lrc_err *err);
// Findings as "errors": ["file: why", …], and a list of texts: each a member of the open object.
void lrc_api_put_errors(lrc_json_out *out, const lrc_findings *f);
void lrc_api_put_texts(lrc_json_out *out, const char *key, const lrc_strv *texts);
// A member that is a list of texts, added to *ret. As lrc_json_array().
int lrc_api_texts(const lrc_json *obj, const char *key, bool need, lrc_strv *ret, lrc_err *err);

// ---- Datasets and pictures (place.c) -----------------------------------------------------------------------------------

// The folder of a dataset as a request names it (name, datasets/x, dataset/x, ./datasets/x, absolute), which must exist,
// lie in a declared root, and be a dataset by lrc_api_check_place(). The caller frees.
int lrc_api_dataset(const lrc_app *app, const char *given, char **ret, lrc_err *err);

// LRC_ERR_DENIED unless `path` (absolute, no links) lies in datasets/ or outside the workspace.
int lrc_api_check_place(const lrc_app *app, const char *path, lrc_err *err);

// A picture of a dataset and its caption file, as a request names them. Both lie in a declared root; the picture need not
// exist (LRC_ERR_NOT_FOUND when its folder does not). LRC_ERR_INVALID when it is no path of an image, or the extension is
// none of captions.
typedef struct lrc_api_picture {
    char *image;   // absolute; a link itself, not its target
    char *caption; // absolute, links followed
    bool exists;   // the picture does
} lrc_api_picture;
int lrc_api_picture_find(const lrc_app *app, const char *given, const char *extension, lrc_api_picture *ret,
                         lrc_err *err);
void lrc_api_picture_done(lrc_api_picture *p);
#define lrc_auto_api_picture lrc_cleanup(lrc_api_picture_done)

// ---- Routes ----------------------------------------------------------------------------------------------------------

// All of them, in one table; built once, borrowed for ever. LRC_ERR_NO_MEMORY.
int lrc_api_routes(const lrc_http_route **ret, size_t *ret_count, lrc_err *err);

extern const lrc_http_route lrc_api_health_routes[];
extern const lrc_http_route lrc_api_docs_routes[];
extern const lrc_http_route lrc_api_jobs_routes[];
extern const lrc_http_route lrc_api_joblog_routes[];
extern const lrc_http_route lrc_api_artifacts_routes[];
extern const lrc_http_route lrc_api_metrics_routes[];
extern const lrc_http_route lrc_api_diagnostics_routes[];
extern const lrc_http_route lrc_api_queue_routes[];
extern const lrc_http_route lrc_api_training_routes[];
extern const lrc_http_route lrc_api_tagging_routes[];
extern const lrc_http_route lrc_api_images_routes[];
extern const lrc_http_route lrc_api_config_routes[];
extern const lrc_http_route lrc_api_datasets_routes[];
extern const lrc_http_route lrc_api_uploads_routes[];
extern const lrc_http_route lrc_api_captions_routes[];
extern const lrc_http_route lrc_api_files_routes[];
extern const lrc_http_route lrc_api_settings_routes[];
extern const lrc_http_route lrc_api_presets_routes[];
extern const lrc_http_route lrc_api_calculator_routes[];

#endif
