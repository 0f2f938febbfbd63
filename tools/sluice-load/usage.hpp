// The help of the tool, which fits a screen of 24 x 80. A test holds it against the options.
#pragma once

namespace sluice::load {

inline constexpr const char* kHelp =
    R"(Usage: sluice-load [SCENARIO] ftp[s]://[USER[:PASSWORD]@]HOST[:PORT]/[PATH] ..
       sluice-load compare A.json B.json .. [--html FILE]
Loads any FTP server and measures it. SCENARIO (or --scenario): download upload
mixed login small-files list noop idle slow-readers abort; default: download.
  --workload FILE   Mix, sizes, phases as TOML   --sessions N   Sessions [16]
  --rate R          Open loop, R actions/s       --poisson      at random times
  --duration D      How long to measure [10s]    --warmup D     before it [0]
  --ramp D          Time to the full load [0]    --threads N    Event loops [1]
  --transfers N     Stop after N actions         --timeout D    of a step [30s]
  --path FILE       Repeatable, % is a number    --size S       Uploads [1MiB]
  --data MODE       epsv, pasv, eprt or port     --seed N       of chances [1]
  --source NET      Source addresses: 10.0.0.0/8 --engine NAME  io_uring, epoll
  --tls MODE        off explicit implicit        --tls-resume W data, all, none
  --tls-version V   any, 1.2 or 1.3              --tls-ciphers LIST (OpenSSL's)
  --tls-ca FILE     Check the certificate        --data-protection private|clear
  --verify          Check every byte received    --manifest F   against its CRCs
  --server-pid PID  Add what the server used     --server-cgroup CGROUP
  --require LIST    Exit 99 unless met: 'p99<5ms,errors==0'; p50 p90 p99 p999
                    max mean errors throughput rate; of a step: p99(first_byte)
  --json FILE       Results for machines         --html FILE    for people
  --label TEXT      Name of this run             --progress P   line tui none
  --congestion NAME TCP's, of all connections    --tui          the whole screen
  --version         -h, --help          Values: 500ms 10s 1m30s; 64KiB 1MB 2GiB
Exit: 0 good, 1 troubles, 2 usage, 99 requirement missed. More: sluice-load(1)
)";

}  // namespace sluice::load
