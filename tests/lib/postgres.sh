# A throwaway PostgreSQL cluster. Sourced by tests/run.

POSTGRES_URL=
POSTGRES_DIR=
POSTGRES_USER_OF_SYSTEM=
POSTGRES_UNSYNCED="-c fsync=off -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=4GB -c autovacuum=off"

# Below the ports that the kernel gives to outgoing connections.
free_port() { PYTHONPATH="$ROOT/tests/processes" python3 -c 'from service import free_port; print(free_port())'; }

# PostgreSQL refuses to run as root: then the user its package made runs it.
as_database_user() {
    if [ -n "$POSTGRES_USER_OF_SYSTEM" ]; then
        (cd / && runuser -u "$POSTGRES_USER_OF_SYSTEM" -- "$@")
    else
        (cd / && "$@")
    fi
}

start_postgres() {
    [ -z "$POSTGRES_URL" ] || return 0
    need_packages || return 1
    local bin port password
    bin="$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1)"
    [ "$(id -u)" = 0 ] && POSTGRES_USER_OF_SYSTEM=postgres
    POSTGRES_DIR="$(mktemp -d "${TMPDIR:-/tmp}/vestibule-postgres.XXXXXX")" || return 1
    TEMPORARY+=("$POSTGRES_DIR")
    port="$(free_port)"
    password="$(head -c 18 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9')"
    printf '%s' "$password" >"$POSTGRES_DIR/password"
    [ -z "$POSTGRES_USER_OF_SYSTEM" ] || chown -R "$POSTGRES_USER_OF_SYSTEM" "$POSTGRES_DIR"
    as_database_user "$bin/initdb" --no-sync -D "$POSTGRES_DIR/data" -U vestibule -A scram-sha-256 --pwfile="$POSTGRES_DIR/password" \
        -E UTF8 --locale=C >"$POSTGRES_DIR.log" 2>&1 || { cat "$POSTGRES_DIR.log"; note "initdb failed"; return 1; }
    TEMPORARY+=("$POSTGRES_DIR.log")
    # A commit is answered when it is with the kernel, which outlives every process that a test kills: no test takes the machine's current away. What kills
    # the database too, and measures, has a cluster of its own with fsync (tests/processes/postgres.py).
    as_database_user "$bin/pg_ctl" -D "$POSTGRES_DIR/data" -l "$POSTGRES_DIR/log" -w -t 60 \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$POSTGRES_DIR -c synchronous_commit=on -c max_connections=200 $POSTGRES_UNSYNCED" \
        start >/dev/null || { cat "$POSTGRES_DIR/log"; note "PostgreSQL did not start"; return 1; }
    # One round of hashing instead of 4096: the suite opens thousands of connections, and a development build hashes slowly.
    PGPASSWORD="$password" "$bin/psql" -qh 127.0.0.1 -p "$port" -U vestibule -d postgres \
        -c "ALTER ROLE vestibule PASSWORD '$(python3 "$ROOT/tests/lib/scram_verifier.py" <"$POSTGRES_DIR/password")'" || return 1
    POSTGRES_BIN="$bin"
    POSTGRES_URL="postgres://vestibule:$password@127.0.0.1:$port/postgres"
    echo "PostgreSQL $("$bin/postgres" --version | grep -o '[0-9.]*' | head -1) on port $port"
}

stop_postgres() {
    [ -n "$POSTGRES_URL" ] || return 0
    as_database_user "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DIR/data" -m immediate -w stop >/dev/null 2>&1
    POSTGRES_URL=
}
