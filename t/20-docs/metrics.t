#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Metrics are a promise to those who watch: jwksd-metrics(7) has each one that
# /metrics has, with its type and labels, and none that is not there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Metrics;
use JWKSD::Test;
use Test::More;

# What is to be found by a reader, and under which name it is told.
my $page = 'src/admin/jwksd-metrics.7';
my %told;
my $manual = read_file(source_dir() . "/$page");
while ($manual =~ /^\.It Ic (jwksd_\w+)(?: Brq (.+))?\n(\w+)\.\n(?=[^.\n])/mg) {
	$told{$1} = { type => lc $3, labels => [split /, /, $2 // ''] };
}
is(scalar(() = $manual =~ /^\.It Ic jwksd_/mg), scalar keys %told,
	"$page: each metric has type and meaning");

my $text = exposed();
my %real = families($text);
cmp_ok(scalar keys %real, '>', 30, 'jwksd has metrics');
for my $name (sort keys %real) {
	my ($real, $told) = ($real{$name}, $told{$name});

	ok($told, "$page tells of $name") or next;
	is($told->{type}, $real->{type}, "... that it is a $real->{type}");
	is("@{ $told->{labels} }", "@{ $real->{labels} }", '... and its labels')
		if $real->{labels};
}
is(join(' ', grep { !$real{$_} } sort keys %told), '', "$page: nothing else");

SKIP: {
	has_program('promtool') or skip 'promtool is not installed', 1;
	my $lint = run({ stdin => prometheus_text($text) },
		'promtool', 'check', 'metrics');
	is("$lint->{status} $lint->{out}$lint->{err}", '0 ',
		'promtool has nothing to say against them');
}

done_testing;
