# SPDX-License-Identifier: MIT
#
# A server of one page, on a loopback port of the kernel's choosing: whatever
# is asked, it sends the bytes that its file has at that moment.  It ends with
# the object.
package JWKSD::Page;

use strict;
use warnings;
use IO::Socket::INET;
use JWKSD::Test;
use POSIX ();

# The requests are appended to the file $log.
sub start
{
	my ($class, $page, $log) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		Listen => 8) or die "listen: $!";
	my $url = 'http://127.0.0.1:' . $listener->sockport;

	defined(my $pid = fork) or die "fork: $!";
	if ($pid == 0) {
		# who has read enough hangs up
		$SIG{PIPE} = 'IGNORE';
		while (my $peer = $listener->accept) {
			my $request = '';

			while (my $line = <$peer>) {
				$request .= $line;
				last if $line eq "\r\n";
			}
			append_file($log, $request);
			print $peer read_file($page);
			close $peer;
		}
		POSIX::_exit(0);
	}
	return bless { url => $url, pid => $pid, owner => $$ }, $class;
}

# A whole response of this body.
sub text
{
	my ($body, $status, @fields) = @_;

	return join("\r\n", 'HTTP/1.1 ' . ($status || '200 OK'), @fields,
		'Content-Length: ' . length $body, 'Connection: close', '')
		. "\r\n$body";
}

sub DESTROY
{
	my ($self) = @_;

	return if $$ != $self->{owner};
	local $?;
	kill TERM => $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
