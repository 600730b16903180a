#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# A thousand crashes in one keyring: rotate, killed before a system call that
# chance picks, again and again while rotations go on.  Each time the state is
# a good one, and what crashes leave behind does not add up.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Sweep;
use JWKSD::Test;
use Test::More;

use constant CRASHES => 1000;

has_program('strace') or plan skip_all => 'strace is not installed';

my $dir = scratch();
my $program = program('t/lib/jwksctl-at');
my @calls = qw(openat write fsync renameat close unlinkat getdents64 read
	flock newfstatat fchmod);
my ($scenario) = grep { $_->{name} eq 'rotate' } scenarios();
my ($killed, $runs, $most, @wrong) = (0, 0, 0);

sub files
{
	return scalar grep { !m{/\.\.?$} } glob "$dir/kr/{.,}* $dir/kr/*/{.,}*";
}

# The state at this moment is what the next run must not be worse than; of
# keys that were withdrawn only the last ones stay on record.
sub before
{
	my $ring = json(read_file("$dir/kr/keyring.json"));

	$ring->{keys} = [grep { !$_->{retired} } @{ $ring->{keys} }];
	$scenario->{old} = $ring;
}

new_keyring("$dir/kr", '--period', '1s', '--api-token-lifetime', '1d');
srand 1;
while ($killed < CRASHES && $runs < 3 * CRASHES) {
	my $call = $calls[rand @calls];
	my $which = 1 + int rand($call =~ /^(openat|read|close|newf)/ ? 80 : 12);

	before();
	at(next_step("$dir/kr")) if next_step("$dir/kr") > now();
	at(now() + 1);
	local $scenario->{at} = now();
	local $scenario->{arguments} = [ 'rotate', 'kr', '--waive', 'url' ];
	my $got = disturbed($scenario, $dir, $program, 'strace', '-f', '-qq',
		'-o', '/dev/null', '-e', "trace=$call", '-e',
		"inject=$call:signal=KILL:when=$which");

	$runs++;
	$killed++ if $got->{signal} == 9;
	push @wrong, map { "$runs: $call $which: $_" } broken($scenario, $dir);
	$most = files() if files() > $most;
}
my $keys = @{ keyring("$dir/kr")->{keys} };
is($killed, CRASHES, 'a thousand crashes');
is_deeply([@wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]], [], 'no broken state');
ok($most < 24, "never more than a few files: $most");
ok($keys < 24, "nor keys on record: $keys");

# One run that nobody disturbs ends it all.
at(now() + 1);
before();
local $scenario->{at} = now();
ctl_ok('rotate', "$dir/kr", '--waive', 'url');
local $scenario->{done} = sub { 1 };
is_deeply([unfinished($scenario, $dir)], [], 'and all is in place');
printf "# %d crashes in %d runs, %d generations, at most %d files\n",
	$killed, $runs, json(read_file("$dir/kr/keyring.json"))->{generation},
	$most;
done_testing();
