# Perl's Net::FTP plays the steps of library_case.py.
use strict;
use warnings;
use Net::FTP;

$| = 1;
my ($host, $port, $mode, $authority) = @ARGV;
my @tls = $authority ? (SSL_ca_file => $authority) : ();
my $ftp = Net::FTP->new($host, Port => $port, Passive => $mode eq 'passive', Timeout => 60, @tls)
    or die "connect: $@";
$authority and ($ftp->starttls or die 'starttls: ' . $ftp->message);
$ftp->login('anonymous', 'x@example.org') or die 'login: ' . $ftp->message;
$ftp->binary or die 'binary: ' . $ftp->message;

# Runs with the other type and returns to binary.
sub as_text {
    my ($action) = @_;
    $ftp->ascii or return;
    my $done = $action->();
    my $message = $ftp->message;
    $ftp->binary or return;
    warn $message unless $done;
    return $done;
}

my %steps = (
    'get'        => sub { $ftp->get(@_) },
    'put'        => sub { $ftp->put(@_) },
    'get-text'   => sub { my @names = @_; as_text(sub { $ftp->get(@names) }) },
    'put-text'   => sub { my @names = @_; as_text(sub { $ftp->put(@names) }) },
    'resume-get' => sub { $ftp->get($_[0], $_[1], -s $_[1]) },
    'resume-put' => sub {
        # Net::FTP knows no offset for put: REST, and a handle that stands there.
        my $offset = $ftp->size($_[1]);
        open(my $file, '<:raw', $_[0]) or return;
        seek($file, $offset, 0) or return;
        $ftp->restart($offset);
        return $ftp->put($file, $_[1]);
    },
    'append' => sub { $ftp->append(@_) },
    'cwd'    => sub { $ftp->cwd(@_) },
    'pwd'    => sub { $ftp->pwd },
    'mkdir'  => sub { $ftp->mkdir(@_) },
    'rmdir'  => sub { $ftp->rmdir(@_) },
    'rename' => sub { $ftp->rename(@_) },
    'delete' => sub { $ftp->delete(@_) },
    'size'   => sub { $ftp->size(@_) },
    'time'   => sub { $ftp->mdtm(@_) },
    'names'  => sub { my $names = $ftp->ls(@_); $names ? @$names : () },
    'lines'  => sub { my $lines = $ftp->dir(@_); $lines ? @$lines : () },
);

while (my $line = <STDIN>) {
    chomp $line;
    my ($step, @words) = split /\t/, $line, -1;
    my @values = $steps{$step}->(@words);
    if (@values && defined $values[0] && $values[0] ne '') {
        print join("\t", 'ok', @values), "\n";
    } else {
        my $message = $ftp->message;
        $message =~ s/\s+/ /g;
        print "error\t$message\n";
    }
}
$ftp->quit or die 'quit: ' . $ftp->message;
