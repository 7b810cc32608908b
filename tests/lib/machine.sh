# What has to be on the machine. Sourced by tests/run. Each `need_…` does its work once per run.

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@" || sudo "$@"; fi
}

have() { command -v "$1" >/dev/null 2>&1; }

need_rust() {
    have cargo && have clippy-driver && have cc && return 0
    note "cargo with clippy and a C compiler must be installed (rustup.rs; apt-get install build-essential)"
    return 1
}

# Debian package : something it brings.
PACKAGES=(
    "perl:/usr/bin/perl"
    "make:/usr/bin/make"
    "openssl:/usr/bin/openssl"
    "ca-certificates:/etc/ssl/certs/ca-certificates.crt"
    "postgresql:/usr/lib/postgresql/*/bin/initdb"
    "chromium:/usr/bin/chromium"
    "fonts-dejavu-core:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    "apache2:/usr/sbin/apache2"
    "libapache2-mod-auth-openidc:/usr/lib/apache2/modules/mod_auth_openidc.so"
    "oathtool:/usr/bin/oathtool"
    "faketime:/usr/lib/*/faketime/libfaketimeMT.so.1"
    "zbar-tools:/usr/bin/zbarimg"
    "prometheus:/usr/bin/promtool"
    "buildah:/usr/bin/buildah"
    "skopeo:/usr/bin/skopeo"
    "umoci:/usr/bin/umoci"
    "runc:/usr/*bin/runc"
    "netavark:/usr/lib/podman/netavark"
    "golang-github-containers-common:/usr/share/containers/seccomp.json"
    "python3-venv:/usr/share/doc/python3-venv/copyright"
)

PACKAGES_READY=
need_packages() {
    [ -z "$PACKAGES_READY" ] || return 0
    local missing=() entry
    for entry in "${PACKAGES[@]}"; do
        # The pattern is meant to be expanded.
        # shellcheck disable=SC2086
        compgen -G "${entry#*:}" >/dev/null || missing+=("${entry%%:*}")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        echo "installing: ${missing[*]}"
        # RUNLEVEL=1 keeps the packages from starting their services.
        as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq update &&
            as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
            { note "could not install: ${missing[*]}"; return 1; }
    fi
    PACKAGES_READY=1
}

NODE_READY=
need_node() {
    [ -z "$NODE_READY" ] || return 0
    have node && have npm || { note "Node.js 20 with npm must be installed"; return 1; }
    local major directory
    major="$(node -p 'process.versions.node.split(".")[0]')"
    [ "$major" -ge 20 ] || { note "Node.js 20 or newer is needed, this is $(node --version)"; return 1; }
    for directory in tests/relying-parties tests/browser; do
        # Again only when the lock file changed.
        cmp -s "$directory/package-lock.json" "$directory/node_modules/.installed" && continue
        (cd "$directory" && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed) ||
            { note "npm ci failed in $directory"; return 1; }
    done
    NODE_READY=1
}

VENV="$TARGET/venv"
PYTHON_READY=
need_python() {
    [ -z "$PYTHON_READY" ] || return 0
    local wanted=(tests/relying-parties/requirements.txt tests/mail/requirements.txt tests/chart/requirements.txt)
    if ! cat "${wanted[@]}" | cmp -s - "$VENV/installed"; then
        python3 -m venv "$VENV" && "$VENV/bin/pip" install --quiet "${wanted[@]/#/--requirement=}" && cat "${wanted[@]}" >"$VENV/installed" ||
            { note "could not install ${wanted[*]} into $VENV"; return 1; }
    fi
    PYTHON_READY=1
}

# The official Helm, and the Pod Security admission of Kubernetes, which are published as source only: built once per target directory, a few minutes.
# The custom resource definitions of the Prometheus operator and of the Gateway API come the same way, by version and digest.
# Where Go is missing or too old, Helm's engine from a Python package renders the same; that counts as a failure where everything has to be there.
HELM_VERSION=v4.3.1
HELM=
PODSECURITY=
CRDS=
build_helm() {
    [ "$("$TOOLS/bin/helm" version --template '{{.Version}}' 2>/dev/null)" = "$HELM_VERSION" ] && return 0
    echo "building helm $HELM_VERSION"
    # Outside the workspace, so that none of its settings apply.
    (cd / && CGO_ENABLED=0 GOBIN="$TOOLS/bin" nice go install -trimpath \
        -ldflags "-s -w -X helm.sh/helm/v4/internal/version.version=$HELM_VERSION" "helm.sh/helm/v4/cmd/helm@$HELM_VERSION")
}

