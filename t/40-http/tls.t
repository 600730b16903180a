#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# TLS as others see it: curl and openssl s_client against two workers.  What can
# be said of single bytes is in t/unit/http_tls.c.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::TLS;
use JWKSD::Test;
use Test::More;

plan skip_all => 'curl is not installed' unless has_program('curl');

my $dir = scratch();
my $key = ec_key();
my $path = '/openid/v1/jwks';

write_file("$dir/sa.pub", public_pem($key));
make_certificate("$dir/a", names => ['a.example', 'www.a.example']);
make_certificate("$dir/b", names => ['*.b.example']);

sub config
{
	my (%options) = @_;

	return JWKSD::Daemon::config_text(
		qq(issuer "https://a.example" { keys = { "sa.pub" } }\n)
		. qq(issuer "https://x.b.example" { keys = { "sa.pub" } }\n),
		workers => 2,
		listen => ['tls:127.0.0.1:0', '127.0.0.1:0'],
		'tls-certificates' => ['a.crt', 'b.crt'],
		'tls-keys' => ['a.key', 'b.key'],
		%options);
}

my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());
my ($tls, $plain) = map { $jwksd->address($_) } 0, 1;
like($tls, qr/^tls:127\.0\.0\.1:\d+$/, 'the log says which address has TLS');

# The same bytes, by either version.
for my $version (qw(1.2 1.3)) {
	my $got = curl($tls, "https://a.example$path", '--cacert', "$dir/a.crt",
		"--tlsv$version", '--tls-max', $version, '-i');

	is($got->{status}, 0, "TLS $version: curl is content") or diag $got->{err};
	like($got->{out}, qr{^HTTP/1\.1 200 OK\r$}m, '... and is answered');
	is($got->{out} =~ s/.*?\r\n\r\n//sr, jwks_of($key), '... with the keys');
}
is($jwksd->jwks('https://a.example', address => $plain)->{content},
	jwks_of($key), 'without TLS beside it');

# Names.
is(curl($tls, "https://x.b.example$path", '--cacert', "$dir/b.crt")->{out},
	jwks_of($key), 'a certificate with a star');
is(curl($tls, "https://y.x.b.example$path", '--cacert', "$dir/b.crt")->{status},
	60, 'it is not for two labels');
is(curl($tls, "https://c.example$path", '--cacert', "$dir/a.crt")->{status},
	60, 'a name that no certificate has is refused by the client');

# HTTP/2 is offered by curl, and not taken.
like(curl($tls, "https://a.example$path", '-kv', '--http2')->{err},
	qr/ALPN: server accepted http\/1\.1/, 'ALPN') if has_http2();

sub has_http2
{
	return run('curl', '--version')->{out} =~ /\bHTTP2\b/;
}

# Sessions, by whichever of the workers.
for my $version (qw(-tls1_2 -tls1_3)) {
	my $request = request_text($path, host => 'a.example', close => 1);
	my $first = s_client($tls, $request, $version, '-sess_out', "$dir/session");

	like($first, qr/^New, /m, "$version: a full handshake");
	like($first, qr/^\{"keys"/m, '... is answered');
	like(s_client($tls, $request, $version, '-sess_in', "$dir/session"),
		qr/^Reused, .*\n(?:.*\n)*\{"keys"/m, "... resumed ($_)") for 1 .. 4;
}
like(s_client($tls, '', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'),
	qr/alert protocol version/, 'TLS 1.1 is refused');
like(s_client($tls, '', '-tls1_2', '-cipher', 'AES128-SHA'),
	qr/alert handshake failure/, 'a suite without forward secrecy too');

# The wrong protocol on either port.
my $lost = curl($tls, "http://a.example$path");
like($lost->{out}, qr{https://}, 'http:// is told of https://');
isnt(curl($plain, "https://a.example$path", '-k')->{status}, 0,
	'a port without TLS');

# What is counted.
my $metrics = $jwksd->admin_page('/metrics')->{content};
my %handshakes;
$handshakes{$1} += $2 while $metrics
	=~ /^jwksd_tls_handshakes_total\{worker="\d",result="(\w+)"\} (\d+)$/mg;
is($handshakes{resumed}, 8, 'resumed handshakes');
cmp_ok($handshakes{full}, '>=', 5, 'full ones');
# a client that dislikes only the name says so after the handshake
is($handshakes{failed}, 4, 'failed ones');
my ($until) = run('openssl', 'x509', '-in', "$dir/b.crt", '-noout', '-enddate')
	->{out} =~ /=(.*)/;
my $expiry = $jwksd->metric(
	qq(jwksd_tls_certificate_expiry_timestamp_seconds{certificate="$dir/b.crt"}));
is(run('date', '-ud', "\@$expiry", '+%b %e %T %Y GMT')->{out}, "$until\n",
	'when a certificate expires');
is($jwksd->metric('jwksd_tls_certificates_good'), 1, 'nothing is wrong with them');
is($jwksd->stop, 0, 'ends well');

# What is refused at the start, by -t as well.
sub refused
{
	my ($why, $pattern, %options) = @_;

	write_file("$dir/jwksd.conf", config(%options));
	for my $argument ([], ['-t']) {
		my $done = jwksd_run('-c', "$dir/jwksd.conf", @$argument);

		isnt($done->{status}, 0, "@$argument: $why: refused");
		like($done->{err}, $pattern, '... and said why');
	}
}

refused('the wrong key',
	qr{^jwksd: certificate \S*/b\.crt and key \S*/a\.key do not belong together$}m,
	'tls-keys' => ['a.key', 'a.key']);
refused('no certificate', qr/needs tls-certificates and tls-keys/,
	'tls-certificates' => undef, 'tls-keys' => undef);
refused('a key too few', qr/jwksd\.conf:\d+: tls-certificates has 2 and tls-keys 1/,
	'tls-keys' => ['a.key']);
refused('a file that is not there', qr{certificate \S*/c\.crt: .*No such file},
	'tls-certificates' => ['c.crt', 'b.crt']);
chmod 0644, "$dir/a.key";
refused('a key that all can read', qr{key \S*/a\.key: has mode 0644});
chmod 0600, "$dir/a.key";
refused('admin pages with TLS', qr/admin "tls:\S+": the admin pages have no TLS/,
	admin => 'tls:127.0.0.1:0');

# A key that signs tokens is not for TLS.
make_certificate("$dir/sa", names => ['a.example'], key => private_pem($key));
write_file("$dir/jwksd.conf", config(
	'tls-certificates' => ['a.crt', 'sa.crt'], 'tls-keys' => ['a.key', 'sa.key']));
my $mixed = jwksd_run('-c', "$dir/jwksd.conf");
isnt($mixed->{status}, 0, "an issuer's key: refused");
like($mixed->{err}, qr{sa\.crt: its key is one of issuer "https://a\.example"},
	'... and said whose');

done_testing;
