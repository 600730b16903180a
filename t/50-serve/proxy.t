#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The PROXY protocol: whom the access log shows behind a trusted proxy, a real
# HAProxy among them, and what becomes of those who are not trusted.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(http request_text);
use JWKSD::Haproxy;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $request = request_text('/openid/v1/jwks', host => 'h.example', close => 1);

write_file("$dir/sa.pub", public_pem(ec_key()));

sub conf
{
	return JWKSD::Daemon::config_text(
		qq(issuer "https://h.example" { keys = { "sa.pub" } }\n),
		'access-log' => '-', @_);
}

sub clients
{
	my ($jwksd) = @_;

	return [ sort $jwksd->log_text =~ /client=(\S+)(?=.*doc=jwks)/g ];
}

{
	my $jwksd = JWKSD::Daemon->start(
		dir => $dir, config => conf('proxy-protocol' => ['127.0.0.1', '2001:db8::/32']));
	my $connection = JWKSD::HTTP->connect($jwksd->address);
	$connection->send("PROXY TCP4 203.0.113.7 127.0.0.1 5151 443\r\n$request");
	is($connection->response->{status}, 200, 'a header and a request: answered');

	$connection = JWKSD::HTTP->connect($jwksd->address);
	$connection->send("PROXY TCP6 2001:db8::7 ::1 5152 443\r\n");
	$connection->send($request);
	is($connection->response->{status}, 200, '... in two pieces, of IPv6');

	$connection = JWKSD::HTTP->connect($jwksd->address);
	$connection->send($request);
	ok($connection->closed, 'a trusted proxy without a header: closed');
	$jwksd->wait_log(qr/1 for want of the PROXY header/);
	like($jwksd->admin_page('/metrics')->{content},
		qr/^jwksd_connections_shed_total\{.*cause="proxy"\} 1$/m, '... and counted');

	is($jwksd->stop, 0, 'ends well');
	is_deeply(clients($jwksd), ['203.0.113.7:5151', '[2001:db8::7]:5152'],
		'the access log shows the clients');
}

{
	my $jwksd = JWKSD::Daemon->start(
		dir => $dir, config => conf('proxy-protocol' => ['192.0.2.0/24']));
	my $connection = JWKSD::HTTP->connect($jwksd->address);
	$connection->send("PROXY TCP4 203.0.113.7 127.0.0.1 5151 443\r\n$request");
	is($connection->response->{status}, 400, 'a header from a stranger: 400');
	is(http($jwksd->address, '/openid/v1/jwks', host => 'h.example')->{status}, 200,
		'a stranger without one: answered');
}

SKIP: {
	skip 'haproxy is not installed', 2 unless JWKSD::Haproxy::path();
	my $jwksd = JWKSD::Daemon->start(
		dir => $dir, config => conf('proxy-protocol' => ['127.0.0.1']));
	for my $version (qw(send-proxy send-proxy-v2)) {
		my $haproxy = JWKSD::Haproxy->start(dir => $dir, config => sub {
			my ($bind) = @_;

			return <<"CFG" });
defaults
	mode http
	timeout connect 10s
	timeout client 60s
	timeout server 60s
frontend in
	bind $bind
	default_backend jwksd
backend jwksd
	server jwksd @{[$jwksd->address]} $version
CFG
		my $client = JWKSD::HTTP->connect($haproxy->address);
		my $port = $client->{socket}->sockport;
		$client->send($request);
		$client->response;
		$jwksd->wait_log(qr/client=127\.0\.0\.1:$port .*doc=jwks/);
		pass("HAProxy, $version: the client's own port is in the log");
	}
}

{
	write_file("$dir/bad.conf", conf('proxy-protocol' => ['10.1.2.3/8']));
	my $done = jwksd_run('-t', '-c', "$dir/bad.conf");
	isnt($done->{status}, 0, 'an address with bits behind its prefix is refused');
	like($done->{err}, qr{bad\.conf:\d+: proxy-protocol "10\.1\.2\.3/8": }, '... with its place');
}

done_testing;
