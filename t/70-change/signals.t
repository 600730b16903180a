#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# SIGTERM drains; SIGUSR1 reopens the access log; SIGPIPE and a closed log
# are survived.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $issuer = 'https://h.example';
my $request = request_text('/openid/v1/jwks', host => 'h.example');

write_file("$dir/sa.pub", public_pem(ec_key()));

sub start
{
	return JWKSD::Daemon->start(dir => $dir, config => JWKSD::Daemon::config_text(
		qq(issuer "$issuer" { keys = { "sa.pub" } }\n), @_));
}

# The answers to what is asked on a connection until one says that it is the
# last: workers hear of the end one after the other.
sub answers_until_close
{
	my ($connection) = @_;
	my $deadline = deadline();
	my @answers = $connection->response;

	until (!$answers[-1] || defined $answers[-1]->field('Connection')
		|| !left($deadline))
	{
		$connection->send($request);
		push @answers, $connection->response;
	}
	return @answers;
}

# A request that has begun is answered, with the word that it is the last.
for my $signal (qw(TERM INT)) {
	my $jwksd = start('drain-timeout' => 30);
	my $begun = JWKSD::HTTP->connect($jwksd->address);
	my $idle = JWKSD::HTTP->connect($jwksd->address);
	$idle->send($request);
	$idle->response;
	$begun->send(substr $request, 0, 30);
	# it has come so far: the answer to a later request proves it
	$jwksd->jwks($issuer);
	$jwksd->signal($signal);
	$jwksd->wait_notify(qr/^STOPPING=1$/m);
	$begun->send(substr $request, 30);
	$idle->send($request);
	for my $connection ($begun, $idle) {
		my @answers = answers_until_close($connection);
		is(scalar(grep { !$_ || $_->{status} != 200 } @answers), 0,
			"SIG$signal: what is asked is answered");
		is($answers[-1] && lc $answers[-1]->field('Connection'), 'close',
			'... and the last answer says that it is');
	}
	($begun, $idle) = ();
	is($jwksd->exit_status, 0, '... and it ends with 0');
}

# Whoever does not go is left behind.
{
	my $jwksd = start('drain-timeout' => 1);
	my $stuck = JWKSD::HTTP->connect($jwksd->address);
	$stuck->send(substr $request, 0, 30);
	$jwksd->jwks($issuer);
	$jwksd->signal('TERM');
	is($jwksd->exit_status, 0, 'a client that is stuck does not hold it up');
}

# Again: at once.
{
	my $jwksd = start('drain-timeout' => 600);
	my $stuck = JWKSD::HTTP->connect($jwksd->address);
	$stuck->send(substr $request, 0, 30);
	$jwksd->jwks($issuer);
	$jwksd->signal('TERM');
	$jwksd->wait_notify(qr/^STOPPING=1$/m);
	$jwksd->signal('TERM');
	is($jwksd->exit_status, 0, 'a second SIGTERM does not wait');
}

# The access log.
{
	my $jwksd = start('access-log' => 'access.log');
	my $wait = sub {
		my ($path, $pattern) = @_;
		my $deadline = deadline();
		my $text = '';
		# lines are handed on in blocks: each request may push them out
		until ($text =~ $pattern || !left($deadline)) {
			$jwksd->jwks($issuer, fields => ['User-Agent: "curl" \\ ' . "8\t1"]);
			$text = -e $path ? read_file($path) : '';
		}
		return $text;
	};
	my $text = $wait->("$dir/access.log", qr/status=200/);
	like((split /\n/, $text)[0], qr{^time=\S+ client=127\.0\.0\.1\S* status=200 .*path=/openid/v1/jwks}m,
		'a line for a request');
	unlike($text, qr/[^\x20-\x7e\n]/, '... of printable text');
	like((split /\n/, $text)[0], qr/agent="\\"curl\\" \\\\ 8\\x091"/,
		'... what clients say is escaped');

	rename "$dir/access.log", "$dir/access.log.1" or die $!;
	$jwksd->signal('USR1');
	my $new = $wait->("$dir/access.log", qr/status=200/);
	like($new, qr/^time=/m, 'SIGUSR1: a new file after a rename');
	is($jwksd->stop, 0, 'ends well');
}

{
	my $jwksd = start('access-log' => '-');
	$jwksd->jwks($issuer);
	$jwksd->stop;
	like($jwksd->log_text, qr{path=/openid/v1/jwks}, 'the access log on standard error');
}

{
	my $jwksd = start();
	$jwksd->signal('USR1');
	$jwksd->signal('PIPE');
	is($jwksd->jwks($issuer)->{status}, 200, 'SIGUSR1 without a log, SIGPIPE: no harm');
	is($jwksd->stop, 0, 'ends well');
}

done_testing;
