#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Requests that are refused: one answer that no cache keeps, then the end of
# the connection, and what followed on it is never taken for a request.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $path = '/openid/v1/jwks';

write_file("$dir/sa.pub", public_pem(ec_key()));
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<'CONF'));
issuer "https://h.example" { keys = { "sa.pub" } }
CONF

# [ bytes, status, why ].  LINE is a good request line, HOST a good Host.
my @cases = (
	["GET $path HTTP/2.0\r\nHOST\r\n\r\n", 505, 'HTTP/2.0'],
	["GET $path HTTP/3.7\r\nHOST\r\n\r\n", 505, 'HTTP/3.7'],
	["GET $path HTTP/0.9\r\nHOST\r\n\r\n", 505, 'HTTP/0.9'],
	["GET $path\r\nHOST\r\n\r\n", 400, 'no version'],
	["GET $path HTTP/1.1.1\r\nHOST\r\n\r\n", 400, 'HTTP/1.1.1'],
	["GET $path HTTP/01.1\r\nHOST\r\n\r\n", 400, 'HTTP/01.1'],
	["GET $path http/1.1\r\nHOST\r\n\r\n", 400, 'http/1.1'],
	["GET  $path HTTP/1.1\r\nHOST\r\n\r\n", 400, 'two blanks'],
	["GET $path HTTP/1.1 \r\nHOST\r\n\r\n", 400, 'a blank at the end'],
	["GET $path/a b HTTP/1.1\r\nHOST\r\n\r\n", 400, 'a blank in the target'],
	["GET $path#f HTTP/1.1\r\nHOST\r\n\r\n", 400, 'a fragment'],
	["GET x HTTP/1.1\r\nHOST\r\n\r\n", 400, 'a target without slash'],
	["GET $path\0 HTTP/1.1\r\nHOST\r\n\r\n", 400, 'a NUL in the target'],
	["GET /\xc3\xa9 HTTP/1.1\r\nHOST\r\n\r\n", 400, 'a byte over 0x7f'],
	["G\@T $path HTTP/1.1\r\nHOST\r\n\r\n", 400, 'a method that is no token'],
	["CONNECT h.example:443 HTTP/1.1\r\nHOST\r\n\r\n", 405, 'CONNECT'],
	["LINE\nHOST\n\n", 400, 'bare LF'],
	["LINE\r\n\r\n", 400, 'no Host'],
	["LINE\r\nHost:\r\n\r\n", 400, 'an empty Host'],
	["LINE\r\nHOST\r\nHOST\r\n\r\n", 400, 'two Hosts'],
	["LINE\r\nHost: h.example, h.example\r\n\r\n", 400, 'a list of Hosts'],
	["LINE\r\nHost: u\@h.example\r\n\r\n", 400, 'Host with a user'],
	["LINE\r\nHost: h.example/\r\n\r\n", 400, 'Host with a path'],
	["LINE\r\nHost: h.example:http\r\n\r\n", 400, 'Host with a port that is none'],
	["LINE\r\nHost: h example\r\n\r\n", 400, 'Host with a blank'],
	["LINE\r\nHost : h.example\r\n\r\n", 400, 'a blank before the colon'],
	["LINE\r\nHOST\r\n X: folded\r\n\r\n", 400, 'a folded line'],
	["LINE\r\n HOST\r\n\r\n", 400, 'a blank before the first field'],
	["LINE\r\nHOST\r\nX\r\n\r\n", 400, 'a field without colon'],
	["LINE\r\nHOST\r\n: x\r\n\r\n", 400, 'a field without name'],
	["LINE\r\nHOST\r\nX\@Y: x\r\n\r\n", 400, 'a name that is no token'],
	["LINE\r\nHOST\r\nX: a\0b\r\n\r\n", 400, 'a NUL in a value'],
	["LINE\r\nHOST\r\nX: a\rb\r\n\r\n", 400, 'a bare CR in a value'],
	["LINE\r\nHOST\r\nX: a\x7fb\r\n\r\n", 400, 'DEL in a value'],
	["LINE\r\nHOST\r\nContent-Length: +1\r\n\r\nx", 400, 'Content-Length: +1'],
	["LINE\r\nHOST\r\nContent-Length: 0x1\r\n\r\nx", 400, 'Content-Length: 0x1'],
	["LINE\r\nHOST\r\nContent-Length: -1\r\n\r\n", 400, 'Content-Length: -1'],
	["LINE\r\nHOST\r\nContent-Length: 1, 2\r\n\r\nxx", 400, 'two lengths in one'],
	["LINE\r\nHOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400,
		'two lengths'],
	["LINE\r\nHOST\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400,
		'a length that no number holds'],
	["LINE\r\nHOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400, 'length and chunked'],
	["LINE\r\nHOST\r\nTransfer-Encoding: gzip\r\n\r\n", [400, 501],
		'a coding other than chunked'],
	["LINE\r\nHOST\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		[400, 501], 'chunked twice'],
	["LINE\r\nHOST\r\nTransfer-Encoding:\r\n\r\n", [400, 501], 'an empty coding'],
	["LINE\r\nHOST\r\nTransfer-Encoding: xchunked\r\n\r\n", [400, 501], 'xchunked'],
	["LINE\r\nHOST\r\nExpect: 200-ok\r\n\r\n", 417, 'an expectation nobody knows'],
	["GET /" . 'x' x 9000 . " HTTP/1.1\r\nHOST\r\n\r\n", 414, 'a target of 9000 bytes'],
	["LINE\r\nHOST\r\nX: " . 'x' x 17000 . "\r\n\r\n", 431, 'a field of 17000 bytes'],
	["LINE\r\nHOST\r\n" . "X: y\r\n" x 200 . "\r\n", 431, '201 fields'],
	["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'x' x 40, 400,
		'a TLS ClientHello'],
	["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505], "HTTP/2's preface"],
	["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 400, "the PROXY protocol's line"],
);

my $behind = "GET $path HTTP/1.1\r\nHost: h.example\r\n\r\n";

for my $case (@cases) {
	my ($bytes, $status, $why) = @$case;
	my %accepted = map { $_ => 1 } ref $status ? @$status : $status;

	$bytes =~ s{LINE}{GET $path HTTP/1.1};
	$bytes =~ s{HOST}{Host: h.example}g;
	my $connection = JWKSD::HTTP->connect($jwksd->address);
	$connection->send($bytes . $behind);
	my $answer = $connection->response;

	ok($answer && $accepted{ $answer->{status} }, "$why is refused")
		or diag 'got ' . ($answer ? $answer->{head} : 'nothing');
	next unless $answer;
	is($answer->field('Cache-Control'), 'no-store', '... and not cacheable');
	is(lc($answer->field('Connection') || ''), 'close', '... announces the end');
	ok($connection->closed, '... and nothing behind it is answered');
}

# Content with a request that has none is not read: the connection ends.
for my $content ("Content-Length: 5\r\n\r\nhello",
	"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
{
	my $connection = JWKSD::HTTP->connect($jwksd->address);
	$connection->send("GET $path HTTP/1.1\r\nHost: h.example\r\n$content$behind");
	my $answer = $connection->response;
	ok($answer->{status} == 200 || $answer->{status} == 400,
		'a GET with content has one answer');
	is(lc($answer->field('Connection') || ''), 'close', '... the last one');
	ok($connection->closed, '... and the content is no request');
}

# All that was logged is one line an event, and printable.
is(scalar(grep { length > 1024 } split /\n/, $jwksd->log_text), 0,
	'no line of the log is longer than 1 KiB');
unlike($jwksd->log_text, qr/[^\x20-\x7e\n]/, 'the log holds no raw bytes');
is($jwksd->jwks('https://h.example')->{status}, 200, 'and it still serves');
is($jwksd->stop, 0, 'ends well');
done_testing;
