#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Not one failed request: an accounting client asks all the time, on fresh,
# busy and mostly idle connections, while keys rotate and configurations are
# reloaded.  A document that is served is always a whole one, of one generation,
# and on one connection never an older one.  t/90-slow/steady.t does more of it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;

use constant ROUNDS => 25;

my $dir = scratch();
my $issuer = 'https://steady.example';
my $rotation = JWKSD::Rotation->new("$dir/ring", $issuer, ROUNDS + 1);

# The rotating issuer, and one that comes and goes.
sub config
{
	my ($round) = @_;
	my $text = qq(issuer "$issuer" { keys = { "ring" } }\n);

	$text .= qq(issuer "https://other.example" { keys = { "ring-$round.pub" } }\n)
		if $round % 2;
	return JWKSD::Daemon::config_text($text);
}

$rotation->publish(0);
my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config(0));
my $steady = JWKSD::Steady->start(
	address => $jwksd->address,
	host    => 'steady.example',
	path    => '/openid/v1/jwks',
	bodies  => $rotation->write_bodies("$dir/bodies"),
	fresh   => 4,
	busy    => 8,
	idle    => 50,
	think   => 500,
	timeout => 1000 * left(deadline()),
);

for my $round (1 .. ROUNDS) {
	my $kid = $rotation->newest_kid($round);

	# a change of the file alone ...
	$rotation->publish($round);
	$jwksd->wait_log(qr/published 3 keys: .*\Q$kid\E/);
	# ... and a reload with other issuers, good ones and bad ones
	replace_file("$dir/ring-$round.pub", public_pem(ec_key()))
		if $round % 4 == 1;
	replace_file($jwksd->{file}, config($round));
	$jwksd->reload;
}
is_deeply($jwksd->wait_kids($issuer, $rotation->kids(ROUNDS)),
	$rotation->kids(ROUNDS), 'the last generation is served');
$steady->wait_answers(100);
my $account = $steady->finish;
$steady->show;
for my $class (@JWKSD::Steady::failures) {
	is("@{ $account->{$class} }{@JWKSD::Steady::kinds}", '0 0 0',
		"requests that failed: $class");
}
is($account->{failed}, 0, "$account->{requests} requests, none failed");
is($account->{idle_closed} + $account->{announced}, 0, 'no connection was closed');
is($account->{newest}, ROUNDS + 1, 'the last generation was seen');
ok($account->{ok}{$_} > 0, "there were $_ connections") for @JWKSD::Steady::kinds;
is($jwksd->stop, 0, 'ends well');
done_testing;
