# ftbench for bash. In ~/.bashrc: eval "$(ftbench completion bash)"
_ftbench() {
    local words current before candidate description
    IFS=$' \t\n' read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    current=${words[${#words[@]} - 1]}
    # bash ends a word at "=" outside quotes, and wants only what comes after it
    before=""
    [[ $COMP_WORDBREAKS == *=* && $current == [!\'\"]*=* ]] && before=${current%"${current##*=}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate description; do
        COMPREPLY+=("${candidate#"$before"}")
        [[ $candidate == *[=.] ]] && compopt -o nospace 2> /dev/null
    done < <(command "${words[0]/#\~/$HOME}" complete -- "${words[@]:1}" 2> /dev/null)
}
complete -o default -F _ftbench ftbench
