#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The steps of a rotation, each at its time, too early, undone.  If this
# failed, a token could be refused that is valid.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $kr = new_keyring("$dir/kr");
my @waive = ('--waive', 'url');
my $first = key_in($kr, 'active')->{kid};

sub bundle
{
	my ($keyring) = @_;
	my @blocks = read_file("$keyring/apiserver/sa.pub") =~
		/(-----BEGIN.*?-----END PUBLIC KEY-----\n)/sg;

	return join ' ', map { kid_of_pem($_) } @blocks;
}

sub journal
{
	return map { json($_) } split /\n/, read_file("$_[0]/journal");
}

# stage: published and accepted, but not signing.
at(START + 10);
my $got = ctl_ok('stage', $kr);
my $second = key_in($kr, 'staged')->{kid};
like($got->{out}, qr/^staged $second$/m, 'stage names the key');
like($got->{out}, qr/^undo: jwksctl discard \Q$kr\E$/m, 'and its undo');
like($got->{out}, qr/^next: jwksctl activate \Q$kr\E, from 2023-11-15T22:13:30Z/m,
	'and what comes next');
is(bundle($kr), "$first $second", 'sa.pub has both, the old one first');
is(private_kid("$kr/apiserver/sa.key"), $first, 'sa.key is the old one');
is(ctl('stage', $kr)->{status}, 3, 'a second one is not staged');

# activate: not one second early.
at(START + 10 + DAY - 1);
$got = ctl('activate', $kr, @waive);
is($got->{status}, 4, 'too early has a code of its own');
like($got->{err}, qr/safe from 2023-11-15T22:13:30Z/, 'and says from when');
is(state_of($kr, $second), 'staged', 'nothing happened');
at(START + 10 + DAY);
$got = ctl_ok('activate', $kr, @waive);
is(state_of($kr, $second), 'active', 'the new one signs');
is(state_of($kr, $first), 'retiring', 'the old one retires');
is(private_kid("$kr/apiserver/sa.key"), $second, 'sa.key is the new one');
is(bundle($kr), "$first $second", 'both are accepted');
like($got->{out}, qr/^undo: jwksctl activate \Q$kr\E --kid $first$/m,
	'undo names the old one');

# undo, and undo of the undo.
at(now() + 60);
ctl_ok('activate', $kr, '--kid', $first, @waive);
is(private_kid("$kr/apiserver/sa.key"), $first, 'undone');
ctl_ok('activate', $kr, '--kid', $second, @waive);
is(private_kid("$kr/apiserver/sa.key"), $second, 'and done again');

# retire: not one second early; the private key goes, the public one is
# accepted for a year more.
my $due = next_step($kr);
is($due, now() + 3600 + DAY + 300 + 3600,
	'roll-out, token lifetime, skew and max-age have to pass');
at($due - 1);
is(ctl('retire', $kr, @waive)->{status}, 4, 'one second early');
at($due);
ctl_ok('retire', $kr, @waive);
is(state_of($kr, $first), 'retired', 'retired');
ok(!-e "$kr/private/$first.pem", 'its private half is erased');
is(bundle($kr), "$first $second", 'API servers accept it for a year more');
at(now() + 365 * DAY);
ctl_ok('rotate', $kr, @waive);
like(bundle($kr), qr/^$second /, 'and then no longer');
ctl_ok('discard', $kr);

# restore, revoke.
ctl_ok('restore', $kr, $first);
is(state_of($kr, $first), 'retiring', 'restored');
is(ctl('retire', $kr, @waive)->{status}, 4, 'and it waits again in full');
$got = ctl_ok('revoke', $kr, $first, '--reason', 'laptop stolen');
is(state_of($kr, $first), 'revoked', 'revoked');
is(bundle($kr), $second, 'API servers do not accept it either');
like($got->{out}, qr/cached JWKS/, 'and it is honest about caches');
is((journal($kr))[-1]{reason}, 'laptop stolen', 'the journal knows why');

# What must not happen.
is(ctl('revoke', $kr, $second)->{status}, 3, 'the signing key is not revoked');
is(ctl('revoke', $kr)->{status}, 2, 'revoke needs a kid');
is(ctl('retire', $kr, '--kid', $second, @waive)->{status}, 3,
	'the signing key is not retired');
is(ctl('activate', $kr, @waive)->{status}, 3, 'nothing is staged');
is(ctl('restore', $kr, $second)->{status}, 3, 'nothing to restore');
is(ctl('revoke', $kr, 'nobody')->{status}, 3, 'an unknown kid');

# Emergency: force needs a reason, and is noted.
ctl_ok('stage', $kr);
is(ctl('activate', $kr, '--force', @waive)->{status}, 2, 'force needs a reason');
ctl_ok('activate', $kr, '--force', '--reason', 'key "leaked"', @waive);
my $last = (journal($kr))[-1];
is($last->{reason}, 'key "leaked"', 'the reason is kept as it was');
ok($last->{forced}, 'and that it was forced');
is($last->{waived}, 'url', 'and what was waived');
ctl_ok('revoke', $kr, $second);

# discard.
ctl_ok('stage', $kr);
my $staged = key_in($kr, 'staged')->{kid};
ctl_ok('discard', $kr);
is(state_of($kr, $staged), 'revoked', 'discarded');
ok(!-e "$kr/private/$staged.pem", 'and erased');
is(ctl('restore', $kr, $staged)->{status}, 3, 'it does not come back');

# The journal: every generation once, its hash that of the file then.
my @journal = journal($kr);
is_deeply([map { $_->{generation} } @journal], [1 .. @journal],
	'each generation once and in order');
is(run('sha256sum', "$kr/keyring.json")->{out} =~ /^(\w+)/ && $1,
	$journal[-1]{sha256}, 'and its hash is the file\'s');

# The clock.
at(now() - 7200);
$got = ctl('stage', $kr);
is($got->{status}, 3, 'a clock that went back stops it');
like($got->{err}, qr/clock/, 'and says so');
{
	at(now() + 7200);
	local $ENV{JWKSCTL_UPTIME} = now();
	at(now() + 2 * DAY);
	$got = ctl('stage', $kr);
	is($got->{status}, 3, 'a clock that jumped ahead of the uptime as well');
	like($got->{err}, qr/set by \+172800 seconds/, 'and says by how much');
	ctl_ok('stage', $kr, '--force', '--reason', 'it was wrong before');
}

done_testing();
