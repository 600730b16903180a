# SPDX-License-Identifier: MIT
#
# A real server in front of jwksd, beside a test: on loopback, in the test's
# directory only, and gone with the object.  JWKSD::Nginx, JWKSD::Haproxy and
# JWKSD::Caddy say how each is run.
#
# The port is the kernel's choice.  A listening socket that is made here and
# inherited lets whoever comes before the server is ready wait instead of being
# refused.
package JWKSD::Ingress;

use strict;
use warnings;
use Fcntl qw(F_SETFD);
use IO::Socket::IP;
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_STREAM);

# In $dir, on a socket that the server inherits.
sub new
{
	my ($class, $dir) = @_;
	my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0,
		Listen => 511, Type => SOCK_STREAM) or die "socket: $!";

	return bless {
		dir     => "$dir",
		socket  => $socket,
		log     => "$dir/ingress.log",
		address => '127.0.0.1:' . $socket->sockport,
	}, $class;
}

# Run it, with these variables besides the test's; what it says is the log.
sub run_child
{
	my ($self, $env, @argv) = @_;

	defined($self->{pid} = fork) or die "fork: $!";
	return if $self->{pid} > 0;
	fcntl $self->{socket}, F_SETFD, 0 if $self->{socket};
	%ENV = (%ENV, %$env);
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', $self->{log};
	open STDERR, '>&', \*STDOUT;
	{ exec { $argv[0] } @argv }
	POSIX::_exit(127);
}

sub address
{
	my ($self) = @_;

	return $self->{address};
}

sub port
{
	my ($self) = @_;

	return $self->{address} =~ s/.*://r;
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
