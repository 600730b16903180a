# SPDX-License-Identifier: MIT
#
# jwksctl at a moment of the test's choosing, and what a keyring's directory
# must look like whatever happened to it.
package JWKSD::Ctl;

use strict;
use warnings;
use Exporter qw(import);
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

our @EXPORT = qw(
	START DAY at now ctl ctl_ok new_keyring keyring key_in state_of
	private_kid kid_of_pem next_step
);

use constant START => 1_700_000_000;
use constant DAY   => 86_400;

our $now = START;

# Set the clock; and what it says.
sub at { $now = $_[0] }
sub now { return $now }

# Run jwksctl; the result of run().
sub ctl
{
	my $how = ref $_[0] eq 'HASH' ? shift : {};
	my @arguments = @_;

	local $ENV{JWKSCTL_NOW} = $now;
	return run($how, program('t/lib/jwksctl-at'), @arguments);
}

# The same; it must succeed.
sub ctl_ok
{
	my $got = ctl(@_);

	is($got->{status}, 0, "jwksctl @_[0 .. ($#_ < 1 ? $#_ : 1)]")
		or diag($got->{out}, $got->{err});
	return $got;
}

# A keyring with one EC key, active since START.
sub new_keyring
{
	my ($dir, @more) = @_;

	at(START);
	ctl_ok('init', $dir, '--issuer', 'https://oidc.example.com/test',
		'--alg', 'ES256', @more);
	return $dir;
}

# What `jwksctl list -o json` says of one keyring.
sub keyring
{
	my ($dir) = @_;
	my $got = ctl('list', $dir, '-o', 'json');

	$got->{status} == 0 or die "list: $got->{err}";
	return json($got->{out})->{keyrings}[0];
}

# The only key in that state, or undef.
sub key_in
{
	my ($dir, $state) = @_;
	my @found = grep { $_->{state} eq $state } @{ keyring($dir)->{keys} };

	return @found == 1 ? $found[0] : undef;
}

sub state_of
{
	my ($dir, $kid) = @_;
	my ($key) = grep { $_->{kid} eq $kid } @{ keyring($dir)->{keys} };

	return $key ? $key->{state} : undef;
}

# The moment of the next step, in seconds.
sub next_step
{
	my ($dir) = @_;
	my $when = keyring($dir)->{next}{when} or return 0;
	my ($y, $mo, $d, $h, $mi, $s) =
		$when =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/ or die $when;
	require Time::Local;

	return Time::Local::timegm($s, $mi, $h, $d, $mo - 1, $y);
}

# kids worked out by openssl: of a private key's file, of public PEM text.
sub private_kid
{
	my ($path) = @_;
	my $got = run('openssl', 'pkey', '-in', $path, '-pubout');

	return $got->{status} == 0 ? kid_of_pem($got->{out}) : undef;
}

sub kid_of_pem
{
	my ($pem) = @_;
	require Digest::SHA;
	require MIME::Base64;
	my ($base64) = $pem =~
		/-----BEGIN PUBLIC KEY-----\n(.*?)-----END PUBLIC KEY-----/s
		or return undef;
	my $kid = MIME::Base64::encode_base64(
		Digest::SHA::sha256(MIME::Base64::decode_base64($base64)), '');

	$kid =~ tr{+/}{-_};
	$kid =~ s/=+$//;
	return $kid;
}

1;
