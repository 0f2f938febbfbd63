<?php
// PHP's ftp_* functions play the steps of library_case.py.
[, $host, $port, $mode] = $argv;
set_error_handler(function ($level, $message) {
    $GLOBALS['last_error'] = $message;
    return true;
});
$ftp = ftp_connect($host, (int) $port, 60);
if (!$ftp || !ftp_login($ftp, 'anonymous', 'x@example.org') || !ftp_pasv($ftp, $mode === 'passive')) {
    fwrite(STDERR, "no session: $last_error\n");
    exit(1);
}
$steps = [
    'get' => fn($remote, $local) => ftp_get($ftp, $local, $remote, FTP_BINARY),
    'put' => fn($local, $remote) => ftp_put($ftp, $remote, $local, FTP_BINARY),
    'get-text' => fn($remote, $local) => ftp_get($ftp, $local, $remote, FTP_ASCII),
    'put-text' => fn($local, $remote) => ftp_put($ftp, $remote, $local, FTP_ASCII),
    'resume-get' => fn($remote, $local) =>
        ftp_get($ftp, $local, $remote, FTP_BINARY, FTP_AUTORESUME),
    'resume-put' => fn($local, $remote) =>
        ftp_put($ftp, $remote, $local, FTP_BINARY, FTP_AUTORESUME),
    'append' => fn($local, $remote) => ftp_append($ftp, $remote, $local, FTP_BINARY),
    'cwd' => fn($path) => ftp_chdir($ftp, $path),
    'pwd' => fn() => ftp_pwd($ftp),
    'mkdir' => fn($path) => ftp_mkdir($ftp, $path) !== false,
    'rmdir' => fn($path) => ftp_rmdir($ftp, $path),
    'rename' => fn($from, $to) => ftp_rename($ftp, $from, $to),
    'delete' => fn($path) => ftp_delete($ftp, $path),
    'size' => fn($path) => ($size = ftp_size($ftp, $path)) >= 0 ? $size : false,
    'time' => fn($path) => ($time = ftp_mdtm($ftp, $path)) >= 0 ? $time : false,
    'names' => fn($path) => ftp_nlist($ftp, $path),
    'lines' => fn($path) => ftp_rawlist($ftp, $path),
];
while (($line = fgets(STDIN)) !== false) {
    $words = explode("\t", rtrim($line, "\n"));
    $last_error = '';
    $value = $steps[array_shift($words)](...$words);
    if ($value === false) {
        echo "error\t", preg_replace('/\s+/', ' ', $last_error), "\n";
    } else {
        echo implode("\t", array_merge(['ok'], is_bool($value) ? [] : (array) $value)), "\n";
    }
}
exit(ftp_close($ftp) ? 0 : 1);
