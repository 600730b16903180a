#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# SIGHUP: the new configuration, complete, or the old one; connections go on.
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
my ($a, $b) = map { ec_key() } 1 .. 2;
my $request = request_text('/openid/v1/jwks', host => 'a.example');

write_file("$dir/a.pub", public_pem($a));
write_file("$dir/b.pub", public_pem($b));

sub issuer
{
	my ($name, $more) = @_;

	return qq(issuer "https://$name.example" { keys = { "$name.pub" } )
		. ($more || '') . " }\n";
}

my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(issuer('a')));

# The ports that the kernel chose are to be kept: name them.
sub config
{
	my ($body, %options) = @_;

	return JWKSD::Daemon::config_text($body, %options);
}

my $connection = JWKSD::HTTP->connect($jwksd->address);

sub still_served
{
	my ($why) = @_;

	$connection->send($request);
	my $answer = $connection->response;
	ok($answer && $answer->{status} == 200, "$why: the connection goes on");
	is($answer && $answer->field('Connection'), undef, '... and stays');
}

still_served('before');

# An issuer more.
replace_file($jwksd->{file}, config(issuer('a') . issuer('b')));
$jwksd->reload;
like($jwksd->wait_log(qr/configuration reloaded/), qr/level=info/, 'reloaded');
is($jwksd->jwks('https://b.example')->{content}, jwks_of($b), 'an issuer more');
still_served('after it');

# Other fields of one, and gone.
replace_file($jwksd->{file}, config(issuer('a', 'max-age = 5')));
$jwksd->reload;
$jwksd->wait_log(qr/configuration reloaded/);
is($jwksd->jwks('https://a.example')->field('Cache-Control'), 'public, max-age=5',
	'an option of an issuer');
is($jwksd->jwks('https://b.example')->{status}, 404, 'an issuer that was taken out');
still_served('after these');

# Bad ones: one line, and everything as it was.
my %bad = (
	'a mistake' => config(issuer('a') . "nonsense = 1\n"),
	'an issuer with a slash' => config(
		qq(issuer "https://a.example/" { keys = { "a.pub" } }\n)),
	'no issuer' => config(''),
	'nothing' => '',
	'random bytes' => "\x00\xff\x7f{{{",
	'a new issuer without its file' => config(issuer('a') . issuer('none')),
);
for my $why (sort keys %bad) {
	replace_file($jwksd->{file}, $bad{$why});
	$jwksd->reload;
	my $line = $jwksd->wait_log(qr/configuration not reloaded/);
	like($line, qr/level=error/, "$why: not reloaded");
	like($line, qr/jwksd\.conf|none\.pub/, '... and the line names the file');
	is($jwksd->jwks('https://a.example')->field('Cache-Control'),
		'public, max-age=5', '... the old one is in force');
	still_served('... and');
	like($jwksd->admin_page('/readyz?verbose')->{content}, qr/^\[!\]config degraded: /m,
		'... and it shows');
}
unlink $jwksd->{file};
$jwksd->reload;
$jwksd->wait_log(qr/configuration not reloaded/);
still_served('without a file');

# And a good one again.
replace_file($jwksd->{file}, config(issuer('a')));
$jwksd->reload;
$jwksd->wait_log(qr/configuration reloaded/);
is($jwksd->jwks('https://a.example')->field('Cache-Control'), 'public, max-age=3600',
	'a good one is taken');
is($jwksd->admin_page('/readyz')->{status}, 200, '... and all is well');

# An included file is watched for as part of it.
mkdir "$dir/conf.d";
write_file("$dir/conf.d/b.conf", qq(issuer "https://b.example" { keys = { "../b.pub" } }\n));
replace_file($jwksd->{file}, config(issuer('a') . qq(include("conf.d/b.conf")\n)));
$jwksd->reload;
$jwksd->wait_log(qr/configuration reloaded/);
is($jwksd->jwks('https://b.example')->{content}, jwks_of($b), 'an include is read');

# Many in a row, on one connection that asks all the time.
my ($good, $bad) = (0, 0);
for my $n (1 .. 50) {
	replace_file($jwksd->{file},
		config(issuer('a', 'max-age = ' . (100 + $n)) . ($n % 2 ? issuer('b') : '')));
	$jwksd->signal('HUP');
	$jwksd->log_text;
	for (1 .. 5) {
		$connection->send($request);
		my $answer = $connection->response;
		$answer && $answer->{status} == 200
			&& $answer->{content} eq jwks_of($a) ? $good++ : $bad++;
	}
}
is($bad, 0, 'fifty reloads, 250 requests on one connection, none failed');
is($good, 250, '... all answered');
my $deadline = deadline();
my $last = '';
$last = $jwksd->jwks('https://a.example')->field('Cache-Control')
	until $last eq 'public, max-age=150' || !left($deadline);
is($last, 'public, max-age=150', '... and the last one is in force');

# New addresses are opened, old ones closed, the rest stay.
{
	my $socket = "$dir/s";
	replace_file($jwksd->{file}, config(issuer('a'),
		listen => [$jwksd->address, "unix:$socket"]));
	$jwksd->reload;
	my $line = $jwksd->wait_log(qr/configuration (?:not )?reloaded/);
	SKIP: {
		skip 'addresses are not changed by a reload', 1
			if $line =~ /not reloaded/ || !-S $socket;
		is($jwksd->jwks('https://a.example', address => "unix:$socket")->{status},
			200, 'an address more');
	}
	still_served('and');
}

undef $connection;
is($jwksd->stop, 0, 'ends well');
done_testing;
