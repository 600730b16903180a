#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The whole way, with nothing of ours on the other side: kubeadm's key and
# another one, published behind a real nginx with TLS, fetched with curl; and
# tokens of libjwt, judged by what go-oidc, jose, PyJWT and Nimbus find there.
# Were it to fail, tokens of a real cluster would be refused, or forged ones
# accepted.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use JWKSD::Clients;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Nginx;
use JWKSD::Pki;
use JWKSD::Test;
use Test::More;

my $host = 'oidc.test';
my $issuer = "https://$host/prod";
my $audience = 'sts.amazonaws.com';
my $subject = 'system:serviceaccount:default:app';
my $dir = scratch();

JWKSD::Nginx::path() or plan skip_all => 'nginx is not installed';
has_program('curl') or plan skip_all => 'curl is not installed';

# --- the keys: as kubeadm makes them, and one of P-256 ---------------------

sub tool
{
	my $done = run(@_);

	die "@_: $done->{err}" if $done->{status} != 0;
	return $done->{out};
}

tool('openssl', 'genrsa', '-out', "$dir/sa.key", '2048');
tool('openssl', 'rsa', '-in', "$dir/sa.key", '-pubout', '-out', "$dir/sa.pub");

my %keys = (
	RS256 => { private => read_file("$dir/sa.key") },
	ES256 => ec_key(),
);
my %others = (RS256 => rsa_key(), ES256 => ec_key());

write_file("$dir/ec.pub", public_pem($keys{ES256}));

# --- jwksd, and nginx as conf/nginx.conf sets it up ------------------------

my $pki = JWKSD::Pki->new($dir);
my $certificate = $pki->server('oidc', $host);

# The example, with this run's names, files and addresses.
sub example_config
{
	my ($public, $jwksd) = @_;
	my $text = read_file(source_dir() . '/conf/nginx.conf');

	$text =~ s/^\s*listen \[::\].*\n//mg;
	$text =~ s/\blisten 443\b/listen $public/g;
	$text =~ s/\b127\.0\.0\.1:8080\b/$jwksd/g;
	$text =~ s{ssl_certificate .*;}{ssl_certificate $certificate.crt;};
	$text =~ s{ssl_certificate_key .*;}{ssl_certificate_key $certificate.key;};
	$text =~ s/\boidc\.example\.com\b/$host/g;
	return $text;
}

my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "sa.pub", "ec.pub" } }
CONF
my $nginx = JWKSD::Nginx->start(dir => $dir, config => sub {
	return example_config($_[0], $jwksd->address);
});

# --- fetched with curl ----------------------------------------------------

sub curl
{
	my ($path, @options) = @_;
	my $port = $nginx->port;
	my $out = tool('curl', '--silent', '--show-error', '--max-time', 20,
		'--resolve', "$host:$port:127.0.0.1", '--cacert', $pki->ca,
		'--dump-header', "$dir/head", @options, "https://$host:$port$path");
	my ($status) = read_file("$dir/head") =~ m{^HTTP/[\d.]+ (\d+)};
	my %fields = map { /^([\w-]+): (.*?)\r?$/ ? (lc $1 => $2) : () }
		split /\n/, read_file("$dir/head");

	return { status => $status, content => $out, %fields };
}

for (
	['/prod/openid/v1/jwks', 'application/jwk-set+json',
		jwks_of(@keys{qw(RS256 ES256)})],
	['/prod/.well-known/openid-configuration', 'application/json',
		discovery_of($issuer, 'ES256', 'RS256')],
) {
	my ($path, $type, $content) = @$_;
	my $got = curl($path);
	is($got->{status}, 200, "$path through nginx");
	is($got->{content}, $content, '... the bytes of a kube-apiserver');
	is($got->{'content-type'}, $type, '... its type');
	is($got->{'cache-control'}, 'public, max-age=3600', '... may be cached');
	like($got->{etag}, qr/^"[\w-]{22}"$/, '... a strong entity tag');
	is($got->{'content-length'}, length $content, '... its length');
	is(curl($path, '-H', "If-None-Match: $got->{etag}")->{status}, 304,
		'... and not again');
	is(curl($path, '--head')->{etag}, $got->{etag}, '... HEAD');
	is(curl($path, '--tls-max', '1.2', '--http1.1')->{content}, $content,
		'... over TLS 1.2 and HTTP/1.1');
}
is(curl('/staging/openid/v1/jwks')->{status}, 404, 'another issuer is not there');

