# SPDX-License-Identifier: MIT
# What ./dev and the scripts in tools/ share. Sourced with the tree's root as working directory.

JOBS=${LORICA_JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

# What setup brought comes before the system's.
use_deps() {
    if [ -x .deps/node/bin/node ]; then PATH=$PWD/.deps/node/bin:$PATH; fi
}

# build_preset NAME [CMAKE-OPTION] [TARGETS]: configure and build; quiet unless it fails.
build_preset() {
    local preset=$1 option=${2:-} targets=${3:-all} log=build/$1/build.log
    mkdir -p "build/$preset"
    printf 'building %s … ' "$preset"
    # shellcheck disable=SC2086 # several targets
    if cmake --preset "$preset" ${option:+"$option"} > "$log" 2>&1 &&
        cmake --build "build/$preset" -j "$JOBS" --target $targets >> "$log" 2>&1; then
        say done
    else
        say FAILED
        # the errors with their context, without the compiler's command lines
        awk 'length($0) > 400 { next } /error|Error|FAILED/ { left = 12 } left-- > 0' "$log" | tail -n 60 >&2
        say "the whole output is in $log" >&2
        return 1
    fi
}

c_files() {
    find src tests -name '*.[ch]' | LC_ALL=C sort
}

fuzz_targets() {
    [ -d tests/fuzz ] || return 0
    find tests/fuzz -name 'fuzz_*.c' | sed 's,.*/fuzz_\(.*\)\.c,\1,' | LC_ALL=C sort
}

# run_fuzz NAME SECONDS: new inputs go to build/fuzz/corpus, what fails to build/fuzz/found.
run_fuzz() {
    local name=$1 seconds=$2 corpus=("build/fuzz/corpus/$1")
    mkdir -p "$corpus" build/fuzz/found
    if [ -d "tests/fuzz/corpus/$name" ]; then corpus+=("tests/fuzz/corpus/$name"); fi
    "build/fuzz/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$name-" "${corpus[@]}"
}
