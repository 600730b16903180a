#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Configurations that are refused: one clear line with file and line, exit
# status 1, whether it is to be checked or to be run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $file = "$dir/jwksd.conf";

write_file("$dir/sa.pub", public_pem(ec_key()));
mkdir "$dir/empty";

sub refused
{
	my ($why, $bytes, $pattern) = @_;

	write_file($file, $bytes);
	for my $how (['-t'], []) {
		my $run = jwksd_run(@$how, '-c', $file);
		is($run->{status}, 1, "@$how $why: exit status 1");
		like($run->{err}, $pattern, '... and says where and why');
		is(scalar(grep { !/^jwksd: / } split /\n/, $run->{err}), 0,
			'... in lines that begin with the program')
			or diag $run->{err};
		unlike($run->{err}, qr/[^\x20-\x7e\n]/, '... of printable text');
	}
}

# At line 4, behind listen, admin and state.
sub refused_block
{
	my ($why, $block, $pattern) = @_;

	refused($why, JWKSD::Daemon::config_text($block),
		qr/^jwksd: \Q$file\E:4: .*$pattern/m);
}

sub refused_issuer
{
	my ($why, $url, $pattern) = @_;

	refused_block($why, qq(issuer "$url" { keys = { "sa.pub" } }\n),
		$pattern || qr/\Q$url\E/);
}

refused_issuer('a trailing slash', 'https://h.example/a/');
refused_issuer('a port', 'https://h.example:8443/a', qr/port/);
refused_issuer('a query', 'https://h.example/a?b', qr/query/);
refused_issuer('a fragment', 'https://h.example/a#b', qr/fragment/);
refused_issuer('a user', 'https://u@h.example/a', qr/user/);
refused_issuer('upper case', 'https://H.example/a', qr/lower case/);
refused_issuer('http', 'http://h.example/a', qr/https/);
refused_issuer('no scheme', 'h.example/a', qr/https/);
refused_issuer('another scheme', 'ftp://h.example/a', qr/https/);
refused_issuer('no host', 'https:///a', qr/host/);
refused_issuer('nothing', '', qr/https/);
refused_issuer('256 characters', 'https://h.example/' . 'x' x 238, qr/255/);
refused_issuer('a dot segment', 'https://h.example/a/../b');
refused_issuer('an empty segment', 'https://h.example/a//b');
refused_issuer('an escape', 'https://h.example/%61', qr/%/);
refused_issuer('a blank', 'https://h.example/a b');
refused_issuer('a star', 'https://h.example/*');

refused_block('an unknown option', "nonsense = 1\n", qr/nonsense/);
refused_block('a number that is none', "workers = many\n", qr/workers/);
refused_block('a number out of range', "idle-timeout = 999999999\n",
	qr/idle-timeout/);
refused_block('a negative number', "workers = -1\n", qr/workers/);
refused_block('an address that is none', "log-level = \"loud\"\n", qr/log-level/);
refused_block('an unknown option of an issuer',
	qq(issuer "https://h.example" { keys = { "sa.pub" } colour = 1 }\n), qr/colour/);
refused_block('an issuer without keys', qq(issuer "https://h.example" { }\n),
	qr/keys/);
refused_block('a fleet without a star',
	qq(issuers "https://h.example/id" { directory = "empty" }\n), qr/\*/);
refused_block('a fleet without a directory',
	qq(issuers "https://h.example/id/*" { }\n), qr/directory/);
refused_block('a block that does not end',
	qq(issuer "https://h.example" { keys = { "sa.pub" }), qr/./);

refused('the same issuer twice', JWKSD::Daemon::config_text(
	qq(issuer "https://h.example" { keys = { "sa.pub" } }\n) x 2),
	qr/^jwksd: \Q$file\E:5: .*https:\/\/h\.example/m);
refused('no issuer at all', JWKSD::Daemon::config_text(''), qr/^jwksd: \Q$file\E.*issuer/m);
refused('nothing', '', qr/^jwksd: \Q$file\E/m);
refused('an address that is none', JWKSD::Daemon::config_text(
	qq(issuer "https://h.example" { keys = { "sa.pub" } }\n),
	listen => ['localhost:8080']), qr/localhost:8080/);
refused('a port that is none', JWKSD::Daemon::config_text(
	qq(issuer "https://h.example" { keys = { "sa.pub" } }\n),
	listen => ['127.0.0.1:65536']), qr/65536/);
refused('a file of keys that is not there', JWKSD::Daemon::config_text(
	qq(issuer "https://h.example" { keys = { "none.pub" } }\n)),
	qr{^jwksd: .*https://h\.example.*\Q$dir\E/none\.pub.*No such file}m);
refused('a directory of keys that is empty', JWKSD::Daemon::config_text(
	qq(issuer "https://h.example" { keys = { "empty" } }\n)),
	qr{^jwksd: .*https://h\.example}m);
refused('an include that is not there', JWKSD::Daemon::config_text(
	qq(include("$dir/none.conf")\n)), qr{none\.conf});

srand 2;
refused("random bytes, $_",
	join('', map { chr int rand 256 } 1 .. 1 + int rand 3000), qr/^jwksd: /m)
	for 1 .. 10;
refused('a word nested deeply', '{' x 100_000, qr/^jwksd: /m);

# A file that includes itself ends somewhere.
refused('a file that includes itself', qq(include("$file")\n), qr/^jwksd: /m);

# Several mistakes are told at once.
write_file($file, "nonsense = 1\n" . JWKSD::Daemon::config_text(
	qq(issuer "https://h.example/" { keys = { "sa.pub" } }\n)
	. qq(issuer "https://H.example" { keys = { "sa.pub" } }\n)));
my $several = jwksd_run('-t', '-c', $file);
cmp_ok(scalar(grep { /\Q$file\E:\d+:/ } split /\n/, $several->{err}), '>=', 2,
	'several mistakes are told in one run') or diag $several->{err};

# And the good one, with an include, from a directory that it does not run in.
mkdir "$dir/conf.d";
write_file("$dir/conf.d/a.conf",
	qq(issuer "https://a.example" { keys = { "../sa.pub" } }\n));
write_file($file, JWKSD::Daemon::config_text(qq(include("conf.d/a.conf")\n)));
my $good = jwksd_run('-t', '-c', $file);
is($good->{status}, 0, 'an include is read') or diag $good->{err};
like($good->{out}, qr{https://a\.example}, '... and its issuer is there');

done_testing;
