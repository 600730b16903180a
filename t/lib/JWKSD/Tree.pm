# SPDX-License-Identifier: MIT
#
# The project's own files, for the lints.
package JWKSD::Tree;

use strict;
use warnings;
use Exporter qw(import);
use File::Find;
use JWKSD::Test;

our @EXPORT = qw(project_files c_files code_of);

# Paths from the top: what git would commit, or in a release, which has no
# git, all that is there.
sub project_files
{
	my $top = source_dir();
	my @files;

	if (-e "$top/.git" && has_program('git')) {
		my $git = run('git', '-c', 'safe.directory=*', '-C', $top, 'ls-files',
			'-z', '--cached', '--others', '--exclude-standard');
		@files = grep { -f "$top/$_" } split /\0/, $git->{out};
	}
	return sort @files if @files;

	find({
		no_chdir => 1,
		preprocess => sub { grep { !/^(?:build|build-aux|demo|\.deps)$/ } @_ },
		wanted => sub {
			push @files, substr $_, length("$top/") if -f && !is_built($_);
		},
	}, map { "$top/$_" } qw(src t conf contrib keys));
	return sort @files;
}

# Whether the compiler made a file: a release may be built where it stands.
sub is_built
{
	my ($path) = @_;

	return $path =~ m{\.[ao]$|/\.dirstamp$} || read_file($path) =~ /\A\x7fELF/;
}

sub c_files
{
	return grep { /\.[ch]$/ } project_files();
}

# The lines of a C file without comments and with empty strings, so that
# words in them are not taken for code.
sub code_of
{
	my ($path) = @_;
	my $text = read_file(source_dir() . "/$path");

	$text =~ s{
		(/\*.*?\*/) | ("(?:[^"\\\n]|\\.)*") | ('(?:[^'\\\n]|\\.)*')
	}{
		defined $1 ? $1 =~ s/[^\n]//gr : defined $2 ? '""' : "' '"
	}egsx;
	return split /\n/, $text;
}

1;
