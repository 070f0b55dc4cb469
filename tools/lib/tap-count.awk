# SPDX-License-Identifier: MIT
# Count the cases in the TAP output of node's test runner. Prints what tools/run-tests' tally reads.

/^# pass [0-9]+$/ { passed += $3 }
/^# (fail|cancelled) [0-9]+$/ { failed += $3 }
/^# (skipped|todo) [0-9]+$/ { skipped += $3 }
/^ *not ok [0-9]+ / {
    print "failed " suite ":" name()
    showing = 1
}
/^ *ok [0-9]+ / {
    showing = 0
    if (/ # (SKIP|TODO)/)
        print "skipped " suite ":" name()
}
showing { print "show " $0 }

function name(    text) {
    text = $0
    sub(/^ *(not )?ok [0-9]+ - /, "", text)
    sub(/ # .*/, "", text)
    gsub(/[^A-Za-z0-9_\/.:-]+/, "_", text)
    return text
}

END {
    if (!passed && !failed && !skipped) {
        print "failed " suite ":no-tests-found"
        failed = 1
    }
    print "count", passed + 0, failed + 0, skipped + 0
}
