#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# jwksctl init: new keys and adopted ones.  If this failed, a cluster would
# start out with a kid that its pods' tokens do not have.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Keys;
use JWKSD::Page;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my @issuer = ('--issuer', 'https://oidc.example.com/a');

sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }

sub generate
{
	my ($path, @how) = @_;

	run('openssl', 'genpkey', '-out', $path, @how)->{status} == 0
		or die 'openssl genpkey';
	return $path;
}

sub public_of
{
	my ($private, $path) = @_;

	run('openssl', 'pkey', '-in', $private, '-pubout', '-out', $path)
		->{status} == 0 or die 'openssl pkey';
	return $path;
}

# A new key is what the policy says, filed by the kid that openssl works out.
for my $case (
	[ 'RS256', 'RSA', 2048, [] ],
	[ 'RS256', 'RSA', 3072, ['--bits', '3072'] ],
	[ 'ES256', 'EC', 256, ['--alg', 'ES256'] ],
	[ 'ES384', 'EC', 384, ['--alg', 'ES384'] ],
	[ 'ES512', 'EC', 521, ['--alg', 'ES512'] ]) {
	my ($alg, $type, $bits, $options) = @$case;
	my $kr = "$dir/new-$alg-$bits";

	ctl_ok('init', $kr, @issuer, @$options);
	my $key = key_in($kr, 'active');
	is($key->{alg}, $alg, "$alg of $bits: alg");
	is($key->{bits}, $bits, "$alg of $bits: bits");
	is(private_kid("$kr/private/$key->{kid}.pem"), $key->{kid},
		'openssl gives the same kid');
	is(read_file("$kr/apiserver/sa.key"),
		read_file("$kr/private/$key->{kid}.pem"), 'sa.key is that key');
	is(kid_of_pem(read_file("$kr/apiserver/sa.pub")), $key->{kid},
		'sa.pub holds it');
	like(read_file("$kr/apiserver/sa.key"), qr/^-----BEGIN $type PRIVATE/,
		'in the form that every kube-apiserver reads');
}

# Nothing private is readable by others, whatever umask says.
{
	my $kr = "$dir/modes";
	my $got = ctl({ setup => sub { umask 0 } }, 'init', $kr, @issuer,
		'--alg', 'ES256');

	is($got->{status}, 0, 'init with umask 0');
	is(mode("$kr/private"), '0700', 'private/');
	is(mode($_), '0600', $_) for glob("$kr/private/*"),
		"$kr/apiserver/sa.key", "$kr/lock";
	is(mode($_), '0644', $_) for "$kr/keyring.json", "$kr/apiserver/sa.pub";
	unlike(read_file("$kr/$_"), qr/PRIVATE/, "$_ has nothing private")
		for qw(keyring.json journal clock apiserver/sa.pub);
}

# Adopting: kubeadm's pair, a public key only, PKCS#8, EC, two keys, a JWKS.
my $rsa = generate("$dir/sa.key", '-algorithm', 'RSA', '-pkeyopt',
	'rsa_keygen_bits:2048');
run('openssl', 'rsa', '-in', $rsa, '-traditional', '-out', "$dir/pkcs1.key");
my $pub = public_of($rsa, "$dir/sa.pub");
my $ec = generate("$dir/ec.key", '-algorithm', 'EC', '-pkeyopt',
	'ec_paramgen_curve:P-256');
my $ec_pub = public_of($ec, "$dir/ec.pub");
my $kid = private_kid($rsa);
my $ec_kid = private_kid($ec);

