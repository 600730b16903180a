#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Every state that a power loss during a step could leave: none is broken, what
# was acknowledged is there, and the next run ends what was begun.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Power;
use JWKSD::Sweep;
use JWKSD::Test;
use Test::More;

has_program('strace') or plan skip_all => 'strace is not installed';

my $dir = scratch();
my $total = 0;

for my $scenario (grep { !$_->{refused} } scenarios()) {
	prepare("$dir", $scenario);
	my ($states, @wrong) = power_sweep($scenario, program('t/lib/jwksctl-at'));

	ok($states > 5 && !@wrong, "$scenario->{name}: $states states")
		or diag(join "\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]);
	$total += $states;
}
print "# $total states in all\n";
done_testing();
