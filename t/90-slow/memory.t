#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Each allocation of the whole daemon fails in turn: at the start, in a reload,
# when keys change, in answers.  It starts or says why not; once it serves, it
# goes on serving the old or the new, whole; it never crashes, and all memory is
# given back.  t/lib/starve.c is what fails.
#
# libconfuse is spared: its scanner ends the process when it has no memory.
# OpenSSL is spared at the start, while it sets itself up: that dereferences
# what it did not get.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();
use Test::More;

use constant { NEVER => -1, CALLS_MAX => 5000 };

my $dir = scratch();
my $issuer = 'https://a.example';
my ($first, $second) = map { ec_key() } 1 .. 2;
my $memory = write_file("$dir/memory", pack('q4', NEVER, 0, 0, 0));
my $library = build_dir() . '/t/lib/starve.so';

plan skip_all => 'sanitizers have allocators of their own'
	if read_file(program('jwksd')) =~ /__[at]san_init/;

# The numbers of struct starve.
use constant { LEFT => 0, FAILED => 2, LIVE => 3 };

sub put
{
	my ($which, $value) = @_;

	open my $file, '+<:raw', $memory or die "$memory: $!";
	sysseek $file, 8 * $which, 0;
	syswrite $file, pack 'q', $value;
}

# From now on the n-th allocation fails; NEVER: none does.
sub starve
{
	put(LEFT, $_[0]);
}

sub has_failed
{
	return (unpack 'q4', read_file($memory))[FAILED];
}

sub allocated
{
	return (unpack 'q4', read_file($memory))[LIVE];
}

