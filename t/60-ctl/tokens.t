#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# jwksctl token: what is minted is checked by openssl, and what is verified was
# made by hand, so that neither vouches for the other.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use JWKSD::Ctl;
use JWKSD::Test;
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

my $dir = scratch();
my $kr = "$dir/kr";

at(START);
ctl_ok('init', $kr, '--issuer', 'https://oidc.example.com/test');
my $kid = key_in($kr, 'active')->{kid};

sub encode { return encode_base64($_[0], '') =~ tr{+/}{-_}r =~ s/=//gr }
sub decode { return decode_base64($_[0] =~ tr{-_}{+/}r) }

# A token with these claims, signed by openssl.
sub token
{
	my ($header, $claims, $key) = @_;
	my $json = JSON::PP->new->canonical->utf8;
	my $signed = encode($json->encode($header)) . '.'
		. encode($json->encode($claims));

	write_file("$dir/signed", $signed);
	run('openssl', 'dgst', '-sha256', '-sign',
		$key || "$kr/apiserver/sa.key", '-out', "$dir/signature",
		"$dir/signed")->{status} == 0 or die 'openssl dgst';
	return write_file("$dir/token",
		"$signed." . encode(read_file("$dir/signature")) . "\n");
}

my %header = (alg => 'RS256', kid => $kid);
my %claims = (iss => 'https://oidc.example.com/test', sub => 'me',
	aud => ['sts.amazonaws.com'], exp => START + 600, iat => START,
	nbf => START);

# mint
my $got = ctl_ok('token', 'mint', $kr, '--service-account', 'shop/cart',
	'--expires', '1h', '--audience', 'vault');
my ($head, $body, $signature) = split /\./, $got->{out} =~ s/\n//r;
is_deeply(json(decode($head)), { alg => 'RS256', kid => $kid, typ => 'JWT' },
	'the header');
my $minted = json(decode($body));
is($minted->{sub}, 'system:serviceaccount:shop:cart', 'the subject');
is_deeply($minted->{aud}, ['vault'], 'the audience');
is($minted->{exp} - $minted->{iat}, 3600, 'its life');
is($minted->{'kubernetes.io'}{namespace}, 'shop', 'what Kubernetes adds');
write_file("$dir/signed", "$head.$body");
write_file("$dir/signature", decode($signature));
is(run('openssl', 'dgst', '-sha256', '-verify', "$kr/apiserver/sa.pub",
	'-signature', "$dir/signature", "$dir/signed")->{status}, 0,
	'openssl verifies it');
is(ctl('token', 'mint', $kr)->{status}, 2, 'whose token?');
is(ctl('token', 'mint', $kr, '--service-account', 'a/b/c')->{status}, 2,
	'one slash');

# verify: each check on its own
sub refused
{
	my ($what, $why, $path, @options) = @_;
	my $got = ctl('token', 'verify', $kr, $path, @options);

	is($got->{status}, 1, "$what: refused");
	like($got->{out}, qr/^refused: $why/, "$what: and named");
}

is(ctl('token', 'verify', $kr, token(\%header, \%claims))->{status}, 0,
	'a good one');
my $good = read_file("$dir/token");
is(ctl({ stdin => $good }, 'token', 'verify', $kr, '-')->{status}, 0,
	'from standard input');
refused('another issuer', 'issuer', token(\%header,
	{ %claims, iss => 'https://oidc.example.com/test/' }));
refused('another audience', 'audience', token(\%header,
	{ %claims, aud => 'sts.amazonaws.com.evil' }));
is(ctl('token', 'verify', $kr, token(\%header,
	{ %claims, aud => 'vault' }), '--audience', 'vault')->{status}, 0,
	'an audience that is a string');
refused('expired', 'times: expired', token(\%header,
	{ %claims, exp => START - 301 }));
is(ctl('token', 'verify', $kr, token(\%header,
	{ %claims, exp => START - 299 }))->{status}, 0, 'within the skew');
refused('not yet', 'times: not before', token(\%header,
	{ %claims, nbf => START + 400 }));
refused('no expiry', 'times', token(\%header,
	{ map { $_ => $claims{$_} } grep { $_ ne 'exp' } keys %claims }));
refused('an unknown kid', 'kid', token({ %header, kid => 'x' }, \%claims));
refused('no kid', 'kid', token({ alg => 'RS256' }, \%claims));
refused('another alg of the same family', 'alg', token(
	{ %header, alg => 'RS512' }, \%claims));
run('openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt',
	'rsa_keygen_bits:2048', '-out', "$dir/other.key");
refused('another key under that kid', 'signature', token(\%header, \%claims,
	"$dir/other.key"));
for my $alg (qw(none HS256 EdDSA)) {
	refused("alg $alg", '(form|alg)', token({ %header, alg => $alg },
		\%claims));
}
for my $bad ('', 'x', 'a.b', 'a.b.c.d', $good =~ s/\./../r,
	$good =~ s/^./!/r, '.' x 20000) {
	refused('not a token', 'form', write_file("$dir/bad", $bad));
}
refused('cut short', '(form|signature)',
	write_file("$dir/bad", substr $good, 0, -40));
is(ctl('token', 'verify', $kr, "$dir/missing")->{status}, 3,
	'a token that is not there is a failure');

# with a JWKS instead of the keyring's keys, once retired
ctl_ok('export', $kr, "$dir/out");
is(ctl('token', 'verify', $kr, token(\%header, \%claims), '--jwks',
	"$dir/out/test/openid/v1/jwks")->{status}, 0, 'with a JWKS');

# decode shows and does not vouch
$got = ctl_ok('token', 'decode', token(\%header, \%claims));
is(json($got->{out})->{claims}{sub}, 'me', 'decode');
ok(!json($got->{out})->{verified}, 'it says that it did not verify');

done_testing();
