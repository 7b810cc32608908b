# Running parts, timing them, and ending whatever they started. Sourced by tests/run.

PART_NAMES=()
PART_RESULTS=()
PART_SECONDS=()
NOTES=()
# Of each part that failed, the lines that say what; shown last, where a reader of a long log looks first.
TROUBLE=()
# Process ids to end, newest last; of a whole group with a minus before it.
STARTED=()
TEMPORARY=()

run_part() {
    local name="$1" before result log
    before=$SECONDS
    printf '\n=== %s\n' "$name"
    log="$(mktemp "${TMPDIR:-/tmp}/vestibule-part.XXXXXX")"
    TEMPORARY+=("$log")
    # Not a subshell: what a part starts (a database) serves later parts too.
    if "part_$name" > >(tee "$log") 2>&1; then result=ok; else result=FAILED; fi
    [ "$result" = ok ] || TROUBLE+=("$name: $(telling_lines "$log")")
    PART_NAMES+=("$name")
    PART_RESULTS+=("$result")
    PART_SECONDS+=($((SECONDS - before)))
    printf '=== %s: %s (%s s)\n' "$name" "$result" "$((SECONDS - before))"
}

# The few lines of a part's output that name what failed, or else its last ones.
telling_lines() {
    local found
    found="$(grep -aE -A1 '(^|[^a-z])(FAILED|failed|panicked|error(\[E[0-9]+\])?:|not ok)' "$1" | cut -c1-300 | tail -12)"
    [ -n "$found" ] || found="$(tail -5 "$1" | cut -c1-300)"
    printf '%s' "$found"
}

# A sentence that must not get lost in the output: shown again under the table.
note() {
    NOTES+=("$1")
    printf '\n!!! %s\n\n' "$1" >&2
}

print_table() {
    local failed=0 at
    printf '\n%-18s %-8s %s\n' part result seconds
    printf '%-18s %-8s %s\n' ---- ------ -------
    for at in "${!PART_NAMES[@]}"; do
        printf '%-18s %-8s %s\n' "${PART_NAMES[$at]}" "${PART_RESULTS[$at]}" "${PART_SECONDS[$at]}"
        [ "${PART_RESULTS[$at]}" = ok ] || failed=1
    done
    for at in "${!NOTES[@]}"; do printf '!!! %s\n' "${NOTES[$at]}"; done
    for at in "${!TROUBLE[@]}"; do printf -- '--- %s\n' "${TROUBLE[$at]}"; done
    [ ${#PART_NAMES[@]} -gt 0 ] || failed=1
    if [ "$failed" = 0 ]; then echo "all ok, $SECONDS s"; else echo "FAILED, $SECONDS s"; fi
    exit "$failed"
}

# Ends what was started, by process id, and removes what was made. On every way out.
finish() {
    local status=$? at path
    trap - EXIT INT TERM
    stop_postgres
    for ((at = ${#STARTED[@]} - 1; at >= 0; at--)); do
        kill -- "${STARTED[$at]}" 2>/dev/null && wait "${STARTED[$at]#-}" 2>/dev/null
    done
    for path in "${TEMPORARY[@]}"; do [ -n "$path" ] && rm -rf -- "$path"; done
    exit "$status"
}
