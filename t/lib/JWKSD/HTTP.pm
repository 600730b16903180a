# SPDX-License-Identifier: MIT
#
# HTTP by hand: the test says every byte that is sent and sees every byte that
# comes back.
package JWKSD::HTTP;

use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use JWKSD::Test;
use Socket qw(SOCK_STREAM SHUT_WR);

our @EXPORT_OK = qw(http request_text);

# http($address, $path, host => ..., method => ..., fields => [...]):
# one request on a connection of its own; the response, parsed.  meanwhile is
# called now and then while it waits.
sub http
{
	my ($address, $path, %how) = @_;
	my $connection = __PACKAGE__->connect($address);

	$connection->{meanwhile} = $how{meanwhile};
	$connection->send(request_text($path, close => 1, %how));
	my $response = $connection->response($how{method});
	die "after its last answer the connection is open"
		unless $connection->closed;
	return $response;
}

sub request_text
{
	my ($path, %how) = @_;
	my @fields = @{ $how{fields} || [] };

	unshift @fields, "Host: $how{host}" if defined $how{host};
	push @fields, 'Connection: close' if $how{close};
	return join "\r\n", ($how{method} || 'GET') . " $path HTTP/1.1",
		@fields, '', '';
}

# address: as in jwksd.conf, 127.0.0.1:80, [::1]:80, unix:/path.
sub connect
{
	my ($class, $address) = @_;
	my $socket;

	if ($address =~ /^unix:(.*)/) {
		$socket = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $1);
	} elsif ($address =~ /^\[?(.*?)\]?:(\d+)$/) {
		$socket = IO::Socket::IP->new(PeerHost => $1, PeerPort => $2,
			Type => SOCK_STREAM);
	}
	return undef unless $socket;
	binmode $socket;
	return bless { socket => $socket, input => '', ended => 0 }, $class;
}

sub send
{
	my ($self, $bytes) = @_;
	my $deadline = deadline();
	my $ready = IO::Select->new($self->{socket});
	local $SIG{PIPE} = 'IGNORE';

	# a server that refused early may have closed: the answer counts
	while (length $bytes) {
		die "the server takes no bytes" unless $ready->can_write(left($deadline));
		my $sent = syswrite $self->{socket}, $bytes;
		return unless defined $sent;
		substr $bytes, 0, $sent, '';
	}
}

sub finish_sending
{
	my ($self) = @_;

	$self->{socket}->shutdown(SHUT_WR);
}

# Read more input; false at its end.
sub more
{
	my ($self, $deadline) = @_;

	return 0 if $self->{ended};
	until (IO::Select->new($self->{socket})->can_read(0.1)) {
		die "the server says nothing more; so far: <$self->{input}>"
			unless left($deadline);
		$self->{meanwhile}->() if $self->{meanwhile};
	}
	my $got = sysread $self->{socket}, $self->{input}, 65536,
		length $self->{input};
	$self->{ended} = 1 unless $got;
	return $got;
}

sub take
{
	my ($self, $length, $deadline) = @_;

	while (length $self->{input} < $length) {
		$self->more($deadline)
			or die "the content ends early: <$self->{input}>";
	}
	return substr $self->{input}, 0, $length, '';
}

# The next response, or undef when the connection ends before one starts.
# method: of the request, for HEAD has no content.
sub response
{
	my ($self, $method) = @_;
	my $deadline = deadline();

	while (index($self->{input}, "\r\n\r\n") < 0) {
		next if $self->more($deadline);
		return undef if $self->{input} eq '';
		die "the head ends early: <$self->{input}>";
	}
	my $head = $self->take(index($self->{input}, "\r\n\r\n") + 4, $deadline);
	my $response = parse_head($head);
	my $length = $response->field('Content-Length');

	$response->{content} = '';
	if (defined $length && ($method || '') ne 'HEAD'
		&& $response->{status} != 304)
	{
		$response->{content} = $self->take($length, $deadline);
	}
	return $response;
}

sub parse_head
{
	my ($head) = @_;
	my ($line, @lines) = split /\r\n/, $head;

	$line =~ m{^HTTP/1\.1 (\d\d\d) ([\x20-\x7e]+)$}
		or die "no status line: <$line>";
	my $response = bless { status => $1, reason => $2, head => $head },
		'JWKSD::HTTP::Response';
	for (@lines) {
		/^([!#-'*+.^_`|~0-9A-Za-z-]+): ?([\x20-\x7e]*)$/
			or die "no field line: <$_>";
		push @{ $response->{fields} }, [$1, $2];
	}
	return $response;
}

# Wait for the end of the connection; false when more bytes come first.
sub closed
{
	my ($self) = @_;

	return 0 if length $self->{input};
	return 1 unless $self->more(deadline());
	return 0;
}

# Everything that comes until the connection ends.
sub rest
{
	my ($self) = @_;
	my $deadline = deadline();

	1 while $self->more($deadline);
	return $self->{input};
}

# Nothing has come so far, and the connection is open.
sub quiet
{
	my ($self) = @_;

	return !length $self->{input}
		&& !IO::Select->new($self->{socket})->can_read(0);
}

package JWKSD::HTTP::Response;

use strict;
use warnings;

# The value of a field, undef when it is not there, dies when it is twice.
sub field
{
	my ($self, $name) = @_;
	my @values = map { $_->[1] }
		grep { lc $_->[0] eq lc $name } @{ $self->{fields} };

	die "$name stands twice in <$self->{head}>" if @values > 1;
	return $values[0];
}

# The fields that may not differ between two answers of the same document.
sub lasting_fields
{
	my ($self) = @_;

	return join "\n", map { "$_->[0]: $_->[1]" }
		grep { $_->[0] !~ /^(?:Date|Connection)$/i } @{ $self->{fields} };
}

1;
