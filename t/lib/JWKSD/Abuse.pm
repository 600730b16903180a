# SPDX-License-Identifier: MIT
#
# Clients that mean no good, many of them in a process of their own: each does a
# little every turn for as long as the server lets it, and the time at which the
# server ended it is reported.
package JWKSD::Abuse;

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use Exporter qw(import);
use IO::Select;
use IO::Socket::IP;
use JWKSD::HTTP qw(request_text);
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_STREAM SOL_SOCKET SO_RCVBUF);
use Time::HiRes qw(sleep time);

use constant CONNECTED => "connected\n";

our @EXPORT = qw(quiet_load resident resident_most);

# A kind is what is sent at first, and what is done at each turn: send (bytes),
# flood (bytes, as often as they are taken), read (so many bytes).
my $request = request_text('/openid/v1/jwks', host => 'h.example');
my $fields = ('X-' . 'a' x 60 . ': ' . 'b' x 60 . "\r\n") x 100;
my %kinds = (
	# a request that never ends
	headers => { first => "GET / HTTP/1.1\r\nHost: h.example\r\nX: ", send => 'x' },
	# one answer, then nothing
	idle => { first => $request, read => 65536 },
	# answers that nobody reads
	deaf => { first => $request x 200, window => 1 },
	# answers that are read a byte at a time, through a small window
	sips => { first => $request x 200, window => 1, read => 1 },
	# requests without end, the answers unread
	flood => { first => '', window => 1, flood => $request x 100 },
	# requests without end, the answers read
	greedy => { first => '', flood => $request x 100, read => 1 << 20 },
	# fields without end
	bomb => { first => "GET / HTTP/1.1\r\nHost: h.example\r\n",
		flood => $fields },
	# what is refused, and more of it
	stubborn => { first => "NONSENSE\r\n\r\n", send => $request },
);

# start(kind => ..., clients => N, address => ..., turn => SECONDS)
# Returns when all are connected.
sub start
{
	my ($class, %how) = @_;
	my $self = bless { clients => $how{clients}, kind => $how{kind} }, $class;

	pipe $self->{reader}, my $writer or die "pipe: $!";
	defined($self->{pid} = fork) or die "fork: $!";
	if ($self->{pid} == 0) {
		close $self->{reader};
		eval { abuse($kinds{ $how{kind} }, $writer, %how); 1 }
			or print STDERR $@;
		POSIX::_exit(0);
	}
	close $writer;
	sysread $self->{reader}, my $line, length CONNECTED
		or die "$how{kind}: not connected";
	return $self;
}

sub connect_to
{
	my ($address, $window) = @_;
	my ($host, $port) = $address =~ /^(.*):(\d+)$/;
	my @window = $window ? (Sockopts => [[SOL_SOCKET, SO_RCVBUF, $window]]) : ();
	my $socket = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port,
		Type => SOCK_STREAM, @window) or die "connect: $!";

	$socket->blocking(0);
	return $socket;
}

sub abuse
{
	my ($kind, $writer, %how) = @_;
	my @open;

	local $SIG{PIPE} = 'IGNORE';
	for (1 .. $how{clients}) {
		my $client = {
			socket => connect_to($how{address}, $kind->{window}),
			begun  => time,
			sent   => 0,
		};
		put($client, $kind->{first});
		push @open, $client;
	}
	syswrite $writer, CONNECTED;
	while (@open) {
		my $until = time + ($how{turn} || 0.25);
		@open = grep { turn($kind, $writer, $_) } @open;
		sleep $until - time if $until > time;
	}
}

# False when the connection is over; that it would block is fine.
sub fine
{
	my ($result) = @_;

	return defined $result || $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
}

sub put
{
	my ($client, $bytes) = @_;
	my $n = syswrite $client->{socket}, $bytes;

	$client->{sent} += $n if defined $n;
	return $n;
}

sub turn
{
	my ($kind, $writer, $client) = @_;
	my $ok = 1;

	$ok = fine(put($client, $kind->{send})) if $kind->{send};
	if ($kind->{flood}) {
		my $n;
		do {
			$client->{rest} = $kind->{flood}
				unless length($client->{rest} // '');
			$n = put($client, $client->{rest});
			substr $client->{rest}, 0, $n, '' if $n;
		} while $n;
		$ok = fine($n);
	}
	if ($ok && $kind->{read}) {
		my $n = sysread $client->{socket}, my $bytes, $kind->{read};
		$ok = fine($n) && !(defined $n && $n == 0);
	}
	$ok = 0 if $ok && over($client->{socket});
	syswrite $writer, sprintf "%.3f %d\n", time - $client->{begun},
		$client->{sent} unless $ok;
	return $ok;
}

# TCP_INFO's first byte is the state: who does not read learns so of the end.
# ESTABLISHED is 1.
sub over
{
	my ($socket) = @_;
	my $info = getsockopt $socket, Socket::IPPROTO_TCP(), 11;

	return ord($info) != 1;
}

# Wait until the server has ended them all, or the time is up.  The ages at
# which it did, in order.
sub ages
{
	my ($self, $seconds) = @_;
	my $deadline = deadline($seconds);
	my $input = '';

	while (IO::Select->new($self->{reader})->can_read(left($deadline))) {
		last unless sysread $self->{reader}, $input, 65536, length $input;
	}
	my @lines = map { [split] } split /\n/, $input;
	$self->{sent} = [map { $_->[1] } @lines];
	return sort { $a <=> $b } map { $_->[0] } @lines;
}

sub stop
{
	my ($self) = @_;

	return unless $self->{pid};
	kill KILL => $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
}

sub DESTROY
{
	my ($self) = @_;

	local $?;
	$self->stop;
}

# --- what a process has used ----------------------------------------------

sub processor_seconds
{
	my ($pid) = @_;
	my ($user, $system) =
		(split ' ', read_file("/proc/$pid/stat") =~ s/^.*\) //r)[11, 12];

	return ($user + $system) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Processor time as a part of some seconds, which should be a turn of theirs: the
# lesser of two, for the first may still hold what they sent at first.
sub quiet_load
{
	my ($pid, $seconds) = @_;
	my $least = 1;

	for (1 .. 2) {
		my ($begun, $used) = (time, processor_seconds($pid));
		sleep $seconds;
		my $load = (processor_seconds($pid) - $used) / (time - $begun);
		$least = $load if $load < $least;
	}
	return $least;
}

sub status_of
{
	my ($pid, $name) = @_;
	my ($kib) = read_file("/proc/$pid/status") =~ /^$name:\s+(\d+) kB$/m;

	return $kib * 1024;
}

# Bytes of memory: now, and at the most so far.
sub resident
{
	return status_of($_[0], 'VmRSS');
}

sub resident_most
{
	return status_of($_[0], 'VmHWM');
}

1;
