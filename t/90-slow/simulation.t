#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Thousands of rotations on a virtual clock: t/lib/simulate.c says what the
# world is like.  Not one valid token is refused; and with any wait shortened
# some are, so that the simulation would have noticed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

my $simulate = program('t/lib/simulate');

for my $seed (1 .. 5) {
	my $got = run({ seconds => 300 }, $simulate, 1200, $seed);

	is($got->{status}, 0, "seed $seed: no valid token is refused");
	like($got->{out}, qr/refused=0 late=0$/, 'and none accepted too late');
	print "# $got->{out}";
}
for my $wait (qw(publish_ahead rollout token_lifetime skew
	api_token_lifetime)) {
	my $got = run({ seconds => 300 }, $simulate, 100, 1, $wait);

	is($got->{status}, 1, "$wait is needed: shortened, it is noticed");
	print "# $wait: $got->{out}";
}
done_testing();
