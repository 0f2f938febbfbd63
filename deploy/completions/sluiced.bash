# bash completion of sluiced; install as /usr/share/bash-completion/completions/sluiced
_sluiced() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local options="--config --listen --passive-ports --public-address --engine --shards --writable
        --tls --set --check-config --dump-config --print-default-config --version --help"
    case $before in
        -c|--config) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --engine) COMPREPLY=($(compgen -W "auto io_uring epoll" -- "$word")); return ;;
        --set)
            # The keys are those of the very sluiced that is being called.
            local keys
            keys=$("${COMP_WORDS[0]}" --print-default-config 2>/dev/null | awk '
                /^\[/ { section = substr($0, 2, length($0) - 2) }
                /^[a-z_]+ = / { print section "." $1 "=" }')
            COMPREPLY=($(compgen -W "$keys" -- "$word"))
            compopt -o nospace 2>/dev/null
            return ;;
        --listen|--passive-ports|--public-address|--shards) return ;;
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    else
        COMPREPLY=($(compgen -d -- "$word"))
    fi
}
complete -o filenames -F _sluiced sluiced
