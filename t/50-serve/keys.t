#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Every form of a public key, alone and mixed, becomes the bytes that
# kube-apiserver would publish.  What is expected is worked out with openssl.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my ($a, $b) = map { rsa_key() } 1 .. 2;
my %ec = map { $_ => ec_key($_) } qw(P-256 P-384 P-521);
my $large = rsa_key(3072);
my @issuers;

# One issuer a case: its files by name, and the keys in the order expected.
sub issuer
{
	my ($why, $files, @expected) = @_;
	my $url = 'https://h.example/' . @issuers;
	my $home = "$dir/" . @issuers;

	mkdir $home or die $!;
	my @paths = map { "$home/$_->[0]" } @$files;
	write_file("$home/$_->[0]", $_->[1]) for @$files;
	push @issuers, { url => $url, why => $why, paths => \@paths,
		expected => \@expected };
}

sub rsa_public_key_pem
{
	my ($key) = @_;

	return run({ stdin => public_pem($key) }, 'openssl', 'rsa', '-pubin',
		'-RSAPublicKey_out')->{out};
}

issuer('RSA, PUBLIC KEY', [['sa.pub', public_pem($a)]], $a);
issuer('RSA of 3072 bits', [['sa.pub', public_pem($large)]], $large);
issuer("EC $_", [['sa.pub', public_pem($ec{$_})]], $ec{$_}) for sort keys %ec;
issuer('PKCS#1, RSA PUBLIC KEY', [['sa.pub', rsa_public_key_pem($a)]], $a);
issuer('X.509 certificate, RSA', [['sa.crt', certificate($a)]], $a);
issuer('X.509 certificate, EC', [['sa.crt', certificate($ec{'P-384'})]],
	$ec{'P-384'});
issuer('certificate with its text before it', [['sa.crt',
	run({ stdin => certificate($a) }, 'openssl', 'x509', '-text')->{out}]], $a);
issuer('DER, SubjectPublicKeyInfo', [['sa.der', public_der($a)]], $a);
issuer('DER, EC', [['sa.der', public_der($ec{'P-256'})]], $ec{'P-256'});
issuer('DER, certificate', [['sa.cer', run({ stdin => certificate($b) },
	'openssl', 'x509', '-outform', 'DER')->{out}]], $b);
issuer('several blocks in a file, in their order',
	[['sa.pub', public_pem($b) . public_pem($ec{'P-256'}) . public_pem($a)]],
	$b, $ec{'P-256'}, $a);
issuer('text around the blocks', [['sa.pub', "# the first\n\n" . public_pem($a)
	. "and the second:\n" . public_pem($b) . "that is all"]], $a, $b);
issuer('CRLF', [['sa.pub', public_pem($a) =~ s/\n/\r\n/gr]], $a);
issuer('no newline at the end', [['sa.pub', public_pem($a) =~ s/\n\z//r]], $a);
issuer('blanks at the end of lines', [['sa.pub', public_pem($a) =~ s/\n/ \n/gr]], $a);
issuer('EC PARAMETERS before the key', [['sa.pub', run('openssl', 'ecparam',
	'-name', 'prime256v1')->{out} . public_pem($ec{'P-256'})]], $ec{'P-256'});
issuer('a wrong label is not believed', [['sa.pub',
	pem('CERTIFICATE', public_der($a))]], $a);
issuer('a JWKS', [['keys.json', jwks_of($a, $ec{'P-521'})]], $a, $ec{'P-521'});
issuer('a JWK alone', [['key.jwk', jwk_of($a)]], $a);
issuer("a JWKS' own kid is kept", [['keys.json', jwks_of(jwk_of($a, kid => 'k-1'))]],
	jwk_of($a, kid => 'k-1'));
issuer('a JWKS without kid', [['keys.json', jwks_of(jwk_of($a) =~ s/"kid":"[^"]+",//r)]],
	$a);
issuer('a JWKS with RS512', [['keys.json', jwks_of(jwk_of($a, alg => 'RS512'))]],
	jwk_of($a, alg => 'RS512'));
issuer('members that do not matter are dropped', [['keys.json',
	jwks_of(jwk_of($a) =~ s/}\z/,"x5t":"abc","x-note":"mine"}/r)]], $a);
issuer('several files, in the order of the configuration',
	[['z.pub', public_pem($b)], ['a.json', jwks_of($a)], ['m.crt',
		certificate($ec{'P-256'})]], $b, $a, $ec{'P-256'});
issuer('the same key twice is once',
	[['a.pub', public_pem($a)], ['b.crt', certificate($a)], ['c.pub', public_pem($b)]],
	$a, $b);

# Directories: their files by name, hidden and other ones passed over.
sub directory_issuer
{
	my ($why, $files, @expected) = @_;

	issuer($why, $files, @expected);
	$issuers[-1]{paths} = ["$dir/$#issuers"];
}

directory_issuer('a directory', [['2.pub', public_pem($b)], ['1.pub', public_pem($a)],
	['.3.pub', 'hidden'], ['README', 'not a key'], ['4.pub~', 'nor this']], $a, $b);
directory_issuer('a directory of every suffix', [['a.pem', public_pem($a)],
	['b.crt', certificate($b)], ['c.der', public_der($ec{'P-256'})],
	['d.json', jwks_of($ec{'P-384'})], ['e.jwks', jwks_of($ec{'P-521'})]],
	$a, $b, @ec{qw(P-256 P-384 P-521)});

my $blocks = join '', map {
	my $paths = join ', ', map { qq("$_") } @{ $_->{paths} };
	qq(issuer "$_->{url}" { keys = { $paths } }\n)
} @issuers;
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text($blocks));

sub algs
{
	my ($jwks) = @_;
	my %seen = map { $_->{alg} => 1 } @{ json($jwks)->{keys} };

	return sort keys %seen;
}

for my $issuer (@issuers) {
	my $url = $issuer->{url};
	my $expected = jwks_of(@{ $issuer->{expected} });

	is($jwksd->jwks($url)->{content}, $expected, $issuer->{why});
	is($jwksd->document($url, '/.well-known/openid-configuration')->{content},
		discovery_of($url, algs($expected)), '... and its discovery document');
}

# Nothing that is served holds a private member, whatever the source was.
for my $issuer (@issuers) {
	my @private = grep { /^(?:d|p|q|dp|dq|qi|oth|k)$/ }
		map { keys %$_ } @{ json($jwksd->jwks($issuer->{url})->{content})->{keys} };
	is("@private", '', "$issuer->{why}: only public members");
}

is($jwksd->stop, 0, 'ends well');
done_testing;
