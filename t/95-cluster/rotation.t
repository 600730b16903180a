#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A cluster as kubeadm makes it is adopted and its key is rotated, while pods
# show their tokens to the API servers and to relying parties all the time: no
# valid token may be refused.  Then the two ways that do refuse some: activation
# forced before its time, and the replacement in one step that jwksctl is there
# to prevent.  What is printed is the result.
#
# Times are real but for two.  A JWKS may be cached for 20 seconds, not for an
# hour.  And a pod shows a token for others for JWKSD_TEST_TOKEN_SECONDS only,
# not for the 10 minutes of its life, so that retire need not be waited for: it
# is refused, and then forced when the last pod has dropped the last old token.
# With 600 nothing is shortened and nothing forced; that takes a quarter of an
# hour.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Site;
use JWKSD::Test;
use Test::More;

use constant { MAX_AGE => 20, SKEW => 2, LIFETIME => 600, HOLD => 20 };

my $missing = JWKSD::Site->missing;
plan skip_all => $missing if defined $missing;

my $hold = ($ENV{JWKSD_TEST_TOKEN_SECONDS} || HOLD) + 0;
my $issuer = 'https://oidc.test/prod';
my $dir = scratch();
my $ring = "$dir/ring";
my $site = JWKSD::Site->start(dir => $dir, issuers => [$issuer],
	jwksd => publishing('pki/sa.pub'));
my $cluster = $site->cluster;

sub publishing
{
	my ($source) = @_;

	return JWKSD::Daemon::config_text(<<"CONF");
issuer "$issuer" { keys = { "$source" } max-age = @{[MAX_AGE]} }
CONF
}

# jwksd publishes that from now on.
sub publish
{
	my ($source) = @_;

	replace_file("$dir/jwksd.conf", publishing($source), 0644);
	$site->jwksd->reload;
}

sub jwksctl
{
	my ($status, $why, @arguments) = @_;
	my $done = run(program('jwksctl'), @arguments);

	is($done->{status}, $status, $why) or diag $done->{out}, $done->{err};
	note $done->{out}, $done->{err};
	return $done;
}

# A step with its gates: the public JWKS and both API servers.
sub gates
{
	my $bearer = write_file("$dir/bearer", $cluster->token('app', undef, 600));

	return ('--connect', $site->public, '--ca', $cluster->ca, '--bearer', $bearer,
		map { ('--apiserver', $cluster->url($_)) } 0 .. 1);
}

# The step as soon as it may be; until then it must say that it is too early.
sub step_when_safe
{
	my ($step, $most, $more) = @_;
	my $deadline = deadline($most);
	my $done;

	while (1) {
		$done = run(program('jwksctl'), $step, $ring, gates(),
			$more ? $more->() : ());
		last if $done->{status} != 4 || !left($deadline);
		$site->round;
	}
	is($done->{status}, 0, "$step is safe") or diag $done->{err};
}

sub kid_in
{
	my ($state) = @_;
	my $done = run(program('jwksctl'), 'list', $ring, '-o', 'json');
	my ($key) = grep { $_->{state} eq $state }
		@{ json($done->{out})->{keyrings}[0]{keys} };

	return $key->{kid};
}

# The kids of the tokens that pods were given.
sub signed_in
{
	my %kids = map { %{ $_->{minted} } } @_;

	return [sort keys %kids];
}

sub fresh_token
{
	return write_file("$dir/fresh",
		$cluster->token('app', JWKSD::Site::AUDIENCE, 600));
}

# --- as it should be --------------------------------------------------------

$site->start_pods($hold);
$site->phase('as kubeadm made it');
$site->go_on(2);

$site->phase('adopted, API servers with its flags');
jwksctl(0, 'the cluster\'s key is adopted', 'init', $ring, '--issuer', $issuer,
	'--adopt', "$dir/pki/sa.pub", '--adopt', "$dir/pki/sa.key",
	'--max-age', MAX_AGE . 's', '--rotation-max-age', '5s',
	'--publish-ahead', MAX_AGE . 's', '--rollout', MAX_AGE . 's',
	'--skew', SKEW . 's', '--token-lifetime', LIFETIME . 's');
