#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# TLS at length: what testssl.sh finds, what a connection that waits takes, and
# that no request fails while certificates are replaced and jwksd is restarted.
# What is printed is the result.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Held;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::TLS;
use JWKSD::Test;
use Test::More;

use constant {
	SWAPS    => 200,       # of certificates, and as many reloads
	RESTARTS => 100,
	IDLE     => 2000,      # connections, to see what one takes
	FIRST    => 200,       # ... after so many
	IDLE_MAX => 14 * 1024, # bytes each
};

my $issuer = 'https://steady.example';
my $dir = scratch();
my $rotation = JWKSD::Rotation->new("$dir/ring", $issuer, 1);
my $bodies = $rotation->write_bodies("$dir/bodies");

$rotation->publish(0);

sub config
{
	return JWKSD::Daemon::config_text(
		qq(issuer "$issuer" { keys = { "ring" } }\n),
		listen => ['tls:127.0.0.1:0'],
		'tls-certificates' => ['tls.crt'],
		'tls-keys' => ['tls.key'],
		@_);
}

sub clients
{
	my ($address, %how) = @_;

	return JWKSD::Steady->start(
		address => $address,
		host    => 'steady.example',
		path    => '/openid/v1/jwks',
		bodies  => $bodies,
		timeout => 5_000,
		%how);
}

# --- what testssl.sh finds --------------------------------------------------

# A certificate as a public one is: of somebody who is trusted, and fresh.
sub make_public_certificate
{
	my ($name) = @_;
	my @new = (qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256
		-nodes));
	my $crl = 'crlDistributionPoints=URI:http://crl.example/ca.crl';

	for my $command ([@new, '-keyout', "$dir/ca.key", '-out', "$dir/ca.crt",
			'-days', 3000, '-subj', '/O=Test/CN=root'],
		[@new, '-keyout', "$dir/tls.key", '-out', "$dir/tls.crt", '-days', 90,
			'-subj', "/CN=$name", '-addext', "subjectAltName=DNS:$name",
			'-addext', 'basicConstraints=critical,CA:FALSE', '-addext', $crl,
			'-addext', 'extendedKeyUsage=serverAuth',
			'-CA', "$dir/ca.crt", '-CAkey', "$dir/ca.key"])
	{
		my $done = run(@$command);
		die $done->{err} if $done->{status} != 0;
	}
	chmod 0600, "$dir/tls.key";
}

SKIP: {
	my $testssl = has_program('testssl') || has_program('testssl.sh')
		or skip 'testssl.sh is not installed', 2;
	run('openssl', 'req', '-help')->{err} =~ /^ *-CA /m
		or skip 'this openssl req cannot sign with a CA', 2;
	make_public_certificate('steady.example');
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());
	my ($port) = $jwksd->address =~ /:(\d+)$/;
	my $done = run({ seconds => 900 }, $testssl, '--quiet', '--warnings', 'off',
		'--color', 0, '--nodns', 'none', '--ip', '127.0.0.1', '--add-ca',
		"$dir/ca.crt", '--jsonfile', "$dir/findings", '--connect-timeout', 20,
		'--openssl-timeout', 20, "steady.example:$port");
	my @findings = @{ json(read_file("$dir/findings")) };
	my @bad = grep { $_->{severity} !~ /^(?:OK|INFO|LOW|DEBUG|WARN)$/ } @findings;

	cmp_ok(scalar @findings, '>', 100, 'testssl.sh has looked')
		or diag $done->{out};
	is(join("\n", map { "$_->{severity} $_->{id}: $_->{finding}" } @bad), '',
		'... and found nothing above LOW');
	diag "testssl.sh: $_->{severity} $_->{id}: $_->{finding}"
		for grep { $_->{severity} =~ /^(?:LOW|WARN)$/ } @findings;
	is($jwksd->stop, 0, 'ends well');
}

# --- what a connection takes -------------------------------------------------

sub private_bytes
{
	my ($jwksd) = @_;

	return 1024 * (read_file("/proc/$jwksd->{pid}/smaps_rollup")
		=~ /^Private_Dirty:\s+(\d+)/m)[0];
}

make_certificate("$dir/tls", names => ['steady.example']);

# So many connections, opened one after the other (a handshake takes more, and
# not for long), each of which asked once; the pid of who keeps them.
sub connect_all
{
	my ($jwksd, $version, $count) = @_;
	my $deadline = deadline(120);

	defined(my $pid = fork) or die "fork: $!";
	if ($pid == 0) {
		open STDOUT, '>', '/dev/null';
		exec program('contrib/bench/load'), '-T', $version, '-c', 1, '-r', 1,
			'-i', $count, '-d', 1000, '-H', 'steady.example',
			bare($jwksd->address), '/openid/v1/jwks' or exit 127;
	}
	while (left($deadline)) {
		my $open = $jwksd->metric('jwksd_connections{worker="0"}');
		return $pid if $open > $count;
		select undef, undef, undef, 0.05;
	}
	kill KILL => $pid;
	die "there are no $count connections";
}

for my $version ('1.2', '1.3') {
	my $jwksd = JWKSD::Daemon->start(dir => $dir,
		config => config(workers => 1));
	my @pids = connect_all($jwksd, $version, FIRST);
	my $before = private_bytes($jwksd);

	kill KILL => $pids[0];
	waitpid $pids[0], 0;
	@pids = connect_all($jwksd, $version, FIRST + IDLE);
	my $each = (private_bytes($jwksd) - $before) / IDLE;
	kill KILL => $pids[0];
	waitpid $pids[0], 0;
	diag sprintf 'a connection with TLS %s that waits takes %.0f bytes',
		$version, $each;
	SKIP: {
		skip 'memory of a sanitizer is not ours', 1
			if read_file(program('jwksd')) =~ /__[at]san_init/;
		cmp_ok($each, '<=', IDLE_MAX, "TLS $version: what a connection takes");
	}
	is($jwksd->stop, 0, 'ends well');
}

# --- not one failed request ---------------------------------------------------

sub finish
{
	my ($what, $events, $steady) = @_;
	my $account = $steady->finish;

	diag "$what: $events times, $account->{requests} requests, "
		. "$account->{failed} failed, $account->{resumed} connections resumed";
	is($account->{failed}, 0, "$what: nothing failed");
	return $account;
}

{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());
	my $steady = clients($jwksd->address, fresh => 4, busy => 8, idle => 100);

	for my $n (1 .. SWAPS) {
		make_certificate("$dir/tls", names => ['steady.example']);
		$jwksd->wait_log(qr/level=info mod=tls/);
		$jwksd->reload;
	}
	$steady->wait_answers(100);
	my $account = finish('certificates replaced, and reloads', SWAPS, $steady);
	is($account->{idle_closed} + $account->{announced}, 0,
		'... no connection was closed');
	is($jwksd->stop, 0, '... ends well');
}

{
	my $held = JWKSD::Held->new('tls');
	my $jwksd = $held->start(dir => $dir, config => config());
	my $steady = clients($held->address, fresh => 4, busy => 8);
	my $ended_badly = 0;

	for my $n (1 .. RESTARTS) {
		$steady->wait_answers(50);
		$ended_badly++ if $jwksd->stop ne '0';
		$jwksd = $held->start(dir => $dir, config => config());
	}
	$steady->wait_answers(50);
	finish('restarts', RESTARTS, $steady);
	is($ended_badly, 0, '... each ended well');
	is($jwksd->stop, 0, '... the last one too');
}

done_testing;
