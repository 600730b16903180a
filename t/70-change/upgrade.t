#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# What version 0.1 left behind is read by this one; what a later one wrote is
# refused with a line, and what was published goes on being served.  The files
# are written here, as 0.1 wrote them, and not by the programs under test:
# whoever changes a format changes the program and leaves this test alone.
use strict;
use warnings;
use Digest::SHA qw(sha256);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use MIME::Base64 qw(encode_base64url);
use POSIX qw(strftime);
use Test::More;

my $dir = scratch();
my $issuer = 'https://h.example/prod';
my $ring = "$dir/ring";
my $now = time;
my ($old, $new) = map { ec_key() } 1 .. 2;

sub moment { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_[0]) }

sub key_text
{
	my ($key, @moments) = @_;
	my $public = public_pem($key) =~ s/\n/\\n/gr;
	my $times = '';

	while (my ($name, $when) = splice @moments, 0, 2) {
		$times .= ",\n      \"$name\": \"" . moment($when) . '"';
	}
	return <<"KEY" =~ s/\n\z//r;
    {
      "kid": "@{[kid_of($key)]}",
      "alg": "ES256",
      "bits": 256,
      "public": "$public",
      "in_store": true$times
    }
KEY
}

# keyring.json of 0.1, with one key that retires and one that signs.
sub ring_text
{
	my ($version) = @_;
	my $began = $now - 10 * 86400;
	my $turned = $now - 3600;
	my $keys = join ",\n",
		key_text($old, created => $began, published => $began,
			activated => $began, superseded => $turned),
		key_text($new, created => $turned - 2 * 86400,
			published => $turned - 2 * 86400, activated => $turned);

	return <<"RING";
{
  "version": $version,
  "issuer": "$issuer",
  "generation": 3,
  "updated": "@{[moment($turned)]}",
  "policy": {
    "alg": "ES256",
    "bits": 256,
    "publish_ahead": 86400,
    "token_lifetime": 86400,
    "skew": 300,
    "max_age": 3600,
    "rotation_max_age": 300,
    "rollout": 3600,
    "api_token_lifetime": 31536000,
    "period": 7776000
  },
  "last": {"step": "activate", "kid": "@{[kid_of($new)]}", "by": "root"},
  "keys": [
$keys
  ]
}
RING
}

sub write_ring
{
	my ($version) = @_;

	mkdir $_ for $ring, "$ring/private", "$ring/apiserver";
	chmod 0700, "$ring/private";
	write_file("$ring/private/" . kid_of($_) . '.pem', private_pem($_), 0600)
		for $old, $new;
	write_file("$ring/apiserver/sa.pub", public_pem($old) . public_pem($new));
	write_file("$ring/apiserver/sa.key", private_pem($new), 0600);
	replace_file("$ring/keyring.json", ring_text($version), 0644);
}

# Every option that 0.1 had, by its name.
my $config = <<"CONF";
listen = { "127.0.0.1:0" }
admin = "127.0.0.1:0"
admin-public = false
workers = 1
state = "state"
access-log = ""
access-log-sample = 1
log-level = "info"
header-timeout = 10
idle-timeout = 75
write-timeout = 30
drain-timeout = 10
max-connections = 10000
max-connections-per-address = 0
rescan = 60
issuer "$issuer" {
	keys = { "ring" }
	max-age = 3600
	jwks-content-type = "application/jwk-set+json"
}
issuers "https://h.example/id/*" {
	directory = "fleet"
	max-age = 3600
}
include("conf.d/*.conf")
CONF

# --- forwards -------------------------------------------------------------

mkdir "$dir/$_" for qw(fleet fleet/one conf.d);
write_file("$dir/fleet/one/sa.pub", public_pem($old));
write_file("$dir/conf.d/more.conf",
	qq(issuer "https://more.example" { keys = { "../fleet/one" } }\n));
write_ring(1);

my $listed = run(program('jwksctl'), 'list', $ring, '-o', 'json');
is($listed->{status}, 0, 'jwksctl reads a keyring of 0.1') or diag $listed->{err};
my %state = map { $_->{kid} => $_->{state} }
	@{ json($listed->{out})->{keyrings}[0]{keys} };
is_deeply(\%state, { kid_of($old) => 'retiring', kid_of($new) => 'active' },
	'... with the states that follow from its times');
my $staged = run(program('jwksctl'), 'stage', $ring);
is($staged->{status}, 0, '... and goes on with it') or diag $staged->{err};
unlink "$ring/clock";
write_ring(1);

my $jwksd = JWKSD::Daemon->start(dir => $dir, config => $config);
my $served = jwks_of($old, $new);
is($jwksd->jwks($issuer)->{content}, $served, 'jwksd serves it');
is($jwksd->jwks('https://h.example/id/one')->{status}, 200,
	'... and the rest of a configuration of 0.1');
is($jwksd->jwks('https://more.example')->{status}, 200, '... with its includes');
is($jwksd->stop, 0, 'ends well');

# The state of 0.1, and sources that are broken meanwhile.
sub record_name
{
	return encode_base64url(sha256($issuer)) . '.json';
}

sub fnv
{
	my ($bytes) = @_;
	# 64-bit FNV-1a
	my $h = (0xcbf29ce4 << 32) | 0x84222325;

	use integer;
	$h = ($h ^ ord) * ((0x100 << 32) | 0x1b3) for split //, $bytes;
	return sprintf '%016x', $h;
}

{
	my $prints = join ',', map { '"' . fnv(jwk_of($_)) . '"' } $old, $new;
	my ($keys) = $served =~ /^\{(.*)\z/s;
	write_file("$dir/state/" . record_name(), qq({"issuer":"$issuer",)
		. '"published":"' . moment($now - 3600)
		. qq(","prints":[$prints],$keys\n), 0644);
	unlink "$ring/keyring.json";
	$jwksd = JWKSD::Daemon->start(dir => $dir, config => $config);
	like($jwksd->log_text, qr/keeping the last good set|last good sets?: 1/,
		'the last good set of 0.1 is taken over');
	is($jwksd->jwks($issuer)->{content}, $served, '... and served');
	is($jwksd->stop, 0, 'ends well');
}

# --- backwards ------------------------------------------------------------

write_ring(2);
for my $command (['list'], ['stage'], ['rotate', '--waive', 'url']) {
	my ($verb, @more) = @$command;
	my $before = read_file("$ring/keyring.json");
	my $refused = run(program('jwksctl'), $verb, $ring, @more);

	isnt($refused->{status}, 0, "jwksctl $verb refuses a keyring of a later version");
	like($refused->{err}, qr/^jwksctl: .*newer jwksctl \(version 2, .* knows 1\).*upgrade/m,
		'... in a line that says what to do');
	is($refused->{err} =~ tr/\n//, 1, '... and no other');
	is(read_file("$ring/keyring.json"), $before, '... and leaves it as it is');
}
$jwksd = JWKSD::Daemon->start(dir => $dir, config => $config);
like($jwksd->log_text, qr/newer jwksctl \(version 2/, 'so does jwksd');
is($jwksd->jwks($issuer)->{content}, $served, '... which serves the last good set');
is($jwksd->stop, 0, 'ends well');

# An option that only a later version knows.
my $later = jwksd_run('-t', '-c',
	write_file("$dir/later.conf", "of-a-later-version = 1\n$config"));
is($later->{status}, 1, 'a configuration of a later version is refused');
like($later->{err}, qr/later\.conf:1: unknown option "of-a-later-version"/,
	'... by the name of the option');

done_testing;
