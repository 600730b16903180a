#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# What must never be published, and what no verifier would take: refused with
# a line that names the issuer, the file and the reason, and shows nothing of
# what was in it.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use MIME::Base64 qw(decode_base64 encode_base64url);
use Test::More;

my $dir = scratch();
my $rsa = rsa_key();
my $ec = ec_key();
my $config = "$dir/jwksd.conf";

mkdir "$dir/keys";
mkdir "$dir/state";
write_file($config, JWKSD::Daemon::config_text(<<'CONF'));
issuer "https://h.example" { keys = { "keys" } }
CONF

# [ bytes, suffix ] or bytes, in a directory with a good key beside it.
sub refused
{
	my ($why, $bytes, $pattern, %how) = @_;
	my $name = 'bad' . ($how{suffix} || '.pem');

	unlink glob "$dir/keys/*";
	write_file("$dir/keys/a-good.pub", public_pem($ec)) unless $how{alone};
	write_file("$dir/keys/$name", $bytes, $how{mode});
	my $run = jwksd_run('-t', '-c', $config);
	is($run->{status}, 1, "$why is refused");
	like($run->{err}, qr{^jwksd: .*https://h\.example.*\Q$dir\E/keys/$name.*$pattern}m,
		'... with issuer, file and reason');
	is(scalar(grep { /\S/ } split /\n/, $run->{err}), 1, '... in one line')
		or diag $run->{err};
	return $run;
}

my $private = qr/private key/i;
my $d = private_pem($rsa);
my %private = (
	'PKCS#8, RSA' => $d,
	'PKCS#8, EC' => private_pem($ec),
	'PKCS#1' => private_pem($rsa, '-traditional'),
	'SEC1' => private_pem($ec, '-traditional'),
	'encrypted PKCS#8' => private_pem($rsa, '-aes256', '-passout', 'pass:secret'),
	'encrypted PKCS#1' => private_pem($rsa, '-traditional', '-aes256', '-passout',
		'pass:secret'),
	'public and private in one file' => public_pem($rsa) . $d,
	'private and certificate' => $d . certificate($rsa),
	'private with a public label' => ($d =~ s/PRIVATE/PUBLIC/gr),
	'private labelled CERTIFICATE' => ($d =~ s/PRIVATE KEY/CERTIFICATE/gr),
	'private behind a lot of text' => 'x' x 5000 . "\n$d",
	'private with CRLF' => ($d =~ s/\n/\r\n/gr),
);
refused($_, $private{$_}, $private) for sort keys %private;

refused('DER PKCS#8', private_pem($rsa, '-outform', 'DER'), $private,
	suffix => '.der');
refused('DER SEC1', private_pem($ec, '-traditional', '-outform', 'DER'), $private,
	suffix => '.der');

{
	my $bundle = "$dir/bundle.p12";
	write_file("$dir/sa.key", $d);
	write_file("$dir/sa.crt", certificate($rsa));
	run('openssl', 'pkcs12', '-export', '-inkey', "$dir/sa.key", '-in',
		"$dir/sa.crt", '-out', $bundle, '-passout', 'pass:x');
	refused('PKCS#12', read_file($bundle), $private, suffix => '.der');
}
if (has_program('ssh-keygen')) {
	run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', "$dir/ssh");
	refused("OpenSSH's", read_file("$dir/ssh"), $private);
}
refused("a JWK with $_", jwks_of(jwk_of($rsa) =~ s/}\z/,"$_":"AQAB"}/r), $private,
	suffix => '.json') for qw(d p q dp dq qi k);
refused('a JWK with oth', jwks_of(jwk_of($rsa) =~ s/}\z/,"oth":[]}/r), $private,
	suffix => '.json');
refused('a symmetric JWK', '{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}',
	qr/private|symmetric|oct/, suffix => '.json');

# What is refused is not shown.
{
	my ($line) = $d =~ /\n(\S{64})\n/;
	my $run = refused('a private key', $d, $private);
	unlike($run->{err} . $run->{out}, qr/\Q@{[ substr $line, 0, 24 ]}\E/,
		'nothing of it is in the message');
}

# Weak and strange keys.
refused('RSA of 1024 bits', public_pem(rsa_key(1024)), qr/1024.*2048/);
refused('an exponent of 3', public_pem(rsa_key(2048, 'rsa_keygen_pubexp:3')),
	qr/exponent/);
