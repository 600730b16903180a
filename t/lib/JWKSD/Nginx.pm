# SPDX-License-Identifier: MIT
#
# A real nginx: it takes the socket as it takes its own when it is upgraded.
package JWKSD::Nginx;

use strict;
use warnings;
use parent 'JWKSD::Ingress';
use JWKSD::Test;

sub path { return server_program('nginx') }

# start(dir => ..., config => sub { my ($address) = @_; ... }): the code
# returns what stands in "http { }" for a server on that address.
sub start
{
	my ($class, %how) = @_;
	my $self = $class->new($how{dir});
	my $file = "$self->{dir}/nginx.conf";

	# its workers, which are another user, look into the directory
	chmod 0755, $self->{dir};
	write_file($file, $self->frame($how{config}->($self->{address})));
	$self->run_child({ NGINX => fileno($self->{socket}) . ';' },
		path(), '-p', $self->{dir}, '-e', 'stderr', '-c', $file);
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

1;
