#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# jwksctl mirror as a service: it is ready when there is a file, says a failure
# once however long it lasts, and ends when it is told to.  A SIGHUP is a round
# at once, so nothing here waits for an interval.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Kube;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $cluster = JWKSD::Kube->cluster($dir);
my ($one, $two) = map { $cluster->apiserver } 1 .. 2;
my ($old, $new) = map { ec_key() } 1 .. 2;
my $file = "$dir/mirror.jwks";
my @argv = (program('jwksctl'), 'mirror', '--ca', $cluster->{ca}, '--issuer',
	CLUSTER, '--out', $file, '--interval', '1d', '--apiserver', $one->url,
	'--apiserver', $two->url);

sub spawn
{
	return JWKSD::Daemon->spawn(dir => $dir, argv => [@argv], @_);
}

# So many rounds, one after the other.
sub rounds
{
	my ($mirror, $count) = @_;

	for (1 .. $count) {
		$two->requests;
		$mirror->signal('HUP');
		$mirror->wait_for('asked', sub { $mirror->pump(0.01); $two->requests });
	}
}

# --- nobody answers at first --------------------------------------------

$_->breaks for $one, $two;
$one->shows($old);
$two->shows($old);
my $mirror = spawn();
like($mirror->wait_log(qr/level=warn mod=kube issuer=\S+ msg=.*localhost/), qr/./,
	'a server that breaks off is told');
$mirror->wait_log(qr/is not there yet/);
$mirror->wait_notify(qr/^STATUS=.*is not there yet/m);
is(scalar(grep { /READY=1/ } @{ $mirror->{notes} }), 0, 'not ready without a file');
$one->says_issuer(CLUSTER);
$mirror->signal('HUP');
like($mirror->wait_notify(qr/^READY=1$/m), qr/^STATUS=1 keys?, 0 missing; 1 of 2/m,
	'ready when there is one');
$mirror->wait_log(qr/good again, after 1 failure"/);
is(read_file($file), jwks_of($old), 'the file');

# --- an outage, and its end ---------------------------------------------

$one->breaks;
$mirror->signal('HUP');
$mirror->wait_log(qr/mod=kube/);
$mirror->wait_notify(qr/0 of 2 API servers/);
$mirror->skip_log;
my $seen = $mirror->{seen};
rounds($mirror, 9);
$mirror->wait_log(qr/\(failure 10 in a row\)/);
is(read_file($file), jwks_of($old), 'the last good set stays');
$_->says_issuer(CLUSTER) for $one, $two;
$_->shows($old, $new) for $one, $two;
$mirror->signal('HUP');
$mirror->wait_log(qr/good again, after 1\d failures/);
$mirror->wait_log(qr/msg="key \S+: added"/);
my @lines = grep { /level=warn/ } split /\n/, substr $mirror->log_text, $seen;
cmp_ok(scalar @lines, '<=', 2, 'an outage is a few lines') or diag "@lines";
$mirror->wait_notify(qr/2 keys, 0 missing; 2 of 2/);
is(read_file($file), jwks_of($old, $new), 'a new key arrives');

is($mirror->stop, 0, 'SIGTERM ends it well');
$mirror->wait_notify(qr/^STOPPING=1$/m);
pass('which it says');

# --- a restart while nobody answers -------------------------------------

$_->breaks for $one, $two;
$mirror = spawn();
like($mirror->wait_notify(qr/^READY=1$/m), qr/2 keys, 0 missing; 0 of 2/,
	'ready with the last good set');
$mirror->signal('INT');
is($mirror->exit_status, 0, 'SIGINT ends it well');

# --- the watchdog -------------------------------------------------------

$mirror = spawn(env => { WATCHDOG_USEC => 200_000 });
$mirror->wait_notify(qr/^READY=1$/m);
$mirror->{notes} = [];
$mirror->wait_notify(qr/^WATCHDOG=1$/m) for 1 .. 3;
pass('the watchdog is fed between rounds');
$mirror->stop;

done_testing;
