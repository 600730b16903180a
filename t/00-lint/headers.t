#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Each header compiles alone, has a guard of its name, and opens with a
# paragraph that says what it promises.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use JWKSD::Tree;
use Test::More;

my %make;

for (split /\n/, read_file(build_dir() . '/Makefile')) {
	$make{$1} = $2 if /^(\w+) = (.*)$/;
}
my @compile = (split(' ', $make{CC}), '-std=gnu11', '-fsyntax-only', '-Wall',
	'-Wextra', '-Werror', '-I' . source_dir() . '/src', '-include',
	build_dir() . '/config.h',
	map { split ' ', $make{$_} } grep { /^[A-Z]+_CFLAGS$/ && !/^AM_|^JWKSD_/ }
		sort keys %make);

for my $file (grep { m{^src/.*\.h$} } c_files()) {
	my $text = read_file(source_dir() . "/$file");
	my $compiled = run({ stdin => qq(#include "$file"\n) =~ s{"src/}{"}r },
		@compile, '-x', 'c', '-');
	my $guard = uc $file =~ s{^src/}{}r =~ tr{/.-}{___}r;

	is($compiled->{status}, 0, "$file compiles alone")
		or diag $compiled->{err};
	like($text, qr{\A/\* SPDX[^\n]*\n/\*\n \* \S}, "$file opens with its contract");
	like($text, qr{^#ifndef \Q$guard\E\n#define \Q$guard\E$}m,
		"$file is guarded by $guard");
}

done_testing;
