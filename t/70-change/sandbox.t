#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The sandbox: on unless told otherwise, tight, and loud about what it forbids.
# That jwksd does all else in it, every other test shows.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();
use Test::More;

use constant NOBODY => 65534;

# Etc is the configuration's, keys and more are its sources', outside is not
# named in the beginning.
my $dir = scratch();
mkdir "$dir/$_" for qw(etc keys releases releases/1 outside);
my $issuer = 'https://h.example';
my ($a, $b) = map { ec_key() } 1 .. 2;

write_file("$dir/keys/a.pub", public_pem($a));
write_file("$dir/releases/1/a.pub", public_pem($a));
write_file("$dir/outside/b.pub", public_pem($b));
symlink '1', "$dir/releases/current" or die $!;

sub config
{
	my ($paths, %options) = @_;
	my $list = join ', ', map { qq("$dir/$_") } @$paths;

	return JWKSD::Daemon::config_text(qq(issuer "$issuer" { keys = { $list } }\n),
		state => "$dir/state", %options);
}

sub write_config
{
	replace_file("$dir/etc/jwksd.conf", config(@_), 0644);
}

sub start
{
	write_config(@_);
	return JWKSD::Daemon->start(dir => $dir,
		argv => [program('jwksd'), '-c', "$dir/etc/jwksd.conf"]);
}

write_config(['keys/a.pub']);
my $probe = jwksd_run('-c', "$dir/etc/jwksd.conf", '--self-test');
plan skip_all => 'this build has no sandbox'
	if $probe->{err} =~ /this build has no sandbox/;

my $jwksd = start(['keys/a.pub', 'releases/current/a.pub']);
my $log = $jwksd->log_text;
plan skip_all => "not all of it in this kernel: $1"
	if $log =~ /level=warn mod=sandbox (.*)/;

# What it forbids, as root and as somebody else.
for my $user ($> == 0 ? (0, NOBODY) : $>) {
	chmod 0755, "$dir";
	my $tried = jwksd_run({ setup => sub { POSIX::setuid($user) } },
		'-c', "$dir/etc/jwksd.conf", '--self-test');
	is($tried->{status}, 0, "user $user: all that is tried is refused")
		or diag($tried->{out}, $tried->{err});
	cmp_ok(scalar(() = $tried->{out} =~ /^refused    .+: .+$/mg), '>=', 10,
		'... ten things at least');
	like($tried->{out}, qr/^(\d+) of \1 refused\n\z/m, '... and counted');
	unlike($tried->{out}, qr/^(?:ALLOWED|not tried)/m, '... with none left out');
}

# All threads are in it.
like($log, qr/mod=sandbox msg="files are confined \(Landlock ABI \d+\), system calls/,
	'it says what is in force');
my @threads = glob "/proc/$jwksd->{pid}/task/*/status";
cmp_ok(scalar @threads, '>', 1, 'there are threads');
for my $thread (@threads) {
	my $status = read_file($thread);
	my ($name) = $status =~ /^Name:\s+(.*)$/m;
	like($status, qr/^Seccomp:\s+2$/m, "$name is filtered");
	like($status, qr/^NoNewPrivs:\s+1$/m, '... and gains no privileges');
}
like(read_file("/proc/$jwksd->{pid}/limits"), qr/^Max core file size\s+0\s+0\s/m,
	'no core files');

# Sources change as always.
replace_file("$dir/keys/a.pub", public_pem($a) . public_pem($b));
$jwksd->wait_log(qr/published 2 keys/);
pass('a file that is renamed over is read');
mkdir "$dir/releases/2";
write_file("$dir/releases/2/a.pub", public_pem($a));
symlink '2', "$dir/releases/new" or die $!;
rename "$dir/releases/new", "$dir/releases/current" or die $!;
replace_file("$dir/keys/a.pub", public_pem($b) . public_pem($a));
$jwksd->wait_log(qr/published 2 keys/);
is_deeply($jwksd->kids($issuer), [map { kid_of($_) } $b, $a],
	'a link that is turned to a new sibling is followed');

# A configuration with places that were not named when it started.
sub refuses
{
	my ($why, $pattern) = @_;

	$jwksd->reload;
	my $line = $jwksd->wait_log(qr/configuration (?:not )?reloaded/);
	like($line, qr/not reloaded.*$pattern/, "$why: refused with what to do");
	is(scalar @{ $jwksd->kids($issuer) }, 2, '... the last good one is served');
	like($jwksd->admin_page('/readyz?verbose')->{content},
		qr/^\[!\]config degraded: /m, '... and it shows');
}

write_config(['keys/a.pub', 'outside/b.pub']);
refuses('a file', qr{jwksd\.conf:\d+: keys .*outside/b\.pub.* outside of the sandbox: restart jwksd});
write_config(['keys/a.pub', 'outside']);
refuses('a directory', qr{keys .*/outside\W.*restart jwksd});
write_config(['keys/a.pub'], state => "$dir/outside");
refuses('a state directory', qr{state .*/outside\W.*restart jwksd});
append_file("$dir/etc/jwksd.conf",
	qq(issuers "https://f.example/*" { directory = "$dir/outside" }\n));
refuses('a fleet', qr{restart jwksd});
write_file("$dir/outside/more.conf", '');
replace_file("$dir/etc/jwksd.conf",
	config(['keys/a.pub']) . qq(include("$dir/outside/more.conf")\n));
refuses('an include', qr{more\.conf: .*sandbox});

write_file("$dir/keys/b.pub", public_pem($b));
write_config(['keys/a.pub', 'keys/b.pub']);
$jwksd->reload;
$jwksd->wait_log(qr/configuration reloaded/);
pass('a file more in a directory that is within reach');

# A link that is turned to a place that is not: held, and it says why.
symlink "$dir/outside/b.pub", "$dir/keys/new" or die $!;
rename "$dir/keys/new", "$dir/keys/b.pub" or die $!;
like($jwksd->wait_log(qr/mod=publish/), qr{b\.pub: cannot be opened, though its mode.* sandbox},
	'a link to the outside: held, and why');
is($jwksd->stop, 0, 'ends well');

# Off.
$jwksd = start(['outside/b.pub'], sandbox => 'false');
like($jwksd->log_text, qr/level=warn mod=sandbox msg="sandbox = false/, 'off: it says so');
like(read_file("/proc/$jwksd->{pid}/status"), qr/^Seccomp:\s+0$/m, '... and it is');
write_config(['outside/b.pub', 'keys/a.pub'], sandbox => 'true');
$jwksd->reload;
like($jwksd->wait_log(qr/sandbox was changed/), qr/restarted/,
	'turning it on takes a restart');
is($jwksd->stop, 0, 'ends well');

done_testing;