for my $case (
	[ 'pair', [$pub, $rsa], 1 ],
	[ 'pair-reversed', [$rsa, $pub], 1 ],
	[ 'private-only', [$rsa], 1 ],
	[ 'pkcs1', ["$dir/pkcs1.key"], 1 ],
	[ 'public-only', [$pub], 0 ]) {
	my ($name, $files, $stored) = @$case;
	my $kr = "$dir/adopt-$name";

	ctl_ok('init', $kr, @issuer, map { ('--adopt', $_) } @$files);
	my $keys = keyring($kr)->{keys};
	is(scalar @$keys, 1, "$name: one key");
	is($keys->[0]{kid}, $kid, "$name: its kid stays");
	is($keys->[0]{state}, 'active', "$name: it signs");
	is(-e "$kr/apiserver/sa.key" ? 1 : 0, $stored, "$name: sa.key");
	is(private_kid("$kr/apiserver/sa.key"), $kid, "$name: the same key")
		if $stored;
	is(kid_of_pem(read_file("$kr/apiserver/sa.pub")), $kid, "$name: sa.pub");
}

# Two public keys: which signs must be said; the other one retires.
{
	my @two = ('--adopt', $pub, '--adopt', $ec_pub);
	my $got = ctl('init', "$dir/two", @issuer, @two);

	is($got->{status}, 3, 'two keys and nobody says which signs');
	like($got->{err}, qr/--signing KID/, 'it says how to tell');
	ok(!-e "$dir/two/keyring.json", 'nothing was committed');
	ctl_ok('init', "$dir/two", @issuer, @two, '--signing', $ec_kid);
	is(state_of("$dir/two", $ec_kid), 'active', 'the named one signs');
	is(state_of("$dir/two", $kid), 'retiring', 'the other one retires');
	ctl_ok('init', "$dir/two-b", @issuer, '--adopt', $pub, '--adopt', $ec);
	is(state_of("$dir/two-b", $ec_kid), 'active',
		'the one whose private key is there signs');
}

# A JWKS, with a kid that is not Kubernetes' own.
{
	my $jwks = jwks_of_pem(read_file($pub), 'our-key-1');

	write_file("$dir/jwks.json", $jwks);
	ctl_ok('init', "$dir/jwks", @issuer, '--adopt-jwks', "$dir/jwks.json");
	is(key_in("$dir/jwks", 'active')->{kid}, 'our-key-1', 'its kid stays');
	my $got = ctl('init', "$dir/jwks-2", @issuer, '--adopt-jwks',
		"$dir/jwks.json", '--adopt', $rsa);
	is($got->{status}, 3, 'the same key under two kids');

	# the same from a server
	my $page = "$dir/page";
	my $server = JWKSD::Page->start($page, "$dir/log");
	my @from = ('--adopt-jwks', "$server->{url}/openid/v1/jwks");

	for my $case (
		[ 'an error', JWKSD::Page::text($jwks, '503 Unavailable'),
			qr/answers 503/ ],
		[ 'a redirect', JWKSD::Page::text('', '302 Found',
			"Location: $server->{url}/x"), qr/answers 302/ ],
		[ 'no JWKS', JWKSD::Page::text('<html>'), qr/jwks: / ],
		[ 'a broken answer', 'HTTP/1.1 200', qr/jwks: / ],
		[ 'a private key', JWKSD::Page::text(read_file($rsa)),
			qr/private/ ]) {
		my ($what, $text, $why) = @$case;

		write_file($page, $text);
		$got = ctl('init', "$dir/jwks-url", @issuer, @from);
		is($got->{status}, 3, "$what is refused");
		like($got->{err}, $why, "$what: and named");
		ok(!-e "$dir/jwks-url/keyring.json", "$what: no keyring");
	}
	write_file($page, JWKSD::Page::text($jwks));
	ctl_ok('init', "$dir/jwks-url", @issuer, @from);
	is(key_in("$dir/jwks-url", 'active')->{kid}, 'our-key-1',
		'a JWKS by its URL');
	like(read_file("$dir/log"), qr{^GET /openid/v1/jwks }, 'its path');
	$got = ctl('init', "$dir/far", @issuer, '--adopt-jwks',
		'http://192.0.2.1/jwks');
	is($got->{status}, 3, 'not without TLS');
	like($got->{err}, qr/only https/, 'and it says so');
}

