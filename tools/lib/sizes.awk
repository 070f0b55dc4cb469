# SPDX-License-Identifier: MIT
# See tools/check-sizes. Input: "file PATH LINES", "function PATH:NAME FIRST LAST", "endless PATH:NAME FIRST".

BEGIN {
    FUNCTION_WALL = 100
    SOURCE_WALL = 1000
    HEADER_WALL = 300
    table = "tools/sizes-allowed.txt"
    while ((getline row < table) > 0) {
        n++
        if (row ~ /^[ \t]*(#|$)/)
            continue
        fields = split(row, field, /[ \t]+/)
        if (fields < 4 || field[2] !~ /^[0-9]+$/ || field[1] == "") # a reason has two words at least
            complain(table ":" n, "a row is 'path[:function] limit reason'")
        else if (field[1] in limit)
            complain(table ":" n, "second row for " field[1])
        else {
            limit[field[1]] = field[2]
            row_of[field[1]] = n
        }
    }
}

function judge(name, lines, wall) {
    if (lines <= wall)
        return
    if (!(name in limit)) {
        complain(name, lines " lines, more than " wall)
        return
    }
    needed[name] = 1
    if (lines > limit[name])
        complain(name, lines " lines, more than the " limit[name] " that its row in " table " allows")
}

$1 == "file" { judge($2, $3, $2 ~ /\.h$/ ? HEADER_WALL : SOURCE_WALL) }
$1 == "function" { judge($2, $4 - $3 + 1, FUNCTION_WALL) }
$1 == "endless" { complain($2, "its end (line " $3 " on) cannot be found; is it closed inside an #if?") }

END {
    for (name in limit)
        if (!(name in needed))
            complain(table ":" row_of[name], name " is not there, or short enough without this row")
    exit BAD > 0
}
