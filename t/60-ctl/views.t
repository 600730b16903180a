#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# list, show, status, plan, rotate, help: what people and programs read.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Test;
use POSIX ();
use Test::More;

my $dir = scratch();
my $kr = new_keyring("$dir/kr");
my $other = new_keyring("$dir/other");
my $kid = key_in($kr, 'active')->{kid};

# list
my $got = ctl_ok('list', $kr);
my @lines = split /\n/, $got->{out};
is(scalar @lines, 2, 'a heading and a key');
is(index($lines[0], 'KID'), index($lines[1], $kid), 'columns are aligned');
unlike($got->{out}, qr/\e/, 'no colour but on a terminal');
$got = ctl_ok('list', $kr, $other);
like($got->{out}, qr/^\Q$other\E  https/m, 'several, each with its name');
is(scalar @{ json(ctl_ok('list', $kr, $other, '-o', 'json')->{out})->{keyrings} },
	2, 'several as JSON');
is(ctl('list', $kr, "$dir/none")->{status}, 3, 'one that is not there');
like(ctl('list', $kr, "$dir/none")->{out}, qr/$kid/, 'the others are shown');
is(ctl('list', $kr, '-o', 'yaml')->{status}, 2, 'an unknown form');

# show
$got = ctl_ok('show', $kr, $kid);
like($got->{out}, qr/^state\s+active$/m, 'show has the state');
is(kid_of_pem($got->{out}), $kid, 'and the public key');
is(json(ctl_ok('show', $kr, $kid, '-o', 'json')->{out})->{kid}, $kid,
	'as JSON');
is(ctl('show', $kr, 'nobody')->{status}, 3, 'an unknown kid');
unlike($got->{out} . $got->{err}, qr/PRIVATE/, 'nothing private');

# the environment names the keyring
{
	local $ENV{JWKSD_KEYRING} = $kr;
	is(ctl('list')->{status}, 0, 'JWKSD_KEYRING');
	like(ctl('show', $kid)->{out}, qr/active/, 'with an argument');
	like(ctl('list', $other)->{out},
		qr/@{[key_in($other, 'active')->{kid}]}/, 'an argument wins');
}
is(ctl('list')->{status}, 2, 'no keyring at all');

# status and plan
$got = ctl_ok('status', $kr);
like($got->{out}, qr/^signs:\s+$kid$/m, 'status says who signs');
like($got->{out}, qr/^next: jwksctl stage/m, 'and what comes next');
at(START + 90 * DAY);
is(ctl('status', $kr)->{status}, 1, 'a step that is due is a finding');
is(json(ctl('status', $kr, '-o', 'json')->{out})->{keyrings}[0]{problem},
	'a step is due', 'and is named');
my $plan = json(ctl_ok('plan', $kr, '-o', 'json')->{out})->{keyrings}[0];
is(join(' ', map { $_->{step} } @{ $plan->{steps} }), 'stage activate retire',
	'plan shows the whole rotation');

# rotate takes exactly these steps at exactly these times
at(START + 90 * DAY - 1);
$got = ctl_ok('rotate', $kr);
like($got->{out}, qr/^nothing is due$/m, 'nothing yet');
for my $step (@{ $plan->{steps} }) {
	at(next_step($kr));
	is(keyring($kr)->{next}{when}, $step->{when}, "$step->{step} as planned");
	like(ctl_ok('rotate', $kr, '--waive', 'url')->{out},
		qr/^(staged|activated|retired) /m, "rotate does it");
}
is(scalar @{ keyring($kr)->{keys} }, 2, 'two keys are on record');
isnt(key_in($kr, 'active')->{kid}, $kid, 'another one signs');
like(ctl_ok('rotate', $other, '--now')->{out}, qr/^staged/m, 'rotate --now');

# help and usage
is(ctl('help')->{status}, 0, 'help');
like(ctl('help', $_)->{out}, qr/^usage: jwksctl $_/, "help $_")
	for qw(init list show status plan rotate stage activate retire revoke
	restore discard);
is(ctl()->{status}, 2, 'no command');
is(ctl('frobnicate')->{status}, 2, 'an unknown command');
like(ctl('--version')->{out}, qr/^jwksctl \d/, '--version');
is(ctl('list', $kr, 'x', '--', '-y')->{status}, 3, 'words behind --');
is(ctl({ setup => sub { open STDOUT, '>', '/dev/full'; POSIX::dup2(
	fileno STDOUT, 1) } }, 'list', $kr)->{status}, 3,
	'output that is lost is not a success');

done_testing();
