# bash completion of sluice-load; install as /usr/share/bash-completion/completions/sluice-load
_sluice_load() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local scenarios="download upload mixed login small-files list noop idle slow-readers abort"
    local options="--scenario --workload --sessions --rate --poisson --duration --warmup --ramp
        --transfers --threads --path --size --data --source --engine --congestion --tls --data-protection
        --tls-version --tls-ciphers --tls-resume --tls-ca --verify
        --manifest --timeout --seed --label --server-pid --server-cgroup --json --html --require
        --tui --progress --version --help"
    case $before in
        --scenario) COMPREPLY=($(compgen -W "$scenarios" -- "$word")); return ;;
        --data) COMPREPLY=($(compgen -W "epsv pasv eprt port" -- "$word")); return ;;
        --engine) COMPREPLY=($(compgen -W "auto io_uring epoll" -- "$word")); return ;;
        --congestion)
            local known=/proc/sys/net/ipv4/tcp_available_congestion_control
            COMPREPLY=($(compgen -W "$(cat $known 2>/dev/null)" -- "$word")); return ;;
        --tls) COMPREPLY=($(compgen -W "off explicit implicit" -- "$word")); return ;;
        --data-protection) COMPREPLY=($(compgen -W "private clear" -- "$word")); return ;;
        --tls-version) COMPREPLY=($(compgen -W "any 1.2 1.3" -- "$word")); return ;;
        --tls-resume) COMPREPLY=($(compgen -W "data all none" -- "$word")); return ;;
        --progress) COMPREPLY=($(compgen -W "auto line tui none" -- "$word")); return ;;
        --workload|--manifest|--tls-ca|--json|--html) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --*) [[ $before != --poisson && $before != --verify && $before != --tui ]] && return ;;
    esac
    if [[ ${COMP_WORDS[1]} == compare && $COMP_CWORD -gt 1 ]]; then
        COMPREPLY=($(compgen -f -W "--html" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$scenarios compare ftp:// ftps://" -- "$word"))
    else
        COMPREPLY=($(compgen -W "ftp:// ftps://" -- "$word"))
    fi
}
complete -o filenames -F _sluice_load sluice-load
