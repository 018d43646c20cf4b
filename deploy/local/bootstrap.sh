#!/usr/bin/env bash
# Makes the checkout runnable: a virtual environment from the hash-pinned lock file and, for `servers`,
# the programs of PostgreSQL and RabbitMQ. Says nothing and takes no time when all is there.
#
#   bootstrap.sh            Python packages only
#   bootstrap.sh servers    and the servers' programs, unless their addresses are given in the environment
#   bootstrap.sh private    and the servers' programs in any case
set -euo pipefail
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=$PWD
what=${1:-python}

say() { printf '· %s\n' "$*"; }
refuse() { printf '%s\n' "$*" >&2; exit 1; }

# --- what stands here ---------------------------------------------------------------------------

good_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Debian's own build comes first: a Python built without profile guidance is a third slower.
find_python() {
    local candidate
    for candidate in ${CONGVU_PYTHON:+"$CONGVU_PYTHON"} /usr/bin/python3 python3.14 python3.13 python3.12 python3.11 python3; do
        if good_python "$candidate"; then command -v "$candidate"; return; fi
    done
    return 1
}

have_postgres() {
    local program version
    for program in /usr/lib/postgresql/*/bin/postgres; do
        version=${program#/usr/lib/postgresql/}
        if [ -x "$program" ] && [ "${version%%/*}" -ge 15 ]; then return 0; fi
    done
    return 1
}

have_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }

missing_packages() {
    local python
    if [ "$what" != python ]; then
        if [ "$what" = private ] || [ -z "${CONGVU_POSTGRES_URL:-}" ]; then have_postgres || echo postgresql; fi
        if [ "$what" = private ] || [ -z "${CONGVU_RABBITMQ_URL:-}" ]; then have_rabbitmq || echo rabbitmq-server; fi
    fi
    if ! fresh; then
        if ! python=$(find_python); then
            echo python3 python3-venv
        elif ! "$python" -c 'import ensurepip' 2>/dev/null; then
            echo python3-venv
        fi
    fi
}

# --- the distribution's packages ----------------------------------------------------------------

install_packages() {
    local answer advice="Install them (as root: apt-get install $*) and start again."
    command -v apt-get >/dev/null || refuse "Missing on this machine: $*. $advice"
    if [ "$(id -u)" = 0 ]; then
        bash deploy/local/install-packages.sh "$@"
    elif command -v sudo >/dev/null && [ -t 0 ] && [ -t 1 ]; then
        read -r -p "Missing on this machine: $*. Install them with sudo apt-get? [y/N] " answer
        [[ $answer == [yY]* ]] || refuse "Nothing was installed. $advice"
        sudo bash deploy/local/install-packages.sh "$@"
    else
        refuse "Missing on this machine: $*. $advice"
    fi || refuse "The distribution's packages could not be installed: $*."
}

# --- the virtual environment --------------------------------------------------------------------

stamp=.venv/.made-from
fingerprint() { echo "$here $(readlink -f .venv/bin/python) $(cat uv.lock deploy/local/uv.txt | sha256sum)"; }
fresh() { [ -x .venv/bin/python ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; }

enough_space() {
    local free
    free=$(df -Pk . | awk 'NR == 2 {print $4}')
    [ "$free" -ge 900000 ] || refuse "The disk under $here is full: $((free / 1024)) MB are free, the Python packages need 900 MB."
}

make_environment() {
    local python quiet tools=.local/tools
    enough_space
    python=$(find_python) || refuse "Python 3.11 or later is needed and was not found."
    [ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR=$here/.local/cache PIP_NO_CACHE_DIR=1
    if ! "$tools/bin/uv" --version 2>/dev/null | grep -qF "uv $(sed -n 's/^uv==\([0-9.]*\).*/\1/p' deploy/local/uv.txt)"; then
        say "Fetching the installer (uv, pinned by hash)"
        rm -rf "$tools"
        "$python" -m venv "$tools" &&
            "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
                -r deploy/local/uv.txt || refuse "The installer uv could not be fetched from the package registry."
    fi
    # the machine's own certificates, which know of a network's inspecting proxy; uv's are for a machine without any
    [ ! -s /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
    if [ -e .venv ] && ! .venv/bin/python -c '' 2>/dev/null; then rm -rf .venv; fi
    say "Installing the Python packages of uv.lock into .venv"
    [ -t 2 ] || quiet=--quiet # on a terminal it shows its own progress
    UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv UV_LINK_MODE=${UV_LINK_MODE:-copy} \
        "$tools/bin/uv" sync --frozen ${quiet:-} --python "$python" ||
        refuse "The Python packages of uv.lock could not be installed into .venv."
    fingerprint >"$stamp"
}

packages=$(missing_packages)
if [ -z "$packages" ] && fresh; then exit 0; fi
mkdir -p .local
chmod 711 .local
exec 9>.local/bootstrap.lock
flock -n 9 || { say "Waiting for another make that prepares this checkout"; flock 9; }
packages=$(missing_packages)
# shellcheck disable=SC2086  # a list of words
[ -z "$packages" ] || install_packages $packages
fresh || make_environment
