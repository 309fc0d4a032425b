#compdef ftbench
# ftbench for zsh. In ~/.zshrc, after compinit: eval "$(ftbench completion zsh)"
_ftbench() {
    local -a open closed
    local candidate description
    while IFS=$'\t' read -r candidate description; do
        if [[ $candidate == *[=.] ]]; then open+=("$candidate"); else closed+=("$candidate"); fi
    done < <(command ${(Q)~words[1]} complete -- "${(@Q)words[2,CURRENT]}" 2> /dev/null)
    if (( ${#open} + ${#closed} == 0 )); then
        compset -P '*='
        _files
        return
    fi
    (( ${#open} )) && compadd -S '' -- "${open[@]}"
    (( ${#closed} )) && compadd -- "${closed[@]}"
    return 0
}
compdef _ftbench ftbench
