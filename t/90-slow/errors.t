#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Each system call of each step fails, with each error that it could have:
# never a success that is none, never a broken state, always a line that says
# what happened, and the next run ends what was begun.
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
	for my $errno (qw(EIO ENOSPC EDQUOT EROFS EMFILE ENOMEM EINTR EACCES)) {
		my ($points, @wrong) = error_sweep($scenario,
			program('t/lib/jwksctl-at'), $errno);

		ok($points > 5 && !@wrong,
			"$scenario->{name}: $errno at $points points")
			or diag(join "\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]);
		$total += $points;
	}
}
print "# $total calls failed in all\n";
done_testing();