my $old = kid_in('active');
my @flags = grep { /^--service-account-(?!private)/ } map { s/ \\$//r }
	split /\n/, jwksctl(0, '... its flags', 'apiserver-flags', $ring, '--for',
		'systemd')->{out};
publish('ring');
$site->roll(flags => \@flags);

$site->phase('staged, API servers restarted');
jwksctl(0, 'the next key is staged', 'stage', $ring);
my $both = [$old, kid_in('staged')];
is_deeply($site->jwksd->wait_kids($issuer, $both), $both, '... and published');
jwksctl(4, 'activate is too early', 'activate', $ring, gates());
like(jwksctl(3, '... and no force lets it pass the API servers', 'activate',
	$ring, gates(), '--force', '--reason', 'a test')->{err}, qr/127\.0\.0\.1/,
	'... which are named');
$site->roll;
step_when_safe('activate', 90);

$site->phase('activated, API servers restarted');
my $new = kid_in('active');
$site->roll;

$site->phase('waiting until old tokens are gone');
jwksctl(4, 'retire is too early', 'retire', $ring, gates(), '--token',
	fresh_token());
if ($hold >= LIFETIME) {
	step_when_safe('retire', 2 * LIFETIME,
		sub { ('--token', fresh_token()) });
} else {
	$site->go_on($hold + MAX_AGE + SKEW);
	jwksctl(0, 'retire, for the pods have dropped the old tokens', 'retire',
		$ring, gates(), '--token', fresh_token(), '--force', '--reason',
		"tokens are dropped after $hold s");
}

$site->phase('retired');
$site->go_on(MAX_AGE);
my @phases = $site->stop_pods;
my $sums = JWKSD::Site::report('stage, activate, retire', @phases);

is($sums->{refused}, 0, "a rotation: $sums->{ok} times a valid token was shown, "
	. 'never refused');
is_deeply($site->jwksd->kids($issuer), [$new], 'the old key is published no more');
is_deeply(signed_in(@phases[0 .. 2]), [$old], 'the old key signed until activate');
is_deeply(signed_in(@phases[4, 5]), [$new], 'only the new one after the restarts');

# --- forced too early -------------------------------------------------------

$site->start_pods(HOLD);
$site->phase('before');
$site->go_on(2);
$site->phase('activated at once, one API server of two');
jwksctl(0, 'another key is staged', 'stage', $ring);
jwksctl(0, '... and activated at once, by force', 'activate', $ring, '--waive',
	'url', '--waive', 'apiserver', '--force', '--reason', 'a test');
$site->restart(0);
$site->go_on(HOLD);
$site->phase('... and the other');
$site->restart(1);
$site->go_on(HOLD / 2);
$sums = JWKSD::Site::report('activate, forced too early', $site->stop_pods);
cmp_ok($sums->{refused}, '>', 0,
	"activated too early: $sums->{refused} times a valid token was refused");

# --- replaced in one step ---------------------------------------------------

my $next = rsa_key();
mkdir "$dir/next";
write_file("$dir/next/sa.key", private_pem($next, '-traditional'), 0600);
write_file("$dir/next/sa.pub", public_pem($next));
my %replaced = (flags => undef, signing => "$dir/next/sa.key",
	accepted => ["$dir/next/sa.pub"]);

$site->start_pods(HOLD);
$site->phase('before');
$site->go_on(2);
$site->phase('replaced, one API server of two');
publish('next/sa.pub');
# jwksd goes on with the key that is lost, as a bucket would not
jwksd_run('-c', "$dir/jwksd.conf", '--acknowledge', $issuer);
$site->jwksd->wait_kids($issuer, [kid_of($next)]);
$site->restart(0, %replaced);
$site->go_on(5);
$site->phase('... and the other');
$site->restart(1, %replaced);
$site->go_on(HOLD);
$sums = JWKSD::Site::report('the key replaced in one step', $site->stop_pods);
cmp_ok($sums->{refused}, '>', 0,
	"in one step: $sums->{refused} times a valid token was refused");

is($site->stop, 0, 'ends well');
done_testing;
