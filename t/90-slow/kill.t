#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# jwksctl killed before each of its system calls, for every step: no state is
# broken, and the next run ends what was begun.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Sweep;
use JWKSD::Test;
use Test::More;

has_program('strace') or plan skip_all => 'strace is not installed';

my $dir = scratch();
my $total = 0;

for my $scenario (scenarios()) {
	prepare("$dir", $scenario);
	my ($points, @wrong) = kill_sweep($scenario, program('t/lib/jwksctl-at'));

	ok($points > 10 && !@wrong, "$scenario->{name}: killed at $points points")
		or diag(join "\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]);
	$total += $points;
}
print "# killed at $total points in all\n";
done_testing();
