# SPDX-License-Identifier: MIT
# Functions for the checkers: C source as logical lines. Load it before the checker: awk -f code.awk -f check-x.awk.
#
#   next_line(file)  the next logical line of the file without comments, continued lines joined; 0 at the end.
#                    CODE has the text, LINE the number of its first physical line.
#   blank_texts(s)   s with the content of "strings" and 'characters' removed.
#   complain(where, what)  print it and count it in BAD
#
# A literal newline in a comment, a comment inside a directive, "#  include" and "%:include" are all seen as the
# compiler sees them; trigraphs are off in gnu17.

function next_line(file,    raw, joined, any) {
    CODE = ""
    LINE = FILE_LINE[file] + 1
    joined = ""
    while ((getline raw < file) > 0) {
        any = 1
        FILE_LINE[file]++
        sub(/\r$/, "", raw)
        joined = joined raw
        if (sub(/\\$/, "", joined))
            continue
        CODE = CODE without_comments(joined, file)
        joined = ""
        if (!IN_COMMENT[file]) # what follows a comment of several lines is on the same logical line
            break
    }
    if (!any) {
        close(file)
        return 0
    }
    sub(/^[ \t]*%:/, "#", CODE)
    return 1
}

# The state of an open comment is kept per file between calls.
function without_comments(s, file,    out, at) {
    out = ""
    for (;;) {
        if (IN_COMMENT[file]) {
            at = index(s, "*/")
            if (!at)
                return out
            s = substr(s, at + 2)
            IN_COMMENT[file] = 0
            out = out " "
        }
        if (!match(s, /["']|\/\*|\/\//))
            return out s
        out = out substr(s, 1, RSTART - 1)
        at = substr(s, RSTART, RLENGTH)
        s = substr(s, RSTART)
        if (at == "//")
            return out
        if (at == "/*") {
            IN_COMMENT[file] = 1
            s = substr(s, 3)
            continue
        }
        if (at == "\"")
            match(s, /^"([^"\\]|\\.)*"/)
        else
            match(s, /^'([^'\\]|\\.)*'/)
        if (RSTART == 0)
            return out s # not closed on this line: nothing that compiles
        out = out substr(s, 1, RLENGTH)
        s = substr(s, RLENGTH + 1)
    }
}

function blank_texts(s) {
    gsub(/"([^"\\]|\\.)*"/, "\"\"", s)
    gsub(/'([^'\\]|\\.)*'/, "''", s)
    return s
}

function complain(where, what) {
    print where ": " what
    BAD++
}
