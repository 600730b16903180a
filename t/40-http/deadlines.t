#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Clients that are slow or many: each has its deadline and its share, and the
# others do not notice.
use strict;
use warnings;
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

write_file("$dir/sa.pub", public_pem(ec_key()));

sub start
{
	return JWKSD::Daemon->start(dir => $dir, config => JWKSD::Daemon::config_text(
		"issuer \"$issuer\" { keys = { \"sa.pub\" } }\n",
		'drain-timeout' => 1, @_));
}

sub connection
{
	my ($jwksd) = @_;

	return JWKSD::HTTP->connect($jwksd->address);
}

{
	my $jwksd = start('header-timeout' => 1, 'idle-timeout' => 30);
	my $slow = connection($jwksd);
	my $begun = time;
	my $sent = 0;

	# one byte more every tenth of a second does not move the deadline
	until (IO::Select->new($slow->{socket})->can_read(0.1)) {
		last if time - $begun > 15;
		$slow->send(substr $request, $sent++ % 20, 1) if $sent < 200;
	}
	cmp_ok(time - $begun, '<', 10, 'a request that trickles is cut');
	cmp_ok(time - $begun, '>', 0.9, '... at its deadline');
	my $answer = $slow->response;
	ok(!$answer || $answer->{status} == 408, '... with 408 or nothing');
	is($jwksd->jwks($issuer)->{status}, 200, '... and others are served');
	$jwksd->stop;
}

{
	my $jwksd = start('idle-timeout' => 1, 'header-timeout' => 30,
		listen => ['127.0.0.1:0', "unix:$dir/s"]);
	my $idle = connection($jwksd);
	$idle->send($request);
	$idle->response;
	ok($idle->closed, 'an idle connection is closed');
	# on TCP the kernel keeps such a one to itself for some seconds
	my $silent = JWKSD::HTTP->connect("unix:$dir/s");
	ok($silent->closed, 'so is one that never says a thing');
	$jwksd->stop;
}

{
	my $jwksd = start('max-connections-per-address' => 5);
	my @held = map { connection($jwksd) } 1 .. 5;
	for my $connection (@held) {
		$connection->send($request);
		is($connection->response->{status}, 200, 'a connection within its share');
	}
	my $sixth = connection($jwksd);
	$sixth->send($request);
	my $answer = eval { $sixth->response };
	ok(!$answer || $answer->{status} == 503, 'one more is turned away');
	close $held[0]{socket};
	my $again;
	my $deadline = deadline();
	until ($again || !left($deadline)) {
		my $next = connection($jwksd);
		$next->send($request);
		$again = eval { $next->response };
	}
	is($again->{status}, 200, 'a place that is given back is given again');
	$jwksd->stop;
}

{
	my $jwksd = start('max-connections' => 4, 'max-connections-per-address' => 0);
	my @held = map { connection($jwksd) } 1 .. 4;
	for my $connection (@held) {
		$connection->send($request);
		$connection->response;
	}
	my $answer;
	my $deadline = deadline();
	until ($answer || !left($deadline)) {
		my $next = connection($jwksd);
		$next->send($request);
		$answer = eval { $next->response };
		undef $answer if $answer && $answer->{status} != 200;
		close $held[0]{socket} unless $answer;
	}
	ok($answer, 'full: somebody new is served in the end');
	$jwksd->stop;
}

{
	# 2000 answers that nobody reads, then silence
	my $jwksd = start('write-timeout' => 1, 'idle-timeout' => 30);
	my $deaf = connection($jwksd);
	setsockopt $deaf->{socket}, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096;
	local $SIG{PIPE} = 'IGNORE';
	$deaf->{socket}->blocking(0);
	my $deadline = deadline();
	my $failed;
	while (left($deadline) && !$failed) {
		next unless IO::Select->new($deaf->{socket})->can_write(0.1)
			|| IO::Select->new($deaf->{socket})->has_exception(0);
		my $put = syswrite $deaf->{socket}, $request x 50;
		$failed = 1 if !defined $put && !$!{EAGAIN};
	}
	ok($failed, 'a client that reads nothing is cut off');
	is($jwksd->jwks($issuer)->{status}, 200, '... and others are served');
	$jwksd->stop;
}

done_testing;
