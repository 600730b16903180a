#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The issuer of a cluster as kubeadm makes it is changed to a public one, as
# `jwksctl apiserver-flags --old-issuer` says, while pods show their tokens: no
# valid token may be refused.  Then the same in one step, which some do refuse.
# What is printed is the result.
#
# Pods show a token for others for some seconds only, so that those of the old
# issuer are gone soon.  The procedure's last step, which ends the old issuer, is
# not taken as long as the API servers are shown tokens of it, which is longer
# than this runs; the change in one step is that last step, taken first.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Site;
use JWKSD::Test;
use MIME::Base64 qw(decode_base64url);
use Test::More;

use constant HOLD => 15;

my $missing = JWKSD::Site->missing;
plan skip_all => $missing if defined $missing;

my $old = 'https://kubernetes.default.svc.cluster.local';
my $new = 'https://oidc.test/prod';
my $dir = scratch();
my $ring = "$dir/ring";

# Both issuers, with the keys of that source.
sub publishing
{
	my ($source) = @_;

	return JWKSD::Daemon::config_text(join '',
		map { qq(issuer "$_" { keys = { "$source" } max-age = 20 }\n) }
			$old, $new);
}

my $site = JWKSD::Site->start(dir => $dir, issuers => [$old, $new],
	jwksd => publishing('pki/sa.pub'));
my $cluster = $site->cluster;

sub jwksctl
{
	my ($why, @arguments) = @_;
	my $done = run(program('jwksctl'), @arguments);

	is($done->{status}, 0, $why) or diag $done->{err};
	return $done->{out};
}

# The steps of the procedure, by number: the flags of kube-apiserver.
sub steps
{
	my ($text) = @_;
	my (%flags, $step);

	for (split /\n/, $text) {
		$step = $1 if /^# (\d)\. /;
		push @{ $flags{$step} }, $1
			if /^(--service-account-(?!private)\S+)/;
	}
	return \%flags;
}

sub issuer_of_new_tokens
{
	my $token = $cluster->token('app', JWKSD::Site::AUDIENCE, 600);

	return json(decode_base64url((split /\./, $token)[1]))->{iss};
}

# --- as it should be --------------------------------------------------------

jwksctl('the key is adopted for the new issuer', 'init', $ring, '--issuer', $new,
	'--adopt', "$dir/pki/sa.pub", '--adopt', "$dir/pki/sa.key");
my $steps = steps(jwksctl('the procedure', 'apiserver-flags', $ring, '--for',
	'systemd', '--old-issuer', $old));

$site->start_pods(HOLD);
$site->phase('as kubeadm made it');
replace_file("$dir/jwksd.conf", publishing('ring'), 0644);
$site->jwksd->reload;
$site->go_on(2);
is(issuer_of_new_tokens(), $old, 'the old issuer is in the tokens');

$site->phase('1: both accepted, the old one signs');
$site->roll(flags => $steps->{1});
is(issuer_of_new_tokens(), $old, '... still');

$site->phase('2: both accepted, the new one signs');
$site->roll(flags => $steps->{2});
$site->go_on(HOLD);
is(issuer_of_new_tokens(), $new, 'the new issuer is in the tokens');
my $sums = JWKSD::Site::report('the issuer changed in steps', $site->stop_pods);
is($sums->{refused}, 0, "in steps: $sums->{ok} times a valid token was shown, "
	. 'never refused');

# --- in one step --------------------------------------------------------------

$site->roll(flags => undef);
$site->start_pods(HOLD);
$site->phase('before');
$site->go_on(2);
$site->phase('changed, one API server of two');
$site->restart(0, flags => $steps->{3});
$site->go_on(5);
$site->phase('... and the other');
$site->restart(1, flags => $steps->{3});
$site->go_on(HOLD);
$sums = JWKSD::Site::report('the issuer changed in one step', $site->stop_pods);
cmp_ok($sums->{refused}, '>', 0,
	"in one step: $sums->{refused} times a valid token was refused");

is($site->stop, 0, 'ends well');
done_testing;
