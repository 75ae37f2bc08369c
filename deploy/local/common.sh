# What the local scripts have in common. Sourced by bash; $root is the checkout.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
state=${STATE:-$root/.run}

say() { printf '%s\n' "$*"; }
fail() { printf 'ticketblitz: %s\n' "$*" >&2; exit 1; }

# The folder of PostgreSQL's server programs, the newest where there are several.
postgres_bin() {
  local dir
  dir=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [[ -n $dir ]] || dir=$(dirname "$(command -v initdb 2>/dev/null || true)")
  [[ -x $dir/initdb ]] && printf '%s' "$dir"
}

# Debian packages that are missing for building and running, and for what $wanted names: tests, or the example.
missing_packages() {
  command -v pkg-config >/dev/null || printf 'pkg-config '
  pkg-config --exists libpq libcrypto 2>/dev/null || printf 'libpq-dev libssl-dev '
  pkg-config --exists hiredis 2>/dev/null || printf 'libhiredis-dev '
  command -v redis-server >/dev/null || printf 'redis-server '
  command -v redis-cli >/dev/null || printf 'redis-tools '
  [[ -n $(postgres_bin) ]] || printf 'postgresql '
  command -v setpriv >/dev/null || printf 'util-linux '
  [[ -z ${wanted:-} ]] || python3 -c 'import venv, ensurepip' 2>/dev/null || printf 'python3-venv '
  [[ ${wanted:-} != example ]] || command -v curl >/dev/null || printf 'curl '
  [[ ${wanted:-} == tests ]] || return 0
  [[ -e /usr/include/lua5.1/lua.h ]] || printf 'liblua5.1-0-dev '
  command -v faketime >/dev/null || printf 'faketime '
  command -v promtool >/dev/null || printf 'prometheus '
  [[ -x /usr/sbin/nginx ]] || command -v nginx >/dev/null || printf 'nginx '
  command -v ip >/dev/null || [[ -x /usr/sbin/ip ]] || printf 'iproute2 '
  command -v iptables >/dev/null || [[ -x /usr/sbin/iptables ]] || printf 'iptables '
  command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]] || printf 'pgbouncer '
  command -v chromium >/dev/null || printf 'chromium '
  [[ -n $(find /usr/share/fonts -name DejaVuSans.ttf -print -quit 2>/dev/null) ]] || printf 'fonts-dejavu-core '
}

# Installs what is missing, where that can be done; otherwise says what it needs.
install_missing() {
  command -v swift >/dev/null ||
    fail "Swift 6.2 or later is needed and not in PATH: see https://www.swift.org/install/linux"
  local packages sudo=()
  packages=$(missing_packages)
  [[ -z $packages ]] && return
  command -v apt-get >/dev/null ||
    fail "these Debian packages, or what they are called here, are needed: $packages"
  if [[ $(id -u) != 0 ]]; then
    sudo=(sudo)
    command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; } ||
      fail "no right to install packages; let someone who has it run: apt-get install -y $packages"
  fi
  say "installing $packages"
  # shellcheck disable=SC2086 # one word for each package is what is meant
  { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends $packages; } >"${TMPDIR:-/tmp}/ticketblitz-install.$$" 2>&1 ||
    { tail -n 5 "${TMPDIR:-/tmp}/ticketblitz-install.$$" >&2; fail "could not install: $packages"; }
  rm -f "${TMPDIR:-/tmp}/ticketblitz-install.$$"
  packages=$(missing_packages)
  [[ -z $packages ]] || fail "installed, but still not found: $packages"
}

# Makes a virtual environment of Python in folder $1 with what the other arguments, requirement files, name.
install_python() {
  local folder=$1 file options=()
  shift
  cmp -s <(cat "$@") "$folder/requirements.txt" && [[ -x $folder/bin/python ]] && return
  say "installing Python packages under ${folder#"$root"/}"
  mkdir -p "$state"
  rm -rf "$folder"
  for file in "$@"; do options+=(-r "$file"); done
  { python3 -m venv "$folder" && "$folder/bin/pip" install -q --disable-pip-version-check "${options[@]}"; } \
    >"$state/python.log" 2>&1 || { tail -n 5 "$state/python.log" >&2; fail "could not install Python packages"; }
  cat "$@" >"$folder/requirements.txt"
}

# Installs the tools that only tests need, of the versions that Tests/Tools/requirements.txt names, and what the example needs.
install_test_tools() {
  install_python "$state/tools" "$root/Tests/Tools/requirements.txt" "$root/examples/shop/requirements.txt"
}

# Whether someone listens on a port of either loopback address.
port_taken() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || (exec 3<>"/dev/tcp/::1/$1") 2>/dev/null
}

# The first free port from $1 on.
free_port() {
  local port=$1
  while port_taken "$port"; do port=$((port + 1)); done
  printf '%s' "$port"
}

# Copies the standard input to a file. On a terminal, its last line is shown in place.
show_progress() {
  local line width
  width=$(tput cols 2>/dev/null || printf 80)
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$1"
    if [[ -t 1 ]]; then printf '\r\033[K%s' "${line:0:width-1}"; fi
  done
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

# Builds the named programs, for release without symbols. Static Swift libraries: measured 12 to 15 % less CPU an order, and
# nothing to install. With TICKETBLITZ_BUILD=debug, those that the tests have built are used.
build=${TICKETBLITZ_BUILD:-release}
build_programs() {
  local flags=() product
  [[ $build == release || $build == debug ]] || fail "TICKETBLITZ_BUILD is '$build', but must be release or debug"
  if [[ $build == release ]]; then
    flags=(-Xlinker -s)
    [[ -d $(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")/lib/swift_static ]] &&
      flags+=(--static-swift-stdlib)
  fi
  say "building $* (the first time takes a few minutes; log in .run/build.log)"
  : >"$state/build.log"
  for product in "$@"; do
    (cd "$root" && swift build -c "$build" "${flags[@]}" --product "$product" 2>&1) |
      show_progress "$state/build.log" ||
      { grep -E 'error' "$state/build.log" | head -20 >&2 || true; fail "the build failed: see .run/build.log"; }
  done
}

# Waits up to 30 s until a command succeeds.
wait_until() {
  local what=$1 tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    ((tries < 300)) || fail "gave up waiting until $what"
    sleep 0.1
  done
}
