# SPDX-License-Identifier: MIT
#
# A real Caddy.  It inherits no socket: the one that is made for it is bound but
# does not listen, so the port is ours, and who comes too early is refused.
package JWKSD::Caddy;

use strict;
use warnings;
use parent 'JWKSD::Ingress';
use IO::Socket::INET;
use JWKSD::Test;

sub path { return JWKSD::Ingress::find('caddy') }

# start(dir => ..., config => sub { my ($port) = @_; ... }): the code returns
# the Caddyfile but for its global options.
sub start
{
	my ($class, %how) = @_;
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		LocalPort => 0, ReuseAddr => 1, Proto => 'tcp') or die "socket: $!";
	my $dir = "$how{dir}";
	my $port = $socket->sockport;
	my $self = bless {
		dir     => $dir,
		socket  => $socket,
		log     => "$dir/ingress.log",
		address => "127.0.0.1:$port",
	}, $class;
	my $file = write_file("$dir/Caddyfile",
		"{\n\tadmin off\n\tauto_https off\n}\n" . $how{config}->($port));

	$self->run_child({ map { $_ => $dir } qw(HOME XDG_DATA_HOME XDG_CONFIG_HOME) },
		path(), 'run', '--adapter', 'caddyfile', '--config', $file);
	return $self;
}

1;
