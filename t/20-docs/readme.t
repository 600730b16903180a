#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# What README says is so: its two commands, its configurations, its make
# targets; and the continuous integration runs its test command last.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $top = source_dir();
my $readme = read_file("$top/README");
my $dir = scratch();
my $key = public_pem(ec_key());

# The two commands come first, and are bootstrap's.
my @commands = $readme =~ m{^\./bootstrap (\S+)$}mg;
is("@commands[0, 1]", 'run check', 'README begins with run and check');
my $help = run("$top/bootstrap", 'help');
is($help->{status}, 0, 'bootstrap help');
like($help->{out}, qr/^  $_\b/m, "... has $_") for @commands;
for my $arguments ([], ['nonsense'], ['run', '--twice'], ['check', 'more']) {
	is(run("$top/bootstrap", @$arguments)->{status}, 2,
		"bootstrap @$arguments is a usage error");
}
SKIP: {
	skip 'a release has no .ci', 1 unless -e "$top/.ci/run";
	like(read_file("$top/.ci/run"), qr{^\./bootstrap check\n\z}m,
		'.ci/run ends with the test command');
}

# Configurations: with their paths put here, jwksd takes them.
sub checks
{
	my ($why, $text) = @_;

	mkdir "$dir/$_" for qw(prod prod/next fleet fleet/a conf.d);
	write_file("$dir/$_/sa.pub", $key) for qw(prod prod/next fleet/a);
	write_file("$dir/conf.d/staging.conf",
		qq(issuer "https://staging.example.com" { keys = { "$dir/prod" } }\n));
	mkdir "$dir/state";
	$text =~ s{/(?:etc|var/lib)/jwksd/}{$dir/}g;
	my $done = jwksd_run('-t', '-c',
		write_file("$dir/jwksd.conf", qq(state = "$dir/state"\n$text)));
	is($done->{status}, 0, "$why is taken") or diag $done->{err};
	return $done->{out};
}

my ($short) = $readme =~ m{jwksd\.conf <<'CONF'\n(.*?)^CONF$}ms;
like(checks('the first configuration', $short), qr{^https://oidc\.example\.com/prod: 1 key}m,
	'... and serves the issuer');
my ($screen) = $readme =~ m{^(listen .*?^include\([^\n]*\n)}ms;
my $served = checks('the screen', $screen);
like($served, qr{^\Q$_\E: }m, "... and serves $_") for qw(
	https://oidc.example.com/prod https://oidc.example.com/id/a
	https://staging.example.com);

my $makefile = read_file(build_dir() . '/Makefile');
for my $target ($readme =~ /\bmake (?!-)([a-z]+)\b(?= T=|;|$)/mg) {
	like($makefile, qr/^(?:[\w-]+ )*\Q$target\E(?: [\w-]+)*:/m, "make $target is there");
}

done_testing;
