# SPDX-License-Identifier: MIT
#
# Clients that are not ours, from their registries.  What was fetched is kept
# in ~/.cache/jwksd-tests, so that only the first run needs the network.
package JWKSD::Clients;

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use JWKSD::Test;

# How long a fetch may take.
our $fetch_seconds = 300;

sub cache
{
	my $base = $ENV{XDG_CACHE_HOME} || "$ENV{HOME}/.cache";

	make_path("$base/jwksd-tests");
	return "$base/jwksd-tests";
}

# Dies with a line that says why the client cannot be had.
sub fetch
{
	my ($env, $in, @command) = @_;
	my $done = run({ seconds => $fetch_seconds, setup => sub {
		%ENV = (%ENV, %$env);
		chdir $in or die "$in: $!";
	} }, @command);

	return if $done->{status} == 0;
	my ($line) = reverse grep { /\S/ } split /\n/, "$done->{out}$done->{err}";
	die "$command[0] cannot get what it needs: $line\n";
}

sub need
{
	my ($program) = @_;

	return has_program($program) || die "$program is not installed\n";
}

# A directory of the cache that $make fills, made once for these contents of
# the lock file; complete or not there at all.
sub installed
{
	my ($name, $lock, $make) = @_;
	my $dir = cache() . "/$name-" . substr sha256_hex(read_file($lock)), 0, 16;

	return $dir if -d $dir;
	remove_tree("$dir.new");
	make_path("$dir.new");
	$make->("$dir.new");
	rename "$dir.new", $dir or die "$dir: $!";
	return $dir;
}

# Builds the Go module of a directory.
sub go_program
{
	my ($source, $program) = @_;
	my $go = need('go');
	my %env = (
		GOMODCACHE  => cache() . '/go/mod',
		GOCACHE     => cache() . '/go/build',
		GOFLAGS     => '-mod=readonly -modcacherw -buildvcs=false',
		GOTOOLCHAIN => 'local',
		GOWORK      => 'off',
	);

	fetch(\%env, $source, $go, 'mod', 'download');
	fetch(\%env, $source, $go, 'build', '-o', $program, '.');
}

# The command that runs a script of t/real/$name with the modules it wants.
sub node_program
{
	my ($name, $script) = @_;
	my $source = source_dir() . "/t/real/$name";
	my $node = need('node');
	my $npm = need('npm');
	my $dir = installed($name, "$source/package-lock.json", sub {
		my ($into) = @_;
		copy("$source/$_", $into) or die "$_: $!"
			for qw(package.json package-lock.json);
		fetch({}, $into, $npm, 'ci', '--no-audit', '--no-fund');
	});

	# a module is looked for beside the program that imports it
	replace_file("$dir/$script", read_file("$source/$script"));
	return ($node, "$dir/$script");
}

# Each of these returns the command to which ISSUER AUDIENCE ADDRESS CA.pem are
# to be added, or dies with the reason why there is none.

sub go_oidc
{
	my ($scratch) = @_;

	go_program(source_dir() . '/t/real/go-oidc', "$scratch/verify-go");
	return "$scratch/verify-go";
}

sub jose
{
	return node_program('jose', 'verify.mjs');
}

sub pyjwt
{
	my $source = source_dir() . '/t/real/pyjwt';
	my $python = need('python3');
	my $dir = installed('pyjwt', "$source/requirements.txt", sub {
		my ($into) = @_;
		fetch({}, $into, $python, '-m', 'venv', '.');
		fetch({}, $into, 'bin/python', '-m', 'pip', 'install', '-q',
			'--disable-pip-version-check', '-r',
			"$source/requirements.txt");
	});

	return ("$dir/bin/python", "$source/verify.py");
}

sub nimbus
{
	my $source = source_dir() . '/t/real/nimbus';
	my $java = need('java');
	my $maven = need('mvn');
	my $dir = installed('nimbus', "$source/pom.xml", sub {
		my ($into) = @_;
		fetch({}, $source, $maven, '-q', '-B', 'dependency:copy-dependencies',
			"-DoutputDirectory=$into");
	});

	return ($java, '-cp', "$dir/*", "$source/Verify.java");
}

1;
