# SPDX-License-Identifier: MIT
#
# Keys made while a test runs, and what is to be published for them, worked
# out from openssl's output alone: nothing of it is shared with the daemon.
package JWKSD::Keys;

use strict;
use warnings;
use Digest::SHA qw(sha256);
use Exporter qw(import);
use JWKSD::Test;
use MIME::Base64 qw(encode_base64 encode_base64url);

our @EXPORT = qw(
	new_key rsa_key ec_key public_pem public_der private_pem certificate
	kid_of jwk_of jwks_of discovery_of pem
);

my %curves = (
	'P-256' => { size => 32, alg => 'ES256' },
	'P-384' => { size => 48, alg => 'ES384' },
	'P-521' => { size => 66, alg => 'ES512' },
);

sub openssl
{
	my $how = ref $_[0] eq 'HASH' ? shift : {};
	my $done = run($how, 'openssl', @_);

	die "openssl @_: $done->{err}" if $done->{status} != 0;
	return $done->{out};
}

# A key is a hash: { private => PEM, kind, ... }; the rest is derived.
sub new_key
{
	my ($algorithm, @options) = @_;

	return {
		private => openssl(
			'genpkey', '-algorithm', $algorithm,
			map { ('-pkeyopt', $_) } @options
		)
	};
}

sub rsa_key
{
	my ($bits, @options) = @_;

	$bits ||= 2048;
	return new_key('RSA', "rsa_keygen_bits:$bits", @options);
}

sub ec_key
{
	my ($curve) = @_;

	$curve ||= 'P-256';
	return { %{ new_key('EC', "ec_paramgen_curve:$curve") }, curve => $curve };
}

sub private_pem
{
	my ($key, @form) = @_;

	return $key->{private} unless @form;
	return openssl({ stdin => $key->{private} }, 'pkey', @form);
}

sub public_pem
{
	my ($key) = @_;

	$key->{pem} ||= openssl({ stdin => $key->{private} }, 'pkey', '-pubout');
	return $key->{pem};
}

sub public_der
{
	my ($key) = @_;

	$key->{der} ||= openssl({ stdin => $key->{private} },
		'pkey', '-pubout', '-outform', 'DER');
	return $key->{der};
}

sub certificate
{
	my ($key, @options) = @_;
	my $file = File::Temp->new;

	print $file $key->{private};
	$file->flush;
	return openssl('req', '-x509', '-new', '-key', "$file", '-subj', '/CN=sa',
		'-days', '30', '-config', '/dev/null', @options);
}

sub pem
{
	my ($label, $der) = @_;

	return "-----BEGIN $label-----\n" . encode_base64($der)
		. "-----END $label-----\n";
}

# Kubernetes: base64url(SHA-256(DER SubjectPublicKeyInfo)).
sub kid_of
{
	my ($key) = @_;

	return encode_base64url(sha256(public_der($key)));
}

sub rsa_members
{
	my ($key) = @_;
	my $modulus = openssl({ stdin => public_pem($key) },
		'rsa', '-pubin', '-noout', '-modulus');
	my $text = openssl({ stdin => public_pem($key) },
		'rsa', '-pubin', '-noout', '-text');
	my ($n) = $modulus =~ /^Modulus=([0-9A-F]+)$/m;
	my ($e) = $text =~ /^Exponent: \d+ \(0x([0-9a-f]+)\)$/m;

	$e = "0$e" if length($e) % 2;
	return [n => encode_base64url(pack 'H*', $n)],
		[e => encode_base64url(pack 'H*', $e)];
}

# The SPKI ends with the point, 04 || x || y.
sub ec_members
{
	my ($key) = @_;
	my $size = $curves{ $key->{curve} }{size};
	my $point = substr public_der($key), -2 * $size;

	return [x => encode_base64url(substr $point, 0, $size)],
		[y => encode_base64url(substr $point, $size)];
}

# The members of the key's JWK as kube-apiserver orders them.
sub jwk_of
{
	my ($key, %as) = @_;
	my $curve = $key->{curve};
	my @members = ([use => 'sig'], [kty => $curve ? 'EC' : 'RSA'],
		[kid => $as{kid} || kid_of($key)]);

	push @members, [crv => $curve] if $curve;
	push @members,
		[alg => $as{alg} || ($curve ? $curves{$curve}{alg} : 'RS256')];
	push @members, $curve ? ec_members($key) : rsa_members($key);
	return '{' . join(',', map { qq("$_->[0]":"$_->[1]") } @members) . '}';
}

sub jwks_of
{
	return '{"keys":[' . join(',', map { ref $_ ? jwk_of($_) : $_ } @_) . ']}';
}

sub discovery_of
{
	my ($issuer, @algs) = @_;
	my $algs = join ',', map { qq("$_") } @algs;

	return qq({"issuer":"$issuer","jwks_uri":"$issuer/openid/v1/jwks",)
		. '"response_types_supported":["id_token"],'
		. '"subject_types_supported":["public"],'
		. qq("id_token_signing_alg_values_supported":[$algs],)
		. '"authorization_endpoint":"urn:kubernetes:programmatic_authorization",'
		. '"claims_supported":["sub","iss"]}';
}

1;
