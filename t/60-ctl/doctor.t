#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The doctor names the broken link, and only that one: a table of set-ups, each
# the sound one with one thing broken, against a server that sends whatever
# bytes it is told.  If this fails, somebody mends the wrong thing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;
use Time::HiRes ();

# What stands in for a set-up's parts; a case changes one.
my $dir = scratch();
my $pki = new_pki("$dir");
my %chain = (good => leaf($pki, name => 'good'));
my $rsa = rsa_key();
my $ec = ec_key();
my $other = ec_key();
my @stages = qw(url dns tls discovery jwks keyring apiserver token provider
	trust-policy);
my %number = map { $stages[$_] => 10 + $_ } 0 .. $#stages;
my $discovery = discovery_of(ISSUER, 'ES256', 'RS256');
my $jwks = jwks_of($rsa, $ec);
my $serial = 0;

sub chain
{
	my ($name, %how) = @_;

	$chain{$name} ||= leaf($pki, name => $name, %how);
	return $chain{$name};
}

sub http_file
{
	my ($bytes) = @_;

	return $bytes =~ /\A(?:HTTP|@)/ ? $bytes : http_ok($bytes);
}

# Run the doctor over a set-up; { status, stage, sts, report, seconds }.
sub examine
{
	my (%case) = @_;
	my $at = "$dir/case" . $serial++;
	my $chain = $case{chain} || $chain{good};
	my $issuer = $case{issuer} || ISSUER;
	my @args = ('--cacert', "$dir/root.pem", @{ $case{args} || [] });
	my %file = (
		token         => $case{token} || token($ec, claims()),
		provider      => $case{provider}
			|| provider_json(ThumbprintList => [thumbprint_of("$chain.pem")]),
		'role-policy' => $case{policy} || policy_json(),
	);

	mkdir $at;
	write_file("$at/_prod_.well-known_openid-configuration",
		http_file($case{discovery} || $discovery));
	write_file("$at/_prod_openid_v1_jwks", http_file($case{jwks} || $jwks));
	my $server = JWKSD::Aws::Server->start(chain => $chain, answers => $at,
		how => $case{how});
	push @args, '--connect', $case{connect} || $server->address
		unless $case{by_name};
	for my $name (sort keys %file) {
		push @args, "--$name", write_file("$at/$name", $file{$name})
			unless $case{without} && $case{without} eq $name;
	}
	my $begun = Time::HiRes::time();
	my $run = run(program('jwksctl'), 'doctor', $issuer, '-o', 'json', @args);
	my $report = eval { json($run->{out}) };
	my ($broken) = grep { $_->{verdict} eq 'fail' }
		@{ $report ? $report->{findings} : [] };

	return { %$run, report => $report, stage => $report && $report->{broken},
		broken => $broken, seconds => Time::HiRes::time() - $begun,
		text => join "\n", map { "$_->{stage} $_->{verdict} $_->{seen}" }
			@{ $report ? $report->{findings} : [] } };
}

my $no_key = qr/InvalidIdentityToken Couldn't retrieve verification key/;
my $thumbprint = qr/InvalidIdentityToken OpenIDConnect provider's HTTPS/;
my $no_provider = qr/InvalidIdentityToken No OpenIDConnect provider found/;
my $not_valid = qr/InvalidIdentityToken The web identity token provided could/;
my $not_jwt = qr/InvalidIdentityToken The ID Token provided is not a valid JWT/;
my $audience = qr/InvalidIdentityToken Incorrect token audience/;
my $expired = qr/ExpiredTokenException Token expired: current/;
my $denied = qr/AccessDenied Not authorized to perform sts:Assume/;

sub gzip_bomb
{
	return http_raw('200 OK', ['Content-Type: application/json',
		'Content-Encoding: gzip', 'Content-Length: 4096'],
		pack('H*', '1f8b0800000000000203') . "\0" x 4086);
}

sub private_jwk
{
	my $jwk = jwk_of($ec);

	return $jwk =~ s/\}\z/,"d":"AAAA"}/r;
}

my $redirect = http_raw('302 Found',
	['Location: https://oidc.example.com/prod/elsewhere',
		'Content-Length: 0'], '');
my $html = http_ok('<!doctype html><title>Checking your browser</title>',
	'text/html');
