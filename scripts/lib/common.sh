# shellcheck shell=bash
# Functions of the scripts. Sourcing this file changes to the top of the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# `docs`, `fuzz`, …
script=${0##*/}
root=$PWD
# An absolute path, since scripts change directory.
target=${CARGO_TARGET_DIR:-target}
[[ $target == /* ]] || target=$root/$target
# The nightly toolchain, for unstable features.
nightly=${NIGHTLY:-nightly}
# The directory of installed tools.
tools=$root/target/tools
export PATH=$tools/bin:$PATH
# Only the checkout and cargo's own directory keep downloads.
export npm_config_cache=$target/npm PIP_CACHE_DIR=$target/pip

fail() {
    echo "$script: $*" >&2
    exit 1
}

# Reports a check that can't run on this machine; `.ci/run` lists them at the end.
not_checked() {
    echo "NOT CHECKED: $script: $*" >&2
    if [[ ${NOT_CHECKED_LOG-} ]]; then echo "$script: $*" >>"$NOT_CHECKED_LOG"; fi
}

# need COMMAND INSTALLATION
need() { command -v "$1" >/dev/null || fail "command not found: $1; install $2"; }

# need_package COMMAND PACKAGE: a command of a Debian package, which CI installs.
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
    cargo "+$nightly" --version >/dev/null 2>&1 || fail "toolchain is not installed: $nightly;" \
        "run rustup toolchain install $nightly, or set NIGHTLY to another"
}

# Prints the installed version of a tool, or nothing.
installed_version() {
    local file
    file=$(command -v "$1") || return 0
    # cargo-check-external-types has no --version; cargo records it.
    cargo "${1#cargo-}" --version 2>/dev/null | awk 'NR == 1 { print $2 }' | grep . ||
        cargo install --list --root "$(dirname "$file")/.." |
        sed -n "s/^$1 v\([^ :]*\).*/\1/p"
}

# need_tool NAME: a cargo subcommand in the version of tools.txt. CI installs it
# into target/tools.
need_tool() {
    local version found
    version=$(awk -v name="$1" '$1 == name { print $2 }' scripts/lib/tools.txt)
    [[ $version ]] || fail "unknown tool: $1; add its version to scripts/lib/tools.txt"
    found=$(installed_version "$1")
    [[ $found != "$version" ]] || return 0
    # An unoptimised build takes half the time and is fast enough. The tools share a
    # target directory for common dependencies.
    local install=(cargo install --debug --locked --root target/tools
        --target-dir target/tools/build "$1" --version "$version")
    if [[ ${CI-} ]]; then
        # --force replaces another version.
        "${install[@]}" --quiet --force
        found=$(installed_version "$1")
        [[ $found != "$version" ]] || return 0
    fi
    fail "wrong version: $1 ${found:-(none)} instead of $version; run ${install[*]}"
}

# Prints the names of the workspace's packages that fulfil a Python condition on `p`.
packages_where() {
    cargo metadata --locked --no-deps --format-version 1 | python3 -c "
import json, sys
for p in json.load(sys.stdin)['packages']:
    kinds = {kind for target in p['targets'] for kind in target['kind']}
    published = p['publish'] != []
    if $1:
        print(p['name'])
" | grep . || fail "no matching package: $1; check the condition"
}

# Print the published packages, the published libraries and the examples.
published_packages() { packages_where 'published'; }
published_libraries() { packages_where 'published and "lib" in kinds'; }
examples() { packages_where 'p["name"].startswith("example-")'; }

# Converts lines of standard input to options `-p NAME`.
as_options() { sed 's/^/-p\n/'; }

# need_wasm_bindgen VERSION: the command of that version. CI installs it into
# target/tools.
need_wasm_bindgen() {
    local found
    found=$(wasm-bindgen --version 2>/dev/null | sed 's/^wasm-bindgen //' || true)
    [[ $found != "$1" ]] || return 0
    local install=(cargo install --debug --locked --root "$tools"
        --target-dir "$tools/build" wasm-bindgen-cli --version "$1")
    [[ ${CI-} ]] ||
        fail "wrong version: wasm-bindgen ${found:-(none)} instead of $1; run ${install[*]}"
    "${install[@]}" --quiet --force
}

wasm_target=wasm32-unknown-unknown
wasm_toolchain=$root/target/wasm-toolchain

has_wasm_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/$wasm_target/lib" ]; }

# need_wasm_target: if CI can't install the target, Debian's compiler builds the standard
# library from source.
need_wasm_target() {
    if [[ ${CI-} ]]; then rustup target add "$wasm_target" >/dev/null 2>&1 || true; fi
    if has_wasm_target || [ -x "$wasm_toolchain/usr/bin/rustc" ]; then return; fi
    [[ ${CI-} ]] || fail "target is not installed: $wasm_target; run rustup target add $wasm_target"
    rm -rf "$wasm_toolchain" && mkdir -p "$wasm_toolchain/packages"
    (
        cd "$wasm_toolchain/packages"
        apt-get update -qq
        library=$(apt-cache depends rustc-web | awk '/Depends: libstd-rust-web-dev/ {print $2}')
        runtime=$(apt-cache depends "$library" | awk '/Depends: libstd-rust-web-[0-9]/ {print $2}')
        llvm=$(apt-cache depends "$runtime" | awk '/Depends: libllvm/ {print $2}')
        apt-get download -qq rustc-web rust-web-src "$library" "$runtime" "$llvm"
        for package in *.deb; do dpkg -x "$package" "$wasm_toolchain"; done
    )
    rm -rf "$wasm_toolchain/packages"
}

# wasm_cargo COMMAND OPTION…: cargo for that target.
wasm_cargo() {
    if has_wasm_target; then
        cargo "$@" --target "$wasm_target"
        return
    fi
    # The linker is that of rustup's toolchain.
    local linker
    linker=$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld
    # RUSTC_BOOTSTRAP enables -Zbuild-std; the crates use no unstable features.
    LD_LIBRARY_PATH=$wasm_toolchain/usr/lib/x86_64-linux-gnu \
        RUSTC=$wasm_toolchain/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker \
        cargo "$@" --target "$wasm_target" -Zbuild-std=std,panic_abort
}
