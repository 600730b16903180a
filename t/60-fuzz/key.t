#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The fuzz target for key files over its corpus, and over keys of every form,
# which are made here because none is ever committed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

my $seeds = scratch();
my $made = run(program('t/fuzz/seed_key'), "$seeds");
my @files = glob "$seeds/*";

is($made->{status}, 0, 'seeds are made') or diag $made->{err};
cmp_ok(scalar @files, '>', 50, '... of every form');

my @corpus = glob source_dir() . '/t/fuzz/corpus/key/*';
my $done = run(program('t/fuzz/fuzz_key'), @files, @corpus);
is($done->{status}, 0, 'nothing breaks it')
	or diag $done->{out}, $done->{err};

done_testing;
