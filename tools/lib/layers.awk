# SPDX-License-Identifier: MIT
# See tools/check-layers. Input: paths of source files.

BEGIN {
    table = "tools/layers.txt"
    while ((getline row < table) > 0) {
        n++
        sub(/#.*/, "", row)
        if (row ~ /^[ \t]*$/)
            continue
        read_row(row, table ":" n)
    }
    if (!("base" in known))
        complain(table, "no row for base")
}

# "name: uses…"; a row may only use rows above it.
function read_row(row, where,    half, names, count, i) {
    if (row !~ /^[a-z][a-z0-9_]*(\.c)?:([ \t]+[a-z][a-z0-9_]*)*[ \t]*$/) {
        complain(where, "not a row 'module: modules it may use'")
        return
    }
    split(row, half, ":")
    count = split(half[2], names, /[ \t]+/)
    for (i = 1; i <= count; i++) {
        if (names[i] == "")
            continue
        if (!(names[i] in known))
            complain(where, half[1] " uses " names[i] ", which has no row above it")
        may[half[1], names[i]] = 1
    }
    if (half[1] in known)
        complain(where, "second row for " half[1])
    known[half[1]] = 1
}

{
    parts = split($0, part, "/")
    from = part[2]
    if (parts > 3) {
        complain($0, "deeper than src/module/file")
        next
    }
    if (!(from in known)) {
        complain($0, "no row for " from " in tools/layers.txt")
        next
    }
    is_test = parts == 3 && part[3] ~ /^test_.*\.c$/
    while (next_line($0))
        if (CODE ~ /^[ \t]*#[ \t]*(include|import|include_next|embed)([^A-Za-z0-9_]|$)/)
            judge($0 ":" LINE)
}

function judge(where,    target, to, path) {
    target = CODE
    if (CODE !~ /^[ \t]*#[ \t]*include[^_A-Za-z0-9]/) {
        complain(where, "only #include is used here")
        return
    }
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
    sub(/[ \t]+$/, "", target)
    if (target ~ /^<[^>]*>$/) {
        path = substr(target, 2, length(target) - 2)
        to = path
        sub(/\/.*/, "", to)
        if (path ~ /(^|\/)\.\.?(\/|$)/ || (path ~ /\// && to in known) || exists("src/" path))
            complain(where, "write our own header as \"module/name.h\", not " target)
        return
    }
    if (target !~ /^"[a-z][a-z0-9_]*\/[a-z0-9_]+\.(h|inc)"$/) { # .inc: a table that is read more than once
        complain(where, "write it as \"module/name.h\" or <system.h>, not " target)
        return
    }
    to = substr(target, 2)
    sub(/\/.*/, "", to)
    if (to == from || to == "base" || (from, to) in may)
        return
    if (to == "support" && is_test)
        return # tests/support/
    if (!(to in known))
        complain(where, "no row for " to " in tools/layers.txt")
    else
        complain(where, from " may not use " to)
}

function exists(path,    line, got) {
    got = (getline line < path)
    close(path)
    return got >= 0
}

END { exit BAD > 0 }
