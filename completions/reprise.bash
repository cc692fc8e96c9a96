# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for reprise(1). tests/cli/completions.py compares it with `reprise COMMAND --help`.

_reprise_options() {
    local machine='-arch -M -machine -cpu -smp -m -bios -kernel -initrd -append -dtb -serial -nographic
        -display -no-reboot -drive -blockdev -hda -cdrom -snapshot -global -device -netdev -nic -net -object -icount -rtc -seed -name -semihosting -semihosting-config'
    local engine='-accel --softfloat'
    local logs='-d -D --stats'
    local control='-S -s -gdb -chardev -monitor -qmp -qmp-pretty -mon'
    case $1 in
    run) echo $machine $control $engine $logs ;;
    record) echo $machine $control $engine $logs -o --force --by-reference --index --no-index --index-size ;;
    replay) echo $control $engine --allow-paths $logs -object --until --no-verify --port --serial-out --safe-console ;;
    debug) echo $engine --allow-paths --index-size --at --listen --gdb --no-index --trust-index --safe-console --symbols ;;
    info) echo --json ;;
    pack) echo -o --force --allow-paths ;;
    index) echo $engine --allow-paths --index-size --trust-index ;;
    query) echo $engine --allow-paths --index-size --phys --disk --before --no-index --trust-index ;;
    diff) echo $engine --allow-paths --json ;;
    esac
    echo --help --no-sandbox
}

# The values of an option: words, or nothing and status 1 where a file is meant or anything is.
_reprise_values() {
    case $1 in
    -accel) echo jit interp verify ;;
    -arch) echo aarch64 arm riscv64 riscv32 ;;
    -M | -machine) echo virt vexpress-a9 vexpress-a15 ;;
    -display) echo none ;;
    -monitor) echo none stdio pty unix: tcp: chardev: ;;
    -qmp | -qmp-pretty) echo stdio pty unix: tcp: chardev: ;;
    -mon) echo chardev= ;;
    -d) echo ir code dev ;;
    -device) echo help ;;
    -net) echo none nic user, socket, stream, dgram, tap, ;;
    -netdev) echo help user,id= socket,id= stream,id= dgram,id= tap,id= none,id= ;;
    -nic) echo none user, socket, stream, dgram, tap, ;;
    -object) echo filter-dump,id= filter-replay,id= ;;
    -icount) echo shift= ;;
    -rtc) echo base=utc ;;
    -semihosting-config) echo enable=on enable=off ;;
    -serial) echo stdio pty null file: pipe: unix: tcp: chardev: ;;
    -chardev) echo help stdio,id= pty,id= null,id= file,id= pipe,id= socket,id= ringbuf,id= ;;
    --port) echo serial0 chr- ;;
    --at | --before) echo end ;;
    *) return 1 ;;
    esac
}

_reprise() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= at values
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
        run | record | replay | debug | info | pack | index | query | diff) command=${COMP_WORDS[at]}; break ;;
        esac
    done
    COMPREPLY=()
    if [[ -z $command ]]; then
        COMPREPLY=($(compgen -W 'run record replay debug info pack index query diff --help --version' -- "$current"))
        return
    fi
    if values=$(_reprise_values "$previous"); then
        COMPREPLY=($(compgen -W "$values" -- "$current"))
        [[ ${COMPREPLY[0]-} != *[:=,] ]] || compopt -o nospace 2> /dev/null
        return
    fi
    case $previous in
    -append | -cpu | -gdb | -m | -name | -seed | -smp | --listen | --until | --index-size) return ;; # nobody knows
    -bios) COMPREPLY=($(compgen -W 'none default' -- "$current")) ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$(_reprise_options "$command")" -- "$current"))
    else
        [[ $command != query ]] || COMPREPLY+=($(compgen -W last-write -- "$current"))
        compopt -o filenames 2> /dev/null
        local file
        while IFS= read -r file; do
            COMPREPLY+=("$file")
        done < <(compgen -f -- "$current")
    fi
}

complete -F _reprise reprise

# reprise-system-ARCH says itself which options it has.
_reprise_system() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} file
    COMPREPLY=()
    case $previous in
    -M | -machine | -cpu | -device | -netdev | -chardev | -d) COMPREPLY=($(compgen -W help -- "$current")) ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$("$1" -help 2> /dev/null | sed -n 's/^  \(--*[A-Za-z][A-Za-z-]*\).*/\1/p')" -- "$current"))
    else
        compopt -o filenames 2> /dev/null
        while IFS= read -r file; do
            COMPREPLY+=("$file")
        done < <(compgen -f -- "$current")
    fi
}

complete -F _reprise_system reprise-system-aarch64 reprise-system-arm reprise-system-riscv32 reprise-system-riscv64
