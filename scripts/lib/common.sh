# shellcheck shell=bash
# Shell functions shared by the scripts. Sourcing this file changes to the top of
# the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# `docs`, `fuzz`, …
script=${0##*/}
root=$PWD
# Absolute, for scripts that change directory.
target=${CARGO_TARGET_DIR:-target}
[[ $target == /* ]] || target=$root/$target
# The nightly toolchain of whatever stable can't do.
nightly=${NIGHTLY:-nightly}
# Where CI installs tools, and where the printed commands do.
tools=$root/target/tools
export PATH=$tools/bin:$PATH

fail() {
    echo "$script: $*" >&2
    exit 1
}

# Reports a check that this machine can't run. `.ci/run` lists them at its end.
not_checked() {
    echo "NOT CHECKED: $script: $*" >&2
    if [[ ${NOT_CHECKED_LOG-} ]]; then echo "$script: $*" >>"$NOT_CHECKED_LOG"; fi
}

# need COMMAND INSTALLATION
need() { command -v "$1" >/dev/null || fail "$1 is not installed: install $2"; }

# need_package COMMAND PACKAGE: a command from Debian's package, installed in CI only.
need_package() {
    command -v "$1" >/dev/null && return
    if [[ ${CI-} ]] && command -v apt-get >/dev/null; then
        local sudo=()
        ((EUID == 0)) || sudo=(sudo)
        "${sudo[@]}" apt-get update -qq
        "${sudo[@]}" apt-get install -qq --yes "$2" >/dev/null
    fi
    need "$1" "the package $2 (Debian, Ubuntu: apt-get install $2)"
}

need_nightly() {
    cargo "+$nightly" --version >/dev/null 2>&1 || fail "toolchain $nightly is not installed:" \
        "run rustup toolchain install $nightly, or name another with the variable NIGHTLY"
}

# The version in which a tool is installed, or nothing.
installed_version() {
    local file
    file=$(command -v "$1") || return 0
    # cargo-check-external-types doesn't tell its version; cargo knows it.
    cargo "${1#cargo-}" --version 2>/dev/null | awk 'NR == 1 { print $2 }' | grep . ||
        cargo install --list --root "$(dirname "$file")/.." |
        sed -n "s/^$1 v\([^ :]*\).*/\1/p"
}

# need_tool NAME: a cargo subcommand in the version of tools.txt. CI installs it
# into target/tools.
need_tool() {
    local version found
    version=$(awk -v name="$1" '$1 == name { print $2 }' scripts/lib/tools.txt)
    [[ $version ]] || fail "scripts/lib/tools.txt has no version of $1"
    found=$(installed_version "$1")
    [[ $found != "$version" ]] || return 0
    # Built in half the time without optimisation, and fast enough. The tools share
    # a directory, since they have dependencies in common.
    local install=(cargo install --debug --locked --root target/tools
        --target-dir target/tools/build "$1" --version "$version")
    if [[ ${CI-} ]]; then
        # Whatever is there has another version.
        "${install[@]}" --quiet --force
        found=$(installed_version "$1")
        [[ $found != "$version" ]] || return 0
    fi
    fail "$1 $version is needed, ${found:-none} is installed: run ${install[*]}"
}

# The names of the workspace's packages that fulfil a Python condition on `p`,
# one a line.
packages_where() {
    cargo metadata --locked --no-deps --format-version 1 | python3 -c "
import json, sys
for p in json.load(sys.stdin)['packages']:
    kinds = {kind for target in p['targets'] for kind in target['kind']}
    published = p['publish'] != []
    if $1:
        print(p['name'])
" | grep . || fail "cargo metadata lists no package where $1"
}

# The published packages, the published libraries, and the examples.
published_packages() { packages_where 'published'; }
published_libraries() { packages_where 'published and "lib" in kinds'; }
examples() { packages_where 'p["name"].startswith("example-")'; }

# The list as options: `-p NAME` for each line of standard input.
as_options() { sed 's/^/-p\n/'; }