# What an init that failed had looked at is not staged later.
{
	my $kr = "$dir/second-try";

	is(ctl('init', $kr, @issuer, '--adopt', $rsa, '--adopt',
		"$dir/missing")->{status}, 3, 'a list with a wrong file');
	is_deeply([glob "$kr/private/*"], [], 'nothing private is kept');
	ctl_ok('init', $kr, @issuer);
	isnt(key_in($kr, 'active')->{kid}, $kid, 'a new key is new');
}

# Umask takes nothing away from the next run, and DIR may be any name.
{
	my $kr = "$dir/it's a dir";
	my $umask = { setup => sub { umask 0777 } };
	my $got = ctl($umask, 'init', $kr, @issuer, '--alg', 'ES256');

	is($got->{status}, 0, 'init with umask 0777');
	like($got->{out}, qr/flags '\Q$dir\E\/it'\\''s a dir' --for/,
		'commands can be pasted');
	is(ctl($umask, 'stage', $kr)->{status}, 0, 'stage with umask 0777');
	is(mode("$kr/lock"), '0600', 'lock');
	is(mode("$kr/journal"), '0644', 'journal');
}

sub jwks_of_pem
{
	my ($pem, $name) = @_;
	my $text = run({ stdin => $pem }, 'openssl', 'rsa', '-pubin', '-noout',
		'-modulus')->{out};
	my ($hex) = $text =~ /Modulus=([0-9A-F]+)/;
	require MIME::Base64;
	my $n = MIME::Base64::encode_base64(pack('H*', $hex), '');

	$n =~ tr{+/}{-_};
	$n =~ s/=+$//;
	return qq({"keys":[{"kty":"RSA","kid":"$name","alg":"RS256",)
		. qq("use":"sig","n":"$n","e":"AQAB"}]});
}

# Refusals: one line each, and nothing committed.
write_file("$dir/empty.pem", '');
write_file("$dir/text.pem", "hello\n");
run('openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt',
	'rsa_keygen_bits:1024', '-out', "$dir/weak.key");
run('openssl', 'pkey', '-in', $rsa, '-aes128', '-passout', 'pass:x', '-out',
	"$dir/locked.key");
for my $case (
	[ 'an empty file', 3, qr/empty\.pem/, '--adopt', "$dir/empty.pem" ],
	[ 'no key in it', 3, qr/text\.pem/, '--adopt', "$dir/text.pem" ],
	[ 'no such file', 3, qr/missing/, '--adopt', "$dir/missing" ],
	[ 'a directory', 3, qr/directory/, '--adopt', "$dir" ],
	[ 'a weak key', 3, qr/1024/, '--adopt', "$dir/weak.key" ],
	[ 'an encrypted key', 3, qr/encrypted/, '--adopt', "$dir/locked.key" ],
	[ 'a wrong alg', 2, qr/HS256/, '--alg', 'HS256' ],
	[ 'wrong bits', 2, qr/1024/, '--bits', '1024' ],
	[ 'a wrong time', 2, qr/soon/, '--max-age', 'soon' ],
	[ 'an impatient policy', 2, qr/publish_ahead/, '--publish-ahead', '5m' ],
	[ 'an unknown option', 2, qr/--frobnicate/, '--frobnicate' ],
	[ 'a missing value', 2, qr/needs/, '--alg' ]) {
	my ($what, $code, $why, @options) = @$case;
	my $got = ctl('init', "$dir/refused", @issuer, @options);

	is($got->{status}, $code, "$what: refused");
	like($got->{err}, $why, "$what: and named");
	is(scalar(() = $got->{err} =~ /\n/g), 1, "$what: in one line");
	ok(!-e "$dir/refused/keyring.json", "$what: nothing is committed");
}
is(ctl('init', "$dir/x", '--issuer', 'http://oidc.example.com')->{status}, 2,
	'an issuer that is not https');
is(ctl('init', "$dir/x")->{status}, 2, 'no issuer');
my $again = ctl('init', "$dir/two", @issuer);
is($again->{status}, 3, 'a second init is refused');
like($again->{err}, qr/already/, 'and says so');

done_testing();
