# SPDX-License-Identifier: MIT
#
# A real HAProxy beside a test, on loopback and in the test's directory only.
# Its listening socket is made here and inherited (bind fd@N), so its port is
# the kernel's choice and a connection that comes early waits.
package JWKSD::Haproxy;

use strict;
use warnings;
use Fcntl qw(F_SETFD);
use IO::Socket::IP;
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_STREAM);

# Where HAProxy is, or undef; it is not in everybody's PATH.
sub path
{
	for my $path (has_program('haproxy'), '/usr/sbin/haproxy') {
		return $path if defined $path && -x $path;
	}
	return undef;
}

# start(dir => ..., config => sub { my ($bind) = @_; ... }): the code returns
# the whole configuration, $bind being what comes behind "bind".
sub start
{
	my ($class, %how) = @_;
	my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0,
		Listen => 511, Type => SOCK_STREAM) or die "socket: $!";
	my $self = bless {
		dir     => "$how{dir}",
		socket  => $socket,
		log     => "$how{dir}/haproxy.log",
		address => '127.0.0.1:' . $socket->sockport,
	}, $class;

	write_file("$self->{dir}/haproxy.cfg",
		$how{config}->('fd@' . fileno $socket));
	$self->run_child;
	return $self;
}

sub run_child
{
	my ($self) = @_;

	defined($self->{pid} = fork) or die "fork: $!";
	return if $self->{pid} > 0;
	fcntl $self->{socket}, F_SETFD, 0;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', $self->{log};
	open STDERR, '>&', \*STDOUT;
	my @argv = (path(), '-db', '-f', "$self->{dir}/haproxy.cfg");
	{ exec { $argv[0] } @argv }
	POSIX::_exit(127);
}

sub address
{
	my ($self) = @_;

	return $self->{address};
}

sub log_text
{
	my ($self) = @_;

	return read_file($self->{log});
}

sub stop
{
	my ($self) = @_;

	return unless $self->{pid};
	kill TERM => $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
}

sub DESTROY
{
	my ($self) = @_;

	local $?;
	$self->stop;
}

1;
