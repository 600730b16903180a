#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The manual has every command and every option that the table has, and the
# keyring's has every member that the file has.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my @pages = qw(jwksctl/jwksctl.1 aws/jwksctl-aws.1 aws/jwksctl-doctor.1
	kube/jwksctl-kube.1 kube/jwksctl-mirror.1 keyring/jwksd.keyring.5);
my ($page, $aws, $doctor, $kube, $mirror) =
	map { read_file(source_dir() . "/src/$_") } @pages[0 .. 4];
my $format = read_file(source_dir() . '/src/keyring/jwksd.keyring.5');

my @commands = ctl('help')->{out} =~ /^  (\S.*?)  +\S/mg;

# The page that a command stands on, and how it is written there.
sub place
{
	my ($command) = @_;

	if ($command =~ /^(aws .+|kube .+|doctor|mirror)$/) {
		my $name = qr/^\.Nm jwksctl \Q$1\E$/m;
		my ($synopsis) = "$aws$doctor$kube$mirror" =~ /($name.*?)^\.(?:Nm|Sh)/ms;

		return ($synopsis || '', $name);
	}
	return ($page, qr/^\.It Ic \Q$command\E( |$)/m);
}

ok(@commands > 15, 'the help lists the commands');
for my $command (@commands) {
	my ($text, $name) = place($command);

	like($text, $name, "$command");
	for my $option (ctl('help', split / /, $command)->{out} =~
		/^  -(\S+)/mg) {
		like($text, qr/\.?Fl \Q$option\E\b/, "$command: -$option");
	}
}
like($page, qr/^\.It $_$/m, "exit status $_") for 0 .. 5;

sub members
{
	my ($value) = @_;

	return map { members($_) } @$value if ref $value eq 'ARRAY';
	return map { ($_, members($value->{$_})) } keys %$value
		if ref $value eq 'HASH';
	return;
}

my $kr = new_keyring("$dir/kr");
ctl_ok('stage', $kr);
ctl_ok('activate', $kr, '--force', '--reason', 'x', '--waive', 'url');
at(START + 30 * DAY);
ctl_ok('retire', $kr, '--waive', 'url');
my %seen;
for my $member (grep { !$seen{$_}++ } members(json(
	read_file("$kr/keyring.json"))), map { members(json($_)) }
	split /\n/, read_file("$kr/journal")) {
	like($format, qr/^\.(It )?Dq $member\b/m, "member $member");
}
like($format, qr/\b\Q$_\E\b/, "file $_")
	for map { s/.*\///r } glob("$kr/*"), glob("$kr/apiserver/*");

SKIP: {
	has_program('mandoc') or skip 'mandoc is not installed', scalar @pages;
	for my $file (@pages) {
		is(run('mandoc', '-Tlint', '-Wwarning',
			source_dir() . "/src/$file")->{out}, '', "$file is clean");
	}
}

done_testing();
