#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The protocols of sd_notify(3), against a small harness that plays systemd.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::UNIX;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Time::HiRes qw(time);

my $dir = scratch();
my $config = JWKSD::Daemon::config_text(<<'CONF');
issuer "https://h.example" { keys = { "sa.pub" } }
CONF

write_file("$dir/sa.pub", public_pem(ec_key()));

{
	my $jwksd = JWKSD::Daemon->spawn(dir => $dir, config => $config);
	my $ready = $jwksd->wait_notify(qr/^READY=1$/m);
	$jwksd->learn_addresses;
	is($jwksd->jwks('https://h.example')->{status}, 200, 'READY=1 when it serves');
	like($ready, qr/^STATUS=\S/m, '... with a status line');

	my $before = Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
	$jwksd->signal('HUP');
	my $reloading = $jwksd->wait_notify(qr/^RELOADING=1$/m);
	my ($at) = $reloading =~ /^MONOTONIC_USEC=(\d+)$/m;
	ok(defined $at, 'RELOADING=1 comes with its moment');
	cmp_ok($at / 1e6, '>=', $before - 0.01, '... after the signal');
	$jwksd->wait_notify(qr/^READY=1$/m);
	pass('READY=1 ends the reload');

	write_file($jwksd->{file}, 'nonsense');
	$jwksd->signal('HUP');
	$jwksd->wait_notify(qr/^RELOADING=1$/m);
	$jwksd->wait_notify(qr/^READY=1$/m);
	pass('... also of one that failed');

	$jwksd->signal('TERM');
	$jwksd->wait_notify(qr/^STOPPING=1$/m);
	pass('STOPPING=1 when it stops');
	is($jwksd->exit_status, 0, 'ends well');
}

# An abstract socket, as containers use.
{
	my $name = "\0jwksd-test-$$";
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $name)
		or die "abstract socket: $!";
	my $jwksd = JWKSD::Daemon->spawn(dir => $dir, config => $config,
		env => { NOTIFY_SOCKET => "\@jwksd-test-$$" });
	ok(IO::Select->new($socket)->can_read(left(deadline())), 'an abstract socket');
	$socket->recv(my $note, 4096);
	like($note, qr/^READY=1$/m, '... is told');
	$jwksd->stop;
}

# The watchdog: at least one message in each half of its time.
{
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => $config,
		env => { WATCHDOG_USEC => 2_000_000 });
	my $last = time;
	my $longest = 0;
	for (1 .. 3) {
		$jwksd->wait_notify(qr/^WATCHDOG=1$/m);
		my $gap = time - $last;
		$longest = $gap if $gap > $longest;
		$last = time;
	}
	cmp_ok($longest, '<', 1.9, 'the watchdog is fed in time');
	$jwksd->stop;
}
{
	# meant for another process
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => $config,
		env => { WATCHDOG_USEC => 200_000, WATCHDOG_PID => 1 });
	$jwksd->reload;
	is(scalar(grep { /WATCHDOG/ } @{ $jwksd->{notes} }), 0,
		"another process' watchdog is left alone");
	$jwksd->stop;
}

# Without systemd.
{
	my $jwksd = JWKSD::Daemon->spawn(dir => $dir, config => $config,
		setup => sub { delete $ENV{NOTIFY_SOCKET} });
	$jwksd->wait_log(qr/ready: 1 issuer/);
	is($jwksd->stop, 0, 'no NOTIFY_SOCKET is fine');
}
{
	my $jwksd = JWKSD::Daemon->spawn(dir => $dir, config => $config,
		env => { NOTIFY_SOCKET => "$dir/nobody-listens" });
	$jwksd->wait_log(qr/ready: 1 issuer/);
	is($jwksd->stop, 0, 'nobody at NOTIFY_SOCKET is fine');
}

# On the journal's socket lines carry their level and no time.
{
	my $jwksd = JWKSD::Daemon->spawn(dir => $dir, config => $config, setup => sub {
		my ($device, $inode) = stat STDERR;
		$ENV{JOURNAL_STREAM} = "$device:$inode";
	});
	$jwksd->wait_notify(qr/^READY=1$/m);
	like($jwksd->log_text, qr/^<6>level=info mod=jwksd msg="ready: /m,
		'lines for the journal');
	unlike($jwksd->log_text, qr/time=/, '... without a time');
	$jwksd->stop;
}

done_testing;
