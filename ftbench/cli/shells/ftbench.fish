# ftbench for fish. Once: ftbench completion fish > ~/.config/fish/completions/ftbench.fish
function __ftbench_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command $before[1] complete -- $before[2..-1] "$current" 2> /dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (string replace -r '^.*=' '' -- "$current")
    end
end
complete -c ftbench -f -a '(__ftbench_complete)'
