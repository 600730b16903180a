#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A restart with the socket held, while connections are idle: a drain waits for
# them, and who comes meanwhile must not wait with it, for nobody else answers
# before it is over.  t/90-slow/steady.t restarts often and under load.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Held;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

use constant {
	IDLE_TIMEOUT => 3,
	THINK_MS     => 60_000, # idle ones ask once, then not for long
};

my $dir = scratch();
my $issuer = 'https://steady.example';
my $held = JWKSD::Held->new;
my $rotation = JWKSD::Rotation->new("$dir/ring", $issuer, 1);

$rotation->publish(0);

sub start
{
	return $held->start(dir => $dir, config => JWKSD::Daemon::config_text(
		qq(issuer "$issuer" { keys = { "ring" } }\n),
		'idle-timeout' => IDLE_TIMEOUT, 'drain-timeout' => 3 * IDLE_TIMEOUT));
}

my $jwksd = start();
my $steady = JWKSD::Steady->start(
	address => $held->address,
	host    => 'steady.example',
	path    => '/openid/v1/jwks',
	bodies  => $rotation->write_bodies("$dir/bodies"),
	fresh   => 2,
	idle    => 10,
	think   => THINK_MS,
	timeout => 1000 * left(deadline()),
);

$steady->wait_answers(100);
my $begun = time;
is($jwksd->stop, 0, 'it ends well');
cmp_ok(time - $begun, '>', IDLE_TIMEOUT / 2, '... after the idle ones');
my $gap = $steady->wait_answers(0);
$jwksd = start();
$steady->wait_answers(100);
$steady->show;
is($steady->finish->{failed}, 0, 'no request has failed');
cmp_ok($gap, '<', 1e6 * IDLE_TIMEOUT / 2, '... nor waited for the idle ones');
is($jwksd->stop, 0, 'the next one ends well');
done_testing;
