# SPDX-License-Identifier: MIT
# Count the cmocka cases in the output of `ctest -V`. Lines of test program number N begin with "N: "; its verdict is
# "i/n Test #N: module/name … Passed". A program that fails without saying which case (a crash, a time-out) is one
# failed case. Prints what tools/run-tests' tally reads. -v suite=NAME comes before the names of failed programs.

match($0, /^[0-9]+: /) {
    id = substr($0, 1, RLENGTH - 2)
    text[id] = text[id] "\n" substr($0, RLENGTH + 1)
    line = substr($0, RLENGTH + 1)
    if (match(line, /\[  (PASSED |FAILED |SKIPPED|ERROR  )? ?\] [0-9]+ test/))
        sum(line)
    else if (listing[id] && line ~ /\[  SKIPPED \] /)
        skips[id] = skips[id] " " last_word(line)
    next
}

function sum(line,    words, count, i) {
    count = split(line, words, / +/)
    for (i = 1; i < count; i++)
        if (words[i] == "]") {
            if (line ~ /PASSED/)
                good[id] += words[i + 1]
            else if (line ~ /SKIPPED/) {
                left[id] += words[i + 1]
                listing[id] = 1
            } else
                bad[id] += words[i + 1]
            return
        }
}

function last_word(line,    words, count) {
    count = split(line, words, / +/)
    return words[count]
}

/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: / {
    match($0, /#[0-9]+/)
    id = substr($0, RSTART + 1, RLENGTH - 1)
    name = $0
    sub(/^[^:]*: /, "", name)
    sub(/ .*/, "", name)
    seen++
    if ($0 !~ / Passed /) {
        bad[id] += !bad[id]
        print "failed " suite ":" name
        failed_output = failed_output text[id]
    } else if (!good[id] && !left[id])
        good[id] = 1 # a test that is not cmocka's
    passed += good[id]
    failed += bad[id]
    skipped += left[id]
    count = split(skips[id], one, " ")
    for (i = 1; i <= count; i++)
        print "skipped " name ":" one[i]
}

END {
    if (!seen) {
        print "failed " suite ":no-tests-found"
        failed = 1
    }
    if (failed_output != "") {
        count = split(failed_output, one, "\n")
        for (i = 2; i <= count; i++)
            print "show " one[i]
    }
    print "count", passed + 0, failed + 0, skipped + 0
}
