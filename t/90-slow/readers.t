#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# jwksd serves a keyring while it is rotated again and again, each step killed
# at a random moment and taken up by the next run: every answer is a 200 with
# the key that signs in it, and once a step is done, exactly its keys.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Daemon;
use JWKSD::Test;
use POSIX ();
use Test::More;
use Time::HiRes qw(usleep);

use constant STEPS => 90; # thirty rotations

my $dir = scratch();
my $kr = new_keyring("$dir/kr", '--period', '1s');
my $issuer = 'https://oidc.example.com/test';
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "$kr" } }
CONF

sub published
{
	return sort map { $_->{kid} } grep { $_->{published_now} }
		@{ keyring($kr)->{keys} };
}

# Sorted kids, or none when the answer is not a 200.
sub served
{
	return sort @{ $jwksd->kids($issuer) || [] };
}

my ($answers, $wrong, $killed) = (0, 0, 0);
srand 1;
for my $step (1 .. STEPS) {
	my $signs = key_in($kr, 'active')->{kid};

	at(next_step($kr)) if next_step($kr) > now();
	defined(my $child = fork) or die "fork: $!";
	if ($child == 0) {
		local $ENV{JWKSCTL_NOW} = now();
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		{ exec program('t/lib/jwksctl-at'), 'rotate', $kr, '--waive',
			'url' }
		POSIX::_exit(127);
	}
	usleep(rand 20_000);
	kill KILL => $child if $step % 2;
	for (;;) {
		$answers++;
		$wrong++ unless grep { $_ eq $signs } served();
		last if waitpid($child, POSIX::WNOHANG) == $child;
	}
	$killed++ if $? & 127;
	# what was begun is ended; waits begin again where files were late
	ctl('rotate', $kr, '--waive', 'url')->{status} == 0 or $wrong++;
	my $deadline = deadline();
	my @want = published();
	my @kids;
	do {
		@kids = served();
		$answers++;
		$wrong++ unless grep { $_ eq $signs } @kids;
	} until "@kids" eq "@want" || !left($deadline);
	is("@kids", "@want", "step $step is published");
}
is($wrong, 0, 'every answer was a good one');
ok($killed > 5, 'and some runs were killed');
print "# $answers answers, $killed runs killed\n";
is($jwksd->stop, 0, 'jwksd ends well');
done_testing();
