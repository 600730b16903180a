#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# aws simulate: the answer of STS from files.  The table of answers is a unit
# test; here is that the files are read and the answer is told.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $key = rsa_key();
my %file = (
	token         => write_file("$dir/token", token($key, claims()) . "\n"),
	keys          => write_file("$dir/keys", jwks_of($key)),
	provider      => write_file("$dir/provider", provider_json()),
	'role-policy' => write_file("$dir/policy", policy_json()),
);

sub simulate
{
	my (%other) = @_;
	my %given = (%file, %other);
	my @args = map { ("--$_", $given{$_}) }
		grep { defined $given{$_} } sort keys %given;

	return run(program('jwksctl'), 'aws', 'simulate', @args);
}

my $allowed = simulate();
is($allowed->{status}, 0, 'allowed') or diag $allowed->{err};
is($allowed->{out}, "allowed\n", 'and said');
is(simulate(keys => write_file("$dir/sa.pub", public_pem($key)))->{status}, 0,
	'with the key as PEM');
is(simulate(account => ACCOUNT)->{status}, 0, 'in its account');
is(simulate(account => '210987654321')->{status}, 1, 'not in another');

my @refused = (
	['NoProvider', 'InvalidIdentityToken', provider => undef],
	['no such role', 'AccessDenied', 'role-policy' => undef],
	['no keys', 'InvalidIdentityToken', keys => undef],
	['unreachable', 'IDPCommunicationError', 'issuer-state' => 'unreachable'],
	['untrusted', 'InvalidIdentityToken', 'issuer-state' => 'untrusted'],
	['rejects', 'IDPRejectedClaim', 'issuer-state' => 'rejects'],
	['too long', 'ValidationError', duration => '2h'],
	['expired', 'ExpiredTokenException', token => write_file("$dir/old",
		token($key, claims(exp => time - 1000)))],
	['a default token', 'InvalidIdentityToken', token => write_file("$dir/api",
		token($key, claims(aud => [ISSUER])))],
	['another account', 'AccessDenied', token => write_file("$dir/db",
		token($key, claims(sub => 'system:serviceaccount:shop:db')))],
);
for (@refused) {
	my ($name, $code, @other) = @$_;
	my $text = simulate(@other);

	is($text->{status}, 1, "$name: refused");
	like($text->{out}, qr/^STS says: .*\(\Q$code\E\) when calling/m,
		"$name: $code");
	like($text->{out}, qr/^refused: \S/m, "$name: why");
}
my $json = json(run(program('jwksctl'), 'aws', 'simulate', '-o', 'json',
	map { ("--$_", $file{$_}) } grep { $_ ne 'provider' } sort keys %file)->{out});
is($json->{code}, 'InvalidIdentityToken', 'as JSON: the code');
is($json->{http}, 400, 'the status');
is($json->{message}, 'No OpenIDConnect provider found in your account for '
	. ISSUER, 'the message');
ok(!$json->{allowed} && $json->{why}, 'and why');

is(simulate(token => undef)->{status}, 2, 'no token');
is(simulate('issuer-state' => 'tired')->{status}, 2, 'no such state');
is(simulate(duration => 'long')->{status}, 2, 'no such time');
is(simulate(provider => "$dir/none")->{status}, 3, 'no such file');
is(simulate('role-policy' => write_file("$dir/no", '[]'))->{status}, 3,
	'not a policy');

done_testing;
