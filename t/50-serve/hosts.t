#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Many issuers in one process, on one host and on several, with and without a
# path: each gets its own documents and nobody else's.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my @urls = (
	'https://oidc.example.com',
	'https://oidc.example.com/a',
	'https://oidc.example.com/a/b',
	'https://oidc.example.com/A',
	'https://oidc.example.com/openid',
	'https://oidc.example.com/a.b_c~d-e',
	'https://other.example.com',
	'https://x.oidc.example.com',
	'https://192.0.2.7/a',
	'http://localhost/dev',
	'http://127.0.0.1:8080/dev',
	'http://[::1]:8080/dev',
	'https://long.example.com/' . 'x' x 200,
);
my %keys = map { $_ => ec_key() } @urls;
my $blocks = '';

for my $n (0 .. $#urls) {
	write_file("$dir/$n.pub", public_pem($keys{ $urls[$n] }));
	$blocks .= qq(issuer "$urls[$n]" { keys = { "$n.pub" } }\n);
}

# A cluster's own two files of one issuer may be used for another as well.
$blocks .= <<'CONF';
issuer "https://copy.example.com" {
    keys = { "0.pub", "1.pub" }
    max-age = 60
    jwks-content-type = "application/json"
}
CONF
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text($blocks));

for my $url (@urls) {
	my $jwks = $jwksd->jwks($url);
	is($jwks->{status}, 200, "$url is served");
	is($jwks->{content}, jwks_of($keys{$url}), '... with its own key');
	is($jwks->field('Cache-Control'), 'public, max-age=3600', '... for an hour');
	is($jwksd->document($url, '/.well-known/openid-configuration')->{content},
		discovery_of($url, 'ES256'), '... and says its own name');
}

my $copy = $jwksd->jwks('https://copy.example.com');
is($copy->{content}, jwks_of(@keys{ @urls[0, 1] }), 'keys in the order of the list');
is($copy->field('Cache-Control'), 'public, max-age=60', 'its own max-age');
is($copy->field('Content-Type'), 'application/json', 'its own content type');

is($jwksd->jwks('https://x.oidc.example.com/a')->{status}, 404,
	'a path of one host is not on another');
is(json($jwksd->admin_page('/status.json')->{content})->{issuers}{total},
	@urls + 1, 'the status counts them all');
is($jwksd->stop, 0, 'ends well');
done_testing;
