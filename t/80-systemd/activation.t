#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Sockets that were handed over (sd_listen_fds(3)): served by all workers,
# kept over a restart, told apart by their names.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fcntl qw(F_DUPFD);
use IO::Socket::IP;
use IO::Socket::UNIX;
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_STREAM);
use Test::More;

my $dir = scratch();
my $key = ec_key();
my $config = JWKSD::Daemon::config_text(<<'CONF', workers => 2);
issuer "https://h.example" { keys = { "sa.pub" } }
CONF

write_file("$dir/sa.pub", public_pem($key));

sub tcp
{
	return IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0,
		Listen => 128, Type => SOCK_STREAM) || die "socket: $!";
}

sub where
{
	return '127.0.0.1:' . $_[0]->sockport;
}

# Put the sockets at 3, 4, ... as systemd does.
sub hand_over
{
	my ($names, @sockets) = @_;

	return sub {
		my @copies = map { fcntl $_, F_DUPFD, 100 } @sockets;
		for my $n (0 .. $#copies) {
			POSIX::dup2($copies[$n], 3 + $n);
		}
		$ENV{LISTEN_FDS} = @sockets;
		$ENV{LISTEN_PID} = $$;
		$ENV{LISTEN_FDNAMES} = $names if defined $names;
	};
}

sub start
{
	my ($names, @sockets) = @_;

	return JWKSD::Daemon->start(dir => $dir, config => $config,
		setup => hand_over($names, @sockets));
}

{
	my @sockets = (tcp(), tcp());
	my $admin = tcp();
	my $jwksd = start('jwksd.socket:jwksd.socket:admin', @sockets, $admin);

	for my $socket (@sockets) {
		is($jwksd->jwks('https://h.example', address => where($socket))->{content},
			jwks_of($key), 'served on a socket that was handed over');
	}
	is(JWKSD::HTTP::http(where($admin), '/livez', host => 'x')->{status}, 200,
		'the one called admin has the admin pages');
	is(JWKSD::HTTP::http(where($admin), '/openid/v1/jwks',
		host => 'h.example')->{status}, 404, '... and not the documents');
	is($jwksd->stop, 0, 'ends well');

	# the socket lives on: who connects meanwhile is served by the next one
	my $waiting = JWKSD::HTTP->connect(where($sockets[0]));
	$waiting->send(request_text('/openid/v1/jwks', host => 'h.example', close => 1));
	my $next = start('jwksd.socket', $sockets[0]);
	is($waiting->response->{content}, jwks_of($key),
		'a restart drops nobody who comes between');
	is($next->stop, 0, 'ends well');
}

{
	my $path = "$dir/handed";
	my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $path,
		Listen => 16) or die $!;
	my $jwksd = start(undef, $socket);
	is($jwksd->jwks('https://h.example', address => "unix:$path")->{status}, 200,
		'a Unix socket, without names');
	is($jwksd->stop, 0, 'ends well');
	ok(-S $path, 'a socket that is not ours is not removed');
}

# Everybody is served, whatever worker it is.
{
	my $socket = tcp();
	my $jwksd = start('jwksd.socket', $socket);
	my $good = grep {
		$jwksd->jwks('https://h.example', address => where($socket))->{status} == 200
	} 1 .. 200;
	is($good, 200, 'two hundred connections on one socket');
	$jwksd->stop;
}

# Not for us.
{
	my $socket = tcp();
	my $jwksd = JWKSD::Daemon->start(dir => $dir, config => $config, setup => sub {
		hand_over('jwksd.socket', $socket)->();
		$ENV{LISTEN_PID} = 1;
	});
	is($jwksd->jwks('https://h.example')->{status}, 200,
		"another process' sockets are left alone");
	$jwksd->stop;
}

# What is no listening socket is refused by name.
{
	pipe my $reader, my $writer;
	write_file("$dir/jwksd.conf", $config);
	my $refused = jwksd_run({ setup => hand_over('jwksd.socket', $reader) },
		'-c', "$dir/jwksd.conf");
	is($refused->{status}, 1, 'a pipe is no socket');
	like($refused->{err}, qr/^jwksd: .*socket/m, '... and it says so');
}

done_testing;
