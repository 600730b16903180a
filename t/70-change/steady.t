#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Not one failed request: an accounting client asks all the time, on fresh,
# busy and mostly idle connections, while keys rotate and configurations are
# reloaded.  A document that is served is always a whole one, of one generation,
# and on one connection never an older one.  Half of the clients speak TLS, whose
# certificate is replaced now and then.  t/90-slow/steady.t does more of it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::TLS;
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
	return JWKSD::Daemon::config_text($text,
		listen => ['127.0.0.1:0', 'tls:127.0.0.1:0'],
		'tls-certificates' => ['tls.crt'],
		'tls-keys' => ['tls.key']);
}

$rotation->publish(0);
make_certificate("$dir/tls", names => ['steady.example']);
my $bodies = $rotation->write_bodies("$dir/bodies");
my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config(0));

sub clients
{
	my ($address) = @_;

	return JWKSD::Steady->start(
		address => $address,
		host    => 'steady.example',
		path    => '/openid/v1/jwks',
		bodies  => $bodies,
		fresh   => 2,
		busy    => 4,
		idle    => 25,
		think   => 500,
		timeout => 1000 * left(deadline()),
	);
}

my %steady = ('without TLS' => clients($jwksd->address(0)),
	'with TLS' => clients($jwksd->address(1)));

for my $round (1 .. ROUNDS) {
	my $kid = $rotation->newest_kid($round);

	# a change of the file alone ...
	$rotation->publish($round);
	$jwksd->wait_log(qr/published 3 keys: .*\Q$kid\E/);
	# ... of a certificate, whose key takes its time ...
	if ($round % 5 == 0) {
		my $pair = certificate_pem(names => ['steady.example']);

		replace_file("$dir/tls.crt", $pair->{certificate});
		$jwksd->wait_log(qr/mod=tls .*do not belong together/);
		replace_file("$dir/tls.key", $pair->{key}, 0600);
		$jwksd->wait_log(qr/mod=tls .*certificate .*, until /);
	}
	# ... and a reload with other issuers, good ones and bad ones
	replace_file("$dir/ring-$round.pub", public_pem(ec_key()))
		if $round % 4 == 1;
	replace_file($jwksd->{file}, config($round));
	$jwksd->reload;
}
is_deeply($jwksd->wait_kids($issuer, $rotation->kids(ROUNDS)),
	$rotation->kids(ROUNDS), 'the last generation is served');
$_->wait_answers(100) for values %steady;
for my $how (sort keys %steady) {
	my $account = $steady{$how}->finish;

	$steady{$how}->show;
	for my $class (@JWKSD::Steady::failures) {
		is("@{ $account->{$class} }{@JWKSD::Steady::kinds}", '0 0 0',
			"$how: requests that failed: $class");
	}
	is($account->{failed}, 0, "$how: $account->{requests} requests, none failed");
	is($account->{idle_closed} + $account->{announced}, 0,
		'... no connection was closed');
	is($account->{newest}, ROUNDS + 1, '... the last generation was seen');
	ok($account->{ok}{$_} > 0, "... there were $_ connections")
		for @JWKSD::Steady::kinds;
}
cmp_ok($steady{'with TLS'}->finish->{resumed}, '>', 0, 'sessions were resumed');
is($jwksd->stop, 0, 'ends well');
done_testing;
