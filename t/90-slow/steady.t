#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Not one failed request, at length: reloads, key changes, restarts and kills
# under load, each request in exactly one class of the account, and nginx's
# reload under the same client for comparison.  What is printed is the result.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Held;
use JWKSD::Nginx;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

use constant {
	CHANGES       => 1000,      # of keys, and as many reloads
	REQUESTS      => 3_000_000, # in these, at least
	SECONDS_MAX   => 300,       # ... unless the machine is too slow
	RESTARTS      => 200,
	IDLE_RESTARTS => 20,
	KILLS         => 60,
	NGINX_RELOADS => 20,
	BUSY          => 32,
	FRESH         => 8,
	IDLE          => 200,
	BACK_MS       => 100,       # after a kill, to the first answer
};

my $issuer = 'https://steady.example';
my $dir = scratch();
my $rotation = JWKSD::Rotation->new("$dir/ring", $issuer, CHANGES + 1);
my $bodies = $rotation->write_bodies("$dir/bodies");
my $generation = 0;
my @table;

$rotation->publish(0);

sub config
{
	my (%options) = @_;

	return JWKSD::Daemon::config_text(
		qq(issuer "$issuer" { keys = { "ring" } }\n), %options);
}

# The client beside what it counts.  AWS STS waits for five seconds.
sub clients
{
	my ($address, %how) = @_;

	return JWKSD::Steady->start(
		address => $address,
		host    => 'steady.example',
		path    => '/openid/v1/jwks',
		bodies  => $bodies,
		fresh   => FRESH,
		busy    => BUSY,
		timeout => 5_000,
		%how);
}

sub finish
{
	my ($what, $events, $steady) = @_;
	my $account = $steady->finish;

	push @table, [$what, $events, $account->{requests}, $account->{failed},
		$steady->failed('fresh'), $steady->failed('busy'),
		$steady->failed('idle'), $account->{gap_us} / 1000];
	diag "$what: $events";
	diag $_ for @{ $steady->{lines} };
	return $account;
}

# --- 1. reloads and key changes --------------------------------------------

{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());
	my $steady = clients($jwksd->address, idle => IDLE);
	my $begun = time;
	my $reloads = 0;

	while ($generation < CHANGES) {
		my $kid = $rotation->newest_kid(++$generation);
		$rotation->publish($generation);
		$jwksd->wait_log(qr/published 3 keys: .*\Q$kid\E/);
		replace_file($jwksd->{file}, config('log-level' =>
			$generation % 2 ? 'info' : 'debug'));
		$jwksd->reload;
		$reloads++;
	}
	while ($steady->sums->{ok} < REQUESTS && time - $begun < SECONDS_MAX) {
		$jwksd->reload;
		$reloads++;
	}
	my $seconds = time - $begun;
	my $account = finish(sprintf('jwksd: %d key changes and reloads, %.0f s',
		$generation, $seconds), $reloads, $steady);
	is($account->{failed}, 0, 'reloads and key changes: nothing failed');
	is($account->{idle_closed} + $account->{announced}, 0,
		'... no connection was closed');
	is($account->{newest}, CHANGES + 1, '... all generations were served');
	SKIP: {
		skip "the machine is too slow for " . REQUESTS . " requests", 1
			if $seconds >= SECONDS_MAX;
		cmp_ok($account->{requests}, '>=', REQUESTS, '... requests enough');
	}
	is($jwksd->stop, 0, '... ends well');
}

# --- held sockets: what systemd does with jwksd.socket ---------------------

sub start_with
{
	my ($held, %options) = @_;

	return $held->start(dir => $dir, config => config(%options));
}

# systemctl restart: the old one drains and ends, then the new one starts.
sub restarts
{
	my ($what, $count, $options, %clients) = @_;
	my $held = JWKSD::Held->new;
	my $jwksd = start_with($held, %$options);
	my $steady = clients($held->address, %clients);
	my $begun = time;
	my $ended_badly = 0;

	for my $n (1 .. $count) {
		$steady->wait_answers(50);
		$ended_badly++ if $jwksd->stop ne '0';
		$jwksd = start_with($held, %$options);
	}
	$steady->wait_answers(50);
	my $account = finish(sprintf('%s, %.0f s', $what, time - $begun), $count,
		$steady);
	is($account->{failed}, 0, "$what: nothing failed");
	is($ended_badly, 0, '... each ended well');
	$jwksd->stop;
}

