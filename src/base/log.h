// SPDX-License-Identifier: MIT
// log.h - the program's own log lines, on stderr. Output of jobs is data and lies in their log files, not here.
//
// Only the edge that stops an error logs it (a command, a handler, a worker), once, with ids. Never secrets, never whole
// captions. The level is the one global of the program besides the signal flag. Any thread; one write(2) per line.
// May use: clock, utf8.
#ifndef LRC_BASE_LOG_H
#define LRC_BASE_LOG_H

typedef enum { LRC_LOG_ERROR, LRC_LOG_WARN, LRC_LOG_INFO, LRC_LOG_DEBUG, LRC_LOG_MAX_ } lrc_log_level;

void lrc_log_set_level(lrc_log_level level); // default LRC_LOG_INFO
void lrc_log(lrc_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
