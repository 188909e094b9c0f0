#!/usr/bin/env bash
# Makes .venv from the interpreter that Debian's bcc supports, with the locked dependencies, and fetches Apache Kafka.
# Debian packages are installed when this user may; otherwise the one command to run is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache

missing=()
need() { # need COMMAND-OR-FILE PACKAGE
  command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing+=("$2")
}
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
/usr/bin/python3 -c 'import bcc' 2>/dev/null || missing+=(python3-bpfcc)
need mvn maven
need java default-jre-headless
need ip iproute2
need gcc gcc
need /usr/include/stdio.h libc6-dev
PATH=$PATH:/usr/sbin need nft nftables
architecture=$(dpkg --print-architecture 2>/dev/null || echo amd64)
compgen -G "/usr/src/linux-headers-*-$architecture" >/dev/null || missing+=("linux-headers-$architecture")

if [ ${#missing[@]} -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    $install >.cache/apt.log 2>&1 || { tail -5 .cache/apt.log >&2; echo "setup: apt-get failed, see .cache/apt.log" >&2; exit 3; }
  elif sudo -n true 2>/dev/null; then
    sudo apt-get update -qq
    sudo DEBIAN_FRONTEND=noninteractive $install >.cache/apt.log 2>&1 || { tail -5 .cache/apt.log >&2; exit 3; }
  else
    echo "setup: Debian packages are missing and this user may not install them. Run:" >&2
    echo "  sudo apt-get update && sudo $install" >&2
    exit 3
  fi
fi

[ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