# --- 2. restarts -----------------------------------------------------------

restarts('jwksd: restart', RESTARTS, {});

# A connection that waits for less than idle-timeout between two requests is
# answered once more and told to close; one that waits longer is closed as it
# would have been without a restart.
restarts('jwksd: restart, with idle ones', IDLE_RESTARTS,
	{ 'idle-timeout' => 3, 'drain-timeout' => 6 }, idle => IDLE, think => 1000);

# --- 3. kills ---------------------------------------------------------------

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[@sorted / 2];
}

{
	my $held = JWKSD::Held->new;
	my $jwksd = start_with($held);
	my $steady = clients($held->address, idle => IDLE);
	my @gaps;

	for my $n (1 .. KILLS) {
		$steady->wait_answers(1000);
		$steady->sums;
		$jwksd->signal('KILL');
		is($jwksd->exit_status, 'signal 9', 'killed') if $n == 1;
		$jwksd->exit_status;
		$jwksd = start_with($held);
		push @gaps, $steady->wait_answers(100);
	}
	my $account = finish('jwksd: SIGKILL, started again', KILLS, $steady);
	my @ms = map { sprintf '%.0f', $_ / 1000 } sort { $a <=> $b } @gaps;
	diag "without an answer after a kill, in ms: least $ms[0], median ",
		median(@ms), ", most $ms[-1]";
	cmp_ok(median(@ms), '<=', BACK_MS, 'a killed one is back in no time');
	is("@{ $account->{$_} }{@JWKSD::Steady::kinds}", '0 0 0',
		"... no request: $_") for qw(status refused timeout content);
	# all that can be open at once is one request a client
	cmp_ok($account->{failed}, '<=', KILLS * (BUSY + FRESH + IDLE),
		'... lost are those in flight');
	cmp_ok($steady->failed('fresh', 'busy'), '<=', KILLS * (BUSY + FRESH),
		'... and no others');
	$jwksd->stop;
}

# --- 4. nginx's reload, for comparison -------------------------------------

SKIP: {
	skip 'nginx is not installed: no comparison', 1
		unless JWKSD::Nginx::path();
	write_file("$dir/jwks", $rotation->body(0), 0644);
	# nginx makes its entity tags otherwise
	write_file("$dir/nginx-bodies",
		read_file($bodies) =~ s/^([0-9a-f]+) .*/$1 -/mgr);
	my $nginx = JWKSD::Nginx->start(dir => $dir, config => sub {
		return "server { listen $_[0]; keepalive_requests 1000000000;\n"
			. "location = /openid/v1/jwks { alias $dir/jwks; } }\n";
	});
	my $steady = clients($nginx->address, idle => IDLE,
		bodies => "$dir/nginx-bodies");
	my $begun = time;

	for my $n (1 .. NGINX_RELOADS) {
		$steady->wait_answers(1000);
		my %old = map { $_ => 1 } $nginx->workers;
		$nginx->reload;
		my $deadline = deadline();
		select undef, undef, undef, 0.05
			while left($deadline) && grep { $old{$_} } $nginx->workers;
	}
	my $account = finish(sprintf('nginx: reload, %.0f s', time - $begun),
		NGINX_RELOADS, $steady);
	cmp_ok($account->{ok}{busy}, '>', 0, 'nginx has answered');
}

diag sprintf "\n%-42s %6s %9s %7s %6s %6s %6s %7s", 'what happened', 'times',
	'requests', 'failed', 'fresh', 'busy', 'idle', 'gap/ms';
diag sprintf '%-42s %6d %9d %7d %6d %6d %6d %7.0f', @$_ for @table;
done_testing;
