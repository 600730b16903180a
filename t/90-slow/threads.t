#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The catalog is swapped under load while ThreadSanitizer looks on: key changes,
# reloads that bring and take issuers, the admin pages, and a stop in the middle
# of it.  The daemon is built for this, in a directory of its own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;
use Time::HiRes qw(time);

use constant {
	CHANGES => 100, # of keys, and as many reloads
	BUILD_S => 900,
	RACES   => 66,  # the exit status that tells of one
};

my $issuer = 'https://steady.example';
my $dir = scratch();
my $build = "$dir/build";
my $configure = source_dir() . '/configure';

-x $configure or plan skip_all => 'there is no configure script';

sub in_build
{
	mkdir $build;
	return run({ seconds => BUILD_S, setup => sub { chdir $build or die } }, @_);
}

my $made = in_build($configure, '-q', '--enable-sanitizers=thread',
	'--disable-hardening');
plan skip_all => 'it cannot be configured with ThreadSanitizer'
	if $made->{status};
$made = in_build('make', '-s', '-j2', 'jwksd');
plan skip_all => 'ThreadSanitizer does not run here'
	if $made->{status} == 0 && run("$build/jwksd", '-V')->{status};
is($made->{status}, 0, 'built with ThreadSanitizer') or diag $made->{err};

my $rotation = JWKSD::Rotation->new("$dir/ring", $issuer, CHANGES + 1);
my $bodies = $rotation->write_bodies("$dir/bodies");

sub config
{
	my ($more) = @_;

	return JWKSD::Daemon::config_text(join('', map {
		qq(issuer "$_" { keys = { "ring" } }\n)
	} $issuer, map { "https://more$_.example" } 1 .. $more), workers => 4);
}

$rotation->publish(0);
my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config(0),
	program => "$build/jwksd", env => { TSAN_OPTIONS => 'exitcode=' . RACES });
my $steady = JWKSD::Steady->start(address => $jwksd->address,
	host => 'steady.example', path => '/openid/v1/jwks', bodies => $bodies,
	fresh => 2, busy => 8, idle => 50, timeout => 20_000);
my $begun = time;

for my $n (1 .. CHANGES) {
	my $kid = $rotation->newest_kid($n);

	$rotation->publish($n);
	$jwksd->wait_log(qr/issuer=\Q$issuer\E .*published 3 keys: .*\Q$kid\E/);
	replace_file($jwksd->{file}, config($n % 3));
	$jwksd->reload;
	$jwksd->admin_page($_) for qw(/metrics /status.json /);
}
my $seconds = time - $begun;
my $account = $steady->finish;

is($account->{failed}, 0, 'nothing failed');
cmp_ok($account->{requests}, '>', CHANGES, 'there was load');
is($jwksd->stop, 0, 'ends well, without a race');
is(() = $jwksd->log_text =~ /ThreadSanitizer/g, 0, '... and said so')
	or $jwksd->show_log;
diag sprintf '%d key changes, %d reloads, %d requests, 4 workers, %.0f s: no race',
	CHANGES, CHANGES, $account->{requests}, $seconds;
done_testing;
