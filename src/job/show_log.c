// SPDX-License-Identifier: MIT
// Pieces of logs as JSON. Lines are written as they are read; for "the last n" the pass is made twice: once to count,
// once to write, so that memory stays bounded whatever the log.
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "job/follow.h"
#include "job/marks.h"
#include "job/show.h"

#define ENOUGH 1 // ends a pass: all that may be written is written

struct pass {
    const lrc_log_query *q;
    const lrc_marks *marks;
    lrc_json_out *out; // NULL: only count
    bool settled_only; // by time: only lines that a mark covers
    int64_t now_ms;
    uint64_t skip; // matching lines to leave out first
    uint64_t matching;
    lrc_log_answer answer;
    bool full;
};

int lrc_job_put_line(const lrc_line *line, int64_t ms, lrc_json_out *out, lrc_err *err)
{
    lrc_auto_free char *message = NULL;
    lrc_level level;
    if (lrc_line_level(line, &level, &message, err) < 0)
        return -1;
    lrc_json_object_begin(out);
    lrc_json_kint(out, "seq", (int64_t)line->number);
    lrc_json_kint(out, "offset", (int64_t)line->offset);
    lrc_json_kint(out, "end", (int64_t)line->end);
    lrc_json_kint(out, "timestamp", ms);
    lrc_json_kstr(out, "level", lrc_level_name(level));
    lrc_json_kstr(out, "message", message);
    lrc_json_key(out, "raw");
    lrc_json_put_strn(out, line->text, line->len);
    lrc_json_object_end(out);
    return 0;
}

static bool covered(const lrc_marks *m, uint64_t end)
{
    return m->count > 0 && end <= m->item[m->count - 1].offset;
}

static bool fits(const struct pass *p, const lrc_line *line, int64_t ms)
{
    switch (p->q->mode) {
    case LRC_LOG_SINCE_LINE: return line->number >= p->q->since;
    case LRC_LOG_SINCE_OFFSET: return line->end > p->q->since;
    case LRC_LOG_SINCE_TIME: return ms > (int64_t)p->q->since && (!p->settled_only || covered(p->marks, line->end));
    }
    return false;
}

static int one_line(void *arg, const lrc_line *line, lrc_err *err)
{
    struct pass *p = arg;
    const int64_t ms = lrc_marks_time(p->marks, line->end, p->now_ms);
    if (!fits(p, line, ms))
        return 0;
    if (p->out && p->answer.count == p->q->limit) {
        p->full = true;
        return ENOUGH;
    }
    p->matching++;
    if (!p->out || p->matching <= p->skip)
        return 0;
    if (lrc_job_put_line(line, ms, p->out, err) < 0)
        return -1;
    p->answer.count++;
    p->answer.next_line = line->number + 1;
    p->answer.next_offset = line->end;
    return 0;
}

static void begin_at(const lrc_log_query *q, const lrc_marks *marks, uint64_t *ret_offset, uint64_t *ret_line)
{
    switch (q->mode) {
    case LRC_LOG_SINCE_LINE: lrc_marks_seek_line(marks, q->since, ret_offset, ret_line); break;
    case LRC_LOG_SINCE_OFFSET: lrc_marks_seek_offset(marks, q->since, ret_offset, ret_line); break;
    case LRC_LOG_SINCE_TIME: lrc_marks_seek_time(marks, (int64_t)q->since, ret_offset, ret_line); break;
    }
}

static int run(struct pass *p, const char *log, bool ended, lrc_err *err)
{
    uint64_t offset, number;
    begin_at(p->q, p->marks, &offset, &number);
    lrc_auto_follow lrc_follow *f = NULL;
    lrc_auto_lines lrc_lines lines;
    lrc_lines_init(&lines, offset, number);
    if (lrc_follow_new(log, offset, &f, err) < 0)
        return -1;
    lrc_err why = LRC_ERR_INIT; // stays empty when a pass ends because it is full
    for (;;) {
        const char *bytes;
        size_t n;
        if (lrc_follow_read(f, &bytes, &n, err) < 0)
            return -1;
        int result = n ? lrc_lines_feed(&lines, bytes, n, one_line, p, &why) : 0;
        if (n == 0 && ended && !p->full)
            result = lrc_lines_finish(&lines, one_line, p, &why);
        if (p->full)
            return 0;
        if (result < 0) {
            if (err)
                *err = why;
            return -1;
        }
        if (n == 0)
            return 0;
    }
}

int lrc_job_put_log(const lrc_job *job, const lrc_log_query *query, lrc_json_out *out, lrc_log_answer *ret,
                    lrc_err *err)
{
    lrc_auto_free char *log = NULL, *idx = NULL;
    lrc_auto_marks lrc_marks marks = {0};
    if (lrc_path_join(&log, job->folder, "log", err) < 0 || lrc_path_join(&idx, job->folder, "log.idx", err) < 0 ||
        lrc_marks_load(idx, &marks, err) < 0)
        return -1;
    const bool ended = lrc_job_state_final(job->status.state);
    struct pass p = {
        .q = query, .marks = &marks, .settled_only = job->supervised && !ended, .now_ms = lrc_clock_now_ms()};
    // Nothing new: go on where the reader is, or at what is settled so far.
    const lrc_mark *last = marks.count ? &marks.item[marks.count - 1] : NULL;
    p.answer.next_line = query->mode == LRC_LOG_SINCE_LINE ? query->since : last ? last->line : 0;
    p.answer.next_offset = query->mode == LRC_LOG_SINCE_OFFSET ? query->since : last ? last->start : 0;
    if (query->mode == LRC_LOG_SINCE_TIME) { // the last ones: count them first
        if (run(&p, log, ended, err) < 0)
            return -1;
        p.skip = p.matching > query->limit ? p.matching - query->limit : 0;
        p.matching = 0;
    }
    p.out = out;
    p.answer.dropped = p.skip;
    if (run(&p, log, ended, err) < 0)
        return -1;
    *ret = p.answer;
    return 0;
}
