# shellcheck shell=bash
# Part of Scripts/bootstrap: steps that run side by side. A finished step leaves a stamp that holds the key it
# was made for; another key makes it run again.

stamp_of() { cat "$deps/stamps/$1" 2>/dev/null || true; }
is_done() { [ "$(stamp_of "$1")" = "$2" ] && [ -e "$3" ]; }  # step, key, something it made
hash_of() { cat "$@" | sha256sum | cut -c1-16; }

declare -A running=()

# start STEP KEY COMMAND...: runs a step in the background, its output in .deps/logs/STEP.log
start() {
    local step=$1 key=$2
    shift 2
    rm -f "$deps/stamps/$step"
    set -m
    (
        set -euo pipefail
        set +m
        trap - EXIT INT TERM
        "$@"
        printf '%s' "$key" >"$deps/stamps/$step"
    ) >"$deps/logs/$step.log" 2>&1 </dev/null &
    set +m
    running[$step]=$!
}

# wait_for STEP, within another step: until it has ended, if it was started
wait_for() {
    [ -n "${running[$1]:-}" ] || return 0
    while kill -0 "${running[$1]}" 2>/dev/null; do sleep 0.5; done
}

# Waits for every step that was started; shows the end of the log of one that failed.
finish() {
    local step failed="" next=$((SECONDS + 20))
    while [ ${#running[@]} -gt 0 ]; do
        for step in "${!running[@]}"; do
            kill -0 "${running[$step]}" 2>/dev/null && continue
            if wait "${running[$step]}"; then
                say "$step: done"
            else
                failed="$failed $step"
                printf '\n%s failed; the end of .deps/logs/%s.log:\n' "$step" "$step" >&2
                tail -n 15 "$deps/logs/$step.log" | sed 's/^/    /' >&2
            fi
            unset "running[$step]"
        done
        [ ${#running[@]} -gt 0 ] || break
        if [ $SECONDS -ge $next ]; then
            say "still at work on: ${!running[*]}"
            next=$((SECONDS + 20))
        fi
        sleep 0.2
    done
    [ -z "$failed" ] || fail "these steps failed:$failed. What is finished stays; run it again to continue."
}

# A Debian installation is never cut off in the middle: it ends by itself, and the next run waits for it.
stop() {
    trap - EXIT INT TERM
    local step
    for step in "${!running[@]}"; do
        [ "$step" = "Debian packages" ] || kill -TERM -- "-${running[$step]}" 2>/dev/null || true
    done
    exit "$1"
}
trap 'stop $?' EXIT
trap 'echo; echo "Interrupted. Run it again to continue where it stopped."; stop 130' INT TERM
