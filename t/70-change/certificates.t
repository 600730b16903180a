#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Certificates are replaced while clients come: a good pair is taken over by
# itself, a bad or half-written one changes nothing and is reported.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::TLS;
use JWKSD::Test;
use Test::More;

plan skip_all => 'curl is not installed' unless has_program('curl');

my $dir = scratch();
my $url = 'https://a.example/openid/v1/jwks';
my $first = make_certificate("$dir/a", names => ['a.example']);

sub config
{
	my (%options) = @_;

	return JWKSD::Daemon::config_text(
		qq(issuer "https://a.example" { keys = { "sa.pub" } }\n),
		listen => ['tls:127.0.0.1:0'],
		'tls-certificates' => ['a.crt'],
		'tls-keys' => ['a.key'],
		%options);
}

write_file("$dir/sa.pub", public_pem(ec_key()));
my $jwksd = JWKSD::Daemon->start(dir => $dir, config => config());

# Does a client that trusts only this certificate get an answer?
sub shown
{
	my ($pair) = @_;

	write_file("$dir/trusted", $pair->{certificate});
	return curl($jwksd->address, $url, '--cacert', "$dir/trusted")->{status} == 0;
}

# Workers take a new set a moment after it is logged.
sub wait_shown
{
	my ($pair) = @_;
	my $deadline = deadline();

	while (left($deadline)) {
		return 1 if shown($pair);
	}
	return 0;
}

sub good
{
	return $jwksd->metric('jwksd_tls_certificates_good');
}

ok(shown($first), 'the first one');

# Renewed: both files by rename.
my $second = make_certificate("$dir/a", names => ['a.example']);
ok(wait_shown($second), 'a new pair is taken over');
ok(!shown($first), '... and the old one is gone');
is(good(), 1, '... and nothing is wrong');

# The certificate comes, the key takes its time.
my $third = certificate_pem(names => ['a.example']);
$jwksd->skip_log;
replace_file("$dir/a.crt", $third->{certificate});
like($jwksd->wait_log(qr/mod=tls/),
	qr/level=error .*the certificates in use stay: certificate \S+a\.crt and key \S+a\.key do not belong together/,
	'half of a pair is reported');
ok(shown($second), '... and the old one stays');
is(good(), 0, '... which the metrics say');
like($jwksd->admin_page('/readyz?verbose')->{content},
	qr/^\[!\]tls degraded: certificate .* do not belong together$/m,
	'... and /readyz?verbose');
is($jwksd->admin_page('/readyz')->{status}, 200, '... which is no reason to go');
replace_file("$dir/a.key", $third->{key}, 0600);
ok(wait_shown($third), 'with the other half it is taken over');
is(good(), 1, '... and all is well');

# Written in place, and only a part of it so far.
my $fourth = certificate_pem(names => ['a.example']);
$jwksd->skip_log;
write_file("$dir/a.crt", substr $fourth->{certificate}, 0, 300);
$jwksd->wait_log(qr/level=error mod=tls .*a\.crt: a certificate cannot be read/);
ok(shown($third), 'a certificate that is half-written changes nothing');
write_file("$dir/a.key", $fourth->{key});
write_file("$dir/a.crt", $fourth->{certificate});
ok(wait_shown($fourth), '... until it is whole');

# A key that becomes readable for others is no reason to stop, but is said.
$jwksd->skip_log;
chmod 0644, "$dir/a.key";
$jwksd->wait_log(qr/level=error mod=tls .*a\.key: has mode 0644/);
ok(shown($fourth), 'a key whose mode is wrong: the old one stays');
chmod 0600, "$dir/a.key";
$jwksd->wait_log(qr/level=info mod=tls/);

# SIGHUP takes all of the configuration or nothing.
my ($port) = $jwksd->address =~ /:(\d+)$/;
make_certificate("$dir/b", names => ['b.example']);
replace_file($jwksd->{file}, config(
	'tls-certificates' => ['a.crt', 'b.crt'], 'tls-keys' => ['a.key', 'a.key']));
$jwksd->skip_log;
$jwksd->reload;
$jwksd->wait_log(qr/level=error .*configuration not reloaded.*b\.crt and key/);
ok(shown($fourth), 'a configuration with a wrong pair: the old one stays');
replace_file($jwksd->{file}, config(
	'tls-certificates' => ['a.crt', 'b.crt'], 'tls-keys' => ['a.key', 'b.key']));
$jwksd->reload;
is(curl($jwksd->address, 'https://b.example/', '--cacert', "$dir/b.crt")->{status},
	0, 'a configuration with one more: taken over');
replace_file($jwksd->{file},
	config('tls-certificates' => undef, 'tls-keys' => undef));
$jwksd->skip_log;
$jwksd->reload;
$jwksd->wait_log(qr/configuration not reloaded.*needs tls-certificates/);
ok(shown($fourth), 'a configuration without any: the old one stays');

# The settings are those of the start (dex lost its floor: CVE-2024-23656).
like(s_client($jwksd->address, '', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'),
	qr/alert protocol version/, 'TLS 1.1 is still refused');
like(s_client($jwksd->address, '', '-tls1_2', '-cipher', 'AES128-SHA'),
	qr/alert handshake failure/, '... and a weak suite');
is($jwksd->stop, 0, 'ends well');

# A Secret is mounted by a link that is turned round.
mkdir "$dir/$_" for qw(v1 v2);
my @mounted = map { make_certificate("$dir/v$_/tls", names => ['a.example']) } 1, 2;
symlink 'v1', "$dir/..data" or die;
symlink "..data/tls.$_", "$dir/tls.$_" or die for qw(crt key);
$jwksd = JWKSD::Daemon->start(dir => $dir, config => config(
	'tls-certificates' => ['tls.crt'], 'tls-keys' => ['tls.key']));
ok(shown($mounted[0]), 'mounted: the first one');
symlink 'v2', "$dir/..new" or die;
rename "$dir/..new", "$dir/..data" or die;
ok(wait_shown($mounted[1]), '... and the second, when the link is turned');

# One that expires soon is in use, and said to.
my $old = certificate_pem(names => ['a.example'], days => 3);
replace_file("$dir/v2/tls.key", $old->{key}, 0600);
replace_file("$dir/v2/tls.crt", $old->{certificate});
ok(wait_shown($old), 'one that expires soon is used');
$jwksd->wait_log(qr/level=warn mod=tls .*tls\.crt expires on /);
is(good(), 0, '... and is a problem');
is($jwksd->stop, 0, 'ends well');

done_testing;
