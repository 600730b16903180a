#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Each fuzz target over its corpus, fuzz/corpus/NAME, and over the seeds that
# fuzz/seed_NAME makes, where there is one: keys are never committed.  With or
# without libFuzzer a target that is given files runs each of them once.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

sub seeds_of
{
	my ($name, $dir) = @_;

	return () unless -e "$FindBin::Bin/seed_$name.c";
	my $made = run(program("t/fuzz/seed_$name"), "$dir");
	is($made->{status}, 0, "$name: seeds are made") or diag $made->{err};
	return glob "$dir/*";
}

for my $source (glob "$FindBin::Bin/fuzz_*.c") {
	my ($name) = $source =~ /fuzz_(\w+)\.c$/;
	my $dir = scratch();
	my @files = (seeds_of($name, $dir), glob "$FindBin::Bin/corpus/$name/*");

	ok(scalar @files, "$name: there is something to replay");
	my $done = run(program("t/fuzz/fuzz_$name"), @files);
	is($done->{status}, 0, "$name: none of " . @files . ' files breaks it')
		or diag $done->{out}, $done->{err};
}

done_testing;
