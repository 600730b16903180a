#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# API servers that take their time, on purpose or not: a round of jwksctl
# mirror ends whatever they do, SIGTERM is obeyed soon, and the watchdog is fed
# meanwhile.  If this failed, one server that hangs would stop the mirror.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Kube;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

use constant LIMIT => 5; # seconds that a request may take

my $dir = scratch();
my $cluster = JWKSD::Kube->cluster($dir);
my ($slow, $good) = map { $cluster->apiserver } 1 .. 2;
my $key = ec_key();
my $file = "$dir/mirror.jwks";
my @argv = (program('jwksctl'), 'mirror', '--ca', $cluster->{ca}, '--issuer',
	CLUSTER, '--out', $file, '--apiserver', $slow->url . ',' . $good->url);

$_->shows($key) for $slow, $good;
for my $how ('@hang', '@drip') {
	for my $path ('/.well-known/openid-configuration', '/openid/v1/jwks') {
		unlink $file;
		$slow->says_issuer(CLUSTER);
		$slow->says($path, $how);
		my $start = time;
		my $got = run(@argv, '--once');
		my $took = time - $start;

		is($got->{status}, 0, "$how $path: the other one is mirrored");
		is(read_file($file), jwks_of($key), '... whole');
		like($got->{err}, qr/timed out/i, '... and it is said');
		cmp_ok($took, '<', LIMIT + 3, sprintf '... in %.1f s', $took);
	}
}

# The watchdog's time is longer than a request's, not than a round's.
$slow->breaks('@hang');
my $mirror = JWKSD::Daemon->spawn(dir => $dir, argv => [@argv, '--interval', '5s'],
	env => { WATCHDOG_USEC => 2 * (LIMIT + 3) * 1_000_000 });
$mirror->wait_notify(qr/^READY=1$/m);
my ($last, $longest) = (time, 0);
for (1 .. 4) {
	$mirror->wait_notify(qr/^WATCHDOG=1$/m);
	$longest = time - $last if time - $last > $longest;
	$last = time;
}
cmp_ok($longest, '<', 2 * LIMIT + 3, sprintf 'the watchdog waits %.1f s at most',
	$longest);

# In the middle of a request that hangs.
$slow->requests;
$mirror->signal('HUP');
$mirror->wait_for('asked', sub { $mirror->pump(0.01); $slow->requests });
my $start = time;
is($mirror->stop, 0, 'SIGTERM ends it well');
cmp_ok(time - $start, '<', LIMIT + 3, 'and soon');

done_testing;
