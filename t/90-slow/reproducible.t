#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Who makes a release or its packages, where and when, cannot be seen in them,
# so that anybody can check what others made.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Release;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $release = release();
my ($name) = $release =~ m{([^/]+)\.tar\.xz$};

# A release made of the release, by somebody with other habits.
my $again = run({ seconds => 300, setup => sub {
	umask 077;
	$ENV{TZ} = 'Asia/Tokyo';
	$ENV{LC_ALL} = 'C.UTF-8';
	delete @ENV{qw(SOURCE_DATE_EPOCH TAR_OPTIONS XZ_OPT)};
} }, 'sh', '-euc', 'cd "$0"; tar -xf "$1"; cd "$2"; ./configure -q; make -s dist',
	$dir, $release, $name);
is($again->{status}, 0, 'a release is made of a release')
	or BAIL_OUT($again->{err});
ok(read_file($release) eq read_file("$dir/$name/$name.tar.xz"),
	'... and is the same bytes');

SKIP: {
	my @needs = grep { !has_program($_) } qw(reprotest dpkg-buildpackage dh);
	skip "@needs: not installed", 2 if @needs;

	my @vary = ('+all', '-user_group');
	push @vary, '-fileordering' unless has_program('disorderfs') && -e '/dev/fuse';
	push @vary, '-time' unless has_program('faketime');
	push @vary, '-domain_host' if $> != 0;
	mkdir "$dir/reprotest" or die;
	is(system('cp', $release, source_dir() . '/contrib/package',
		"$dir/reprotest"), 0, 'reprotest gets a directory');
	my $test = run({ seconds => 900, setup => sub {
		chdir "$dir/reprotest" or die;
	} }, 'reprotest', '--no-diffoscope', '--vary=' . join(',', @vary),
		"DEB_BUILD_OPTIONS=nocheck ./package deb $name.tar.xz out",
		'out/*.deb');
	is($test->{status}, 0, 'reprotest makes the same .debs twice, with '
		. join ' ', @vary) or diag substr "$test->{out}$test->{err}", -4000;
	note $1 while $test->{out} =~ /^([0-9a-f]{64} .*)$/mg;
}

done_testing;
