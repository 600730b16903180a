#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Under a real systemd: it runs as process 1 of its own namespaces, over a copy
# of this system's files that is gone afterwards.  The protocols themselves
# t/80-systemd tests; here systemd decides whether it agrees.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();
use Test::More;

use constant SYSTEMD => '/lib/systemd/systemd';

$> == 0 or plan skip_all => 'only root can make the namespaces';
-x SYSTEMD or plan skip_all => 'systemd is not installed';
has_program($_) or plan skip_all => "$_ is not installed"
	for qw(unshare nsenter journalctl systemd-sysusers);

my $dir = scratch();
my $issuer = 'https://h.example';

# What make install would put there, and what an operator adds.
sub put
{
	my ($path, $bytes, $mode) = @_;
	my $place = "$dir/install$path";

	run('mkdir', '-p', $place =~ s{/[^/]*$}{}r);
	write_file($place, $bytes, $mode || 0644);
}

for my $program (qw(jwksd jwksctl)) {
	put("/usr/local/sbin/$program", read_file(program($program)), 0755);
}
for my $unit (qw(jwksd.service jwksd.socket jwksd-admin.socket
	jwksctl-rotate@.service jwksctl-rotate@.timer)) {
	my ($path) = grep { -e } map { source_dir() . "/contrib/systemd/$unit$_" } '', '.in';
	put("/etc/systemd/system/$unit", read_file($path)
		=~ s{\@s?bindir\@}{/usr/local/sbin}gr =~ s{\@sysconfdir\@}{/etc}gr);
}
put('/etc/systemd/system/jwksd.service.d/socket-only.conf',
	read_file(source_dir() . '/contrib/systemd/socket-only.conf'));
put('/etc/systemd/system/jwksd.service.d/watchdog.conf',
	"[Service]\nWatchdogSec=2\n");
put('/usr/lib/sysusers.d/jwksd.conf',
	read_file(source_dir() . '/contrib/systemd/sysusers.d/jwksd.conf'));
put('/etc/jwksd/sa.pub', public_pem(ec_key()));
put('/etc/jwksd/jwksd.conf', <<"CONF");
state = "/var/lib/jwksd/state"
issuer "$issuer" { keys = { "/etc/jwksd/sa.pub" } }
CONF

write_file("$dir/boot", <<'BOOT');
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1/mnt"
cd "$1/mnt"
mkdir up work root
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay root
cp -r "$1/install/." root/
cd root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for n in null zero full random urandom; do
	touch dev/$n
	mount --bind /dev/$n dev/$n
done
# PrivateDevices= wants these
mkdir -p dev/pts dev/shm dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
touch dev/tty
mount --bind /dev/tty dev/tty
mkdir -p .old var/log/journal
pivot_root . .old
umount -l .old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --system --unit=basic.target
BOOT
mkdir "$dir/mnt";

defined(my $outer = fork) or die "fork: $!";
if ($outer == 0) {
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/console";
	open STDERR, '>&', \*STDOUT;
	exec 'unshare', qw(--mount --pid --ipc --uts --net --cgroup --fork
		--kill-child), 'sh', "$dir/boot", "$dir";
}

my $init;
END {
	my $status = $?;
	kill KILL => $init if $init;
	if ($outer) {
		kill KILL => $outer unless $init;
		waitpid $outer, 0;
	}
	$? = $status;
}

# Run a command there.
sub inside
{
	return run('nsenter', '-t', $init, qw(-m -p -i -u -n -C), @_);
}

sub wait_until
{
	my ($what, $look) = @_;
	my $deadline = deadline();

	while (left($deadline)) {
		return 1 if $look->();
		select undef, undef, undef, 0.05;
	}
	diag("never: $what\n", read_file("$dir/console"));
	return 0;
}

sub children
{
	return split ' ', read_file("/proc/$outer/task/$outer/children");
}

wait_until('systemd starts', sub {
	($init) = children();
	$init && (readlink("/proc/$init/exe") || '') =~ m{/systemd$}
		|| waitpid($outer, 1) > 0;
});
$init && kill(0, $init)
	or plan skip_all => 'no namespaces here: ' . read_file("$dir/console");
