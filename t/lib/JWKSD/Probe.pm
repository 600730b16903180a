# SPDX-License-Identifier: MIT
#
# Bytes to a server that may answer with anything, on many connections at once:
# what it answered, and whether the connection is of use after that.
package JWKSD::Probe;

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use Exporter qw(import);
use IO::Select;
use JWKSD::HTTP;
use Time::HiRes qw(time);

our @EXPORT_OK = qw(probe);

use constant AT_ONCE => 48;

# probe($address, $quiet, $next, [$key => $bytes]...): sends the bytes, waits for
# an answer or for $quiet seconds, and then sends $next, a request that is to be
# answered with 200.  Returns { $key => { status, answers, kept } }: the status
# of the first answer or undef, the number of answers before $next was sent, and
# whether $next was answered.
sub probe
{
	my ($address, $quiet, $next, @cases) = @_;
	my $select = IO::Select->new;
	my (%open, %result);

	while (@cases || %open) {
		while (@cases && keys %open < AT_ONCE) {
			my ($key, $bytes) = @{ shift @cases };
			my $c = begin($address, $key, $bytes, $quiet);
			$open{ fileno $c->{socket} } = $c;
			$select->add($c->{socket});
		}
		receive($open{ fileno $_ }) for $select->can_read(0.02);
		for my $c (values %open) {
			advance($c, $next, $quiet);
			next unless $c->{done};
			$result{ $c->{key} } = $c->{result};
			$select->remove($c->{socket});
			delete $open{ fileno $c->{socket} };
			close $c->{socket};
		}
	}
	return \%result;
}

sub begin
{
	my ($address, $key, $bytes, $quiet) = @_;
	my $connection = JWKSD::HTTP->connect($address)
		or die "$address: no connection: $!";
	my $c = { key => $key, socket => $connection->{socket}, input => '',
		head => scalar($bytes =~ /^(?:\r\n)?HEAD /) };

	$c->{socket}->blocking(0);
	put($c, $bytes, $quiet);
	return $c;
}

# A refusal may come before all is sent.
sub put
{
	my ($c, $bytes, $quiet) = @_;
	local $SIG{PIPE} = 'IGNORE';

	syswrite $c->{socket}, $bytes if length $bytes;
	$c->{until} = time + $quiet;
}

sub receive
{
	my ($c) = @_;
	my $got = sysread $c->{socket}, $c->{input}, 65536, length $c->{input};

	return if !defined $got
		&& ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
	$c->{ended} = 1 unless $got;
}

# The statuses of the whole answers, 1xx left out.  An answer of an unknown
# length ends with the connection.
sub answers
{
	my ($c) = @_;
	my $input = $c->{input};
	my @found;

	while ($input =~ s{\A((?:HTTP/\d\.\d) (\d\d\d).*?\r\n\r\n)}{}s) {
		my ($head, $status) = ($1, $2);
		my $length = $c->{head} && !@found || $status =~ /^(?:1..|204|304)$/
			? 0 : content_length($head, $input, $c->{ended});

		last if !defined $length || $length > length $input;
		substr $input, 0, $length, '';
		push @found, $status unless $status < 200;
	}
	# HTTP/0.9, or what cannot be read
	push @found, 200 if !@found && $c->{ended} && $input =~ /\A[^H]/;
	return @found;
}

sub content_length
{
	my ($head, $input, $ended) = @_;

	return $1 if $head =~ /^Content-Length: *(\d+)\r$/mi;
	return $ended ? length $input : undef
		unless $head =~ /^Transfer-Encoding: *chunked\r$/mi;
	my $end = index "\r\n$input", "\r\n0\r\n\r\n";
	return $end < 0 ? undef : $end + 5;
}

# First phase until there is an answer, second until there is one more.
sub advance
{
	my ($c, $next, $quiet) = @_;
	my @answers = answers($c);
	my $over = $c->{ended} || time >= $c->{until};

	if ($c->{result}) {
		my $more = @answers - $c->{result}{answers};
		return unless $more || $over;
		$c->{result}{kept} = $more && $answers[-1] == 200 ? 1 : 0;
		$c->{done} = 1;
		return;
	}
	return unless @answers || $over;
	$c->{result} = { status => $answers[0], answers => scalar @answers,
		kept => 0, ended => $c->{ended} };
	$c->{done} = $c->{ended};
	# the answer to what follows has content
	put($c, $next, $quiet) unless $c->{ended};
}

1;