# --- tokens ---------------------------------------------------------------

# A token like a projected one; %as changes claims.
sub token
{
	my ($alg, $key, $kid, %as) = @_;
	my $now = time;
	my %claims = (
		aud => [$audience],
		exp => $now + 3600,
		iat => $now,
		iss => $issuer,
		jti => '1b3ee6f5-8a1c-4a6e-b6c0-3f0a2f9f6c11',
		'kubernetes.io' => {
			namespace      => 'default',
			pod            => { name => 'app-0', uid => 'd3c9' },
			serviceaccount => { name => 'app', uid => '77aa' },
		},
		nbf => $now,
		sub => $subject,
		%as,
	);
	my $file = write_file("$dir/signing", $key, 0600);
	my $done = run({ stdin => JSON::PP->new->encode(\%claims) },
		program('t/real/mint'), $alg, $file, $kid);

	die "mint: $done->{err}" if $done->{status} != 0;
	return $done->{out};
}

# What a client says that refuses for the right reason.
sub refused
{
	my ($why) = @_;

	return qr/^refused: .*(?:$why)/i;
}

# What it is, what is to be said of it, and the token.
sub cases
{
	my ($alg) = @_;
	my $key = $keys{$alg};
	my $private = $key->{private};
	my $kid = kid_of($key);
	my $other = $others{$alg};
	my $past = time - 7200;

	return (
		["$alg", qr/^ok \Q$subject\E$/, token($alg, $private, $kid)],
		["$alg, another key under its kid", refused('signature'),
			token($alg, $other->{private}, $kid)],
		# Nimbus fetches for an unknown kid once in half a minute
		["$alg, a kid that is not published",
			refused('key|signature|RateLimit'),
			token($alg, $other->{private}, kid_of($other))],
		["$alg, the issuer with a slash", refused('iss'),
			token($alg, $private, $kid, iss => "$issuer/")],
		["$alg, another audience", refused('aud'),
			token($alg, $private, $kid, aud => ['vault'])],
		["$alg, expired", refused('exp'), token($alg, $private, $kid,
			iat => $past, nbf => $past, exp => $past + 3600)],
		["HS256 with the public key of $alg", refused('alg'),
			token('HS256', public_pem($key), $kid)],
	);
}

my @cases = map { cases($_) } qw(RS256 ES256);

sub verify
{
	my ($issuer, @command) = @_;

	return run({ stdin => join '', map { $_->[2] } @cases },
		@command, $issuer, $audience, $nginx->address, $pki->ca);
}

sub judged
{
	my ($name, @command) = @_;
	my $done = verify($issuer, @command);
	my @lines = split /\n/, $done->{out};

	is($done->{status}, 0, "$name finds the keys") or diag $done->{err};
	for my $n (0 .. $#cases) {
		my ($what, $wanted) = @{ $cases[$n] };
		my $said = defined $lines[$n] ? $lines[$n] : 'nothing';
		like($said, $wanted, "$name: $what");
		note($said);
	}
	my $slash = verify("$issuer/", @command);
	isnt($slash->{status}, 0, "$name takes no issuer with a slash for ours");
	is($slash->{out}, '', '... nor any token');
}

for my $client (qw(go_oidc jose pyjwt nimbus)) {
	SKIP: {
		my @command = eval { JWKSD::Clients->can($client)->($dir) };
		skip "$client: " . ($@ =~ s/\n//r), 1 unless @command;
		judged($client, @command);
	}
}

unlike($jwksd->log_text, qr/level=(?:warn|error)/, 'jwksd has no complaint');
$nginx->stop;
unlike($nginx->log_text, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'nor has nginx');
is($jwksd->stop, 0, 'ends well');
done_testing;
