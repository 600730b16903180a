# SPDX-License-Identifier: MIT
#
# A real HAProxy: it takes the socket by "bind fd@N".
package JWKSD::Haproxy;

use strict;
use warnings;
use parent 'JWKSD::Ingress';
use JWKSD::Test;

sub path { return server_program('haproxy') }

# start(dir => ..., config => sub { my ($bind) = @_; ... }): the code returns
# the whole configuration, $bind being what comes behind "bind".
sub start
{
	my ($class, %how) = @_;
	my $self = $class->new($how{dir});
	my $file = write_file("$self->{dir}/haproxy.cfg",
		$how{config}->('fd@' . fileno $self->{socket}));

	$self->run_child({}, path(), '-db', '-f', $file);
	return $self;
}

1;
