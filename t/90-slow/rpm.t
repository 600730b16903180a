#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The RPM spec is built with Debian's rpmbuild, which has neither Fedora's
# macros nor its names of dependencies: every file is packaged, and where it
# should be.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Release;
use JWKSD::Test;
use Test::More;

has_program('rpmbuild') or plan skip_all => 'rpmbuild is not installed';

my $dir = scratch();
my $built = run({ seconds => 600 }, source_dir() . '/contrib/package', 'rpm',
	release(), $dir, '--nodeps', '--nocheck');
is($built->{status}, 0, 'rpmbuild makes them')
	or BAIL_OUT(substr $built->{err}, -4000);

sub query
{
	my ($package, @what) = @_;
	my ($file) = grep { !/\.src\.rpm$/ } glob "$dir/$package-[0-9]*.rpm";

	return split /\n/, run('rpm', '-qp', '--nosignature', @what, $file)->{out};
}

sub has_file
{
	my ($package, $file) = @_;

	ok(scalar(grep { /^\Q$file\E$/ } query($package, '-l')),
		"$package has $file");
}

has_file(jwksd => $_) for qw(/usr/sbin/jwksd /etc/jwksd/jwksd.conf
	/usr/lib/sysusers.d/jwksd.conf /usr/lib/tmpfiles.d/jwksd.conf
	/usr/lib/systemd/system/jwksd.service);
has_file(jwksctl => $_) for qw(/usr/bin/jwksctl
	/usr/share/bash-completion/completions/jwksctl);
has_file('jwksd-doc' => '/usr/share/doc/jwksd/examples/prometheus');
is(join(' ', query('jwksd', '-c')), '/etc/jwksd/jwksd.conf',
	'its configuration is kept over upgrades');
is(scalar(() = glob "$dir/*.src.rpm"), 1, 'and there is a source package');

done_testing;
