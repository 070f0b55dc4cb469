// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "job/job.h"
#include "job/resources.h"
#include "job/schedule.h"

#define SCHEDULER_SECONDS 1
#define PRUNE_EVERY_MS    (10 * 60 * 1000)
#define SESSIONS_FILE     "user_config/sessions"
#define SESSIONS_MAX      (1 << 20)

struct lrc_app {
    lrc_workspace w;
    lrc_roots *roots;
    lrc_thumbs *thumbs;
    char *sessions;
    lrc_readings *readings;
    pthread_t scheduler, sampler;
    bool scheduling, sampling; // the threads were started
    pthread_mutex_t mutex;     // guards the two below
    pthread_cond_t news;       // for both threads
    bool stop, look;
};

// Folders of the workspace that requests may reach. user_config/ and .lorica/ are not among them.
static const char *const data_folders[] = {"datasets", "output",  "pretrained_model", "vae", "tagger_models",
                                           "config",   "presets", "training_config",  "logs"};

static int declare_roots(const lrc_app *app, lrc_roots *roots, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_free char *secrets = NULL;
    if (lrc_roots_add(roots, app->w.root, 0, err) < 0 || lrc_roots_deny(roots, app->w.state, err) < 0 ||
        lrc_workspace_path(&app->w, "user_config", &secrets, err) < 0 || lrc_roots_deny(roots, secrets, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof data_folders / sizeof data_folders[0]; i++) {
        lrc_auto_free char *path = NULL;
        if (lrc_workspace_path(&app->w, data_folders[i], &path, err) < 0 || lrc_roots_add(roots, path, 0, err) < 0)
            return -1;
    }
    if (lrc_app_settings(app, &s, err) < 0)
        return -1;
    const lrc_strv *more = lrc_settings_paths(s, "roots");
    for (size_t i = 0; i < more->count; i++) {
        lrc_err why = LRC_ERR_INIT;
        if (lrc_roots_add(roots, more->item[i], 0, &why) < 0) // a disk that is not mounted today
            lrc_log(LRC_LOG_WARN, "setting roots: %s", why.msg);
    }
    return 0;
}

int lrc_app_reload_roots(lrc_app *app, lrc_err *err)
{
    lrc_auto_roots lrc_roots *next = NULL;
    if (lrc_roots_new(&next, err) < 0 || declare_roots(app, next, err) < 0)
        return -1;
    lrc_roots_replace(app->roots, lrc_take(next));
    return 0;
}

// true when it is time to stop. The scheduler is also woken for what is new.
static bool wait_for_news(lrc_app *app, bool schedules)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SCHEDULER_SECONDS;
    pthread_mutex_lock(&app->mutex);
    while (!app->stop && !(schedules && app->look) &&
           pthread_cond_timedwait(&app->news, &app->mutex, &until) != ETIMEDOUT)
        continue;
    if (schedules)
        app->look = false;
    const bool stop = app->stop;
    pthread_mutex_unlock(&app->mutex);
    return stop;
}

// One look at the queue. Between two looks the lock is free, so that a runner that ends can start the next job at once.
static int schedule_once(lrc_app *app, lrc_scheduler **s, lrc_err *err)
{
    if (!*s && lrc_scheduler_new(&app->w, s, err) < 0)
        return -1;
    const int ours = lrc_scheduler_tick(*s, err);
    lrc_scheduler_rest(*s);
    return ours < 0 ? -1 : ours == 0 ? lrc_job_recover(&app->w, err) : 0;
}

// Now and then, what the settings say of old jobs.
static int prune(lrc_app *app, int64_t *pruned_at, lrc_err *err)
{
    lrc_auto_settings lrc_settings *settings = NULL;
    size_t removed = 0;
    const int64_t now = lrc_clock_mono_ms();
    if (*pruned_at && now - *pruned_at < PRUNE_EVERY_MS)
        return 0;
    *pruned_at = now;
    if (lrc_app_settings(app, &settings, err) < 0 ||
        lrc_job_prune(&app->w, lrc_settings_int(settings, "job.keep"), lrc_settings_int(settings, "job.keep_days"),
                      &removed, err) < 0)
        return -1;
    if (removed > 0)
        lrc_log(LRC_LOG_INFO, "%zu old jobs removed, as the settings job.keep and job.keep_days say", removed);
    return 0;
}

static void *schedule(void *arg)
{
    lrc_app *app = arg;
    char last[LRC_ERR_MSG_SIZE] = "";
    lrc_auto_scheduler lrc_scheduler *s = NULL;
    int64_t pruned_at = 0;
    do {
        lrc_err err = LRC_ERR_INIT;
        if (schedule_once(app, &s, &err) == 0 && prune(app, &pruned_at, &err) == 0)
            last[0] = '\0';
        else if (strcmp(last, err.msg) != 0) { // once, not every second
            lrc_log(LRC_LOG_ERROR, "scheduler: %s", err.msg);
            snprintf(last, sizeof last, "%s", err.msg);
        }
    } while (!wait_for_news(app, true));
    return NULL;
}

// What jobs use. A thread of its own: a GPU driver that does not answer must not keep jobs from being started.
static void *sample(void *arg)
{
    lrc_app *app = arg;
    lrc_auto_sampler lrc_sampler *s = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_sampler_new(&s, &err) < 0) {
        lrc_log(LRC_LOG_WARN, "what jobs use is not recorded: %s", err.msg);
        return NULL;
    }
    do
        lrc_sampler_tick(s, &app->w, NULL);
    while (!wait_for_news(app, false));
    return NULL;
}