my $bare = ISSUER =~ s{^https://}{}r;
my $now = time;

# name => [the broken link, what a pod is told, what is different]
my @cases = (
	# the URL and the name
	['a slash behind the issuer', 'url', $no_provider, issuer => ISSUER . '/'],
	['http', 'url', $no_provider, issuer => 'http://oidc.example.com/prod'],
	['a port', 'url', $no_provider, issuer => 'https://oidc.example.com:8443/prod'],
	['upper case', 'url', $no_provider, issuer => 'https://OIDC.example.com/prod'],
	['a loopback issuer', 'url', $no_provider, issuer => 'https://localhost/prod'],
	['a name that does not exist', 'dns', $no_key, by_name => 1,
		issuer => 'https://oidc.invalid/prod'],

	# the server
	['nobody listens', 'tls', $no_key, connect => '127.0.0.1:1'],
	['no handshake ever', 'tls', $no_key, how => 'mute'],
	['TLS 1.3 only', 'tls', $thumbprint, how => 'tls13'],
	['expired', 'tls', $no_key, chain => chain('expired', days => -1)],
	['self-signed', 'tls', $thumbprint, chain => chain('self', self => 1)],
	['SHA-1', 'tls', $no_key, chain => chain('sha1', md => 'sha1')],
	['1024 bits', 'tls', $no_key, chain => chain('small', bits => 1024)],
	['no intermediate', 'tls', $thumbprint, chain => chain('alone', alone => 1)],
	['another name', 'tls', $no_key,
		chain => chain('name', host => 'www.example.com')],

	# the discovery document
	['no document', 'discovery', $no_key,
		discovery => http_raw('404 Not Found', ['Content-Length: 0'], '')],
	['500', 'discovery', $no_key,
		discovery => http_raw('500 Oops', ['Content-Length: 0'], '')],
	['throttled', 'discovery', $no_key,
		discovery => http_raw('429 Too Many', ['Content-Length: 0'], '')],
	['a redirect', 'discovery', $no_key, discovery => $redirect],
	['a challenge page', 'discovery', $no_key, discovery => $html],
	['it hangs', 'discovery', $no_key, discovery => '@hang'],
	['it drips', 'discovery', $no_key, discovery => '@drip'],
	['it breaks off', 'discovery', $no_key, discovery => '@close'],
	['100 MB', 'discovery', $no_key, discovery => '@flood'],
	['a gzip bomb', 'discovery', $no_key, discovery => gzip_bomb()],
	['cut short', 'discovery', $no_key, discovery => http_raw('200 OK',
		['Content-Length: 5000'], $discovery)],
	['not HTTP', 'discovery', $no_key, discovery => "HTTP/9.9 maybe\r\n\r\n"],
	['nested deep', 'discovery', $no_key, discovery => '[' x 100_000],
	['not an object', 'discovery', $no_key, discovery => '[]'],
	['a member twice', 'discovery', $no_key,
		discovery => $discovery =~ s/\{/{"issuer":"x",/r],
	['another issuer', 'discovery', $no_key,
		discovery => discovery_of('https://oidc.example.com/other', 'RS256')],
	['its issuer has a slash', 'discovery', $no_key,
		discovery => $discovery =~ s{prod",}{prod/",}r],
	['no issuer', 'discovery', $no_key,
		discovery => qq({"jwks_uri":"@{[ISSUER]}/openid/v1/jwks"})],
	['no jwks_uri', 'discovery', $no_key,
		discovery => qq({"issuer":"@{[ISSUER]}"})],
	['jwks_uri is http', 'discovery', $no_key,
		discovery => $discovery =~ s{uri":"https}{uri":"http}r],

	# the JWKS
	['jwks_uri leads nowhere', 'jwks', $no_key,
		discovery => $discovery =~ s{v1/jwks}{v1/keys}r],
	['jwks_uri is on a host with another certificate', 'jwks', $no_key,
		discovery => $discovery =~ s{uri":"https://oidc}{uri":"https://api}r],
	['the JWKS redirects', 'jwks', $no_key, jwks => $redirect],
	['the JWKS is HTML', 'jwks', $no_key, jwks => $html],
	['the JWKS hangs', 'jwks', $no_key, jwks => '@hang'],
	['the JWKS is 100 MB', 'jwks', $no_key, jwks => '@flood'],
	['the JWKS is a gzip bomb', 'jwks', $no_key, jwks => gzip_bomb()],
	['the JWKS is cut short', 'jwks', $no_key, jwks => http_raw('200 OK',
		['Content-Length: 99999'], $jwks)],
	['no keys', 'jwks', $no_key, jwks => '{"keys":[]}'],
	['keys is no array', 'jwks', $no_key, jwks => '{"keys":{}}'],
	['a private key in it', 'jwks', undef, jwks => jwks_of($rsa, private_jwk())],
	['1024 bits RSA', 'jwks', $no_key, jwks => jwks_of($ec, rsa_key(1024))],
	['a kid twice', 'jwks', $no_key,
		jwks => jwks_of($ec, jwk_of($other, kid => kid_of($ec)))],
	['no kid', 'jwks', $no_key,
		jwks => jwks_of($rsa, jwk_of($ec) =~ s/"kid":"[^"]*",//r)],
	['an alg of another type', 'jwks', $no_key,
		jwks => jwks_of($rsa, jwk_of($ec, alg => 'RS256'))],
	['only keys that STS does not take', 'jwks', $no_key,
		jwks => '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"a"}]}'],

	# the token
	['not a token', 'token', $not_jwt, token => 'hello.world'],
	['an opaque token', 'token', $not_jwt, token => 'A' x 400],
	['a token too long', 'token', qr/ValidationError/, token => 'A' x 20_001],
	['a payload that is no JSON', 'token', $not_jwt, token => token($ec, 'x')],
	['alg none', 'token', $not_valid, token => token($ec, claims(), alg => 'none')],
	['HS256', 'token', $not_valid, token => token($ec, claims(), alg => 'HS256')],
	['an unknown kid', 'token', $no_key, token => token($other, claims())],
	['no kid in the token', 'token', $no_key,
		token => token($ec, claims(), no_kid => 1)],
	['signed by another key', 'token', $not_valid,
		token => token($other, claims(), kid => kid_of($ec))],
	['an alg of another key type', 'token', $not_valid,
		token => token($ec, claims(), alg => 'RS256')],
	['another cluster\'s token', 'token', $no_provider,
		token => token($ec, claims(iss => 'https://oidc.example.com/dev'))],
	['the token\'s iss has a slash', 'token', $no_provider,
		token => token($ec, claims(iss => ISSUER . '/'))],
	['expired by more than 5 minutes', 'token', $expired,
		token => token($ec, claims(exp => $now - 400))],
	['no exp', 'token', $not_valid, token => token($ec, claims(exp => undef))],
	['exp is text', 'token', $not_valid,
		token => token($ec, claims(exp => 'tomorrow'))],
	['from the future', 'token', $not_valid,
		token => token($ec, claims(iat => $now + 4000))],
	['for the API server', 'token', $audience,
		token => token($ec, claims(aud => [ISSUER]))],
	['no sub', 'token', $not_valid, token => token($ec, claims(sub => undef))],
	['a sub too long', 'token', $not_valid, token => token($ec,
		claims(sub => 'system:serviceaccount:shop:' . 'w' x 240))],

	# the provider
	['a provider for another issuer', 'provider', $no_provider,
		provider => provider_json(Url => 'oidc.example.com/dev')],
	['the provider has a slash', 'provider', $no_provider,
		provider => provider_json(Url => "$bare/")],
	['the thumbprint of another', 'provider', $thumbprint,
		provider => provider_json(ThumbprintList => ['A' x 40])],
	['no thumbprint for a private CA', 'provider', $thumbprint,
		provider => provider_json()],

	# the trust policy
	['another service account', 'trust-policy', $denied,
		token => token($ec, claims(sub => 'system:serviceaccount:shop:db'))],
	['another audience in the policy', 'trust-policy', $denied,
		policy => policy_json(Condition => { StringEquals => {
			"$bare:aud" => 'other' } })],
	['another provider in the policy', 'trust-policy', $denied,
		policy => policy_json(Principal => { Federated =>
			'arn:aws:iam::123456789012:oidc-provider/oidc.example.com/dev' })],
	['a role for EC2 only', 'trust-policy', $denied,
		policy => policy_json(Principal => { Service => 'ec2.amazonaws.com' },
			Action => 'sts:AssumeRole')],
	['a star where it is compared as it is', 'trust-policy', $denied,
		policy => policy_json(Condition => { StringEquals => {
			"$bare:sub" => 'system:serviceaccount:shop:*' } })],
	['denied', 'trust-policy', $denied, policy => policy_json(Effect => 'Deny')],
);

cmp_ok(scalar @cases, '>=', 40, scalar(@cases) . ' broken set-ups');
for (@cases) {
	my ($name, $link, $told, %case) = @$_;
	my $got = examine(%case);
	my $broken = $got->{broken};

	is($got->{stage}, $link, "$name: the broken link")
		or diag "$got->{text}\n$got->{err}";
	is($got->{status}, $number{$link}, "$name: the exit code");
	is($broken->{sts_code} && "$broken->{sts_code} $broken->{sts_message}", undef,
		"$name: STS says nothing") unless defined $told;
	like(($broken->{sts_code} || '') . ' ' . ($broken->{sts_message} || ''),
		$told, "$name: what a pod sees") if defined $told;
	ok($broken->{todo}, "$name: and what to do");
	cmp_ok($got->{seconds}, '<', 20, "$name: in bounded time");
	is($got->{signal}, 0, "$name: no crash");
}

# what works passes, also in its less usual forms
my @sound = (
	['the sound one'],
	['an RSA key', token => token($rsa, claims())],
	['aud as a string', token => token($ec, claims(aud => 'sts.amazonaws.com'))],
	['expired, within the 5 minutes',
		token => token($ec, claims(exp => time - 200))],
	['served as octets, like S3',
		discovery => http_ok($discovery, 'binary/octet-stream')],
	['a key for others in the JWKS', jwks => jwks_of($ec,
		'{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"ed","use":"sig"}')],
	['the key once more with an empty kid', jwks => jwks_of($ec,
		jwk_of($ec) =~ s/"kid":"[^"]*"/"kid":""/r)],
	['the provider\'s URL with its scheme', provider => provider_json(
		Url => ISSUER, ThumbprintList => [thumbprint_of("$chain{good}.pem")])],
	['a wildcard that fits', policy => policy_json(Condition => {
		StringLike => { "$bare:sub" => 'system:serviceaccount:shop:*' } })],
	['the JWKS on a host of its own', chain => leaf($pki, name => 'two',
		host => HOST . ',DNS:keys.example.com'),
		discovery => $discovery =~ s{uri":"https://oidc}{uri":"https://keys}r],
	['no token', without => 'token'],
	['no provider', without => 'provider'],
	['no policy', without => 'role-policy'],
);
for (@sound) {
	my ($name, %case) = @$_;
	my $got = examine(%case);

	is($got->{stage}, undef, "$name: no broken link") or diag $got->{text};
	is($got->{status}, 0, "$name: exit 0") or diag $got->{err};
}

# as text: the link, the message, what to do, and never the token
my $secret = token($ec, claims(sub => 'system:serviceaccount:shop:db'));
my $at = scratch();
write_file("$at/token", "$secret\n");
write_file("$at/policy", policy_json());
write_file("$at/_prod_.well-known_openid-configuration", http_ok($discovery));
write_file("$at/_prod_openid_v1_jwks", http_ok($jwks));
my $server = JWKSD::Aws::Server->start(chain => $chain{good}, answers => "$at");
my @doctor = (program('jwksctl'), 'doctor', ISSUER, '--cacert', "$dir/root.pem",
	'--connect', $server->address);
my $text = run(@doctor, '--token', "$at/token", '--role-policy', "$at/policy");

like($text->{out}, qr/^broken: trust-policy: statement 1: StringEquals .*:sub wants ".*:web", the token has ".*:db"$/m,
	'text names the condition that stops it');
like($text->{out}, qr/^a pod sees: .*\(AccessDenied\)/m, 'and the error');
like($text->{out}, qr/^do: /m, 'and what to do');
unlike("$text->{out}$text->{err}", qr/\Q@{[substr $secret, -30]}\E/,
	'never the token');
my $asked = read_file("$at/requests");
is(join(' ', $asked =~ /^(GET \S+)/mg), 'GET /prod/.well-known/openid-configuration '
	. 'GET /prod/openid/v1/jwks', 'two documents are asked for, once each');
unlike($asked, qr/authorization|cookie|eyJ/i, 'and nothing is sent along');

# the keyring and the API server
my $ring = "$at/ring";
is(run(program('jwksctl'), 'init', $ring, '--issuer', ISSUER, '--alg', 'ES256',
	'--adopt', write_file("$at/sa.pub", public_pem($ec)))->{status}, 0,
	'a keyring of the published key');
is(run(@doctor, '--keyring', $ring)->{status}, 0, 'the keyring is published');
is(run(@doctor, '--apiserver', write_file("$at/api", jwks_of($ec)))->{status}, 0,
	'the API server\'s key is published');
is(run(@doctor, '--apiserver', write_file("$at/api2", jwks_of($other)))->{status},
	16, 'the API server signs with a key that is not published');
is(run(@doctor, '--apiserver', 'https://127.0.0.1:1')->{status}, 16,
	'the API server cannot be asked');
run(program('jwksctl'), 'init', "$at/new", '--issuer', ISSUER, '--alg', 'ES256');
is(run(@doctor, '--keyring', "$at/new")->{status}, 15,
	'a key of the keyring is not published');
run(program('jwksctl'), 'init', "$at/dev", '--issuer',
	'https://oidc.example.com/dev', '--alg', 'ES256');
is(run(@doctor, '--keyring', "$at/dev")->{status}, 15, 'another keyring');

# what was typed wrong is no finding
is(run(@doctor, '--token', "$at/none")->{status}, 3, 'no such token');
is(run(@doctor, '-o', 'yaml')->{status}, 2, 'no such form');
is(run(@doctor, '--provider', write_file("$at/p", '{}'))->{status}, 3,
	'not a provider');

done_testing;
