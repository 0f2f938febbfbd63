# fish completion of sluiced; install as /usr/share/fish/vendor_completions.d/sluiced.fish
# The keys of --set are those of the sluiced in the path.
function __sluiced_keys
    sluiced --print-default-config 2>/dev/null | awk '
        /^\[/ { section = substr($0, 2, length($0) - 2) }
        /^[a-z_]+ = / { print section "." $1 "=" }'
end
complete -c sluiced -f -a '(__fish_complete_directories)'
complete -c sluiced -s c -l config -r -F -d 'Read the configuration from a file'
complete -c sluiced -l listen -x -d 'Listen there'
complete -c sluiced -l passive-ports -x -d 'Ports for passive data connections'
complete -c sluiced -l public-address -x -d 'Address to announce, behind NAT'
complete -c sluiced -l engine -x -a 'auto io_uring epoll' -d 'How events are waited for'
complete -c sluiced -l shards -x -d 'Event loops, 0 is one per core'
complete -c sluiced -l writable -d 'Let anonymous users change files'
complete -c sluiced -l tls -d 'Offer AUTH TLS'
complete -c sluiced -l set -x -a '(__sluiced_keys)' -d 'Set any key'
complete -c sluiced -s C -l check-config -d 'Print OK or all that hinders a start'
complete -c sluiced -l dump-config -d 'Print all values and their origins'
complete -c sluiced -l print-default-config -d 'Print a commented configuration file'
complete -c sluiced -l version -d 'Print the version'
complete -c sluiced -s h -l help -d 'Print the help'