build_podsecurity() {
    local source=tests/chart/podsecurity
    cat "$source"/go.sum "$source"/main.go | cmp -s - "$TOOLS/podsecurity.built" && [ -x "$TOOLS/bin/podsecurity" ] && return 0
    echo "building Kubernetes' Pod Security admission"
    (cd "$source" && CGO_ENABLED=0 nice go build -trimpath -ldflags "-s -w" -o "$TOOLS/bin/podsecurity" .) &&
        cat "$source"/go.sum "$source"/main.go >"$TOOLS/podsecurity.built"
}

fetch_crds() {
    local source=tests/chart/crds directories directory
    cmp -s "$source/go.sum" "$TOOLS/crds/go.sum" && return 0
    echo "fetching custom resource definitions"
    directories="$(cd "$source" && GOFLAGS=-mod=mod go mod download -json | sed -n 's/^.*"Dir": "\(.*\)",$/\1/p')" || return 1
    rm -rf "$TOOLS/crds" && mkdir -p "$TOOLS/crds" || return 1
    for directory in $directories; do
        cp "$directory"/example/prometheus-operator-crd/*_{servicemonitors,podmonitors,prometheusrules}.yaml "$TOOLS/crds" 2>/dev/null ||
            cp "$directory"/config/crd/standard/*_httproutes.yaml "$TOOLS/crds" || return 1
    done
    [ "$(find "$TOOLS/crds" -name '*.yaml' | wc -l)" = 4 ] && chmod u+w "$TOOLS"/crds/* && cp "$source/go.sum" "$TOOLS/crds/go.sum"
}

need_helm() {
    if have go && mkdir -p "$TOOLS/bin" && build_helm && build_podsecurity && fetch_crds; then
        HELM="$TOOLS/bin/helm" PODSECURITY="$TOOLS/bin/podsecurity" CRDS="$TOOLS/crds"
        return 0
    fi
    [ -z "${CI:-}" ] || { note "helm $HELM_VERSION could not be built: Go 1.26 or newer must be installed"; return 1; }
    "$VENV/bin/pip" install --quiet --requirement tests/chart/requirements-engine.txt || { note "neither helm nor its engine could be installed"; return 1; }
    note "helm $HELM_VERSION could not be built (no Go 1.26?): the chart was rendered by Helm's engine from a Python package instead, Kubernetes' own admission was NOT asked, and custom resources were NOT held against their own definitions"
    HELM=engine
}

# No registry has a current prebuilt one; a lean build takes a minute and a half on two cores, once per target directory.
CARGO_DENY_VERSION=0.20.2
need_cargo_deny() {
    [ "$(cargo-deny --version 2>/dev/null)" = "cargo-deny $CARGO_DENY_VERSION" ] && return 0
    echo "building cargo-deny $CARGO_DENY_VERSION"
    (
        # Outside the workspace, so that none of its settings apply.
        cd / && CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="$TOOLS/build" \
            cargo install --quiet --locked --debug --root "$TOOLS" "cargo-deny@$CARGO_DENY_VERSION"
    ) || { note "could not build cargo-deny"; return 1; }
    rm -rf "$TOOLS/build"
}

# The advisory database is a git repository, not a package: a machine that reaches package registries only cannot fetch it.
check_advisories() {
    if timeout 120 cargo-deny --log-level error fetch db >/dev/null 2>&1; then
        cargo-deny --log-level error check --disable-fetch advisories
        return
    fi
    note "the RustSec advisory database cannot be reached from here: advisories were NOT checked (bans, licences and sources were)"
}

BINARY="$TARGET/debug/vestibule"
# With the tests beside it, as every other part builds: alone it would want its dependencies with other features, and compile them all again.
need_binary() { cargo build --locked --quiet --workspace --all-targets; }