for my $curve (qw(secp256k1 prime192v1 secp224r1)) {
	my $key = new_key('EC', "ec_paramgen_curve:$curve");
	refused("the curve $curve", public_pem($key), qr/curve/);
}
refused('Ed25519', public_pem(new_key('ED25519')), qr/./);
refused('DSA or DH', public_pem(new_key('X25519')), qr/./);
{
	my $point = public_der($ec);
	substr $point, -1, 1, chr(ord(substr $point, -1) ^ 1);
	refused('a point that is not on the curve', pem('PUBLIC KEY', $point), qr/./);
	refused('the point at infinity', pem('PUBLIC KEY',
		pack('H*', '301906072a8648ce3d020106082a8648ce3d030107030200') . "\0"),
		qr/./);
}
refused('a block that is cut', substr(public_pem($rsa), 0, 200), qr/./);
refused('a block that is no base64', public_pem($rsa) =~ s/\nMII/\n!!!/r, qr/./);
refused('DER with bytes behind it', public_der($rsa) . 'x', qr/./, suffix => '.der');
refused('text without a key', "hello\n", qr/./);
refused('an empty file', '', qr/./);
refused('JSON that is cut', substr(jwks_of($rsa), 0, 100), qr/./, suffix => '.json');
refused('JSON nested a million deep', '[' x 1_000_000, qr/./, suffix => '.json');
refused('a JWK nested a million deep', '{"keys":' . '[' x 900_000, qr/./,
	suffix => '.json');
refused('a member twice', jwk_of($rsa) =~ s/}\z/,"e":"AQAB"}/r, qr/./,
	suffix => '.json');
refused('a JWK for encryption', jwk_of($rsa) =~ s/"use":"sig"/"use":"enc"/r, qr/use/,
	suffix => '.json');
refused('a JWK of another algorithm', jwk_of($rsa, alg => 'PS256'), qr/PS256/,
	suffix => '.json');
refused('a JWK with alg of another type', jwk_of($rsa, alg => 'ES256'), qr/ES256/,
	suffix => '.json');
refused('a padded JWK', jwk_of($rsa) =~ s/"e":"AQAB"/"e":"AQAB=="/r, qr/./,
	suffix => '.json');
refused('a JWKS without keys', '{"keys":[]}', qr/./, suffix => '.json', alone => 1);
refused('a kid that two keys have',
	jwks_of(jwk_of($rsa, kid => 'a'), jwk_of($ec, kid => 'a')), qr/kid/,
	suffix => '.json', alone => 1);

# Files.
SKIP: {
	skip 'for root every file is readable', 3 if $> == 0;
	refused('an unreadable file', public_pem($rsa), qr/Permission denied/, mode => 0);
}
refused('a world-writable file', public_pem($rsa), qr/write/, mode => 0666);
refused('a file over the limit', public_pem($rsa) . "\n" x (1 << 20), qr/./);

sub refused_file
{
	my ($why, $make, $pattern) = @_;

	unlink glob "$dir/keys/*";
	write_file("$dir/keys/a-good.pub", public_pem($ec));
	$make->("$dir/keys/bad.pem");
	my $run = jwksd_run('-t', '-c', $config);
	is($run->{status}, 1, "$why is refused");
	like($run->{err}, qr{^jwksd: .*\Q$dir\E/keys/bad\.pem.*$pattern}m,
		'... with file and reason');
	# -d follows the link: rmdir would not do
	-d "$dir/keys/bad.pem" && !-l "$dir/keys/bad.pem"
		? rmdir "$dir/keys/bad.pem" : unlink "$dir/keys/bad.pem";
}

refused_file('a FIFO', sub { POSIX::mkfifo($_[0], 0644) or die $! },
	qr/FIFO/);
refused_file('a device', sub { symlink '/dev/zero', $_[0] }, qr/device/);
refused_file('a link that dangles', sub { symlink 'nowhere', $_[0] },
	qr/No such file/);
refused_file('a link to itself', sub { symlink 'bad.pem', $_[0] },
	qr/symbolic links/);
refused_file('10 GB of nothing', sub {
	write_file($_[0], '');
	truncate $_[0], 10 * (1 << 30) or die $!;
}, qr/./);

# 101 keys of a type; 100 are too many bytes as RSA, so as EC.
{
	my @many = map { jwk_of($ec, kid => "k$_") } 1 .. 2;
	refused('one key under two kids', jwks_of(@many), qr/kid/, suffix => '.json',
		alone => 1);
}

done_testing;
