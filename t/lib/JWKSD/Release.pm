# SPDX-License-Identifier: MIT
#
# The release that would be made of this tree, its packages, and a root
# directory of the system that runs to try them in.
package JWKSD::Release;

use strict;
use warnings;
use Exporter qw(import);
use JWKSD::Test;
use Test::More;

our @EXPORT = qw(release debs needs_root_and debian_root in_root);

# For what has to be built, fetched or installed.
use constant PATIENCE => 1200;

# End the test, skipped, where it could not do what it has to.
sub needs_root_and
{
	my (@programs) = @_;
	my @missing = grep { !has_program($_) } @programs;

	plan skip_all => 'needs root' if $> != 0;
	plan skip_all => "needs @missing" if @missing;
}

# Run something that takes long and must succeed; its result.
sub must
{
	my ($how, @command) = ref $_[0] ? @_ : ({}, @_);
	my $ran = run({ seconds => PATIENCE, %$how }, @command);

	$ran->{status} == 0
		or BAIL_OUT("@command:\n" . substr "$ran->{out}$ran->{err}", -4000);
	return $ran;
}

# The tarball of make dist, built as `make` would find it in a terminal.
sub release
{
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	must('make', '-s', '-C', build_dir(), 'dist');
	my ($tarball) = glob build_dir() . '/jwksd-*.tar.xz';
	return $tarball;
}

# Make the .debs of a release in a directory.  What was printed.
sub debs
{
	my ($tarball, $to) = @_;

	# this suite is the one that would run
	local $ENV{DEB_BUILD_OPTIONS} = 'nocheck';
	my $ran = must(source_dir() . '/contrib/package', 'deb', $tarball, $to);
	return "$ran->{out}$ran->{err}";
}

# Make the smallest Debian in a directory, of the suite that runs here and from
# where apt here fetches.
sub debian_root
{
	my ($root) = @_;
	my $system = -e '/etc/os-release' ? read_file('/etc/os-release') : '';
	my ($suite) = $system =~ /^VERSION_CODENAME=(\w+)$/m;

	plan skip_all => 'is for Debian' if $system !~ /^ID=debian$/m || !$suite;
	my $known = run('apt-get', 'indextargets', '--format',
		'$(CODENAME) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages');
	my ($mirror) = $known->{out} =~ m{^\Q$suite\E main (https?:\S+?)/*$}m;
	plan skip_all => "apt here knows no $suite on the network" unless $mirror;
	my $there = run('curl', '-fsSI', '-m', 20, "$mirror/dists/$suite/Release");
	plan skip_all => 'apt\'s mirror cannot be reached' if $there->{status};
	plan skip_all => 'device files cannot be made here'
		if run('unshare', '--mount', 'mknod', "$root-null", 'c', 1, 3)->{status};

	# in a namespace, so that no mount of it outlives it
	must('unshare', '--mount', 'debootstrap', '--variant=minbase', $suite,
		$root, $mirror);
}

# Run a shell script in a root, with its own processes and mounts; for its own
# loopback and no other network say offline => 1.
sub in_root
{
	my ($root, $script, %how) = @_;
	my @offline = $how{offline} ? '--net' : ();
	my $enter = 'mount -t proc proc "$0/proc"; '
		. ($how{offline} ? 'ip link set lo up; ' : '')
		. 'exec chroot "$0" /bin/sh -euc "$1"';

	return run({
		seconds => PATIENCE,
		setup => sub {
			%ENV = (PATH => '/usr/sbin:/usr/bin:/sbin:/bin',
				DEBIAN_FRONTEND => 'noninteractive', LC_ALL => 'C.UTF-8',
				HOME => '/root',
				map { exists $ENV{$_} ? ($_ => $ENV{$_}) : () }
				qw(http_proxy https_proxy no_proxy));
		},
	}, 'unshare', '--mount', '--pid', '--fork', '--kill-child', @offline,
		'sh', '-euc', $enter, $root, $script);
}

1;
