#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A test that no makefile lists is never run, and a module that none lists is
# missing in a release: every one is listed, and has a file.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use JWKSD::Tree;
use Test::More;

my @files = project_files();
my $makefiles = join "\n", map { read_file(source_dir() . "/$_") }
	grep { /\.am$/ } @files;
my %there = map { $_ => 1 } @files;

for my $file (grep { m{^t/(?!lib/).*\.t$} } @files) {
	ok($makefiles =~ /(?<!\S)\Q$file\E(?!\S)/, "$file is listed");
	ok(-x source_dir() . "/$file", "$file can be executed");
}
for my $file (grep { m{^t/unit/.*\.c$} } @files) {
	my $name = $file =~ s/\.c$/.t/r;
	ok($makefiles =~ /(?<!\S)\Q$name\E(?!\S)/, "$name is built from $file");
}
for my $file (grep { m{^t/lib/} } @files) {
	ok($makefiles =~ /(?<!\S)\Q$file\E(?!\S)/, "$file is in a release");
}
for my $listed ($makefiles =~ m{(?<!\S)(t/\d\d-[\w./-]+\.t)(?!\S)}g) {
	ok($there{$listed}, "$listed, which is listed, is there");
}

done_testing;
