#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Abuse of all kinds at once: nobody else notices, nothing spins, memory stays
# within what a connection may hold, and each is cut at its deadline.
# t/90-slow/abuse.t does it with thousands.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use JWKSD::Abuse;
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

use constant {
	CLIENTS    => 60, # of each kind
	TIME_OUT   => 2,
	LINGER     => 5,
	SLACK      => 4,  # a tick, the client's turn, a loaded machine
	# input 32 KiB, output 64 KiB and a response of a KiB, bookkeeping
	PER_CLIENT => 100 * 1024,
};

my $dir = scratch();
my $issuer = 'https://h.example';
my $key = ec_key();
my $request = request_text('/openid/v1/jwks', host => 'h.example');
my %time_outs = map { ("$_-timeout" => TIME_OUT) } qw(header idle write);

write_file("$dir/sa.pub", public_pem($key));

sub config
{
	return JWKSD::Daemon::config_text(
		"issuer \"$issuer\" { keys = { \"sa.pub\" } }\n", @_);
}

sub other_clients
{
	my ($jwksd) = @_;
	my $body = jwks_of($key);

	write_file("$dir/bodies", Digest::SHA::sha256_hex($body) . " -\n");
	return JWKSD::Steady->start(address => $jwksd->address,
		host => 'h.example', path => '/openid/v1/jwks',
		bodies => "$dir/bodies", idle => 10, think => 50,
		timeout => 1000 * left(deadline()));
}

# --- all kinds, all at once ------------------------------------------------

{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config(%time_outs));
	my $quiet = resident($jwksd->{pid});
	my $steady = other_clients($jwksd);
	my %limit = (
		map({ $_ => TIME_OUT } qw(headers idle deaf sips flood)),
		map({ $_ => LINGER } qw(bomb stubborn)),
	);
	my @kinds = sort keys %limit;
	my @abuse = map { JWKSD::Abuse->start(kind => $_, clients => CLIENTS,
		address => $jwksd->address) } @kinds;

	for my $abuse (@abuse) {
		my $limit = $limit{ $abuse->{kind} };
		my @ages = $abuse->ages(left(deadline()));
		is(scalar @ages, CLIENTS, "$abuse->{kind}: all are cut");
		cmp_ok($ages[-1] || 0, '<', $limit + SLACK, '... in time');
		# deadlines are counted in ticks of a second, and on a busy
		# machine a tick that is late makes the next one short
		cmp_ok($ages[0] || 0, '>=', $limit - 1, '... and not before')
			if $abuse->{kind} =~ /^(?:headers|idle)$/;
		$abuse->stop;
	}
	SKIP: {
		skip 'a sanitizer needs memory of its own', 1
			if read_file(program('jwksd')) =~ /__[at]san_init/;
		cmp_ok(resident_most($jwksd->{pid}), '<',
			$quiet + @kinds * CLIENTS * PER_CLIENT, 'memory is bounded');
	}
	$steady->wait_answers(20);
	$steady->show;
	is($steady->finish->{failed}, 0, 'nobody else has noticed');
	is($jwksd->stop, 0, 'ends well');
}

# --- slow ones cost nothing ------------------------------------------------

{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());
	my @slow = map { JWKSD::Abuse->start(kind => $_, clients => CLIENTS,
		address => $jwksd->address, turn => 1) }
		qw(headers idle deaf sips stubborn);

	cmp_ok(quiet_load($jwksd->{pid}, 1), '<', 0.05, 'slow clients: nothing spins');
	$_->stop for @slow;
	$jwksd->stop;
}

# --- a long pipeline is an honest client -----------------------------------

{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());
	my $connection = JWKSD::HTTP->connect($jwksd->address);
	my $socket = $connection->{socket};
	my ($wanted, $out, $answers, $carry) = (20_000, '', 0, '');
	my $deadline = deadline();

	$socket->blocking(0);
	$out = $request x $wanted;
	while ($answers < $wanted && left($deadline)) {
		my ($r, $w) = IO::Select->select(IO::Select->new($socket),
			length $out ? IO::Select->new($socket) : undef, undef, 1);
		if ($w && @$w) {
			my $n = syswrite $socket, $out, 65536;
			substr $out, 0, $n, '' if $n;
		}
		if ($r && @$r) {
			sysread $socket, $carry, 65536, length $carry or last;
			$answers++ while $carry =~ s{\A.*?HTTP/1\.1 200 OK\r\n}{}s;
		}
	}
	is($answers, $wanted, "$wanted requests in a row are answered");
	close $socket;
	$jwksd->stop;
}

# --- hardly any descriptors ------------------------------------------------

SKIP: {
	my $prlimit = has_program('prlimit')
		or skip 'prlimit is not installed', 1;
	my $config = write_file("$dir/jwksd.conf", config(), 0644);
	my $jwksd = JWKSD::Daemon->start(dir => $dir, argv => [$prlimit,
		'--nofile=64:64', program('jwksd'), '-c', $config]);
	# more than there are descriptors for, each after one answer
	my @hoard = map { JWKSD::Abuse->start(kind => 'idle', clients => CLIENTS,
		address => $jwksd->address) } 1 .. 2;

	cmp_ok(quiet_load($jwksd->{pid}, 1), '<', 0.05, '64 descriptors: nothing spins');
	is($jwksd->jwks($issuer)->{status}, 200,
		'... who has a request takes the place of who has none');
	$_->stop for @hoard;
	my $begun = time;
	is($jwksd->jwks($issuer)->{status}, 200, '... and all is well after it');
	cmp_ok(time - $begun, '<', 1, '... at once');
	is($jwksd->stop, 0, '... ends well');
}

done_testing;
