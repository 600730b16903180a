#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# What no file of ours may hold: functions longer than a screen or two,
# functions of libc that cannot be used safely, a private key, stray blanks.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use JWKSD::Tree;
use Test::More;

use constant LINES_MAX => 80;

my $banned = join '|', qw(
	alloca asctime atof atoi atol atoll bcopy ctime gets getpw gmtime
	localtime mktemp popen rand setjmp sprintf strcat strcpy
	strdupa strncat strncpy strtok system tempnam tmpnam vfork vsprintf wcscpy
);

# A definition ends as it begins: with a brace in the first column.
sub long_functions
{
	my (@lines) = @_;
	my ($start, @long);

	for my $n (1 .. @lines) {
		$start = $n if $lines[$n - 1] =~ /^\{/;
		next unless defined $start && $lines[$n - 1] =~ /^\}/;
		push @long, "line $start: " . ($n - $start) . ' lines'
			if $n - $start > LINES_MAX;
		undef $start;
	}
	return join "\n", @long;
}

sub matches
{
	my ($pattern, @lines) = @_;

	return join "\n", map { "line $_: $lines[$_ - 1]" }
		grep { $lines[$_ - 1] =~ $pattern } 1 .. @lines;
}

for my $file (grep { m{^src/} } c_files()) {
	my @code = code_of($file);

	is(long_functions(@code), '', "$file: no function over " . LINES_MAX . ' lines');
	is(matches(qr/(?<![\w.>])(?:$banned)\s*\(/, @code), '',
		"$file: no banned function");
	is(matches(qr{//}, @code), '', "$file: comments are /* */");
}

for my $file (project_files()) {
	next if $file =~ m{/(?:corpus|data)/|\.png$};
	my $text = read_file(source_dir() . "/$file");
	my @lines = split /\n/, $text;
	my @top = @lines[0 .. ($#lines < 4 ? $#lines : 4)];

	ok($text eq '' || $text =~ /[^\n]\n\z/, "$file ends with one newline");
	is(matches(qr/[ \t\r]$/, @lines), '', "$file: no blank at a line's end");
	is(matches(qr/^\t* +\t/, @lines), '', "$file: no blank before a tab");
	is(matches(qr/-----BEGIN [A-Z ]*PRIVATE KEY-----$/, @lines), '',
		"$file: no private key");
	next unless $file =~ /\.(?:[cht]|pm|pl|sh|ac|service|socket|timer)$/
		|| $text =~ /\A#!/;
	ok(scalar(grep { /SPDX-License-Identifier: MIT$|SPDX-License-Identifier: MIT \*\/$/ }
		@top), "$file names its licence");
}

done_testing;
