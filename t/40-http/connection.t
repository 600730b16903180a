#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Connections: kept alive, pipelined, in pieces, of HTTP/1.0.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(http request_text);
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $key = ec_key();
my $path = '/openid/v1/jwks';

write_file("$dir/sa.pub", public_pem($key));
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<'CONF'));
issuer "https://h.example" { keys = { "sa.pub" } }
CONF
my $jwks = jwks_of($key);
my $request = request_text($path, host => 'h.example');

sub connection
{
	return JWKSD::HTTP->connect($jwksd->address);
}

{
	my $connection = connection();
	for (1 .. 3) {
		$connection->send($request);
		my $answer = $connection->response;
		is($answer->{content}, $jwks, "request $_ on one connection");
		is($answer->field('Connection'), undef, '... which stays open');
	}
	$connection->send(request_text('/none', host => 'h.example'));
	is($connection->response->{status}, 404, 'a 404 does not end it');
	$connection->send(request_text($path, host => 'h.example', method => 'HEAD'));
	is($connection->response('HEAD')->{status}, 200, 'HEAD has no content on it');
	$connection->send(request_text($path, host => 'h.example', close => 1));
	my $last = $connection->response;
	is(lc $last->field('Connection'), 'close', 'Connection: close is heard');
	ok($connection->closed, '... and done');
}

{
	my $connection = connection();
	my $n = 200;
	$connection->send($request x $n . request_text('/none', host => 'h.example',
		close => 1));
	my $good = grep { $connection->response->{content} eq $jwks } 1 .. $n;
	is($good, $n, "$n requests sent at once are all answered");
	is($connection->response->{status}, 404, '... in their order');
	ok($connection->closed, '... and the last one ends it');
}

{
	my $connection = connection();
	$connection->send("\r\n$request");
	is($connection->response->{status}, 200,
		'an empty line before a request is skipped (RFC 9112 2.2)');
	$connection->finish_sending;
	ok($connection->closed, 'the end of input ends an idle connection');
}

{
	my $connection = connection();
	$connection->send(substr $request, 0, 20);
	$connection->finish_sending;
	my $answer = $connection->response;
	ok(!$answer || $answer->{status} == 400, 'half a request is never served');
}

# A request in two pieces, cut at each byte.  Each on one connection after
# the other, so that what was left behind would be seen.
{
	my $connection = connection();
	my $text = request_text($path, host => 'h.example',
		fields => ['If-None-Match: "x"', 'User-Agent: t']);
	my $good = 0;
	for my $cut (1 .. length($text) - 1) {
		$connection->send(substr $text, 0, $cut);
		last unless $connection->quiet;
		$connection->send(substr $text, $cut);
		my $answer = $connection->response or last;
		$good++ if $answer->{content} eq $jwks;
	}
	is($good, length($text) - 1, 'a request may be cut anywhere');
	$connection->send($_) for split //, $text;
	is($connection->response->{content}, $jwks, '... at every byte');
}

{
	my $connection = connection();
	$connection->send("GET $path HTTP/1.0\r\nHost: h.example\r\n\r\n");
	my $answer = $connection->response;
	is($answer->{content}, $jwks, 'HTTP/1.0 is answered');
	ok($connection->closed, '... and the connection ended');

	$connection = connection();
	$connection->send(
		"GET $path HTTP/1.0\r\nHost: h.example\r\nConnection: keep-alive\r\n\r\n"
		x 2);
	$answer = $connection->response;
	is(lc($answer->field('Connection') || ''), 'keep-alive',
		'HTTP/1.0 may keep a connection');
	is($connection->response->{content}, $jwks, '... for a second request');
}

{
	my $connection = connection();
	$connection->send(request_text($path, host => 'h.example',
		fields => ['Expect: 100-continue']));
	is($connection->response->{status}, 200,
		'100-continue without content is not waited for');
}

is($jwksd->stop, 0, 'ends well');
done_testing;
