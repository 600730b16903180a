#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# C is formatted as .clang-format says, shell passes shellcheck, manuals pass
# mandoc's lint: each where the tool is installed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use JWKSD::Tree;
use Test::More;

chdir source_dir() or die;

sub check
{
	my ($what, $command, @files) = @_;

	SKIP: {
		skip "$what: there is nothing to check", 1 unless @files;
		skip "$command->[0] is not installed: $what not checked", 1
			unless has_program($command->[0]);
		my $done = run(@$command, @files);
		ok($done->{status} == 0 && "$done->{out}$done->{err}" eq '', $what)
			or diag "$done->{out}$done->{err}";
	}
}

my @files = project_files();

# each version of clang-format formats in its own way: this is Debian 12's
SKIP: {
	my $version = has_program('clang-format')
		? run('clang-format', '--version')->{out} : '';
	skip 'clang-format 14 is not installed: format not checked', 1
		unless $version =~ /version 14\./;
	check('C is formatted: make format',
		['clang-format', '--dry-run', '-Werror'], c_files());
}
check('shell scripts pass shellcheck', ['shellcheck'],
	grep { read_file($_) =~ /\A#!.*\b(?:ba)?sh\b/ } @files);
check('manuals pass mandoc', ['mandoc', '-Tlint', '-Wwarning'],
	grep { m{^(?:src|contrib)/.*\.[1-8]$} } @files);

done_testing;
