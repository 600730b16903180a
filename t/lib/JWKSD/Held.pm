# SPDX-License-Identifier: MIT
#
# A listening socket that outlives the daemons that serve it, as systemd's
# jwksd.socket does: who connects while none runs waits for the next one.
package JWKSD::Held;

use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use IO::Socket::IP;
use JWKSD::Daemon;
use POSIX ();
use Socket qw(SOCK_STREAM);

# name: what systemd would call it (FileDescriptorName=).
sub new
{
	my ($class, $name) = @_;
	my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0,
		Listen => 4096, Type => SOCK_STREAM) or die "socket: $!";

	return bless { socket => $socket, name => $name // 'listen' }, $class;
}

sub address
{
	my ($self) = @_;

	return ($self->{name} eq 'tls' ? 'tls:' : '')
		. '127.0.0.1:' . $self->{socket}->sockport;
}

# A daemon that got the socket from its supervisor; arguments as for
# JWKSD::Daemon->start.
sub start
{
	my ($self, %how) = @_;

	return JWKSD::Daemon->start(%how, setup => sub {
		my $copy = fcntl $self->{socket}, F_DUPFD, 100;

		POSIX::dup2($copy, 3);
		@ENV{qw(LISTEN_FDS LISTEN_PID LISTEN_FDNAMES)}
			= (1, $$, $self->{name});
	});
}

1;
