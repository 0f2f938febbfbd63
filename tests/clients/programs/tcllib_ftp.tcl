# Tcl's ftp of tcllib plays the steps of library_case.py.
package require ftp

fconfigure stdin -encoding utf-8
fconfigure stdout -encoding utf-8 -buffering line
set last_error ""
# The library reports through this command, which its users replace.
proc ::ftp::DisplayMsg {s msg {state ""}} {
    if {$state eq "error"} { set ::last_error $msg }
}
lassign $argv host port mode
set ftp [ftp::Open $host anonymous x@example.org -port $port -mode $mode -timeout 60 -blocksize 65536]
if {$ftp < 0} { puts stderr "no session: $last_error"; exit 1 }
ftp::Type $ftp binary

proc as_text {args} {
    ftp::Type $::ftp ascii
    set done [{*}$args]
    ftp::Type $::ftp binary
    return $done
}

# Those answer 1 or 0.
array set verdicts {
    get {ftp::Get $ftp} put {ftp::Put $ftp} append {ftp::Append $ftp}
    get-text {as_text ftp::Get $ftp} put-text {as_text ftp::Put $ftp}
    resume-get {ftp::Reget $ftp} cwd {ftp::Cd $ftp} mkdir {ftp::MkDir $ftp}
    rmdir {ftp::RmDir $ftp} rename {ftp::Rename $ftp} delete {ftp::Delete $ftp}
}
# Those answer a value, or nothing.
array set values {pwd {ftp::Pwd $ftp} size {ftp::FileSize $ftp} time {ftp::ModTime $ftp}}
array set lists {names {ftp::NList $ftp} lines {ftp::List $ftp}}

# The library has no upload from an offset: what is missing is appended.
proc resume_put {local remote} {
    set rest ${local}.rest
    set in [open $local rb]
    seek $in [ftp::FileSize $::ftp $remote]
    set out [open $rest wb]
    fcopy $in $out
    close $in
    close $out
    return [ftp::Append $::ftp $rest $remote]
}

while {[gets stdin line] >= 0} {
    set words [lassign [split $line \t] step]
    if {$step eq "resume-put"} {
        set answer [expr {[resume_put {*}$words] ? {ok} : {error}}]
    } elseif {[info exists verdicts($step)]} {
        set done [{*}[subst $verdicts($step)] {*}$words]
        set answer [expr {$done ? {ok} : {error}}]
    } elseif {[info exists values($step)]} {
        set value [{*}[subst $values($step)] {*}$words]
        set answer [expr {$value eq "" ? {error} : "ok\t$value"}]
    } else {
        set answer [join [linsert [{*}[subst $lists($step)] {*}$words] 0 ok] \t]
    }
    if {$answer eq "error"} { append answer \t [string map {\n { } \t { }} $last_error] }
    puts $answer
}
ftp::Close $ftp