sub config
{
	my ($max_age, $state) = @_;

	return JWKSD::Daemon::config_text(
		"issuer \"$issuer\" { keys = { \"sa.pub\" } max-age = $max_age }\n",
		workers => 2, state => 'state' . ($state // ''));
}

sub set_keys
{
	replace_file("$dir/sa.pub", join '', map { public_pem($_) } @_);
}

sub how
{
	my ($spare, $state) = @_;

	put(LIVE, 0);
	return (dir => $dir, config => config(60, $state), env => {
		LD_PRELOAD => $library, STARVE => $memory, STARVE_SPARE => $spare });
}

# The hunger ends with what SIGHUP causes.
sub reload_hungry
{
	my ($jwksd) = @_;

	$jwksd->{notes} = [];
	$jwksd->signal('HUP');
	$jwksd->wait_notify(qr/^READY=1$/m);
	starve(NEVER);
	$jwksd->settle;
}

# What is wrong with what is served: one of these sets, whole.
sub wrong
{
	my ($jwksd, @sets) = @_;
	my $answer = eval { $jwksd->jwks($issuer) };

	return "no answer: $@" unless $answer;
	return "status $answer->{status}" unless $answer->{status} == 200;
	return (grep { $answer->{content} eq $_ } @sets) ? ()
		: "serves $answer->{content}";
}

# sweep($what, sub { ($n) = @_; ...; return what is wrong }): for each n until
# one is not reached.
sub sweep
{
	my ($what, $try) = @_;
	my ($n, @wrong) = (0);

	for (; $n < CALLS_MAX; $n++) {
		put(FAILED, 0);
		starve($n);
		push @wrong, map { "allocation $n: $_" } $try->($n);
		last unless has_failed();
	}
	starve(NEVER);
	is(join("\n", @wrong), '', "$what: each of $n allocations may fail");
	return $n;
}

# --- what is allocated at the end when nothing fails -------------------------

set_keys($first);
my $calm = JWKSD::Daemon->start(how('libconfuse'));
$calm->reload;
$calm->admin_page($_) for qw(/metrics /status.json /);
is($calm->stop, 0, 'a daemon that gets all it wants ends well');
my $fed = allocated();

# --- the start ---------------------------------------------------------------

# Its log says what it listens on, if there was memory for that line.
sub try_start
{
	my $jwksd = JWKSD::Daemon->spawn(how('libconfuse:libcrypto:libssl'));
	my $deadline = deadline();
	my ($open, $ready) = (1, 0);

	while ($open && !$ready && left($deadline)) {
		$open = $jwksd->pump(1);
		$ready = grep { /^READY=1$/m } @{ $jwksd->{notes} };
	}
	starve(NEVER);
	$jwksd->learn_addresses;
	my @wrong = $ready && @{ $jwksd->{listens} }
		? wrong($jwksd, jwks_of($first)) : ();
	my $status = $ready ? $jwksd->stop : $jwksd->exit_status;
	return (@wrong, $status eq ($ready ? 0 : 1) ? () : "it ends with $status",
		$ready || $jwksd->log_text =~ /^jwksd: ./m ? () : 'not a word');
}

cmp_ok(sweep('start', \&try_start), '>', 100, '... many of them');

# --- a change of keys -------------------------------------------------------

my @both = (jwks_of($first), jwks_of($first, $second));

# Another set of keys, and again with memory: what could not be read at the time
# is read at the next look.
cmp_ok(sweep('keys', sub {
	my ($n) = @_;

	starve(NEVER);
	set_keys($first);
	my $jwksd = JWKSD::Daemon->start(how('libconfuse', $n));
	starve($n);
	set_keys($first, $second);
	reload_hungry($jwksd);
	my @wrong = wrong($jwksd, @both);
	$jwksd->reload;
	push @wrong, wrong($jwksd, $both[1]);
	return (@wrong, $jwksd->stop eq 0 ? () : 'it ends badly',
		allocated() <= $fed ? () : 'lost: ' . (allocated() - $fed));
}), '>', 50, '... many of them');

# --- a daemon that serves ----------------------------------------------------

set_keys($first);
my $jwksd = JWKSD::Daemon->start(how('libconfuse'));

# Another configuration, under hunger, and again with memory.
cmp_ok(sweep('reload', sub {
	my ($n) = @_;
	my $max_age = 100 + $n;

	replace_file($jwksd->{file}, config($max_age));
	reload_hungry($jwksd);
	my @wrong = wrong($jwksd, $both[0]);
	$jwksd->reload;
	my $age = $jwksd->jwks($issuer)->field('Cache-Control');
	return (@wrong, $age =~ /max-age=$max_age\b/ ? () : "then it has $age");
}), '>', 50, '... many of them');

# Each request is answered well, or its connection is closed.
my @requests = (
	request_text('/openid/v1/jwks', host => 'a.example'),
	request_text('/openid/v1/jwks', host => 'a.example', method => 'HEAD'),
	request_text('/openid/v1/jwks', host => 'a.example',
		fields => ['If-None-Match: *']),
	request_text('/none', host => 'a.example'),
	request_text('/none', host => 'a.example', method => 'POST'),
	request_text('/openid/v1/jwks', host => 'a.example') x 100,
	"NONSENSE\r\n\r\n",
	"GET /openid/v1/jwks HTTP/1.1\r\nHost: a.exam",
);

sub ask
{
	my ($address, $bytes) = @_;
	my $connection = JWKSD::HTTP->connect($address) or return "no connection";

	$connection->send($bytes);
	$connection->finish_sending;
	my $got = $connection->rest;
	return $got =~ m{\A(?:HTTP/1\.1 (?:200|304|400|404|405|500|503) .*)?\z}s
		? () : "answered with $got";
}

sweep('requests', sub {
	my @wrong = map { ask($jwksd->address, $_) } @requests;

	return (@wrong, wrong_after());
});
sweep('admin pages', sub {
	my @wrong = map {
		ask($jwksd->admin, request_text($_, host => 'localhost'))
	} qw(/livez /readyz /metrics /status.json /);

	return (@wrong, wrong_after());
});

# A request that got no memory is the only one that suffers.
sub wrong_after
{
	return () unless has_failed();
	return wrong($jwksd, @both);
}

# --- what is left -----------------------------------------------------------

is($jwksd->stop, 0, 'ends well');
diag sprintf 'allocated at the end: %d, without a failure %d', allocated(), $fed;
cmp_ok(allocated(), '<=', $fed, 'nothing was lost');
done_testing;