ok(wait_until('it is up', sub {
	inside('systemctl', 'is-system-running')->{out} =~ /^(?:running|degraded)$/;
}), 'systemd runs as process 1');
is(inside('systemd-sysusers')->{status}, 0, 'the user is made');

sub show
{
	my ($property, $unit) = @_;

	return inside('systemctl', 'show', '-P', $property,
		$unit || 'jwksd.service')->{out} =~ s/\n//r;
}

sub journal
{
	return inside('journalctl', '-q', '--no-pager', '-u', 'jwksd.service',
		@_)->{out};
}

# In its network: ask for the keys so many times, or with 0 until there is a
# file called enough; "GOOD of ALL".
my $client = <<'CLIENT';
my ($n, $enough) = @ARGV;
my ($good, $all) = (0, 0);
while ($n ? $all < $n : !-e $enough) {
	$all++;
	$good++ if eval { http('127.0.0.1:8080', '/openid/v1/jwks',
		host => 'h.example')->{status} } == 200;
}
print "$good of $all\n";
CLIENT
sub ask
{
	my ($n) = @_;

	return run('nsenter', '-t', $init, '-n', $^X, '-I', source_dir() . '/t/lib',
		'-MJWKSD::HTTP=http', '-e', $client, $n, "$dir/enough")->{out};
}

is(inside(qw(systemctl start jwksd.socket jwksd-admin.socket))->{status}, 0,
	'the sockets listen');
is(ask(1), "1 of 1\n", 'the first request starts jwksd, and is answered');
ok(wait_until('active', sub { show('ActiveState') eq 'active' }),
	'Type=notify: active');
is(show('StatusText'), 'serving', '... with its status');
my $pid = show('MainPID');
like(journal('-o', 'cat'), qr/files are confined \(Landlock/,
	'its own sandbox is in force under the unit');
like(journal('-o', 'json'), qr/"PRIORITY":"6"/, 'lines have their level');

my $reloaded = inside(qw(systemctl reload jwksd));
is($reloaded->{status}, 0, 'a reload') or diag $reloaded->{err};
ok(wait_until('reloaded', sub { journal('-o', 'cat') =~ /configuration reloaded/ }),
	'... is done');
is(show('MainPID'), $pid, '... by the same process');

# Restarts, while somebody asks all the time.
pipe my $from, my $to or die "pipe: $!";
my $asking = fork;
if ($asking == 0) {
	print $to ask(0);
	close $to;
	POSIX::_exit(0);
}
close $to;
for (1 .. 3) {
	is(inside(qw(systemctl restart jwksd))->{status}, 0, 'a restart');
}
write_file("$dir/enough", '');
my ($good, $all) = <$from> =~ /^(\d+) of (\d+)$/;
cmp_ok($all, '>', 20, "... $all requests meanwhile");
is($good, $all, '... and none of them failed');
waitpid $asking, 0;
isnt(show('MainPID'), $pid, '... and it is another process');

# A process that hangs.
my $before = show('NRestarts');
my $hung = show('MainPID');
cmp_ok($hung, '>', 1, 'there is a process to stop')
	or BAIL_OUT(journal('-o', 'cat', '-n', 40));
inside('kill', '-STOP', $hung);
ok(wait_until('restarted', sub {
	show('NRestarts') > $before && show('ActiveState') eq 'active';
}), 'the watchdog ends and restarts a process that hangs');
is(ask(10), "10 of 10\n", '... and it serves');

# The rotation's timer.
is(inside(qw(/usr/local/sbin/jwksctl init /var/lib/jwksd/prod --issuer), $issuer,
	qw(--alg ES256))->{status}, 0, 'a keyring');
my $timer = inside(qw(systemctl start jwksctl-rotate@prod.timer));
is($timer->{status}, 0, 'the timer starts') or diag $timer->{err};
is(show('ActiveState', 'jwksctl-rotate@prod.timer'), 'active', '... and waits');

is(inside(qw(systemctl stop jwksd-admin.socket jwksd.socket jwksd.service))
	->{status}, 0, 'stopped');
is(show('Result'), 'success', '... well');
done_testing;
