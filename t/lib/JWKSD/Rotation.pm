# SPDX-License-Identifier: MIT
#
# A rotation that never ends: generations of a keyring.json that are known
# beforehand, so that a client can say of any body whether it may be served and
# how new it is.  Generation n publishes the keys n (retiring), n + 1 (active)
# and n + 2 (staged), and says that n - 1 is retired.
package JWKSD::Rotation;

use strict;
use warnings;
use Digest::SHA qw(sha256 sha256_hex);
use JWKSD::Keys;
use JWKSD::Test;
use MIME::Base64 qw(decode_base64 encode_base64url);
use POSIX qw(strftime);

# AlgorithmIdentifier of P-256 and the head of the point's BIT STRING
my $spki_head = pack 'H*',
	'3059301306072a8648ce3d020106082a8648ce3d030107034200';

# new($directory, $issuer, $generations)
sub new
{
	my ($class, $directory, $issuer, $generations) = @_;

	mkdir $directory;
	return bless {
		directory => $directory,
		issuer    => $issuer,
		last      => $generations - 1,
		keys      => [map { quick_key() } 0 .. $generations + 1],
		moment    => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime),
	}, $class;
}

# One run of openssl a key: the point stands at the end of its PKCS#8 form.
sub quick_key
{
	my $key = ec_key();
	my ($base64) = $key->{private} =~ /-\n(.*?)\n-/s;

	$key->{der} = $spki_head . substr decode_base64($base64), -65;
	$key->{pem} = pem('PUBLIC KEY', $key->{der});
	return $key;
}

# The kids of generation $n, as they are published.
sub kids
{
	my ($self, $n) = @_;

	return [map { kid_of($_) } @{ $self->{keys} }[$n .. $n + 2]];
}

# The kid that comes with generation $n.
sub newest_kid
{
	my ($self, $n) = @_;

	return kid_of($self->{keys}[$n + 2]);
}

sub body
{
	my ($self, $n) = @_;

	return jwks_of(@{ $self->{keys} }[$n .. $n + 2]);
}

sub entry
{
	my ($self, $key, @happened) = @_;

	return {
		kid       => kid_of($key),
		alg       => 'ES256',
		bits      => 256,
		public    => public_pem($key),
		in_store  => JSON::PP::false,
		map { $_ => $self->{moment} } qw(created published), @happened,
	};
}

sub publish
{
	my ($self, $n) = @_;
	my $keys = $self->{keys};
	my @entries = (
		$self->entry($keys->[$n], qw(activated superseded)),
		$self->entry($keys->[$n + 1], qw(activated)),
		$self->entry($keys->[$n + 2]),
	);

	unshift @entries, $self->entry($keys->[$n - 1],
		qw(activated superseded retired)) if $n > 0;
	my $ring = {
		version    => 1,
		issuer     => $self->{issuer},
		generation => $n + 1,
		updated    => $self->{moment},
		policy     => {
			alg => 'ES256', bits => 256, publish_ahead => 86400,
			token_lifetime => 86400, skew => 300, max_age => 3600,
			rotation_max_age => 300, rollout => 3600,
			api_token_lifetime => 3600, period => 0,
		},
		last => { step => 'stage', kid => $self->newest_kid($n) },
		keys => \@entries,
	};
	replace_file("$self->{directory}/keyring.json",
		JSON::PP->new->encode($ring), 0644);
}

# A file with the hash and the entity tag of every generation's body.
sub write_bodies
{
	my ($self, $path) = @_;

	return write_file($path, join '', map {
		my $body = $self->body($_);
		my $etag = encode_base64url(substr sha256($body), 0, 16);
		sha256_hex($body) . qq( "$etag"\n);
	} 0 .. $self->{last});
}

1;
