// SPDX-License-Identifier: MIT
#include "job/search.h"

#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/path.h"
#include "job/follow.h"
#include "job/marks.h"
#include "job/show.h"

struct pass {
    const lrc_log_search *s;
    const lrc_marks *marks;
    lrc_json_out *out;
    size_t written;
    lrc_log_found found;
};

bool lrc_log_holds(const char *line, size_t n, const char *text)
{
    const size_t length = strlen(text);
    const char first = lrc_ascii_lower(text[0]);
    for (size_t at = 0; at + length <= n; at++) {
        size_t i = 0;
        if (lrc_ascii_lower(line[at]) != first)
            continue;
        while (i < length && lrc_ascii_lower(line[at + i]) == lrc_ascii_lower(text[i]))
            i++;
        if (i == length)
            return true;
    }
    return false;
}

static int look_at(void *arg, const lrc_line *line, lrc_err *err)
{
    struct pass *p = arg;
    lrc_level level;
    if (line->end <= p->s->since || !lrc_log_holds(line->text, line->len, p->s->text))
        return 0;
    if (p->s->only_errors && (lrc_line_level(line, &level, NULL, err) < 0 || level != LRC_LEVEL_ERROR))
        return 0;
    p->found.matches++;
    if (p->written == p->s->limit)
        return 0;
    p->written++;
    p->found.next_offset = line->end;
    return lrc_job_put_line(line, lrc_marks_time(p->marks, line->end, lrc_clock_now_ms()), p->out, err);
}

int lrc_job_search_log(const lrc_job *job, const lrc_log_search *search, lrc_json_out *out, lrc_log_found *ret,
                       lrc_err *err)
{
    lrc_auto_free char *log = NULL, *idx = NULL;
    lrc_auto_marks lrc_marks marks = {0};
    lrc_auto_follow lrc_follow *f = NULL;
    uint64_t offset = 0, number = 0;
    if (lrc_path_join(&log, job->folder, "log", err) < 0 || lrc_path_join(&idx, job->folder, "log.idx", err) < 0 ||
        lrc_marks_load(idx, &marks, err) < 0)
        return -1;
    lrc_marks_seek_offset(&marks, search->since, &offset, &number);
    lrc_auto_lines lrc_lines lines;
    lrc_lines_init(&lines, offset, number);
    struct pass p = {.s = search, .marks = &marks, .out = out};
    if (lrc_follow_new(log, offset, &f, err) < 0)
        return -1;
    for (;;) {
        const char *bytes;
        size_t n;
        if (lrc_follow_read(f, &bytes, &n, err) < 0 ||
            (n ? lrc_lines_feed(&lines, bytes, n, look_at, &p, err) : lrc_lines_finish(&lines, look_at, &p, err)) < 0)
            return -1;
        if (n == 0)
            break;
    }
    if (p.found.matches <= p.written)
        p.found.next_offset = 0;
    *ret = p.found;
    return 0;
}
