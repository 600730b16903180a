#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Every #include follows an arrow of the table in src/README.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use JWKSD::Tree;
use Test::More;

my (%arrows, %allowed);

for (split /\n/, read_file(source_dir() . '/src/README')) {
	next unless /^ {4}(\w+) +->((?: \w+)*)(?: {2,}|$)/;
	$arrows{$1} = [split ' ', $2];
}
ok(scalar keys %arrows, 'src/README has a table of arrows');

# What a room may include: itself, its targets and what those may.  A room
# that is met again on the way is a cycle.
sub closure
{
	my ($room, @way) = @_;

	die "arrows in a circle: @way $room\n" if grep { $_ eq $room } @way;
	die "an arrow to $room, which has no row\n" unless $arrows{$room};
	$allowed{$room} ||= { $room => 1,
		map { %{ closure($_, @way, $room) } } @{ $arrows{$room} } };
	return $allowed{$room};
}

is(eval { closure($_) for sort keys %arrows; 1 }, 1,
	'the arrows go down only') or diag $@;

for my $file (c_files()) {
	my ($room) = $file =~ m{^src/(\w+)/} or next;
	my @wrong;

	unless ($allowed{$room}) {
		fail("$file: the room $room is in the table");
		next;
	}
	for (split /\n/, read_file(source_dir() . "/$file")) {
		next unless /^\s*#\s*include\s+"([^"]+)"/;
		my $included = $1;
		if ($included !~ m{^(\w+)/} || !$arrows{$1}) {
			push @wrong, "$included is not written from src/";
		} elsif (!$allowed{$room}{$1}) {
			push @wrong, "$included: no arrow from $room to $1";
		} elsif ($included =~ m{^(\w+)/internal\.h$} && $1 ne $room) {
			push @wrong, "$included is for its own room only";
		}
	}
	is("@wrong", '', "$file follows the arrows");
}

done_testing;
