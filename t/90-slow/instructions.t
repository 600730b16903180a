#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The instructions of a request are those of the table in contrib/bench: if this
# fails, a request has become dearer, or cheaper and the table does not say so.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

plan skip_all => 'valgrind is not installed' unless has_program('valgrind');
plan skip_all => 'contrib/bench/load is not built: make contrib/bench/load'
	unless -x build_dir() . '/contrib/bench/load';

my $got = run($^X, source_dir() . '/contrib/bench/instructions');

diag $got->{out};
SKIP: {
	skip 'the table is of another build', 1 if $got->{status} == 77;
	is($got->{status}, 0, 'the counts are within 5 % of the table')
		or diag $got->{err};
}
done_testing;
