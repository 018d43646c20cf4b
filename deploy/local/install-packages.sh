#!/usr/bin/env bash
# Installs packages of the distribution as root, for their programs only: no system service is started or enabled,
# no system database is created, and what this places to achieve that is taken away again.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/congvu-temporary.conf
mark='# placed by congvu while it installs packages; safe to delete'

tidy() {
    if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
    rm -f "$no_cluster"
    rmdir --ignore-fail-on-non-empty /etc/postgresql-common/createcluster.d 2>/dev/null || true
}
trap tidy EXIT
trap 'exit 130' HUP INT TERM
tidy

new=()
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' || new+=("$package")
done

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
fi
mkdir -p "$(dirname "$no_cluster")"
printf '%s\ncreate_main_cluster = false\n' "$mark" >"$no_cluster"

apt="apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0"
echo "· Refreshing the distribution's package lists"
$apt update >/dev/null || echo "  The package lists could not be refreshed; going on with those at hand."
echo "· Installing $* (some minutes)"
$apt install --no-install-recommends -o Dpkg::Options::=--force-confold "$@" </dev/null

# They were installed for their programs: they are not to start with the machine either.
if command -v systemctl >/dev/null; then
    for package in "${new[@]}"; do
        case $package in
            postgresql) systemctl --quiet disable postgresql.service 2>/dev/null || true ;;
            rabbitmq-server) systemctl --quiet disable rabbitmq-server.service epmd.service epmd.socket 2>/dev/null || true ;;
        esac
    done
fi
