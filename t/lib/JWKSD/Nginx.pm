# SPDX-License-Identifier: MIT
#
# A real nginx beside a test, on loopback and in the test's directory only.  Its
# port is the kernel's choice: the listening socket is made here and inherited,
# as nginx inherits its own when it is upgraded, so a connection that comes
# before nginx is ready waits instead of being refused.
package JWKSD::Nginx;

use strict;
use warnings;
use Fcntl qw(F_SETFD);
use IO::Socket::IP;
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_STREAM);

# Where nginx is, or undef; it is not in everybody's PATH.
sub path
{
	for my $path (has_program('nginx'), '/usr/sbin/nginx') {
		return $path if defined $path && -x $path;
	}
	return undef;
}

# start(dir => ..., config => sub { my ($address) = @_; ... }): the code
# returns what stands in "http { }" for a server on that address.
sub start
{
	my ($class, %how) = @_;
	my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0,
		Listen => 511, Type => SOCK_STREAM) or die "socket: $!";
	my $self = bless {
		dir     => "$how{dir}",
		socket  => $socket,
		address => '127.0.0.1:' . $socket->sockport,
	}, $class;

	# its workers, which are another user, look into the directory
	chmod 0755, $self->{dir};
	write_file("$self->{dir}/nginx.conf",
		$self->frame($how{config}->($self->{address})));
	$self->{log} = "$self->{dir}/nginx.log";
	$self->run_child;
	return $self;
}

sub frame
{
	my ($self, $http) = @_;
	my $temp = join '', map { "${_}_temp_path $self->{dir}/nginx-$_;\n" }
		qw(client_body proxy fastcgi uwsgi scgi);

	return <<"CONF";
daemon off;
worker_processes 2;
pid $self->{dir}/nginx.pid;
error_log stderr warn;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
access_log off;
$temp
$http
}
CONF
}

sub run_child
{
	my ($self) = @_;

	defined($self->{pid} = fork) or die "fork: $!";
	return if $self->{pid} > 0;
	fcntl $self->{socket}, F_SETFD, 0;
	$ENV{NGINX} = fileno($self->{socket}) . ';';
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', $self->{log};
	open STDERR, '>&', \*STDOUT;
	my @argv = (path(), '-p', $self->{dir}, '-e', 'stderr',
		'-c', "$self->{dir}/nginx.conf");
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

sub reload
{
	my ($self) = @_;

	kill HUP => $self->{pid} or die "kill: $!";
}

# The ids of its workers.
sub workers
{
	my ($self) = @_;

	return split ' ',
		read_file("/proc/$self->{pid}/task/$self->{pid}/children");
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