void lrc_app_wake(lrc_app *app)
{
    pthread_mutex_lock(&app->mutex);
    app->look = true;
    pthread_cond_broadcast(&app->news);
    pthread_mutex_unlock(&app->mutex);
}

static int read_sessions(lrc_app *app, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_workspace_path(&app->w, SESSIONS_FILE, &path, err) < 0)
        return -1;
    if (lrc_fs_read(path, SESSIONS_MAX, &app->sessions, NULL, &why) < 0 && why.code != LRC_ERR_NOT_FOUND)
        lrc_log(LRC_LOG_WARN, "logged-in pages must log in again: %s", why.msg);
    return 0;
}

static int open_thumbs(lrc_app *app, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    return lrc_workspace_state(&app->w, "thumbs", &folder, err) < 0
               ? -1
               : lrc_thumbs_new(&(lrc_thumbs_options){.folder = folder}, &app->thumbs, err);
}

int lrc_app_new(const char *given, lrc_app **ret, lrc_err *err)
{
    lrc_auto_app lrc_app *app = calloc(1, sizeof *app);
    if (!app)
        return lrc_fail_memory(err);
    pthread_mutex_init(&app->mutex, NULL);
    pthread_cond_init(&app->news, NULL);
    if (lrc_workspace_open(given, true, &app->w, err) < 0 || lrc_roots_new(&app->roots, err) < 0 ||
        declare_roots(app, app->roots, err) < 0 || read_sessions(app, err) < 0 || open_thumbs(app, err) < 0 ||
        lrc_readings_new(&app->readings, err) < 0)
        return -1;
    if (pthread_create(&app->scheduler, NULL, schedule, app) != 0)
        return lrc_fail(err, LRC_ERR_NO_MEMORY, "cannot start a thread");
    app->scheduling = true;
    if (pthread_create(&app->sampler, NULL, sample, app) != 0)
        return lrc_fail(err, LRC_ERR_NO_MEMORY, "cannot start a thread");
    app->sampling = true;
    *ret = lrc_take(app);
    return 0;
}

void lrc_app_free(lrc_app *app)
{
    if (!app)
        return;
    pthread_mutex_lock(&app->mutex);
    app->stop = true;
    pthread_cond_broadcast(&app->news);
    pthread_mutex_unlock(&app->mutex);
    if (app->sampling)
        pthread_join(app->sampler, NULL);
    if (app->scheduling)
        pthread_join(app->scheduler, NULL);
    pthread_cond_destroy(&app->news);
    pthread_mutex_destroy(&app->mutex);
    lrc_thumbs_free(app->thumbs);
    lrc_roots_free(app->roots);
    lrc_readings_free(app->readings);
    free(app->sessions);
    lrc_workspace_done(&app->w);
    free(app);
}

lrc_app *lrc_api_app(const lrc_http_req *q)
{
    return lrc_http_app(q);
}

lrc_thumbs *lrc_app_thumbs(lrc_app *app)
{
    return app->thumbs;
}

const lrc_workspace *lrc_app_workspace(const lrc_app *app)
{
    return &app->w;
}

lrc_roots *lrc_app_roots(const lrc_app *app)
{
    return app->roots;
}

lrc_readings *lrc_app_readings(lrc_app *app)
{
    return app->readings;
}

int lrc_app_settings(const lrc_app *app, lrc_settings **ret, lrc_err *err)
{
    return lrc_settings_load(&app->w, ret, err);
}

const char *lrc_app_sessions(const lrc_app *app)
{
    return app->sessions;
}

void lrc_app_sessions_changed(void *arg, const char *text)
{
    const lrc_app *app = arg;
    lrc_auto_free char *path = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_workspace_path(&app->w, SESSIONS_FILE, &path, &err) < 0 ||
        lrc_fs_write(path, text, strlen(text), 0600, &err) < 0)
        lrc_log(LRC_LOG_WARN, "logins will not outlive this server: %s", err.msg);
}

// ---- For handlers ----------------------------------------------------------------------------------------------------

void lrc_api_render_error(void *app, const lrc_err *e, lrc_buf *out)
{
    (void)app;
    lrc_json_out json;
    lrc_json_out_init(&json, out, 0);
    lrc_json_put_error(&json, e);
}

int lrc_api_body(const lrc_http_req *q, lrc_json_doc **ret, lrc_err *err)
{
    size_t n;
    const char *text = lrc_http_body(q, &n);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (n == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "the body is empty: a JSON object is expected");
    if (lrc_json_parse(text, n, &doc, err) < 0)
        return -1;
    if (lrc_json_root(doc)->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "the body must be a JSON object, not %s",
                        lrc_json_type_name(lrc_json_root(doc)));
    *ret = lrc_take(doc);
    return 0;
}

void lrc_api_begin(lrc_buf *buf, lrc_json_out *out)
{
    lrc_buf_init(buf, LRC_API_JSON_MAX);
    lrc_json_out_init(out, buf, 0);
}

int lrc_api_answer_findings(lrc_http_req *q, const lrc_err *why, const lrc_findings *findings, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_put_error_findings(&out, why, findings);
    return lrc_http_answer_json(q, lrc_err_http_status(why->code), &buf, err);
}
