# SPDX-License-Identifier: MIT
# See tools/check-banned. Input: paths of source files.

BEGIN {
    table = "tools/banned.txt"
    while ((getline row < table) > 0) {
        n++
        if (row ~ /^[ \t]*(#|$)/)
            continue
        if (split(row, field, /[ \t]+/) < 4 || field[1] == "") {
            complain(table ":" n, "a row is 'name files reason'")
            continue
        }
        name = field[1]
        if (name in where)
            complain(table ":" n, "second row for " name)
        where[name] = field[2]
        sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", row)
        why[name] = row
        if (name ~ /^</)
            headers[name] = glob(name)
    }
}

# A glob with "*" (which also matches "/") as a regular expression for the whole text.
function glob(pattern) {
    gsub(/[.+?()|\[\]{}^$\\]/, "\\\\&", pattern)
    gsub(/\*/, ".*", pattern)
    return "^" pattern "$"
}

function allowed(file, list,    count, one, i, pattern) {
    count = split(list, one, ",")
    for (i = 1; i <= count; i++) {
        pattern = one[i] == "tests" ? "^src/[a-z0-9_]+/test_[a-z0-9_]*\\.c$" : glob(one[i])
        if (file ~ pattern)
            return 1
    }
    return 0
}

function report(name) {
    if (!allowed(FILE, where[name]))
        complain(FILE ":" LINE, name " is not used here: " why[name])
}

function judge_header(    target, name) {
    target = CODE
    sub(/^[ \t]*#[ \t]*[a-z_]+[ \t]*/, "", target)
    sub(/^"/, "<", target) # "x.h" finds a system header too
    sub(/"[ \t]*$/, ">", target)
    sub(/[ \t]+$/, "", target)
    for (name in headers)
        if (target ~ headers[name])
            report(name)
}

{
    FILE = $0
    while (next_line(FILE)) {
        if (CODE ~ /^[ \t]*#[ \t]*(include|include_next|import)/) {
            judge_header()
            continue
        }
        rest = blank_texts(CODE)
        while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
            name = substr(rest, RSTART, RLENGTH)
            # a member (p->exit, p.exit) is not the function
            if (name in where && substr(rest, 1, RSTART - 1) !~ /(\.|->)[ \t]*$/)
                report(name)
            rest = substr(rest, RSTART + RLENGTH)
        }
    }
}

END { exit BAD > 0 }
