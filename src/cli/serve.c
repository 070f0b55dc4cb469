// SPDX-License-Identifier: MIT
#include <signal.h>
#include <string.h>

#include "api/api.h"
#include "base/rand.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "cmdline/cmdline.h"
#include "http/server.h"
#include "proc/spawn.h"

#define TOKEN_DIGITS 32 // 128 bits

// No thread may get these: main waits for them. Called before the first thread starts.
static sigset_t block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}

struct serving {
    lrc_common common;
    const char *host, *token;
    int64_t port;
    char made[TOKEN_DIGITS + 1];
};

static int start(struct serving *v, lrc_app *app, const lrc_settings *s, lrc_http_server **ret, lrc_err *err)
{
    lrc_auto_strv lrc_strv hosts = {0}, origins = {0};
    lrc_http_options o = {.host = v->host,
                          .port = (uint16_t)v->port,
                          .assets = lorica_page,
                          .asset_count = lorica_page_count,
                          .app = app,
                          .render_error = lrc_api_render_error,
                          .token = v->token,
                          .allowed_hosts = &hosts,
                          .allowed_origins = &origins,
                          .sessions = lrc_app_sessions(app),
                          .sessions_changed = lrc_app_sessions_changed};
    if (lrc_strv_split(&hosts, lrc_settings_text(s, "server.allowed_hosts"), ',', err) < 0 ||
        lrc_strv_split(&origins, lrc_settings_text(s, "server.allowed_origins"), ',', err) < 0 ||
        lrc_api_routes(&o.routes, &o.route_count, err) < 0)
        return -1;
    if (!o.token && !is_loopback(v->host)) { // anybody on the network can knock: nobody comes in without a token
        if (lrc_rand_hex(v->made, TOKEN_DIGITS, err) < 0)
            return -1;
        v->token = o.token = v->made;
    }
    return lrc_http_start(&o, ret, err);
}

static void announce(const struct serving *v, const lrc_http_server *server, const lrc_app *app)
{
    const bool any = strcmp(v->host, "0.0.0.0") == 0 || strcmp(v->host, "::") == 0;
    const char *shown = any ? "localhost" : v->host;
    const bool brackets = strchr(shown, ':') != NULL;
    printf("Lorica " LORICA_VERSION " serves %s\n\n    http://%s%s%s:%u/%s%s\n\n", lrc_app_workspace(app)->root,
           brackets ? "[" : "", shown, brackets ? "]" : "", lrc_http_port(server), v->token ? "#token=" : "",
           v->token ? v->token : "");
    if (v->made[0])
        printf("The link holds the token, made for this start; choose one yourself with --token.\n");
    printf("Ctrl-C stops the server; running jobs go on.\n");
    fflush(stdout);
}

int lrc_cli_serve(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "serve",
        "",
        "Serve the page and the API.",
        "Makes the workspace when there is none. On the loopback address no token is needed; on any "
        "other one is made and\nprinted unless you give one. Jobs outlive the server.",
        0,
        0};
    struct serving v = {.host = "127.0.0.1", .port = 3000, .token = NULL};
    const lrc_opt opts[] = {
        {"host", 0, LRC_OPT_STR, &v.host, "ADDRESS", "address to listen on; 0.0.0.0 for all", 0, 0, NULL},
        {"port", 'p', LRC_OPT_INT, &v.port, "N", "port; 0 takes a free one", 0, 65535, NULL},
        {"token", 0, LRC_OPT_STR, &v.token, "T", "ask everybody for this token ($LORICA_TOKEN)", 0, 0, NULL},
    };
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_app lrc_app *app = NULL;
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_http_server *server = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &v.common, &args, &err) < 0)
        return lrc_cmdline_fail(&v.common, &err);
    if (v.common.help)
        return 0;
    if (!v.token)
        v.token = getenv("LORICA_TOKEN");
    sigset_t signals = block_signals();
    lrc_proc_raise_nofile();
    if (lrc_app_new(v.common.workspace, &app, &err) < 0 || lrc_app_settings(app, &s, &err) < 0 ||
        start(&v, app, s, &server, &err) < 0)
        return lrc_cmdline_fail(&v.common, &err);
    announce(&v, server, app);
    int got;
    sigwait(&signals, &got);
    lrc_http_stop(server);
    return 0;
}
