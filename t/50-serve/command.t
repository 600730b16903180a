#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The command line: -t, --print, -V, -h, and what is no command line.
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my @keys = (ec_key(), rsa_key());
my $issuer = 'https://oidc.example.com/prod';
my $file = "$dir/jwksd.conf";

write_file("$dir/sa.pub", public_pem($keys[0]));
write_file("$dir/next.pub", public_pem($keys[1]));
mkdir "$dir/state";
write_file($file, JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "sa.pub", "next.pub" } }
issuer "https://b.example.com" { keys = { "sa.pub" } }
CONF

sub jwksd
{
	return jwksd_run(@_, '-c', $file);
}

my $check = jwksd('-t');
is($check->{status}, 0, '-t is content');
is($check->{err}, '', '... without a word of complaint');
like($check->{out}, qr/^\Q$issuer\E: 2 keys\b/m, '... and says how many keys an issuer has');
like($check->{out}, qr/\Q$_\E/, '... and their kids') for map { kid_of($_) } @keys;
is(scalar(grep { m{https://} } split /\n/, $check->{out}), 2, '... a line each');
ok(!glob("$dir/state/*"), '... and leaves nothing behind');

my $jwks = jwksd('--print', $issuer, 'jwks');
is($jwks->{status}, 0, '--print jwks');
is($jwks->{out}, jwks_of(@keys), '... exactly the bytes');
my $discovery = jwksd('--print', $issuer, 'discovery');
is($discovery->{out}, discovery_of($issuer, 'ES256', 'RS256'),
	'--print discovery likewise');
my $unknown = jwksd('--print', 'https://no.example.com', 'jwks');
is($unknown->{status}, 1, '--print of an issuer that is not configured');
like($unknown->{err}, qr{^jwksd: .*https://no\.example\.com}, '... names it');
is($unknown->{out}, '', '... and prints nothing');
is(jwksd('--print', $issuer, 'keys')->{status}, 2, '--print of another document');

my $version = jwksd_run('-V');
is($version->{status}, 0, '-V');
like($version->{out}, qr/^jwksd \d+\.\d+\.\d+/, '... names the version');
like($version->{out}, qr/$_/i, "... and that of $_")
	for qw(libevent openssl jansson);
my $help = jwksd_run('-h');
is($help->{status}, 0, '-h');
like($help->{out}, qr/^usage: jwksd/, '... on standard output');

for my $arguments (['-x'], ['--nonsense'], ['-c'], ['file'], ['--print', $issuer],
	['-t', '--print', $issuer, 'jwks', 'more'])
{
	my $wrong = jwksd_run(@$arguments);
	is($wrong->{status}, 2, "@$arguments is a usage error");
	like($wrong->{err}, qr/^(?:usage: jwksd|jwksd: )/m, '... and says how to use it');
	is($wrong->{out}, '', '... on standard error');
}

my $none = jwksd_run('-c', "$dir/none.conf");
is($none->{status}, 1, 'no configuration: exit status 1');
like($none->{err}, qr{^jwksd: \Q$dir\E/none\.conf: .*No such file}m,
	'... with a line that names it') or diag $none->{err};

done_testing;
