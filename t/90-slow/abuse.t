#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Thousands of clients that mean no good: what it costs, what others notice, and
# when it is over.  What is printed is the result.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Abuse;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

use constant {
	SLOW       => 5000,
	FLOODS     => 200, # each fills the kernel's buffers too
	GREEDY     => 8,   # each takes what it can get
	TIME_OUT   => 10,
	TURN       => 2,   # in which each does something
	SLACK      => 4,   # a turn, a tick of the server, a loaded machine
	OTHERS_S   => 2,
	SPIN       => 0.05,
	BACK_S     => 1,   # when they are gone
	NOISE_US   => 5000, # times below this are all the same
	PER_CLIENT => 100 * 1024,
};

my $dir = scratch();
my $issuer = 'https://h.example';
my $key = ec_key();
my (@table, @waited, @back, $jwksd);

write_file("$dir/sa.pub", public_pem($key));
write_file("$dir/bodies", sha256_hex(jwks_of($key)) . " -\n");

# the descriptors are needed on both sides
my ($soft, $hard) = read_file('/proc/self/limits') =~ /^Max open files\s+(\d+)\s+(\d+)/m;
my $wanted = 2 * SLOW + 500;
plan skip_all => "$hard descriptors are too few" if $hard < $wanted;
if ($soft < $wanted) {
	has_program('prlimit')
		or plan skip_all => "$soft descriptors are too few, and there is no prlimit";
	run('prlimit', "--pid=$$", "--nofile=$hard:$hard");
}

sub config
{
	return JWKSD::Daemon::config_text(
		"issuer \"$issuer\" { keys = { \"sa.pub\" } }\n",
		(map { ("$_-timeout" => TIME_OUT) } qw(header idle write)), @_);
}

# How others fare for a while: what failed, and the p99, of two whiles the
# better one, for the machine may have other things to do.
sub others
{
	my @accounts = map { fare() } 1 .. 2;
	my ($p99) = sort { $a <=> $b } map { $_->{p99_us}{idle} } @accounts;

	return { failed => $accounts[0]{failed} + $accounts[1]{failed}, p99 => $p99 };
}

sub fare
{
	my $steady = JWKSD::Steady->start(address => $jwksd->address,
		host => 'h.example', path => '/openid/v1/jwks',
		bodies => "$dir/bodies", fresh => 1, idle => 20, think => 20,
		timeout => 10_000);

	select undef, undef, undef, OTHERS_S;
	return $steady->finish;
}

# --- slow ones, by the thousand --------------------------------------------

$jwksd = JWKSD::Daemon->start(dir => $dir, config => config());

# What others wait when nobody else is there, on this machine at this time.
my $quiet = NOISE_US;

sub measure_quiet
{
	my $p99 = others()->{p99};

	push @table, ['nobody else', 0, 0, $p99, resident($jwksd->{pid}), '', ''];
	$quiet = $p99 if $p99 > $quiet;
}

measure_quiet();

for (
	['headers', SLOW], ['idle', SLOW], ['deaf', SLOW], ['sips', SLOW],
	['stubborn', SLOW], ['flood', FLOODS], ['bomb', FLOODS],
) {
	my ($kind, $clients) = @$_;
	my $before = resident($jwksd->{pid});
	my $abuse = JWKSD::Abuse->start(kind => $kind, clients => $clients,
		address => $jwksd->address, turn => TURN);
	my $load = quiet_load($jwksd->{pid}, TURN);
	my $others = others();
	my $memory = resident($jwksd->{pid});
	my @ages = $abuse->ages(6 * TIME_OUT);

	push @table, [$kind, $clients, 100 * $load, $others->{p99}, $memory,
		$ages[0], $ages[-1]];
	is(scalar @ages, $clients, "$kind: all $clients are cut");
	is($others->{failed}, 0, '... no request of others failed');
	cmp_ok($memory - $before, '<', $clients * PER_CLIENT, '... memory is bounded');
	next unless $clients == SLOW;
	cmp_ok($load, '<', SPIN, '... nothing spins');
	push @waited, [$kind, $others->{p99}];
	next unless $kind =~ /^(?:headers|idle)$/;
	cmp_ok($ages[0], '>=', TIME_OUT, '... not before their deadline');
	cmp_ok($ages[-1], '<', TIME_OUT + SLACK, '... and not long after it');
}
measure_quiet();
cmp_ok($_->[1], '<=', 2 * $quiet, "$_->[0]: others hardly waited longer")
	for @waited;

