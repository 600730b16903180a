#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# jwksctl policy: longer waits at any time, shorter ones only when nobody
# waits for them.  If this failed, a change of policy could end a rotation
# early, and a token be refused that is valid.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $kr = new_keyring("$dir/kr");

sub policy { return keyring($kr)->{policy} }

sub refused
{
	my ($what, $code, $why, @options) = @_;
	my $before = read_file("$kr/keyring.json");
	my $got = ctl('policy', $kr, @options);

	is($got->{status}, $code, "$what: refused");
	like($got->{err}, $why, "$what: and named");
	is(read_file("$kr/keyring.json"), $before, "$what: nothing happened");
}

# What is named changes, the rest stays, and the journal has it.
ctl_ok('policy', $kr, '--publish-ahead', '2d', '--max-age', '2h', '--alg',
	'ES384');
is(policy()->{publish_ahead}, 2 * DAY, 'publish-ahead');
is(policy()->{max_age}, 7200, 'max-age');
is(policy()->{bits}, 384, 'the size goes with the algorithm');
is(policy()->{token_lifetime}, DAY, 'the rest stays');
my $last = json((split /\n/, read_file("$kr/journal"))[-1]);
is($last->{step}, 'policy', 'the journal has the step');
is($last->{policy}{max_age}, 7200, 'and the policy');

# Again: no generation.
my $before = read_file("$kr/keyring.json");
ctl_ok('policy', $kr, '--max-age', '2h');
ctl_ok('policy', $kr);
is(read_file("$kr/keyring.json"), $before, 'no change makes no generation');

refused('a shorter token-lifetime', 3, qr/kr: --token-lifetime: tokens/,
	'--token-lifetime', '1h');
refused('a shorter max-age', 3, qr/--max-age: copies/, '--max-age', '1h');
refused('rules between durations', 3, qr/publish_ahead is shorter/,
	'--publish-ahead', '1h');
refused('not a time', 2, qr/--skew/, '--skew', 'much');
refused('force without a reason', 2, qr/--reason/, '--skew', '1m', '--force');

# A staged key waits.
ctl_ok('stage', $kr);
is(key_in($kr, 'staged')->{alg}, 'ES384', 'the next key is of the new kind');
my $due = next_step($kr);
refused('a staged key waits', 3, qr/waits until 2023-11-16T22:13:20Z/,
	'--publish-ahead', '1d');
ctl_ok('policy', $kr, '--publish-ahead', '3d');
is(next_step($kr), $due + DAY, 'longer is fine');
ctl_ok('policy', $kr, '--publish-ahead', '1d', '--force', '--reason', 'drill');
is(next_step($kr), $due - DAY, 'and shorter by force');
is(json((split /\n/, read_file("$kr/journal"))[-1])->{reason}, 'drill',
	'which is noted');

# A retiring key waits.
at(next_step($kr));
ctl_ok('activate', $kr, '--waive', 'url');
refused('a retiring key waits', 3, qr/waits until/, '--skew', '1m');

# Every verb that takes a kid takes one that begins with a dash.
for my $verb (qw(show revoke restore)) {
	like(ctl($verb, $kr, '-' . 'x' x 42)->{err}, qr/no key -x/,
		"$verb: a kid that begins with a dash");
}
is(ctl('show', $kr, '--frobnicate')->{status}, 2, 'and options are options');

done_testing();
