#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Out of descriptors: nobody waits in vain, nothing spins, sources are still
# read, and all is as before when some are free again.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

my $dir = scratch();
my $issuer = 'https://h.example';
my $request = request_text('/openid/v1/jwks', host => 'h.example');
my ($first, $second) = map { ec_key() } 1 .. 2;
my $file = write_file("$dir/sa.pub", public_pem($first));

has_program('prlimit') or plan skip_all => 'prlimit is not installed';

my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF",
issuer "$issuer" { keys = { "sa.pub" } }
CONF
		'max-connections-per-address' => 0, 'max-connections' => 1_000_000,
		workers => 1, 'idle-timeout' => 3600));
my $used = () = glob "/proc/$jwksd->{pid}/fd/*";
my $limit = $used + 20;

is(run('prlimit', "--pid=$jwksd->{pid}", "--nofile=$limit:$limit")->{status}, 0,
	"at most $limit descriptors");

sub processor_seconds
{
	my ($user, $system) = (split ' ',
		read_file("/proc/$jwksd->{pid}/stat") =~ s/^.*\) //r)[11, 12];

	return ($user + $system) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Forty that begin a request; those that find no place are told so or closed.
my @held = map { JWKSD::HTTP->connect($jwksd->address) } 1 .. 40;
is(scalar(grep { $_ } @held), 40, 'forty connections are made');
$_->send(substr $request, 0, 5) for @held;
my $deadline = deadline();
my $shed = 0;
until ($shed >= 10 || !left($deadline)) {
	$shed = grep { IO::Select->new($_->{socket})->can_read(0) } @held;
	select undef, undef, undef, 0.05;
}
cmp_ok($shed, '>=', 10, 'those for which there is no place are not left waiting');

# Two seconds of this cost next to nothing.
my ($begun, $used_before) = (time, processor_seconds());
select undef, undef, undef, 0.05 while time - $begun < 2;
cmp_ok(processor_seconds() - $used_before, '<', 0.5, 'it does not spin');

close $_->{socket} for @held;
@held = ();
$deadline = deadline();
my $answer;
until (($answer && $answer->{status} == 200) || !left($deadline)) {
	$answer = eval { $jwksd->jwks($issuer) };
}
is($answer->{content}, jwks_of($first), 'when some are free, it serves');
replace_file($file, public_pem($first) . public_pem($second));
$jwksd->wait_log(qr/published 2 keys/);
is_deeply($jwksd->kids($issuer), [kid_of($first), kid_of($second)],
	'... and sees changes');
is($jwksd->stop, 0, 'ends well');
done_testing;
