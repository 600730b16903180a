#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A document is found by host and path as they are, and by nothing else of a
# request.
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
my @keys = map { ec_key() } 1 .. 2;
my $issuer = 'https://oidc.example.com/id/a';
my $path = '/id/a/openid/v1/jwks';

write_file("$dir/$_.pub", public_pem($keys[$_])) for 0 .. 1;
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "0.pub" } }
issuer "https://other.example.com/id/a" { keys = { "1.pub" } }
CONF
my $plain = $jwksd->jwks($issuer);

is($plain->{content}, jwks_of($keys[0]), 'the issuer has its key');
is($jwksd->jwks('https://other.example.com/id/a')->{content},
	jwks_of($keys[1]), 'the same path on another host has another');

sub same
{
	my ($why, %how) = @_;
	my $answer = $jwksd->ask(delete $how{path} || $path,
		host => 'oidc.example.com', %how);

	is($answer->{content}, $plain->{content}, "$why: the same bytes");
	is($answer->lasting_fields, $plain->lasting_fields, "$why: the same fields");
}

same("Host: $_", host => $_) for qw(OIDC.Example.COM oidc.example.com:443
	oidc.example.com:8443 oidc.example.com:);
same($_, fields => [$_]) for (
	'X-Forwarded-Host: other.example.com', 'X-Forwarded-Proto: http',
	'X-Forwarded-Port: 81', 'X-Forwarded-Prefix: /x', 'X-Forwarded-For: 192.0.2.1',
	'X-Original-URL: /id/b/openid/v1/jwks', 'X-Rewrite-URL: /', 'X-Host: other.example.com',
	'Forwarded: host=other.example.com;proto=http', 'X-HTTP-Method-Override: POST',
	'X-Forwarded-Server: other.example.com', 'Origin: https://evil.example',
	'Referer: https://evil.example/', 'Accept: text/html', 'Accept: image/png;q=1',
	'Accept-Encoding: gzip, br', 'Accept-Language: de', 'Accept-Charset: utf-7',
	'Authorization: Bearer x', 'Cookie: a=b', 'Range: bytes=0-0', 'If-Range: "x"',
	'TE: trailers', 'Upgrade: h2c', 'Upgrade-Insecure-Requests: 1', 'DNT: 1',
	'Via: 1.1 x', 'Pragma: no-cache', 'Cache-Control: no-cache', 'Max-Forwards: 0',
	'X-Wap-Profile: x', 'User-Agent: ' . 'x' x 500, 'Destination: /', 'X-Custom: {{7*7}}',
);
same('an absolute target', path => "https://oidc.example.com$path");
same('an absolute target against Host (RFC 9112 3.2.2)',
	path => "https://oidc.example.com$path", host => 'other.example.com');
same('a query', path => "$path?kid=x&a=/../b");

# [ path, host ]: nobody's.
my @strangers = (
	(map { [$path, $_] } qw(example.com oidc.example.com.evil.example
		evil.example xoidc.example.com oidc.example.co 127.0.0.1 [::1]
		oidc.example.com.)),
	(map { [$_, 'oidc.example.com'] } '/', '/id/a', '/id/a/', "$path/", "/$path",
		'/id/b/openid/v1/jwks', '/openid/v1/jwks', '/id//a/openid/v1/jwks',
		'/id/./a/openid/v1/jwks', '/id/x/../a/openid/v1/jwks',
		'/id/%61/openid/v1/jwks', '/id%2fa/openid/v1/jwks', '/ID/A/openid/v1/jwks',
		'/id/a;x/openid/v1/jwks', '/id/a/openid/v1/jwks%00', '/id/a/openid/v1/jwk',
		'/id/a/openid/v1/jwks.json', '/%2e%2e/%2e%2e/etc/passwd',
		'/../../../etc/passwd', '/id/a/openid/v1/jwks%20', '/id/a\\openid/v1/jwks',
		'/metrics', '/livez', '/readyz', '/status.json',
		'/.well-known/openid-configuration',
		'/.well-known/openid-configuration/id/a',
		'/.well-known/oauth-authorization-server/id/a'),
);

for my $stranger (@strangers) {
	my ($asked, $host) = @$stranger;
	my $answer = $jwksd->ask($asked, host => $host);

	like($answer->{status}, qr/^(?:400|404|421)$/, "$asked on $host is nobody's");
	is($answer->field('Cache-Control'), 'no-store', '... and that may not be cached');
	is($answer->field('Access-Control-Allow-Origin') || '*', '*', '... CORS or not');
	is($answer->field('Location'), undef, '... nor redirected');
	unlike($answer->{content}, qr/"keys"|oidc\.example|evil/,
		'... and says nothing of others or of the request');
}

is($jwksd->stop, 0, 'ends well');
done_testing;
