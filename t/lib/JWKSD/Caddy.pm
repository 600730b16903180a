# SPDX-License-Identifier: MIT
#
# A real Caddy.  It inherits no socket: its port is reserved, and who comes too
# early is refused.
package JWKSD::Caddy;

use strict;
use warnings;
use parent 'JWKSD::Ingress';
use JWKSD::Test;

sub path { return server_program('caddy') }

# start(dir => ..., config => sub { my ($port) = @_; ... }): the code returns
# the Caddyfile but for its global options.
sub start
{
	my ($class, %how) = @_;
	my $dir = "$how{dir}";
	my $port = reserve_port();
	my $self = bless {
		dir     => $dir,
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
