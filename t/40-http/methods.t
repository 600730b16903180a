#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The two documents: what each method answers, with which fields.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $key = ec_key();
my $issuer = 'https://oidc.example.com/prod';

write_file("$dir/sa.pub", public_pem($key));
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "sa.pub" } max-age = 1234 }
CONF

my $date = qr/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;
my %documents = (
	'/.well-known/openid-configuration' =>
		[discovery_of($issuer, 'ES256'), 'application/json'],
	'/openid/v1/jwks' => [jwks_of($key), 'application/jwk-set+json'],
);

for my $suffix (sort keys %documents) {
	my ($bytes, $type) = @{ $documents{$suffix} };
	my $get = $jwksd->document($issuer, $suffix);

	is($get->{status}, 200, "GET $suffix is 200");
	is($get->{content}, $bytes, '... with the bytes of kube-apiserver');
	is($get->field('Content-Type'), $type, "... as $type");
	is($get->field('Content-Length'), length $bytes, '... with their length');
	is($get->field('Cache-Control'), 'public, max-age=1234',
		'... and may be cached as configured');
	is($get->field('Access-Control-Allow-Origin'), '*', '... by pages of any origin');
	is($get->field('X-Content-Type-Options') || 'nosniff', 'nosniff',
		'... and is not sniffed');
	like($get->field('ETag'), qr/^"[^"]+"$/, '... with a strong ETag');
	like($get->field('Last-Modified'), $date, '... with Last-Modified');
	like($get->field('Date'), $date, '... with Date');
	is($get->field('Server'), undef, '... and nothing of the server');
	is($get->field('Vary'), undef, '... and depends on nothing');
	is($get->field('Transfer-Encoding'), undef, '... and is not chunked');

	my $head = $jwksd->document($issuer, $suffix, method => 'HEAD');
	is($head->{status}, 200, "HEAD $suffix is 200");
	is($head->lasting_fields, $get->lasting_fields, '... with the fields of GET');

	my $preflight = $jwksd->document($issuer, $suffix, method => 'OPTIONS',
		fields => ['Origin: https://spa.example.org',
			'Access-Control-Request-Method: GET']);
	is($preflight->{status}, 204, "OPTIONS $suffix is 204");
	is($preflight->field('Content-Length'), undef,
		'... without a length (RFC 9110 8.6)');
	is($preflight->field('Access-Control-Allow-Origin'), '*', '... for any origin');
	like($preflight->field('Access-Control-Allow-Methods') || '', qr/\bGET\b/,
		'... that wants to GET');

	my $again = $jwksd->document($issuer, $suffix);
	is($again->lasting_fields, $get->lasting_fields, 'again the same fields');
	is($again->{content}, $get->{content}, 'again the same bytes');
	my $query = $jwksd->document($issuer, "$suffix?v=2");
	is($query->{content}, $get->{content}, 'a query changes nothing');

	for my $method (qw(POST PUT DELETE PATCH TRACE)) {
		my $refused = $jwksd->document($issuer, $suffix, method => $method);
		is($refused->{status}, 405, "$method $suffix is 405");
		is(join(' ', sort split /,\s*/, $refused->field('Allow')),
			'GET HEAD OPTIONS', '... and says what is allowed');
		is($refused->field('Cache-Control'), 'no-store',
			'... and may not be cached');
	}
	is($jwksd->document($issuer, $suffix, method => 'FETCH')->{status}, 501,
		'a method that does not exist is 501');
	is($jwksd->document($issuer, $suffix, method => 'get')->{status}, 501,
		'... nor does get');
}

my $server = $jwksd->ask('*', method => 'OPTIONS', host => 'oidc.example.com');
cmp_ok($server->{status}, '<', 300, 'OPTIONS * is answered');
is($jwksd->ask('*', host => 'oidc.example.com')->{status}, 400,
	'GET * is 400 (RFC 9112 3.2.4)');

is($jwksd->stop, 0, 'ends well');
done_testing;
