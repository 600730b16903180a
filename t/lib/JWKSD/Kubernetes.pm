# SPDX-License-Identifier: MIT
#
# kube-apiserver and kubectl, built from the modules that Kubernetes publishes:
# t/cluster/kubernetes-VERSION names them as tools.  Built once and kept in
# ~/.cache/jwksd-tests, or where JWKSD_TEST_CACHE says; Go's own caches are used
# for the rest.
package JWKSD::Kubernetes;

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Exporter qw(import);
use Fcntl qw(LOCK_EX);
use File::Basename qw(basename);
use File::Path qw(make_path remove_tree);
use JWKSD::Clients;
use JWKSD::Test;
use Test::More;

our @EXPORT = qw(kubernetes);

# On two cores about five minutes, and as much again where others compile.
use constant BUILD_SECONDS => 2400;

sub cache
{
	my $dir = $ENV{JWKSD_TEST_CACHE} || JWKSD::Clients::cache();

	make_path($dir);
	return $dir;
}

# The directory with the programs of a version, '1.36' unless it or
# JWKSD_TEST_KUBERNETES names another one.  Dies with a line that says why they
# cannot be had.
sub kubernetes
{
	my ($version) = @_;
	my $name = 'kubernetes-'
		. ($version || $ENV{JWKSD_TEST_KUBERNETES} || '1.36');
	my $module = source_dir() . "/t/cluster/$name";
	my $key = sha256_hex(map { read_file("$module/$_") } qw(go.mod go.sum));
	my $dir = cache() . "/$name-" . substr $key, 0, 16;

	return $dir if -d $dir;
	# of several that want it now, one builds and the others wait
	open my $lock, '>', cache() . "/$name.lock" or die "$name.lock: $!\n";
	flock $lock, LOCK_EX or die "$name.lock: $!\n";
	build($module, $dir) unless -d $dir;
	return $dir;
}

sub build
{
	my ($module, $dir) = @_;
	my $go = JWKSD::Clients::need('go');
	my %env = (
		CGO_ENABLED => 0,
		GOFLAGS     => '-mod=readonly -p=2',
		GOTOOLCHAIN => 'local',
		GOWORK      => 'off',
	);

	remove_tree("$dir.new");
	make_path("$dir.new");
	diag("building @{[basename($module)]}: some minutes, but once");
	local $JWKSD::Clients::fetch_seconds = BUILD_SECONDS;
	JWKSD::Clients::fetch(\%env, $module,
		$go, 'build', '-trimpath', '-buildvcs=false', '-ldflags',
		'-s -w ' . version_flags("$module/go.mod"), '-o', "$dir.new/", 'tool');
	rename "$dir.new", $dir or die "$dir: $!\n";
}

# What Kubernetes' own build tells its programs of their version.
sub version_flags
{
	my ($file) = @_;
	my ($version, $major, $minor) = read_file($file)
		=~ m{^\s*(?:require )?k8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)\b}m
		or die "$file requires no k8s.io/kubernetes\n";
	my %set = (gitVersion => $version, gitMajor => $major,
		gitMinor => $minor, gitTreeState => 'archive');

	return join ' ',
		map { "-X k8s.io/component-base/version.$_=$set{$_}" } sort keys %set;
}

1;
