#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The log of a running daemon as JSON, its format changed by a reload, and the
# one line that a crowd of refused connections makes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP qw(decode_json);
use JWKSD::Daemon;
use JWKSD::HTTP;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $issuer = 'https://h.example';

write_file("$dir/sa.pub", public_pem(ec_key()));

sub conf
{
	return JWKSD::Daemon::config_text(
		qq(issuer "$issuer" { keys = { "sa.pub" } }\n), @_);
}

{
	my $jwksd = JWKSD::Daemon->start(
		dir => $dir, config => conf('log-format' => 'json', 'access-log' => '-'));
	$jwksd->ask('/"{}\\', fields => ["User-Agent: \x{e9}\x{1b}"]);
	$jwksd->jwks($issuer);
	is($jwksd->stop, 0, 'ends well');

	my @lines = split /\n/, $jwksd->log_text;
	my @events = map { eval { decode_json($_) } // { unreadable => $_ } } @lines;
	is_deeply([ grep { exists $_->{unreadable} } @events ], [], 'each line is a JSON object');
	is_deeply([ grep { !exists $_->{time} } @events ], [], '... with its time');
	my ($served) = grep { ($_->{doc} // '') eq 'jwks' } @events;
	is($served->{status}, 200, 'a request: its status is a number');
	my ($ready) = grep { ($_->{msg} // '') =~ /^listening/ } @events;
	is($ready->{level}, 'info', 'an event: its level');
}

{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => conf());
	write_file("$dir/jwksd.conf", conf('log-format' => 'json'));
	$jwksd->signal('HUP');
	$jwksd->wait_log(qr/"msg":"configuration reloaded"/);
	like($jwksd->log_text, qr/^time=\S+ level=info mod=jwksd msg=/m, 'logfmt before a reload');
	is($jwksd->stop, 0, 'json after it');
}

{
	my $jwksd = JWKSD::Daemon->start(
		dir => $dir, config => conf('max-connections-per-address' => 2, workers => 1));
	my @crowd = map { JWKSD::HTTP->connect($jwksd->address) } 1 .. 12;
	$jwksd->wait_log(qr/connections turned away/);
	@crowd = (); # the drain would wait for them
	is($jwksd->stop, 0, 'ends well');
	my @lines = grep { /turned away/ } split /\n/, $jwksd->log_text;
	is(scalar @lines, 1, 'refused connections: one line for all');
	like($lines[0], qr/level=warn mod=http msg=".*: 0 by max-connections, \d+ by max-connections-per-address/,
		'... that counts them');
}

done_testing;
