#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The Debian packages, from a release to their purge on a Debian that has
# nothing else: lintian finds nothing, installing starts nothing, what the
# packages' own test does works, and a purge leaves keys and nothing else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Release;
use JWKSD::Test;
use Test::More;

needs_root_and(qw(dpkg-buildpackage dh debootstrap unshare ip curl));

my $dir = scratch();
my $root = "$dir/root";
debian_root($root);

my $log = debs(release(), "$dir/packages");
my @debs = grep { !/-dbgsym_/ } glob "$dir/packages/*.deb";
is(scalar @debs, 3, 'jwksd, jwksctl and their documentation are packaged');

SKIP: {
	has_program('lintian') or skip 'lintian is not installed', 1;
	my $lint = run({ seconds => 300 }, 'lintian', '--allow-root',
		'--fail-on', 'error,warning', glob "$dir/packages/*.changes");
	is($lint->{status}, 0, 'lintian: no error, no warning')
		or diag $lint->{out};
	note "lintian: $lint->{out}";
}
SKIP: {
	has_program('blhc') or skip 'blhc is not installed', 1;
	my $lint = run('blhc', '--all', write_file("$dir/log", $log));
	is($lint->{status}, 0, 'blhc: every file is compiled and linked hardened')
		or diag $lint->{out};
}

# What of ours is in the root, apart from dpkg's own records of it.
sub ours
{
	my $found = run('sh', '-c', 'cd "$0" && find . -xdev '
		. '-path ./var/lib/dpkg -prune -o -path ./tmp/packages -prune -o '
		. '-iname "*jwks*" -print | LC_ALL=C sort', $root);

	return $found->{out};
}

sub works
{
	my ($script, $name, %how) = @_;
	my $ran = in_root($root, $script, %how);

	is($ran->{status}, 0, $name)
		or diag substr "$ran->{out}$ran->{err}", -4000;
	return $ran;
}

mkdir "$root/tmp/packages" or die "$root/tmp/packages: $!";
rename $_, $root . s{.*/}{/tmp/packages/}r or die "$_: $!" for @debs;
works('apt-get -qq update
	apt-get -qq install --no-install-recommends curl /tmp/packages/*.deb',
	'apt installs them');
is(works('dpkg --verify jwksd jwksctl', 'dpkg verifies them')->{out}, '',
	'... and finds no file changed');
works('for unit in jwksd.service jwksd.socket jwksd-admin.socket; do
		[ "$(systemctl is-enabled $unit)" = disabled ]
	done
	grep -q ^jwksd: /etc/passwd
	bash -n /usr/share/bash-completion/completions/jwksctl',
	'jwksd has a user, is not enabled, and jwksctl completes');
like(in_root($root, 'jwksd -t')->{err}, qr/nothing to serve/,
	'the configuration that is shipped asks for an issuer');

write_file("$root/tmp/serve", read_file(source_dir()
	. '/contrib/debian/tests/serve'), 0755);
note works('/tmp/serve', 'the packages\' own test passes', offline => 1)->{out};

works('dpkg -i /tmp/packages/*.deb && grep -q ^issuer /etc/jwksd/jwksd.conf
	test -s /var/lib/jwksd/prod/keyring.json',
	'installed again, it keeps configuration and keyring');

my $purge = works('dpkg --purge jwksd jwksctl jwksd-doc', 'dpkg purges them');
like($purge->{err}, qr{^jwksd: /var/lib/jwksd is kept}m,
	'... and says what is kept');
is(ours(), "./var/lib/jwksd\n", '... which is all that is left');
is(works('ls /var/lib/jwksd; ls /var/lib/jwksd/prod/private | wc -l',
	'the keyring can be read')->{out}, "prod\n2\n", '... with both its keys');

works('rm -r /var/lib/jwksd; dpkg -i /tmp/packages/*.deb
	dpkg --purge jwksd jwksctl jwksd-doc', 'installed and purged unused');
is(ours(), '', '... nothing is left');

done_testing;
