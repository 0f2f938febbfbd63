# shellcheck shell=sh disable=SC2034  # Its variables are used by the scripts that source it.
# Shared by tools/serve and tools/test: packages, configuring, building, one line per phase.
#
# POSIX sh on purpose: a fresh Debian 12 has no compiler, no make and no python. Sourced, never run.
#
# Environment: SLUICE_NO_APT=1 never installs, only says what is missing;
#              SLUICE_JOBS=N   limits the compile jobs.

# One list of packages per purpose. meson brings python3 with it.
build_packages="g++ meson ninja-build pkg-config libfmt-dev libexpected-dev liburing-dev
    libtomlplusplus-dev libcli11-dev libmimalloc-dev zlib1g-dev libssl-dev libisal-dev"
# Encrypts downloads; Debian has it for this architecture only, elsewhere OpenSSL does it.
case $(dpkg --print-architecture 2>/dev/null) in
amd64) build_packages="$build_packages libipsec-mb-dev" ;;
esac
test_packages="$build_packages libgtest-dev libgmock-dev libbenchmark-dev python3
    nlohmann-json3-dev libncurses-dev scdoc curl wget lftp ncftp tnftp spin strace btrfs-progs
    openssl"
# What only tests/clients drives: 85 MB to fetch, 50 of them for FileZilla and its X server, and
# more with a JDK where there is none.
client_packages="inetutils-ftp aria2 rclone fuse3 gftp-text mc tcllib php8.2-cli ruby
    libcommons-net-java openjdk-17-jdk-headless python3-fs filezilla xvfb xdotool
    gnutls-bin nodejs ftp-ssl libio-socket-ssl-perl openssl"
# What only tests/vm needs: 40 MB to fetch, and 70 for the kernel that it boots.
vm_packages="qemu-system-x86"

say() { printf 'sluice: %s\n' "$*"; }
die() {
    printf 'sluice: %s\n' "$*" >&2
    exit 1
}

now_ms() { echo "$(($(date +%s%N) / 1000000))"; }
seconds_since() {
    elapsed=$(($(now_ms) - $1))
    printf '%d.%d s' $((elapsed / 1000)) $((elapsed % 1000 / 100))
}

# watch NAME LOG COMMAND...: runs COMMAND with its output in LOG, prints one line with the seconds
# it took, and returns 1 when it failed. While a terminal watches, the counters of ninja and meson
# run along.
watch() {
    watch_name=$1
    watch_log=$2
    shift 2
    watch_start=$(now_ms)
    mkdir -p "$(dirname "$watch_log")"
    printf '\n== %s: %s\n' "$watch_name" "$*" >>"$watch_log"
    watch_code=0
    if [ -t 1 ]; then
        printf 'sluice: %-24s ...' "$watch_name"
        # The exit code cannot pass the pipe; a file carries it.
        { "$@" </dev/null 2>&1 && echo 0 >"$watch_log.code" || echo 1 >"$watch_log.code"; } |
            while IFS= read -r line; do
                printf '%s\n' "$line" >>"$watch_log"
                counter=$(expr "$line" : '[[ ]*\([0-9][0-9]*/[0-9][0-9]*\)[] ]' || :)
                if [ -n "$counter" ]; then
                    printf '\rsluice: %-24s %-14s' "$watch_name" "$counter"
                fi
            done
        watch_code=$(cat "$watch_log.code")
        rm -f "$watch_log.code"
        printf '\r'
    else
        "$@" </dev/null >>"$watch_log" 2>&1 || watch_code=1
    fi
    printf 'sluice: %-24s %-14s\n' "$watch_name" "$(seconds_since "$watch_start")"
    return "$watch_code"
}

# try_phase: a failure also prints the last 20 lines and the path of the log.
try_phase() {
    watch "$@" && return 0
    say "$1 FAILED; the last lines of $2:"
    tail -n 20 "$2" | sed 's/^/    /'
    return 1
}

# phase: a failure also ends the script.
phase() { try_phase "$@" || die "$1 failed; the whole log is $2"; }

# Which of the named packages dpkg does not have in full.
missing_packages() {
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        sed -n 's/^installed //p')
    for package in "$@"; do
        printf '%s\n' "$installed" | grep -qxF "$package" || printf '%s ' "$package"
    done
}

# need_packages LOG PACKAGE...: prints the exact apt line for what is missing, and runs it.
need_packages() {
    packages_log=$1
    shift
    command -v dpkg-query >/dev/null 2>&1 ||
        die "this command installs from Debian's packages, and dpkg-query is not here"
    missing=$(missing_packages "$@")
    missing=${missing% }
    if [ -z "$missing" ]; then
        return 0
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root="sudo "
    fi
    apt_line="${as_root}apt-get install -y --no-install-recommends $missing"
    say "missing packages; this installs them:"
    printf '    %s\n' "$apt_line"
    if [ "${SLUICE_NO_APT:-0}" = 1 ]; then
        die "SLUICE_NO_APT=1: stopping here; run the line above, then this command again"
    fi
    if [ -n "$as_root" ]; then
        command -v sudo >/dev/null 2>&1 ||
            die "neither root nor sudo here; run the line above as root, then this command again"
        # Ask for the password now: the log swallows the question later.
        sudo -v || die "sudo refused; run the line above as root, then this command again"
    fi
    # Package lists exist on most machines and are absent from fresh images; lists that are too
    # old show as a failed install, which one update cures.
    updated=
    if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
        phase "apt-get update" "$packages_log" ${as_root:+sudo} apt-get -q update
        updated=1
    fi
    # shellcheck disable=SC2086  # The list of names must split.
    if [ -z "$updated" ]; then
        if try_phase "packages" "$packages_log" ${as_root:+sudo} \
            env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
            $missing; then
            return 0
        fi
        phase "apt-get update" "$packages_log" ${as_root:+sudo} apt-get -q update
    fi
    # shellcheck disable=SC2086
    phase "packages" "$packages_log" ${as_root:+sudo} env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends $missing
}

# configure DIR LOG MESON-OPTION...: once per build folder; later changes of meson.build files are
# ninja's business.
configure() {
    configure_dir=$1
    configure_log=$2
    shift 2
    if [ -f "$configure_dir/build.ninja" ]; then
        return 0
    fi
    wipe=
    if [ -f "$configure_dir/meson-private/cmd_line.txt" ]; then
        wipe=--wipe
    fi
    phase "configure $configure_dir" "$configure_log" meson setup $wipe "$@" "$configure_dir"
}

# compile DIR LOG [TARGET...]: everything, or the named targets; returns 1 on failure.
compile() {
    compile_dir=$1
    compile_log=$2
    shift 2
    try_phase "compile $compile_dir" "$compile_log" \
        ninja -C "$compile_dir" ${SLUICE_JOBS:+-j "$SLUICE_JOBS"} "$@"
}
