#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# jwksd.conf(5) and conf/jwksd.conf have each option of the table, with its
# default, its range and, in the sample, its words; and none that is not there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

my $table = program('t/config/options');
my $printed = run($table);
is($printed->{status}, 0, 'the table is printed') or BAIL_OUT($printed->{err});

my @options = map {
	my %row;
	@row{qw(name place fallback min max doc)} = split /\t/;
	# what configure was told, where the documents have what it is mostly told
	$row{fallback} =~ s{"/.*(/lib/jwksd)}{"/var$1};
	\%row;
} split /\n/, $printed->{out};

my $sample_file = source_dir() . '/conf/jwksd.conf';
my $sample = read_file($sample_file);
my $manual = read_file(source_dir() . '/src/config/jwksd.conf.5');

# The manual's text about each option, its quotes as they are read.
my %about;
while ($manual =~ /^\.It Ic (\S+) No = .*\n((?:.|\n)*?)(?=^\.It Ic|^\.Ss|^\.Sh)/mg) {
	my ($name, $text) = ($1, $2);
	$about{$name} = $text =~ s/\\\(dq/"/gr;
}

sub one_line
{
	my ($text) = @_;

	return join ' ', split ' ', $text;
}

# The sample's words about an option: the comment lines in front of it.
sub words_before
{
	my ($name) = @_;

	return undef unless $sample =~ /((?:^# .*\n)+)^#\t?\Q$name\E = /m;
	return one_line($1 =~ s/^# //mgr);
}

cmp_ok(scalar @options, '>', 10, 'the table has rows');
for my $o (@options) {
	my $name = $o->{name};
	my $about = $about{$name};

	ok(defined $about, "manual: $name is there") or next;
	if ($o->{fallback} eq '') {
		like($about, qr/^Required\.$/m, "manual: $name is required");
	} else {
		like($about, qr/^The default is\n\.Ql \Q$o->{fallback}\E [.,]$/m,
			"manual: the default of $name is $o->{fallback}");
		like($sample, qr/^#\t?\Q$name\E = \Q$o->{fallback}\E$/m,
			"sample: $name = $o->{fallback}");
	}
	like(one_line($about), qr/from $o->{min} to $o->{max}\b/,
		"manual: $name is from $o->{min} to $o->{max}") if $o->{max};
	my $words = words_before($name);
	ok(defined $words && index($words, one_line($o->{doc})) == 0,
		"sample: $name has the table's words")
		or diag "table:  $o->{doc}\nsample: ", $words // 'nothing';
}

my %known = map { $_->{name} => 1 } @options;
is(join(' ', grep { !$known{$_} } sort keys %about), '',
	'manual: nothing else');
is(join(' ', grep { !$known{$_} } $sample =~ /^#\t?([a-z-]+) = /mg), '',
	'sample: nothing else');

# As it is installed it says what is missing; with its comments opened, it is a
# configuration.
my $shipped = run($table, $sample_file);
like($shipped->{out}, qr/nothing to serve$/, 'sample: asks for an issuer');
my $dir = scratch();
mkdir "$dir/conf.d" or die;
write_file("$dir/jwksd.conf", $sample =~ s/^#(?=[\t}a-z])//mgr);
my $opened = run($table, "$dir/jwksd.conf");
is($opened->{status}, 0, 'sample: with its comments opened it is good')
	or diag $opened->{out};

done_testing;