# --- requests without end, and the answers read -----------------------------

# What they cost is their right; that others wait for them is not.
{
	my $abuse = JWKSD::Abuse->start(kind => 'greedy', clients => GREEDY,
		address => $jwksd->address, turn => 0.001);
	my $load = quiet_load($jwksd->{pid}, TURN);
	my $others = others();

	push @table, ['greedy', GREEDY, 100 * $load, $others->{p99},
		resident($jwksd->{pid}), '', ''];
	is($others->{failed}, 0, 'greedy: no request of others failed');
	gone('greedy', $abuse);
}

# --- all of them at once, and gone at once ----------------------------------

sub connections
{
	my $metrics = $jwksd->admin_page('/metrics')->{content};
	my $sum = 0;

	$sum += $_ for $metrics =~ /^jwksd_connections(?:\{[^}]*\})? (\d+)$/mg;
	return $sum;
}

# Seconds until a newcomer is served, and until none of theirs is left.
sub gone
{
	my ($what, @abuse) = @_;

	$_->stop for @abuse;
	my $begun = time;
	# what waited to be accepted may still be in the newcomer's way
	until (eval { $jwksd->jwks($issuer)->{status} == 200 }) {
		last if time - $begun > TIME_OUT;
	}
	my $served = time - $begun;
	1 while connections() > 1 && time - $begun < TIME_OUT;
	my $free = time - $begun;

	cmp_ok($served, '<', BACK_S, "$what: when they are gone, it serves");
	cmp_ok($free, '<', BACK_S, '... and nothing of theirs is left');
	push @back, sprintf '%-16s %6.0f ms %6.0f ms', $what, 1000 * $served,
		1000 * $free;
}

gone('all kinds', map {
	JWKSD::Abuse->start(kind => $_, clients => FLOODS,
		address => $jwksd->address, turn => TURN)
} qw(headers idle deaf sips stubborn flood bomb));
is($jwksd->stop, 0, 'ends well');

# --- one address that connects without end ---------------------------------

# A connection costs a place while it lasts: those beyond the share are ended.
$jwksd = JWKSD::Daemon->start(dir => $dir,
	config => config('max-connections-per-address' => 100));
{
	my $abuse = JWKSD::Abuse->start(kind => 'idle', clients => SLOW,
		address => $jwksd->address, turn => TURN);
	my $load = quiet_load($jwksd->{pid}, TURN);
	my $memory = resident($jwksd->{pid});
	my @ages = $abuse->ages(6 * TIME_OUT);
	my $at_once = grep { $_ < TIME_OUT } @ages;

	push @table, ['one address', SLOW, 100 * $load, 0, $memory, $ages[0],
		$ages[-1]];
	cmp_ok($load, '<', SPIN, 'one address: nothing spins');
	is(scalar @ages, SLOW, '... all are cut');
	cmp_ok($at_once, '>=', SLOW - 200, '... all but its share at once');
	gone('one address', $abuse);
	$jwksd->stop;
}

# --- hardly any descriptors ------------------------------------------------

SKIP: {
	my $prlimit = has_program('prlimit')
		or skip 'prlimit is not installed', 1;
	my $file = write_file("$dir/jwksd.conf", config(), 0644);
	$jwksd = JWKSD::Daemon->start(dir => $dir, argv => [$prlimit,
		'--nofile=64:64', program('jwksd'), '-c', $file]);
	my $abuse = JWKSD::Abuse->start(kind => 'headers', clients => 1000,
		address => $jwksd->address, turn => 0.2);
	my $load = quiet_load($jwksd->{pid}, TURN);
	my $memory = resident($jwksd->{pid});

	push @table, ['64 descriptors', 1000, 100 * $load, 0, $memory, '', ''];
	cmp_ok($load, '<', SPIN, '64 descriptors: nothing spins');
	gone('64 descriptors', $abuse);
	is($jwksd->stop, 0, '... and ends well');
}

diag sprintf "\n%-16s %7s %7s %10s %8s %7s %7s", 'clients', 'number', 'CPU %',
	"p99/us", 'MiB', 'cut/s', 'to/s';
diag sprintf '%-16s %7d %7.1f %10d %8.1f %7s %7s', @$_[0 .. 3],
	$_->[4] / 1048576, @$_[5, 6] for @table;
diag sprintf "\n%-16s %9s %9s", 'gone', 'served', 'free';
diag $_ for @back;
done_testing;
