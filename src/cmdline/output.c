// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cmdline/cmdline.h"

#define REDRAW_MS 100
#define BAR_CELLS 24
#define JSON_MAX  (64 << 20)

// errno says why stdout took no more. A reader that has seen enough, as in `lorica … | head`, wants no message.
static int output_failed(void)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_errno(&err, "cannot write the result");
    if (err.sys != EPIPE)
        fprintf(stderr, "lorica: %s\n", err.msg);
    return lrc_err_exit_code(err.code);
}

int lrc_cmdline_json(const lrc_buf *json)
{
    lrc_err err = LRC_ERR_INIT;
    if (lrc_buf_check(json, "the result", &err) < 0) {
        fprintf(stderr, "lorica: %s\n", err.msg);
        return lrc_err_exit_code(err.code);
    }
    if (fwrite(json->data, 1, json->len, stdout) != json->len || putchar('\n') == EOF || fflush(stdout) != 0)
        return output_failed();
    return 0;
}

int lrc_cmdline_finish(int code)
{
    if (code != 0 || (fflush(stdout) == 0 && !ferror(stdout)))
        return code;
    return output_failed();
}

int lrc_cmdline_fail(const lrc_common *common, const lrc_err *err)
{
    return lrc_cmdline_fail_findings(common, err, NULL);
}

int lrc_cmdline_fail_findings(const lrc_common *common, const lrc_err *err, const lrc_findings *f)
{
    if (f)
        lrc_cmdline_findings(common, f);
    if (common->json) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        lrc_buf_init(&buf, JSON_MAX);
        lrc_json_out_init(&out, &buf, 0);
        lrc_json_put_error_findings(&out, err, f);
        lrc_cmdline_json(&buf);
    } else {
        fflush(stdout);
        fprintf(stderr, "lorica: %s\n", err->msg);
    }
    return lrc_err_exit_code(err->code);
}

void lrc_cmdline_put(FILE *stream, const char *text, size_t max)
{
    size_t left = strlen(text);
    for (size_t shown = 0; left > 0; shown++) {
        uint32_t cp = 0;
        const size_t n = lrc_utf8_decode(text, left, &cp);
        if (max && shown == max) {
            fputs("\u2026", stream);
            return;
        }
        if (*text == '\n')
            fputs(" / ", stream);
        else if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            fputs("\ufffd", stream);
        else
            fwrite(text, 1, n, stream);
        text += n ? n : 1;
        left -= n ? n : 1;
    }
}

void lrc_cmdline_findings(const lrc_common *common, const lrc_findings *f)
{
    if (common->json)
        return;
    for (size_t i = 0; i < f->count; i++) {
        const lrc_finding *one = &f->item[i];
        if (common->quiet && one->severity == LRC_FINDING_INFO)
            continue;
        fprintf(stderr, "%s: ", lrc_finding_severity_name(one->severity));
        if (one->field[0])
            fprintf(stderr, "%s: ", one->field);
        fprintf(stderr, "%s", one->message);
        if (one->file[0] && !strstr(one->message, one->file))
            fprintf(stderr, " (%s)", one->file);
        if (one->remedy[0])
            fprintf(stderr, "\n    -> %s", one->remedy);
        fputc('\n', stderr);
    }
}

void lrc_progress_begin(lrc_progress *p, const lrc_common *common, const char *what, uint64_t total)
{
    *p = (lrc_progress){.what = what,
                        .total = total,
                        .off = common->json || common->quiet,
                        .terminal = isatty(STDERR_FILENO),
                        .start_ms = lrc_clock_mono_ms()};
    if (!p->off && !p->terminal)
        fprintf(stderr, "%s: %llu to do\n", what, (unsigned long long)total);
    p->next_percent = 10;
}

static void draw_bar(const lrc_progress *p, uint64_t done, const char *name, double rate)
{
    char bar[BAR_CELLS + 1], span[16] = "?";
    const uint64_t cells = p->total ? done * BAR_CELLS / p->total : 0;
    for (uint64_t i = 0; i < BAR_CELLS; i++)
        bar[i] = i < cells ? '=' : i == cells ? '>' : ' ';
    bar[BAR_CELLS] = '\0';
    if (rate > 0 && p->total >= done)
        lrc_clock_span((int64_t)((double)(p->total - done) / rate), span);
    char shown[41] = "";
    if (name) {
        snprintf(shown, sizeof shown, "%s", name);
        shown[lrc_utf8_cut(shown, strlen(shown))] = '\0';
    }
    fprintf(stderr, "\r\033[K%s [%s] %llu/%llu  %.1f/s  eta %s  %s", p->what, bar, (unsigned long long)done,
            (unsigned long long)p->total, rate, span, shown);
    fflush(stderr);
}

void lrc_progress_step(lrc_progress *p, uint64_t done, const char *name)
{
    if (p->off)
        return;
    const int64_t now = lrc_clock_mono_ms();
    const double seconds = (double)(now - p->start_ms) / 1000;
    const double rate = seconds > 0 ? (double)done / seconds : 0;
    if (p->terminal) {
        if (now - p->drawn_ms >= REDRAW_MS || done == p->total)
            draw_bar(p, done, name, rate);
        if (now - p->drawn_ms >= REDRAW_MS)
            p->drawn_ms = now;
        return;
    }
    const unsigned percent = p->total ? (unsigned)(done * 100 / p->total) : 100;
    if (percent < p->next_percent)
        return;
    p->next_percent = percent / 10 * 10 + 10;
    fprintf(stderr, "%s: %llu/%llu (%u%%)\n", p->what, (unsigned long long)done, (unsigned long long)p->total, percent);
}

void lrc_progress_end(lrc_progress *p)
{
    if (!p->off && p->terminal) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
}
